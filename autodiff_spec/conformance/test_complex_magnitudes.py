"""Chapter FUN: functions of complex numbers of every magnitude and their derivatives, each relative to its own size."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from autodiff_spec import Backend, Capability, oracle
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_relative, relative_errors
from autodiff_spec.conformance.functions._model import MORE_FOR_SECOND
from autodiff_spec.conformance.functions.complex_magnitudes import (
    PARTS,
    POWERS,
    SUBJECTS,
    ComplexSubject,
    ComplexTruth,
)
from autodiff_spec.conformance.functions.magnitudes import LENGTH

AROUND = 64.0
"""How much smaller or larger than a result its terms may be, which hardware flushes to 0 or which overflow."""

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")


_EXTREME = ("tiny", "huge", "tail", "extreme", "tiny or huge parts")


def _value(subject: ComplexSubject, region: str) -> str:
    """The clause about the value of a function in a region."""
    return "FUN-250"


def _first(subject: ComplexSubject, region: str) -> str:
    """The clause about the first derivatives."""
    if subject.name in ("abs", "sign"):
        return "FUN-237"
    if region in _EXTREME:
        return "FUN-240"
    if subject.name in POWERS:
        return "FUN-253"
    return "FUN-238" if subject.name in ("multiply", "divide", "reciprocal", "square") else "FUN-239"


def _second(subject: ComplexSubject, region: str) -> str:
    """The clause about the second derivatives."""
    return "FUN-252" if region in _EXTREME else "FUN-251"


def _cases(cited: Any) -> list[Any]:
    return [
        pytest.param(subject, region, id=f"{subject.name} {region}", marks=clause(cited(subject, region)))
        for subject in SUBJECTS
        for region in subject.regions()
    ]


@lru_cache(maxsize=64)
def _truth(subject: ComplexSubject, dtype: str) -> ComplexTruth:
    return ComplexTruth(subject, dtype)


def _unit(real: bool, turn: int) -> NDArray[Any]:
    """Numbers of about size 1, of every sign."""
    found = np.resize([1.0, -1.0, 0.5, -0.5, 1.0], LENGTH) + 1j * np.resize([0.5, 1.0, -1.0], LENGTH + turn)[turn:]
    return found.real if real else found


class Asked:
    """A function on a backend, at all its points in a dtype at once."""

    def __init__(self, be: Backend, subject: ComplexSubject, dtype: str) -> None:
        self.be, self.subject, self.dtype, self.truth = be, subject, dtype, _truth(subject, dtype)
        self.arrays = [self._array(z, dtype) for z in self.truth.padded]
        result = PARTS[dtype] if self.truth.is_real else dtype
        self.seed, self.tangent = _unit(self.truth.is_real, 0), _unit(False, 1)
        self.cotangent = self._array(self.seed, result)

    def _array(self, x: Any, dtype: str) -> Any:
        return self.be.asarray(x, dtype=getattr(self.be.xp, dtype))

    def call(self, *args: Any) -> Any:
        """The function."""
        return self.subject(self.be.xp, *args)

    def pullback(self, *args: Any) -> Any:
        """The gradients by all arguments."""
        return self.be.vjp(self.call, *args)[1](self.cotangent)

    def first(self) -> Iterator[tuple[str, tuple[int, ...], Any, Any]]:
        """The value and each derivative with its arguments, as it is found and in truth."""
        n = len(self.truth.regions)
        yield "value", (), self.call(*self.arrays), self.truth.value
        exact = self.truth.gradient(self.seed[:n])
        for i, (found, truth) in enumerate(zip(self.pullback(*self.arrays), exact, strict=True)):
            yield "pullback", (i,), found, truth
        for i in range(len(self.arrays)) if self.be._has_forward() and self.dtype == "complex128" else ():

            def alone(z: Any, i: int = i) -> Any:
                return self.call(*self.arrays[:i], z, *self.arrays[i + 1 :])

            _, found = self.be.jvp(alone, (self.arrays[i],), (self._array(self.tangent, self.dtype),))
            yield "pushforward", (i,), found, self.truth.pushed(i, self.tangent[:n])

    def second(self) -> Iterator[tuple[str, tuple[int, ...], Any, Any]]:
        """Each derivative of a gradient along a tangent."""
        n = len(self.truth.regions)
        for i in range(len(self.arrays)):
            _, pullback = self.be.vjp(lambda *args, i=i: self.pullback(*args)[i], *self.arrays)
            exact = self.truth.second(i, self.tangent[:n], self.seed[:n])
            shares = pullback(self._array(self.tangent, self.dtype))
            for j, (found, truth) in enumerate(zip(shares, exact, strict=True)):
                yield "second", (i, j), found, truth

    def parts(self, order: int) -> list[tuple[str, tuple[int, ...], NDArray[Any], NDArray[Any]]]:
        """Each quantity of an order by its parts, as NumPy arrays without the repetitions."""
        found = []
        for quantity, arguments, array, exact in self.first() if order < 2 else self.second():
            plain = np.asarray(self.be.to_numpy(array))[: len(exact)]
            both = [plain.real, plain.imag] if exact.shape[-1] == 2 else [plain]
            found.append((quantity, arguments, np.stack(both, axis=-1), oracle.to_numpy(exact)))
        return found


@lru_cache(maxsize=4)
def _all(be: Backend, subject: ComplexSubject, dtype: str, order: int) -> Any:
    return Asked(be, subject, dtype).parts(order)


def _check(be: Backend, subject: ComplexSubject, region: str, dtype: str, order: int) -> None:
    """Hold the quantities of an order to the truth in a region."""
    truth, part = _truth(subject, dtype), PARTS[dtype]
    rows = [k for k, name in enumerate(truth.regions) if name == region]
    at = [z[rows] for z in truth.arrays]
    around = AROUND if order < 2 else AROUND * float(-np.log(np.finfo(part).tiny))
    for quantity, arguments, found, exact in _all(be, subject, dtype, max(order, 1)):
        if (quantity == "value") != (order == 0):
            continue
        errors = relative_errors(found[rows], exact[rows], part, truth.sizes(*arguments)[rows], around)
        budget = subject.budget * (MORE_FOR_SECOND if order == 2 else 1)
        allowed = budget + truth.exponents(*arguments)[rows][:, None]
        assert_relative(found[rows], exact[rows], part, errors, allowed, quantity, at)


@pytest.mark.parametrize(("subject", "region"), _cases(_value))
def test_values_are_right_relative_to_their_size(be: Backend, subject: ComplexSubject, region: str) -> None:
    for dtype in PARTS:
        _check(be, subject, region, dtype, 0)


@pytest.mark.parametrize(("subject", "region"), _cases(_first))
def test_first_derivatives_are_right_relative_to_their_size(be: Backend, subject: ComplexSubject, region: str) -> None:
    for dtype in PARTS:
        _check(be, subject, region, dtype, 1)


@pytest.mark.parametrize(("subject", "region"), _cases(_second))
def test_second_derivatives_are_right_relative_to_their_size(
    be: Backend, subject: ComplexSubject, region: str, thorough: bool
) -> None:
    if Capability.HIGHER_ORDER not in be.capabilities:
        pytest.skip(f"{be.name} has no second derivatives")
    for dtype in PARTS if thorough else ("complex128",):
        _check(be, subject, region, dtype, 2)
