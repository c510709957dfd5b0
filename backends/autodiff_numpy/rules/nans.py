"""Reductions that pass over NaN: it is replaced by what changes nothing, and so is constant."""

from __future__ import annotations

import numpy as np

from autodiff_numpy._array import Array, plain
from autodiff_numpy._rule import defined_by
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._views import require_writable, store
from autodiff_numpy.rules.indexing import number
from autodiff_numpy.rules.reductions import in_dtype, no_out


def _with(a, value):
    """``a`` with ``value`` in place of NaN."""
    return TRACKED.where(np.isnan(plain(a)), np.asarray(value, a.dtype), a)


def _present(a, axis, keepdims):
    """How many elements are not NaN, in the dtype of ``a``'s parts."""
    dtype = np.empty((), a.dtype).real.dtype
    return np.sum(~np.isnan(plain(a)), axis=axis, keepdims=keepdims).astype(dtype)


def _from(initial):
    return {} if initial is None else {"initial": initial}


@defined_by(np.nansum, valued=True)
def nansum(a, axis=None, dtype=None, out=None, keepdims=False, initial=None):
    """`np.nansum`."""
    no_out(out)
    return TRACKED.sum(_with(a, 0), axis=axis, dtype=dtype, keepdims=keepdims, **_from(initial))


@defined_by(np.nanprod, valued=True)
def nanprod(a, axis=None, dtype=None, out=None, keepdims=False, initial=None):
    """`np.nanprod`."""
    no_out(out)
    return TRACKED.prod(_with(a, 1), axis=axis, dtype=dtype, keepdims=keepdims, **_from(initial))


@defined_by(np.nancumsum)
def nancumsum(a, axis=None, dtype=None, out=None):
    """`np.nancumsum`."""
    return TRACKED.cumsum(_with(a, 0), axis, dtype, out)


@defined_by(np.nancumprod)
def nancumprod(a, axis=None, dtype=None, out=None):
    """`np.nancumprod`."""
    return TRACKED.cumprod(_with(a, 1), axis, dtype, out)


@defined_by(np.nanmax, valued=True)
def nanmax(a, axis=None, out=None, keepdims=False, initial=None):
    """`np.nanmax`."""
    no_out(out)
    return _known(TRACKED.max(_with(a, -np.inf), axis=axis, keepdims=keepdims, **_from(initial)), a, axis, keepdims)


@defined_by(np.nanmin, valued=True)
def nanmin(a, axis=None, out=None, keepdims=False, initial=None):
    """`np.nanmin`."""
    no_out(out)
    return _known(TRACKED.min(_with(a, np.inf), axis=axis, keepdims=keepdims, **_from(initial)), a, axis, keepdims)


def _known(found, a, axis, keepdims):
    """``found``, and NaN where all elements are."""
    return number(TRACKED.where(_present(a, axis, keepdims) == 0, np.asarray(np.nan, a.dtype), found))


@defined_by(np.nanmean, valued=True)
def nanmean(a, axis=None, dtype=None, out=None, keepdims=False):
    """`np.nanmean`."""
    no_out(out)
    return _mean(in_dtype(a, dtype), axis, keepdims)


def _mean(a, axis, keepdims):
    return TRACKED.sum(_with(a, 0), axis=axis, keepdims=keepdims) / _present(a, axis, keepdims)


@defined_by(np.nanvar, valued=True)
def nanvar(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, correction=None):
    """`np.nanvar`."""
    no_out(out)
    deviation, freedom = _deviation(in_dtype(a, dtype), axis, ddof if correction is None else correction, keepdims)
    squares = TRACKED.square(TRACKED.absolute(deviation) if a.dtype.kind == "c" else deviation)
    return TRACKED.sum(squares, axis=axis, keepdims=keepdims) / freedom


@defined_by(np.nanstd, valued=True)
def nanstd(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, correction=None):
    """`np.nanstd`; 0 where all elements are equal has the derivative 0, as that of `np.std` (KINK-25)."""
    no_out(out)
    deviation, freedom = _deviation(in_dtype(a, dtype), axis, ddof if correction is None else correction, keepdims)
    return TRACKED.vector_norm(deviation, axis=axis if a.ndim else None, keepdims=keepdims) / np.sqrt(freedom)


def _deviation(a, axis, ddof, keepdims):
    """The deviations from the mean, 0 for NaN, and the degrees of freedom; NaN where there are none."""
    freedom = _present(a, axis, keepdims) - ddof
    return _with(a - _mean(a, axis, True), 0), np.where(freedom > 0, freedom, np.nan)


@defined_by(np.nan_to_num)
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    """`np.nan_to_num`; the real and the imaginary part of a complex number are replaced each for itself."""
    found = _finite(x, nan, posinf, neginf)
    if copy or type(x) is not Array:
        return found
    require_writable(x)
    store(x, found)
    return x


def _finite(x, nan, posinf, neginf):
    if x.dtype.kind == "c":
        return _finite(TRACKED.real(x), nan, posinf, neginf) + 1j * _finite(TRACKED.imag(x), nan, posinf, neginf)
    value, limits = plain(x), np.finfo(x.dtype)
    for places, given, usual in (
        (np.isnan(value), nan, 0.0),
        (np.isposinf(value), posinf, limits.max),
        (np.isneginf(value), neginf, limits.min),
    ):
        x = TRACKED.where(places, usual if given is None else given, x)
    return x
