"""Making arrays. What is made is plain; `asarray` keeps recorded arrays recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy._array import Array, Variable, copied, foreign, plain
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._views import constant
from autodiff_numpy.rules.writing import filled
from autodiff_spec.core.frameworks import require_own


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: Any = None) -> Any:
    """`numpy.asarray`; a recorded array stays recorded, and lists may hold recorded scalars."""
    if isinstance(obj, Array):
        if isinstance(obj, Variable):
            obj = obj.read()
        if not isinstance(obj, Array):
            return np.array(obj, dtype=dtype)
        same = dtype is None or obj.dtype == dtype
        if copy is False and not same:
            raise ValueError(f"asarray cannot cast {obj.dtype} to {dtype} without a copy")
        if not same:
            return TRACKED.astype(obj, dtype)
        return TRACKED.copied(obj) if copy else obj
    if isinstance(obj, (list, tuple)) and _holds_recorded(obj):
        return asarray(TRACKED.stack([asarray(part) for part in obj]), dtype=dtype)
    if foreign(obj) and copy is not False:
        return copied(obj) if dtype is None or obj.dtype == dtype else obj.astype(dtype)
    if not isinstance(obj, np.ndarray):
        require_own("numpy", obj, "the value of asarray()")
    return np.asarray(obj, dtype=dtype, device=device, copy=copy)


def _holds_recorded(obj: Any) -> bool:
    return isinstance(obj, Array) or (isinstance(obj, (list, tuple)) and any(map(_holds_recorded, obj)))


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    """`numpy.astype`."""
    return TRACKED.astype(x, dtype, copy=copy)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
    """`numpy.from_dlpack`; a recorded array stays recorded."""
    return asarray(x, device=device, copy=copy) if isinstance(x, Array) else np.from_dlpack(x, device=device, copy=copy)


def _given(device: Any) -> dict[str, Any]:
    """The keyword as far as it is given: arrays of other libraries may not know it."""
    return {} if device is None else {"device": device}


def empty_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Any:
    """`numpy.empty_like`; of a recorded array one that can be filled with recorded elements."""
    found = np.empty_like(plain(x), dtype=dtype, **_given(device))
    return constant(found) if isinstance(x, Array) else found


def zeros_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Any:
    """`numpy.zeros_like`; of a recorded array one that can be filled with recorded elements."""
    found = np.zeros_like(plain(x), dtype=dtype, **_given(device))
    return constant(found) if isinstance(x, Array) else found


def ones_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Any:
    """`numpy.ones_like`; of a recorded array one that can be filled with recorded elements."""
    found = np.ones_like(plain(x), dtype=dtype, **_given(device))
    return constant(found) if isinstance(x, Array) else found


def full_like(x: Any, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """`numpy.full_like`; the fill value may be recorded."""
    found = filled(np.empty_like(plain(x), dtype=dtype, **_given(device)), fill_value)
    return found if isinstance(x, Array) or isinstance(fill_value, Array) else plain(found)


def full(shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """`numpy.full`; the fill value may be recorded."""
    if not isinstance(fill_value, Array):
        return np.full(shape, fill_value, dtype=dtype, device=device)
    return filled(np.empty(shape, dtype or fill_value.dtype), fill_value)
