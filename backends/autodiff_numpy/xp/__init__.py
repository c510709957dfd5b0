"""The array namespace of the NumPy engine, after the Python array API standard, for plain and recorded arrays.

Plain arrays go straight to NumPy; recorded ones are recorded. (Names of the standard that this version does not have
yet raise ``AttributeError``.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import (
    arange,
    bool,  # noqa: A004
    complex64,
    complex128,
    e,
    empty,
    eye,
    finfo,
    float16,
    float32,
    float64,
    full,
    iinfo,
    inf,
    int8,
    int16,
    int32,
    int64,
    isdtype,
    linspace,
    longdouble,
    nan,
    newaxis,
    ones,
    pi,
    uint8,
    uint16,
    uint32,
    uint64,
    zeros,
)

from autodiff_numpy import _operators, rules  # noqa: F401  (the rules fill the tables that this page reads)
from autodiff_numpy._array import Array, Variable
from autodiff_numpy._record import RECORDED
from autodiff_numpy.xp import linalg

SUPPORTED_API_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")
__array_api_version__ = "2024.12"

_STANDARD_NAMES = {
    "abs": "absolute", "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
    "atan2": "arctan2", "atanh": "arctanh", "bitwise_invert": "invert", "bitwise_left_shift": "left_shift",
    "bitwise_right_shift": "right_shift", "concat": "concatenate", "conj": "conjugate", "permute_dims": "transpose",
    "pow": "power",
}  # fmt: skip
_SAME_NAMES = (
    "add", "bitwise_and", "bitwise_or", "bitwise_xor", "ceil", "clip", "copysign", "cos", "cosh", "divide", "equal", "exp",
    "expm1", "floor", "floor_divide", "greater", "greater_equal", "hypot", "imag", "isfinite", "isinf", "isnan", "less",
    "less_equal", "log", "log10", "log1p", "log2", "logaddexp", "logical_and", "logical_not", "logical_or",
    "logical_xor", "maximum", "minimum", "multiply", "negative", "nextafter", "not_equal", "positive", "real",
    "reciprocal", "remainder", "round", "sign", "signbit", "sin", "sinh", "sqrt", "square", "subtract", "tan", "tanh",
    "trunc", "where",
    "all", "any", "argmax", "argmin", "argsort", "count_nonzero", "cumulative_prod", "cumulative_sum", "max", "mean",
    "min", "nonzero", "prod", "searchsorted", "sort", "std", "sum", "var",
    "broadcast_arrays", "broadcast_to", "expand_dims", "flip", "matrix_transpose", "meshgrid", "moveaxis", "repeat",
    "reshape", "roll", "squeeze", "stack", "swapaxes", "tile", "tril", "triu", "unstack",
    "empty_like", "full_like", "zeros_like",
    "can_cast", "result_type", "matmul", "outer", "take", "take_along_axis", "tensordot", "vecdot",
)  # fmt: skip

_operators.install()
globals().update({name: getattr(RECORDED, name) for name in _SAME_NAMES})
globals().update({name: getattr(RECORDED, numpy_name) for name, numpy_name in _STANDARD_NAMES.items()})


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: Any = None) -> Any:
    """`numpy.asarray`; a recorded array stays recorded, and lists may hold recorded scalars."""
    if isinstance(obj, Array):
        if isinstance(obj, Variable):
            obj = obj.read()
        if not isinstance(obj, Array):
            return np.array(obj, dtype=dtype)
        return obj if dtype is None or obj.dtype == dtype else RECORDED.astype(obj, dtype)
    if isinstance(obj, (list, tuple)) and _holds_recorded(obj):
        return asarray(RECORDED.stack([asarray(part) for part in obj]), dtype=dtype)
    return np.asarray(obj, dtype=dtype, copy=copy)


def _holds_recorded(obj: Any) -> Any:
    return isinstance(obj, Array) or (isinstance(obj, (list, tuple)) and any(map(_holds_recorded, obj)))


def ones_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Any:
    """`numpy.ones_like`."""
    return np.ones(x.shape, x.dtype if dtype is None else dtype)


def astype(x: Any, dtype: Any, /, *, copy: Any = True, device: Any = None) -> Any:
    """`numpy.astype`."""
    if isinstance(x, Array):
        return RECORDED.astype(x, dtype)
    return np.asarray(x).astype(dtype, copy=copy)


__all__ = [
    *_SAME_NAMES, *_STANDARD_NAMES,
    "arange", "asarray", "astype", "bool", "complex64", "complex128", "e", "empty", "eye", "finfo", "float16",
    "float32", "float64", "full", "iinfo", "inf", "int8", "int16", "int32", "int64", "isdtype", "linalg", "linspace",
    "longdouble", "nan", "newaxis", "ones", "ones_like", "pi", "uint8", "uint16", "uint32", "uint64", "zeros",
]  # fmt: skip
