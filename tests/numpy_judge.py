"""What an engine makes of a call of NumPy's functions.

A call is *right* where value, dtype and shape are NumPy's, and its first and second derivatives those of differences of
plain NumPy; *refused* where the engine says in an error of its own that it has no rule; *raw* where another error
comes; else *wrong*.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.numpy_calls import SOURCES, Call


def leaves(result: Any) -> list[Any]:
    """The arrays of a result, in tuples and lists; text and what is no number are left out."""
    if isinstance(result, (tuple, list)):
        return [leaf for part in result for leaf in leaves(part)]
    return [result]


def weighted(arrays: list[Any], numpy: Any) -> Any:
    """One number of all that is floating in a result: each element by a weight of its own; ``None`` of none."""
    total = None
    for array in arrays:
        kind = np.dtype(getattr(array, "dtype", type(array) if isinstance(array, (float, complex)) else bool)).kind
        if kind not in "fc":
            continue
        weights = 1.0 + 0.3 * np.sin(np.arange(np.size(array) if kind else 1)).reshape(np.shape(array))
        share = numpy.sum(numpy.real(array) * weights)
        if kind == "c":
            share = share + numpy.sum(numpy.imag(array) * weights[..., ::-1] if np.ndim(array) else numpy.imag(array))
        total = share if total is None else total + share
    return total


def differences(f: Callable[[Any], Any], x: Any, step: float = 1e-3) -> Any:
    """The derivative of an array-valued ``f`` by each element of ``x``, by five points: off by step⁴."""
    found = []
    for index in np.ndindex(x.shape):
        unit = np.zeros_like(x)
        unit[index] = step
        near, far = (f(np.asarray(x + n * unit)) - f(np.asarray(x - n * unit)) for n in (1, 2))
        found.append((8 * near - far) / (12 * step))
    return np.array(found).reshape((*x.shape, *np.shape(found[0])))


@dataclass(frozen=True)
class Engine:
    """An engine of NumPy programs.

    Attributes:
        numpy: what its programs import as ``np``.
        gradient: ``gradient(f)(x)`` of a function to a number.
        value: ``value(f, x)``: the result of a function on recorded arrays, as plain ones.
        own: the errors by which it refuses on purpose; of an engine that does not say so, all.
    """

    numpy: Any
    gradient: Callable[[Callable[[Any], Any]], Callable[[Any], Any]]
    value: Callable[[Callable[[Any], Any], Any], list[Any]]
    own: tuple[type[Exception], ...]


def judged(engine: Engine, call: Call) -> tuple[str, str]:
    """What the engine makes of the call (right, refused, raw, wrong), and why."""
    x = SOURCES[call.group]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        plainly = call.function(np)
        expected = leaves(plainly(x.copy()))
        try:
            return _compared(engine, call, plainly, expected, x)
        except engine.own as error:
            return "refused", f"{type(error).__name__}: {error}"
        except Exception as error:
            return "raw", f"{type(error).__name__}: {error}"


def _compared(engine: Engine, call: Call, plainly: Any, expected: list[Any], x: Any) -> tuple[str, str]:
    recorded = call.function(engine.numpy)
    found = engine.value(recorded, x.copy())
    if len(found) != len(expected):
        return "wrong", f"{len(found)} results, {len(expected)} expected"
    for one, other in zip(found, expected, strict=True):
        if not _same(one, other):
            return "wrong", f"value {one!r}, expected {other!r}"

    def number(x: Any) -> Any:
        return weighted(leaves(plainly(x)), np)

    def of_engine(x: Any) -> Any:
        return weighted(leaves(recorded(x)), engine.numpy)

    if number(x) is None:
        return "right", "no derivative"
    narrow = any(getattr(array, "dtype", None) == np.float32 for array in expected)
    # What float32 rounds, 6e-8 of each value, is divided by the step: at 1e-3 the differences would be off by 1e-4 and
    # more of the truth; at 3e-2 by some 1e-5, of which the bounds leave room for ten.
    step = 3e-2 if narrow else 1e-3
    first = differences(number, x, step)
    gradient = engine.gradient(of_engine)
    if not np.allclose(gradient(x.copy()), first, rtol=1e-4 if narrow else 1e-6, atol=1e-7):
        return "wrong", f"gradient {gradient(x.copy())!r}, expected {first!r}"
    along = np.cos(np.arange(x.size)).reshape(x.shape)
    second = differences(lambda x: np.asarray(gradient(x)), x, step)
    expected_second = np.tensordot(second, along, x.ndim)
    found_second = engine.gradient(lambda x: engine.numpy.sum(gradient(x) * along))(x.copy())
    if not np.allclose(found_second, expected_second, rtol=1e-4 if narrow else 1e-5, atol=1e-5 if narrow else 1e-6):
        return "wrong", f"second derivative {found_second!r}, expected {expected_second!r}"
    return "right", ""


def _same(one: Any, other: Any) -> bool:
    if isinstance(other, (bool, int, str, type(None), np.dtype, type)):
        return bool(one == other)
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if other.dtype.kind in "fc":
        return bool(np.allclose(one, other, rtol=1e-12 if other.itemsize >= 8 else 1e-5, atol=1e-14, equal_nan=True))
    return bool(np.array_equal(one, other))
