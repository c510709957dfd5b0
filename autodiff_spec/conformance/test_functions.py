"""Chapter FUN: the derivatives of each function against the oracle: first and second order, drawn values and shapes."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, Capability, oracle
from autodiff_spec.conformance import clause, deviates, examples
from autodiff_spec.conformance._functions import Arg, Function, Shape, Variant, require_operators
from autodiff_spec.conformance.checks import assert_array, assert_close
from autodiff_spec.conformance.functions import FUNCTIONS

Arrays = list[Any]

# A framework's remark about an empty axis is not what is tested.
pytestmark = pytest.mark.filterwarnings("ignore:.*degrees of freedom:UserWarning")

ROUNDINGS = 64.0
"""For one function and its derivatives: the condition of the functions on their grids is below 10."""


def _scale(expected: Any) -> float:
    """What enters is of order 1, and so are the terms that cancel; what is larger has the size of the result."""
    sizes = np.abs(np.asarray(expected))
    return max(1.0, float(sizes.max())) if sizes.size else 1.0


def _same(be: Backend, found: Any, expected: Any, dtype: str) -> None:
    truth = oracle.to_numpy(expected)
    assert_close(be.to_numpy(found), truth, dtype, scale=_scale(truth), condition=ROUNDINGS)


def _leaves(tree: Any) -> list[Any]:
    return list(tree) if isinstance(tree, tuple) else [tree]


class Call:
    """A program at a point, on a backend and on the oracle; masks and indices are constants on both."""

    def __init__(self, be: Backend, variant: Variant, arrays: Arrays, dtype: str) -> None:
        self.be, self.variant, self.dtype = be, variant, dtype
        if variant.native:
            require_operators(be)
        self.tracked = [i for i, arg in enumerate(variant.args) if arg.differentiable]
        self.exact = [a.astype(self._dtype(a)) if i in self.tracked else a for i, a in enumerate(arrays)]
        self.arrays = [self._array(a) for a in self.exact]
        self.value = oracle.value(variant.program, *self.exact)

    def _dtype(self, array: Any) -> str:
        return {"float32": "complex64", "float64": "complex128"}[self.dtype] if array.dtype.kind == "c" else self.dtype

    def _array(self, array: Any) -> Any:
        if array.dtype.kind in "fc":
            return self.be.asarray(array, dtype=getattr(self.be.xp, array.dtype.name))
        return self.be.asarray(array)

    def primals(self) -> Arrays:
        """The arguments that are differentiated."""
        return [self.arrays[i] for i in self.tracked]

    def of(self, *primals: Any) -> Any:
        """The program as a function of what is differentiated."""
        arguments = list(self.arrays)
        for i, primal in zip(self.tracked, primals, strict=True):
            arguments[i] = primal
        return self.variant.program(self.be.xp, *arguments)

    def cotangent(self) -> Any:
        """Numbers of order 1 for every element of the value, and the same as arrays of the backend."""
        exact = [_weights(v.shape, "c" if _complex(v) else "f") for v in _leaves(self.value)]
        found = [self._array(e.astype(self._dtype(e))) for e in exact]
        return (tuple(exact), tuple(found)) if isinstance(self.value, tuple) else (exact[0], found[0])

    def true_gradient(self, cotangent: Any) -> Arrays:
        """The oracle's, by what is differentiated."""
        found = oracle.gradient(self.variant.program, *self.exact, cotangent=cotangent)
        return [found[i] for i in self.tracked]


def _complex(values: Any) -> bool:
    return any(hasattr(v, "imag") and type(v).__name__ == "mpc" for v in np.ravel(values))


def _weights(shape: Shape, kind: str) -> Any:
    """Distinct numbers of both signs, exact in every dtype, whose sums do not vanish, or a wrong constant would."""
    size = int(np.prod(shape))
    real = ((np.arange(size) * 5 + 6) % 17 - 5.5) / 4
    return (real + 0.5j * real[::-1] if kind == "c" else real).reshape(shape)


def _variants(*, real: bool = False) -> list[Any]:
    """Every variant as a parameter that cites its function's clause."""
    return [
        pytest.param(variant, id=variant.name, marks=clause(function.clause))
        for function in FUNCTIONS
        for variant in function.variants
        if not (real and any(arg.kind == "complex" for arg in variant.args))
    ]


def _check_first_derivatives(call: Call) -> None:
    be = call.be
    value, pullback = be.vjp(call.of, *call.primals())
    for found, expected in zip(_leaves(value), _leaves(call.value), strict=True):
        _same(be, found, expected, call.dtype)
    exact, cotangent = call.cotangent()
    gradients = pullback(cotangent)
    for primal, found, expected in zip(call.primals(), gradients, call.true_gradient(exact), strict=True):
        assert_array(be, found, primal.shape, primal.dtype)
        _same(be, found, expected, call.dtype)


@pytest.mark.parametrize("variant", _variants())
def test_the_pullback_is_the_one_of_the_mathematical_function(be: Backend, variant: Variant) -> None:
    for shapes in variant.shapes:
        _check_first_derivatives(Call(be, variant, variant.arrays(shapes), "float64"))


@pytest.mark.parametrize("variant", _variants(real=True))
def test_the_second_derivative_is_the_one_of_the_mathematical_function(be: Backend, variant: Variant) -> None:
    if Capability.HIGHER_ORDER not in be.capabilities:
        pytest.skip(f"{be.name} has no second derivatives")
    call = Call(be, variant, variant.arrays(variant.shapes[0]), "float64")
    exact, cotangent = call.cotangent()
    directions = [_weights(primal.shape, "f") for primal in map(be.to_numpy, call.primals())]
    found = _second(call, cotangent, [call._array(d) for d in directions])
    tangents = [None] * len(call.exact)
    for i, direction in zip(call.tracked, directions, strict=True):
        tangents[i] = direction
    expected = oracle.hvp(variant.program, tuple(call.exact), tuple(tangents), exact)
    for i, gradient in zip(call.tracked, found, strict=True):
        _same(be, gradient, expected[i] + 2 * call.exact[i], call.dtype)


def _second(call: Call, cotangent: Any, directions: Arrays) -> Arrays:
    """The gradient of <directions, gradient> + Σ x²; the squares connect the target where a gradient is constant."""
    be, xp = call.be, call.be.xp

    def weighted(primals: Arrays, gradients: Any) -> Any:
        terms = [xp.sum(d * g) + xp.sum(x * x) for d, g, x in zip(directions, gradients, primals, strict=True)]
        return (
            terms[0] if len(terms) == 1 else terms[0] + terms[1] if len(terms) == 2 else terms[0] + terms[1] + terms[2]
        )

    if Capability.TAPE in be.capabilities:
        primals = [be.variable(primal) for primal in call.primals()]
        with be.tape() as outer:
            with be.tape() as inner:
                value = call.of(*primals)
            target = weighted(primals, inner.grad(value, primals, cotangent=cotangent))
        return list(outer.grad(target, primals))

    def target_of(*primals: Any) -> Any:
        _, pullback = be.vjp(call.of, *primals)
        return weighted(list(primals), pullback(cotangent))

    return list(be.grad(target_of, tuple(range(len(call.tracked))))(*call.primals()))


# --- drawn values, shapes and dtypes ----------------------------------------------------------------------------


def _elements(arg: Arg, shape: Shape) -> st.SearchStrategy[Any]:
    size = int(np.prod(shape))
    if arg.kind == "mask":
        return st.lists(st.booleans(), min_size=size, max_size=size).map(
            lambda v: np.array(v, dtype=bool).reshape(shape)
        )
    if arg.kind == "index":
        numbers = st.integers(0, int(arg.high) - 1)
        return st.lists(numbers, min_size=size, max_size=size).map(lambda v: np.array(v, dtype=np.int64).reshape(shape))
    allowed = st.sampled_from(sorted(arg.choices(), key=abs))
    element = st.builds(complex, allowed, allowed) if arg.kind == "complex" else allowed
    drawn = st.lists(element, min_size=size, max_size=size, unique_by=abs if arg.distinct else None)
    dtype = np.complex128 if arg.kind == "complex" else np.float64
    return drawn.map(lambda v: np.array(v, dtype=dtype).reshape(shape))


@st.composite
def _calls(draw: st.DrawFn, function: Function) -> tuple[Variant, Arrays, str]:
    variant = draw(st.sampled_from(function.variants))
    shapes = draw(st.sampled_from(variant.shapes))
    arrays = [draw(_elements(arg, shape)) for arg, shape in zip(variant.args, shapes, strict=True)]
    return variant, arrays, draw(st.sampled_from(("float64", "float32")))


@pytest.mark.parametrize("function", [pytest.param(f, id=f.name, marks=clause(f.clause)) for f in FUNCTIONS])
@examples(0.25)
@given(data=st.data())
def test_the_pullback_is_right_for_drawn_values_shapes_and_dtypes(
    be: Backend, function: Function, data: st.DataObject
) -> None:
    variant, arrays, dtype = data.draw(_calls(function))
    if variant.region is not None and variant.region.contains(*arrays) and deviates(be, variant.region.name):
        return
    _check_first_derivatives(Call(be, variant, arrays, dtype))
