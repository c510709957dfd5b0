"""How the suite compares: tolerances from dtype, condition and element scale, and what counts as an array.

Nothing here grows with the size of an array: a tolerance that did would let a zero derivative pass.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec import Backend
from autodiff_spec.conformance._mismatch import MismatchError
from autodiff_spec.conformance.accuracy import note
from autodiff_spec.report import Errors

_EPSILON = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
_PART = {"complex64": "float32", "complex128": "float64"}
_DTYPE = re.compile(r"bfloat16|float(?:16|32|64)|complex(?:64|128)")

ROUNDINGS = 16.0
"""How many roundings a short computation may be off by, before its condition is counted."""


def dtype_name(dtype: Any) -> str:
    """``"float32"`` for a floating dtype of any framework, however it writes itself."""
    found = _DTYPE.search(str(dtype))
    if found is None:
        raise TypeError(f"{dtype!r} is no floating dtype that the suite knows")
    return found.group()


def epsilon(dtype: Any) -> float:
    """The distance from 1 to the next number of a floating dtype (of a complex one: of its parts)."""
    name = dtype_name(dtype)
    return _EPSILON[_PART.get(name, name)]


def assert_close(
    actual: Any, expected: Any, dtype: Any = None, *, scale: Any = None, condition: float = ROUNDINGS
) -> None:
    """Each element of ``actual`` is within ``condition`` roundings of ``expected``.

    Args:
        actual: a NumPy array (from ``to_numpy``).
        expected: the truth, of exactly the same shape.
        dtype: the dtype that was computed in; ``actual``'s own by default.
        scale: the size of what was added up for each element, where terms cancel; by default the element's own size.
        condition: how many roundings of relative size ``epsilon(dtype)`` are allowed.
    """
    found, truth = np.asarray(actual), np.asarray(expected)
    if truth.dtype == object:
        truth = truth.astype(np.complex128 if any(hasattr(v, "imag") and v.imag for v in truth.ravel()) else np.float64)
    if found.shape != truth.shape:
        raise MismatchError(f"shape {found.shape}, expected {truth.shape}", found, truth)
    wide = np.complex128 if "c" in (found.dtype.kind, truth.dtype.kind) else np.float64
    found_wide, truth_wide = found.astype(wide), truth.astype(wide)
    size = np.abs(truth_wide) if scale is None else np.maximum(np.abs(truth_wide), np.asarray(scale, dtype=np.float64))
    tolerance = condition * epsilon(found.dtype if dtype is None else dtype) * size
    with np.errstate(invalid="ignore"):
        near = (np.abs(found_wide - truth_wide) <= tolerance) & np.isfinite(truth_wide)  # nothing is near infinity
    same = near | (found_wide == truth_wide) | (np.isnan(found_wide) & np.isnan(truth_wide))
    if not same.all():
        unit = epsilon(found.dtype if dtype is None else dtype)
        message = f"got\n{found!r}\nexpected\n{truth!r}\nwithin\n{tolerance!r}"
        raise MismatchError(message, found_wide, truth_wide, epsilon=unit, scale=size)


def scale_of(truth: Any) -> float:
    """The scale of a result: its largest element, and 1 at least, the order of what enters and may cancel."""
    sizes = np.abs(np.asarray(truth))
    return max(1.0, float(sizes.max())) if sizes.size else 1.0


def assert_within_budget(
    found: Any, truth: Any, dtype: str, *, function: str, quantity: str, budget: float, sizes: Any = None
) -> None:
    """Each element of ``found`` is within ``budget`` units in the last place of its scale; how near is noted.

    Args:
        found: a NumPy array.
        truth: what it should be, of exactly the same shape.
        dtype: the dtype that was computed in.
        function: whose result it is.
        quantity: which: ``"value"``, ``"pullback"``, ``"pushforward"`` or ``"second"``.
        budget: how many units are allowed; 0 asks for equality.
        sizes: where terms cancel, what is added up for each element; its scale then, where it is more than 1.
    """
    found, truth = np.asarray(found), np.asarray(truth)
    scale = scale_of(truth) if sizes is None else np.maximum(1.0, sizes)
    try:
        assert_close(found, truth, dtype, scale=scale, condition=budget)
    except MismatchError as wrong:
        wrong.function, wrong.quantity = function, quantity
        raise
    wide = np.complex128 if found.dtype.kind == "c" else np.float64
    errors = np.abs(found.astype(wide) - truth) / (epsilon(dtype) * scale)
    note(Errors(function, dtype, quantity, budget, tuple(np.ravel(errors).tolist())))


def relative_errors(found: Any, truth: Any, dtype: str, sizes: Any = None, around: float = 4.0) -> NDArray[Any]:
    """How far each element is from the truth, in units in the last place of its own size; NaN is infinitely far.

    What is below the smallest normal number of the dtype may be anything up to that, for hardware may flush it to 0,
    and a number beyond the largest is infinite, of its sign. Where the truth is NaN nothing is asked.

    Args:
        found: a NumPy array.
        truth: what it should be, of the same shape.
        dtype: the dtype that was computed in.
        sizes: for each row what its elements are made of, where terms cancel; NaN where nothing is asked.
        around: how much smaller or larger than a result a number may be that is computed on the way to it.
    """
    found, truth = np.asarray(found, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    assert found.shape == truth.shape, f"shape {found.shape}, expected {truth.shape}"
    limits, size = np.finfo(dtype), np.abs(truth)
    least, most = float(limits.tiny) * around, float(limits.max) / around
    scale = size if sizes is None else np.maximum(size, np.reshape(sizes, (-1, *(1,) * (truth.ndim - 1))))
    with np.errstate(all="ignore"):
        errors = np.abs(found - truth) / (epsilon(dtype) * np.where(scale > 0, scale, 1))
        flushed = (np.abs(found) <= least) & (size <= least)
        beyond = (np.sign(found) == np.sign(truth)) & (np.abs(found) >= most) & (size >= most)
    errors = np.where(np.isnan(errors), np.inf, errors)
    return np.where(flushed | beyond | (found == truth) | np.isnan(truth + 0 * scale), 0.0, errors)


def assert_relative(
    found: Any, truth: Any, dtype: str, errors: Any, allowed: Any, quantity: str, at: list[Any]
) -> None:
    """The errors of all elements are allowed; the message tells of the first that is not.

    Args:
        found: a NumPy array, of rows that belong to those of the arguments.
        truth: what it should be, of the same shape.
        dtype: the dtype that was computed in.
        errors: `relative_errors`.
        allowed: how many units are, for each element.
        quantity: which: ``"value"``, ``"pullback"``, ``"pushforward"`` or ``"second"``.
        at: the arguments.
    """
    wrong = np.argwhere(~(errors <= allowed))
    if wrong.size:
        k = tuple(wrong[0])
        where = ", ".join(np.array2string(np.asarray(array[k[0]]), separator=", ") for array in at)
        of = f"{len(set(wrong[:, 0].tolist()))} of {len(errors)} {dtype} {quantity}s"
        message = f"{of}: at {where} got {found[k]}, expected {truth[k]}, {errors[k]:.3g} units apart"
        wrong_one = MismatchError(message, found[k], truth[k], epsilon=epsilon(dtype), scale=0.0)
        wrong_one.quantity = quantity
        raise wrong_one


def assert_array(be: Backend, x: Any, shape: tuple[int, ...], dtype: Any) -> None:
    """``x`` is an array of the backend, no Python or NumPy scalar, of this shape and dtype."""
    assert be.is_array(x), f"{type(x).__name__} is no array of {be.name}"
    assert not isinstance(x, (float, complex, np.generic)), f"a scalar {type(x).__name__}, not a 0-d array"
    assert tuple(x.shape) == tuple(shape), f"shape {tuple(x.shape)}, expected {tuple(shape)}"
    assert x.dtype == dtype, f"dtype {x.dtype}, expected {dtype}"


def assert_equal(be: Backend, x: Any, expected: Any) -> None:
    """``x`` has exactly these values and this shape (for results that involve no rounding)."""
    found, truth = be.to_numpy(x), np.asarray(expected)
    try:
        np.testing.assert_array_equal(found, truth, strict=False)
    except AssertionError as error:
        raise MismatchError(str(error), found, truth) from None
    assert tuple(x.shape) == np.shape(expected)


def write(x: Any, index: Any, value: float) -> bool:
    """Write into an array in place; False where it is immutable, which is as good."""
    try:
        x[index] = value
    except (TypeError, ValueError, RuntimeError):  # no item assignment, a read-only buffer, a recorded array
        return False
    return True


def resident_bytes() -> int:
    """The memory of this process that is in use now; where only its peak is known, the peak."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)  # what was freed before would hide what is kept from now on
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def numbers(shape: tuple[int, ...], start: float = 0.5, step: float = 0.375) -> NDArray[np.float64]:
    """Distinct positive float64 numbers of this shape, exact in every floating dtype while small."""
    return start + step * np.arange(int(np.prod(shape)), dtype=np.float64).reshape(shape)
