"""The names of the array API standard, and which of its functions Python's operators are.

Source of the names: Python array API standard, version 2024.12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

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
"""The functions of the main namespace."""

LINALG = (
    *("cholesky", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "matmul", "matrix_norm", "matrix_power"),
    *("matrix_rank", "matrix_transpose", "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot"),
    *("trace", "vecdot", "vector_norm"),
)

FFT = (
    *("fft", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifftn", "ifftshift", "ihfft", "irfft", "irfftn", "rfft"),
    *("rfftfreq", "rfftn"),
)

EXTRA = {
    "relu": "(x, /)", "sigmoid": "(x, /)", "softplus": "(x, /)", "silu": "(x, /)",
    "gelu": "(x, /, *, approximate=False)",
    "softmax": "(x, /, *, axis=-1)", "log_softmax": "(x, /, *, axis=-1)",
    "logsumexp": "(x, /, *, axis=None, keepdims=False)", "xlogy": "(x, y, /)", "sinc": "(x, /)", "erf": "(x, /)",
    "erfinv": "(x, /)", "lgamma": "(x, /)", "digamma": "(x, /)", "gammainc": "(a, x, /)", "gammaincc": "(a, x, /)",
    "median": "(x, /, *, axis=None, keepdims=False)", "topk": "(x, k, /, *, axis=-1)",
    "one_hot": "(x, num_classes, /, *, dtype=None)",
    "einsum": "(subscripts, /, *arrays)", "index": "(x, idx, /)", "at": "(x, idx, /)",
    "pad": "(x, widths, /, *, mode='constant', constant_values=0)", "convolve": "(a, v, /, *, mode='full')",
    "segment_sum": "(x, ids, /, num_segments)", "interp": "(x, xp, fp, /)",
    "solve_triangular": "(a, b, /, *, trans=0, lower=False, unit_diagonal=False)",
    "lstsq": "(a, b, /)", "expm": "(a, /)",
}  # fmt: skip
"""The functions beyond the standard that every backend has under ``extra``, in the order of its file."""

DTYPES = (
    *("bool", "complex64", "complex128", "float32", "float64", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
)


def gathered(names: Iterable[str], *modules: Any) -> dict[str, Any]:
    """The namespace of ``names``, each from the first of the modules that has it; a name that none has is left out."""
    owners = {name: next((module for module in modules if hasattr(module, name)), None) for name in names}
    return {name: getattr(module, name) for name, module in owners.items() if module is not None}


BINARY = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "pow", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or",
    "xor": "bitwise_xor", "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift",
}  # fmt: skip
"""Python's binary operators, by the names of their methods without underscores; each has a reflected form."""

COMPARISONS = {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
}  # fmt: skip

UNARY = {"neg": "negative", "pos": "positive", "abs": "abs", "invert": "bitwise_invert"}


def install_operators(cls: type, function_of: Callable[[str], Callable[..., Any]]) -> None:
    """Give ``cls`` Python's operators: ``function_of`` takes a name of the standard to the function to call.

    A plain function in a class is a method, so there is no call between an operator and its function.
    """

    def reflected(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda self, other: function(other, self)

    for operator, name in (BINARY | COMPARISONS | UNARY).items():
        function = function_of(name)
        setattr(cls, f"__{operator}__", function)
        if operator in BINARY:
            setattr(cls, f"__r{operator}__", reflected(function))
