"""Ufuncs with options, and their methods: reductions, running reductions, reductions of pieces."""

from __future__ import annotations

import operator

import numpy as np

from autodiff_numpy._array import Array, library_of, plain, resolve
from autodiff_numpy._options import called, option_check, refuse_option
from autodiff_numpy._rule import computed_by
from autodiff_numpy._tables import TRACKED, UFUNC_METHODS, UFUNCS
from autodiff_numpy._wrap import as_array, with_value
from autodiff_numpy.rules.cumulative import along
from autodiff_numpy.rules.reductions import in_dtype, no_out
from autodiff_spec import UnsupportedError

_REDUCTIONS = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}
_RUNNING = {"add": "cumsum", "multiply": "cumprod"}
FOLDED = ("subtract", "divide", "power", "maximum", "minimum", "fmax", "fmin", "hypot", "logaddexp", "logaddexp2",
           "arctan2", "copysign", "fmod", "remainder")  # fmt: skip
"""Ufuncs without a function of their own for it: they are applied to one element after the other."""


def computed_as_told(self, ufunc, inputs, options):
    """``ufunc(*inputs, dtype=…)``: NumPy's value, with the derivative of the ufunc of arguments in those dtypes."""
    for name, option in options.items():
        if isinstance(option, Array):
            refuse_option(ufunc, name)
        if name in ("axes", "axis", "keepdims"):
            raise UnsupportedError(
                f"{called(ufunc)} of a recorded array takes no {name}=; move axes by np.moveaxis, and call it without"
            )
    where = options.get("where", True)
    if not isinstance(where, (bool, np.bool_)) or not where:
        raise UnsupportedError(
            f"{called(ufunc)} with where= and without out= has no derivative rule, for it leaves elements undefined; "
            "give out=, an array that can be filled, np.zeros_like(x), or choose with np.where"
        )
    if library_of(ufunc) != "np":  # no mask for these, see `writing`
        options.pop("where", True)
    inputs = [x if type(x) in (int, float, complex) else as_array(resolve(x)) for x in inputs]
    value = ufunc(*map(plain, inputs), **options)
    given = tuple(type(x) if type(x) in (int, float, complex) else x.dtype for x in inputs)
    loop = ufunc.resolve_dtypes(given + (None,) * ufunc.nout, signature=_signature(ufunc, options), casting="unsafe")
    found = UFUNCS[ufunc](*[TRACKED.astype(as_array(x), dtype) for x, dtype in zip(inputs, loop, strict=False)])
    return with_value(found, value)


def _signature(ufunc, options):
    """The dtypes of a ufunc's loop as far as its options say them."""
    told = options.get("signature", options.get("sig"))
    if isinstance(told, str):
        return tuple(np.dtype(letter) for letter in told.replace("->", ""))
    if told is None and options.get("dtype") is not None:
        return (None,) * ufunc.nin + (np.dtype(options["dtype"]),) * ufunc.nout
    return told or (None,) * ufunc.nargs


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
