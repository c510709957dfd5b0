"""Linear algebra: ``xp.linalg`` and the products of the main namespace."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autodiff_spec.oracle import _elementwise as elementwise
from autodiff_spec.oracle import _operators as op
from autodiff_spec.oracle import _reductions as reductions
from autodiff_spec.oracle import _scalars as s
from autodiff_spec.oracle._array import Array
from autodiff_spec.oracle._context import INF, MPC, MPF, ONE, ctx, note
from autodiff_spec.oracle._factorisations import cholesky as cholesky
from autodiff_spec.oracle._factorisations import eigh as eigh
from autodiff_spec.oracle._factorisations import eigvalsh as eigvalsh
from autodiff_spec.oracle._factorisations import matrix_rank as matrix_rank
from autodiff_spec.oracle._factorisations import pinv as pinv
from autodiff_spec.oracle._factorisations import qr as qr
from autodiff_spec.oracle._factorisations import svd as svd
from autodiff_spec.oracle._factorisations import svdvals as svdvals
from autodiff_spec.oracle._manipulation import matrix_transpose as matrix_transpose
from autodiff_spec.oracle._matrices import batched, eliminate, exact_eye, square

_root = s.lift(s.real(ctx.sqrt))


class SlogdetResult(NamedTuple):
    """The sign (or phase) of determinants, and the logarithms of their magnitudes."""

    sign: Array
    logabsdet: Array


def matmul(x1: Any, x2: Any, /) -> Array:
    """The matrix product."""
    return op.matmul(x1, x2)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    """The inner product along an axis, the first argument conjugated."""
    return reductions.sum(op.binary(np.multiply, elementwise.conj(x1), x2), axis=axis)


def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Array:
    """The product summed over pairs of axes."""
    a, b, dtype = op.operands(op.asarray(x1), op.asarray(x2))
    if not op.is_inexact(dtype) or 0 not in (*a.shape, *b.shape):
        return Array(np.tensordot(a, b, axes), dtype)
    return op.cast(op.asarray(np.tensordot(np.zeros(a.shape), np.zeros(b.shape), axes)), dtype)


def outer(x1: Any, x2: Any, /) -> Array:
    """All products of the elements of two vectors."""
    return op.asarray(x1)[:, None] * op.asarray(x2)[None, :]


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    """The cross product of vectors of three elements."""
    a, b, dtype = op.operands(op.asarray(x1), op.asarray(x2))
    a, b = (np.moveaxis(v, axis, -1) for v in np.broadcast_arrays(a, b))
    turn, back = [1, 2, 0], [2, 0, 1]
    return Array(np.moveaxis(a[..., turn] * b[..., back] - a[..., back] * b[..., turn], -1, axis), dtype)


def diagonal(x: Any, /, *, offset: int = 0) -> Array:
    """The diagonals of the last two axes."""
    x = op.asarray(x)
    return Array(np.diagonal(x._v, offset, -2, -1), x.dtype)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Array:
    """The sums of the diagonals of the last two axes."""
    return reductions.sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def _norm(values: Array, order: Any, axis: Any, keepdims: bool) -> Array:
    """A vector norm of non-negative numbers; ``values`` are magnitudes whose own kinks are noted already."""
    if order == INF:
        return reductions.max(values, axis=axis, keepdims=keepdims)
    if order == -INF:
        return reductions.min(values, axis=axis, keepdims=keepdims)
    if order == 0:
        counted = op.cast(op.compare(np.not_equal, values, 0), values.dtype)
        return reductions.sum(counted, axis=axis, keepdims=keepdims)
    if order == 1:
        return reductions.sum(values, axis=axis, keepdims=keepdims)
    total = reductions.sum(op.power(values, order), axis=axis, keepdims=keepdims)
    result = Array(_root(total._v) if order == 2 else op.pow_real(total._v, ONE / MPF(order)), total.dtype)
    note(result._v, kind="round")
    return result


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Array:
    """The vector norm of any order, infinities and 0 included.

    Args:
        x: real or complex array.
        axis: the axes of the vectors; all when None.
        keepdims: keep the reduced axes with length 1.
        ord: order; ``2`` is Euclid's.

    Returns:
        Real array of norms.
    """
    x = op.asarray(x)
    smooth = ord == 2 or (isinstance(ord, (int, float)) and ord > 1 and ord != INF)
    return _norm(_magnitudes(x, noted=not smooth), ord, axis, keepdims)


def _magnitudes(x: Array, noted: bool) -> Array:
    """Absolute values; for smooth norms without a kink at the zero of a single element."""
    if noted:
        return op.absolute(x)
    values = np.absolute(x._v)
    return Array(values, op.real_dtype(x.dtype) if x.dtype.kind == "c" else x.dtype)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    """The Frobenius norm, the largest (smallest for negative orders) column (1) or row (inf) sum or singular value (2).

    ``"nuc"`` is the sum of the singular values.
    """
    x = op.asarray(x)
    if ord == "fro":
        return _norm(_magnitudes(x, noted=False), 2, (-2, -1), keepdims)
    if ord in (2, -2, "nuc"):
        reduce = {2: reductions.max, -2: reductions.min, "nuc": reductions.sum}[ord]
        result = reduce(svdvals(x), axis=-1)
        return result[..., None, None] if keepdims else result
    axis = -2 if ord in (1, -1) else -1
    sums = reductions.sum(op.absolute(x), axis=axis, keepdims=True)
    result = (reductions.max if ord > 0 else reductions.min)(sums, axis=(-2, -1), keepdims=True)
    return result if keepdims else result[..., 0, 0]


def det(x: Any, /) -> Array:
    """The determinant of a square matrix."""
    x = square(x)
    empty = np.empty((x.shape[-1], 0), dtype=object)
    number = MPC if x.dtype.kind == "c" else MPF
    return Array(batched(lambda m: number(eliminate(m, empty)[0]), x._v), x.dtype)


def slogdet(x: Any, /) -> SlogdetResult:
    """The sign of the determinant and the logarithm of its magnitude."""
    value = det(x)
    return SlogdetResult(elementwise.sign(value), elementwise.log(elementwise.abs(value)))


def inv(x: Any, /) -> Array:
    """The inverse; nan of a singular matrix."""
    x = square(x)
    return Array(batched(lambda m: eliminate(m, exact_eye(len(m)))[1], x._v), x.dtype)


def solve(x1: Any, x2: Any, /) -> Array:
    """The solution of ``x1 @ x = x2``; nan where ``x1`` is singular. A 1-d ``x2`` is one vector."""
    right = op.asarray(x2)
    inverse = inv(x1)
    return inverse @ right


def matrix_power(x: Any, n: int, /) -> Array:
    """The matrix multiplied with itself ``n`` times; of the inverse for negative ``n``."""
    x = square(x) if n >= 0 else inv(x)
    result = Array(np.broadcast_to(exact_eye(x.shape[-1]), x.shape), x.dtype)
    for _ in range(abs(n)):
        result = result @ x
    return result
