"""One call of a function: on the backend under test, and the truth about it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from autodiff_spec import Backend, Capability, backend, oracle
from autodiff_spec.conformance._layouts import IN_ORDER, LAYOUTS, elements, laid, shares_places
from autodiff_spec.conformance.accuracy import note
from autodiff_spec.conformance.checks import (
    assert_array,
    assert_close,
    assert_relative,
    assert_within_budget,
    relative_errors,
    scale_of,
)
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
def _truth_at_shapes(variant: Variant, shapes: tuple[Shape, ...], layout: str) -> oracle.Linearization:
    """One truth serves all dtypes: what lies on the grid is the same number in each."""
    return oracle.Linearization(variant.on_oracle, *_at_shapes(variant, shapes, layout))


def _at_shapes(variant: Variant, shapes: tuple[Shape, ...], layout: str) -> Arrays:
    """Arguments of these shapes; in a layout that has elements share a place these are equal."""
    found = zip(variant.args, variant.arrays(shapes), strict=True)
    return [elements(layout, exact) if arg.may_repeat else exact for arg, exact in found]


class Call:
    """A variant of a function at a point; masks and indices are constants, on the backend and on the oracle.

    Args:
        be: the backend.
        function: the function.
        variant: one of its variants.
        point: the shapes to call it on, or the arrays themselves.
        dtype: the floating dtype to compute in; complex arguments have parts of it.
        layout: how the arguments lie in memory, and the tangents; those whose elements must differ, "in order" where it
            would have them share a place.
        seeds: how the cotangent lies.
        truth: what is known of the function at the arrays; a `Linearization` of it is made where there is none.
    """

    def __init__(
        self,
        be: Backend,
        function: Function,
        variant: Variant,
        point: tuple[Shape, ...] | Arrays,
        dtype: str = "float64",
        layout: str = IN_ORDER,
        seeds: str = IN_ORDER,
        truth: Any = None,
    ) -> None:
        self.layout, self.seeds = layout, seeds
        self.be, self.function, self.variant, self.dtype = be, function, variant, dtype
        self.calls: list[Given] = []
        self.namespace = namespace(be, extra=variant.extra)
        if drawn.listening():
            self.namespace = drawn.Watched(self.namespace, self.calls)
        self._point, self._shared = point, layout if shares_places(layout) else IN_ORDER
        self.exact = _at_shapes(variant, point, self._shared) if isinstance(point, tuple) else point
        if truth is not None:
            self.truth = truth
        self.tracked = [i for i, arg in enumerate(variant.args) if arg.differentiable]
        self.arrays = [
            self.laid(a, layout) if i in self.tracked else be.asarray(a) for i, a in enumerate(self.exact)
        ]
        self.primals = [self.arrays[i] for i in self.tracked]

    @cached_property
    def truth(self) -> Any:
        """All that is known of the function at the point."""
        if isinstance(self._point, tuple):
            return _truth_at_shapes(self.variant, self._point, self._shared)
        return oracle.Linearization(self.variant.on_oracle, *self._point)

    def array(self, exact: NDArray[Any]) -> Any:
        """An array of the backend in the dtype that is computed in."""
        name = {"float32": "complex64", "float64": "complex128"}[self.dtype] if exact.dtype.kind == "c" else self.dtype
        return self.be.asarray(exact, dtype=getattr(self.be.xp, name))

    def laid(self, exact: NDArray[Any], layout: str) -> Any:
        """An array of the backend in a layout, in which equal elements may share a place.

        Arrays that nobody can write into have no layout that a program sees: they are made as they are.
        """
        if Capability.MUTABLE_OUT not in self.be.capabilities:
            return self.array(exact)
        equal = elements(layout, exact)
        return laid(self.be.xp, layout, self.array, exact) if np.array_equal(equal, exact) else self.array(exact)

    def __call__(self, *primals: Any) -> Any:
        """The program as a function of what is differentiated."""
        arguments = list(self.arrays)
        for i, primal in zip(self.tracked, primals, strict=True):
            arguments[i] = primal
        return self.variant.program(self.namespace, *arguments)

    def cotangent(self) -> tuple[Any, Any]:
        """Numbers of order 1 for every element of the value, exact and as arrays of the backend."""
        values = leaves(self.truth.value)
        exact = [elements(self.seeds, weights(v.shape, "c" if _complex(v) else "f")) for v in values]
        found = [self.laid(e, self.seeds) for e in exact]
        return (tuple(exact), tuple(found)) if isinstance(self.truth.value, tuple) else (exact[0], found[0])

    def directions(self) -> list[NDArray[Any]]:
        """A tangent for each primal."""
        exact = [weights(self.exact[i].shape, self.exact[i].dtype.kind) for i in self.tracked]
        return [elements(self.layout, e) for e in exact]

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
        if order:
            self.note(quantity)
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
        self.assert_unchanged(leaves(cotangent), leaves(exact))

    def assert_every_layout_of_cotangents(self) -> None:
        """A cotangent that lies in memory in any way gives what its elements give in order."""
        value, pullback = self.be.vjp(self, *self.primals)
        for layout in LAYOUTS:
            exact = [elements(layout, e) for e in self.weights_for(value)]
            found, expected = (
                pullback(as_outputs(value, [make(e) for e in exact]))
                for make in (lambda e, layout=layout: self.laid(e, layout), self.array)
            )
            self.note("pullback", *(self.laid(e, layout) for e in exact))
            self.assert_as_before(found, expected)

    def assert_that_of_each(self, stacked: int) -> None:
        """Each member of a stack of so many axes has the gradients that it has alone."""
        value, pullback = self.be.vjp(self, *self.primals)
        exact = self.weights_for(value)
        self.note("pullback", *map(self.array, exact))
        shares = pullback(as_outputs(value, list(map(self.array, exact))))
        for k in np.ndindex(self.exact[0].shape[:stacked]):
            alone = Call(self.be, self.function, self.variant, [x[k] for x in self.exact], self.dtype)
            one, pullback = self.be.vjp(alone, *alone.primals)
            expected = pullback(as_outputs(one, [self.array(e[k]) for e in exact]))
            self.assert_as_before([share[k] for share in shares], expected)

    def assert_that_of_parts(self) -> None:
        """A function that moves or adds up numbers has of complex ones the gradients that it has of each part."""
        value, pullback = self.be.vjp(self, *self.primals)
        parts = [(e, np.flip(e)) for e in self.weights_for(value)]
        real, imaginary = (
            pullback(as_outputs(value, list(map(self.array, part)))) for part in zip(*parts, strict=True)
        )
        numbers = [x + 1j * np.flip(x) if i in self.tracked else x for i, x in enumerate(self.exact)]
        there = Call(self.be, self.function, self.variant, numbers, self.dtype)
        value, pullback = self.be.vjp(there, *there.primals)
        cotangents = [there.array(re + 1j * im) for re, im in parts]
        there.note("pullback", *cotangents)
        to_numpy = self.be.to_numpy
        expected = [to_numpy(re) + 1j * to_numpy(im) for re, im in zip(real, imaginary, strict=True)]
        self.assert_as_before(pullback(as_outputs(value, cotangents)), expected)

    def weights_for(self, value: Any) -> Arrays:
        """`weights` for every element of a value of the backend."""
        isdtype = self.be.xp.isdtype
        return [weights(v.shape, "c" if isdtype(v.dtype, "complex floating") else "f") for v in leaves(value)]

    def assert_as_before(self, found: Any, before: Any) -> None:
        """Gradients are those that were found otherwise, up to the function's budget."""
        for one, other in zip(found, before, strict=True):
            expected = other if isinstance(other, np.ndarray) else self.be.to_numpy(other)
            scale, budget = scale_of(expected), self.function.budget(self.dtype)
            assert_close(self.be.to_numpy(one), expected, self.dtype, scale=scale, condition=budget)

    def assert_pushforward(self) -> None:
        """The derivative along a direction is right."""
        directions = self.directions()
        tangents = [self.laid(d, self.layout) for d in directions]
        _, found = self.be.jvp(self, tuple(self.primals), tuple(tangents))
        self.note("pushforward")
        everything = self.for_all(directions)
        expected = leaves(self.truth.jvp(*everything))
        sizes = leaves(self.truth.jvp_sizes(*everything)) if self.variant.cancels else [None] * len(expected)
        for one, other, size in zip(leaves(found), expected, sizes, strict=True):
            self.assert_right(one, other, "pushforward", 1, size)
        self.assert_unchanged(tangents, directions)

    def assert_second(self) -> None:
        """The gradient of <directions, gradient> + Σ|x|² is right; without squares a constant gradient had none."""
        exact, cotangent = self.cotangent()
        directions = self.directions()
        tangents = [self.laid(d, self.layout) for d in directions]
        found = self._second(cotangent, tangents)
        self.note("second", *leaves(cotangent))
        expected = self._bent(directions, exact)
        sizes = self.second_sizes(exact, directions) if self.variant.cancels else [None] * len(expected)
        for i, gradient in zip(self.tracked, found, strict=True):
            self.assert_right(gradient, expected[i] + 2 * self.exact[i], "second", 2, sizes[i])
        self.assert_unchanged([*leaves(cotangent), *tangents], [*leaves(exact), *directions])

    def _bent(self, directions: Arrays, cotangent: Any) -> Arrays:
        """The second derivatives along directions, of each argument."""
        if self.variant.linear:
            return [np.zeros_like(exact) for exact in self.exact]
        everything = tuple(self.for_all(directions))
        return list(oracle.hvp(self.variant.on_oracle, tuple(self.exact), everything, cotangent, smooth=True))

    def assert_another_use_keeps_its_share(self) -> None:
        """Another summand of the value gets the whole cotangent, whatever the function's rules do with theirs."""
        exact, cotangent = self.cotangent()
        others = [self.be.xp.zeros_like(value) for value in leaves(self(*self.primals))]

        def added(others: Arrays, *primals: Any) -> Any:
            sums = [y + value for y, value in zip(others, leaves(self(*primals)), strict=True)]
            return tuple(sums) if isinstance(exact, tuple) else sums[0]

        _, pullback = self.be.vjp(added, others, *self.primals)
        first, second = ([*shares[0], *shares[1:]] for shares in (pullback(cotangent), pullback(cotangent)))
        for found, again in zip(first, second, strict=True):
            np.testing.assert_array_equal(self.be.to_numpy(again), self.be.to_numpy(found), "the next time")
        for found, e in zip(first, leaves(exact), strict=False):
            np.testing.assert_array_equal(self.be.to_numpy(found), e, "another share was changed")
        self.assert_unchanged(leaves(cotangent), leaves(exact))

    def assert_unchanged(self, arrays: Arrays, exact: Arrays) -> None:
        """MUT-30: these arrays, which an operator was given, hold what they were made of; so do the arguments."""
        given = [*zip(arrays, exact, strict=True), *zip(self.arrays, self.exact, strict=True)]
        for array, numbers in given:
            np.testing.assert_array_equal(self.be.to_numpy(array), np.asarray(numbers), "an argument was changed")

    def _second(self, cotangent: Any, tangents: Arrays) -> Arrays:
        be, xp = self.be, self.be.xp

        def product(a: Any, b: Any) -> Any:
            return xp.sum(xp.real(xp.conj(a) * b) if xp.isdtype(a.dtype, "complex floating") else a * b)

        def weighted(primals: Arrays, gradients: Any) -> Any:
            terms = zip(tangents, gradients, primals, strict=True)
            first, *others = (product(d, g) + product(x, x) for d, g, x in terms)
            for term in others:
                first = first + term
            return first

        if Capability.TAPE in be.capabilities:
            primals = [be.variable(primal) for primal in self.primals]
            with be.tape() as outer:
                with be.tape() as inner:
                    value = self(*primals)
                target = weighted(primals, inner.grad(value, primals, cotangent=cotangent))
            return list(outer.grad(target, primals))

        def target_of(*primals: Any) -> Any:
            _, pullback = be.vjp(self, *primals)
            return weighted(list(primals), pullback(cotangent))

        return list(be.grad(target_of, tuple(range(len(self.tracked))))(*self.primals))

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


def as_outputs(value: Any, outputs: Arrays) -> Any:
    """One for each output of a program, as it returns them: one, or a tuple of them."""
    return tuple(outputs) if isinstance(value, tuple) else outputs[0]


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
