"""Inverses, systems of equations, powers and exponentials of matrices."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autodiff_numpy._array import foreign, plain
from autodiff_numpy._jvp import linear
from autodiff_numpy._lapack import factored
from autodiff_numpy._pullback import unbroadcast
from autodiff_numpy._rule import constant, defined_by, rule
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._wrap import as_array


def transposed(xp: Any, x: Any) -> Any:
    """The matrices with rows and columns swapped, without a conjugate."""
    return xp.swapaxes(x, -1, -2)


def adjoint(xp: Any, x: Any) -> Any:
    """The conjugate transposes."""
    x = xp.swapaxes(x, -1, -2)
    return xp.conjugate(x) if x.dtype.kind == "c" else x


def half_triangle(xp, x, lower=True):
    """One triangle, with half the diagonal."""
    n = x.shape[-1]
    weights = _halves(n, x.dtype) if n <= 64 else _halves.__wrapped__(n, x.dtype)
    return x * (weights if lower else weights.T)


@functools.lru_cache(maxsize=64)
def _halves(n, dtype):
    weights = np.tri(n, dtype=dtype)
    weights.ravel()[:: n + 1] = 0.5
    weights.flags.writeable = False
    return weights


def _completed(a, lower=True):
    """The symmetric (Hermitian) matrices of which one triangle is read; what the other one holds counts for nothing."""
    half = half_triangle(np, a, lower)
    return half + adjoint(np, half)


rule(_completed, lambda xp, g, lower: half_triangle(xp, g + adjoint(xp, g), lower), jvp=linear)


def _solve_columns(a, b):
    """The solution ``x`` of ``a @ x = b`` for stacks of matrices ``b``."""
    return np.linalg.solve(a, b)


def _inverse_by(a, factors):
    return factors.inverse()


def inverted(xp, a, factors):
    """The inverses, from the factors where they are known."""
    return xp.inv(a) if factors is None else xp.inverse_by(a, factors)


for inverse in (np.linalg.inv, _inverse_by):
    rule(inverse, lambda xp, g, ans: -xp.matmul(transposed(xp, ans), xp.matmul(g, transposed(xp, ans))),
         jvp=lambda xp, t, ans: -xp.matmul(ans, xp.matmul(t, ans)))  # fmt: skip
rule(
    _solve_columns,
    lambda xp, g, a, ans, a_shape, a_dtype: unbroadcast(
        xp, -xp.matmul(xp.solve_columns(transposed(xp, a), g), transposed(xp, ans)), a_shape, a_dtype
    ),
    lambda xp, g, a, b_shape, b_dtype: unbroadcast(xp, xp.solve_columns(transposed(xp, a), g), b_shape, b_dtype),
    jvp=(lambda xp, t, a, ans: -xp.solve_columns(a, xp.matmul(t, ans)), linear),
)


def _solve_by(a, b, factors):
    """As `_solve_columns`, of one matrix whose factors are known."""
    return np.ascontiguousarray(factors.solve(b))


rule(
    _solve_by,
    lambda xp, g, a, ans, factors: xp.matmul(-xp.solve_by(transposed(xp, a), g, factors.mT), transposed(xp, ans)),
    lambda xp, g, a, factors: xp.solve_by(transposed(xp, a), g, factors.mT),
    jvp=(
        lambda xp, t, a, ans, factors: -xp.solve_by(a, xp.matmul(t, ans), factors),
        lambda xp, t, a, factors: xp.solve_by(a, t, factors),
    ),
)


@defined_by(np.linalg.solve)
def solve(a, b):
    """`np.linalg.solve`: one vector, or stacks of matrices."""
    a, b = as_array(a), as_array(b)
    if b.ndim == 1:
        return solve(a, TRACKED.expand_dims(b, -1))[..., 0]
    factors = factored(plain(a)) if b.ndim == 2 and b.dtype == a.dtype else None
    return TRACKED.solve_columns(a, b) if factors is None else TRACKED.solve_by(a, b, factors)


# --- triangular systems -------------------------------------------------------------------------------------------

_BLOCK = 32


def _solve_triangular(a, b, lower):
    """The solution ``x`` of ``a @ x = b`` for stacks of triangular ``a``, zeros in the other triangle included.

    By halves, so that it costs as much as the product ``a @ x``; of blocks by `np.linalg.solve`, which finds nothing to
    eliminate in an upper triangle. A lower one, turned around, is such.
    """
    for part in (a, b):
        if foreign(part) and hasattr(type(part), "as_one"):
            return part.as_one(_solve_triangular, a, b, lower)
    if lower:
        return _solve_triangular(a[..., ::-1, ::-1], b[..., ::-1, :], False)[..., ::-1, :]
    if a.shape[-1] <= _BLOCK:
        return np.linalg.solve(a, b)
    k = a.shape[-1] // 2
    below = _solve_triangular(a[..., k:, k:], b[..., k:, :], False)
    rest = b[..., :k, :] - np.matmul(a[..., :k, k:], below)
    return np.concatenate([_solve_triangular(a[..., :k, :k], rest, False), below], axis=-2)


rule(
    _solve_triangular,
    lambda xp, g, a, ans, a_shape, a_dtype, lower: unbroadcast(
        xp, -xp.matmul(xp.solve_triangular(transposed(xp, a), g, not lower), transposed(xp, ans)), a_shape, a_dtype
    ),
    lambda xp, g, a, b_shape, b_dtype, lower: unbroadcast(
        xp, xp.solve_triangular(transposed(xp, a), g, not lower), b_shape, b_dtype
    ),
    jvp=(lambda xp, t, a, ans, lower: -xp.solve_triangular(a, xp.matmul(t, ans), lower), linear),
)


# --- pseudo-inverses and powers -----------------------------------------------------------------------------------


def _pseudo_inverse(a, rcond):
    return np.linalg.pinv(a, rcond) if rcond is not None else np.linalg.pinv(a)


def _pseudo_share(xp, g, a, ans):
    """After G. H. Golub and V. Pereyra, The differentiation of pseudo-inverses (1973); the rank is constant."""
    p, gt = ans, transposed(xp, g)
    inside = xp.matmul(transposed(xp, p), xp.matmul(g, transposed(xp, p)))
    ph = adjoint(xp, p)
    rows = gt - xp.matmul(a, xp.matmul(p, gt))  # (I - a p) gᵀ
    columns = gt - xp.matmul(xp.matmul(gt, p), a)  # gᵀ (I - p a)
    outside = xp.matmul(rows, xp.matmul(p, ph)) + xp.matmul(xp.matmul(ph, p), columns)
    return (xp.conjugate(outside) if a.dtype.kind == "c" else outside) - inside


def _pseudo_tangent(xp, t, a, ans):
    p, ph, th = ans, adjoint(xp, ans), adjoint(xp, t)
    rows = th - xp.matmul(th, xp.matmul(a, p))  # daᴴ (I - a p)
    columns = th - xp.matmul(p, xp.matmul(a, th))  # (I - p a) daᴴ
    outside = xp.matmul(p, xp.matmul(ph, rows)) + xp.matmul(xp.matmul(columns, ph), p)
    return outside - xp.matmul(p, xp.matmul(t, p))


rule(_pseudo_inverse, _pseudo_share, jvp=_pseudo_tangent)


@defined_by(np.linalg.pinv, valued=True)
def pinv(a, rcond=None, hermitian=False, *, rtol=None):
    """`np.linalg.pinv`."""
    a = TRACKED.completed(a) if hermitian else a
    rtol = rcond if rtol is None or rtol is np._NoValue else rtol
    return TRACKED.pseudo_inverse(a, None if rtol is None else plain(rtol))


@defined_by(np.linalg.matrix_power, valued=True)
def matrix_power(a, n):
    """`np.linalg.matrix_power`: by squaring."""
    if n == 0:
        return a * 0
    if n == 1:
        return a  # as NumPy does
    square = TRACKED.inv(a) if n < 0 else a
    found, n = None, abs(n)
    while n:
        if n & 1:
            found = square if found is None else TRACKED.matmul(found, square)
        n >>= 1
        square = TRACKED.matmul(square, square) if n else square
    return found


@defined_by(np.linalg.multi_dot, valued=True)
def multi_dot(arrays, *, out=None):
    """`np.linalg.multi_dot`, from the left to the right."""
    return functools.reduce(TRACKED.dot, arrays)


@defined_by(np.linalg.tensorinv)
def tensorinv(a, ind=2):
    """`np.linalg.tensorinv`."""
    first, rest = a.shape[:ind], a.shape[ind:]
    size = int(np.prod(first))
    return TRACKED.reshape(TRACKED.inv(TRACKED.reshape(a, (size, -1))), (*rest, *first))


@defined_by(np.linalg.tensorsolve)
def tensorsolve(a, b, axes=None):
    """`np.linalg.tensorsolve`."""
    if axes is not None:
        axes = tuple(x % a.ndim for x in axes)
        a = TRACKED.transpose(a, (*(i for i in range(a.ndim) if i not in axes), *axes))
    rest = a.shape[np.ndim(b) :]
    size = int(np.prod(rest))
    return TRACKED.reshape(TRACKED.solve(TRACKED.reshape(a, (size, size)), TRACKED.ravel(b)), rest)


constant(np.linalg.matrix_rank)


# --- the exponential ----------------------------------------------------------------------------------------------

_PADE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
    10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip
_LARGEST = 5.371920351148152  # the norm up to which this approximant is exact in 64 bits


def _expm(a):
    """The exponential by the [13/13] Padé approximant, of matrices that are halved until it is exact and squared again.

    After N. J. Higham, The scaling and squaring method for the matrix exponential revisited (2005), algorithm 2.3.
    """
    if foreign(a) and hasattr(type(a), "as_one"):
        return a.as_one(_expm, a)
    sizes = np.max(np.sum(np.abs(a), axis=-2), axis=-1, initial=0)
    halvings = np.maximum(np.frexp(sizes / _LARGEST)[1], 0)[..., None, None]
    a = a * np.ldexp(np.ones((), sizes.dtype), -halvings)
    one, b = np.eye(a.shape[-1], dtype=a.dtype), _PADE
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    odd = a @ (a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one
    found = np.linalg.solve(even - odd, even + odd)
    with np.errstate(over="ignore", invalid="ignore"):  # of those that are not squared any more
        for done in range(np.max(halvings, initial=0)):
            found = np.where(done < halvings, found @ found, found)
    return found


def _expm_along(xp, e, a):
    """The derivative along ``e``: a block of the exponential of a larger matrix, and so are its own derivatives.

    After N. J. Higham, Functions of Matrices (2008), theorem 3.6. It is linear in ``e``, the exponential's rounding
    errors are not: of a large ``e`` that is made small before.
    """
    scale = np.max(np.abs(plain(e)), axis=(-2, -1), keepdims=True, initial=0)
    scale = np.where((scale > 0) & np.isfinite(scale), scale, 1)
    n = a.shape[-1]
    above = xp.concatenate([a, e / scale], axis=-1)
    below = xp.concatenate([np.zeros(a.shape, a.dtype), a], axis=-1)
    return xp.expm(xp.concatenate([above, below], axis=-2))[..., :n, n:] * scale


rule(_expm, lambda xp, g, a: _expm_along(xp, g, transposed(xp, a)), jvp=_expm_along)
