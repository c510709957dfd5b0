"""Inverses, systems of equations, powers of matrices."""

from __future__ import annotations

import functools

import numpy as np

from autodiff_numpy._array import plain
from autodiff_numpy._jvp import linear
from autodiff_numpy._pullback import unbroadcast
from autodiff_numpy._rule import constant, defined_by, rule
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._wrap import as_array


def transposed(xp, x):
    """The matrices with rows and columns swapped, without a conjugate."""
    return xp.swapaxes(x, -1, -2)


def adjoint(xp, x):
    """The conjugate transposes."""
    x = xp.swapaxes(x, -1, -2)
    return xp.conjugate(x) if x.dtype.kind == "c" else x


def _solve_columns(a, b):
    """The solution ``x`` of ``a @ x = b`` for stacks of matrices ``b``."""
    return np.linalg.solve(a, b)


rule(np.linalg.inv, lambda xp, g, ans: -xp.matmul(transposed(xp, ans), xp.matmul(g, transposed(xp, ans))),
     jvp=lambda xp, t, ans: -xp.matmul(ans, xp.matmul(t, ans)))  # fmt: skip
rule(
    _solve_columns,
    lambda xp, g, a, ans, a_shape, a_dtype: unbroadcast(
        xp, -xp.matmul(xp.solve_columns(transposed(xp, a), g), transposed(xp, ans)), a_shape, a_dtype
    ),
    lambda xp, g, a, b_shape, b_dtype: unbroadcast(xp, xp.solve_columns(transposed(xp, a), g), b_shape, b_dtype),
    jvp=(lambda xp, t, a, ans: -xp.solve_columns(a, xp.matmul(t, ans)), linear),
)


@defined_by(np.linalg.solve)
def solve(a, b):
    """`np.linalg.solve`: one vector, or stacks of matrices."""
    a, b = as_array(a), as_array(b)
    if b.ndim == 1:
        return TRACKED.solve_columns(a, TRACKED.expand_dims(b, -1))[..., 0]
    return TRACKED.solve_columns(a, b)


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


@defined_by(np.linalg.pinv)
def pinv(a, rcond=None, hermitian=False, *, rtol=None):
    """`np.linalg.pinv`."""
    rtol = rcond if rtol is None or rtol is np._NoValue else rtol
    return TRACKED.pseudo_inverse(a, None if rtol is None else plain(rtol))


@defined_by(np.linalg.matrix_power)
def matrix_power(a, n):
    """`np.linalg.matrix_power`: by squaring."""
    value = plain(a)
    known = np.linalg.matrix_power(value, n)  # its errors; and the dtype
    if n == 0:
        return TRACKED.where(True, known, a * 0)
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


@defined_by(np.linalg.multi_dot)
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
