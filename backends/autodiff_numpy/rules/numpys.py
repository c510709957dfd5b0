"""Functions of NumPy beyond the standard that are made of others."""

from __future__ import annotations

import numpy as np

from autodiff_numpy._array import UFUNC_METHODS, plain
from autodiff_numpy._record import RECORDED, composite, constant, rule
from autodiff_numpy.rules.cumulative import along
from autodiff_numpy.rules.reductions import no_out
from autodiff_spec import UnsupportedError

_LOG_2 = np.log(2.0).item()

rule(np.deg2rad, lambda xp, g: g * (np.pi / 180))
rule(np.radians, lambda xp, g: g * (np.pi / 180))
rule(np.rad2deg, lambda xp, g: g * (180 / np.pi))
rule(np.degrees, lambda xp, g: g * (180 / np.pi))


@composite(np.fmax)
def fmax(x1, x2):
    """`np.fmax`: the maximum, and where one is NaN the other."""
    return RECORDED.where(np.isnan(plain(x1)), x2, RECORDED.where(np.isnan(plain(x2)), x1, RECORDED.maximum(x1, x2)))


@composite(np.fmin)
def fmin(x1, x2):
    """`np.fmin`."""
    return RECORDED.where(np.isnan(plain(x1)), x2, RECORDED.where(np.isnan(plain(x2)), x1, RECORDED.minimum(x1, x2)))


@composite(np.logaddexp2)
def logaddexp2(x1, x2):
    """`np.logaddexp2`."""
    return RECORDED.logaddexp(RECORDED.multiply(x1, _LOG_2), RECORDED.multiply(x2, _LOG_2)) / _LOG_2


@composite(np.ldexp)
def ldexp(x1, x2):
    """`np.ldexp`: times a power of two."""
    return RECORDED.multiply(x1, np.ldexp(np.ones((), x1.dtype), plain(x2)))


@composite(np.divmod)
def divmod(x1, x2):
    """`np.divmod`."""
    return RECORDED.floor_divide(x1, x2), RECORDED.remainder(x1, x2)


@composite(np.modf)
def modf(x):
    """`np.modf`: the fractional part, and the integral one, which is a constant."""
    whole = np.trunc(plain(x))
    return x - whole, whole


@composite(np.sinc)
def sinc(x):
    """`np.sinc`: sin(πx) / (πx), and its power series near 0, so that every derivative is right there."""
    near = np.abs(plain(x)) < 0.05
    far = np.pi * RECORDED.where(near, 1, x)
    t = RECORDED.square(np.pi * RECORDED.where(near, x, 0))
    series = 1.0
    for k in range(12, 1, -2):  # Σ (-t)ᵏ/(2k+1)!, by Horner
        series = 1 - t * series / (k * (k + 1))
    return RECORDED.where(near, series, RECORDED.sin(far) / far)


@composite(np.angle)
def angle(z, deg=False):
    """`np.angle`."""
    found = RECORDED.arctan2(RECORDED.imag(z), RECORDED.real(z))
    return RECORDED.rad2deg(found) if deg else found


@composite(np.select)
def select(condlist, choicelist, default=0):
    """`np.select`: the first choice whose condition holds."""
    found = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        found = RECORDED.where(plain(condition), choice, found)
    return found


# --- methods of ufuncs ----------------------------------------------------------------------------------------


def _reduction(function):
    def reduce(array, axis=0, dtype=None, out=None, keepdims=False, **refused):
        if out is not None or refused:
            raise UnsupportedError("a reduction of recorded arrays takes no out=, initial=, where=; use np.where")
        if dtype is not None:
            array = RECORDED.astype(array, dtype)
        return function(array, axis=axis, keepdims=keepdims)

    return reduce


def _accumulation(function):
    def accumulate(array, axis=0, dtype=None, out=None):
        return function(array, axis, dtype, out)

    return accumulate


for name, reduction in {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}.items():
    UFUNC_METHODS[getattr(np, name), "reduce"] = _reduction(getattr(RECORDED, reduction))
for name, running in {"add": "cumsum", "multiply": "cumprod"}.items():
    UFUNC_METHODS[getattr(np, name), "accumulate"] = _accumulation(getattr(RECORDED, running))


# --- reductions -----------------------------------------------------------------------------------------------


@composite(np.ptp)
def ptp(a, axis=None, out=None, keepdims=False):
    """`np.ptp`."""
    no_out(out)
    return RECORDED.max(a, axis=axis, keepdims=keepdims) - RECORDED.min(a, axis=axis, keepdims=keepdims)


@composite(np.average)
def average(a, axis=None, weights=None, returned=False, *, keepdims=False):
    """`np.average`."""
    if weights is None:
        found = RECORDED.mean(a, axis=axis, keepdims=keepdims)
        return (found, np.full(found.shape, a.size / max(found.size, 1), a.dtype)) if returned else found
    if weights.shape != a.shape:
        weights = RECORDED.reshape(weights, tuple(n if i == axis % a.ndim else 1 for i, n in enumerate(a.shape)))
        weights = RECORDED.broadcast_to(weights, a.shape)
    total = RECORDED.sum(weights, axis=axis, keepdims=keepdims)
    found = RECORDED.sum(RECORDED.multiply(a, weights), axis=axis, keepdims=keepdims) / total
    return (found, total) if returned else found


@composite(np.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """`np.trapezoid`."""
    if x is None:
        steps = dx
    else:
        steps = RECORDED.diff(x, axis=-1 if x.ndim == 1 else axis)
        if x.ndim == 1:
            steps = RECORDED.reshape(steps, tuple(-1 if i == axis % y.ndim else 1 for i in range(y.ndim)))
    later, earlier = y[along(axis, y.ndim, slice(1, None))], y[along(axis, y.ndim, slice(None, -1))]
    return RECORDED.sum((later + earlier) * steps, axis=axis) / 2


@composite(np.ediff1d)
def ediff1d(ary, to_end=None, to_begin=None):
    """`np.ediff1d`."""
    parts = [to_begin, RECORDED.diff(RECORDED.ravel(ary)), to_end]
    parts = [RECORDED.ravel(part if hasattr(part, "dtype") else np.asarray(part)) for part in parts if part is not None]
    return RECORDED.concatenate(parts)


@composite(np.compress)
def compress(condition, a, axis=None, out=None):
    """`np.compress`."""
    no_out(out)
    if axis is None:
        a, axis = RECORDED.ravel(a), 0
    return a[along(axis, a.ndim, np.nonzero(plain(condition))[0])]


@composite(np.extract)
def extract(condition, arr):
    """`np.extract`."""
    return RECORDED.ravel(arr)[np.nonzero(np.ravel(plain(condition)))[0]]


@composite(np.polyval)
def polyval(p, x):
    """`np.polyval`, by Horner's scheme."""
    found = 0
    for coefficient in p:
        found = RECORDED.add(RECORDED.multiply(found, x), coefficient)
    return found


@composite(np.vander)
def vander(x, N=None, increasing=False):
    """`np.vander`."""
    powers = np.arange(x.shape[0] if N is None else N)
    return RECORDED.power(RECORDED.expand_dims(x, -1), powers if increasing else powers[::-1])


@composite(np.cov)
def cov(m, y=None, rowvar=True, bias=False, ddof=None):
    """`np.cov`, without weights."""
    rows = RECORDED.atleast_2d(m)
    rows = rows if rowvar or rows.shape[0] == 1 else rows.T
    if y is not None:
        more = RECORDED.atleast_2d(y)
        rows = RECORDED.concatenate([rows, more if rowvar or more.shape[0] == 1 else more.T], 0)
    deviation = rows - RECORDED.mean(rows, axis=1, keepdims=True)
    freedom = rows.shape[1] - ((0 if bias else 1) if ddof is None else ddof)
    other = RECORDED.conjugate(deviation) if deviation.dtype.kind == "c" else deviation
    return RECORDED.squeeze(RECORDED.matmul(deviation, other.T) / freedom)


@composite(np.copy)
def copy(a, order="K", subok=False):
    """`np.copy`."""
    return RECORDED.positive(a)


for function in (np.isposinf, np.isneginf, np.isreal, np.iscomplex, np.array_equiv,
                 np.may_share_memory, np.shares_memory, np.array_repr, np.array_str, np.array2string,
                 np.common_type):  # fmt: skip
    constant(function)
