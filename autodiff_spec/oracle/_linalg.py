"""Linear algebra: ``xp.linalg`` and the products of the main namespace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_spec.oracle import _elementwise as elementwise
from autodiff_spec.oracle import _operators as op
from autodiff_spec.oracle import _reductions as reductions
from autodiff_spec.oracle import _scalars as s
from autodiff_spec.oracle._array import Array
from autodiff_spec.oracle._context import INF, MPC, MPF, NAN, ONE, ZERO, Objects, ctx, note, watching
from autodiff_spec.oracle._manipulation import matrix_transpose as matrix_transpose

_root = s.lift(s.real(ctx.sqrt))


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
    """The Frobenius norm, or the largest (smallest for negative orders) column (1) or row (inf) sum.

    Raises:
        NotImplementedError: for the orders that need singular values (2, -2, "nuc").
    """
    x = op.asarray(x)
    if ord == "fro":
        return _norm(_magnitudes(x, noted=False), 2, (-2, -1), keepdims)
    if ord not in (1, -1, INF, -INF):
        raise NotImplementedError(
            f"matrix_norm of order {ord!r} needs singular values, which the oracle does not compute"
        )
    axis = -2 if ord in (1, -1) else -1
    sums = reductions.sum(op.absolute(x), axis=axis, keepdims=True)
    result = (reductions.max if ord > 0 else reductions.min)(sums, axis=(-2, -1), keepdims=True)
    return result if keepdims else result[..., 0, 0]


def eliminate(matrix: Objects, right: Objects) -> tuple[Any, Objects]:
    """Gauss-Jordan elimination with partial pivoting: the determinant, and ``right`` solved for (nan if singular)."""
    a, b, determinant = matrix.copy(), right.copy(), ONE
    for column in range(len(a)):
        pivot = max(range(column, len(a)), key=lambda row: abs(a[row, column]))
        if a[pivot, column] == 0:
            return ZERO * determinant, np.full(b.shape, NAN, dtype=object)
        if pivot != column:
            a[[pivot, column]], b[[pivot, column]] = a[[column, pivot]], b[[column, pivot]]
            determinant = -determinant
        determinant = determinant * a[column, column]
        b[column] = b[column] / a[column, column]
        a[column] = a[column] / a[column, column]
        for row in range(len(a)):
            if row != column and a[row, column] != 0:
                b[row] = b[row] - a[row, column] * b[column]
                a[row] = a[row] - a[row, column] * a[column]
    return determinant, b


def _batched(function: Callable[[Objects], Any], values: Objects, core: int) -> Objects:
    """``function`` over all leading axes."""
    lead = values.shape[: values.ndim - core]
    flat = values.reshape(-1, *values.shape[values.ndim - core :]) if values.size else values[None]
    results = [np.asarray(function(item), dtype=object) for item in flat]
    return np.stack(results).reshape((*lead, *results[0].shape))


def _square(x: Any) -> Array:
    x = op.asarray(x)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"a square matrix is needed, not shape {x.shape}")
    return x if op.is_inexact(x.dtype) else op.cast(x, op.FLOAT64)


def det(x: Any, /) -> Array:
    """The determinant of a square matrix."""
    x = _square(x)
    empty = np.empty((x.shape[-1], 0), dtype=object)
    number = MPC if x.dtype.kind == "c" else MPF
    return Array(_batched(lambda m: number(eliminate(m, empty)[0]), x._v, 2), x.dtype)


def slogdet(x: Any, /) -> tuple[Array, Array]:
    """The sign of the determinant and the logarithm of its magnitude."""
    value = det(x)
    return elementwise.sign(value), elementwise.log(elementwise.abs(value))


def _identity(n: int) -> Objects:
    return op.exact(np.eye(n))


def inv(x: Any, /) -> Array:
    """The inverse; nan of a singular matrix."""
    x = _square(x)
    return Array(_batched(lambda m: eliminate(m, _identity(len(m)))[1], x._v, 2), x.dtype)


def solve(x1: Any, x2: Any, /) -> Array:
    """The solution of ``x1 @ x = x2``; nan where ``x1`` is singular. A 1-d ``x2`` is one vector."""
    right = op.asarray(x2)
    inverse = inv(x1)
    return inverse @ right


def matrix_power(x: Any, n: int, /) -> Array:
    """The matrix multiplied with itself ``n`` times; of the inverse for negative ``n``."""
    x = _square(x) if n >= 0 else inv(x)
    result = Array(np.broadcast_to(_identity(x.shape[-1]), x.shape), x.dtype)
    for _ in range(abs(n)):
        result = result @ x
    return result


def _cholesky(matrix: Objects) -> Objects:
    n = len(matrix)
    factor: Objects = np.full((n, n), ZERO, dtype=object)
    for i in range(n):
        for j in range(i + 1):
            rest = matrix[i, j] - sum((factor[i, k] * ctx.conj(factor[j, k]) for k in range(j)), ZERO)
            factor[i, j] = _root(rest) if i == j else s.divide_real(rest, factor[j, j])
    return factor


def cholesky(x: Any, /, *, upper: bool = False) -> Array:
    """The triangular factor of a symmetric positive definite real matrix, read from its lower triangle."""
    x = _square(x)
    if x.dtype.kind == "c":
        raise NotImplementedError("the oracle's cholesky is for real matrices")
    if watching():
        note(np.ones((), dtype=object), kind="edge")
    factor = Array(_batched(_cholesky, x._v, 2), x.dtype)
    return factor.mT if upper else factor
