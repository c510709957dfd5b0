"""What is wrong with a result or an exception: its kind, what was observed and expected, and the cause behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff_spec import AutodiffError
from autodiff_spec.core.names import DTYPES, EXTRA, FFT, LINALG, MAIN
from autodiff_spec.report.results import Kind

_NUMPY = re.compile(r"^\s*(?:Not equal|Arrays are not).*?ACTUAL: (.*?)\s*DESIRED: (.*)", re.DOTALL)  # numpy.testing
_NAMES = {*MAIN, *LINALG, *FFT, *EXTRA, *DTYPES, "linalg", "fft"}
_NUMBER = re.compile(r"\d+")
_LONGEST = 20_000  # characters of a value: whole, but for arrays that nobody reads
_HALF_THE_DIGITS = 0.5


class MismatchError(AssertionError):
    """A result that is not the expected one; both are at hand, and what it is a result of."""

    def __init__(self, message: str, found: Any, truth: Any, *, epsilon: float = 0.0, scale: Any = 1.0) -> None:
        super().__init__(message)
        self.found, self.truth = np.asarray(found), np.asarray(truth)
        self.epsilon, self.scale = epsilon, scale
        self.function = self.quantity = ""

    @property
    def kind(self) -> Kind:
        """Not a number where the truth is one; imprecise where half of the digits are right; else wrong."""
        if self.found.shape != self.truth.shape or not {self.found.dtype.kind, self.truth.dtype.kind} <= set("biufc"):
            return Kind.WRONG
        with np.errstate(all="ignore"):
            if (np.isnan(self.found) & ~np.isnan(self.truth)).any():
                return Kind.NAN
            allowed = self.epsilon**_HALF_THE_DIGITS * np.maximum(np.abs(self.truth), self.scale)
            same = (self.found == self.truth) | (np.isfinite(self.truth) & (np.abs(self.found - self.truth) <= allowed))
        return Kind.IMPRECISE if self.epsilon and same.all() else Kind.WRONG


@dataclass(frozen=True)
class Diagnosis:
    """A failure, as fields of a `Row`."""

    kind: str = ""
    quantity: str = ""
    observed: str = ""
    expected: str = ""
    cause: str = ""


def diagnosis(error: BaseException, test: str) -> Diagnosis:
    """The kind of a failure and what belongs to it, from what a test raised.

    Args:
        error: what it raised.
        test: its name and case: they tell the quantity where the error does not, and the cause.
    """
    quantity = next((name for name in ("pullback", "pushforward", "second") if name in test), "")
    if isinstance(error, MismatchError):
        quantity = error.quantity or quantity
        cause = " ".join(part for part in (error.function or test.partition("[")[0], error.quantity) if part)
        return Diagnosis(error.kind.value, quantity, whole(error.found), whole(error.truth), cause)
    if isinstance(error, AssertionError) or type(error).__name__ == "Failed":  # pytest.fail, pytest.raises
        match = _NUMPY.search(str(error))
        observed, expected = match.groups() if match else (str(error).partition("\nassert ")[0], "")
        kind = Kind.NAN if "nan" in observed and match and "nan" not in expected else Kind.WRONG
        return Diagnosis(kind.value, quantity, observed[:_LONGEST], expected[:_LONGEST], test.partition("[")[0])
    said = f"{type(error).__name__}: {error}".partition("\n")[0]
    if isinstance(error, AutodiffError | NotImplementedError):
        kind = Kind.REFUSES
    else:
        kind = Kind.LACKS if isinstance(error, AttributeError | ImportError) else Kind.RAISES
    return Diagnosis(kind.value, quantity, str(error)[:_LONGEST], "", _NUMBER.sub("n", said))


def whole(array: Any) -> str:
    """An array with all of its elements and digits."""
    with np.printoptions(threshold=_LONGEST, precision=17):
        said = repr(array)
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"


def lacking(error: BaseException, *namespaces: Any) -> str:
    """The name that one of these namespaces lacks, if that is what an error says; an empty text otherwise.

    Names that neither the standard nor `EXTRA` has are a mistake of the test's.
    """
    if not isinstance(error, AttributeError) or error.name not in _NAMES:
        return ""
    spaces = [*namespaces, *(getattr(one, sub, None) for one in namespaces for sub in ("linalg", "fft"))]
    return error.name if any(space is not None and error.obj is space for space in spaces) else ""
