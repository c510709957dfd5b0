"""The table of what TensorFlow's namespace is checked on: how each function is called, and in which dtypes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
REAL = (*INTEGERS, *FLOATS)
INEXACT = (*FLOATS, *COMPLEX)
ANY = ("bool", *REAL, *COMPLEX)
NUMERIC = (*REAL, *COMPLEX)

MATRIX = np.array([[1, 0, 3, 2], [2, 2, 0, 1], [5, 1, 1, 0]])  # 0 and 1 for bool, small for int8, with repetitions
SQUARE = np.array([[4, 1, 0], [1, 3, 1], [0, 1, 2]])
POINT = np.array([[1.7, -0.4, 0.9, 2.3], [0.3, 1.1, -1.9, 0.8], [-0.6, 2.1, 0.5, 1.3]])

Call = Callable[[Any, Any], Any]


def of(name: str, **keywords: Any) -> Call:
    """A function of one array."""
    return lambda xp, x: getattr(xp, name)(x, **keywords)


def twice(name: str) -> Call:
    """A function of two arrays, here an array and one of its rows, which broadcasts."""
    return lambda xp, x: getattr(xp, name)(x, x[1, :])


CALLS: dict[str, tuple[tuple[str, ...], Call]] = {
    **{name: (NUMERIC, of(name)) for name in ("abs", "negative", "positive", "sign", "square", "prod", "sum")},
    **{name: (INEXACT, of(name)) for name in (
        "acos", "acosh", "asin", "asinh", "atan", "cos", "cosh", "exp", "expm1", "log1p", "sin", "sinh", "sqrt",
        "tan", "tanh",
    )},
    **{name: (INEXACT, lambda xp, x, name=name: getattr(xp, name)(x + 0.5)) for name in (
        "log", "log2", "log10", "reciprocal",
    )},
    **{name: (REAL, of(name)) for name in ("ceil", "floor", "max", "min", "round", "trunc", "argmax", "argmin")},
    **{name: (FLOATS, of(name)) for name in ("mean", "std", "var", "signbit")},
    **{name: (COMPLEX, of(name)) for name in ("conj", "imag", "real")},
    **{name: (ANY, of(name)) for name in ("all", "any", "count_nonzero", "isfinite", "isinf", "isnan", "nonzero")},
    **{name: (("bool", *INTEGERS), twice(name)) for name in ("bitwise_and", "bitwise_or", "bitwise_xor")},
    **{name: (INTEGERS, twice(name)) for name in ("bitwise_left_shift", "bitwise_right_shift")},
    "bitwise_invert": (("bool", *INTEGERS), of("bitwise_invert")),
    **{name: (("bool",), twice(name)) for name in ("logical_and", "logical_or", "logical_xor")},
    "logical_not": (("bool",), of("logical_not")),
    **{name: (NUMERIC, twice(name)) for name in ("add", "multiply", "subtract", "pow")},
    **{name: (REAL, twice(name)) for name in ("greater", "greater_equal", "less", "less_equal", "maximum", "minimum")},
    **{name: (ANY, twice(name)) for name in ("equal", "not_equal")},
    **{name: (FLOATS, twice(name)) for name in ("atan2", "copysign", "hypot", "logaddexp", "nextafter")},
    "divide": (INEXACT, lambda xp, x: xp.divide(x, x[1:2, :] + 1)),
    "floor_divide": (REAL, lambda xp, x: xp.floor_divide(x, xp.astype(xp.ones_like(x), x.dtype))),
    "remainder": (REAL, lambda xp, x: xp.remainder(x, xp.full_like(x, 2))),
    "clip": (REAL, lambda xp, x: xp.clip(x, 1, 2)),
    "where": (ANY, lambda xp, x: xp.where(x == x[0, :], x, x[1, :])),
    "max over axes": (REAL, of("max", axis=(0, 1), keepdims=True)),
    "min over an axis": (REAL, of("min", axis=-1)),
    "argmax over an axis": (REAL, of("argmax", axis=1, keepdims=True)),
    "sum over an axis": (NUMERIC, of("sum", axis=-1, keepdims=True)),
    "prod over an axis": (NUMERIC, of("prod", axis=0)),
    "mean over axes": (INEXACT, of("mean", axis=(0, 1))),
    "var with correction": (FLOATS, of("var", axis=0, correction=1.5)),
    "std with correction": (FLOATS, of("std", correction=1, keepdims=True)),
    "all over an axis": (ANY, of("all", axis=0)),
    "any over an axis": (ANY, of("any", axis=1, keepdims=True)),
    "cumulative_sum": (NUMERIC, of("cumulative_sum", axis=-1)),
    "cumulative_prod": (NUMERIC, of("cumulative_prod", axis=0)),
    "cumulative_sum with the initial": (NUMERIC, of("cumulative_sum", axis=-1, include_initial=True)),
    "cumulative_prod with the initial": (NUMERIC, of("cumulative_prod", axis=0, include_initial=True)),
    "diff": (NUMERIC, of("diff", axis=0)),
    "second diff": (NUMERIC, lambda xp, x: xp.diff(x, n=2, prepend=x[:, :1], append=x[:, :2])),
    "sort": (REAL, of("sort")),
    "sort descending": (REAL, of("sort", axis=0, descending=True)),
    "argsort": (REAL, of("argsort", axis=1)),
    "argsort descending": (REAL, of("argsort", axis=0, descending=True)),
    "searchsorted": (REAL, lambda xp, x: xp.searchsorted(xp.sort(x[0, :]), x, side="right")),
    "searchsorted with a sorter": (REAL, lambda xp, x: xp.searchsorted(x[0, :], x, sorter=xp.argsort(x[0, :]))),
    **{name: (ANY, of(name)) for name in ("unique_all", "unique_counts", "unique_inverse")},
    "unique_values": (("bool", *REAL), lambda xp, x: xp.sort(xp.unique_values(x))),
    "take": (ANY, lambda xp, x: xp.take(x, xp.asarray([2, 0, -1]), axis=1)),
    "take_along_axis": (ANY, lambda xp, x: xp.take_along_axis(x, xp.asarray([[2, -1]]), axis=1)),
    "broadcast_to": (ANY, lambda xp, x: xp.broadcast_to(x, (2, 3, 4))),
    "broadcast_arrays": (ANY, lambda xp, x: list(xp.broadcast_arrays(x, x[:1, :]))),
    "concat": (ANY, lambda xp, x: xp.concat([x, x], axis=-1)),
    "concat flattened": (ANY, lambda xp, x: xp.concat([x, x[0, :]], axis=None)),
    "stack": (ANY, lambda xp, x: xp.stack([x, x], axis=1)),
    "expand_dims": (ANY, of("expand_dims", axis=-1)),
    "squeeze": (ANY, lambda xp, x: xp.squeeze(x[:1, :], axis=0)),
    "flip": (ANY, of("flip")),
    "flip along an axis": (ANY, of("flip", axis=1)),
    "roll": (ANY, of("roll", shift=5)),
    "roll along axes": (ANY, of("roll", shift=(1, -1), axis=(0, 1))),
    "repeat": (ANY, lambda xp, x: xp.repeat(x, 2)),
    "repeat along an axis": (ANY, lambda xp, x: xp.repeat(x, xp.asarray([1, 0, 2]), axis=0)),
    "tile": (ANY, lambda xp, x: xp.tile(x, (2, 1, 2))),
    "moveaxis": (ANY, lambda xp, x: xp.moveaxis(x, 0, -1)),
    "permute_dims": (ANY, of("permute_dims", axes=(1, 0))),
    "reshape": (ANY, of("reshape", shape=(2, -1))),
    "tril": (ANY, of("tril", k=1)),
    "triu": (ANY, of("triu", k=-1)),
    "meshgrid": (ANY, lambda xp, x: list(xp.meshgrid(x[0, :], x[:, 1]))),
    "meshgrid of matrix indexing": (ANY, lambda xp, x: list(xp.meshgrid(x[0, :], x[:, 1], indexing="ij"))),
    "ones_like": (ANY, of("ones_like")),
    "zeros_like": (ANY, of("zeros_like")),
    "full_like": (ANY, of("full_like", fill_value=1)),
    "matmul": (NUMERIC, lambda xp, x: xp.matmul(x, xp.matrix_transpose(x))),
    "matmul with a vector": (NUMERIC, lambda xp, x: xp.matmul(x, x[0, :])),
    "matmul of vectors": (NUMERIC, lambda xp, x: xp.matmul(x[1, :], x[0, :])),
    "tensordot": (NUMERIC, lambda xp, x: xp.tensordot(x, x, axes=((0,), (-2,)))),
    "vecdot": (NUMERIC, lambda xp, x: xp.vecdot(x, x[0, :])),
    "outer": (NUMERIC, lambda xp, x: xp.linalg.outer(x[0, :], x[1, :])),
    "cross": (NUMERIC, lambda xp, x: xp.linalg.cross(x, x[:, 1:2], axis=0)),
    "diagonal": (ANY, lambda xp, x: xp.linalg.diagonal(x, offset=1)),
    "lower diagonal": (ANY, lambda xp, x: xp.linalg.diagonal(x, offset=-2)),
    "diagonal outside": (ANY, lambda xp, x: xp.linalg.diagonal(x, offset=9)),
    "trace": (NUMERIC, lambda xp, x: xp.linalg.trace(x, offset=1)),
    "vector_norm": (INEXACT, lambda xp, x: xp.linalg.vector_norm(x)),
    **{
        f"vector_norm of order {ord}": (INEXACT, lambda xp, x, ord=ord: xp.linalg.vector_norm(x, axis=0, ord=ord))
        for ord in (0, 1, 3, math.inf, -math.inf)
    },
    "vector_norm over axes": (INEXACT, lambda xp, x: xp.linalg.vector_norm(x, axis=(0, 1), keepdims=True)),
    **{
        f"matrix_norm of order {ord}": (INEXACT, lambda xp, x, ord=ord: xp.linalg.matrix_norm(x, ord=ord))
        for ord in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)
    },
    "matrix_rank": (INEXACT, lambda xp, x: xp.linalg.matrix_rank(x)),
    "pinv": (INEXACT, lambda xp, x: xp.linalg.pinv(x)),
    "svdvals": (INEXACT, lambda xp, x: xp.linalg.svdvals(x)),
    "qr": (INEXACT, lambda xp, x: _product(xp, *xp.linalg.qr(x))),
    "fft": (INEXACT, lambda xp, x: xp.fft.fft(xp.astype(x, xp.complex128))),
    "fft cut": (COMPLEX, lambda xp, x: xp.fft.fft(x, n=2, axis=0, norm="ortho")),
    "fft filled": (COMPLEX, lambda xp, x: xp.fft.fft(x, n=7, axis=0, norm="forward")),
    "ifft": (COMPLEX, lambda xp, x: xp.fft.ifft(x, norm="ortho")),
    "fftn": (COMPLEX, lambda xp, x: xp.fft.fftn(x, norm="forward")),
    "ifftn": (COMPLEX, lambda xp, x: xp.fft.ifftn(x, s=(2, 5), axes=(1, 0))),
    "rfft": (FLOATS, lambda xp, x: xp.fft.rfft(x, axis=0)),
    "irfft": (COMPLEX, lambda xp, x: xp.fft.irfft(x)),
    "irfft of odd length": (COMPLEX, lambda xp, x: xp.fft.irfft(x, n=5, norm="ortho")),
    "rfftn": (FLOATS, lambda xp, x: xp.fft.rfftn(x, s=(4, 3), axes=(0, 1), norm="ortho")),
    "irfftn": (COMPLEX, lambda xp, x: xp.fft.irfftn(x, norm="forward")),
    "hfft": (COMPLEX, lambda xp, x: xp.fft.hfft(x, norm="ortho")),
    "ihfft": (FLOATS, lambda xp, x: xp.fft.ihfft(x, norm="forward")),
    "fftshift": (INEXACT, lambda xp, x: xp.fft.fftshift(x)),
    "ifftshift": (INEXACT, lambda xp, x: xp.fft.ifftshift(x, axes=0)),
}  # fmt: skip

SQUARES: dict[str, tuple[tuple[str, ...], Call]] = {
    "cholesky": (INEXACT, lambda xp, x: xp.linalg.cholesky(x)),
    "upper cholesky": (INEXACT, lambda xp, x: xp.linalg.cholesky(x, upper=True)),
    "det": (INEXACT, lambda xp, x: xp.linalg.det(x)),
    "slogdet": (INEXACT, lambda xp, x: xp.linalg.slogdet(x)),
    "eigvalsh": (INEXACT, lambda xp, x: xp.linalg.eigvalsh(x)),
    "eigh": (INEXACT, lambda xp, x: xp.linalg.eigh(x).eigenvalues),
    "inv": (INEXACT, lambda xp, x: xp.linalg.inv(x)),
    "solve": (INEXACT, lambda xp, x: xp.linalg.solve(x, x[0, :])),
    "solve of many": (INEXACT, lambda xp, x: xp.linalg.solve(xp.stack([x, x + 1]), x[:, :2])),
    **{
        f"matrix_power of {n}": (INEXACT, lambda xp, x, n=n: xp.linalg.matrix_power(x, n)) for n in (-2, -1, 0, 1, 5)
    },
    "svd": (INEXACT, lambda xp, x: xp.linalg.svd(x).S),
}

ALL = {**{name: (*case, MATRIX) for name, case in CALLS.items()}}
ALL |= {name: (*case, SQUARE) for name, case in SQUARES.items()}


def _product(xp: Any, q: Any, r: Any) -> Any:
    return xp.matmul(q, r)


def input_of(values: Any, dtype: str) -> Any:
    """The values in a dtype; complex ones get imaginary parts, which keep a symmetric matrix Hermitian."""
    parts = 0.25j * (np.triu(values) - np.tril(values)) if dtype in COMPLEX else 0
    return (values + parts).astype(dtype)


def assert_same(found: Any, expected: Any) -> None:
    """Equal shapes, dtypes and values, up to 16 roundings of the largest element."""
    if isinstance(expected, (tuple, list)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
        return
    expected, found = np.asarray(expected), np.asarray(found)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    if expected.dtype.kind in "fc":
        finite = expected[np.isfinite(expected)]
        scale = float(np.max(np.abs(finite), initial=1.0))
        np.testing.assert_allclose(found, expected, rtol=0, atol=16 * np.finfo(expected.dtype).eps * scale)
    else:
        np.testing.assert_array_equal(found, expected)
