"""One call of a function: on the backend under test, and the truth about it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from autodiff_spec import Backend, backend, oracle
from autodiff_spec.conformance.accuracy import note
from autodiff_spec.conformance.checks import assert_array, assert_relative, assert_within_budget, relative_errors
from autodiff_spec.conformance.coverage import drawn
from autodiff_spec.conformance.coverage.signatures import Given
from autodiff_spec.conformance.functions import Function, Shape, Variant
from autodiff_spec.conformance.functions._model import ELEMENTARY, ROUNDED
from autodiff_spec.report import Errors

Arrays = list[Any]


def namespace(be: Backend, *, extra: bool) -> Any:
    """The namespace that a program takes; the test is skipped where the backend has none of it."""
    if extra and be.extra is None:
        pytest.skip(f"{be.name} has no functions beyond the standard")
    return be.extra if extra else be.xp


def source_for(be: Backend) -> Backend:
    """A backend whose functions can be hosted on ``be``: NumPy's, for NumPy's own its other flavour."""
    return next(one for one in (backend("numpy", "native"), backend("numpy", "spec")) if one is not be)


@lru_cache(maxsize=1024)
def _truth_at_shapes(variant: Variant, shapes: tuple[Shape, ...]) -> oracle.Linearization:
    """One truth serves all dtypes: what lies on the grid is the same number in each."""
    return oracle.Linearization(variant.on_oracle, *variant.arrays(shapes))


class Call:
    """A variant of a function at a point; masks and indices are constants, on the backend and on the oracle.

    Args:
        be: the backend.
        function: the function.
        variant: one of its variants.
        point: the shapes to call it on, or the arrays themselves.
        dtype: the floating dtype to compute in; complex arguments have parts of it.
        truth: what is known of the function at the arrays; a `Linearization` of it is made where there is none.
        views: make the arguments views where the framework has views: transposed, of every second element.
    """

    def __init__(
        self,
        be: Backend,
        function: Function,
        variant: Variant,
        point: tuple[Shape, ...] | Arrays,
        dtype: str = "float64",
        views: bool = False,
        truth: Any = None,
    ) -> None:
        self.be, self.function, self.variant, self.dtype = be, function, variant, dtype
        self.calls: list[Given] = []
        self.namespace = namespace(be, extra=variant.extra)
        if drawn.listening():
            self.namespace = drawn.Watched(self.namespace, self.calls)
        if isinstance(point, tuple):
            self.exact, self.truth = variant.arrays(point), _truth_at_shapes(variant, point)
        else:
            self.exact = point
            self.truth = oracle.Linearization(variant.on_oracle, *point) if truth is None else truth
        self.tracked = [i for i, arg in enumerate(variant.args) if arg.differentiable]
        self.arrays = [
            (self._view(a) if views else self.array(a)) if i in self.tracked else be.asarray(a)
            for i, a in enumerate(self.exact)
        ]
        self.primals = [self.arrays[i] for i in self.tracked]

    def array(self, exact: NDArray[Any]) -> Any:
        """An array of the backend in the dtype that is computed in."""
        name = {"float32": "complex64", "float64": "complex128"}[self.dtype] if exact.dtype.kind == "c" else self.dtype
        return self.be.asarray(exact, dtype=getattr(self.be.xp, name))

    def _view(self, exact: NDArray[Any]) -> Any:
        """The array as a view of one that has its axes in the opposite order and each element twice."""
        if not exact.ndim:
            return self.array(exact)
        wider = self.array(np.repeat(exact.T, 2, axis=-1))
        return self.be.xp.permute_dims(wider[..., ::2], tuple(range(exact.ndim))[::-1])

    def __call__(self, *primals: Any) -> Any:
        """The program as a function of what is differentiated."""
        arguments = list(self.arrays)
        for i, primal in zip(self.tracked, primals, strict=True):
            arguments[i] = primal
        return self.variant.program(self.namespace, *arguments)

    def cotangent(self) -> tuple[Any, Any]:
        """Numbers of order 1 for every element of the value, exact and as arrays of the backend."""
        exact = [weights(v.shape, "c" if _complex(v) else "f") for v in leaves(self.truth.value)]
        found = [self.array(e) for e in exact]
        return (tuple(exact), tuple(found)) if isinstance(self.truth.value, tuple) else (exact[0], found[0])

    def directions(self) -> list[NDArray[Any]]:
        """A tangent for each primal."""
        return [weights(self.exact[i].shape, self.exact[i].dtype.kind) for i in self.tracked]

    def for_all(self, parts: Arrays) -> Arrays:
        """One entry for each argument: that of a primal, ``None`` for a constant."""
        everything: Arrays = [None] * len(self.exact)
        for i, part in zip(self.tracked, parts, strict=True):
            everything[i] = part
        return everything

    def note(self, mode: str, *cotangents: Any) -> None:
        """Say what was drawn: the call that was differentiated in this mode."""
        drawn.note(self.function.name, mode, self.dtype, self.primals, cotangents, self.calls)

    # --- checks -------------------------------------------------------------------------------------------------

    def assert_right(self, found: Any, expected: Any, quantity: str, order: int, sizes: Any = None) -> None:
        """``found`` is within the function's budget of what is expected; ``sizes`` is of functions that cancel."""
        budget = self.function.budget(self.dtype, order)
        wide = found if self.dtype not in ("float16", "bfloat16") else self.be.xp.astype(found, self.be.xp.float32)
        assert_within_budget(
            self.be.to_numpy(wide),
            oracle.to_numpy(expected),
            self.dtype,
            function=self.function.name,
            quantity=quantity,
            budget=budget,
            sizes=None if sizes is None else oracle.to_numpy(sizes),
        )

    def assert_relatively_right(
        self, found: Any, expected: Any, quantity: str, order: int, at: Arrays, sizes: Any = None
    ) -> None:
        """``found`` is within the budget of what is expected, element by element relative to its own size.

        Off the grid every function rounds. Where it takes exponentials or powers, their exponents do: half a unit of an
        exponent is that many units of the result, which is as many as its logarithm. At second order these logarithms
        are factors too, so that what is computed on the way is as much smaller or larger than the result.
        """
        budget = max(self.function.budget(self.dtype, order), ROUNDED)
        around = 4.0 if order < 2 else float(-np.log(np.finfo(self.dtype).tiny))
        errors = relative_errors(found, expected, self.dtype, sizes, around)
        allowed = budget + self._exponents(expected) if self.function.ulps >= ELEMENTARY else budget
        assert_relative(found, expected, self.dtype, errors, allowed, quantity, at)
        note(Errors(self.function.name, self.dtype, quantity, budget, tuple(np.ravel(errors).tolist())))

    @staticmethod
    def _exponents(numbers: Any) -> Any:
        """The sizes of their logarithms."""
        with np.errstate(all="ignore"):
            logarithms = np.abs(np.log(np.abs(numbers)))
        return np.where(np.isfinite(logarithms), logarithms, 0.0)

    def assert_value(self, value: Any) -> None:
        """The value is right, output by output."""
        for found, expected in zip(leaves(value), leaves(self.truth.value), strict=True):
            self.assert_right(found, expected, "value", 0)

    def assert_pullback(self) -> None:
        """The value is right, and the gradients, which have the primals' shapes and dtypes."""
        value, pullback = self.be.vjp(self, *self.primals)
        self.assert_value(value)
        exact, cotangent = self.cotangent()
        self.note("pullback", *leaves(cotangent))
        expected = self.truth.gradient(exact)
        sizes = self.truth.gradient_sizes(exact) if self.variant.cancels else [None] * len(expected)
        for i, found, primal in zip(self.tracked, pullback(cotangent), self.primals, strict=True):
            assert_array(self.be, found, primal.shape, primal.dtype)
            self.assert_right(found, expected[i], "pullback", 1, sizes[i])

    def assert_pushforward(self) -> None:
        """The derivative along a direction is right."""
        directions = self.directions()
        _, found = self.be.jvp(self, tuple(self.primals), tuple(map(self.array, directions)))
        self.note("pushforward")
        everything = self.for_all(directions)
        expected = leaves(self.truth.jvp(*everything))
        sizes = leaves(self.truth.jvp_sizes(*everything)) if self.variant.cancels else [None] * len(expected)
        for one, other, size in zip(leaves(found), expected, sizes, strict=True):
            self.assert_right(one, other, "pushforward", 1, size)

    def second_sizes(self, cotangent: Any, directions: Arrays) -> Arrays:
        """The sizes of the terms that second derivatives along directions, plus 2x, add up; of one real result."""
        total: Arrays = [2 * np.abs(exact) for exact in self.exact]
        everything = [None if d is None else np.abs(d) for d in self.for_all(directions)]
        for k in np.ndindex(np.shape(cotangent)):
            single = np.zeros(np.shape(cotangent))
            single[k] = cotangent[k]
            for i, row in enumerate(oracle.second(self.variant.on_oracle, *self.exact, cotangent=single)):
                for block, along in zip(row, everything, strict=True):
                    if block is not None and along is not None:
                        total[i] = total[i] + np.tensordot(np.abs(block), along, np.ndim(along))
        return total


def leaves(tree: Any) -> list[Any]:
    """The outputs of a program: one, or a tuple of them."""
    return list(tree) if isinstance(tree, tuple) else [tree]


def _complex(values: Any) -> bool:
    return any(hasattr(v, "imag") and type(v).__name__ == "mpc" for v in np.ravel(values))


def weights(shape: Shape, kind: str) -> Any:
    """Distinct numbers of both signs, exact in every dtype, whose sums do not vanish, or a wrong constant would."""
    size = int(np.prod(shape))
    real = ((np.arange(size) * 5 + 6) % 17 - 5.5) / 4
    return (real + 0.5j * real[::-1] if kind == "c" else real).reshape(shape)


def _on_a_tape(be: Backend, x: Any) -> Any:
    """The cosine, as the gradient that a tape finds of the sine."""
    with be.tape() as t:
        source = t.watch(x)
        y = be.xp.sin(source)
    return t.grad(y, source)


COSINES: dict[str, Callable[[Backend, Any], Any]] = {
    "grad": lambda be, x: be.grad(lambda t: be.xp.sum(be.xp.sin(t)))(x),
    "vjp": lambda be, x: be.vjp(be.xp.sin, x)[1](be.xp.ones_like(x))[0],
    "jvp": lambda be, x: be.jvp(be.xp.sin, (x,), (be.xp.ones_like(x),))[1],
    "tape": _on_a_tape,
}
"""The cosine as a derivative, in every way to take one."""
