"""The names of the Python array API standard 2024.12, and why some of its functions have no clause of their own."""

from __future__ import annotations

MAIN = (
    *("abs", "acos", "acosh", "add", "all", "any", "arange", "argmax", "argmin", "argsort", "asarray", "asin", "asinh"),
    *("astype", "atan", "atan2", "atanh", "bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_or"),
    *("bitwise_right_shift", "bitwise_xor", "broadcast_arrays", "broadcast_to", "can_cast", "ceil", "clip", "concat"),
    *("conj", "copysign", "cos", "cosh", "count_nonzero", "cumulative_prod", "cumulative_sum", "diff", "divide"),
    *("empty", "empty_like", "equal", "exp", "expand_dims", "expm1", "eye", "finfo", "flip", "floor", "floor_divide"),
    *("from_dlpack", "full", "full_like", "greater", "greater_equal", "hypot", "iinfo", "imag", "isdtype", "isfinite"),
    *("isinf", "isnan", "less", "less_equal", "linspace", "log", "log10", "log1p", "log2", "logaddexp", "logical_and"),
    *("logical_not", "logical_or", "logical_xor", "matmul", "matrix_transpose", "max", "maximum", "mean", "meshgrid"),
    *("min", "minimum", "moveaxis", "multiply", "negative", "nextafter", "nonzero", "not_equal", "ones", "ones_like"),
    *("permute_dims", "positive", "pow", "prod", "real", "reciprocal", "remainder", "repeat", "reshape", "result_type"),
    *("roll", "round", "searchsorted", "sign", "signbit", "sin", "sinh", "sort", "sqrt", "square", "squeeze", "stack"),
    *("std", "subtract", "sum", "take", "take_along_axis", "tan", "tanh", "tensordot", "tile", "tril", "triu", "trunc"),
    *("unique_all", "unique_counts", "unique_inverse", "unique_values", "unstack", "var", "vecdot", "where", "zeros"),
    *("zeros_like", "__array_namespace_info__"),
)

LINALG = (
    *("cholesky", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "matmul", "matrix_norm", "matrix_power"),
    *("matrix_rank", "matrix_transpose", "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot"),
    *("trace", "vecdot", "vector_norm"),
)

FFT = (
    *("fft", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifftn", "ifftshift", "ihfft", "irfft", "irfftn", "rfft"),
    *("rfftfreq", "rfftn"),
)

NAMES: tuple[str, ...] = (*MAIN, *(f"linalg.{name}" for name in LINALG), *(f"fft.{name}" for name in FFT))

_CREATION = "makes an array from sizes, dtypes and Python numbers"
_DTYPES = "is about dtypes, not about numbers"
_INTEGERS = "takes integers or booleans alone"
_SHAPE_OF_VALUES = "the shape of its result depends on which elements are equal; no framework differentiates it"

NOT_DIFFERENTIATED: dict[str, str] = {
    **dict.fromkeys(("arange", "empty", "eye", "full", "linspace", "ones", "zeros"), _CREATION),
    **dict.fromkeys(("fft.fftfreq", "fft.rfftfreq"), _CREATION),
    **dict.fromkeys(("empty_like", "full_like", "ones_like", "zeros_like"), "takes the shape of an array, not numbers"),
    **dict.fromkeys(("can_cast", "finfo", "iinfo", "isdtype", "result_type", "__array_namespace_info__"), _DTYPES),
    **dict.fromkeys(("bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_or"), _INTEGERS),
    **dict.fromkeys(("bitwise_right_shift", "bitwise_xor"), _INTEGERS),
    **dict.fromkeys(("logical_and", "logical_not", "logical_or", "logical_xor"), _INTEGERS),
    **dict.fromkeys(("unique_all", "unique_counts", "unique_inverse", "unique_values"), _SHAPE_OF_VALUES),
    "from_dlpack": "brings an array from another library, where it has no history",
    "nextafter": "is about a format's neighbouring numbers, not a function of real ones",
}
"""Each function without a clause, with the reason."""
