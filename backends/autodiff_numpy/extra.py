"""The same few functions beyond the standard that every backend has."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_numpy import xp
from autodiff_numpy._array import plain
from autodiff_numpy._record import RECORDED, rule


def relu(x: Any) -> Any:
    """The positive part; its derivative at 0 is 0: it is a function of one argument."""
    return xp.where(x > 0, x, 0)


def _sigmoid(x: Any) -> Any:
    small = np.exp(-np.abs(x))  # at most 1: no overflow on either side
    return np.where(x >= 0, 1, small) / (1 + small)


rule(_sigmoid, lambda xp, g, ans: g * ans * (1 - ans))


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return RECORDED.sigmoid(x)


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow."""
    return xp.logaddexp(x, 0.0)


def logsumexp(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    """log Σ exp(x) along axes, shifted by the largest element."""
    top = np.max(plain(x), axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0).astype(x.dtype)
    found = xp.log(xp.sum(xp.exp(x - top), axis=axis, keepdims=True)) + top
    return found if keepdims else xp.reshape(found, np.sum(np.empty(x.shape), axis=axis).shape)


def softmax(x: Any, /, *, axis: int = -1) -> Any:
    """exp(x) / Σ exp(x) along an axis."""
    top = np.max(plain(x), axis=axis, keepdims=True, initial=-np.inf)
    weights = xp.exp(x - np.where(np.isfinite(top), top, 0).astype(x.dtype))
    return weights / xp.sum(weights, axis=axis, keepdims=True)


def xlogy(x: Any, y: Any, /) -> Any:
    """x·log(y), 0 where x is 0 and y is not negative; its derivative in x is log(y) there too."""
    zero = (x == 0) & (y == 0)
    return xp.where(zero, 0, x * xp.log(xp.where(zero, 1, y)))


def sinc(x: Any, /) -> Any:
    """sin(πx) / (πx), and its power series near 0, so that every derivative is right there."""
    near = xp.abs(x) < 0.05
    far = np.pi * xp.where(near, 1, x)
    t = xp.square(np.pi * xp.where(near, x, 0))
    series = 1.0
    for k in range(12, 1, -2):  # Σ (-t)ᵏ/(2k+1)!, by Horner
        series = 1 - t * series / (k * (k + 1))
    return xp.where(near, series, xp.sin(far) / far)


_ERF = np.frompyfunc(math.erf, 1, 1)


def _erf(x: Any) -> Any:
    return np.asarray(_ERF(x)).astype(x.dtype)


rule(_erf, lambda xp, g, x: g * xp.exp(-x * x) * (2 / math.sqrt(math.pi)))


def erf(x: Any, /) -> Any:
    """The error function 2/√π ∫₀ˣ exp(-t²) dt."""
    return RECORDED.erf(x)


__all__ = ["erf", "logsumexp", "relu", "sigmoid", "sinc", "softmax", "softplus", "xlogy"]
