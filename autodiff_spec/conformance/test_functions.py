"""Chapter FUN: the derivatives of each function against the oracle: first and second order, drawn values and shapes."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, Capability, oracle
from autodiff_spec.conformance import clause, deviates, examples
from autodiff_spec.conformance._calls import Arrays, Call, leaves
from autodiff_spec.conformance.functions import FUNCTIONS, Arg, Function, Shape, Variant

# A framework's remark about an empty axis is not what is tested.
pytestmark = pytest.mark.filterwarnings("ignore:.*degrees of freedom:UserWarning")


def _variants(*, real: bool = False) -> list[Any]:
    """Every variant as a parameter that cites its function's clause."""
    return [
        pytest.param(function, variant, id=variant.name, marks=clause(function.clause))
        for function in FUNCTIONS
        for variant in function.variants
        if variant.real or not real
    ]


def _functions(*, half: bool = False) -> list[Any]:
    """Every function, or those that take 16-bit numbers, as a parameter that cites its clause."""
    return [
        pytest.param(function, id=function.name, marks=clause(function.clause))
        for function in FUNCTIONS
        if not half or (function.half and function.variants[0].real)
    ]


@pytest.mark.parametrize(("function", "variant"), _variants())
def test_the_pullback_is_the_one_of_the_mathematical_function(
    be: Backend, function: Function, variant: Variant
) -> None:
    for shapes in variant.shapes:
        Call(be, function, variant, shapes).assert_pullback()


@pytest.mark.parametrize(("function", "variant"), _variants())
def test_the_pushforward_is_the_one_of_the_mathematical_function(
    be: Backend, function: Function, variant: Variant
) -> None:
    if not be._has_forward():
        pytest.skip(f"{be.name} has no forward mode")
    Call(be, function, variant, variant.shapes[0]).assert_pushforward()


@pytest.mark.parametrize("function", _functions())
def test_the_pullback_is_right_in_float32_for_views_with_gaps(be: Backend, function: Function) -> None:
    variant = function.variants[0]
    Call(be, function, variant, variant.shapes[0], "float32", views=True).assert_pullback()


@pytest.mark.parametrize("function", _functions(half=True))
def test_the_pullback_is_right_in_float16_where_the_value_exists(be: Backend, function: Function) -> None:
    call = Call(be, function, function.variants[0], function.variants[0].shapes[0], "float16")
    if not _right_in_16_bits(call):
        pytest.skip(f"{be.name} has no {function.name} in float16")


def _right_in_16_bits(call: Call) -> bool:
    """Check the pullback; False where the framework has not even the value in this dtype."""
    try:
        call.assert_pullback()
    except AssertionError:
        raise
    except Exception:
        try:
            call(*call.primals)
        except Exception:  # of whatever type
            return False
        raise
    return True


@pytest.mark.parametrize(("function", "variant"), _variants(real=True))
def test_the_second_derivative_is_the_one_of_the_mathematical_function(
    be: Backend, function: Function, variant: Variant
) -> None:
    if Capability.HIGHER_ORDER not in be.capabilities:
        pytest.skip(f"{be.name} has no second derivatives")
    call = Call(be, function, variant, variant.shapes[0])
    exact, cotangent = call.cotangent()
    directions = call.directions()
    found = _second(call, cotangent, list(map(call.array, directions)))
    call.note("second", *leaves(cotangent))
    expected = oracle.hvp(variant.on_oracle, tuple(call.exact), tuple(call.for_all(directions)), exact)
    sizes = call.second_sizes(exact, directions) if variant.cancels else [None] * len(expected)
    for i, gradient in zip(call.tracked, found, strict=True):
        call.assert_right(gradient, expected[i] + 2 * call.exact[i], "second", 2, sizes[i])


def _second(call: Call, cotangent: Any, directions: Arrays) -> Arrays:
    """The gradient of <directions, gradient> + Σ x²; the squares connect the target where a gradient is constant."""
    be, xp = call.be, call.be.xp

    def weighted(primals: Arrays, gradients: Any) -> Any:
        first, *others = (xp.sum(d * g) + xp.sum(x * x) for d, g, x in zip(directions, gradients, primals, strict=True))
        for term in others:
            first = first + term
        return first

    if Capability.TAPE in be.capabilities:
        primals = [be.variable(primal) for primal in call.primals]
        with be.tape() as outer:
            with be.tape() as inner:
                value = call(*primals)
            target = weighted(primals, inner.grad(value, primals, cotangent=cotangent))
        return list(outer.grad(target, primals))

    def target_of(*primals: Any) -> Any:
        _, pullback = be.vjp(call, *primals)
        return weighted(list(primals), pullback(cotangent))

    return list(be.grad(target_of, tuple(range(len(call.tracked))))(*call.primals))


# --- drawn values, shapes, dtypes and layouts ---------------------------------------------------------------------


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
    return drawn.map(lambda v: arg.raised(np.array(v, dtype=dtype).reshape(shape)))


@st.composite
def _points(draw: st.DrawFn, function: Function, dtypes: list[str]) -> tuple[Variant, Arrays, str, bool]:
    variant = draw(st.sampled_from(function.variants))
    shapes = draw(st.sampled_from(variant.shapes))
    arrays = [draw(_elements(arg, shape)) for arg, shape in zip(variant.args, shapes, strict=True)]
    return variant, arrays, draw(st.sampled_from(dtypes)), draw(st.booleans())


@pytest.mark.parametrize("function", _functions())
@examples(0.25)
@given(data=st.data())
def test_the_pullback_is_right_for_drawn_values_shapes_and_dtypes(
    be: Backend, function: Function, data: st.DataObject
) -> None:
    half = [d for d in ("float16", "bfloat16") if function.half and function.variants[0].real and hasattr(be.xp, d)]
    variant, arrays, dtype, views = data.draw(_points(function, ["float64", "float32", *half]))
    if deviates(be, variant.name) or (variant.region and deviates(be, variant.region)):
        return
    call = Call(be, function, variant, arrays, dtype, views)
    if dtype in half:
        _right_in_16_bits(call)
    else:
        call.assert_pullback()
