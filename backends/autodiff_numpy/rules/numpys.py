"""Functions of NumPy beyond the standard that are made of others."""

from __future__ import annotations

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autodiff_numpy._array import UFUNC_METHODS, lazy, plain
from autodiff_numpy._rule import RECORDED, composite, constant, rule
from autodiff_numpy.rules.cumulative import along
from autodiff_numpy.rules.indexing import flat_or_vector
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


@composite(np.fix)
def fix(x, out=None):
    """`np.fix`."""
    no_out(out)
    return RECORDED.trunc(x)


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
    if not lazy(plain(total)) and np.any(plain(total) == 0):
        raise ZeroDivisionError("the weights of average sum to zero")
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


@composite(np.gradient)
def gradient(f, *varargs, axis=None, edge_order=1):
    """`np.gradient` with a number for each spacing: central differences, and one-sided ones at the ends."""
    axes = range(f.ndim) if axis is None else normalize_axis_tuple(axis, f.ndim)
    spacings = varargs * (len(axes) if len(varargs) == 1 else 1) or (1.0,) * len(axes)
    if any(np.ndim(h) for h in spacings):
        raise UnsupportedError("np.gradient of a recorded array takes numbers as spacings, no coordinates")
    if len(spacings) != len(axes):
        raise TypeError(f"gradient got {len(varargs)} spacings for {len(axes)} axes")
    found = tuple([_slopes(f, h, i, edge_order) for h, i in zip(spacings, axes, strict=True)])
    return found[0] if len(found) == 1 else found


def _slopes(f, h, axis, edge_order):
    if f.shape[axis] <= edge_order:
        raise ValueError(f"gradient needs {edge_order + 1} elements along an axis, not {f.shape[axis]}")

    def at(start, stop=None):
        return f[along(axis, f.ndim, slice(start, stop))]

    if edge_order == 1:
        first, last = at(1, 2) - at(0, 1), at(-1) - at(-2, -1)
    else:
        first = -1.5 * at(0, 1) + 2 * at(1, 2) - 0.5 * at(2, 3)
        last = 1.5 * at(-1) - 2 * at(-2, -1) + 0.5 * at(-3, -2)
    return RECORDED.concatenate([first, (at(2) - at(0, -2)) / 2, last], axis) / h


@composite(np.linspace)
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0, *, device=None):
    """`np.linspace` between recorded ends."""
    parts = num - 1 if endpoint else num
    width = RECORDED.subtract(stop, start)
    shares = np.arange(num) / max(parts, 1)
    shares = shares.astype(plain(width).dtype).reshape(num, *(1,) * np.ndim(plain(width)))
    found = RECORDED.moveaxis(RECORDED.add(start, shares * width), 0, axis)
    found = found if dtype is None else RECORDED.astype(found, dtype)
    return (found, width / max(parts, 1)) if retstep else found


@composite(np.logspace)
def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    """`np.logspace`."""
    found = RECORDED.power(base, linspace(start, stop, num, endpoint, axis=axis))
    return found if dtype is None else RECORDED.astype(found, dtype)


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
    a, axis = flat_or_vector(a, axis)
    return a[along(axis, a.ndim, np.nonzero(plain(condition))[0])]


@composite(np.extract)
def extract(condition, arr):
    """`np.extract`."""
    return RECORDED.ravel(arr)[np.nonzero(np.ravel(plain(condition)))[0]]


@composite(np.polyval)
def polyval(p, x):
    """`np.polyval`, by Horner's scheme."""
    found = np.zeros_like(plain(x))
    for coefficient in p:
        found = RECORDED.add(RECORDED.multiply(found, x), coefficient)
    return found


@composite(np.vander)
def vander(x, N=None, increasing=False):
    """`np.vander`."""
    if x.ndim != 1:
        raise ValueError(f"vander needs an array of one dimension, not {x.ndim}")
    powers = np.arange(x.shape[0] if N is None else N)
    return RECORDED.power(RECORDED.expand_dims(x, -1), powers if increasing else powers[::-1])


@composite(np.cov)
def cov(m, y=None, rowvar=True, bias=False, ddof=None):
    """`np.cov`, without weights."""
    rows = _variables(m, rowvar)
    if y is not None:
        rows = RECORDED.concatenate([rows, _variables(y, rowvar)], 0)
    deviation = rows - RECORDED.mean(rows, axis=1, keepdims=True)
    freedom = max(rows.shape[1] - ((0 if bias else 1) if ddof is None else ddof), 0)
    other = RECORDED.conjugate(deviation) if deviation.dtype.kind == "c" else deviation
    return RECORDED.squeeze(RECORDED.matmul(deviation, other.T) / freedom)


def _variables(m, rowvar):
    """A matrix whose rows are variables, and whose columns their observations."""
    if m.ndim > 2:
        raise ValueError(f"cov needs an array of at most two dimensions, not {m.ndim}")
    rows = RECORDED.atleast_2d(m)
    return rows if rowvar or m.ndim == 1 else rows.T


@composite(np.copy)
def copy(a, order="K", subok=False):
    """`np.copy`."""
    return RECORDED.positive(a)


for function in (np.isposinf, np.isneginf, np.isreal, np.iscomplex, np.array_equiv,
                 np.may_share_memory, np.shares_memory, np.array_repr, np.array_str, np.array2string,
                 np.common_type, np.tril_indices_from, np.triu_indices_from, np.diag_indices_from):  # fmt: skip
    constant(function)
