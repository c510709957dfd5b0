"""Shapes: reshaping, permuting, joining, repeating. All linear, most of them by `reshape`, `transpose` and indexing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autodiff_numpy._array import Array, foreign, plain, resolve
from autodiff_numpy._jvp import broadcast_tangent, linear
from autodiff_numpy._others import require_kinds, require_numbers
from autodiff_numpy._pullback import unbroadcast
from autodiff_numpy._rule import RULES, constant, defined_by, rule
from autodiff_numpy._tables import RECORDER, TRACKED
from autodiff_numpy._views import memory
from autodiff_numpy._wrap import as_array, record
from autodiff_numpy.rules.indexing import _scatter, flat_or_vector, laid_out, unshared
from autodiff_numpy.rules.reductions import no_out


def _cast(x, dtype, copy=True):
    return (x if foreign(x) else np.asarray(x)).astype(dtype, copy=copy)


_SCATTER: Any = RULES[_scatter][0]


def _shaped_back(xp, g, a_shape, order):
    return xp.reshape(g, a_shape) if order in (None, "C") else xp.reshape(g, a_shape, order=order)


def _turned_back(xp, g, axes=None):
    return xp.transpose(g, None if axes is None else tuple(int(i) for i in np.argsort(_positive(axes))))


rule(
    np.reshape,
    _shaped_back,
    jvp=lambda xp, t, ans_shape, order: _shaped_back(xp, t, ans_shape, order),
    view=lambda whole, part, shape=None, order="C", **_: _shaped_back(TRACKED, part, whole.shape, order),
)
rule(
    np.transpose,
    _turned_back,
    jvp=linear,
    also=(np.permute_dims,) if np.permute_dims is not np.transpose else (),
    view=lambda whole, part, axes=None: _turned_back(TRACKED, part, axes),
)
rule(
    np.broadcast_to,
    lambda xp, g, array_shape, array_dtype: unbroadcast(xp, g, array_shape, array_dtype),
    jvp=linear,
    view=None,
)
rule(_cast, lambda xp, g, x_shape, x_dtype: unbroadcast(xp, g, x_shape, x_dtype),
     jvp=lambda xp, t, ans_shape, ans_dtype: broadcast_tangent(xp, t, ans_shape, ans_dtype))  # fmt: skip
rule(
    np.roll,
    lambda xp, g, shift, axis: xp.roll(g, [-s for s in shift] if isinstance(shift, (tuple, list)) else -shift, axis),
    jvp=linear,
)
# A vector stands for the matrix of equal rows, so its share is summed over them.
rule(np.tril, lambda xp, g, m_shape, m_dtype, k: unbroadcast(xp, xp.tril(g, k or 0), m_shape, m_dtype), jvp=linear)
rule(np.triu, lambda xp, g, m_shape, m_dtype, k: unbroadcast(xp, xp.triu(g, k or 0), m_shape, m_dtype), jvp=linear)


def _astype(x, dtype, /, *, copy=True, device=None):
    """`np.astype`, which refuses NumPy's scalars."""
    return _cast(x, dtype, copy)


@defined_by(_astype, np.astype)
def astype(x, dtype, /, *, copy=True, device=None):
    """`np.astype`; KINK-54: what is cast to integers or booleans is a constant."""
    if np.dtype(dtype).kind in "fc":
        return x if not copy and x.dtype == dtype else TRACKED.cast(x, dtype, copy)
    return _astype(plain(x), dtype, copy=copy)


def _positive(axes):
    return [a % len(axes) for a in axes]


def _tracked(x):
    return type(resolve(x)) is Array


@defined_by(np.concatenate)
def concatenate(arrays, axis=0, out=None, *, dtype=None, casting=None):
    """`np.concatenate`."""
    arrays = [as_array(x) for x in arrays]
    if axis is None:
        arrays, axis = [TRACKED.ravel(a) for a in arrays], 0
    options = _options(arrays, out=out, dtype=dtype, casting=casting)
    value = np.concatenate([plain(a) for a in arrays], axis=axis, **options)
    before, start, places = (slice(None),) * (axis % value.ndim), 0, []
    for array in arrays:
        stop = start + array.shape[axis]
        places.append((*before, slice(start, stop)))
        start = stop
    return _joined(value, arrays, places)


@defined_by(np.stack)
def stack(arrays, axis=0, out=None, *, dtype=None, casting=None):
    """`np.stack`."""
    arrays = [as_array(x) for x in arrays]
    value = np.stack([plain(a) for a in arrays], axis=axis, **_options(arrays, out=out, dtype=dtype, casting=casting))
    before = (slice(None),) * (axis % value.ndim)
    return _joined(value, arrays, [(*before, i) for i in range(len(arrays))])


def _options(arrays, **options):
    """Those of the options that were given."""
    if any(map(_tracked, arrays)):
        no_out(options["out"])
    return {name: option for name, option in options.items() if option is not None}


def _joined(value, arrays, places):
    """``value``, which was made of ``arrays`` at ``places``: a sum of scatters, and so are the edges to its parts."""
    arrays = [resolve(array) for array in arrays]
    recorded = [(array, place) for array, place in zip(arrays, places, strict=True) if type(array) is Array]
    frame = RECORDER.frame()
    tapes = frame.tracking(tuple({number for array, _ in recorded for number in array.node.tapes}))
    if not tapes:
        return value
    require_kinds({type(array) for array in arrays})
    if value.dtype.hasobject:
        require_numbers(value)
    edges = []
    for array, place in recorded:
        residuals = _SCATTER.residuals_of(value, array.value, place, value.shape)
        if array.dtype == value.dtype:
            edges.append((array.node, _SCATTER, residuals))
        else:
            kinds = (array.shape, array.dtype, value.shape, value.dtype)
            edges.append((array.node, _SCATTER.fitted, (kinds, *residuals)))
    return record(value, tuple(edges), tapes, frame)


@defined_by(np.expand_dims)
def expand_dims(a, axis=0):
    """`np.expand_dims`."""
    shape = list(a.shape)
    for i in sorted(normalize_axis_tuple(axis, a.ndim + (len(axis) if isinstance(axis, tuple) else 1))):
        shape.insert(i, 1)
    return TRACKED.reshape(a, tuple(shape))


@defined_by(np.squeeze)
def squeeze(a, axis=None):
    """`np.squeeze`."""
    shape = np.squeeze(np.broadcast_to(np.empty(()), a.shape), axis).shape
    return a if shape == a.shape else TRACKED.reshape(a, shape)


@defined_by(np.ravel)
def ravel(a, order="C"):
    """`np.ravel`."""
    shape, order = (math.prod(a.shape),), order.upper()
    if order == "K":  # as the elements lie in memory
        value = memory(plain(a))
        if isinstance(value, np.ndarray) and np.shares_memory(np.ravel(value, "K"), value):
            return ravel(TRACKED.transpose(a, tuple(sorted(range(a.ndim), key=lambda i: -value.strides[i]))))
        once = tuple(slice(None) if step else slice(1) for step in value.strides)  # along no axis that was broadcast
        numbers = np.empty_like(value[once], np.intp)
        numbers[...] = np.arange(a.size).reshape(a.shape)[once]
        return TRACKED.reshape(a, shape)[np.broadcast_to(numbers, a.shape).ravel("K")]
    row = TRACKED.reshape(a, shape) if order == "C" else TRACKED.reshape(a, shape, order=order)
    gaps = type(row) is Array and isinstance(memory(row.value), np.ndarray) and not memory(row.value).flags.c_contiguous
    return TRACKED.copied(row) if gaps else row


@defined_by(np.moveaxis)
def moveaxis(a, source, destination):
    """`np.moveaxis`."""
    sources = normalize_axis_tuple(source, a.ndim, "source")
    destinations = normalize_axis_tuple(destination, a.ndim, "destination")
    rest = [i for i in range(a.ndim) if i not in sources]
    for place, axis in sorted(zip(destinations, sources, strict=True)):
        rest.insert(place, axis)
    return TRACKED.transpose(a, tuple(rest))


@defined_by(np.swapaxes)
def swapaxes(a, axis1, axis2):
    """`np.swapaxes`."""
    order = list(range(a.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return TRACKED.transpose(a, tuple(order))


@defined_by(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x, /):
    """`np.matrix_transpose`."""
    if x.ndim < 2:
        raise ValueError(f"matrix_transpose needs two dimensions or more, not {x.ndim}")
    return swapaxes(x, -1, -2)


@defined_by(np.flip)
def flip(m, axis=None):
    """`np.flip`, by slices of step -1."""
    axes = range(m.ndim) if axis is None else normalize_axis_tuple(axis, m.ndim)
    return m[tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(m.ndim))]


@defined_by(np.unstack)
def unstack(x, /, *, axis=0):
    """`np.unstack`."""
    moved = TRACKED.moveaxis(x, axis, 0)
    return tuple(moved[i] for i in range(moved.shape[0]))


@defined_by(np.repeat)
def repeat(a, repeats, axis=None):
    """`np.repeat`, by integer indices."""
    a, axis = flat_or_vector(a, axis)
    indices = np.repeat(np.arange(a.shape[axis]), plain(repeats))
    return laid_out(a[(slice(None),) * (axis % a.ndim) + (indices,)])


@defined_by(np.tile)
def tile(A, reps):
    """`np.tile`, by broadcasting along new axes."""
    reps = tuple(np.atleast_1d(np.asarray(plain(reps))).tolist())
    ndim = max(A.ndim, len(reps))
    shape, reps = (1,) * (ndim - A.ndim) + tuple(A.shape), (1,) * (ndim - len(reps)) + reps
    apart = TRACKED.reshape(A, tuple(n for size in shape for n in (1, size)))
    wide = TRACKED.broadcast_to(apart, tuple(n for pair in zip(reps, shape, strict=True) for n in pair))
    return unshared(TRACKED.reshape(wide, tuple(r * n for r, n in zip(reps, shape, strict=True))))


@defined_by(np.broadcast_arrays)
def broadcast_arrays(*args, subok=False):
    """`np.broadcast_arrays`."""
    shape = np.broadcast_shapes(*(a.shape for a in args))
    if all(a.shape == shape for a in args):
        return args
    return tuple(TRACKED.broadcast_to(a, shape) for a in args)


@defined_by(np.meshgrid)
def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    """`np.meshgrid` of one-dimensional arrays."""
    n = len(xi)
    shapes = [tuple(-1 if i == j else 1 for j in range(n)) for i in range(n)]
    grids = [TRACKED.reshape(x, shape) for x, shape in zip(xi, shapes, strict=True)]
    if not sparse and n:
        grids = list(broadcast_arrays(*grids))
    if indexing == "xy" and n > 1:
        grids = [swapaxes(grid, 0, 1) for grid in grids]
    return tuple([TRACKED.copied(grid, "C") for grid in grids] if copy else grids)


for function in (np.shape, np.ndim, np.size, np.result_type, np.can_cast,
                 np.iscomplexobj, np.isrealobj, np.array_equal, np.allclose, np.isclose):  # fmt: skip
    constant(function)
