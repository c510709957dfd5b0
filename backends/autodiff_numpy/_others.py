"""Arrays of other classes that meet recorded ones: refused by name, or left to compute by themselves.

A recorded array holds an array that computes as NumPy's do. One with a mask, with units or with another ``*`` would
lose that, or make a result that no rule knows; it is refused, and the error says what to pass. A class that has
``__array_ufunc__`` and holds arrays inside, as xarray's, is asked instead, and may hold recorded ones.
"""

from __future__ import annotations

import functools
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from autodiff_spec import BackendMismatchError, LostDerivativeError
from autodiff_spec.core.errors import named_type
from autodiff_spec.core.frameworks import framework_of
from autodiff_spec.recording.array import RecordedArray

_MEETS = "meets a recorded array or a variable of NumPy"
_ARITHMETIC = ("__array_ufunc__", "__array_function__", "__mul__", "__pow__")


def require_numpys(*arguments: Any) -> None:
    """Refuse arrays that NumPy would convert, or compute with in another way, and lose a derivative without a word."""
    refusal = _refusal if any(isinstance(argument, RecordedArray) for argument in arguments) else _of_framework
    for argument in arguments:
        why = refusal(argument.__class__)
        if why:
            raise BackendMismatchError(f"{named_type(argument)} {why}")


def require_kinds(kinds: Iterable[type]) -> None:
    """Refuse arrays of these classes, as `require_numpys` does for arrays."""
    for kind in kinds:
        why = _refusal(kind)
        if why:
            raise BackendMismatchError(f"an array of the class {kind.__name__} {why}")


def number(argument: Any) -> Any:
    """A fraction, or another number that is neither Python's nor NumPy's own, as a float; anything else as it is."""
    return float(argument) if isinstance(argument, numbers.Real) else argument


def require_numbers(*values: Any) -> None:
    """Refuse arrays of objects among which are recorded arrays: the derivative would pass these over."""
    for value in values:
        objects = np.ravel(value) if getattr(value, "dtype", None) == np.dtype(object) else (value,)
        if any(isinstance(element, RecordedArray) for element in objects):
            raise LostDerivativeError(
                "a recorded array meets an array of objects that holds recorded ones, whose derivatives would be lost; "
                "make one array of them with np.stack"
            )


@functools.lru_cache(maxsize=1024)
def _refusal(kind: type) -> str:
    """Why arrays of a class cannot meet recorded ones, and what to do; nothing where they can."""
    if any(base.__module__.startswith("scipy.sparse") for base in kind.__mro__):
        return f"of SciPy's sparse ones {_MEETS}, and no sparse product is recorded; pass A.toarray()"
    if not issubclass(kind, np.ndarray):
        return _of_framework(kind)
    if issubclass(kind, np.ma.MaskedArray):
        return f"{_MEETS}, where its mask would be lost; pass m.filled(0.0), or np.where(m.mask, …, m.data)"
    if issubclass(kind, np.matrix):
        return f"{_MEETS}, whose * is that of elements; pass np.asarray(M), and write @ for the product of matrices"
    if any(getattr(kind, name) is not getattr(np.ndarray, name) for name in _ARITHMETIC):
        return f"{_MEETS}, which does not know its arithmetic; pass np.asarray(a)"
    return ""


def _of_framework(kind: type) -> str:
    framework = framework_of(kind)
    if framework in (None, "numpy"):
        return ""
    return f"of {framework} {_MEETS}; convert one of them, for example by to_numpy()"


def takes_over(argument: Any) -> bool:
    """Whether NumPy's operators leave an operation to this one's class: xarray's, pandas', one of the user's own."""
    return _takes_over(argument.__class__)


@functools.lru_cache(maxsize=1024)
def _takes_over(kind: type) -> bool:
    if issubclass(kind, (np.ndarray, np.generic, RecordedArray)) or speaks(kind):
        return False
    return hasattr(kind, "__array_ufunc__") or hasattr(kind, "__array_priority__")


def speaks(kind: type) -> bool:
    """Whether NumPy's functions dispatch to a class by both of its protocols."""
    return hasattr(kind, "__array_function__") and getattr(kind, "__array_ufunc__", None) is not None


def handed_over(ufunc: Any, x: Any, y: Any) -> Any:
    """The result of a ufunc by the class that `takes_over`; NotImplemented where that has operators alone."""
    other = y if isinstance(x, RecordedArray) else x
    take = getattr(other, "__array_ufunc__", None)
    if take is None:
        return NotImplemented
    found = take(ufunc, "__call__", x, y)
    if found is NotImplemented:
        raise BackendMismatchError(f"{named_type(other)} {_MEETS} in np.{ufunc.__name__}; pass np.asarray of it")
    return found
