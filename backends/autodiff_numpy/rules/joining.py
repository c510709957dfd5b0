"""Splitting, joining and padding, by slices, `concatenate` and integer indices."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autodiff_numpy._array import plain
from autodiff_numpy._rule import defined_by
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._wrap import as_array
from autodiff_numpy.rules.cumulative import along
from autodiff_numpy.rules.indexing import by_columns, laid_out, unshared
from autodiff_spec import UnsupportedError

# --- splitting ------------------------------------------------------------------------------------------------


@defined_by(np.split)
def split(ary, indices_or_sections, axis=0):
    """`np.split`."""
    if np.ndim(indices_or_sections) == 0 and ary.shape[axis] % indices_or_sections:
        raise ValueError(f"split cannot cut the length {ary.shape[axis]} into {indices_or_sections} equal parts")
    return array_split(ary, indices_or_sections, axis)


@defined_by(np.array_split)
def array_split(ary, indices_or_sections, axis=0):
    """`np.array_split`."""
    if np.ndim(indices_or_sections):
        cuts = [0, *indices_or_sections, ary.shape[axis]]
    else:
        parts = np.array_split(np.arange(ary.shape[axis]), plain(indices_or_sections))
        cuts = [0, *(int(n) for n in np.cumsum([len(part) for part in parts]))]
    return [ary[along(axis, ary.ndim, slice(a, b))] for a, b in itertools.pairwise(cuts)]


@defined_by(np.hsplit)
def hsplit(ary, indices_or_sections):
    """`np.hsplit`."""
    return split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


@defined_by(np.vsplit)
def vsplit(ary, indices_or_sections):
    """`np.vsplit`."""
    return split(ary, indices_or_sections, 0)


@defined_by(np.dsplit)
def dsplit(ary, indices_or_sections):
    """`np.dsplit`."""
    return split(ary, indices_or_sections, 2)


# --- joining --------------------------------------------------------------------------------------------------


@defined_by(np.atleast_1d)
def atleast_1d(*arys):
    """`np.atleast_1d`."""
    return _each(arys, lambda x: TRACKED.reshape(x, (1,)) if x.ndim == 0 else x)


@defined_by(np.atleast_2d)
def atleast_2d(*arys):
    """`np.atleast_2d`."""
    return _each(arys, lambda x: TRACKED.reshape(x, (1, -1)) if x.ndim < 2 else x)


@defined_by(np.atleast_3d)
def atleast_3d(*arys):
    """`np.atleast_3d`."""
    return _each(arys, lambda x: TRACKED.reshape(x, np.atleast_3d(np.empty(x.shape, bool)).shape))


def _each(arys, convert):
    found = tuple(convert(as_array(x)) for x in arys)
    return found[0] if len(found) == 1 else found


@defined_by(np.hstack)
def hstack(tup, *, dtype=None, casting="same_kind"):
    """`np.hstack`."""
    arrays = [TRACKED.atleast_1d(x) for x in tup]
    return TRACKED.concatenate(arrays, 0 if arrays[0].ndim == 1 else 1, dtype=dtype)


@defined_by(np.vstack)
def vstack(tup, *, dtype=None, casting="same_kind"):
    """`np.vstack`."""
    return TRACKED.concatenate([TRACKED.atleast_2d(x) for x in tup], 0, dtype=dtype)


@defined_by(np.dstack)
def dstack(tup):
    """`np.dstack`."""
    return TRACKED.concatenate([TRACKED.atleast_3d(x) for x in tup], 2)


@defined_by(np.column_stack)
def column_stack(tup):
    """`np.column_stack`."""
    columns = [TRACKED.reshape(x, (-1, 1)) if x.ndim < 2 else x for x in map(as_array, tup)]
    return TRACKED.concatenate(columns, 1)


@defined_by(np.append)
def append(arr, values, axis=None):
    """`np.append`."""
    if axis is None:
        arr, values, axis = TRACKED.ravel(as_array(arr)), TRACKED.ravel(as_array(values)), 0
    return TRACKED.concatenate([arr, values], axis)


@defined_by(np.delete)
def delete(arr, obj, axis=None):
    """`np.delete`."""
    if axis is None:
        arr, axis = TRACKED.ravel(arr), 0
    kept = arr[along(axis, arr.ndim, np.delete(np.arange(arr.shape[axis]), plain(obj)))]
    return laid_out(kept, arr if by_columns(arr) else None)


@defined_by(np.block)
def block(arrays):
    """`np.block`."""
    depth = _depth(arrays)
    ndim = max(depth, *(np.ndim(leaf) for leaf in _leaves(arrays)))
    return unshared(_blocks(arrays, ndim, ndim - depth))


def _depth(arrays):
    return 1 + _depth(arrays[0]) if isinstance(arrays, list) else 0


def _leaves(arrays):
    return [leaf for part in arrays for leaf in _leaves(part)] if isinstance(arrays, list) else [arrays]


def _blocks(arrays, ndim, axis):
    if not isinstance(arrays, list):
        x = as_array(arrays)
        return TRACKED.reshape(x, (*(1,) * (ndim - x.ndim), *x.shape))
    return TRACKED.concatenate([_blocks(part, ndim, axis + 1) for part in arrays], axis)


# --- padding --------------------------------------------------------------------------------------------------


@defined_by(np.pad, valued=True)
def pad(array, pad_width, mode="constant", **kwargs):
    """`np.pad`; what a function of the user's fills in is not seen."""
    array = as_array(array)
    if array.ndim == 0:  # no side to add to
        return TRACKED.positive(array)
    widths = _widths(pad_width, array.ndim)
    if mode == "constant":
        return _framed(array, widths, kwargs.get("constant_values", 0))
    if mode in ("edge", "reflect", "symmetric", "wrap") and kwargs.get("reflect_type", "even") == "even":
        for axis, width in enumerate(widths):
            if any(width):
                places = np.pad(np.arange(array.shape[axis]), width, mode)
                array = array[along(axis, array.ndim, places)]
        return array if any(map(any, widths)) else TRACKED.copied(array)
    if mode == "linear_ramp":
        return _ramped(array, widths, kwargs.get("end_values", 0))
    if mode in ("maximum", "mean", "median", "minimum"):
        return _with_statistics(array, widths, _STATISTICS[mode], kwargs.get("stat_length"))
    raise UnsupportedError(
        f"np.pad of a recorded array has no mode {mode!r} with these options; it has constant, edge, linear_ramp, "
        "maximum, mean, median, minimum, wrap, and reflect and symmetric with reflect_type='even'"
    )


_STATISTICS = {"maximum": "max", "mean": "mean", "median": "median", "minimum": "min"}


def _ramped(array, widths, ends):
    """``array`` with straight lines from its edges to ``ends`` on both sides of each axis."""
    ends = np.broadcast_to(ends, (array.ndim, 2))
    for axis, (before, after) in enumerate(widths):
        lines = []
        for width, end, edge in ((before, ends[axis, 0], slice(0, 1)), (after, ends[axis, 1], slice(-1, None))):
            shares = (np.arange(width) / max(width, 1)).reshape(-1, *(1,) * (array.ndim - 1 - axis))
            lines.append(end + (array[along(axis, array.ndim, edge)] - end) * shares)
        array = TRACKED.concatenate([lines[0], array, TRACKED.flip(lines[1], axis)], axis)
    return array


def _with_statistics(array, widths, name, lengths):
    """``array`` with what a reduction of its first, or its last, elements gives on both sides of each axis."""
    reduction = getattr(TRACKED, name)
    lengths = np.broadcast_to(np.inf if lengths is None else lengths, (array.ndim, 2))
    for axis, ((before, after), length) in enumerate(zip(widths, lengths, strict=True)):
        size = array.shape[axis]
        first, last = (int(min(n, size)) for n in length)
        sides = []
        for width, part in ((before, slice(0, first)), (after, slice(size - last, None))):
            found = reduction(array[along(axis, array.ndim, part)], axis=axis, keepdims=True)
            sides.append(TRACKED.repeat(found, width, axis))
        array = TRACKED.concatenate([sides[0], array, sides[1]], axis)
    return array


def _widths(pad_width, ndim):
    if isinstance(pad_width, dict):
        named = {axis % ndim: width for axis, width in pad_width.items()}
        pad_width = [np.broadcast_to(named.get(axis, 0), 2) for axis in range(ndim)]
    return [tuple(int(n) for n in pair) for pair in np.broadcast_to(plain(pad_width), (ndim, 2))]


def _framed(array, widths, constants):
    """``array`` with constants on the sides of each axis in turn, for each axis and side one, or one for several."""
    sides = TRACKED.broadcast_to(TRACKED.astype(as_array(constants), array.dtype), (array.ndim, 2))
    for axis, ends in enumerate(widths):
        shapes = [tuple(end if i == axis else n for i, n in enumerate(array.shape)) for end in ends]
        before, after = (TRACKED.broadcast_to(sides[axis, k], shape) for k, shape in enumerate(shapes))
        array = TRACKED.concatenate([before, array, after], axis)
    return array


# --- turning, diagonals ---------------------------------------------------------------------------------------


@defined_by(np.flipud)
def flipud(m):
    """`np.flipud`."""
    return TRACKED.flip(m, 0)


@defined_by(np.fliplr)
def fliplr(m):
    """`np.fliplr`."""
    return TRACKED.flip(m, 1)


@defined_by(np.rot90)
def rot90(m, k=1, axes=(0, 1)):
    """`np.rot90`."""
    first, second = axes
    if k % 4 == 0:
        return m
    if k % 4 == 2:
        return TRACKED.flip(m, tuple(axes))
    turned = TRACKED.flip(m, second) if k % 4 == 1 else m
    turned = TRACKED.swapaxes(turned, first, second)
    return turned if k % 4 == 1 else TRACKED.flip(turned, second)


@defined_by(np.rollaxis)
def rollaxis(a, axis, start=0):
    """`np.rollaxis`."""
    axis, start = normalize_axis_index(axis, a.ndim), start + a.ndim if start < 0 else start
    return TRACKED.moveaxis(a, axis, start - 1 if axis < start else start)


@defined_by(np.diag)
def diag(v, k=0):
    """`np.diag`: the diagonal of a matrix, or the matrix with a diagonal."""
    if v.ndim == 2:
        return TRACKED.diagonal(v, k)
    n = v.shape[0] + abs(k)
    rows = np.arange(v.shape[0]) + max(-k, 0)
    return TRACKED.scatter(v, (rows, rows + k), (n, n))


@defined_by(np.diagflat)
def diagflat(v, k=0):
    """`np.diagflat`."""
    return diag(TRACKED.ravel(v), k)
