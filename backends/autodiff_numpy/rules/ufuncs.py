"""Methods of NumPy's ufuncs: reductions, running reductions, reductions of pieces."""

from __future__ import annotations

import operator

import numpy as np

from autodiff_numpy._array import plain
from autodiff_numpy._options import option_check
from autodiff_numpy._rule import computed_by
from autodiff_numpy._tables import TRACKED, UFUNC_METHODS, UFUNCS
from autodiff_numpy.rules.cumulative import along
from autodiff_numpy.rules.reductions import in_dtype, no_out
from autodiff_spec import UnsupportedError

_REDUCTIONS = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}
_RUNNING = {"add": "cumsum", "multiply": "cumprod"}
FOLDED = ("subtract", "divide", "power", "maximum", "minimum", "fmax", "fmin", "hypot", "logaddexp", "logaddexp2",
           "arctan2", "copysign", "fmod", "remainder")  # fmt: skip
"""Ufuncs without a function of their own for it: they are applied to one element after the other."""


def _reduction(function):
    def reduce(array, axis=0, dtype=None, out=None, keepdims=False, initial=None):
        no_out(out)
        first = {} if initial is None else {"initial": initial}
        return function(in_dtype(array, dtype), axis=axis, keepdims=keepdims, **first)

    return reduce


def _accumulation(function):
    def accumulate(array, axis=0, dtype=None, out=None):
        return function(array, axis, dtype, out)

    return accumulate


def _folding(ufunc):
    """The reduction and the running reduction by a ufunc of two arrays."""
    recorded = UFUNCS[ufunc]

    def steps(array, axis, dtype, out):
        no_out(out)
        array = array if dtype is None else TRACKED.astype(array, dtype)
        parts = TRACKED.unstack(array, axis=axis)
        if not parts:
            raise ValueError(f"np.{ufunc.__name__} has nothing to begin with along an axis of length 0")
        found = [parts[0]]
        for part in parts[1:]:
            found.append(recorded(found[-1], part))
        return found

    def reduce(array, axis=0, dtype=None, out=None, keepdims=False):
        no_out(out)
        if isinstance(axis, tuple) or axis is None:
            raise UnsupportedError(f"np.{ufunc.__name__}.reduce of a recorded array takes one axis at a time")
        found = steps(array, axis, dtype, out)[-1]
        return TRACKED.expand_dims(found, axis) if keepdims else found

    def accumulate(array, axis=0, dtype=None, out=None):
        return TRACKED.stack(steps(array, axis, dtype, out), axis=axis)

    return reduce, accumulate


def _of_pieces(reduce):
    def reduceat(array, indices, axis=0, dtype=None, out=None):
        no_out(out)
        axis = 0 if axis is None else axis  # of an array that has one
        starts = [operator.index(i) for i in np.asarray(plain(indices))]
        stops = [*starts[1:], array.shape[axis]]
        pieces = [array[along(axis, array.ndim, slice(i, max(j, i + 1)))] for i, j in zip(starts, stops, strict=True)]
        return TRACKED.stack([reduce(piece, axis, dtype) for piece in pieces], axis=axis)

    return reduceat


def _declared(ufunc, method, definition):
    """Enter the method of a ufunc; its value is NumPy's, but for two of which NumPy's is no fold."""
    if ufunc in (np.power, np.arctan2):  # along a contiguous axis NumPy 2.4 reads what it has written over
        _, check = option_check(getattr(ufunc, method), definition)
        UFUNC_METHODS[ufunc, method] = lambda *args, **kwargs: definition(*args, **check(args, kwargs))
    else:
        UFUNC_METHODS[ufunc, method] = computed_by(getattr(ufunc, method), definition)


for name in dict.fromkeys((*_REDUCTIONS, *FOLDED)):
    ufunc = getattr(np, name)
    reduce, accumulate = _folding(ufunc)
    if name in _REDUCTIONS:
        reduce = _reduction(getattr(TRACKED, _REDUCTIONS[name]))
    if name in _RUNNING:
        accumulate = _accumulation(getattr(TRACKED, _RUNNING[name]))
    for method, definition in {"reduce": reduce, "accumulate": accumulate, "reduceat": _of_pieces(reduce)}.items():
        _declared(ufunc, method, definition)
