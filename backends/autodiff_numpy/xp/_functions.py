"""Functions whose form in the standard is not NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy._array import plain
from autodiff_numpy._record import RECORDED


def clip(x: Any, /, min: Any = None, max: Any = None) -> Any:  # noqa: A002
    """`numpy.clip`, of the dtype of ``x``."""
    return RECORDED.clip(x, _bound(min, x.dtype), _bound(max, x.dtype)) if min is not None or max is not None else +x


def _bound(bound: Any, dtype: Any) -> Any:
    """A bound in the dtype of what is clipped; an integer out of its range is beyond every element."""
    if bound is None or getattr(bound, "dtype", None) == dtype:
        return bound
    if hasattr(bound, "dtype"):
        return RECORDED.astype(bound, dtype)
    if np.dtype(dtype).kind in "iu":
        limits = np.iinfo(dtype)
        bound = np.clip(bound, float(limits.min), float(limits.max)) if isinstance(bound, float) else bound
        return np.asarray(sorted((int(limits.min), int(bound), int(limits.max)))[1], dtype)[()]
    return bound


def sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The sorted elements; equal ones stay in their order."""
    if not descending:
        return RECORDED.sort(x, axis=axis, stable=stable)
    return RECORDED.take_along_axis(x, argsort(x, axis=axis, descending=True), axis)


def argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The indices that sort; those of equal elements stay in their order."""
    value = plain(x)
    if not descending:
        return np.argsort(value, axis=axis, stable=stable)
    # sorted backwards and reversed, equal elements keep their order, and indices count from the other end
    backwards = np.flip(np.argsort(np.flip(value, axis=axis), axis=axis, stable=True), axis=axis)
    return (value.shape[axis] - 1 - backwards) if value.ndim else backwards
