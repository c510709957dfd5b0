"""Writing into recorded arrays: what an array holds afterwards, computed as a function of what it held before.

NumPy's own function says where each element comes from: it is called on the elements' numbers, and the elements are
then gathered. So what it does with repeated indices, repeated values, masks and modes needs no second description.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_numpy._array import Array, Variable, copied, foreign, library_of, plain, resolve
from autodiff_numpy._frozen import frozen_copy
from autodiff_numpy._others import require_kinds, require_numpys, takes_over
from autodiff_numpy._pullback import is_basic
from autodiff_numpy._rule import rule
from autodiff_numpy._tables import FUNCTIONS, RECORDER, TRACKED, UFUNCS
from autodiff_numpy._views import VIEWS, constant, link_of, memory, require_writable, reshaped, store
from autodiff_numpy._wrap import holds_recorded, with_value
from autodiff_numpy.rules.indexing import _getitem
from autodiff_spec import BackendMismatchError, MutationError, UnsupportedError
from autodiff_spec._shared import occurrences
from autodiff_spec.core.errors import named_type
from autodiff_spec.core.names import BINARY

REMEDY = (
    "make the destination an array that can be filled with recorded elements, np.zeros_like(x) or "
    "np.zeros(shape, like=x), or compute a new one, `a = a + x`, np.stack, np.where"
)


# --- x[index] = values ------------------------------------------------------------------------------------------


def assign_item(x, index, values):
    """``x[index] = values``."""
    if type(values) is not Array:
        require_numpys(x, values)
    require_writable(x)
    if not isinstance(x.value, np.ndarray):
        x.value[index] = values  # NumPy's error for its scalars
    if not is_basic(index):
        index = tuple(map(plain, index)) if isinstance(index, tuple) else plain(index)
    elif _reads(values, x, index):
        return  # `x[index] += y` has written through the view x[index] already, and assigns it to itself
    values = _as_array(values)
    if type(values) is Array and not is_basic(index) and not _is_mask(index):
        store(x, arranged(x, values, lambda old, new: operator.setitem(old, index, new)))
    else:
        store(x, TRACKED.replaced(x, values, index if is_basic(index) else frozen_copy(index)))


def _reads(values, x, index):
    """Whether ``values`` is the very view ``x[index]``."""
    link = link_of(values) if type(values) is Array else None
    return type(link) is tuple and link[0] is x and link[1] is VIEWS[_getitem] and _same(link[2][0], index)


def _same(a, b):
    return type(a) is type(b) and (a == b if is_basic(b) else False)


def _is_mask(index):
    return getattr(index, "dtype", None) == np.bool_


def _as_array(values):
    """Nested lists of recorded numbers as an array; anything else as it is, variables as they are read."""
    if isinstance(values, (list, tuple)) and holds_recorded(values):
        return TRACKED.stack([part if np.ndim(part) else _number(part) for part in map(_as_array, values)])
    return resolve(values)


def _number(value):
    return value if isinstance(value, (Array, np.ndarray)) else np.asarray(value)


def arranged(x, values, arrange):
    """``x`` with elements of ``values`` where ``arrange`` puts their numbers, as it writes them into those of x's."""
    values = TRACKED.astype(values if hasattr(values, "dtype") else np.asarray(values), x.dtype)
    numbers = np.arange(x.size).reshape(x.shape)
    arrange(numbers, np.arange(x.size, x.size + values.size).reshape(values.shape))
    return TRACKED.concatenate([TRACKED.ravel(x), TRACKED.ravel(values)])[numbers]


# --- x += y -----------------------------------------------------------------------------------------------------


def _in_place(operation, ufunc):
    """The method of an augmented operator, from the name of the operator's, and NumPy's function."""

    def operate(self, other):
        function = getattr(type(self), operation)
        if isinstance(self.value, np.generic):
            return function(self, other)  # NumPy's scalars cannot be written: the name gets a new one
        require_numpys(self, other)
        if takes_over(other):
            raise BackendMismatchError(
                f"{named_type(other)} computes by itself and is not written into a recorded array; pass its NumPy array"
            )
        require_writable(self)
        new = function(self, other)
        if new.shape != self.shape or not np.can_cast(new.dtype, self.dtype, "same_kind"):
            ufunc(plain(self), plain(other), out=np.empty(self.shape, self.dtype))  # NumPy's error
        store(self, TRACKED.astype(new, self.dtype))
        return self

    return operate


# --- out= -------------------------------------------------------------------------------------------------------


def into(function, args, kwargs):
    """``function(*args, out=…, **kwargs)`` for NumPy's function or a method of a ufunc, which writes into ``out``."""
    kwargs = dict(kwargs)
    out = kwargs.pop("out")
    targets = out if isinstance(out, tuple) else (out,)
    require_kinds({target.__class__ for target in targets})
    if not all(type(target) is Array for target in targets):
        return _into_plain(function, args, kwargs, out, targets)
    for target in targets:
        require_writable(target)
    if kwargs.get("where", True) is not True and isinstance(function, np.ufunc):
        found = _where(function, args, kwargs, targets)
    else:
        rest = {name: value for name, value in kwargs.items() if name != "casting" or "dtype" in kwargs}
        found = function(*args, **rest)
        found = found if isinstance(found, tuple) else (found,)
    values = _values_into(function, args, kwargs, targets)
    for target, new, value in zip(targets, found, values, strict=True):
        if value is None:
            value = new = TRACKED.broadcast_to(TRACKED.astype(new, target.dtype), target.shape)
        elif type(new) is Array:
            value = Array(value, TRACKED.broadcast_to(TRACKED.astype(new, target.dtype), target.shape).node)
        store(target, value)
    return targets[0] if len(targets) == 1 else targets


def _values_into(function, args, kwargs, targets):
    """The values that NumPy itself writes, or its error; ``None`` for each where ours are to be taken.

    That is where NumPy's would end a trace, and with a mask for a ufunc of SciPy: these write beside their arrays then,
    up to SciPy 1.17 (https://github.com/scipy/xsf/pull/146), and are asked without it.
    """
    values = [target.value for target in targets]
    if any(map(foreign, (*values, *map(plain, args)))):
        return [None] * len(targets)
    values = [value.copy() for value in values]
    masked = isinstance(function, np.ufunc) and library_of(function) != "np" and kwargs.pop("where", True) is not True
    function(*map(_plain_tree, args), **{k: _plain_tree(v) for k, v in kwargs.items()},
             out=tuple(values) if len(values) > 1 else values[0])  # fmt: skip
    return [None] * len(values) if masked else values


def _plain_tree(x):
    return type(x)([_plain_tree(part) for part in x]) if isinstance(x, (list, tuple)) else plain(x)


def _where(ufunc, args, kwargs, targets):
    """The results where the mask is true, computed there alone; elsewhere what the targets hold."""
    shape = targets[0].shape
    mask = np.broadcast_to(plain(kwargs["where"]), shape)
    args = [TRACKED.broadcast_to(arg if hasattr(arg, "dtype") else np.asarray(arg), shape)[mask] for arg in args]
    found = ufunc(*args, **{name: value for name, value in kwargs.items() if name != "where"})
    found = found if isinstance(found, tuple) else (found,)
    return tuple([
        TRACKED.replaced(target, TRACKED.astype(part, target.dtype), mask)
        for target, part in zip(targets, found, strict=True)
    ])


def _into_plain(function, args, kwargs, out, targets):
    """A destination that is no recorded array: nothing recorded but what is a constant can be written into it."""
    if any(isinstance(target, Variable) for target in targets):
        for target in targets:
            require_writable(target)
    holding = [target for target in targets if isinstance(target, Array) or target.dtype.kind not in "biu"]  # KINK-54
    if holding and (tracked((args, kwargs)) or any(isinstance(target, Array) for target in targets)):
        raise MutationError(f"np.{_name(function)} would write what is recorded into NumPy's own array; {REMEDY}")
    return function(*map(_plain_tree, args), out=out, **{name: _plain_tree(value) for name, value in kwargs.items()})


def tracked(tree):
    """Whether an open tape tracks one of the arrays in a tree of tuples, lists and dictionaries."""
    if isinstance(tree, (list, tuple)):
        return any(map(tracked, tree))
    if isinstance(tree, dict):
        return any(map(tracked, tree.values()))
    tree = resolve(tree)
    return type(tree) is Array and bool(RECORDER.frame().tracking(tree.node.tapes))


def _name(function):
    if not isinstance(getattr(function, "__self__", None), np.ufunc):
        return function.__name__
    return f"{function.__self__.__name__}.{function.__name__}"


# --- functions that write into their first argument -----------------------------------------------------------------


def _writing(function, x, values, write):
    """Let ``write(x, values)`` be done to a recorded ``x``."""
    if not isinstance(x, Array):
        if tracked(_as_array(values)):
            raise MutationError(f"np.{_name(function)} would write what is recorded into NumPy's own array; {REMEDY}")
        write(x, _plain_tree(values))
        return
    require_writable(x)
    values = _as_array(values)
    values = values if hasattr(values, "dtype") else np.asarray(values)
    write(np.empty(x.shape, x.dtype), np.zeros(values.shape, values.dtype))  # NumPy's errors
    store(x, arranged(x, values, write))


def put(a, ind, v, mode="raise"):
    """`np.put`."""
    _writing(np.put, a, v, lambda a, v: np.put(a, plain(ind), v, mode=mode))


def copyto(dst, src, casting="same_kind", where=True):
    """`np.copyto`."""
    _writing(np.copyto, dst, src, lambda a, v: np.copyto(a, v, casting=casting, where=plain(where)))


def place(arr, mask, vals):
    """`np.place`."""
    _writing(np.place, arr, vals, lambda a, v: np.place(a, plain(mask), v))


def putmask(a, mask, values):
    """`np.putmask`."""
    _writing(np.putmask, a, values, lambda a, v: np.putmask(a, plain(mask), v))


def put_along_axis(arr, indices, values, axis=-1):
    """`np.put_along_axis`."""
    _writing(np.put_along_axis, arr, values, lambda a, v: np.put_along_axis(a, plain(indices), v, axis))


def fill_diagonal(a, val, wrap=False):
    """`np.fill_diagonal`."""
    _writing(np.fill_diagonal, a, val, lambda a, v: np.fill_diagonal(a, v, wrap))


FUNCTIONS.update({np.put: put, np.copyto: copyto, np.place: place, np.putmask: putmask,
                  np.put_along_axis: put_along_axis, np.fill_diagonal: fill_diagonal})  # fmt: skip


# --- methods ----------------------------------------------------------------------------------------------------


def fill(self, value):
    """``x.fill(value)``."""
    require_writable(self)
    if np.ndim(value):
        np.empty(self.shape, self.dtype).fill(plain(value))  # NumPy's error, or the one element
        value = TRACKED.reshape(value, ())
    store(self, TRACKED.replaced(self, resolve(value), ...))


def sort(self, axis=-1, kind=None, order=None, *, stable=None):
    """``x.sort()``."""
    require_writable(self)
    store(self, TRACKED.sort(self, axis=axis, kind=kind, order=order, stable=stable))


def partition(self, kth, axis=-1, kind="introselect", order=None):
    """``x.partition(kth)``."""
    require_writable(self)
    store(self, TRACKED.partition(self, plain(kth), axis=axis, kind=kind, order=order))


def resize(self, *shape, refcheck=True):
    """``x.resize(shape)``, which NumPy allows where nobody else holds the array."""
    raise UnsupportedError("x.resize(shape) of a recorded array is not available; use x = np.resize(x, shape)")


# --- arrays to be filled ------------------------------------------------------------------------------------------


def _like(function):
    """The recording function of NumPy's ``function`` of a recorded array, or with ``like=`` one."""

    def made(*args, **kwargs):
        return constant(function(*map(_plain_tree, args), **{k: _plain_tree(v) for k, v in kwargs.items()}))

    return made


def _constant(function):
    """The recording function of NumPy's ``function`` with ``like=``, which makes an array of what is no array."""
    return lambda *args, **kwargs: constant(function(*args, **kwargs))


def full_like(a, fill_value, *args, **kwargs):
    """`np.full_like`; the fill value may be recorded."""
    return filled(np.empty_like(plain(a), *args, **kwargs), fill_value)


def full(shape, fill_value, dtype=None, order="C", **kwargs):
    """`np.full` with ``like=``; the fill value may be recorded."""
    return filled(np.empty(shape, np.asarray(plain(fill_value)).dtype if dtype is None else dtype, order), fill_value)


def filled(blank: Any, fill_value: Any) -> Any:
    """An array like ``blank`` of one value, which may be recorded."""
    if tracked(fill_value) and blank.dtype.kind in "fc":
        return TRACKED.replaced(blank, resolve(fill_value), ...)
    return constant(np.full_like(blank, plain(fill_value)))


def array(object, dtype=None, *, copy=True, order="K", subok=False, ndmin=0, **kwargs):
    """`np.array` with ``like=``: of a recorded array, or of lists that hold recorded numbers."""
    found = _as_array(object)
    if not isinstance(found, Array):
        return constant(np.array(found, dtype=dtype, copy=copy, order=order, ndmin=ndmin))
    if dtype is not None and found.dtype != dtype:
        found = TRACKED.astype(found, dtype)
    flags = memory(plain(found)).flags
    if (found is object and copy) or not {"C": flags.c_contiguous, "F": flags.f_contiguous}.get(order, True):
        found = TRACKED.copied(found, order)
    if copy is False and found is not object:
        raise ValueError("np.array(…, copy=False) would have to make a copy; leave copy= out, or use np.asarray")
    return found if found.ndim >= ndmin else TRACKED.reshape(found, (1,) * (ndmin - found.ndim) + found.shape)


def asarray(a, dtype=None, order=None, *, copy=None, **kwargs):
    """`np.asarray` with ``like=``."""
    return array(a, dtype, copy=copy, order=order or "K")


def require(a, dtype=None, requirements=None, **kwargs):
    """`np.require` with ``like=``: the elements in rows or in columns as it is asked."""
    asked = {str(name).upper()[0] for name in requirements or ()}
    return array(a, dtype, copy="O" in asked or None, order=next((letter for letter in "FC" if letter in asked), "K"))


def arange(*args, **kwargs):
    """`np.arange` with ``like=``, from and to recorded numbers too: how many there are is a constant."""
    value = np.arange(*map(plain, args), **{name: plain(argument) for name, argument in kwargs.items()})
    given = dict(zip(("stop",) if len(args) == 1 else ("start", "stop", "step"), args, strict=False)) | kwargs
    start, step = given.get("start"), given.get("step")
    if not tracked(start) and not tracked(step):
        return constant(value)
    first, width = 0.0 if start is None else resolve(start), 1.0 if step is None else resolve(step)
    return with_value(first + np.arange(len(value)) * width, value)


FUNCTIONS.update({
    numpys: _like(numpys)
    for numpys in (np.zeros_like, np.ones_like, np.empty_like, np.zeros, np.ones, np.empty, np.eye, np.identity, np.tri)
})  # fmt: skip
FUNCTIONS.update({
    numpys: _constant(numpys)
    for numpys in (np.frombuffer, np.fromfile, np.fromfunction, np.fromiter, np.fromstring, np.genfromtxt, np.loadtxt)
})  # fmt: skip
FUNCTIONS.update({
    np.full_like: full_like, np.full: full, np.array: array, np.asarray: asarray, np.asanyarray: asarray,
    np.arange: arange, np.require: require,
    np.ascontiguousarray: lambda a, dtype=None, **kwargs: array(a, dtype, copy=None, order="C", ndmin=1),
    np.asfortranarray: lambda a, dtype=None, **kwargs: array(a, dtype, copy=None, order="F", ndmin=1),
})  # fmt: skip


# --- copies, and parts of complex arrays ----------------------------------------------------------------------------


def _copied(x, order="K"):
    return copied(x) if foreign(x) else np.array(x, order=order)


def _with_part(z, part, name):
    """Complex ``z`` with another real or imaginary part."""
    found = copied(z)
    setattr(found, name, part)
    return found


rule(_copied, lambda xp, g: g, jvp=lambda xp, t: t)
rule(
    _with_part,
    lambda xp, g, name: xp.with_part(g, 0, name),
    lambda xp, g, name: xp.real(g) if name == "real" else -xp.imag(g),
    jvp=(
        lambda xp, t, name: xp.with_part(t, 0, name),
        lambda xp, t, name, ans_shape, ans_dtype: xp.with_part(np.zeros(ans_shape, ans_dtype), t, name),
    ),
)


# --- ufunc.at ---------------------------------------------------------------------------------------------------


def combined(x: Any, index: Any, values: Any, combine: Callable[..., Any]) -> Any:
    """``x`` with ``combine(element, value)`` at an index; where that occurs several times, one after the other.

    First occurrences of all indices at once, then second ones, until none is left.
    """
    places = np.arange(x.size).reshape(x.shape)[index]
    turn = occurrences(places.ravel())
    if not turn.any():
        return TRACKED.replaced(x, TRACKED.astype(combine(x[index], values), x.dtype), index)
    flat = TRACKED.reshape(x, (-1,))
    values = TRACKED.broadcast_to(values if hasattr(values, "dtype") else np.asarray(values), places.shape)
    values = TRACKED.reshape(values, (-1,))
    for n in range(turn.max() + 1):
        here = np.nonzero(turn == n)[0]
        spot = places.ravel()[here]
        flat = TRACKED.replaced(flat, TRACKED.astype(combine(flat[spot], values[here]), x.dtype), spot)
    return TRACKED.reshape(flat, x.shape)


def at(ufunc, x, index, values):
    """``ufunc.at(x, index, values)`` for a ufunc of two arrays that has a rule."""
    if not isinstance(x, Array):
        raise MutationError(f"np.{ufunc.__name__}.at would write what is recorded into NumPy's own array; {REMEDY}")
    require_writable(x)
    index = tuple(map(plain, index)) if isinstance(index, tuple) else plain(index)
    store(x, combined(x, index, values, UFUNCS[ufunc]))


# --- x.flat -----------------------------------------------------------------------------------------------------


class Flat:
    """``x.flat``: the elements of a recorded array in a row, to read, to write and to go through."""

    def __init__(self, x):
        self.base = x

    def __len__(self):
        return self.base.size

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index):
        return TRACKED.copied(TRACKED.ravel(self.base))[index]

    def __setitem__(self, index, values):
        x, values = self.base, _as_array(values)
        require_writable(x)
        values = values if hasattr(values, "dtype") else np.asarray(values)

        def write(a, v):
            a.flat[plain(index)] = v

        store(x, arranged(x, values, write))


def shaped(x, shape):
    """``x.shape = shape``: from here on ``x`` is a view of what it was, and its views are of that."""
    require_writable(x, through=False)
    value = x.value[...]
    value.shape = shape  # NumPy's error, where that needs a copy
    reshaped(x, value.shape)


# --- what `Array` has of all this -------------------------------------------------------------------------------


def _write_ufunc(self, ufunc, method, inputs, kwargs):
    """``ufunc(*inputs, out=…)``, the same of one of its methods, or ``ufunc.at``."""
    if method == "at":
        return at(ufunc, *inputs)
    return into(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)


def _write_function(self, function, args, kwargs):
    """``function(*args, out=…)``."""
    return into(function, args, kwargs)


def _assign_part(name):
    """``x.real = values``, or ``x.imag``; of a real array the real part is the array itself."""
    return lambda self, values: assign_item(getattr(self, name), ..., values)


METHODS = {
    "__setitem__": assign_item, "put": put, "fill": fill, "sort": sort, "partition": partition, "resize": resize,
    "_write_ufunc": _write_ufunc, "_write_function": _write_function,
    **{f"__i{name}__": _in_place(f"__{name}__", getattr(np, "power" if function == "pow" else function))
       for name, function in BINARY.items()},
}  # fmt: skip
"""By name."""

PROPERTIES: dict[str, tuple[Any, Any]] = {
    "real": (lambda self: TRACKED.real(self), _assign_part("real")),
    "imag": (lambda self: TRACKED.imag(self), _assign_part("imag")),
    "shape": (operator.attrgetter("value.shape"), shaped),
    "flat": (Flat, lambda self, values: Flat(self).__setitem__(slice(None), values)),
}
"""By name, how each is read and how it is assigned."""
