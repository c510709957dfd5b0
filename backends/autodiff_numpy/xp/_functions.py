"""Functions whose form in the standard is not NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy._array import lazy, plain
from autodiff_numpy._tables import TRACKED


def clip(x: Any, /, min: Any = None, max: Any = None) -> Any:
    """`numpy.clip`, of the dtype of ``x``."""
    return TRACKED.clip(x, _bound(min, x.dtype), _bound(max, x.dtype)) if min is not None or max is not None else +x


def _bound(bound: Any, dtype: Any) -> Any:
    """A bound in the dtype of what is clipped; an integer out of its range is beyond every element."""
    if bound is None or getattr(bound, "dtype", None) == dtype:
        return bound
    if hasattr(bound, "dtype"):
        return TRACKED.astype(bound, dtype)
    if np.dtype(dtype).kind in "iu":
        limits = np.iinfo(dtype)
        bound = np.clip(bound, float(limits.min), float(limits.max)) if isinstance(bound, float) else bound
        return np.asarray(sorted((int(limits.min), int(bound), int(limits.max)))[1], dtype)[()]
    return bound


def count_nonzero(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    """`numpy.count_nonzero`, which gives a Python number before NumPy 2.3."""
    found = TRACKED.count_nonzero(x, axis=axis, keepdims=keepdims)
    return np.intp(found) if type(found) is int else found


def expm1(x: Any, /) -> Any:
    """`numpy.expm1`, with the standard's complex values at 0 and infinity."""
    found = TRACKED.expm1(x)
    return found if found.dtype.kind != "c" or lazy(plain(x)) else _mended(plain(x), found)


def _mended(z: Any, found: Any) -> Any:
    """NumPy's complex results, except where the standard has others."""
    if np.any(z == 0):
        found = found + complex(0.0, -0.0)  # the real part is +0, the imaginary part keeps its sign
    flat, top, bottom = z.imag == 0, z.real == np.inf, z.real == -np.inf
    mask = np.where(np.isfinite(z.imag), flat & (top | np.isnan(z.real)), top | bottom)
    if not np.any(mask):
        return found
    values = np.empty_like(z)
    values.real = np.where(bottom, -1.0, z.real)
    values.imag = np.where(flat, z.imag, np.where(bottom, 0.0, np.nan))
    return TRACKED.where(mask, values, found)


def sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The sorted elements; equal ones stay in their order."""
    if not descending:
        return TRACKED.sort(x, axis=axis, stable=stable)
    return TRACKED.take_along_axis(x, argsort(x, axis=axis, descending=True), axis)


def argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The indices that sort; those of equal elements stay in their order."""
    value = plain(x)
    if not descending:
        return np.argsort(value, axis=axis, stable=stable)
    # sorted backwards and reversed, equal elements keep their order, and indices count from the other end
    backwards = np.flip(np.argsort(np.flip(value, axis=axis), axis=axis, stable=True), axis=axis)
    return (value.shape[axis] - 1 - backwards) if value.ndim else backwards


def take_along_axis(x: Any, indices: Any, /, axis: int = -1) -> Any:
    """`numpy.take_along_axis`, which has no default axis before NumPy 2.3."""
    return TRACKED.take_along_axis(x, indices, axis)
