"""Indexing: everything that NumPy reads, with scatter-add as its pullback, and the pair is closed under derivatives."""

from __future__ import annotations

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autodiff_numpy._array import Array, copied, foreign, plain
from autodiff_numpy._frozen import frozen_copy
from autodiff_numpy._jvp import linear
from autodiff_numpy._pullback import SparseCotangent, is_basic, unbroadcast
from autodiff_numpy._rule import RULES, defined_by, rule
from autodiff_numpy._tables import TRACKED, VALUES
from autodiff_numpy._views import VIEWS, link_of, memory
from autodiff_numpy._wrap import reading
from autodiff_spec import UnsupportedError


def _getitem(x, index):
    return x[index]


def _part_of(xp, g, index, x_shape):
    """Zeros with ``g`` at ``index``; in a first derivative not written out, see `_part`."""
    return SparseCotangent(g, index, x_shape) if xp is VALUES and not foreign(g) else xp.scatter(g, index, x_shape)


def _scatter(g, index, shape):
    """Zeros of ``shape`` with ``g`` added at ``index``, repeated indices adding up."""
    if type(g) is not np.ndarray and foreign(g):
        return _scatter_foreign(g, index, shape)
    full = np.zeros(shape, g.dtype)
    if is_basic(index):
        full[index] = g
    else:
        np.add.at(full, index, g)
    return full


def _scatter_foreign(g, index, shape):
    """Scatter another library's array: by assignment to slices, which is all that can be relied on."""
    if hasattr(type(g), "as_one"):
        return g.as_one(_scatter, g, index, shape)
    parts = index if isinstance(index, tuple) else (index,)
    if not is_basic(parts):
        raise UnsupportedError(
            f"x[{index!r}] has no derivative where x holds a {type(g).__name__} of {type(g).__module__}; "
            "read slices, or multiply by a mask"
        )
    full = np.zeros_like(g, shape=shape)
    parts = tuple(part for part in parts if part is not None)
    full[parts] = np.reshape(g, full[parts].shape)  # without its new axes
    return full


def _replaced(x, values, index):
    """``x`` with ``values`` at ``index``."""
    for part in (x, values, *(index if isinstance(index, tuple) else (index,))):  # a mask may be of a trace too
        if foreign(part) and hasattr(type(part), "as_one"):
            return part.as_one(_replaced, x, values, index)
    found = copied(x)
    found[index] = values
    return found


def _values_share(xp, g, shape, dtype):
    """The share of values that NumPy broadcast to the place; of a longer shape it leaves out leading ones."""
    share = unbroadcast(xp, g, shape[max(len(shape) - g.ndim, 0) :], dtype)
    return share if share.shape == shape else xp.reshape(share, shape)  # a view would have to be copied at the end


rule(
    _replaced,
    lambda xp, g, index: xp.replaced(g, 0, index),
    lambda xp, g, index, values_shape, values_dtype: _values_share(
        xp, xp.getitem(g, index), values_shape, values_dtype
    ),
    jvp=(
        lambda xp, t, index: xp.replaced(t, 0, index),
        lambda xp, t, index, ans_shape, ans_dtype: xp.replaced(np.zeros(ans_shape, ans_dtype), t, index),
    ),
)
rule(_getitem, _part_of, jvp=linear, view=lambda whole, part, index: TRACKED.replaced(whole, part, index))
TRACKED.getitem = reading(TRACKED.getitem, RULES[_getitem][0], VIEWS[_getitem])
rule(_scatter, lambda xp, g, index: xp.getitem(g, index), jvp=linear)


def read(x, index):
    """``x[index]`` for a recorded ``x``; indices that are recorded themselves count by their values."""
    if is_basic(index):
        return TRACKED.getitem(x, index)
    index = tuple(map(plain, index)) if isinstance(index, tuple) else plain(index)
    return TRACKED.getitem(x, frozen_copy(index) if type(x) is not np.ndarray else index)


def flat_or_vector(a, axis):
    """``a`` and the axis that is meant: all elements in a row for ``None``; a number counts as a vector of one."""
    return (TRACKED.ravel(a), 0) if axis is None else (TRACKED.atleast_1d(a), axis)


def unshared(a):
    """An array that shares memory with no other, where NumPy makes a copy."""
    return a if type(a) is not Array or link_of(a) is None else TRACKED.copied(a)


def laid_out(a, like=None):
    """``a`` with its axes in memory as those of ``like``, or row by row: what is a view of a result depends on it."""
    value = memory(plain(a))
    if a.ndim < 2 or not isinstance(value, np.ndarray):
        return a
    steps = (np.empty(a.shape, a.dtype) if like is None else np.empty_like(memory(plain(like)), shape=a.shape)).strides
    if steps == value.strides:
        return a
    axes = sorted(range(a.ndim), key=lambda i: -steps[i])
    rows = TRACKED.copied(TRACKED.transpose(a, tuple(axes)), "C")
    return TRACKED.transpose(rows, tuple(axes.index(i) for i in range(a.ndim)))


def by_columns(a):
    """Whether the elements of ``a`` lie in memory column by column, and not row by row."""
    value = memory(plain(a))
    return isinstance(value, np.ndarray) and value.flags.fnc


def number(a):
    """A result of no axes as the number that NumPy's reductions give, which cannot be written as an array can."""
    return a if a.ndim else a[()]


def _indices(x):
    x = plain(x)
    return x if foreign(x) else np.asarray(x)


@defined_by(np.take)
def take(a, indices, axis=None, out=None, mode="raise"):
    """`np.take`."""
    if out is not None:
        raise TypeError("out= cannot be used with recorded arrays; use the returned value")
    a, axis = flat_or_vector(a, axis)
    axis = normalize_axis_index(axis, a.ndim)
    indices, length = _indices(indices), a.shape[axis]
    if mode != "raise":
        np.take(np.zeros(1), 0, mode=mode)  # its error, of a mode that does not exist
        indices = indices % length if mode == "wrap" else np.clip(indices, 0, length - 1)
    return laid_out(a[(slice(None),) * axis + (indices,)])


@defined_by(np.take_along_axis)
def take_along_axis(arr, indices, axis=-1):
    """`np.take_along_axis`, by integer indices along every axis."""
    indices = _indices(indices)
    if axis is None:
        arr, axis = TRACKED.ravel(arr), 0
    axis = normalize_axis_index(axis, arr.ndim)
    if indices.ndim != arr.ndim:
        raise ValueError(f"take_along_axis needs indices of {arr.ndim} dimensions, not {indices.ndim}")
    shape = np.broadcast_shapes(
        tuple(1 if i == axis else n for i, n in enumerate(arr.shape)),
        tuple(1 if i == axis else n for i, n in enumerate(indices.shape)),
    )
    index: list[np.ndarray] = [np.broadcast_to(grid, shape) for grid in np.ix_(*map(range, shape))]
    lifted = np.broadcast_to(indices, tuple(indices.shape[axis] if i == axis else n for i, n in enumerate(shape)))
    return arr[tuple(lifted if i == axis else index[i] for i in range(arr.ndim))]
