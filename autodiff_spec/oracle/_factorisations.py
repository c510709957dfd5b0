"""Factorisations of small matrices: mpmath's eigenvalues and singular values, Gram and Schmidt's orthogonal columns.

Eigenvectors, singular vectors and orthogonal factors are unique up to signs (phases): derivatives are meaningful for
functions that do not see these, and where the values concerned are distinct.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autodiff_spec.oracle import _operators as op
from autodiff_spec.oracle import _scalars as s
from autodiff_spec.oracle._array import Array, DType
from autodiff_spec.oracle._context import MPF, ZERO, Objects, ctx, freeze, note, watching
from autodiff_spec.oracle._matrices import batched, exact_eye, floating, square

_root = s.lift(s.real(ctx.sqrt))
conjugate = s.lift(ctx.conj)


class EighResult(NamedTuple):
    """Ascending eigenvalues, and the eigenvectors as columns."""

    eigenvalues: Array
    eigenvectors: Array


class QRResult(NamedTuple):
    """Orthonormal columns, and an upper triangle."""

    Q: Array
    R: Array


class SVDResult(NamedTuple):
    """Left singular vectors as columns, descending singular values, right singular vectors as rows."""

    U: Array
    S: Array
    Vh: Array


def _numbers(matrix: Any) -> Objects:
    """A matrix of mpmath's as an object array."""
    found: Objects = np.empty((matrix.rows, matrix.cols), dtype=object)
    for i in range(matrix.rows):
        for j in range(matrix.cols):
            found[i, j] = matrix[i, j]
    return found


def _as_kind(values: Objects, dtype: DType) -> Array:
    """``values`` as numbers of the kind of ``dtype``: mpmath gives real ones where imaginary parts vanish."""
    return Array(op.to_kind(values, dtype), dtype)


# --- eigenvalues --------------------------------------------------------------------------------------------------


def _eigh(matrix: Objects) -> tuple[Objects, Objects]:
    """Eigenvalues and eigenvectors of the symmetric (Hermitian) matrix whose lower triangle is ``matrix``'s."""
    n = len(matrix)
    if n == 0:
        return matrix[:, 0], matrix
    lower = ctx.matrix(n, n)
    for i in range(n):
        for j in range(i):
            lower[i, j], lower[j, i] = matrix[i, j], ctx.conj(matrix[i, j])
        lower[i, i] = ctx.re(matrix[i, i])
    complex_ = any(isinstance(v, ctx.mpc) for v in matrix.ravel().tolist())
    values, vectors = (ctx.eighe if complex_ else ctx.eigsy)(lower)
    found = np.array([ctx.re(values[i]) for i in range(n)], dtype=object)
    order = sorted(range(n), key=lambda i: found[i])
    return found[order], _numbers(vectors)[:, order]


def eigh(x: Any, /) -> EighResult:
    """Eigenvalues, ascending, and eigenvectors of symmetric (Hermitian) matrices, read from the lower triangle."""
    x = square(x)
    values, vectors = batched(_eigh, x._v)
    _note_gaps(values)
    return EighResult(Array(values, op.real_dtype(x.dtype)), _as_kind(vectors, x.dtype))


def eigvalsh(x: Any, /) -> Array:
    """The eigenvalues, ascending, of symmetric (Hermitian) matrices, read from the lower triangle."""
    return eigh(x).eigenvalues


def _note_gaps(values: Objects, *, smallest: bool = False) -> None:
    """Where values meet (singular ones: also where the last is 0) they and their vectors have no derivative."""
    if watching() and values.shape[-1]:
        note(np.diff(values, axis=-1), kind="round")
        if smallest:
            note(values[..., -1], kind="round")


# --- singular values ----------------------------------------------------------------------------------------------


def _svd(matrix: Objects, full: bool) -> tuple[Objects, Objects, Objects]:
    rows, columns = matrix.shape
    if 0 in matrix.shape:
        k = 0 if not full else None
        return exact_eye(rows)[:, :k], matrix.reshape(-1), exact_eye(columns)[:k]
    complex_ = any(isinstance(v, ctx.mpc) for v in matrix.ravel().tolist())
    u, values, vh = (ctx.svd_c if complex_ else ctx.svd_r)(ctx.matrix(matrix.tolist()))
    u, vh = _numbers(u), _numbers(vh)
    if full:
        u, vh = _completed(u), conjugate(_completed(conjugate(vh.T)).T)
    return u, _numbers(values)[:, 0], vh


def svd(x: Any, /, *, full_matrices: bool = True) -> SVDResult:
    """The singular value decomposition ``U @ diag(S) @ Vh``."""
    x = floating(x)
    u, values, vh = batched(lambda m: _svd(m, full_matrices), x._v)
    _note_gaps(values, smallest=True)
    return SVDResult(_as_kind(u, x.dtype), _as_kind(values, op.real_dtype(x.dtype)), _as_kind(vh, x.dtype))


def svdvals(x: Any, /) -> Array:
    """The singular values, descending."""
    return svd(x, full_matrices=False).S


def _tolerance(x: Array, rtol: Any) -> Any:
    """How small, relative to the largest, a singular value is to count as 0."""
    if rtol is None:
        rtol = max(x.shape[-2:]) * float(np.finfo(op.real_dtype(x.dtype)).eps)
    return op.asarray(rtol)._v[..., None]


def pinv(x: Any, /, *, rtol: Any = None) -> Array:
    """The Moore-Penrose inverse; singular values below ``rtol`` times the largest count as 0."""
    x = floating(x)
    u, values, vh = svd(x, full_matrices=False)
    kept = np.greater(values._v, np.multiply(values._v[..., :1], _tolerance(x, rtol)))
    inverse = np.where(kept, s.lift(lambda v: v if v == 0 else 1 / v)(values._v), ZERO)
    right = np.multiply(np.swapaxes(conjugate(vh._v), -1, -2), inverse[..., None, :])
    return Array(right, x.dtype) @ Array(np.swapaxes(conjugate(u._v), -1, -2), x.dtype)


def matrix_rank(x: Any, /, *, rtol: Any = None) -> Array:
    """How many singular values are not negligible: an integer, constant under differentiation."""
    x = floating(x)
    values = svdvals(x)._v
    kept = np.greater(values, np.multiply(values[..., :1], _tolerance(x, rtol)))
    return Array(freeze(np.asarray(np.sum(kept, axis=-1, dtype=np.int64))), np.dtype("int64"))


# --- triangles ----------------------------------------------------------------------------------------------------


def _orthonormal(columns: Objects, known: list[Objects]) -> Objects | None:
    """The part of a column that is orthogonal to the known directions, at unit length; None where there is none."""
    rest = columns
    for direction in known:
        rest = rest - direction * np.sum(conjugate(direction) * rest)
    length = ctx.sqrt(sum((abs(v) ** 2 for v in rest.tolist()), ZERO))
    return rest / length if length > MPF(10) ** -20 else None


def _completed(columns: Objects) -> Objects:
    """Orthonormal columns and as many more as there are dimensions."""
    known = list(columns.T)
    for unit in exact_eye(len(columns)):
        if len(known) < len(columns) and (more := _orthonormal(unit, known)) is not None:
            known.append(more)
    return np.array(known, dtype=object).T.reshape(len(columns), len(columns))


def _qr(matrix: Objects, complete: bool) -> tuple[Objects, Objects]:
    """By Gram and Schmidt; the first columns must be independent."""
    rows, columns = matrix.shape
    known: list[Objects] = []
    for column in matrix.T[: min(rows, columns)]:
        direction = _orthonormal(column, known)
        known.append(np.full(rows, ctx.nan, dtype=object) if direction is None else direction)
    q = np.array(known, dtype=object).reshape(len(known), rows).T
    if complete:
        q = _completed(q)
    r = np.triu(np.ones((q.shape[1], columns)))
    return q, np.where(r == 1, np.matmul(conjugate(q.T), matrix), ZERO) if r.size else r.astype(object)


def qr(x: Any, /, *, mode: str = "reduced") -> QRResult:
    """Orthonormal columns and an upper triangle whose diagonal is not negative."""
    x = floating(x)
    q, r = batched(lambda m: _qr(m, mode == "complete"), x._v)
    return QRResult(_as_kind(q, x.dtype), _as_kind(r, x.dtype))


def _cholesky(matrix: Objects) -> Objects:
    n = len(matrix)
    factor: Objects = np.full((n, n), ZERO, dtype=object)
    for i in range(n):
        for j in range(i + 1):
            rest = matrix[i, j] - sum((factor[i, k] * ctx.conj(factor[j, k]) for k in range(j)), ZERO)
            factor[i, j] = s.real(ctx.sqrt)(ctx.re(rest)) if i == j else _ratio(rest, factor[j, j])
    return factor


def _ratio(x: Any, y: Any) -> Any:
    return (s.divide_complex if isinstance(x, ctx.mpc) else s.divide_real)(x, y)


def cholesky(x: Any, /, *, upper: bool = False) -> Array:
    """The triangular factor of symmetric (Hermitian) positive definite matrices, read from the lower triangle."""
    x = square(x)
    if watching():
        note(np.ones((), dtype=object), kind="edge")
    factor = _as_kind(batched(_cholesky, x._v), x.dtype)
    return Array(conjugate(factor.mT._v), x.dtype) if upper else factor
