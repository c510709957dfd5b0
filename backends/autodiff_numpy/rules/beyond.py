"""Functions beyond NumPy's own, which `autodiff_numpy.extra` and SciPy's names lead to."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_numpy._array import foreign, plain
from autodiff_numpy._jvp import elementwise
from autodiff_numpy._rule import rule
from autodiff_numpy._tables import TRACKED, VALUES
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


def softmax(x, axis):
    """exp(x) / Σ exp(x) along an axis."""
    weights = TRACKED.exp(x - largest(x, axis))
    return weights / TRACKED.sum(weights, axis=axis, keepdims=True)


def _log_sum_exp(x, axis, keepdims):
    top = largest(x, axis)
    total = VALUES.sum(np.exp(x - top), axis=axis, keepdims=keepdims)
    return np.log(total) + top.reshape(total.shape)


def _softmax_share(xp, g, x, ans, axis, keepdims):
    shape = kept(x.shape, axis)
    return g.reshape(shape) * xp.exp(x - ans.reshape(shape))


rule(
    _log_sum_exp,
    _softmax_share,
    jvp=lambda xp, t, x, ans, axis, keepdims: along_slopes(xp, t, _softmax_share, x, ans, axis, keepdims),
)


_ERF = np.frompyfunc(math.erf, 1, 1)


def _erf(x):
    if foreign(x) and hasattr(type(x), "as_one"):
        return x.as_one(_erf, x)
    return np.asarray(_ERF(x)).astype(x.dtype)


rule(_erf, lambda xp, g, x: g * xp.exp(-x * x) * (2 / math.sqrt(math.pi)), jvp=elementwise)
