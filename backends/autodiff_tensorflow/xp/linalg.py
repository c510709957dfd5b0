"""The ``linalg`` extension of the array API standard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from autodiff_tensorflow.xp.convert import asarray, cast, joint_shape, length, lengths, operands, tensor
from autodiff_tensorflow.xp.determinants import det, slogdet
from autodiff_tensorflow.xp.dtypes import Array, DType
from autodiff_tensorflow.xp.norms import matrix_norm, vector_norm
from autodiff_tensorflow.xp.products import cross, matmul, matrix_transpose, outer, tensordot, vecdot
from autodiff_tensorflow.xp.reductions import sum as _sum

__all__ = [
    "cholesky", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "matmul", "matrix_norm", "matrix_power",
    "matrix_rank", "matrix_transpose", "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot",
    "trace", "vecdot", "vector_norm",
]  # fmt: skip


class EighResult(NamedTuple):
    """The result of `eigh`."""

    eigenvalues: Array
    eigenvectors: Array


class QRResult(NamedTuple):
    """The result of `qr`."""

    Q: Array
    R: Array


class SVDResult(NamedTuple):
    """The result of `svd`."""

    U: Array
    S: Array
    Vh: Array


# --- parts ----------------------------------------------------------------------------------------------------------


def diagonal(x: Any, /, *, offset: int = 0) -> Array:
    """The diagonals of the last two axes."""
    x = tensor(x)
    *ahead, rows, columns = lengths(x)
    count = tf.maximum(0, tf.minimum(rows + min(offset, 0), columns - max(offset, 0)))
    first = offset if offset >= 0 else -offset * columns
    return tf.gather(tf.reshape(x, [*ahead, rows * columns]), first + tf.range(count) * (columns + 1), axis=-1)


def trace(x: Any, /, *, offset: int = 0, dtype: DType | None = None) -> Array:
    """The sums of the diagonals of the last two axes."""
    return _sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)


# --- equations ------------------------------------------------------------------------------------------------------


def inv(x: Any, /) -> Array:
    """The inverse."""
    return tf.linalg.inv(tensor(x))


def solve(x1: Any, x2: Any, /) -> Array:
    """The solution ``y`` of ``x1 @ y = x2``; ``x2`` of one axis is a vector."""
    a, b = operands(x1, x2)
    if b.shape.rank == 1:
        return solve(a, tf.expand_dims(b, -1))[..., 0]
    (*ahead_of_a, rows, columns), (*ahead_of_b, height, width) = lengths(a), lengths(b)
    ahead = joint_shape(ahead_of_a, ahead_of_b)
    return tf.linalg.solve(tf.broadcast_to(a, [*ahead, rows, columns]), tf.broadcast_to(b, [*ahead, height, width]))


def pinv(x: Any, /, *, rtol: Any = None) -> Array:
    """The Moore-Penrose inverse; singular values up to ``rtol`` times the largest count as 0."""
    x = tf.convert_to_tensor(tensor(x))
    return _pinv(x, _tolerance(x) if rtol is None else asarray(rtol, dtype=x.dtype.real_dtype))


def matrix_power(x: Any, n: int, /) -> Array:
    """``x`` multiplied with itself ``n`` times; inverted for a negative ``n``."""
    x = tf.convert_to_tensor(tensor(x))
    if n < 0:
        x, n = tf.linalg.inv(x), -n
    found = None
    while n:
        if n & 1:
            found = x if found is None else tf.matmul(found, x)
        n >>= 1
        if n:
            x = tf.matmul(x, x)
    return tf.linalg.diag(tf.ones_like(x[..., 0])) if found is None else found


def matrix_rank(x: Any, /, *, rtol: Any = None) -> Array:
    """How many singular values are above ``rtol`` times the largest."""
    x = tensor(x)
    values = svdvals(x)
    rtol = _tolerance(x) if rtol is None else asarray(rtol, dtype=values.dtype)
    limit = rtol[..., tf.newaxis] * tf.reduce_max(values, axis=-1, keepdims=True)
    return tf.math.count_nonzero(values > limit, axis=-1)


def _tolerance(x: Array) -> Array:
    """The part of the largest singular value that is rounding."""
    dtype = x.dtype.real_dtype
    return tf.cast(tf.maximum(length(x, -2), length(x, -1)), dtype) * np.finfo(dtype.as_numpy_dtype).eps


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _pinv(a: Array, rtol: Array) -> tuple[Array, Callable[[Array], tuple[Array, None]]]:
    """The inverse by singular values; its derivative without theirs, which repeated ones do not have.

    Source: G. H. Golub, V. Pereyra, SIAM Journal on Numerical Analysis 10 (1973), 413-432: the differential of the
    pseudo-inverse among matrices of one rank.
    """
    values, left, right = tf.linalg.svd(a)
    limit = rtol[..., tf.newaxis] * tf.reduce_max(values, axis=-1, keepdims=True)
    weights = tf.where(values > limit, tf.math.reciprocal_no_nan(values), tf.zeros_like(values))
    found = tf.matmul(right * cast(weights, a.dtype)[..., tf.newaxis, :], left, adjoint_b=True)

    def pullback(cotangent: Array) -> tuple[Array, None]:
        p = _pinv(a, rtol)  # again, so that the pullback can be differentiated
        adjoint, h = tf.linalg.adjoint(p), tf.linalg.adjoint(cotangent)
        left_out = h - tf.matmul(a, tf.matmul(p, h))  # what p does not reach at the one side,
        right_out = h - tf.matmul(tf.matmul(h, p), a)  # and at the other
        return (
            tf.matmul(tf.matmul(left_out, p), adjoint)
            + tf.matmul(adjoint, tf.matmul(p, right_out))
            - tf.matmul(tf.matmul(adjoint, cotangent), adjoint)
        ), None

    return found, pullback


# --- factors --------------------------------------------------------------------------------------------------------


def cholesky(x: Any, /, *, upper: bool = False) -> Array:
    """The lower triangle ``L`` with ``L @ conj(L).T = x``, or with ``upper`` its conjugate transpose."""
    found = tf.linalg.cholesky(tensor(x))
    return tf.linalg.adjoint(found) if upper else found


def eigh(x: Any, /) -> EighResult:
    """Eigenvalues, ascending, and eigenvectors of a symmetric (Hermitian) matrix."""
    values, vectors = tf.linalg.eigh(tensor(x))
    return EighResult(tf.math.real(values), vectors)


def eigvalsh(x: Any, /) -> Array:
    """The eigenvalues, ascending, of a symmetric (Hermitian) matrix."""
    return tf.math.real(tf.linalg.eigvalsh(tensor(x)))


def qr(x: Any, /, *, mode: str = "reduced") -> QRResult:
    """An orthogonal and an upper triangular factor."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f"mode={mode!r}; choose 'reduced' or 'complete'")
    return QRResult(*tf.linalg.qr(tensor(x), full_matrices=mode == "complete"))


def svd(x: Any, /, *, full_matrices: bool = True) -> SVDResult:
    """The singular value decomposition ``U @ diag(S) @ Vh``."""
    values, left, right = tf.linalg.svd(tensor(x), full_matrices=full_matrices)
    return SVDResult(left, values, tf.linalg.adjoint(right))


def svdvals(x: Any, /) -> Array:
    """The singular values, descending."""
    return tf.linalg.svd(tensor(x), compute_uv=False)
