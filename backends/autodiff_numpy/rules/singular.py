"""Singular values and vectors, and what is computed from them.

The right vectors are the eigenvectors of ``aᴴ a``, and the left ones follow. Values alone need no derivatives of
vectors at first order; where they repeat or are 0 they are eigenvalues of a larger matrix, so that what `eigenvalues`
says of repeated ones holds for them. Cotangents are without conjugates, see `_record`.
"""

from __future__ import annotations

import numpy as np

from autodiff_numpy._array import plain
from autodiff_numpy._rule import defined_by, rule
from autodiff_numpy._tables import TRACKED
from autodiff_numpy.rules.eigenvalues import conjugated, decomposed, no_share, rounding
from autodiff_numpy.rules.solvers import adjoint, transposed
from autodiff_spec import UnsupportedError


def _singular_value(a, vh, u, known):
    return known


def _left(a, s, vh, known):
    return known


def _singular_value_share(xp, g, a, ans, u, vh):
    u = xp.left(a, ans, vh, plain(u))
    g = xp.where(ans > 0, g, 0)  # |s| at 0, as abs
    return conjugated(xp, xp.matmul(u * xp.expand_dims(g, -2), vh))


def _left_share(xp, g, s, vh):
    """The share of ``a`` in the cotangent of ``u = a v s⁻¹``."""
    return xp.matmul(g / xp.expand_dims(s, -2), conjugated(xp, vh))


def _left_by_values(xp, g, ans, s):
    found = -xp.sum(g * ans, axis=-2) / s
    return xp.real(found) if found.dtype.kind == "c" else found


def _left_by_right(xp, g, a, s):
    """The share of ``vh`` in the cotangent of ``u = a vhᴴ s⁻¹``."""
    return adjoint(xp, xp.matmul(transposed(xp, a), g / xp.expand_dims(s, -2)))


def _singular_value_tangent(xp, t, a, ans, u, vh):
    u = xp.left(a, ans, vh, plain(u))
    found = xp.real(xp.sum(conjugated(xp, u) * xp.matmul(t, adjoint(xp, vh)), axis=-2))
    return xp.where(ans > 0, found, 0)


rule(_singular_value, _singular_value_share, no_share, jvp=(_singular_value_tangent, no_share))
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


@defined_by(np.linalg.svd)
def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    """`np.linalg.svd`; values are right when repeated too, vectors for distinct ones that are not 0."""
    if hermitian:
        raise UnsupportedError("np.linalg.svd of a recorded array has no hermitian=; use np.linalg.eigh")
    if not compute_uv:
        return svdvals(a)
    return _SVD(*_factors(a, *np.linalg.svd(plain(a), full_matrices)))


def _factors(a, u, s, vh):
    """The recorded factors of ``a``, of which the values are given."""
    rows, columns = a.shape[-2:]
    if rows < columns:  # of the transpose, and the factors change places
        vt, s, ut = _factors(transposed(TRACKED, a), transposed(np, vh), s, transposed(np, u))
        return transposed(TRACKED, ut), s, transposed(TRACKED, vt)
    values, vh = _right(a, u[..., :columns], s, vh)
    left = TRACKED.left(a, values, vh, u[..., :columns])
    if u.shape[-1] > columns:
        left = TRACKED.concatenate([left, TRACKED.completion(left, u[..., columns:])], axis=-1)
    return left, svdvals(a) if _degenerate(s, rounding(s, rows)) else values, vh


def _right(a, u, s, vh):
    """The recorded values and right vectors of ``a``, m×n with m ≥ n: the eigenvectors of ``aᴴ a``."""
    squares, n = np.square(s), a.shape[-2]
    gram = TRACKED.matmul(adjoint(TRACKED, a), a)
    v = np.conjugate(np.swapaxes(vh, -1, -2))
    v = TRACKED.eigenvector(gram, squares, v, np.finfo(s.dtype).eps * n * squares[..., None])
    vh = adjoint(TRACKED, v)
    return TRACKED.singular_value(a, vh, u, s), vh


@defined_by(np.linalg.svdvals, valued=True)
def svdvals(x, /):
    """`np.linalg.svdvals`; right for repeated values and for 0 too."""
    return _values(x)


def _values(x):
    rows, columns = x.shape[-2:]
    if rows < columns:
        return _values(transposed(TRACKED, x))
    u, s, vh = np.linalg.svd(plain(x), full_matrices=False)
    blur = rounding(s, rows)
    return _dilated_values(x, blur) if _degenerate(s, blur) else _right(x, u, s, vh)[0]


def _degenerate(s, blur):
    """Whether some value repeats or is 0."""
    return s.shape[-1] > 0 and (np.any(s[..., -1:] <= blur) or np.any(-np.diff(s) <= blur))


def _dilated_values(a, blur):
    """The singular values of ``a``, m×n with m ≥ n, as the n largest eigenvalues of ``[[0, a], [aᴴ, 0]]``.

    Its eigenvalues are s, -s and m - n zeros, with vectors ``(u, ±v)/√2``. Those of s = 0 are taken apart, ``(u, 0)``
    and ``(0, v)``: so the derivative of s there is 0 in reverse, as that of abs.
    """
    m, n = a.shape[-2:]
    u, s, vh = np.linalg.svd(plain(a))
    v = np.conj(np.swapaxes(vh, -1, -2))
    zero = (s <= blur)[..., None, :]
    half = np.where(zero, 1, np.sqrt(np.asarray(0.5, s.dtype)))
    above, below = u[..., :n] * half, v * half
    plus = np.concatenate((above, np.where(zero, 0, below)), axis=-2)
    minus = np.concatenate((np.where(zero, 0, above), np.where(zero, below, -below)), axis=-2)
    none = np.concatenate((u[..., n:], np.zeros((*s.shape[:-1], n, m - n), u.dtype)), axis=-2)
    vectors = np.concatenate((minus, none, plus[..., ::-1]), axis=-1)
    values = np.concatenate((-s, np.zeros((*s.shape[:-1], m - n), s.dtype), s[..., ::-1]), axis=-1)
    corners = [np.zeros((*s.shape[:-1], k, k), a.dtype) for k in (m, n)]
    top = TRACKED.concatenate([corners[0], a], axis=-1)
    bottom = TRACKED.concatenate([adjoint(TRACKED, a), corners[1]], axis=-1)
    return decomposed(TRACKED.concatenate([top, bottom], axis=-2), values, vectors)[0][..., ::-1][..., :n]


@defined_by(np.linalg.cond, valued=True)
def cond(x, p=None):
    """`np.linalg.cond`."""
    if p in (None, 2, -2):
        s = svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    axes = (-2, -1)
    return TRACKED.norm(x, p, axes) * TRACKED.norm(TRACKED.inv(x), p, axes)
