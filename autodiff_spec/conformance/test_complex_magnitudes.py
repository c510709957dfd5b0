"""Chapter FUN: derivatives of functions of complex numbers of every magnitude, each relative to its own size."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from autodiff_spec import Backend, oracle
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_relative, relative_errors
from autodiff_spec.conformance.functions.complex_magnitudes import PARTS, SUBJECTS, ComplexSubject, ComplexTruth
from autodiff_spec.conformance.functions.magnitudes import LENGTH

AROUND = 64.0
"""How much smaller or larger than a result its terms may be, which hardware flushes to 0 or which overflow."""

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")


def _cited(subject: ComplexSubject, region: str) -> str:
    """The clause about a function in a region."""
    if subject.name in ("abs", "sign"):
        return "FUN-237"
    if region in ("tiny", "huge", "tail", "extreme", "tiny or huge parts"):
        return "FUN-240"
    return "FUN-238" if subject.name in ("multiply", "divide", "reciprocal", "square") else "FUN-239"


def _cases() -> list[Any]:
    return [
        pytest.param(subject, region, id=f"{subject.name} {region}", marks=clause(_cited(subject, region)))
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


def _found(be: Backend, subject: ComplexSubject, dtype: str) -> Iterator[tuple[str, int, Any, Any]]:
    """Each derivative with its name and argument, as it is found and in truth."""
    truth = _truth(subject, dtype)
    n = len(truth.regions)
    arrays = [be.asarray(z, dtype=getattr(be.xp, dtype)) for z in truth.padded]
    result = PARTS[dtype] if truth.is_real else dtype
    seed = _unit(truth.is_real, 0)
    _, pullback = be.vjp(lambda *args: subject(be.xp, *args), *arrays)
    shares = pullback(be.asarray(seed, dtype=getattr(be.xp, result)))
    for i, (found, exact) in enumerate(zip(shares, truth.gradient(seed[:n]), strict=True)):
        yield "pullback", i, found, exact
    for i in range(subject.arguments) if be._has_forward() and dtype == "complex128" else ():
        tangent = _unit(False, 1)

        def alone(z: Any, i: int = i) -> Any:
            return subject(be.xp, *arrays[:i], z, *arrays[i + 1 :])

        _, found = be.jvp(alone, (arrays[i],), (be.asarray(tangent, dtype=getattr(be.xp, dtype)),))
        yield "pushforward", i, found, truth.pushed(i, tangent[:n])


@lru_cache(maxsize=4)
def _all(be: Backend, subject: ComplexSubject, dtype: str) -> list[tuple[str, int, NDArray[Any], NDArray[Any]]]:
    found = []
    for quantity, argument, array, exact in _found(be, subject, dtype):
        plain = np.asarray(be.to_numpy(array))[: len(exact)]
        parts = [plain.real, plain.imag] if exact.shape[-1] == 2 else [plain]
        found.append((quantity, argument, np.stack(parts, axis=-1), oracle.to_numpy(exact)))
    return found


@pytest.mark.parametrize(("subject", "region"), _cases())
def test_first_derivatives_are_right_relative_to_their_size(be: Backend, subject: ComplexSubject, region: str) -> None:
    for dtype, part in PARTS.items():
        truth = _truth(subject, dtype)
        rows = [k for k, name in enumerate(truth.regions) if name == region]
        at = [z[rows] for z in truth.arrays]
        for quantity, argument, found, exact in _all(be, subject, dtype):
            errors = relative_errors(found[rows], exact[rows], part, truth.sizes(argument)[rows], AROUND)
            allowed = subject.budget + truth.exponents(argument)[rows][:, None]
            assert_relative(found[rows], exact[rows], part, errors, allowed, quantity, at)
