"""Chapter FUN: values and derivatives at arguments of every magnitude, each relative to its own size.

The arguments are exact, so that an error is the function's own: the budget is that of its row, and no scale hides it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from autodiff_spec import Backend, Capability, oracle
from autodiff_spec.conformance import clause
from autodiff_spec.conformance._calls import Call
from autodiff_spec.conformance.checks import assert_equal
from autodiff_spec.conformance.functions.magnitudes import LENGTH, SUBJECTS, Subject, Truth

# What overflows on purpose is a framework's to remark on.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")

WIDE = ("float64", "float32")

_FIRST = {"ordinary": "FUN-180", "tail": "FUN-182", "edge": "FUN-183"}


def _first(subject: Subject, region: str) -> str:
    """The clause about the first derivatives in a region."""
    if subject.row:
        return "FUN-185"
    return "FUN-184" if len(subject.domains) > 1 else _FIRST.get(region, "FUN-181")


def _second(subject: Subject, region: str) -> str:
    """The clause about the second derivatives in a region."""
    return "FUN-187" if region in ("tiny", "huge", "mixed") or "extreme" in region else "FUN-186"


def _cases(cited: Any) -> list[Any]:
    return [
        pytest.param(subject, region, id=f"{subject.variant.name} {region}", marks=clause(cited(subject, region)))
        for subject in SUBJECTS
        for region in subject.regions()
    ]


class Asked:
    """A function on a backend, at all its points in a dtype at once."""

    def __init__(self, be: Backend, subject: Subject, dtype: str) -> None:
        self.be, self.subject, self.dtype, self.truth = be, subject, dtype, _truth(subject, dtype)
        self.call = Call(be, subject.function, subject.variant, self.truth.padded, dtype, truth=self.truth)
        self.primals = self.call.primals
        self.cotangent = _signed(self.truth.value.shape[1:], 0)
        self.tangents = [_signed(array.shape[1:], 1) for array in self.truth.arrays]

    @property
    def _has_true_values(self) -> bool:
        """Whether the function is one of the interface's: values of the standard's are the framework's own."""
        return self.subject.variant.extra and not self.subject.row and self.subject.function.name != "sinc"

    def pullback(self, *primals: Any) -> Any:
        """The gradients by all arguments."""
        return self.be.vjp(self.call, *primals)[1](self.call.array(self.cotangent))

    def first(self) -> Iterator[tuple[str, Any, Any]]:
        """Each quantity of first order with what is found and the truth."""
        n, truth = self.truth.count, self.truth
        value, pullback = self.be.vjp(self.call, *self.primals)
        yield "value", value, truth.value if self._has_true_values else self.call(*self.primals)
        exact = truth.gradient(self.cotangent[:n])
        for found, expected in zip(pullback(self.call.array(self.cotangent)), exact, strict=True):
            yield "pullback", found, expected
        if self.be._has_forward() and self.dtype == "float64":  # in the others it is the same rule
            for i, tangent in enumerate(self.tangents):
                alone, primal = self._by(i, self.call)
                _, found = self.be.jvp(alone, (primal,), (self.call.array(tangent),))
                yield "pushforward", found, truth.pushed(i, tangent[:n])

    def second(self) -> Iterator[tuple[str, Any, Any]]:
        """Each derivative of a gradient along a tangent with the truth."""
        n = self.truth.count
        for i, tangent in enumerate(self.tangents):
            _, pullback = self.be.vjp(lambda *primals, i=i: self.pullback(*primals)[i], *self.primals)
            exact = self.truth.second(i, tangent[:n], self.cotangent[:n])
            for found, expected in zip(pullback(self.call.array(tangent)), exact, strict=True):
                yield "second", found, expected

    def _by(self, i: int, function: Any) -> tuple[Any, Any]:
        """A function of one argument, the others being constants; and that argument."""

        def alone(primal: Any) -> Any:
            return function(*self.primals[:i], primal, *self.primals[i + 1 :])

        return alone, self.primals[i]

    def found(self, order: int) -> list[tuple[str, NDArray[Any], NDArray[Any]]]:
        """Each quantity of an order: its name, what is found and the truth, as NumPy arrays without the repetitions."""
        quantities = self.first() if order == 1 else self.second()
        return [(name, self._plain(found), self._plain(truth)) for name, found, truth in quantities]

    def _plain(self, x: Any) -> NDArray[Any]:
        if isinstance(x, np.ndarray) and x.dtype == object:
            return oracle.to_numpy(x)
        wide = self.be.xp.astype(x, self.be.xp.float32) if self.dtype == "float16" else x
        return np.asarray(self.be.to_numpy(wide)[: self.truth.count])

    def check(self, order: int, region: str = "") -> None:
        """Hold all quantities of an order to the truth: in one region, or everywhere."""
        rows = [k for k, name in enumerate(self.truth.regions) if region in ("", name)]
        at = [array[rows] for array in self.truth.arrays]
        quantities, sizes = _found(self.be, self.subject, self.dtype, order)
        of = None if sizes is None else sizes[rows]
        for quantity, found, expected in quantities:
            self.call.assert_relatively_right(found[rows], expected[rows], quantity, order, at, of)


@lru_cache(maxsize=4)
def _asked(be: Backend, subject: Subject, dtype: str) -> Asked:
    return Asked(be, subject, dtype)


@lru_cache(maxsize=4)
def _found(be: Backend, subject: Subject, dtype: str, order: int) -> tuple[list[tuple[str, Any, Any]], Any]:
    """The results and the sizes of what is added up for them, once for all regions."""
    asked = _asked(be, subject, dtype)
    return asked.found(order), asked.truth.sizes(order)


@lru_cache(maxsize=256)
def _truth(subject: Subject, dtype: str) -> Truth:
    return Truth(subject, dtype)


def _signed(shape: tuple[int, ...], turn: int) -> NDArray[Any]:
    """1 and ½ with both signs; of a row one number alone, so that no term cancels another."""
    numbers = np.resize([1.0, -1.0, 0.5, 1.0, -0.5], LENGTH)
    if not shape:
        return numbers
    single = np.zeros((LENGTH, int(np.prod(shape))))
    rows = np.arange(LENGTH)
    single[rows, (rows // (1 + turn)) % single.shape[1]] = numbers
    return single.reshape(LENGTH, *shape)


@pytest.mark.parametrize(("subject", "region"), _cases(_first))
def test_values_and_first_derivatives_are_right_relative_to_their_size(
    be: Backend, subject: Subject, region: str
) -> None:
    for dtype in WIDE:
        _asked(be, subject, dtype).check(1, region)


@pytest.mark.parametrize(("subject", "region"), _cases(_second))
def test_second_derivatives_are_right_relative_to_their_size(
    be: Backend, subject: Subject, region: str, thorough: bool
) -> None:
    if Capability.HIGHER_ORDER not in be.capabilities:
        pytest.skip(f"{be.name} has no second derivatives")
    for dtype in WIDE if thorough else WIDE[:1]:
        _asked(be, subject, dtype).check(2, region)


@clause("FUN-36")
@pytest.mark.parametrize("dtype", WIDE)
def test_the_derivative_of_remainder_is_the_same_at_every_scale(be: Backend, dtype: str) -> None:
    limits = np.finfo(dtype)
    x, y = np.array([7.25, -7.25, 7.25, -0.75]), np.array([2.0, 2.0, -2.0, 0.5])
    for scale in (2.0 ** (int(limits.minexp) + 8), 1.0, 2.0 ** (int(limits.maxexp) - 8)):
        arrays = [be.asarray(scale * each, dtype=getattr(be.xp, dtype)) for each in (x, y)]
        _, pullback = be.vjp(be.xp.remainder, *arrays)
        by_x, by_y = pullback(be.xp.ones_like(arrays[0]))
        assert_equal(be, by_x, np.ones(4))
        assert_equal(be, by_y, -np.floor(x / y))


@clause("FUN-188")
@pytest.mark.parametrize("subject", [pytest.param(s, id=s.variant.name) for s in SUBJECTS if s.function.half])
def test_values_and_first_derivatives_are_right_in_float16(be: Backend, subject: Subject) -> None:
    asked = _asked(be, subject, "float16")
    try:
        asked.call(*asked.primals)
    except Exception:  # of whatever type
        pytest.skip(f"{be.name} has no {subject.variant.name} in float16")
    asked.check(1)
