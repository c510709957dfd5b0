"""Running sums and products, and the linear recurrence whose derivative is one again."""

from __future__ import annotations

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autodiff_numpy._array import lazy, plain
from autodiff_numpy._jvp import linear
from autodiff_numpy._rule import defined_by, rule
from autodiff_numpy._tables import TRACKED, VALUES
from autodiff_numpy.rules.reductions import divisible, no_out
from autodiff_spec import UnsupportedError


def along(axis, ndim, part):
    """The index that takes ``part`` along an axis and everything along the others."""
    return (slice(None),) * normalize_axis_index(axis, ndim) + (part,)


def _running_sum(x, axis):
    return np.cumsum(x, axis=axis)


def _running_product(x, axis):
    return np.cumprod(x, axis=axis)


def _recurrence(a, b, axis):
    """The solution of ``r[0] = b[0]``, ``r[i] = a[i] * r[i-1] + b[i]`` along an axis."""
    found = np.moveaxis(np.array(np.broadcast_to(b, np.broadcast_shapes(a.shape, b.shape))), axis, 0)
    factors = np.moveaxis(a, axis, 0)
    for i in range(1, len(found)):
        found[i] += factors[i] * found[i - 1]
    return np.moveaxis(found, 0, axis)


def _later(xp, x, axis, last):
    """``x`` one place further on, and ``last`` at the end."""
    end = np.full(plain(x)[along(axis, x.ndim, slice(0, 1))].shape, last, x.dtype)
    return xp.concatenate([x[along(axis, x.ndim, slice(1, None))], end], axis)


def _earlier(xp, x, axis, first):
    """``x`` one place further back, and ``first`` at the beginning."""
    start = np.full(plain(x)[along(axis, x.ndim, slice(0, 1))].shape, first, x.dtype)
    return xp.concatenate([start, x[along(axis, x.ndim, slice(None, -1))]], axis)


def _backwards(xp, a, b, axis):
    """The recurrence from the end to the beginning: ``r[i] = a[i+1] * r[i+1] + b[i]``."""
    factors = xp.flip(_later(xp, a, axis, 0), axis)
    return xp.flip(xp.recurrence(factors, xp.flip(b, axis), axis), axis)


def _factor_share(xp, g, x, ans, axis):
    """The products of all others, summed over the running products that a factor is in.

    Where no product is 0 that is a running sum, in a first derivative; otherwise (KINK-36) what comes before a factor
    times a recurrence over what comes after it, which divides by nothing and so is right at every order.
    """
    if ans.size == 0:
        return g
    if lazy(plain(ans)):
        raise UnsupportedError("the derivative of running products looks for zeros: say x.compute() of a Dask array")
    if xp is VALUES and divisible(ans):
        return xp.flip(xp.running_sum(xp.flip(g * ans, axis), axis), axis) / x
    return _earlier(xp, ans, axis, 1) * _backwards(xp, x, g, axis)


def _product_tangent(xp, t, x, ans, axis):
    """The product rule, ``r[i] = x[i] * r[i-1] + ans[i-1] * t[i]``; a running sum as the share of a factor is one."""
    if xp is VALUES and divisible(ans):
        return xp.running_sum(t / x, axis) * ans
    return xp.recurrence(x, _earlier(xp, ans, axis, 1) * t, axis)


rule(_running_sum, lambda xp, g, axis: xp.flip(xp.running_sum(xp.flip(g, axis), axis), axis), jvp=linear)
rule(_running_product, _factor_share, jvp=_product_tangent)
rule(
    _recurrence,
    lambda xp, g, a, ans, axis: _backwards(xp, a, g, axis) * _earlier(xp, ans, axis, 0),
    lambda xp, g, a, axis: _backwards(xp, a, g, axis),
    jvp=(lambda xp, t, a, ans, axis: xp.recurrence(a, t * _earlier(xp, ans, axis, 0), axis), linear),
)


@defined_by(np.cumulative_sum)
def cumulative_sum(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
    """`np.cumulative_sum`."""
    no_out(out)
    if dtype is not None and np.dtype(dtype).kind not in "fc":  # KINK-54: a constant
        return np.cumulative_sum(plain(x), axis=axis, dtype=dtype, include_initial=include_initial)
    return _cumulative(TRACKED.running_sum, 0, x, axis, dtype, include_initial)


@defined_by(np.cumulative_prod)
def cumulative_prod(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
    """`np.cumulative_prod`."""
    no_out(out)
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        return np.cumulative_prod(plain(x), axis=axis, dtype=dtype, include_initial=include_initial)
    return _cumulative(TRACKED.running_product, 1, x, axis, dtype, include_initial)


def _cumulative(function, start, x, axis, dtype, include_initial):
    if axis is None:
        if x.ndim > 1:
            raise ValueError(f"axis= is needed for an array of {x.ndim} dimensions")
        axis = 0
    x = TRACKED.atleast_1d(x if dtype is None else TRACKED.astype(x, dtype))
    axis = normalize_axis_index(axis, x.ndim)
    found = function(x, axis)
    if not include_initial:
        return found
    shape = tuple(1 if i == axis else n for i, n in enumerate(x.shape))
    return TRACKED.concatenate([np.full(shape, start, found.dtype), found], axis)


@defined_by(np.cumsum)
def cumsum(a, axis=None, dtype=None, out=None):
    """`np.cumsum`."""
    a = TRACKED.ravel(a) if axis is None else a
    return cumulative_sum(a, axis=0 if axis is None else axis, dtype=dtype, out=out)


@defined_by(np.cumprod)
def cumprod(a, axis=None, dtype=None, out=None):
    """`np.cumprod`."""
    a = TRACKED.ravel(a) if axis is None else a
    return cumulative_prod(a, axis=0 if axis is None else axis, dtype=dtype, out=out)


@defined_by(np.diff)
def diff(a, n=1, axis=-1, prepend=None, append=None):
    """`np.diff`: differences of neighbours, ``n`` times."""
    if n == 0:
        return TRACKED.positive(a)
    if n < 0:
        raise ValueError(f"the order of diff must not be negative, and is {n}")
    ends = [prepend, a, append]
    if prepend is not None or append is not None:
        a = TRACKED.concatenate([_end(end, a, axis) for end in ends if end is not None], axis)
    later, earlier = along(axis, a.ndim, slice(1, None)), along(axis, a.ndim, slice(None, -1))
    for _ in range(n):
        a = TRACKED.not_equal(a[later], a[earlier]) if a.dtype == np.bool else a[later] - a[earlier]
    return a


def _end(end, a, axis):
    if np.ndim(end):
        return end
    shape = tuple(1 if i == axis % a.ndim else n for i, n in enumerate(a.shape))
    return TRACKED.broadcast_to(np.asarray(end) if np.isscalar(end) else end, shape)
