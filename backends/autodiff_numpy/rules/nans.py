"""Reductions that pass over NaN: it is replaced by what changes nothing, and so is constant."""

from __future__ import annotations

import numpy as np

from autodiff_numpy._array import Array, plain
from autodiff_numpy._rule import defined_by
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._views import require_writable, store
from autodiff_numpy.rules.indexing import number
from autodiff_numpy.rules.reductions import no_out


def _with(a, value):
    """``a`` with ``value`` in place of NaN."""
    return TRACKED.where(np.isnan(plain(a)), np.asarray(value, a.dtype), a)


def _present(a, axis, keepdims):
    """How many elements are not NaN, in the dtype of ``a``'s parts."""
    dtype = np.empty((), a.dtype).real.dtype
    return np.asarray(np.sum(~np.isnan(plain(a)), axis=axis, keepdims=keepdims), dtype)


@defined_by(np.nansum)
def nansum(a, axis=None, dtype=None, out=None, keepdims=False):
    """`np.nansum`."""
    no_out(out)
    return TRACKED.sum(_with(a, 0), axis=axis, dtype=dtype, keepdims=keepdims)


@defined_by(np.nanprod)
def nanprod(a, axis=None, dtype=None, out=None, keepdims=False):
    """`np.nanprod`."""
    no_out(out)
    return TRACKED.prod(_with(a, 1), axis=axis, dtype=dtype, keepdims=keepdims)


@defined_by(np.nancumsum)
def nancumsum(a, axis=None, dtype=None, out=None):
    """`np.nancumsum`."""
    return TRACKED.cumsum(_with(a, 0), axis, dtype, out)


@defined_by(np.nancumprod)
def nancumprod(a, axis=None, dtype=None, out=None):
    """`np.nancumprod`."""
    return TRACKED.cumprod(_with(a, 1), axis, dtype, out)


@defined_by(np.nanmax)
def nanmax(a, axis=None, out=None, keepdims=False):
    """`np.nanmax`."""
    no_out(out)
    return _known(TRACKED.max(_with(a, -np.inf), axis=axis, keepdims=keepdims), a, axis, keepdims)


@defined_by(np.nanmin)
def nanmin(a, axis=None, out=None, keepdims=False):
    """`np.nanmin`."""
    no_out(out)
    return _known(TRACKED.min(_with(a, np.inf), axis=axis, keepdims=keepdims), a, axis, keepdims)


def _known(found, a, axis, keepdims):
    """``found``, and NaN where all elements are."""
    return number(TRACKED.where(_present(a, axis, keepdims) == 0, np.asarray(np.nan, a.dtype), found))


@defined_by(np.nanmean)
def nanmean(a, axis=None, dtype=None, out=None, keepdims=False):
    """`np.nanmean`."""
    return nansum(a, axis, dtype, out, keepdims) / _present(a, axis, keepdims)


@defined_by(np.nanvar)
def nanvar(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, correction=None):
    """`np.nanvar`."""
    no_out(out)
    deviation = _with(a - nanmean(a, axis, dtype, None, True), 0)
    squares = TRACKED.square(TRACKED.absolute(deviation) if a.dtype.kind == "c" else deviation)
    freedom = _present(a, axis, keepdims) - (ddof if correction is None else correction)
    return TRACKED.sum(squares, axis=axis, keepdims=keepdims) / np.where(freedom > 0, freedom, np.nan)


@defined_by(np.nanstd)
def nanstd(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, correction=None):
    """`np.nanstd`; 0 where all elements are equal has the derivative 0, as that of `np.std` (KINK-25)."""
    variance = nanvar(a, axis, dtype, out, ddof, keepdims, correction=correction)
    positive = variance != 0
    return number(TRACKED.where(positive, TRACKED.sqrt(TRACKED.where(positive, variance, 1)), 0))


@defined_by(np.nan_to_num)
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    """`np.nan_to_num`: what is replaced is constant."""
    value = plain(x)
    found = TRACKED.where(
        np.isfinite(value), x, np.nan_to_num(value, copy=True, nan=nan, posinf=posinf, neginf=neginf)
    )
    if copy or type(x) is not Array:
        return found
    require_writable(x)
    store(x, found)
    return x
