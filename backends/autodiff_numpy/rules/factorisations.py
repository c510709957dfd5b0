"""Factorisations of matrices: eigenvalues, singular values, QR, Cholesky.

NumPy computes all factors at once; each is then recorded by a function that is given its value, and whose rule reads
the others. So derivatives of any order follow from first ones. The formulas are derived from the defining equations, as
in M. B. Giles, Collected matrix derivative results (2008); cotangents are without conjugates, see `_record`.
"""

from __future__ import annotations

import numpy as np

from autodiff_numpy._array import plain
from autodiff_numpy._record import RECORDED, composite, rule
from autodiff_numpy.rules.solvers import adjoint, transposed
from autodiff_spec import UnsupportedError


def _conj(xp, x):
    return xp.conjugate(x) if x.dtype.kind == "c" else x


def _no_share(xp, g):
    """An argument that only a rule reads: its influence is in the share of another."""


def _symmetric(xp, g):
    """The half sum with the adjoint: the cotangent of a symmetric (Hermitian) matrix."""
    return 0.5 * (g + adjoint(xp, g))


def _over_gaps(xp, numerators, w):
    """``numerators[i, j] / (w[j] - w[i])``, 0 on the diagonal and for 0/0.

    Other vectors of repeated values have no derivative: they give NaN or infinity, never a finite number. (Where gaps
    are not 0 the quotient stays, numerators that are 0 included: as a function of the cotangent it is not constant.)
    """
    known = plain(numerators)
    gaps = xp.expand_dims(w, -2) - xp.expand_dims(w, -1)
    untouched = (known == 0) & (np.swapaxes(known, -1, -2) == 0) & (plain(gaps) == 0)
    untouched = untouched | np.eye(known.shape[-1], dtype=bool)
    return xp.where(untouched, 0, numerators) / xp.where(untouched, 1, gaps)


# --- symmetric eigenvalues ------------------------------------------------------------------------------------


def _eigenvalue(a, v, known):
    return known


def _eigenvector(a, w, known):
    return known


def _eigenvalue_share(xp, g, v):
    return _symmetric(xp, xp.matmul(_conj(xp, v) * xp.expand_dims(g, -2), transposed(xp, v)))


def _eigenvector_share(xp, g, a, ans, w):
    w = xp.eigenvalue(a, ans, plain(w))
    inside = xp.matmul(transposed(xp, ans), g)
    inside = _over_gaps(xp, 0.5 * (inside - adjoint(xp, inside)), w)
    return _symmetric(xp, xp.matmul(xp.matmul(_conj(xp, ans), inside), transposed(xp, ans)))


def _eigenvalue_tangent(xp, t, v):
    return xp.real(xp.sum(_conj(xp, v) * xp.matmul(_symmetric(xp, t), v), axis=-2))


def _eigenvector_tangent(xp, t, a, ans, w):
    w = xp.eigenvalue(a, ans, plain(w))
    inside = xp.matmul(adjoint(xp, ans), xp.matmul(_symmetric(xp, t), ans))
    return xp.matmul(ans, _over_gaps(xp, inside, w))


rule(_eigenvalue, lambda xp, g, v: _eigenvalue_share(xp, g, v), _no_share, jvp=(_eigenvalue_tangent, _no_share))
rule(_eigenvector, _eigenvector_share, jvp=_eigenvector_tangent)

_EIGH = type(np.linalg.eigh(np.eye(1)))


@composite(np.linalg.eigh)
def eigh(a, UPLO="L"):
    """`np.linalg.eigh`: the input counts as symmetric, and its gradient is."""
    w, v = np.linalg.eigh(plain(a), UPLO)
    vectors = RECORDED.eigenvector(a, w, v)
    return _EIGH(RECORDED.eigenvalue(a, vectors, w), vectors)


@composite(np.linalg.eigvalsh)
def eigvalsh(a, UPLO="L"):
    """`np.linalg.eigvalsh`; right for repeated values too."""
    return eigh(a, UPLO)[0]


# --- general eigenvalues --------------------------------------------------------------------------------------


def _root(a, v, known):
    return known


def _direction(a, w, known):
    return known


def _root_share(xp, g, v):
    return xp.matmul(xp.inv(transposed(xp, v)) * xp.expand_dims(g, -2), transposed(xp, v))


def _direction_share(xp, g, a, ans, w):
    w = xp.root(a, ans, plain(w))
    # eigenvectors have the norm 1: what the cotangent says of their lengths counts for nothing
    along = xp.real(xp.sum(g * ans, axis=-2, keepdims=True))
    inside = _over_gaps(xp, xp.matmul(transposed(xp, ans), g - _conj(xp, ans) * along), w)
    return xp.matmul(xp.inv(transposed(xp, ans)), xp.matmul(inside, transposed(xp, ans)))


def _cast(xp, found, dtype):
    return xp.real(found) if np.dtype(dtype).kind != "c" and found.dtype.kind == "c" else found


def _root_tangent(xp, t, v):
    return xp.sum(transposed(xp, xp.inv(v)) * xp.matmul(t, v), axis=-2)


def _direction_tangent(xp, t, a, ans, w):
    w = xp.root(a, ans, plain(w))
    turned = xp.matmul(ans, _over_gaps(xp, xp.matmul(xp.inv(ans), xp.matmul(t, ans)), w))
    return turned - ans * xp.real(xp.sum(_conj(xp, ans) * turned, axis=-2, keepdims=True))


rule(_root, lambda xp, g, v, a_dtype: _cast(xp, _root_share(xp, g, v), a_dtype), _no_share,
     jvp=(_root_tangent, _no_share))  # fmt: skip
rule(_direction, lambda xp, g, a, ans, w, a_dtype: _cast(xp, _direction_share(xp, g, a, ans, w), a_dtype),
     jvp=_direction_tangent)  # fmt: skip

_EIG = type(np.linalg.eig(np.eye(1)))


@composite(np.linalg.eig)
def eig(a):
    """`np.linalg.eig`, for matrices with distinct eigenvalues."""
    w, v = np.linalg.eig(plain(a))
    vectors = RECORDED.direction(a, w, v)
    return _EIG(RECORDED.root(a, vectors, w), vectors)


@composite(np.linalg.eigvals)
def eigvals(a):
    """`np.linalg.eigvals`, for matrices with distinct eigenvalues."""
    return eig(a)[0]


# --- Cholesky -------------------------------------------------------------------------------------------------


def _lower_half(xp, x):
    """The lower triangle with half the diagonal."""
    return xp.tril(x) * (1 - 0.5 * np.eye(x.shape[-1], dtype=x.dtype))


def _cholesky_factor(a):
    return np.linalg.cholesky(a)


def _cholesky_share(xp, g, ans):
    inside = _lower_half(xp, xp.matmul(transposed(xp, ans), g))
    left = xp.solve(transposed(xp, ans), inside)  # L⁻ᵀ Φ conj(L)⁻¹
    return _symmetric(xp, transposed(xp, xp.solve(adjoint(xp, ans), transposed(xp, left))))


def _cholesky_tangent(xp, t, ans):
    """From ``L⁻¹ da L⁻ᴴ = L⁻¹ dL + (L⁻¹ dL)ᴴ``."""
    inside = xp.solve(ans, adjoint(xp, xp.solve(ans, _symmetric(xp, t))))
    return xp.matmul(ans, _lower_half(xp, inside))


rule(_cholesky_factor, _cholesky_share, jvp=_cholesky_tangent)


@composite(np.linalg.cholesky)
def cholesky(a, /, *, upper=False):
    """`np.linalg.cholesky`: the input counts as symmetric, and its gradient is."""
    if not upper:
        return RECORDED.cholesky_factor(a)
    return adjoint(RECORDED, RECORDED.cholesky_factor(adjoint(RECORDED, a)))


# --- QR -------------------------------------------------------------------------------------------------------


def _triangle(a, q, known):
    return known


def _basis(a, r, known):
    return known


def _completion(q, known):
    return known


def _triangle_share(xp, g, a, ans, q):
    """From ``dr r⁻¹ + (dr r⁻¹)ᴴ = c + cᴴ`` with ``c = qᴴ da r⁻¹``."""
    q = xp.basis(a, ans, plain(q))
    upper = transposed(xp, _lower_half(xp, transposed(xp, xp.matmul(g, transposed(xp, ans)))))
    inside = xp.matmul(_conj(xp, q), upper + adjoint(xp, upper))
    return transposed(xp, xp.solve(ans, transposed(xp, inside)))


def _over_triangle(xp, g, r):
    """``g r⁻ᵀ``."""
    return transposed(xp, xp.solve(r, transposed(xp, g)))


def _triangle_tangent(xp, t, a, ans, q):
    q = xp.basis(a, ans, plain(q))
    inside = xp.matmul(adjoint(xp, q), _over_triangle(xp, t, transposed(xp, ans)))
    return xp.matmul(adjoint(xp, _lower_half(xp, inside + adjoint(xp, inside))), ans)


rule(_triangle, _triangle_share, jvp=_triangle_tangent)
rule(
    _basis,
    lambda xp, g, r: _over_triangle(xp, g, r),
    lambda xp, g, r, ans: -_over_triangle(xp, xp.matmul(transposed(xp, ans), g), r),
    jvp=(
        lambda xp, t, r: _over_triangle(xp, t, transposed(xp, r)),
        lambda xp, t, r, ans: -xp.matmul(ans, _over_triangle(xp, t, transposed(xp, r))),
    ),
)
# dq₂ = -q dqᴴ q₂: the complement turns with the columns that it completes
rule(_completion, lambda xp, g, q, ans: -_conj(xp, xp.matmul(ans, xp.matmul(transposed(xp, g), q))),
     jvp=lambda xp, t, q, ans: -xp.matmul(q, xp.matmul(adjoint(xp, t), ans)))  # fmt: skip

_QR = type(np.linalg.qr(np.eye(1)))


@composite(np.linalg.qr)
def qr(a, mode="reduced"):
    """`np.linalg.qr`: full column rank, or for wide matrices independent first columns."""
    if mode not in ("reduced", "complete", "r"):
        raise UnsupportedError(f"qr of a recorded array has the modes 'reduced', 'complete', 'r', not {mode!r}")
    rows, columns = a.shape[-2:]
    known, upper = np.linalg.qr(plain(a), "complete" if mode == "complete" else "reduced")
    n = min(rows, columns)
    first = a[..., :n]
    r = RECORDED.triangle(first, known[..., :n], upper[..., :n, :n])
    q = RECORDED.basis(first, r, known[..., :n])
    if columns > rows:
        r = RECORDED.concatenate([r, RECORDED.matmul(adjoint(RECORDED, q), a[..., n:])], axis=-1)
    if mode == "r":
        return r
    if known.shape[-1] > n:
        q = RECORDED.concatenate([q, RECORDED.completion(q, known[..., n:])], axis=-1)
        r = RECORDED.concatenate([r, upper[..., n:, :]], axis=-2)
    return _QR(q, r)


# --- singular values ------------------------------------------------------------------------------------------


def _singular_value(a, vh, u, known):
    return known


def _left(a, s, vh, known):
    return known


def _singular_value_share(xp, g, a, ans, u, vh):
    u = xp.left(a, ans, vh, plain(u))
    g = xp.where(ans > 0, g, 0)  # |s| at 0, as abs
    return _conj(xp, xp.matmul(u * xp.expand_dims(g, -2), vh))


def _left_share(xp, g, s, vh):
    """Of ``u = a v s⁻¹`` by ``a``."""
    return xp.matmul(g / xp.expand_dims(s, -2), _conj(xp, vh))


def _left_by_values(xp, g, ans, s):
    found = -xp.sum(g * ans, axis=-2) / s
    return xp.real(found) if found.dtype.kind == "c" else found


def _left_by_right(xp, g, a, s):
    """Of ``u = a vhᴴ s⁻¹`` by ``vh``."""
    return adjoint(xp, xp.matmul(transposed(xp, a), g / xp.expand_dims(s, -2)))


def _singular_value_tangent(xp, t, a, ans, u, vh):
    u = xp.left(a, ans, vh, plain(u))
    found = xp.real(xp.sum(_conj(xp, u) * xp.matmul(t, adjoint(xp, vh)), axis=-2))
    return xp.where(ans > 0, found, 0)


rule(_singular_value, _singular_value_share, _no_share, jvp=(_singular_value_tangent, _no_share))
rule(
    _left,
    lambda xp, g, s, vh: _left_share(xp, g, s, vh),
    lambda xp, g, ans, s: _left_by_values(xp, g, ans, s),
    lambda xp, g, a, s: _left_by_right(xp, g, a, s),
    jvp=(
        lambda xp, t, s, vh: xp.matmul(t, adjoint(xp, vh)) / xp.expand_dims(s, -2),
        lambda xp, t, ans, s: -ans * xp.expand_dims(t / s, -2),
        lambda xp, t, a, s: xp.matmul(a, adjoint(xp, t)) / xp.expand_dims(s, -2),
    ),
)

_SVD = type(np.linalg.svd(np.eye(1)))


@composite(np.linalg.svd)
def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    """`np.linalg.svd`; values are right when repeated too, vectors for distinct ones that are not 0."""
    if hermitian:
        raise UnsupportedError("np.linalg.svd of a recorded array has no hermitian=; use np.linalg.eigh")
    rows, columns = a.shape[-2:]
    if rows < columns:  # of the transpose, and the factors change places
        u, s, vh = svd(RECORDED.swapaxes(a, -1, -2), full_matrices, True)
        u, vh = RECORDED.swapaxes(vh, -1, -2), RECORDED.swapaxes(u, -1, -2)
        return _SVD(u, s, vh) if compute_uv else s
    known_u, known_s, known_vh = np.linalg.svd(plain(a), full_matrices)
    known_v = np.conjugate(np.swapaxes(known_vh, -1, -2))
    gram = RECORDED.matmul(adjoint(RECORDED, a), a)  # its eigenvectors are the right singular ones
    v = RECORDED.eigenvector(gram, np.square(known_s), known_v)
    vh = adjoint(RECORDED, v)
    s = RECORDED.singular_value(a, vh, known_u[..., :columns], known_s)
    if not compute_uv:
        return s
    u = RECORDED.left(a, s, vh, known_u[..., :columns])
    if known_u.shape[-1] > columns:
        u = RECORDED.concatenate([u, RECORDED.completion(u, known_u[..., columns:])], axis=-1)
    return _SVD(u, s, vh)


@composite(np.linalg.svdvals)
def svdvals(x, /):
    """`np.linalg.svdvals`; right for repeated values too."""
    return svd(x, False, False)


@composite(np.linalg.cond)
def cond(x, p=None):
    """`np.linalg.cond`."""
    if p in (None, 2, -2):
        s = svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    axes = (-2, -1)
    return RECORDED.norm(x, p, axes) * RECORDED.norm(RECORDED.inv(x), p, axes)
