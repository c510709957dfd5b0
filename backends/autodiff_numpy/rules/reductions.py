"""Reductions and cumulative functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_numpy._array import foreign, lazy
from autodiff_numpy._dask import ChunkedShape, spread
from autodiff_numpy._jvp import linear
from autodiff_numpy._rule import computed_by, constant, defined_by, rule
from autodiff_numpy._tables import TRACKED, VALUES


def _spread(g, shape, axis, keepdims):
    """``g`` repeated along the axes that a reduction removed."""
    if not keepdims and axis is not None and g.ndim:
        g = g.reshape(kept(shape, axis))
    if type(shape) is ChunkedShape or (type(g) is not np.ndarray and foreign(g)):
        return spread(g, shape)
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
    """The product of all the others; from both sides where factors are 0 (KINK-34), and at higher orders.

    There the terms of a quotient would cancel, all the more where a factor is small.
    """
    axes, shape = _axes(axis, a.ndim), a.shape
    if xp is VALUES and not lazy(ans) and divisible(ans):
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


def divisible(products):
    """Whether factors can be divided out of products: none is 0, infinite, or too small to have all its digits."""
    size = np.abs(products)
    return bool(np.all(size >= np.finfo(products.dtype).tiny) and np.all(size < np.inf))


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


def _unusual(numpys):
    """A reduction in another dtype, of some elements, or from a first value, which counts as one more element."""

    def definition(a, axis=None, dtype=None, keepdims=False, initial=None, where=None):
        a, function = in_dtype(a, dtype), getattr(TRACKED, numpys.__name__)
        if where is not None:
            if numpys is np.mean:
                counted, count = _counted(a, where, axis, keepdims)
                return TRACKED.sum(counted, axis=axis, keepdims=keepdims) / count
            neutral = {np.sum: 0, np.prod: 1}.get(numpys, initial)
            a = TRACKED.where(where, a, 0 if neutral is None else neutral)
        if initial is None:
            return function(a, axis=axis, keepdims=keepdims)
        rows, shape = merged(a, axis, keepdims)
        first = TRACKED.broadcast_to(TRACKED.astype(initial, a.dtype), (*rows.shape[:-1], 1))
        return TRACKED.reshape(function(TRACKED.concatenate([first, rows], -1), axis=-1), tuple(shape))

    return computed_by(numpys, definition)


def _counted(a, where, axis, keepdims):
    """``a`` with 0 for the elements that do not count, and how many do."""
    return TRACKED.where(where, a, 0), np.sum(np.broadcast_to(where, a.shape), axis=axis, keepdims=bool(keepdims))


def merged(a, axis, keepdims):
    """``a`` with the axes of a reduction merged into the last one, and the shape of the result."""
    axes = _axes(axis, a.ndim)
    rest = [i for i in range(a.ndim) if i not in axes]
    shape = [a.shape[i] for i in rest]
    rows = TRACKED.reshape(TRACKED.transpose(a, (*rest, *axes)), (*shape, math.prod(a.shape[i] for i in axes)))
    return rows, [1 if i in axes else n for i, n in enumerate(a.shape)] if keepdims else shape


def _over(g, n):
    """``g / n``; of a number too large for float16 times the reciprocal."""
    return g / n if n < 65504 else g * (1 / n)


rule(_sum, lambda xp, g, a_shape, axis, keepdims: xp.spread(g, a_shape, axis, keepdims), jvp=linear, also=(np.sum,),
     unusual=_unusual(np.sum))  # fmt: skip
rule(np.max, _extremum, jvp=_summed(_extremum), also=(np.amax,), unusual=_unusual(np.max))
rule(np.min, _extremum, jvp=_summed(_extremum), also=(np.amin,), unusual=_unusual(np.min))
rule(np.prod, _product, jvp=_summed(_product), unusual=_unusual(np.prod))
def _mean(a, axis=None, dtype=None, out=None, keepdims=False, where=True):
    """`np.mean`, at half its price where it adds up in the dtype of ``a``, and the count is a number of that."""
    if type(a) is np.ndarray and a.dtype.char in "fd" and dtype is out is None and where is True:
        n = _count(a.shape, axis)
        if n < 2**24:
            return np.add.reduce(a, axis, None, None, bool(keepdims)) / n  # type: ignore[call-overload]
    masked = {} if where is True else {"where": where}
    return np.mean(a, axis=axis, dtype=dtype, out=out, keepdims=bool(keepdims), **masked)


rule(
    _mean,
    lambda xp, g, a_shape, axis, keepdims: xp.spread(_over(g, max(_count(a_shape, axis), 1)), a_shape, axis, keepdims),
    jvp=linear,
    also=(np.mean,),
    unusual=_unusual(np.mean),
)


@defined_by(np.var, valued=True)
def var(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=None, correction=None):
    """The mean square of the deviations from the mean, with ``count - correction`` in place of the count."""
    no_out(out)
    ddof = ddof if correction is None else correction
    deviation, freedom = _deviation(in_dtype(a, dtype), axis, ddof, keepdims, where)
    squares = TRACKED.square(TRACKED.absolute(deviation)) if a.dtype.kind == "c" else TRACKED.square(deviation)
    return TRACKED.sum(squares, axis=axis, keepdims=keepdims) / np.asarray(freedom, squares.dtype)[()]


@defined_by(np.std, valued=True)
def std(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=None, correction=None):
    """The norm of the deviations from the mean over the root of their count; so 0 has the derivative 0 (KINK-25)."""
    no_out(out)
    ddof = ddof if correction is None else correction
    deviation, freedom = _deviation(in_dtype(a, dtype), axis, ddof, keepdims, where)
    count = np.sqrt(np.asarray(freedom, deviation.real.dtype)[()])
    return TRACKED.vector_norm(deviation, axis=axis, keepdims=keepdims) / count


def in_dtype(a, dtype):
    """``a`` in the dtype that a reduction was told to compute in."""
    return a if dtype is None else TRACKED.astype(a, dtype)


def _deviation(a, axis, ddof, keepdims, where):
    """The deviations from the mean, and the degrees of freedom; of the elements that count, where some do not."""
    if where is None:
        return a - TRACKED.mean(a, axis=axis, keepdims=True), max(_count(a.shape, axis) - ddof, 0)
    counted, count = _counted(a, where, axis, True)
    mean = TRACKED.sum(counted, axis=axis, keepdims=True) / count
    return TRACKED.where(where, a - mean, 0), np.maximum(_counted(a, where, axis, keepdims)[1] - ddof, 0)


def no_out(out):
    """Refuse ``out=``: a recorded result is a new array."""
    if out is not None:
        raise TypeError("out= cannot be used with recorded arrays; use the returned value")


for function in (np.all, np.any, np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.count_nonzero, np.nonzero,
                 np.flatnonzero, np.argwhere):  # fmt: skip
    constant(function)
