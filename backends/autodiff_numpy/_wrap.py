"""How an operation is recorded: for each kind of function, the function that computes and records it.

All do the same: compute on values; ask the context's `Frame` whether an open tape tracks an argument; then make a node
with one edge, ``(parent, rule, residuals)``, for each argument that is tracked. They run for every operation of every
program, so the usual kinds are written out, without loops and without calls that could be spared.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable
from typing import Any
from weakref import ref

import numpy as np

from autodiff_numpy._array import Array, Variable, resolve
from autodiff_numpy._dask import known_to_dask, refuse_values, require_lazy
from autodiff_numpy._frozen import frozen_copy
from autodiff_numpy._options import UNRECORDED, has_derivative, refuse_option, refuse_unread
from autodiff_numpy._others import handed_over, number, require_numbers, require_numpys, takes_over
from autodiff_numpy._parameters import names_of
from autodiff_numpy._pullback import Pullback, static, unchanged
from autodiff_numpy._tables import RECORDER, TRACKED
from autodiff_numpy._views import PRUNED, VIEWS, Viewing, add_view, constant, linked, memory, sealed, share_memory
from autodiff_spec.recording.nodes import Edge, Frame, Node

_SCALARS = frozenset((float, int, bool))
_LISTS = frozenset((list, tuple))
_ARRAYS = frozenset((np.ndarray, Array, Variable))
_CHANGEABLE = frozenset((list, np.ndarray))
"""What the user may change after it was an option: a residual is a copy."""
_NOT_GIVEN: Any = object()
_OPTION: Any = object()
_OPERATORS: dict[Any, Callable[..., Any]] = {
    np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul, np.divide: operator.truediv,
    np.less: operator.lt, np.less_equal: operator.le, np.greater: operator.gt, np.greater_equal: operator.ge,
    np.equal: operator.eq, np.not_equal: operator.ne,
}  # fmt: skip
"""Python's operators do what NumPy's ufuncs do, and on NumPy's scalars at a tenth of their price."""

_ARITHMETIC = frozenset((np.add, np.subtract, np.multiply, np.divide))
"""What is computed with an array in place of a Python number, which NumPy turns into the same one at twice the price.

Powers are left out: NumPy knows some by their exponents.
"""

_METHODS: dict[Any, Callable[..., Any]] = {np.reshape: np.ndarray.reshape, np.transpose: np.ndarray.transpose}
"""And methods, of one argument, what functions do, at a third."""

_new, ndarray, asarray = object.__new__, np.ndarray, np.asarray
_NUMPYS = frozenset(
    (ndarray, Array, Variable, float, int, bool, complex, list, tuple, str, type(None), *np.sctypeDict.values())
)


def record(value: Any, edges: tuple[Edge, ...], tapes: tuple[int, ...], frame: Frame) -> Array:
    """The recorded array of ``value``, under a new node. It runs for every operation, so it calls no ``__init__``."""
    node = _new(Node)
    node.edges = edges
    node.tapes = tapes
    frame.append(node)
    array = _new(Array)
    array.value = value
    array.node = node
    array._views = None
    return array


def unrecorded(value: Any, *arguments: Any) -> Any:
    """A result that no open tape tracks, as an array of the user's own.

    Its arguments are residuals, perhaps, of a gradient still to be asked for; through a view they could be written to.
    """
    if type(value) is ndarray and (value.base is not None or any(value is argument for argument in arguments)):
        return value.copy()
    return value


def untracked(value: Any, *parents: Node) -> Any:
    """A result that no open tape tracks; of arrays that wait to be filled, one that waits too."""
    for parent in parents:
        if parent.tapes:
            return value
    return constant(value)


def as_array(x: Any) -> Any:
    """Numbers and lists as an array, as NumPy takes them; lists that hold recorded arrays are stacked."""
    if type(x) in _ARRAYS:
        return x
    if type(x) in _LISTS and holds_recorded(x):
        return TRACKED.stack([as_array(part) for part in x])
    return x if hasattr(x, "dtype") else np.asarray(x)


def unary(function: Any, pullback: Any) -> Callable[[Any], Any]:
    """The recording function of an elementwise function of one array."""
    frame_of, residuals_of = RECORDER.frame, pullback.residuals_of

    def recorded(x: Any, /) -> Any:
        if type(x) is not Array:
            x = resolve(x)
            if type(x) is not Array:
                return function(x)
        argument, parent = x.value, x.node
        value = function(argument)
        frame, tapes = frame_of(), parent.tapes
        if tapes is not frame.tapes:
            tapes = frame.tracking(tapes)
            if not tapes:
                return untracked(value, parent)
        return record(value, ((parent, pullback, residuals_of(value, argument)),), tapes, frame)

    return recorded


def binary(function: Any, left: Any, right: Any) -> Callable[[Any, Any], Any]:
    """The recording function of a ufunc of two arrays."""
    frame_of, keep_left, keep_right = RECORDER.frame, left.residuals_of, right.residuals_of
    of_numbers, arithmetic = _OPERATORS.get(function, function), function in _ARITHMETIC
    plain_left = None if left.vjp is unchanged else left  # where the result has the argument's shape and dtype
    plain_right = None if right.vjp is unchanged else right

    def recorded(x: Any, y: Any, /) -> Any:
        if type(x) is Array:
            if type(y) is Array:
                return both(x, y)
            if type(y) in _SCALARS:  # nothing to broadcast, and nothing that changes
                a, parent = x.value, x.node
                if type(a) is ndarray:
                    if arithmetic and a.dtype.kind == "f":
                        y = asarray(y, a.dtype)
                    value = function(a, y)
                else:
                    value = of_numbers(a, y)
                frame, tapes = frame_of(), parent.tapes
                if tapes is not frame.tapes:
                    tapes = frame.tracking(tapes)
                    if not tapes:
                        return untracked(value, parent)
                kept = () if plain_left is None else keep_left(value, a, y)
                return record(value, ((parent, plain_left, kept),), tapes, frame)
        elif type(y) is Array and type(x) in _SCALARS:
            b, parent = y.value, y.node
            if type(b) is ndarray:
                if arithmetic and b.dtype.kind == "f":
                    x = asarray(x, b.dtype)
                value = function(x, b)
            else:
                value = of_numbers(x, b)
            frame, tapes = frame_of(), parent.tapes
            if tapes is not frame.tapes:
                tapes = frame.tracking(tapes)
                if not tapes:
                    return untracked(value, parent)
            kept = () if plain_right is None else keep_right(value, x, b)
            return record(value, ((parent, plain_right, kept),), tapes, frame)
        if type(x) not in _NUMPYS or type(y) not in _NUMPYS:
            require_numpys(x, y)
            if (isinstance(y, Array) and takes_over(x)) or (isinstance(x, Array) and takes_over(y)):
                return handed_over(np.power if function is pow else function, x, y)
            if isinstance(x, Array) or isinstance(y, Array):
                x, y = number(x), number(y)
        if type(x) in _LISTS or type(y) in _LISTS:
            return recorded(as_array(x), as_array(y))
        if type(x) is Variable:
            return recorded(x.read(), y)
        if type(y) is Variable:
            return recorded(x, y.read())
        if type(x) is Array:
            return one(x, left, x.value, y)
        return one(y, right, x, y.value) if type(y) is Array else function(x, y)

    def one(source: Array, pullback: Pullback, x: Any, y: Any) -> Any:
        value = function(x, y)
        if type(value) is Array:  # an element of an array of objects
            require_numbers(value)
        frame, parent = frame_of(), source.node
        tapes = parent.tapes
        if tapes is not frame.tapes:
            tapes = frame.tracking(tapes)
            if not tapes:
                return untracked(value, parent)
        if pullback is left and 1 in left.sources:
            y = frozen_copy(y)
        elif pullback is right and 0 in right.sources:
            x = frozen_copy(x)
        return record(value, (edge(parent, pullback, value, x, y, source.value),), tapes, frame)

    def both(x: Array, y: Array) -> Any:
        a, b, first, second = x.value, y.value, x.node, y.node
        value = function(a, b) if type(a) is ndarray else of_numbers(a, b)
        frame, tapes = frame_of(), first.tapes
        if tapes is not frame.tapes or second.tapes is not tapes:
            tapes = frame.tracking((*tapes, *second.tapes))
            if not tapes:
                return untracked(value, first, second)
        edges: tuple[Edge, ...]
        if a is b or (a.shape == b.shape and a.dtype is b.dtype):
            edges = (
                (first, plain_left, () if plain_left is None else keep_left(value, a, b)),
                (second, plain_right, () if plain_right is None else keep_right(value, a, b)),
            )
        else:
            edges = (edge(first, left, value, a, b, a), edge(second, right, value, a, b, b))
        return record(value, edges, tapes, frame)

    def edge(parent: Node, pullback: Any, value: Any, x: Any, y: Any, argument: Any) -> Edge:
        """An edge, with the argument's shape and dtype, and the answer's, where they differ."""
        if value.shape == argument.shape and value.dtype == argument.dtype:
            return parent, pullback, pullback.residuals_of(value, x, y)
        if value.dtype.hasobject:
            require_numbers(value, x, y)
        kinds = (argument.shape, argument.dtype, value.shape, value.dtype)
        return parent, pullback.fitted, (kinds, *pullback.residuals_of(value, x, y))

    return recorded


def reducing(function: Any, pullback: Pullback, unusual: Callable[..., Any] | None) -> Callable[..., Any]:
    """The recording function of a function of one array and options; ``unusual`` takes those that its rule does not."""
    frame_of, residuals_of = RECORDER.frame, pullback.residuals_of
    first, *names = names_of(function)
    unread = UNRECORDED if unusual is None else UNRECORDED | {"dtype"}
    of_users = unusual is not None or not function.__name__.startswith("_")  # options by position may be anything

    def recorded(x: Any = _NOT_GIVEN, /, *options: Any, **kwargs: Any) -> Any:
        if x is _NOT_GIVEN:
            x = kwargs.pop(first)
        if type(x) is not Array:
            x = resolve(x)
            if type(x) is not Array and not any(isinstance(option, Array) for option in (*options, *kwargs.values())):
                return function(x, *options, **kwargs)
        if options and (of_users or type(x) is not Array):
            kwargs |= zip(names, options, strict=False)
            options = ()
        if kwargs:
            for name in kwargs:
                if name in unread or isinstance(kwargs[name], Array):
                    if unusual is not None:
                        return unusual(x, **kwargs)
                    _refuse(function, name, kwargs[name])
                if type(kwargs[name]) in _CHANGEABLE:
                    kwargs[name] = frozen_copy(kwargs[name])
        argument, parent = x.value, x.node
        value = function(argument, *options, **kwargs)
        if type(argument) is not ndarray:
            require_lazy(value, (argument,), function)
        frame, tapes = frame_of(), parent.tapes
        if tapes is not frame.tapes:
            tapes = frame.tracking(tapes)
            if not tapes:
                return unrecorded(untracked(value, parent), argument)
        return record(value, ((parent, pullback, residuals_of(value, argument, *options, **kwargs)),), tapes, frame)

    return recorded


def reading(general: Callable[..., Any], pullback: Any, how: Viewing) -> Callable[[Any, Any], Any]:
    """The recording function of ``x[index]``: that of `viewing`, written out, for programs read many parts."""
    frame_of = RECORDER.frame

    def recorded(x: Any, index: Any) -> Any:
        if type(x) is not Array:
            known = x.read() if type(x) is Variable else x
            if type(known) is not Array:
                return general(x, index)
            x = known
        argument, parent = x.value, x.node
        frame = frame_of()
        if type(argument) is not ndarray or parent.tapes is not frame.tapes:
            return general(x, index)
        value = argument[index]
        array = record(value, ((parent, pullback, (index, argument.shape)),), parent.tapes, frame)
        if type(value) is ndarray:
            base = value.base
            if base is not None and (base is argument or base is argument.base):
                array._link = (x, how, (index,), _NO_KEYWORDS)
                views = x._views
                if views is None:
                    x._views = [ref(array)]
                elif len(views) % PRUNED:
                    views.append(ref(array))
                else:
                    add_view(x, array)
        return array

    return recorded


_NO_KEYWORDS: dict[str, Any] = {}


def viewing(function: Any, pullback: Pullback, put: Callable[..., Any] | None) -> Callable[..., Any]:
    """The recording function of a function of one array and static arguments whose result may be a view of it.

    ``put`` is that of `Viewing`.
    """
    frame_of, residuals_of = RECORDER.frame, pullback.residuals_of
    compute = _METHODS.get(function, function)
    freezes = function.__name__ != "_getitem"  # an index was frozen where it was given
    first = names_of(function)[0]

    def recorded(x: Any = _NOT_GIVEN, /, *static: Any, **kwargs: Any) -> Any:
        if x is _NOT_GIVEN:
            x = kwargs.pop(first)
        if type(x) is not Array:
            source, x = x, resolve(x)
            if type(x) is not Array:
                value = function(x, *static, **kwargs)
                return value if x is source else sealed(value, x)
        argument, parent = x.value, x.node
        if static and type(static[0]) in _CHANGEABLE and freezes:
            static = (frozen_copy(static[0]), *static[1:])
        if type(argument) is ndarray and len(static) <= 1 and not kwargs:
            value = compute(argument, *static)
        else:
            static, kwargs = _ordered(argument, static, kwargs)
            value = function(argument, *static, **kwargs)
        if value is argument:
            return x
        frame, tapes = frame_of(), parent.tapes
        if tapes is not frame.tapes:
            tapes = frame.tracking(tapes)
            if not tapes:
                array = untracked(value, parent)
                if type(array) is not Array:
                    return sealed(value, argument)
                return linked(array, x, how, static, kwargs) if share_memory(value, argument) else array
        array = record(value, ((parent, pullback, residuals_of(value, argument, *static, **kwargs)),), tapes, frame)
        if type(value) is ndarray:  # as `share_memory` and `linked` do
            base = value.base
            if base is not None and (base is argument or base is argument.base):
                array._link = (x, how, static, kwargs)
                views = x._views
                if views is None:
                    x._views = [ref(array)]
                elif len(views) % PRUNED:
                    views.append(ref(array))
                else:
                    add_view(x, array)
        elif share_memory(value, argument):
            linked(array, x, how, static, kwargs)
        return array

    def read(x: Array, *static: Any, **kwargs: Any) -> Any:
        argument, parent = x.value, x.node
        value = function(argument, *static, **kwargs)
        frame = frame_of()
        tapes = frame.tracking(parent.tapes)
        if not tapes:
            return value
        return record(value, ((parent, pullback, residuals_of(value, argument, *static, **kwargs)),), tapes, frame)

    how = VIEWS[function] = Viewing(function, read, put)
    return recorded


def _ordered(argument: Any, static: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Arguments in which order "A" is the one that it means for this array: a cotangent lies otherwise in memory."""
    if not any(type(option) is str and option in "Aa" for option in (*static, *kwargs.values())):
        return static, {name: frozen_copy(option) for name, option in kwargs.items()}
    order = "F" if memory(argument).flags.fnc else "C"
    shape, *_ = (*static, frozen_copy(kwargs.get("shape")))
    return (shape,), {**{name: kwargs[name] for name in kwargs.keys() & {"copy"}}, "order": order}


def general(function: Any, pullbacks: tuple[Pullback | None, ...]) -> Callable[..., Any]:
    """The recording function of any other function: arguments by position or by name, static ones among them."""
    frame_of = RECORDER.frame
    names = tuple(names_of(function))
    arrays = frozenset(names[: len(pullbacks)])

    def recorded(*args: Any, **kwargs: Any) -> Any:
        if kwargs and not arrays.isdisjoint(kwargs):
            args, kwargs = _by_position(names, args, kwargs)
        values: list[Any] = []
        sources: list[tuple[Node, Pullback]] = []
        strange = others = False
        for arg, pullback in zip(args, itertools.chain(pullbacks, itertools.repeat(_OPTION)), strict=False):
            if pullback is not None and pullback is not _OPTION and type(arg) in _LISTS:
                arg = as_array(arg)
            if isinstance(arg, Array):
                arg = resolve(arg)
                if type(arg) is Array:
                    if pullback is _OPTION:
                        if has_derivative(arg):
                            refuse_option(function, names[len(values)])
                    elif pullback is not None:
                        sources.append((arg.node, pullback))
                    arg = arg.value
                    others |= type(arg) is not ndarray
            elif type(arg) is list:
                arg = frozen_copy(arg)
            elif type(arg) not in _NUMPYS:
                strange = others = True
            values.append(arg)
        if strange:
            require_numpys(*args)
            values = [np.array(value) if takes_over(value) else value for value in values]  # as NumPy would
        for name in kwargs:
            if isinstance(kwargs[name], Array) or (sources and name in UNRECORDED):
                _refuse(function, name, kwargs[name])
        value = function(*values, **kwargs)
        if others:
            require_lazy(value, values, function)
        frame = frame_of()
        tapes = frame.tracking(tuple({number for node, _ in sources for number in node.tapes}))
        if not tapes:
            return unrecorded(untracked(value, *[node for node, _ in sources]) if sources else value, *values)
        if value.dtype.hasobject:
            require_numbers(value)
        read = {position for _, pullback in sources for position in pullback.sources}
        for i, arg in enumerate(args):
            if i in read and not isinstance(arg, Array):
                values[i] = frozen_copy(values[i])
        edges = tuple([(node, pullback, pullback.residuals_of(value, *values, **kwargs)) for node, pullback in sources])
        return record(value, edges, tapes, frame)

    return recorded


def _refuse(function: Any, name: str, option: Any) -> None:
    """A keyword that no rule reads: with it the derivative would be wrong, or the result not be recorded."""
    if isinstance(option, Array):
        refuse_option(function, name)
    if static(option) is not None:
        refuse_unread(function, name)


def _by_position(names: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Array arguments that were given by name, moved to their positions."""
    rest = dict(kwargs)
    positional = list(args)
    for name in names[len(args) :]:
        if name not in rest:
            break
        positional.append(rest.pop(name))
    return tuple(positional), rest


def discrete(function: Any) -> Callable[..., Any]:
    """The function of recorded arrays that gives plain results: ``function`` has no derivative."""

    def plainly(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            options = known_to_dask(function, [detached(value) for value in kwargs.values()])
            kwargs = dict(zip(kwargs, options, strict=True))
        return function(*known_to_dask(function, [detached(arg) for arg in args]), **kwargs)

    if not isinstance(function, np.ufunc) or function.nin != 2:
        return plainly
    of_numbers = _OPERATORS.get(function, function)

    def compared(x: Any, y: Any, /, **kwargs: Any) -> Any:
        if type(x) is Array and (type(y) in _SCALARS or isinstance(y, str)):  # as in the conditions of loops
            return of_numbers(x.value, y)
        if kwargs:
            return plainly(x, y, **kwargs)
        if not isinstance(x, Array) and not isinstance(y, Array):
            return function(x, y)
        return of_numbers(x.value if isinstance(x, Array) else x, y.value if isinstance(y, Array) else y)

    return compared


def asking(function: Any, recorded: Callable[..., Any]) -> Callable[..., Any]:
    """A recording function that refuses Dask's arrays before it computes them; ``function`` looks at their values."""

    @functools.wraps(recorded)
    def asked(*args: Any, **kwargs: Any) -> Any:
        refuse_values(function, args)
        refuse_values(function, kwargs.values())
        return recorded(*args, **kwargs)

    return asked


def detached(argument: Any) -> Any:
    """The value of a recorded array, in lists and tuples too."""
    if isinstance(argument, Array):
        return argument.value
    if isinstance(argument, (list, tuple)) and holds_recorded(argument):
        return type(argument)([detached(part) for part in argument])
    return argument


def with_value(found: Any, value: Any) -> Any:
    """NumPy's ``value`` of a computation, with the derivative of ``found``, which recorded arrays computed of it."""
    if isinstance(found, (tuple, list)):
        parts = [with_value(*pair) for pair in zip(found, value, strict=True)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if type(found) is not Array or value.dtype.kind not in "fc":  # KINK-54: what is cast to integers is a constant
        return value
    if found.value is value:  # an argument, as it is
        return found
    if found.dtype != value.dtype:
        found = TRACKED.cast(found, value.dtype)
    return Array(value, found.node) if type(found) is Array else value


def holds_recorded(values: Any) -> bool:
    """Whether a recorded array or a variable is among them, in lists and tuples too."""
    for value in values:
        if isinstance(value, Array) or (isinstance(value, (list, tuple)) and holds_recorded(value)):
            return True
    return False
