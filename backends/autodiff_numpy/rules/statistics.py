"""Averages, covariances and histograms."""

from __future__ import annotations

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autodiff_numpy._array import lazy, plain
from autodiff_numpy._frozen import frozen_copy
from autodiff_numpy._rule import defined_by
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._wrap import as_array


@defined_by(np.average, valued=True)
def average(a, axis=None, weights=None, returned=False, *, keepdims=False):
    """`np.average`."""
    a = as_array(a)
    if weights is None:
        found = TRACKED.mean(a, axis=axis, keepdims=keepdims)
        return (found, np.full(found.shape, a.size / max(found.size, 1), a.dtype)) if returned else found
    weights = as_array(weights)
    if weights.shape != a.shape:
        axes = normalize_axis_tuple(axis, a.ndim)
        weights = TRACKED.transpose(weights, tuple(np.argsort(axes).tolist()))
        weights = TRACKED.reshape(weights, tuple(n if i in axes else 1 for i, n in enumerate(a.shape)))
        weights = TRACKED.broadcast_to(weights, a.shape)
    total = TRACKED.sum(weights, axis=axis, keepdims=keepdims)
    if not lazy(plain(total)) and np.any(plain(total) == 0):
        raise ZeroDivisionError("the weights of average sum to zero")
    found = TRACKED.sum(TRACKED.multiply(a, weights), axis=axis, keepdims=keepdims) / total
    return (found, total) if returned else found


@defined_by(np.cov, valued=True)
def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None, *, dtype=None):
    """`np.cov`."""
    rows = _variables(m, rowvar)
    if y is not None:
        rows = TRACKED.concatenate([rows, _variables(y, rowvar)], 0)
    rows = rows if dtype is None else TRACKED.astype(rows, dtype)
    if rows.shape[0] == 0:  # no variables
        return np.zeros((0, 0))
    ddof = (0 if bias else 1) if ddof is None else ddof
    given = [as_array(w) for w in (fweights, aweights) if w is not None]
    if given:
        if any(w.shape != rows.shape[1:] for w in given):
            raise RuntimeError(f"cov needs a weight for each of {rows.shape[1]} observations")
        weights = given[0] if len(given) == 1 else given[0] * given[1]
        total = TRACKED.sum(weights)
        deviation = rows - TRACKED.expand_dims(TRACKED.matmul(rows, weights) / total, -1)
        weighted = deviation * weights
        lost = ddof if aweights is None or ddof == 0 else ddof * TRACKED.sum(weights * as_array(aweights)) / total
        freedom = total - lost
    else:
        deviation = weighted = rows - TRACKED.mean(rows, axis=1, keepdims=True)
        freedom = max(rows.shape[1] - ddof, 0)
    other = TRACKED.conjugate(weighted) if weighted.dtype.kind == "c" else weighted
    return TRACKED.squeeze(TRACKED.matmul(deviation, other.T) / freedom)


def _variables(m, rowvar):
    """A matrix whose rows are variables, and whose columns their observations."""
    m = as_array(m)
    if m.ndim > 2:
        raise ValueError(f"cov needs an array of at most two dimensions, not {m.ndim}")
    rows = TRACKED.atleast_2d(m)
    return rows if rowvar or m.ndim == 1 else rows.T


@defined_by(np.corrcoef, valued=True)
def corrcoef(x, y=None, rowvar=True, *, dtype=None):
    """`np.corrcoef`."""
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    deviation = TRACKED.sqrt(TRACKED.real(TRACKED.diagonal(c)))
    c = c / TRACKED.expand_dims(deviation, -1) / deviation
    return c if c.dtype.kind == "c" else TRACKED.clip(c, -1, 1)


# --- counting -------------------------------------------------------------------------------------------------
#
# How many elements lie in a bin is constant; weights are added where their elements lie, and the edges of equal bins
# follow the smallest and the largest element.


@defined_by(np.bincount, valued=True)
def bincount(x, /, weights=None, minlength=0):
    """`np.bincount`."""
    x = frozen_copy(np.asarray(plain(x)))
    if weights is None:
        return np.bincount(x, minlength=minlength)
    length = max(minlength, int(x.max(initial=-1)) + 1)
    return TRACKED.scatter(TRACKED.astype(as_array(weights), np.float64), x, (length,))


@defined_by(np.histogram_bin_edges)
def histogram_bin_edges(a, bins=10, range=None, weights=None):
    """`np.histogram_bin_edges`."""
    return _edges(as_array(a), bins, range, weights)


@defined_by(np.histogram, valued=True)
def histogram(a, bins=10, range=None, density=None, weights=None):
    """`np.histogram`."""
    a = as_array(a)
    edges = _edges(a, bins, range, weights)
    found = _counted([a], [edges], weights)
    return (_density(found, [edges]) if density else found), edges


@defined_by(np.histogramdd, valued=True)
def histogramdd(sample, bins=10, range=None, density=None, weights=None):
    """`np.histogramdd`."""
    columns = list(sample) if isinstance(sample, (list, tuple)) else list(TRACKED.atleast_2d(sample.T))
    columns = [as_array(column) for column in columns]
    bins = [bins] * len(columns) if _is_number(bins) else bins
    ranges = [None] * len(columns) if range is None else range
    edges = [_edges(*given) for given in zip(columns, bins, ranges, strict=True)]
    found = _counted(columns, edges, weights)
    found = found if weights is not None else found.astype(float)
    return (_density(found, edges) if density else found), tuple(edges)


@defined_by(np.histogram2d, valued=True)
def histogram2d(x, y, bins=10, range=None, density=None, weights=None):
    """`np.histogram2d`."""
    if not _is_number(bins) and len(bins) not in (1, 2):
        bins = [bins, bins]
    found, (first, second) = histogramdd([x, y], bins, range, density, weights)
    return found, first, second


def _is_number(bins):
    return not isinstance(bins, (list, tuple)) and np.ndim(plain(bins)) == 0


def _edges(a, bins, range=None, weights=None):
    if isinstance(bins, (list, tuple)) or np.ndim(plain(bins)):
        return as_array(bins)
    edges = np.histogram_bin_edges(plain(a), bins, range, plain(weights))
    if range is not None or not a.size:
        return edges
    first, last = TRACKED.min(a), TRACKED.max(a)
    if plain(first) == plain(last):
        first, last = first - 0.5, last + 0.5
    return TRACKED.linspace(first, last, len(edges))


def _counted(columns, edges, weights):
    """The number of elements in each bin, or the sum of their weights; what lies outside does not count."""
    places, inside = [], True
    for column, edge in zip(columns, edges, strict=True):
        values, edge = np.ravel(plain(column)), plain(edge)
        inside = inside & (values >= edge[0]) & (values <= edge[-1])
        places.append(np.minimum(np.searchsorted(edge, values, "right") - 1, len(edge) - 2))  # the last edge is inside
    shape = tuple(len(edge) - 1 for edge in edges)
    index = tuple(place[inside] for place in places)
    if weights is None:
        counts = np.zeros(shape, np.intp)
        np.add.at(counts, index, 1)
        return counts
    return TRACKED.scatter(TRACKED.ravel(as_array(weights))[inside], index, shape)


def _density(found, edges):
    total = TRACKED.sum(found)
    for axis, edge in enumerate(edges):
        widths = TRACKED.diff(edge)
        found = found / TRACKED.reshape(widths, tuple(-1 if i == axis else 1 for i in range(found.ndim)))
    return found / total
