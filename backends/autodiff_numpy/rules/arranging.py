"""What NumPy puts in another order or place: shown to it on the elements' numbers, and then gathered."""

from __future__ import annotations

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autodiff_numpy._array import Array, plain
from autodiff_numpy._rule import defined_by
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._views import Viewing, view_of
from autodiff_numpy._wrap import as_array
from autodiff_numpy.rules.indexing import by_columns, laid_out
from autodiff_spec import UnsupportedError


def _gathered(arrays, arrange):
    """The elements of ``arrays`` as ``arrange`` puts their numbers."""
    arrays = [as_array(array) for array in arrays]
    stops = np.cumsum([array.size for array in arrays])
    numbers = [np.arange(stop - a.size, stop).reshape(a.shape) for a, stop in zip(arrays, stops, strict=True)]
    return TRACKED.concatenate([TRACKED.ravel(array) for array in arrays])[arrange(*numbers)]


@defined_by(np.insert)
def insert(arr, obj, values, axis=None):
    """`np.insert`."""
    values = TRACKED.astype(as_array(values), arr.dtype)
    found = _gathered([arr, values], lambda old, new: np.insert(old, plain(obj), new, axis))
    return laid_out(found, arr if axis is not None and by_columns(arr) else None)


@defined_by(np.resize)
def resize(a, new_shape):
    """`np.resize`: the elements again and again, until the new shape is full."""
    if a.size == 0:
        return np.resize(plain(a), new_shape)
    return _gathered([a], lambda numbers: np.resize(numbers, new_shape))


@defined_by(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(x, window_shape, axis=None, *, subok=False, writeable=False):
    """`np.lib.stride_tricks.sliding_window_view`; NumPy has it as a view that is read-only."""
    if writeable:
        raise UnsupportedError(
            "sliding_window_view(…, writeable=True) of a recorded array cannot be written, for its elements overlap; "
            "use writeable=False, and write into the array itself"
        )
    return view_of(_windows(x, window_shape, axis), x, _READ_ONLY, (window_shape, axis))


def _windows(x, window_shape, axis):
    return _gathered([x], lambda numbers: np.lib.stride_tricks.sliding_window_view(numbers, window_shape, axis))


_READ_ONLY = Viewing(np.lib.stride_tricks.sliding_window_view, _windows, None)


@defined_by(np.trim_zeros)
def trim_zeros(filt, trim="fb", axis=None):
    """`np.trim_zeros`: without the zeros at its front and its back."""
    used, index = plain(filt) != 0, [slice(None)] * filt.ndim
    for i in normalize_axis_tuple(range(filt.ndim) if axis is None else axis, filt.ndim):
        line = np.any(used, axis=tuple(j for j in range(filt.ndim) if j != i))
        start = int(np.argmax(line)) if "f" in trim.lower() and line.size else 0
        index[i] = slice(start, start + len(np.trim_zeros(1 * line, trim)))
    return filt[tuple(index)]


@defined_by(np.choose)
def choose(a, choices, out=None, mode="raise"):
    """`np.choose`: from each of the choices the elements that ``a`` says."""
    return _gathered(choices, lambda *numbers: np.choose(plain(a), numbers, mode=mode))


@defined_by(np.piecewise)
def piecewise(x, condlist, funclist, *args, **kw):
    """`np.piecewise`: each function of the elements where its condition holds."""
    shape = np.shape(x)
    given = plain(condlist)
    if np.isscalar(given) or (not isinstance(given[0], (list, np.ndarray, Array)) and shape):
        given = [given]  # one condition, as NumPy tells it
    conditions = [np.asarray(plain(condition), bool) for condition in given]
    for condition in conditions:
        if condition.shape not in ((), shape):
            raise IndexError(f"piecewise has a condition of shape {condition.shape} for an array of shape {shape}")
    conditions = [np.broadcast_to(condition, shape) for condition in conditions]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    found = np.zeros(shape, x.dtype)
    for condition, function in zip(conditions, funclist, strict=True):
        if condition.any():
            value = function(x[condition], *args, **kw) if callable(function) else function
            found = TRACKED.replaced(found, value, condition)
    return laid_out(found, x)
