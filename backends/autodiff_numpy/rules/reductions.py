"""Reductions and cumulative functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_numpy._array import foreign, lazy, plain
from autodiff_numpy._jvp import linear
from autodiff_numpy._rule import constant, defined_by, rule
from autodiff_numpy._tables import TRACKED
from autodiff_numpy.rules.indexing import number


def _spread(g, shape, axis, keepdims):
    """``g`` repeated along the axes that a reduction removed."""
    if not keepdims and axis is not None and g.ndim:
        g = g.reshape(kept(shape, axis))
    if type(g) is not np.ndarray and foreign(g):
        return np.broadcast_to(g, shape)
    full = np.empty(shape, g.dtype)
    full[...] = g
    return full


def kept(shape, axis):
    """The shape of a reduction's result with ``keepdims``."""
    if type(axis) is int:
        axis %= len(shape)
        return (*shape[:axis], 1, *shape[axis + 1 :])
    axes = _axes(axis, len(shape))
    return tuple([1 if i in axes else n for i, n in enumerate(shape)])


def _axes(axis, ndim):
    if axis is None or ndim == 0:  # where NumPy takes 0 and -1 for an axis
        return tuple(range(ndim))
    return tuple(a % ndim for a in (axis if isinstance(axis, tuple) else (axis,)))


def _count(shape, axis):
    if not shape and axis not in (None, ()):
        raise np.exceptions.AxisError(axis, 0)
    return math.prod(shape[a] for a in _axes(axis, len(shape)))


def _extremum(xp, g, a, ans, axis, keepdims):
    # KINK-08: all that tie for the extremum share equally
    shape = a.shape
    here = xp.equal(a, TRACKED.spread(ans, shape, axis, keepdims)).astype(a.dtype)
    share = here / np.sum(here, axis=axis, keepdims=True)
    return xp.spread(g, shape, axis, keepdims) * share


def _product(xp, g, a, ans, axis, keepdims):
    """The product of all the others; from both sides where factors are 0, which is right to any order (KINK-34)."""
    axes, shape = _axes(axis, a.ndim), a.shape
    known = plain(ans)
    if not lazy(known) and np.all(known != 0) and np.all(np.isfinite(known)):
        return xp.spread(g * ans, shape, axis, keepdims) / a
    rest = tuple(i for i in range(a.ndim) if i not in axes)
    moved = xp.transpose(a, rest + axes)
    rows = xp.reshape(moved, (*moved.shape[: len(rest)], math.prod(shape[i] for i in axes)))
    if rows.shape[-1] == 0:
        return None
    ones = np.ones((*rows.shape[:-1], 1), rows.dtype)
    left = xp.concatenate([ones, xp.running_product(rows[..., :-1], -1)], axis=-1)
    right = xp.concatenate([ones, xp.running_product(rows[..., :0:-1], -1)], axis=-1)[..., ::-1]
    back = tuple(int(i) for i in np.argsort(rest + axes))
    others = xp.transpose(xp.reshape(left * right, moved.shape), back)
    return xp.spread(g, shape, axis, keepdims) * others


def along_slopes(xp: Any, t: Any, share: Any, a: Any, ans: Any, axis: Any, keepdims: bool, *options: Any) -> Any:
    """The ``jvp`` of a reduction that has ``share`` for a ``vjp``: each result has elements of its own, so what comes
    back for a cotangent of ones are its slopes.
    """
    slopes = share(xp, np.ones(ans.shape, ans.dtype), a, ans, axis, keepdims, *options)
    if slopes is None:
        return None
    found = xp.sum(t * slopes, axis=axis, keepdims=bool(keepdims))
    return xp.real(found) if found.dtype.kind == "c" != ans.dtype.kind else found


def _summed(share):
    return lambda xp, t, a, ans, axis, keepdims: along_slopes(xp, t, share, a, ans, axis, keepdims)


rule(
    _spread,
    lambda xp, g, shape, axis, keepdims, g_shape: xp.reshape(xp.sum(g, axis=_axes(axis, len(shape))), g_shape),
    jvp=linear,
)


def _sum(a, axis=None, dtype=None, out=None, keepdims=False, initial=np._NoValue, where=np._NoValue):
    """`np.sum`, at half its price."""
    if type(a) is np.ndarray and initial is np._NoValue and where is np._NoValue:
        return np.add.reduce(a, axis, dtype, out, bool(keepdims))  # type: ignore[call-overload]
    options = {"initial": initial, "where": where}
    given = {name: option for name, option in options.items() if option is not np._NoValue}
    return np.sum(a, axis=axis, dtype=dtype, out=out, keepdims=keepdims, **given)


rule(_sum, lambda xp, g, a_shape, axis, keepdims: xp.spread(g, a_shape, axis, keepdims), jvp=linear, also=(np.sum,))
rule(np.max, _extremum, jvp=_summed(_extremum), also=(np.amax,))
rule(np.min, _extremum, jvp=_summed(_extremum), also=(np.amin,))
rule(np.prod, _product, jvp=_summed(_product))


@defined_by(np.mean)
def mean(a, axis=None, dtype=None, out=None, keepdims=False):
    """The sum over the count."""
    no_out(out)
    return TRACKED.sum(a, axis=axis, dtype=dtype, keepdims=keepdims) / _count(a.shape, axis)


@defined_by(np.var)
def var(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, correction=None):
    """The mean square of the deviations from the mean, with ``count - correction`` in place of the count."""
    no_out(out)
    deviation = a - mean(a, axis=axis, dtype=dtype, keepdims=True)
    squares = TRACKED.square(TRACKED.absolute(deviation)) if a.dtype.kind == "c" else TRACKED.square(deviation)
    count = max(_count(a.shape, axis) - (ddof if correction is None else correction), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return TRACKED.sum(squares, axis=axis, keepdims=keepdims) / np.asarray(count, squares.dtype)[()]


@defined_by(np.std)
def std(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, correction=None):
    """The root of `var`; where all elements are equal its derivative is 0 (KINK-25)."""
    variance = var(a, axis, dtype, out, ddof, keepdims, correction=correction)
    positive = variance != 0
    return number(TRACKED.where(positive, TRACKED.sqrt(TRACKED.where(positive, variance, 1)), 0))


def no_out(out):
    """Refuse ``out=``: a recorded result is a new array."""
    if out is not None:
        raise TypeError("out= cannot be used with recorded arrays; use the returned value")


for function in (np.all, np.any, np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.count_nonzero, np.nonzero,
                 np.flatnonzero, np.argwhere):  # fmt: skip
    constant(function)
