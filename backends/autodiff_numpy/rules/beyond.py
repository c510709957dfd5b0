"""Functions beyond NumPy's own, which `autodiff_numpy.extra` and SciPy's names lead to."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from autodiff_numpy._array import foreign, lazy, plain
from autodiff_numpy._dask import by_blocks
from autodiff_numpy._jvp import elementwise
from autodiff_numpy._rule import rule
from autodiff_numpy._tables import VALUES
from autodiff_numpy.rules.reductions import along_slopes, kept


def largest(x, axis):
    """The largest elements along axes, as constants; 0 where that is infinite."""
    value = plain(x)
    if type(value) is np.ndarray and value.size:
        top = np.maximum.reduce(value, axis, keepdims=True)  # `np.max`, at half its price
    else:
        where_empty: dict[str, Any] = {} if value.size else {"initial": -np.inf}
        top = np.max(value, axis=axis, keepdims=True, **where_empty)
    return np.where(np.isfinite(top), top, 0)


def _probabilities(x, axis):
    """exp(x) / Σ exp(x) along an axis."""
    weights = np.exp(x - largest(x, axis))
    return weights / VALUES.sum(weights, axis=axis, keepdims=True)


def _log_probabilities(x, axis):
    return x - _log_sum_exp(x, axis, True)


def _top(x, axis):
    """Where the one largest element is; nowhere where several are."""
    value = plain(x)
    top = value == largest(x, axis)
    return top & (np.sum(top, axis=axis, keepdims=True) == 1)


def _adding_to_nothing(xp, share, x, axis):
    """A share whose elements add up to 0, the largest of ``x`` from the others: by itself it loses what 1 - p loses."""
    top = _top(x, axis)
    others = xp.where(top, 0, share)
    return xp.where(top, -xp.sum(others, axis=axis, keepdims=True), others)


def _softmax_share(xp, g, x, ans, axis):
    return _adding_to_nothing(xp, ans * (g - xp.sum(g * ans, axis=axis, keepdims=True)), x, axis)


def _log_softmax_share(xp, g, x, ans, axis):
    return _adding_to_nothing(xp, g - xp.exp(ans) * xp.sum(g, axis=axis, keepdims=True), x, axis)


def _log_softmax_tangent(xp, t, x, ans, axis):
    """The mean by probability is subtracted; of differences from the tangent of the largest, for the same reason."""
    t = t - xp.sum(xp.where(_top(x, axis), t, 0), axis=axis, keepdims=True)
    return t - xp.sum(xp.exp(ans) * t, axis=axis, keepdims=True)


rule(_probabilities, _softmax_share, jvp=elementwise)  # its Jacobian is symmetric
rule(_log_probabilities, _log_softmax_share, jvp=_log_softmax_tangent)


def _log_sum_exp(x, axis, keepdims):
    top = largest(x, axis)
    total = VALUES.sum(np.exp(x - top), axis=axis, keepdims=keepdims)
    return np.log(total) + top.reshape(total.shape)


def _log_sum_share(xp, g, x, ans, axis, keepdims):
    shape = kept(x.shape, axis)
    return g.reshape(shape) * (xp.exp(x - ans.reshape(shape)) if xp is VALUES else xp.probabilities(x, axis))


rule(
    _log_sum_exp,
    _log_sum_share,
    jvp=lambda xp, t, x, ans, axis, keepdims: along_slopes(xp, t, _log_sum_share, x, ans, axis, keepdims),
)


_ERF, _ERFC = np.frompyfunc(math.erf, 1, 1), np.frompyfunc(math.erfc, 1, 1)
_SLOPE = 2 / math.sqrt(math.pi)


def one_call(function):
    """A primitive that is one call in the trace of a prepared function, and one for each block of a Dask array."""

    @functools.wraps(function)
    def primitive(*args):
        for arg in args:
            if type(arg) is not np.ndarray and foreign(arg):
                return by_blocks(function, args) if lazy(arg) else arg.as_one(function, *args)
        return function(*args)

    return primitive


@one_call
def _erf(x):
    return np.asarray(_ERF(x)).astype(x.dtype)


@one_call
def _erf_complement(x):
    return np.asarray(_ERFC(x)).astype(x.dtype)


@one_call
def _exp_of_square(x, factor):
    """``exp(factor · x²)`` for a power of two as the factor; as exact as `exp`, however large the square.

    A part of x has so few digits that its square is exact, and what it leaves is small.
    """
    if x.dtype.kind == "c":
        return np.exp(factor * x * x)
    grid = {"e": 2.0, "f": 16.0}.get(x.dtype.char, 65536.0)
    near = np.clip(x, -64, 64)
    most = np.rint(near * grid) / grid
    return np.exp(factor * most * most) * np.exp(factor * (near - most) * (near + most))


rule(_exp_of_square, lambda xp, g, x, factor, ans: g * (x * ans * (2 * factor)), jvp=elementwise)
rule(_erf, lambda xp, g, x: g * xp.exp_of_square(x, -1) * _SLOPE, jvp=elementwise)
rule(_erf_complement, lambda xp, g, x: g * xp.exp_of_square(x, -1) * -_SLOPE, jvp=elementwise)
