"""Functions of NumPy beyond the standard that are made of others."""

from __future__ import annotations

import functools

import numpy as np

from autodiff_numpy._array import plain
from autodiff_numpy._jvp import elementwise
from autodiff_numpy._rule import constant, defined_by, rule
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._wrap import as_array
from autodiff_numpy.rules.beyond import one_call
from autodiff_numpy.rules.cumulative import along
from autodiff_numpy.rules.indexing import flat_or_vector, laid_out
from autodiff_numpy.rules.reductions import no_out

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


@defined_by(np.logaddexp2, valued=True)
def logaddexp2(x1, x2):
    """`np.logaddexp2`."""
    return TRACKED.logaddexp(TRACKED.multiply(x1, _LOG_2), TRACKED.multiply(x2, _LOG_2)) / _LOG_2


@defined_by(np.fix)
def fix(x, out=None):
    """`np.fix`."""
    no_out(out)
    return TRACKED.trunc(x)


@defined_by(np.ldexp, valued=True)
def ldexp(x1, x2):
    """`np.ldexp`: times a power of two, by halves, for it may be out of range where the result is not."""
    half = plain(x2) // 2
    powers = (np.ldexp(np.ones((), x1.dtype), exponent) for exponent in (half, plain(x2) - half))
    return functools.reduce(TRACKED.multiply, powers, x1)


@defined_by(np.divmod)
def divmod(x1, x2):
    """`np.divmod`."""
    return TRACKED.floor_divide(x1, x2), TRACKED.remainder(x1, x2)


@defined_by(np.modf)
def modf(x):
    """`np.modf`: the fractional part, and the integral one, which is a constant."""
    whole = np.trunc(plain(x))
    return x - whole, whole


@one_call
def _sin_pi(x):
    """sin(πx) for the real part of x from -1 to 1, exactly 0 and ±1 where it is."""
    if x.dtype.kind != "c":
        x = np.where(np.abs(x) > 0.5, np.copysign(1, x) - x, x)
    return np.sin(np.pi * x)


@one_call
def _cos_pi(x):
    """cos(πx), likewise."""
    return _sin_pi(0.5 - np.abs(x)) if x.dtype.kind != "c" else np.cos(np.pi * x)


rule(_sin_pi, lambda xp, g, x: g * np.pi * xp.cos_pi(x), jvp=elementwise)
rule(_cos_pi, lambda xp, g, x: g * -np.pi * xp.sin_pi(x), jvp=elementwise)


@defined_by(np.sinc, valued=True)
def sinc(x):
    """`np.sinc`: sin(πx) / (πx), and its power series near 0, so that every derivative is right there."""
    near = np.abs(plain(x)) < 0.25
    away = TRACKED.where(near, 1, x)
    turned = TRACKED.sin_pi(away - 2 * np.rint(plain(away).real / 2))  # without whole turns, which are exact
    t = TRACKED.square(np.pi * TRACKED.where(near, x, 0))
    series = 1.0
    for k in range(16, 1, -2):  # Σ (-t)ᵏ/(2k+1)!, by Horner
        series = 1 - t * series / (k * (k + 1))
    return TRACKED.where(near, series, turned / (np.pi * away))


@defined_by(np.angle, valued=True)
def angle(z, deg=False):
    """`np.angle`."""
    found = TRACKED.arctan2(TRACKED.imag(z), TRACKED.real(z))
    return TRACKED.rad2deg(found) if deg else found


@defined_by(np.select, valued=True)
def select(condlist, choicelist, default=0):
    """`np.select`: the first choice whose condition holds."""
    found = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        found = TRACKED.where(plain(condition), choice, found)
    return found


# --- reductions -----------------------------------------------------------------------------------------------


@defined_by(np.ptp)
def ptp(a, axis=None, out=None, keepdims=False):
    """`np.ptp`."""
    no_out(out)
    return TRACKED.max(a, axis=axis, keepdims=keepdims) - TRACKED.min(a, axis=axis, keepdims=keepdims)


@defined_by(np.ediff1d, valued=True)
def ediff1d(ary, to_end=None, to_begin=None):
    """`np.ediff1d`."""
    parts = [to_begin, TRACKED.diff(TRACKED.ravel(ary)), to_end]
    parts = [TRACKED.ravel(as_array(part)) for part in parts if part is not None]
    return TRACKED.concatenate(parts)


@defined_by(np.compress)
def compress(condition, a, axis=None, out=None):
    """`np.compress`."""
    no_out(out)
    a, axis = flat_or_vector(a, axis)
    return laid_out(a[along(axis, a.ndim, np.nonzero(plain(condition))[0])])


@defined_by(np.extract)
def extract(condition, arr):
    """`np.extract`."""
    return TRACKED.ravel(arr)[np.nonzero(np.ravel(plain(condition)))[0]]


@defined_by(np.frexp)
def frexp(x):
    """`np.frexp`: the mantissa, and the exponent, which is a constant."""
    exponent = np.frexp(plain(x))[1]
    return TRACKED.ldexp(x, -exponent), exponent


@defined_by(np.real_if_close)
def real_if_close(a, tol=100):
    """`np.real_if_close`."""
    close = a.dtype.kind == "c" and np.real_if_close(plain(a), tol).dtype.kind != "c"
    return TRACKED.real(a) if close else a


@one_call
def _mean_of_exponentials(x, order):
    """The derivative of an order of the Bessel function I₀: the mean over θ of cosⁿθ·exp(x·cos θ).

    By the trapezoidal rule, which converges exponentially over a period (L. N. Trefethen and J. A. C. Weideman, The
    exponentially convergent trapezoidal rule, SIAM Review 56, 2014). θ and π - θ are added first: nothing cancels then.
    """
    x = np.asarray(x)
    largest = np.max(np.abs(x), initial=0.0, where=np.isfinite(x))
    count = 20 + int(5 * np.sqrt(largest))
    cosines = np.cos((np.arange(count) + 0.5) * np.pi / count)  # half a period, for the other half is the same
    pair = np.sinh if order % 2 else np.cosh
    return np.mean(cosines**order * pair(x[..., None] * cosines), axis=-1).astype(x.dtype)


rule(
    _mean_of_exponentials,
    lambda xp, g, x, order: g * xp.mean_of_exponentials(x, order + 1),
    jvp=elementwise,
)
rule(np.i0, lambda xp, g, x: g * xp.mean_of_exponentials(x, 1), jvp=elementwise)


# --- complex where the real line ends -------------------------------------------------------------------------


def _continued(function, name, inside):
    """``np.emath``'s version of a function: complex where an argument lies outside its real domain."""

    def definition(x, *rest):
        x = as_array(x)
        if x.dtype.kind != "c" and not np.all(inside(plain(x))):
            x = TRACKED.astype(x, np.result_type(x.dtype, np.complex64))
        return getattr(TRACKED, function)(x, *rest)

    definition.__name__, definition.__doc__ = f"{name}_continued", f"`np.emath.{name}`."
    defined_by(getattr(np.emath, name), valued=True)(definition)


def _not_negative(x):
    return x >= 0


def _in_the_unit(x):
    return np.abs(x) <= 1


for name in ("sqrt", "log", "log2", "log10"):
    _continued(name, name, _not_negative)
for name in ("arccos", "arcsin", "arctanh"):
    _continued(name, name, _in_the_unit)
_continued("power", "power", _not_negative)


@defined_by(np.emath.logn, valued=True)
def logn_continued(base, x):
    """`np.emath.logn`."""
    return np.emath.log(x) / np.emath.log(base)


# --- a function of each slice ---------------------------------------------------------------------------------


@defined_by(np.apply_along_axis)
def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    """`np.apply_along_axis`."""
    last = TRACKED.moveaxis(as_array(arr), axis, -1)
    others = last.shape[:-1]
    found = [as_array(func1d(last[index], *args, **kwargs)) for index in np.ndindex(others)]
    if not found:
        raise ValueError("np.apply_along_axis has no slice to apply a function to")
    inner = found[0].ndim
    stacked = TRACKED.reshape(TRACKED.stack(found), (*others, *found[0].shape))
    place = axis % last.ndim
    return TRACKED.moveaxis(stacked, range(-inner, 0), range(place, place + inner))


@defined_by(np.apply_over_axes)
def apply_over_axes(func, a, axes):
    """`np.apply_over_axes`."""
    found = a
    for axis in np.atleast_1d(axes):
        axis = int(axis) + a.ndim if axis < 0 else int(axis)
        reduced = func(found, axis)
        found = reduced if reduced.ndim == found.ndim else TRACKED.expand_dims(reduced, axis)
    return found


@defined_by(np.ix_, valued=True)
def ix_(*args):
    """`np.ix_`: each vector along an axis of its own; floating ones are no indices, and yet NumPy takes them."""
    vectors = [np.nonzero(plain(x))[0] if as_array(x).dtype == np.bool else as_array(x) for x in args]
    return tuple(
        TRACKED.reshape(x, tuple(-1 if i == j else 1 for j in range(len(args)))) for i, x in enumerate(vectors)
    )


@defined_by(np.copy)
def copy(a, order="K", subok=False):
    """`np.copy`."""
    return TRACKED.copied(a, order)


for function in (np.isposinf, np.isneginf, np.isreal, np.iscomplex, np.array_equiv, np.may_share_memory,
                 np.shares_memory, np.array_repr, np.array_str, np.array2string, np.common_type, np.min_scalar_type,
                 np.spacing, np.einsum_path, np.tril_indices_from, np.triu_indices_from,
                 np.diag_indices_from):  # fmt: skip
    constant(function)
