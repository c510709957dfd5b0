"""Sorting, and what is read off a sorted array. The order is constant, the elements are gathered in it."""

from __future__ import annotations

import warnings

import numpy as np

from autodiff_numpy._array import Array, plain
from autodiff_numpy._options import called
from autodiff_numpy._rule import constant, defined_by
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._wrap import as_array, holds_recorded
from autodiff_numpy.rules.indexing import laid_out, number
from autodiff_numpy.rules.reductions import merged, no_out
from autodiff_spec import NotDifferentiableError, UnsupportedError


@defined_by(np.sort)
def sort(a, axis=-1, kind=None, order=None, *, stable=None):
    """`np.sort`: the elements in the order of `np.argsort`, which says who gets what at ties."""
    if axis is None:
        a, axis = TRACKED.ravel(a), 0
    return _in_order(a, np.argsort(plain(a), axis=axis, order=order, stable=True), axis)


@defined_by(np.partition)
def partition(a, kth, axis=-1, kind="introselect", order=None):
    """`np.partition`: its results, each from the place in ``a`` that has the same rank."""
    if axis is None:
        a, axis = TRACKED.ravel(a), 0
    value = plain(a)
    found = np.argsort(np.partition(value, kth, axis, kind, order), axis=axis, stable=True)
    places = np.empty_like(found)
    np.put_along_axis(places, found, np.argsort(value, axis=axis, stable=True), axis)
    return _in_order(a, places, axis)


def _in_order(a, order, axis):
    if a.ndim == 1:
        return a[order]
    return laid_out(TRACKED.take_along_axis(a, order, axis), a)


# --- quantiles ------------------------------------------------------------------------------------------------


@defined_by(np.median, valued=True)
def median(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    """`np.median`: the middle of the sorted elements, or the mean of the two middle ones."""
    no_out(out)
    return _quantile(a, 0.5, axis, "linear", keepdims, ignore_nan=False)


@defined_by(np.nanmedian, valued=True)
def nanmedian(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    """`np.nanmedian`."""
    no_out(out)
    return _quantile(a, 0.5, axis, "linear", keepdims, ignore_nan=True)


@defined_by(np.quantile, valued=True)
def quantile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, *, weights=None):
    """`np.quantile`, between the two nearest elements by ``method``."""
    no_out(out)
    if weights is not None:
        return _weighted(np.quantile, a, q, axis, method, keepdims, weights)
    return _quantile(a, q, axis, method, keepdims, ignore_nan=False)


@defined_by(np.nanquantile, valued=True)
def nanquantile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, *, weights=None):
    """`np.nanquantile`."""
    no_out(out)
    if weights is not None:
        return _weighted(np.nanquantile, a, q, axis, method, keepdims, weights)
    return _quantile(a, q, axis, method, keepdims, ignore_nan=True)


@defined_by(np.percentile, valued=True)
def percentile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, *, weights=None):
    """`np.percentile`."""
    no_out(out)
    if weights is not None:
        return _weighted(np.percentile, a, q, axis, method, keepdims, weights)
    return _quantile(a, TRACKED.divide(q, 100), axis, method, keepdims, ignore_nan=False)


@defined_by(np.nanpercentile, valued=True)
def nanpercentile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, *, weights=None):
    """`np.nanpercentile`."""
    no_out(out)
    if weights is not None:
        return _weighted(np.nanpercentile, a, q, axis, method, keepdims, weights)
    return _quantile(a, TRACKED.divide(q, 100), axis, method, keepdims, ignore_nan=True)


_METHODS = {
    "linear": lambda position: (np.floor(position), np.ceil(position)),
    "lower": lambda position: (np.floor(position), np.floor(position)),
    "higher": lambda position: (np.ceil(position), np.ceil(position)),
    "nearest": lambda position: (np.rint(position), np.rint(position)),
    "midpoint": lambda position: (np.floor(position), np.ceil(position)),
}


def _quantile(a, q, axis, method, keepdims, *, ignore_nan):
    """A weighted mean of two sorted elements; which they are is constant, and by most methods the weights are."""
    if method not in _METHODS and type(q) is Array:
        raise UnsupportedError(f"quantiles have no derivative by q with method={method!r}; use 'linear'")
    a, q = (x if hasattr(x, "dtype") else np.asarray(x) for x in (a, q))
    rows, kept = merged(a, axis, bool(keepdims))
    if rows.shape[-1] == 0:
        nothing = TRACKED.sum(rows, axis=-1, keepdims=True) + np.full(q.size, np.nan, a.dtype)
        return TRACKED.reshape(TRACKED.moveaxis(nothing, -1, 0), (*q.shape, *kept))
    ordered = TRACKED.sort(rows, axis=-1)
    count = np.sum(~np.isnan(plain(rows)), axis=-1, keepdims=True)
    known = count if ignore_nan else np.full_like(count, rows.shape[-1])
    if method in _METHODS:
        position = TRACKED.ravel(q) * np.maximum(known - 1, 0)  # (..., number of quantiles)
    else:
        position = _positions(q.ravel(), known[..., 0], method)
    below, above = _METHODS.get(method, _METHODS["linear"])(plain(position))
    if method == "linear" and type(position) is Array:
        below, above = _interval(plain(ordered), plain(position), known - 1)
    share = np.where(above > below, 0.5, 0) if method == "midpoint" else position - below
    low = TRACKED.take_along_axis(ordered, below.astype(np.intp), -1)
    high = TRACKED.take_along_axis(ordered, above.astype(np.intp), -1)
    found = TRACKED.where(above > below, low + (high - low) * TRACKED.astype(share, a.dtype), low)
    if not ignore_nan:
        found = TRACKED.where(count < rows.shape[-1], np.asarray(np.nan, a.dtype), found)
    return number(TRACKED.reshape(TRACKED.moveaxis(found, -1, 0), (*q.shape, *kept)))


def _weighted(numpys, a, q, axis, method, keepdims, weights):
    """A quantile with weights is an element: that of the quantile, by NumPy, of the elements' ranks."""
    for given, name in ((q, "q"), (weights, "weights")):
        if holds_recorded([given]):
            raise NotDifferentiableError(
                f"{called(numpys)} with weights= jumps from element to element, and has no derivative by {name}, which "
                "is recorded; give plain numbers, to_numpy(x) of recorded ones"
            )
    value = plain(a)
    order = np.argsort(value, axis=None, stable=True)
    ranks = np.empty(value.size)
    ranks[order] = np.arange(value.size)
    ranks = np.where(np.isnan(value), np.nan, ranks.reshape(value.shape))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rows of NaN, of which NumPy has warned
        found = numpys(ranks, q, axis, method=method, keepdims=keepdims, weights=weights)
    element = TRACKED.ravel(a)[order[np.where(np.isnan(found), 0, found).astype(np.intp)]]
    return TRACKED.where(np.isnan(found), np.asarray(np.nan, value.dtype), element)


def _positions(q, counts, method):
    """Where the quantiles of so many sorted elements lie among them: those of the numbers of their places."""
    found = np.empty((*counts.shape, q.size))
    for count in np.unique(counts):
        found[counts == count] = np.quantile(np.arange(max(count, 1)), q, method=method)
    return found


def _interval(ordered, position, last):
    """The places on either side of each position; of one that is a place itself, on the side of the smaller slope."""
    below = np.clip(np.floor(position), 0, np.maximum(last - 1, 0)).astype(np.intp)
    before, here, after = (np.take_along_axis(ordered, np.clip(below + i, 0, last), -1) for i in (-1, 0, 1))
    below = below - ((position == below) & (below > 0) & (here - before < after - here))
    return below, np.minimum(below + 1, last)


# --- sets -----------------------------------------------------------------------------------------------------


def _distinct(x):
    """The results of `np.unique_all`, the values gathered from ``x``."""
    found = np.unique_all(plain(x))
    return found._replace(values=TRACKED.ravel(x)[found.indices])


@defined_by(np.unique_all)
def unique_all(x):
    """`np.unique_all`."""
    return _distinct(x)


@defined_by(np.unique_counts)
def unique_counts(x):
    """`np.unique_counts`."""
    found = _distinct(x)
    return np.unique_counts(np.empty(0))._replace(values=found.values, counts=found.counts)


@defined_by(np.unique_inverse)
def unique_inverse(x):
    """`np.unique_inverse`."""
    found = _distinct(x)
    return np.unique_inverse(np.empty(0))._replace(values=found.values, inverse_indices=found.inverse_indices)


@defined_by(np.unique_values)
def unique_values(x):
    """`np.unique_values`, in the order in which NumPy finds them."""
    ranks = np.argsort(np.argsort(np.unique_values(plain(x)), stable=True), stable=True)
    return _distinct(x).values[ranks]


@defined_by(np.unique)
def unique(
    ar, return_index=False, return_inverse=False, return_counts=False, axis=None, *, equal_nan=True, sorted=True
):
    """`np.unique` of all elements; along an axis it has no rule."""
    if axis is not None:
        raise UnsupportedError("np.unique with axis= has no derivative rule here; index with its return_index instead")
    _, indices, inverse, counts = np.unique(
        plain(ar), return_index=True, return_inverse=True, return_counts=True, equal_nan=equal_nan
    )
    values = TRACKED.ravel(ar)[indices]
    asked = ((indices, return_index), (inverse, return_inverse), (counts, return_counts))
    extras = tuple(result for result, wanted in asked if wanted)
    return (values, *extras) if extras else values


@defined_by(np.union1d)
def union1d(ar1, ar2):
    """`np.union1d`."""
    return unique(TRACKED.concatenate([as_array(ar1), as_array(ar2)], axis=None))


@defined_by(np.intersect1d)
def intersect1d(ar1, ar2, assume_unique=False, return_indices=False):
    """`np.intersect1d`: the elements of the first array."""
    ar1 = as_array(ar1)
    _, first, second = np.intersect1d(plain(ar1), plain(as_array(ar2)), assume_unique, return_indices=True)
    found = TRACKED.ravel(ar1)[first]
    return (found, first, second) if return_indices else found


@defined_by(np.setdiff1d)
def setdiff1d(ar1, ar2, assume_unique=False):
    """`np.setdiff1d`."""
    ar1 = TRACKED.ravel(as_array(ar1)) if assume_unique else unique(as_array(ar1))
    return ar1[np.isin(plain(ar1), plain(as_array(ar2)), assume_unique=True, invert=True)]


@defined_by(np.setxor1d)
def setxor1d(ar1, ar2, assume_unique=False):
    """`np.setxor1d`."""
    parts = [as_array(ar1), as_array(ar2)]
    both = TRACKED.sort(TRACKED.concatenate(parts if assume_unique else [unique(part) for part in parts], axis=None))
    apart = np.concatenate([[True], plain(both)[1:] != plain(both)[:-1], [True]])
    return both[apart[1:] & apart[:-1]]


for function in (np.argsort, np.argpartition, np.lexsort, np.searchsorted, np.digitize, np.isin):
    constant(function)
