"""Determinants. Where a matrix is singular its inverse does not exist, but its matrix of cofactors does."""

from __future__ import annotations

import numpy as np

from autodiff_numpy._array import plain
from autodiff_numpy._lapack import factored
from autodiff_numpy._rule import declare, defined_by, rule
from autodiff_numpy._tables import TRACKED, VALUES
from autodiff_numpy.rules.solvers import inverted

_REGULAR = 1e-8
"""Reciprocal condition numbers below this one count as singular where cofactors are differentiated."""


def last_two(xp, x):
    """A number for each matrix, with two axes to multiply it by matrices."""
    return xp.reshape(x, (*x.shape, 1, 1))


def _times(xp, g, matrices):
    """A number times each of some new matrices: in place, for large temporaries cost as much as the arithmetic.

    A view becomes an array of its own, as it would have to at the end.
    """
    scale = last_two(xp, g)
    if xp is not VALUES or type(matrices) is not np.ndarray or matrices.dtype != g.dtype or matrices.base is not None:
        return scale * matrices
    return np.multiply(scale, matrices, matrices)


def _cofactors(a, det, factors=None):
    """The matrices of cofactors, ``det · a⁻ᵀ``; from the factors, where they are known.

    Where the determinant is not 0 its error and that of the inverse cancel, however ill-conditioned the matrix: both
    come from one elimination. Otherwise by singular values, ``a = u s vh``.
    """
    if a.shape[-1] == 2:
        return _turned(a)
    limits = np.finfo(a.dtype)
    if (np.abs(det) > limits.tiny / limits.eps).all() and np.isfinite(det).all():
        return _times(VALUES, det, np.linalg.inv(a).mT if factors is None else factors.mT.inverse())
    u, s, vh = np.linalg.svd(a)
    ones = np.ones((*s.shape[:-1], 1), s.dtype)
    before = np.concatenate((ones, np.cumprod(s, axis=-1)[..., :-1]), axis=-1)
    after = np.concatenate((ones, np.cumprod(s[..., ::-1], axis=-1)[..., :-1]), axis=-1)[..., ::-1]
    phase = np.linalg.det(u) * np.linalg.det(vh)
    return phase[..., None, None] * ((u * (before * after)[..., None, :]) @ vh).conj()


def _turned(a):
    """The cofactors of 2 by 2 matrices are their elements: exact, of any size."""
    return a[..., ::-1, ::-1] * np.array([[1, -1], [-1, 1]], a.dtype)[: a.shape[-1], : a.shape[-1]]


def _recorded_cofactors(a, det, factors=None):
    """The cofactors of recorded matrices: from the inverse of the regular ones, from the minors of the others."""
    value = plain(a)
    if a.shape[-1] in (0, 2):
        return _turned(a)
    s = np.linalg.svd(value, compute_uv=False)
    singular = s[..., -1] <= _REGULAR * s[..., 0]
    if not np.any(singular):
        return last_two(TRACKED, det) * TRACKED.swapaxes(inverted(TRACKED, a, factors), -1, -2)
    if np.all(singular):
        return _minors(a)
    stand_in = TRACKED.where(singular[..., None, None], np.eye(a.shape[-1], dtype=a.dtype), a)
    regular = last_two(TRACKED, TRACKED.det(stand_in)) * TRACKED.swapaxes(TRACKED.inv(stand_in), -1, -2)
    places = np.nonzero(singular)
    minors = TRACKED.scatter(_minors(a[places]), places, a.shape)
    return TRACKED.where(singular[..., None, None], minors, regular)


def _minors(a):
    """Cofactors as determinants of what remains without a row and a column: polynomials, right at every order."""
    n = a.shape[-1]
    if n == 1:
        return TRACKED.where(True, np.ones((), a.dtype), a * 0)
    others = np.array([[j for j in range(n) if j != i] for i in range(n)], np.intp).reshape(n, n - 1)
    parts = a[..., others[:, None, :, None], others[None, :, None, :]]
    signs = np.where(np.add.outer(np.arange(n), np.arange(n)) % 2, -1, 1).astype(a.dtype)
    return TRACKED.det(parts) * signs


declare(_cofactors, _recorded_cofactors, ())


def _determinant(a, factors):
    return np.linalg.det(a) if factors is None else factors.det()


rule(_determinant, lambda xp, g, a, ans, factors: _times(xp, g, xp.cofactors(a, ans, factors)),
     jvp=lambda xp, t, a, ans, factors: xp.sum(t * xp.cofactors(a, ans, factors), axis=(-2, -1)))  # fmt: skip


@defined_by(np.linalg.det)
def det(a):
    """`np.linalg.det`."""
    return TRACKED.determinant(a, factored(plain(a)))


# --- the logarithm of a determinant ---------------------------------------------------------------------------


def _logabsdet(a, sign, known, factors):
    return known


def _detsign(a, known, factors):
    return known


def _inverse_transpose(xp, a, sign, factors):
    """``a⁻ᵀ``; infinite where ``a`` is singular, as the logarithm's derivative is there."""
    singular = plain(sign) == 0
    if not np.any(singular):
        return xp.swapaxes(inverted(xp, a, factors), -1, -2)
    stand_in = xp.where(singular[..., None, None], np.eye(a.shape[-1], dtype=a.dtype), a)
    infinite = _cofactors(plain(a), np.linalg.det(plain(a))) / np.zeros((), a.dtype)
    return xp.where(singular[..., None, None], infinite, xp.swapaxes(xp.inv(stand_in), -1, -2))


def _sign_share(xp, g, a, ans, factors):
    """The sign of a complex determinant turns by the imaginary part of ``tr(a⁻¹ da)``; a real one stays."""
    if a.dtype.kind != "c":
        return None
    return last_two(xp, xp.imag(g * ans) * 1j) * _inverse_transpose(xp, a, ans, factors)


def _log_tangent(xp, t, a, sign, factors):
    """``tr(a⁻¹ da)``."""
    return xp.sum(t * _inverse_transpose(xp, a, sign, factors), axis=(-2, -1))


def _sign_tangent(xp, t, a, ans, factors):
    return xp.imag(_log_tangent(xp, t, a, ans, factors)) * 1j * ans if a.dtype.kind == "c" else None


rule(_logabsdet, lambda xp, g, a, sign, factors: _times(xp, g, _inverse_transpose(xp, a, sign, factors)),
     jvp=lambda xp, t, a, sign, factors: xp.real(_log_tangent(xp, t, a, sign, factors)))  # fmt: skip
rule(_detsign, _sign_share, jvp=_sign_tangent)

_SLOGDET = type(np.linalg.slogdet(np.eye(1)))


@defined_by(np.linalg.slogdet)
def slogdet(a):
    """`np.linalg.slogdet`."""
    factors = factored(plain(a))
    sign, log = np.linalg.slogdet(plain(a)) if factors is None else factors.slogdet()
    return _SLOGDET(TRACKED.detsign(a, sign, factors), TRACKED.logabsdet(a, sign, log, factors))
