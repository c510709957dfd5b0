"""Functions of NumPy beyond the standard that are made of others."""

from __future__ import annotations

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autodiff_numpy._array import lazy, plain
from autodiff_numpy._rule import constant, defined_by, rule
from autodiff_numpy._tables import TRACKED, UFUNC_METHODS
from autodiff_numpy.rules.cumulative import along
from autodiff_numpy.rules.indexing import flat_or_vector
from autodiff_numpy.rules.reductions import no_out
from autodiff_spec import UnsupportedError

_LOG_2 = np.log(2.0).item()

rule(np.deg2rad, lambda xp, g: g * (np.pi / 180))
rule(np.radians, lambda xp, g: g * (np.pi / 180))
rule(np.rad2deg, lambda xp, g: g * (180 / np.pi))
rule(np.degrees, lambda xp, g: g * (180 / np.pi))


@defined_by(np.fmax)
def fmax(x1, x2):
    """`np.fmax`: the maximum, and where one is NaN the other."""
    return TRACKED.where(np.isnan(plain(x1)), x2, TRACKED.where(np.isnan(plain(x2)), x1, TRACKED.maximum(x1, x2)))


@defined_by(np.fmin)
def fmin(x1, x2):
    """`np.fmin`."""
    return TRACKED.where(np.isnan(plain(x1)), x2, TRACKED.where(np.isnan(plain(x2)), x1, TRACKED.minimum(x1, x2)))


@defined_by(np.logaddexp2)
def logaddexp2(x1, x2):
    """`np.logaddexp2`."""
    return TRACKED.logaddexp(TRACKED.multiply(x1, _LOG_2), TRACKED.multiply(x2, _LOG_2)) / _LOG_2


@defined_by(np.fix)
def fix(x, out=None):
    """`np.fix`."""
    no_out(out)
    return TRACKED.trunc(x)


@defined_by(np.ldexp)
def ldexp(x1, x2):
    """`np.ldexp`: times a power of two."""
    return TRACKED.multiply(x1, np.ldexp(np.ones((), x1.dtype), plain(x2)))


@defined_by(np.divmod)
def divmod(x1, x2):
    """`np.divmod`."""
    return TRACKED.floor_divide(x1, x2), TRACKED.remainder(x1, x2)


@defined_by(np.modf)
def modf(x):
    """`np.modf`: the fractional part, and the integral one, which is a constant."""
    whole = np.trunc(plain(x))
    return x - whole, whole


@defined_by(np.sinc)
def sinc(x):
    """`np.sinc`: sin(πx) / (πx), and its power series near 0, so that every derivative is right there."""
    near = np.abs(plain(x)) < 0.05
    far = np.pi * TRACKED.where(near, 1, x)
    t = TRACKED.square(np.pi * TRACKED.where(near, x, 0))
    series = 1.0
    for k in range(12, 1, -2):  # Σ (-t)ᵏ/(2k+1)!, by Horner
        series = 1 - t * series / (k * (k + 1))
    return TRACKED.where(near, series, TRACKED.sin(far) / far)


@defined_by(np.angle)
def angle(z, deg=False):
    """`np.angle`."""
    found = TRACKED.arctan2(TRACKED.imag(z), TRACKED.real(z))
    return TRACKED.rad2deg(found) if deg else found


@defined_by(np.select)
def select(condlist, choicelist, default=0):
    """`np.select`: the first choice whose condition holds."""
    found = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        found = TRACKED.where(plain(condition), choice, found)
    return found


# --- methods of ufuncs ----------------------------------------------------------------------------------------


def _reduction(function):
    def reduce(array, axis=0, dtype=None, out=None, keepdims=False, **refused):
        if out is not None or refused:
            raise UnsupportedError("a reduction of recorded arrays takes no out=, initial=, where=; use np.where")
        if dtype is not None:
            array = TRACKED.astype(array, dtype)
        return function(array, axis=axis, keepdims=keepdims)

    return reduce


def _accumulation(function):
    def accumulate(array, axis=0, dtype=None, out=None):
        return function(array, axis, dtype, out)

    return accumulate


for name, reduction in {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}.items():
    UFUNC_METHODS[getattr(np, name), "reduce"] = _reduction(getattr(TRACKED, reduction))
for name, running in {"add": "cumsum", "multiply": "cumprod"}.items():
    UFUNC_METHODS[getattr(np, name), "accumulate"] = _accumulation(getattr(TRACKED, running))


# --- reductions -----------------------------------------------------------------------------------------------


@defined_by(np.ptp)
def ptp(a, axis=None, out=None, keepdims=False):
    """`np.ptp`."""
    no_out(out)
    return TRACKED.max(a, axis=axis, keepdims=keepdims) - TRACKED.min(a, axis=axis, keepdims=keepdims)


@defined_by(np.average)
def average(a, axis=None, weights=None, returned=False, *, keepdims=False):
    """`np.average`."""
    if weights is None:
        found = TRACKED.mean(a, axis=axis, keepdims=keepdims)
        return (found, np.full(found.shape, a.size / max(found.size, 1), a.dtype)) if returned else found
    if weights.shape != a.shape:
        weights = TRACKED.reshape(weights, tuple(n if i == axis % a.ndim else 1 for i, n in enumerate(a.shape)))
        weights = TRACKED.broadcast_to(weights, a.shape)
    total = TRACKED.sum(weights, axis=axis, keepdims=keepdims)
    if not lazy(plain(total)) and np.any(plain(total) == 0):
        raise ZeroDivisionError("the weights of average sum to zero")
    found = TRACKED.sum(TRACKED.multiply(a, weights), axis=axis, keepdims=keepdims) / total
    return (found, total) if returned else found


@defined_by(np.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """`np.trapezoid`."""
    if x is None:
        steps = dx
    else:
        steps = TRACKED.diff(x, axis=-1 if x.ndim == 1 else axis)
        if x.ndim == 1:
            steps = TRACKED.reshape(steps, tuple(-1 if i == axis % y.ndim else 1 for i in range(y.ndim)))
    later, earlier = y[along(axis, y.ndim, slice(1, None))], y[along(axis, y.ndim, slice(None, -1))]
    return TRACKED.sum((later + earlier) * steps, axis=axis) / 2


@defined_by(np.gradient)
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
    return TRACKED.concatenate([first, (at(2) - at(0, -2)) / 2, last], axis) / h


@defined_by(np.linspace)
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0, *, device=None):
    """`np.linspace` between recorded ends."""
    parts = num - 1 if endpoint else num
    width = TRACKED.subtract(stop, start)
    shares = np.arange(num) / max(parts, 1)
    shares = shares.astype(plain(width).dtype).reshape(num, *(1,) * np.ndim(plain(width)))
    found = TRACKED.moveaxis(TRACKED.add(start, shares * width), 0, axis)
    found = found if dtype is None else TRACKED.astype(found, dtype)
    return (found, width / max(parts, 1)) if retstep else found


@defined_by(np.logspace)
def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    """`np.logspace`."""
    found = TRACKED.power(base, linspace(start, stop, num, endpoint, axis=axis))
    return found if dtype is None else TRACKED.astype(found, dtype)


@defined_by(np.ediff1d)
def ediff1d(ary, to_end=None, to_begin=None):
    """`np.ediff1d`."""
    parts = [to_begin, TRACKED.diff(TRACKED.ravel(ary)), to_end]
    parts = [TRACKED.ravel(part if hasattr(part, "dtype") else np.asarray(part)) for part in parts if part is not None]
    return TRACKED.concatenate(parts)


@defined_by(np.compress)
def compress(condition, a, axis=None, out=None):
    """`np.compress`."""
    no_out(out)
    a, axis = flat_or_vector(a, axis)
    return a[along(axis, a.ndim, np.nonzero(plain(condition))[0])]


@defined_by(np.extract)
def extract(condition, arr):
    """`np.extract`."""
    return TRACKED.ravel(arr)[np.nonzero(np.ravel(plain(condition)))[0]]


@defined_by(np.polyval)
def polyval(p, x):
    """`np.polyval`, by Horner's scheme."""
    found = np.zeros_like(plain(x))
    for coefficient in p:
        found = TRACKED.add(TRACKED.multiply(found, x), coefficient)
    return found


@defined_by(np.vander)
def vander(x, N=None, increasing=False):
    """`np.vander`."""
    if x.ndim != 1:
        raise ValueError(f"vander needs an array of one dimension, not {x.ndim}")
    powers = np.arange(x.shape[0] if N is None else N)
    return TRACKED.power(TRACKED.expand_dims(x, -1), powers if increasing else powers[::-1])


@defined_by(np.cov)
def cov(m, y=None, rowvar=True, bias=False, ddof=None):
    """`np.cov`, without weights."""
    rows = _variables(m, rowvar)
    if y is not None:
        rows = TRACKED.concatenate([rows, _variables(y, rowvar)], 0)
    deviation = rows - TRACKED.mean(rows, axis=1, keepdims=True)
    freedom = max(rows.shape[1] - ((0 if bias else 1) if ddof is None else ddof), 0)
    other = TRACKED.conjugate(deviation) if deviation.dtype.kind == "c" else deviation
    return TRACKED.squeeze(TRACKED.matmul(deviation, other.T) / freedom)


def _variables(m, rowvar):
    """A matrix whose rows are variables, and whose columns their observations."""
    if m.ndim > 2:
        raise ValueError(f"cov needs an array of at most two dimensions, not {m.ndim}")
    rows = TRACKED.atleast_2d(m)
    return rows if rowvar or m.ndim == 1 else rows.T


@defined_by(np.copy)
def copy(a, order="K", subok=False):
    """`np.copy`."""
    return TRACKED.positive(a)


for function in (np.isposinf, np.isneginf, np.isreal, np.iscomplex, np.array_equiv,
                 np.may_share_memory, np.shares_memory, np.array_repr, np.array_str, np.array2string,
                 np.common_type, np.tril_indices_from, np.triu_indices_from, np.diag_indices_from):  # fmt: skip
    constant(function)
