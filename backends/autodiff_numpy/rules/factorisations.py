"""Cholesky and QR factors.

NumPy computes all factors at once; each is then recorded by a function that is given its value, and whose rule reads
the others. So derivatives of any order follow from first ones. The formulas are derived from the defining equations, as
in M. B. Giles, Collected matrix derivative results (2008); cotangents are without conjugates, see `_record`.
"""

from __future__ import annotations

import numpy as np

from autodiff_numpy._array import plain
from autodiff_numpy._dask import cholesky as cholesky_of
from autodiff_numpy._rule import computed_by, defined_by, rule
from autodiff_numpy._tables import TRACKED, VALUES
from autodiff_numpy._wrap import with_value
from autodiff_numpy.rules.eigenvalues import conjugated
from autodiff_numpy.rules.solvers import adjoint, half_triangle, transposed
from autodiff_spec import UnsupportedError

_SMALL = 24  # matrices of up to twice as many rows are inverted as they are
_LARGE, _BLOCK = 96, 48  # from how many rows on blocks of how many pay

# --- Cholesky -------------------------------------------------------------------------------------------------


def _lower_inverse(a):
    """The inverse of lower triangular matrices by halves: less work than by `np.linalg.inv`, most of it in products."""
    half = a.shape[-1] // 2
    if half < _SMALL:
        return np.linalg.inv(a)
    first, last = _lower_inverse(a[..., :half, :half]), _lower_inverse(a[..., half:, half:])
    below = -np.matmul(last, np.matmul(a[..., half:, :half], first))
    rows = np.concatenate((first, np.zeros_like(a[..., :half, half:])), axis=-1), np.concatenate((below, last), axis=-1)
    return np.concatenate(rows, axis=-2)


# Only the lower triangle of its argument varies, so what the rule of `inv` finds for the upper one is not used.
rule(_lower_inverse, lambda xp, g, ans: -xp.matmul(transposed(xp, ans), xp.matmul(g, transposed(xp, ans))),
     jvp=lambda xp, t, ans: -xp.matmul(ans, xp.matmul(t, ans)))  # fmt: skip


def _cholesky_factor(a):
    return np.linalg.cholesky(a) if type(a) is np.ndarray else cholesky_of(a)


def _cholesky_share(xp, g, ans):
    inside = half_triangle(xp, xp.matmul(transposed(xp, ans), g))
    inverse = xp.lower_inverse(ans)
    return xp.matmul(transposed(xp, inverse), xp.matmul(inside, conjugated(xp, inverse)))


def _cholesky_share_in_blocks(g, factor):
    """The lower triangle's share of a cotangent of the factor, from the last rows to the first.

    After I. Murray, Differentiation of the Cholesky decomposition (2016), section 3.3: nearly all of it are products of
    blocks, and only blocks of the diagonal are inverted, so that it costs a third of what an inverse of all does.
    """
    share = np.tril(g)
    for stop in range(factor.shape[-1], 0, -_BLOCK):
        here, before, after = slice(max(stop - _BLOCK, 0), stop), slice(max(stop - _BLOCK, 0)), slice(stop, None)
        diagonal, left, below = factor[..., here, here], factor[..., here, before], factor[..., after, here]
        inverse = np.linalg.inv(diagonal)
        of_below = share[..., after, here] = share[..., after, here] @ inverse
        share[..., after, before] -= of_below @ left
        share[..., here, here] -= of_below.mT @ below  # of which the lower triangle alone is read
        inside = inverse.mT @ half_triangle(np, diagonal.mT @ share[..., here, here]) @ inverse
        inside += inside.mT
        share[..., here, before] -= of_below.mT @ factor[..., after, before] + inside @ left
        share[..., here, here] = half_triangle(np, inside)
    return share


def _cholesky_tangent(xp, t, ans):
    """From ``L⁻¹ da L⁻ᴴ = L⁻¹ dL + (L⁻¹ dL)ᴴ``."""
    inverse = xp.lower_inverse(ans)
    inside = xp.matmul(inverse, xp.matmul(t, adjoint(xp, inverse)))
    return xp.matmul(ans, half_triangle(xp, inside))


rule(_cholesky_factor, _cholesky_share, jvp=_cholesky_tangent)


def _cholesky_of_lower(a):
    """The factor of the matrices whose lower triangles these are; NumPy reads no other."""
    return np.linalg.cholesky(a)


def _share_of_lower(xp, g, ans):
    if xp is VALUES and ans.dtype.kind == "f" and ans.shape[-1] >= _LARGE:
        return _cholesky_share_in_blocks(g, ans)
    share = _cholesky_share(xp, g, ans)
    return half_triangle(xp, share + adjoint(xp, share))


rule(_cholesky_of_lower, _share_of_lower, jvp=lambda xp, t, ans: _cholesky_tangent(xp, xp.completed(t), ans))


def _cholesky_of_half(a, /, *, upper=False):
    """The factor of matrices of which one triangle is read, from the whole ones; of Dask's too."""
    factor = TRACKED.cholesky_factor(TRACKED.completed(a, not upper))
    return adjoint(TRACKED, factor) if upper else factor


_cholesky_of_half = computed_by(np.linalg.cholesky, _cholesky_of_half)


@defined_by(np.linalg.cholesky)
def cholesky(a, /, *, upper=False):
    """`np.linalg.cholesky`: a function of the triangle that it reads (KINK-82)."""
    is_lower = not upper and type(plain(a)) is np.ndarray
    return TRACKED.cholesky_of_lower(a) if is_lower else _cholesky_of_half(a, upper=upper)


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
    upper = transposed(xp, half_triangle(xp, transposed(xp, xp.matmul(g, transposed(xp, ans)))))
    inside = xp.matmul(conjugated(xp, q), upper + adjoint(xp, upper))
    return transposed(xp, xp.solve(ans, transposed(xp, inside)))


def _over_triangle(xp, g, r):
    """``g r⁻ᵀ``."""
    return transposed(xp, xp.solve(r, transposed(xp, g)))


def _triangle_tangent(xp, t, a, ans, q):
    q = xp.basis(a, ans, plain(q))
    inside = xp.matmul(adjoint(xp, q), _over_triangle(xp, t, transposed(xp, ans)))
    return xp.matmul(adjoint(xp, half_triangle(xp, inside + adjoint(xp, inside))), ans)


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
rule(_completion, lambda xp, g, q, ans: -conjugated(xp, xp.matmul(ans, xp.matmul(transposed(xp, g), q))),
     jvp=lambda xp, t, q, ans: -xp.matmul(q, xp.matmul(adjoint(xp, t), ans)))  # fmt: skip

_QR = type(np.linalg.qr(np.eye(1)))


@defined_by(np.linalg.qr)
def qr(a, mode="reduced"):
    """`np.linalg.qr`: full column rank, or for wide matrices independent first columns."""
    if mode not in ("reduced", "complete", "r"):
        raise UnsupportedError(f"qr of a recorded array has the modes 'reduced', 'complete', 'r', not {mode!r}")
    rows, columns = a.shape[-2:]
    known, upper = np.linalg.qr(plain(a), "complete" if mode == "complete" else "reduced")
    n = min(rows, columns)
    first = a[..., :n]
    r = TRACKED.triangle(first, known[..., :n], upper[..., :n, :n])
    q = TRACKED.basis(first, r, known[..., :n])
    if columns > rows:
        r = with_value(TRACKED.concatenate([r, TRACKED.matmul(adjoint(TRACKED, q), a[..., n:])], axis=-1), upper)
    if mode == "r":
        return r
    if known.shape[-1] > n:
        q = TRACKED.concatenate([q, TRACKED.completion(q, known[..., n:])], axis=-1)
        r = TRACKED.concatenate([r, upper[..., n:, :]], axis=-2)
    return _QR(q, r)
