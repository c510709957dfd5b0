"""The array namespace of the NumPy engine, after the Python array API standard, for plain and recorded arrays.

Plain arrays go straight to NumPy; recorded ones are recorded.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from numpy import (
    arange,
    bool,
    complex64,
    complex128,
    e,
    empty,
    eye,
    float16,
    float32,
    float64,
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
from autodiff_numpy._tables import TRACKED
from autodiff_numpy.xp import fft, linalg
from autodiff_numpy.xp._creation import asarray, astype, empty_like, from_dlpack, full, full_like, ones_like, zeros_like
from autodiff_numpy.xp._functions import argsort, clip, count_nonzero, expm1, sort, take_along_axis
from autodiff_numpy.xp._info import __array_namespace_info__, finfo, iinfo

SUPPORTED_API_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")
__array_api_version__ = "2024.12"

_STANDARD_NAMES = {
    "abs": "absolute", "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
    "atan2": "arctan2", "atanh": "arctanh", "bitwise_invert": "invert", "bitwise_left_shift": "left_shift",
    "bitwise_right_shift": "right_shift", "concat": "concatenate", "conj": "conjugate", "permute_dims": "transpose",
    "pow": "power",
}  # fmt: skip
_SAME_NAMES = (
    "add", "bitwise_and", "bitwise_or", "bitwise_xor", "ceil", "copysign", "cos", "cosh", "divide", "equal", "exp",
    "floor", "floor_divide", "greater", "greater_equal", "hypot", "imag", "isfinite", "isinf", "isnan", "less",
    "less_equal", "log", "log10", "log1p", "log2", "logaddexp", "logical_and", "logical_not", "logical_or",
    "logical_xor", "maximum", "minimum", "multiply", "negative", "nextafter", "not_equal", "positive", "real",
    "reciprocal", "remainder", "round", "sign", "signbit", "sin", "sinh", "sqrt", "square", "subtract", "tan", "tanh",
    "trunc", "where",
    "all", "any", "argmax", "argmin", "cumulative_prod", "cumulative_sum", "diff", "max", "mean", "min", "nonzero",
    "prod", "searchsorted", "std", "sum", "unique_all", "unique_counts", "unique_inverse", "unique_values", "var",
    "broadcast_arrays", "broadcast_to", "expand_dims", "flip", "matrix_transpose", "meshgrid", "moveaxis", "repeat",
    "reshape", "roll", "squeeze", "stack", "swapaxes", "tile", "tril", "triu", "unstack",
    "can_cast", "result_type", "matmul", "outer", "take", "tensordot", "vecdot",
)  # fmt: skip

globals().update({name: getattr(TRACKED, name) for name in _SAME_NAMES})
globals().update({name: getattr(TRACKED, numpy_name) for name, numpy_name in _STANDARD_NAMES.items()})

_operators.install(sys.modules[__name__])


def __getattr__(name: str) -> Any:  # for type checkers it is also what gives the names that come from the tables
    """``special``, which SciPy asks for under ``SCIPY_ARRAY_API=1``; the engine never loads SciPy itself."""
    if name == "special" and "scipy.special" in sys.modules:
        return importlib.import_module("autodiff_numpy.special")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    *_SAME_NAMES, *_STANDARD_NAMES,
    "__array_namespace_info__", "arange", "argsort", "asarray", "astype", "bool", "clip", "complex64", "complex128",
    "count_nonzero", "e", "empty", "empty_like", "eye", "expm1", "fft", "finfo", "float16", "float32", "float64",
    "from_dlpack", "full", "full_like", "iinfo", "inf", "int8", "int16", "int32", "int64", "isdtype", "linalg",
    "linspace", "longdouble", "nan", "newaxis", "ones", "ones_like", "pi", "sort", "take_along_axis", "uint8", "uint16",
    "uint32", "uint64", "zeros", "zeros_like",
]  # fmt: skip
