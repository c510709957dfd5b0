"""Eigenvalues and eigenvectors.

NumPy computes both at once; each is then recorded by a function that is given its value, and whose rule reads the
other. So derivatives of any order follow from first ones. The formulas are derived from the defining equations, as in
M. B. Giles, Collected matrix derivative results (2008); cotangents are without conjugates, see `_record`.

**Repeated values.** Their vectors may be any basis of their space, and have no derivative; but symmetric functions of
the values have. First derivatives need no gap. A second one needs, beside the basis, how the function's gradient
changes when two equal values part, times the elements of the direction between them. Along one direction there is a
basis where these are 0, that in which it is diagonal (degenerate perturbation theory), and forward mode knows its
direction: forward over reverse takes this basis, and is right (A. S. Lewis and H. S. Sendov, Twice differentiable
spectral functions, 2001, have the same in closed form). A pullback has to be right for all directions in one basis,
which cannot be done without knowing the function: reverse over reverse, and third derivatives, give NaN. Values nearer
to each other than `rounding` count as repeated; just above it second derivatives have the relative error eps / gap.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from autodiff_numpy._array import plain
from autodiff_numpy._forward import direction_of, follow_direction
from autodiff_numpy._rule import defined_by, rule
from autodiff_numpy._tables import TRACKED
from autodiff_numpy.rules.solvers import adjoint, transposed


def conjugated(xp, x):
    """The conjugate; a real array as it is."""
    return xp.conjugate(x) if x.dtype.kind == "c" else x


def no_share(xp, g):
    """An argument that only a rule reads: its influence is in the share of another."""


def _over_gaps(xp, numerators, w, touching, blur):
    """``numerators[i, j] / (w[j] - w[i])``, 0 on the diagonal and where nothing is ``touching`` a repeated value.

    Gaps up to ``blur`` count as none, and elements of ``touching`` up to rounding as 0. Otherwise vectors of repeated
    values have no derivative: they give NaN, never a finite number.
    """
    value, here = plain(w), np.abs(plain(touching))
    n = value.shape[-1]
    size = np.finfo(here.dtype).eps * n * np.max(here, axis=(-2, -1), keepdims=True, initial=0)
    repeated = np.abs(value[..., None, :] - value[..., :, None]) <= blur
    untouched = (here <= size) & (np.swapaxes(here, -1, -2) <= size) & repeated | np.eye(n, dtype=bool)
    gaps = xp.expand_dims(w, -2) - xp.expand_dims(w, -1)
    quotient = xp.where(untouched, 0, numerators) / xp.where(repeated, 1, gaps)
    return xp.where(repeated & ~untouched, np.asarray(np.nan, here.dtype), quotient)


# --- symmetric eigenvalues ------------------------------------------------------------------------------------


def _eigenvalue(a, v, known):
    return known


def _eigenvector(a, w, known, blur):
    return known


def _repeated_eigenvector(a, w, known, blur):
    return known


def _eigenvalue_share(xp, g, v):
    return xp.matmul(conjugated(xp, v) * xp.expand_dims(g, -2), transposed(xp, v))


def _eigenvalue_tangent(xp, t, v):
    return xp.real(xp.sum(conjugated(xp, v) * xp.matmul(t, v), axis=-2))


def _eigenvector_share(xp, g, a, ans, w, blur):
    return _turning_share(xp, g, a, ans, w, blur, lambda inside: inside)


def _repeated_share(xp, g, a, ans, w, blur):
    """The share through vectors of repeated values, which only derivatives of the values read.

    A cotangent of 0 does not mean that nothing depends on them: what it would be multiplied by is infinite.
    """
    return _turning_share(xp, g, a, ans, w, blur, lambda inside: np.full(inside.shape, np.nan))


def _turning_share(xp, g, a, v, w, blur, touching):
    w = xp.eigenvalue(a, v, plain(w))
    inside = xp.matmul(transposed(xp, v), g)
    turns = _over_gaps(xp, 0.5 * (inside - adjoint(xp, inside)), w, touching(inside), blur)
    return xp.matmul(xp.matmul(conjugated(xp, v), turns), transposed(xp, v))


def _eigenvector_tangent(xp, t, a, ans, w, blur):
    w = xp.eigenvalue(a, ans, plain(w))
    inside = xp.matmul(adjoint(xp, ans), xp.matmul(t, ans))
    return xp.matmul(ans, _over_gaps(xp, inside, w, inside, blur))


rule(_eigenvalue, lambda xp, g, v: _eigenvalue_share(xp, g, v), no_share, jvp=(_eigenvalue_tangent, no_share))
rule(_eigenvector, _eigenvector_share, jvp=_eigenvector_tangent)
rule(_repeated_eigenvector, _repeated_share, jvp=_eigenvector_tangent)
follow_direction(_repeated_eigenvector)


def rounding(w, n):
    """How far values may lie from each other by rounding alone: those of n×n matrices, and of what made these."""
    return 8 * n * np.finfo(w.dtype).eps * np.max(np.abs(w), axis=-1, keepdims=True, initial=0)


def decomposed(a: Any, w: Any, v: Any) -> tuple[Any, Any]:
    """The recorded values and vectors of ``a``, of which ``w``, in ascending order, and ``v`` are given."""
    blur = rounding(w, a.shape[-1])[..., None]
    repeated = np.diff(w) <= blur[..., 0]
    if not np.any(repeated):
        vectors = TRACKED.eigenvector(a, w, v, blur)
        return TRACKED.eigenvalue(a, vectors, w), vectors
    direction = direction_of(a)
    if direction is not None:
        v = _turned(v, direction, repeated)
    values = TRACKED.eigenvalue(a, TRACKED.repeated_eigenvector(a, w, v, blur), w)
    return values, TRACKED.eigenvector(a, w, v, blur)


def _turned(v, direction, repeated):
    """``v`` with the vectors of each repeated value in the basis that makes ``direction`` diagonal."""
    v = np.array(v)
    for place in np.ndindex(v.shape[:-2]):
        starts = np.flatnonzero(np.concatenate(([True], ~repeated[place], [True])))
        for start, stop in itertools.pairwise(starts):
            if stop - start > 1:
                block = v[place][:, start:stop]
                turn = np.linalg.eigh(np.conj(block.T) @ direction[place] @ block)[1]
                v[place][:, start:stop] = block @ turn
    return v


_EIGH = type(np.linalg.eigh(np.eye(1)))


@defined_by(np.linalg.eigh)
def eigh(a, UPLO="L"):
    """`np.linalg.eigh`: a function of the triangle that it reads (KINK-82)."""
    known = np.linalg.eigh(plain(a), UPLO)
    return _EIGH(*decomposed(TRACKED.completed(a, UPLO.upper() == "L"), *known))


@defined_by(np.linalg.eigvalsh, valued=True)
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
    inside = xp.matmul(transposed(xp, ans), g - conjugated(xp, ans) * along)
    inside = _over_gaps(xp, inside, w, inside, 0)
    return xp.matmul(xp.inv(transposed(xp, ans)), xp.matmul(inside, transposed(xp, ans)))


def _cast(xp, found, dtype):
    return xp.real(found) if np.dtype(dtype).kind != "c" and found.dtype.kind == "c" else found


def _root_tangent(xp, t, v):
    return xp.sum(transposed(xp, xp.inv(v)) * xp.matmul(t, v), axis=-2)


def _direction_tangent(xp, t, a, ans, w):
    w = xp.root(a, ans, plain(w))
    inside = xp.matmul(xp.inv(ans), xp.matmul(t, ans))
    turned = xp.matmul(ans, _over_gaps(xp, inside, w, inside, 0))
    return turned - ans * xp.real(xp.sum(conjugated(xp, ans) * turned, axis=-2, keepdims=True))


rule(_root, lambda xp, g, v, a_dtype: _cast(xp, _root_share(xp, g, v), a_dtype), no_share,
     jvp=(_root_tangent, no_share))  # fmt: skip
rule(_direction, lambda xp, g, a, ans, w, a_dtype: _cast(xp, _direction_share(xp, g, a, ans, w), a_dtype),
     jvp=_direction_tangent)  # fmt: skip

_EIG = type(np.linalg.eig(np.eye(1)))


@defined_by(np.linalg.eig)
def eig(a):
    """`np.linalg.eig`, for matrices with distinct eigenvalues."""
    w, v = np.linalg.eig(plain(a))
    vectors = TRACKED.direction(a, w, v)
    return _EIG(TRACKED.root(a, vectors, w), vectors)


@defined_by(np.linalg.eigvals)
def eigvals(a):
    """`np.linalg.eigvals`, for matrices with distinct eigenvalues."""
    return eig(a)[0]
