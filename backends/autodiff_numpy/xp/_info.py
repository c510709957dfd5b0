"""What the namespace says of itself: versions, devices, dtypes and their limits."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy._array import plain
from autodiff_spec._shared import FloatLimits, IntegerLimits

__array_namespace_info__ = np.__array_namespace_info__


def finfo(type: Any, /) -> FloatLimits:
    """The limits of a floating dtype, or of an array's; of a complex one, those of its parts."""
    dtype = _dtype(type)
    found = np.finfo(dtype)
    numbers: list[Any] = [found.eps, found.max, found.min, found.smallest_normal]
    if found.dtype != np.longdouble or found.dtype == np.float64:
        numbers = [float(number) for number in numbers]
    eps, largest, smallest, normal = numbers
    return FloatLimits(int(found.bits), eps, largest, smallest, normal, found.dtype)


def iinfo(type: Any, /) -> IntegerLimits:
    """The limits of an integer dtype, or of an array's."""
    found = np.iinfo(_dtype(type))
    return IntegerLimits(int(found.bits), int(found.max), int(found.min), found.dtype)


def _dtype(type: Any) -> Any:
    value = plain(type)
    return value.dtype if isinstance(value, (np.ndarray, np.generic)) else np.dtype(value)
