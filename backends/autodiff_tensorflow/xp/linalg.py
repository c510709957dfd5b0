"""Linear algebra: the array API standard's functions of the main namespace and of its extension ``linalg``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from autodiff_tensorflow.xp.convert import operands, tensor
from autodiff_tensorflow.xp.dtypes import Array, DType
from autodiff_tensorflow.xp.manipulation import broadcast_arrays, moveaxis
from autodiff_tensorflow.xp.reductions import sum as _sum

__all__ = [
    "cholesky", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "matmul", "matrix_norm", "matrix_power",
    "matrix_rank", "matrix_transpose", "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot",
    "trace", "vecdot", "vector_norm",
]  # fmt: skip

INF = float("inf")
_ORDS: dict[float, Any] = {1: 1, 2: "euclidean", INF: INF}  # the vector norms that TensorFlow has


class EighResult(NamedTuple):
    """What `eigh` returns."""

    eigenvalues: Array
    eigenvectors: Array


class QRResult(NamedTuple):
    """What `qr` returns."""

    Q: Array
    R: Array


class SlogdetResult(NamedTuple):
    """What `slogdet` returns."""

    sign: Array
    logabsdet: Array


class SVDResult(NamedTuple):
    """What `svd` returns."""

    U: Array
    S: Array
    Vh: Array


def matmul(x1: Any, x2: Any, /) -> Array:
    """The matrix product; an array of one axis is a row at the left, a column at the right."""
    a, b = operands(x1, x2)
    left, right = a.shape.rank, b.shape.rank
    if left == 0 or right == 0:
        raise ValueError("matmul() needs arrays of at least one axis; use multiply() for 0-d ones")
    if left == right == 1:
        return tf.tensordot(a, b, 1)
    if left == 1:
        return tf.squeeze(tf.matmul(tf.expand_dims(a, 0), b), -2)
    if right == 1:
        return tf.squeeze(tf.matmul(a, tf.expand_dims(b, 1)), -1)
    return tf.matmul(a, b)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    """The sum over ``axis`` of ``conj(x1) * x2``."""
    a, b = operands(x1, x2)
    return tf.reduce_sum(tf.math.conj(a) * b, axis=axis)


def tensordot(x1: Any, x2: Any, /, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2) -> Array:
    """The sum of products over the last ``axes`` axes of ``x1`` and the first of ``x2``, or over the pairs named."""
    a, b = operands(x1, x2)
    return tf.tensordot(a, b, axes if isinstance(axes, int) else [list(part) for part in axes])


def matrix_transpose(x: Any, /) -> Array:
    """The last two axes exchanged."""
    return tf.linalg.matrix_transpose(tensor(x))


def outer(x1: Any, x2: Any, /) -> Array:
    """The products of the elements of two vectors."""
    a, b = operands(x1, x2)
    return tf.tensordot(a, b, 0)


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    """The cross product of three-dimensional vectors along ``axis``."""
    a, b = broadcast_arrays(*operands(x1, x2))
    return moveaxis(tf.linalg.cross(moveaxis(a, axis, -1), moveaxis(b, axis, -1)), -1, axis)


def diagonal(x: Any, /, *, offset: int = 0) -> Array:
    """The diagonals of the last two axes."""
    x = tensor(x)
    rows, columns = x.shape[-2], x.shape[-1]
    if not -rows < offset < columns:  # none there, which diag_part refuses
        return tf.zeros([*x.shape[:-2], 0], x.dtype)
    return tf.linalg.diag_part(x, k=offset)


def trace(x: Any, /, *, offset: int = 0, dtype: DType | None = None) -> Array:
    """The sums of the diagonals of the last two axes."""
    return _sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def det(x: Any, /) -> Array:
    """The determinant."""
    return tf.linalg.det(tensor(x))


def slogdet(x: Any, /) -> SlogdetResult:
    """The sign of the determinant and the logarithm of its absolute value."""
    return SlogdetResult(*tf.linalg.slogdet(tensor(x)))


def inv(x: Any, /) -> Array:
    """The inverse."""
    return tf.linalg.inv(tensor(x))


def pinv(x: Any, /, *, rtol: Any = None) -> Array:
    """The Moore-Penrose inverse."""
    return tf.linalg.pinv(tensor(x), rcond=rtol)


def solve(x1: Any, x2: Any, /) -> Array:
    """The solution ``y`` of ``x1 @ y = x2``; ``x2`` of one axis is a vector."""
    a, b = operands(x1, x2)
    if b.shape.rank == 1:
        return tf.squeeze(tf.linalg.solve(*_batched(a, tf.expand_dims(b, -1))), -1)
    return tf.linalg.solve(*_batched(a, b))


def _batched(a: Array, b: Array) -> tuple[Array, Array]:
    """Two stacks of matrices with their leading axes broadcast."""
    shape = tf.broadcast_static_shape(a.shape[:-2], b.shape[:-2])
    return tf.broadcast_to(a, shape + a.shape[-2:]), tf.broadcast_to(b, shape + b.shape[-2:])


def matrix_power(x: Any, n: int, /) -> Array:
    """``x`` multiplied with itself ``n`` times; inverted for a negative ``n``."""
    x = tensor(x)
    if n < 0:
        x, n = tf.linalg.inv(x), -n
    found = tf.eye(x.shape[-1], batch_shape=x.shape[:-2], dtype=x.dtype)
    while n:
        if n & 1:
            found = tf.matmul(found, x)
        n >>= 1
        if n:
            x = tf.matmul(x, x)
    return found


def matrix_rank(x: Any, /, *, rtol: Any = None) -> Array:
    """How many singular values are not negligible."""
    x = tensor(x)
    tolerance = None if rtol is None else tf.reduce_max(svdvals(x), -1) * rtol
    return tf.cast(tf.linalg.matrix_rank(x, tol=tolerance), tf.int64)


def cholesky(x: Any, /, *, upper: bool = False) -> Array:
    """The lower triangle ``L`` with ``L @ conj(L).T = x``, or with ``upper`` its conjugate transpose."""
    found = tf.linalg.cholesky(tensor(x))
    return tf.linalg.adjoint(found) if upper else found


def eigh(x: Any, /) -> EighResult:
    """Eigenvalues, ascending, and eigenvectors of a symmetric (Hermitian) matrix."""
    return EighResult(*tf.linalg.eigh(tensor(x)))


def eigvalsh(x: Any, /) -> Array:
    """The eigenvalues, ascending, of a symmetric (Hermitian) matrix."""
    return tf.linalg.eigvalsh(tensor(x))


def qr(x: Any, /, *, mode: str = "reduced") -> QRResult:
    """An orthogonal and an upper triangular factor."""
    return QRResult(*tf.linalg.qr(tensor(x), full_matrices=mode == "complete"))


def svd(x: Any, /, *, full_matrices: bool = True) -> SVDResult:
    """The singular value decomposition ``U @ diag(S) @ Vh``."""
    values, left, right = tf.linalg.svd(tensor(x), full_matrices=full_matrices)
    return SVDResult(left, values, tf.linalg.adjoint(right))


def svdvals(x: Any, /) -> Array:
    """The singular values, descending."""
    return tf.linalg.svd(tensor(x), compute_uv=False)


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Array:
    """The norm of order ``ord`` over ``axis`` (over all elements without one)."""
    x = tensor(x)
    if not isinstance(axis, tuple) and ord in _ORDS:
        return tf.norm(x, _ORDS[ord], axis, keepdims)
    if axis is None or isinstance(axis, tuple):
        axes = [i % x.shape.rank for i in (range(x.shape.rank) if axis is None else axis)]
    else:
        axes = [axis % x.shape.rank]
    kept = [i for i in range(x.shape.rank) if i not in axes]
    rows = tf.reshape(tf.transpose(x, kept + axes), [x.shape[i] for i in kept] + [_size(x, axes)])
    found = _norm(rows, ord)
    return tf.reshape(found, [1 if i in axes else x.shape[i] for i in range(x.shape.rank)]) if keepdims else found


def _size(x: Array, axes: list[int]) -> int:
    size = 1
    for axis in axes:
        size *= x.shape[axis]
    return size


def _norm(rows: Array, order: float) -> Array:
    """TensorFlow's norm over the last axis, where it has one of that order."""
    if order in _ORDS:
        return tf.norm(rows, _ORDS[order], axis=-1)
    if order == -INF:
        return tf.reduce_min(tf.abs(rows), axis=-1)
    sizes = tf.abs(rows)
    if order == 0:
        return tf.reduce_sum(tf.where(False, sizes, tf.cast(sizes != 0, sizes.dtype)), axis=-1)
    return tf.reduce_sum(sizes**order, axis=-1) ** (1.0 / order)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    """The norm of the matrices in the last two axes: ``"fro"``, ``"nuc"``, ±1, ±2 or ±inf."""
    x = tensor(x)
    if ord in ("fro", 1, 2) or ord == INF:
        found = tf.norm(x, "euclidean" if ord == "fro" else ord, axis=[-2, -1])
    elif ord == "nuc":
        found = tf.reduce_sum(svdvals(x), -1)
    elif ord == -2:
        found = tf.reduce_min(svdvals(x), -1)
    elif ord in (-1, -INF):
        sums = tf.reduce_sum(tf.abs(x), axis=-2 if ord == -1 else -1)
        found = tf.reduce_min(sums, -1)
    else:
        raise ValueError(f"matrix_norm() knows no ord={ord!r}; choose 'fro', 'nuc', ±1, ±2 or ±inf")
    return found[..., tf.newaxis, tf.newaxis] if keepdims else found
