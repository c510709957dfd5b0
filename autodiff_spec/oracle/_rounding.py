"""From exact numbers to NumPy's formats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec.oracle._context import MPC
from autodiff_spec.oracle._operators import asarray, is_inexact


def to_numpy(x: Any, dtype: Any = None) -> NDArray[Any]:
    """Exact numbers rounded, once and correctly, to a NumPy dtype.

    Args:
        x: oracle array, object array of mp numbers, mp number, or anything NumPy takes.
        dtype: float16, float32, float64, complex64 or complex128; by default the array's own, else float64 or
            complex128.

    Returns:
        NumPy array of the shape of ``x``.

    Examples:
        >>> from autodiff_spec import oracle
        >>> oracle.to_numpy(oracle.xp.asarray(1.0) / 3, "float32")
        array(0.33333334, dtype=float32)
    """
    array = asarray(x)
    target = np.dtype(dtype) if dtype is not None else array.dtype
    if not is_inexact(array.dtype):
        return array.values.astype(target)
    rounded = [_rounded(v, target) for v in array.values.ravel().tolist()]
    return np.array(rounded, dtype=target).reshape(array.shape)


_FORMATS = {"float16": (11, 24), "float32": (24, 149), "float64": (53, 1074)}


def _rounded(number: Any, dtype: Any) -> Any:
    """The double that the format's rounding gives: rounding to double first would round twice."""
    if number.__class__ is MPC:
        part = np.dtype(f"float{dtype.itemsize * 4}")
        return complex(_rounded(number.real, part), _rounded(number.imag, part))
    significant, smallest = _FORMATS.get(dtype.name, _FORMATS["float64"])
    exponent = number._mpf_[2] + number._mpf_[3]
    bits = min(significant, exponent + smallest)
    if bits < 1 or not number._mpf_[1]:
        # Half of the smallest subnormal or less, a special value, or one that rounds to the smallest subnormal.
        return float(number) if bits >= 0 or not number._mpf_[1] else 0.0
    return float(number.context.mpf(number, prec=bits)) if exponent < 2000 else float(number)
