"""Rules, and how an operation is recorded under one.

A rule is a line beside its function: one ``vjp`` for each argument, ``lambda xp, g, <residuals>: …``. Its parameters
name the residuals it needs: the function's own parameters, ``ans`` for its result, and ``<argument>_shape`` or
``<argument>_dtype`` for what can be kept without the array. Nothing else stays alive. ``xp`` is `RAW` in a first
derivative and `RECORDED` when an outer tape is open: the same rule then serves every order. For forward mode a rule has
a ``jvp`` beside each ``vjp``, written the same way, with the argument's tangent in place of ``g``; see `_jvp`.

Inside, cotangents follow the bilinear convention (no conjugates in the rules of holomorphic functions); the tape
conjugates at its boundary.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from autodiff_numpy._array import FUNCTIONS, RECORDER, UFUNCS, Array, Variable, plain, resolve
from autodiff_numpy._captured import captured
from autodiff_numpy._jvp import UNRECORDED, Jvp, given_jvp, widen
from autodiff_spec import UnsupportedError
from autodiff_spec._recording import Edge, Frame, Node, Recording, backward

RAW = SimpleNamespace()
"""What rules call in a first derivative: NumPy's functions, on values."""

RECORDED = SimpleNamespace()
"""The same names on recorded arrays: what rules call under an outer tape, and what `autodiff_numpy.xp` offers."""

RULES: dict[Any, tuple[Pullback | None, ...]] = {}
"""Every function that has a rule, with the pullback of each argument."""

_ANSWER = -1
_SCALARS = frozenset((float, int, bool))


class DuplicateRuleError(Exception):
    """A function was given a rule twice."""


class Pullback:
    """One argument's rule: its two functions, and how their residuals are picked out of ``(ans, *arguments)``."""

    __slots__ = ("argnum", "fitted", "jvp", "pick", "sources", "vjp")

    def __init__(self, vjp: Callable[..., Any], argnum: int, names: tuple[str, ...], jvp: Jvp | None) -> None:
        needed = list(inspect.signature(vjp).parameters)[2:]
        jvp = jvp or Jvp(transposed(vjp), (*needed, "ans_shape", "ans_dtype"))
        wanted = [*needed, *(name for name in jvp.names if name not in needed)]
        self.argnum = argnum
        self.vjp = _reading(vjp, range(len(needed)), len(wanted))
        self.jvp = _reading(jvp.function, [wanted.index(name) for name in jvp.names], len(wanted))
        self.sources = tuple(_position(name, names) for name in wanted)
        self.pick = _picker(wanted, names)
        self.fitted = _Fitted(self)


def unchanged(xp: Any, g: Any) -> Any:
    """The rule of an argument whose cotangent is the result's; `_binary` records an edge without a rule for it."""
    return g


def _reading(function: Callable[..., Any], places: Sequence[int], count: int) -> Callable[..., Any]:
    """``function`` as one of all ``count`` residuals, of which it reads those at ``places``; compiled, as `_picker`."""
    if list(places) == list(range(count)):
        return function
    everything = "".join(f", r{i}" for i in range(count))
    reading: Callable[..., Any] = eval(
        f"lambda xp, g{everything}: function(xp, g{''.join(f', r{i}' for i in places)})", {"function": function}
    )
    return reading


class _Fitted:
    """A pullback of an argument whose shape or dtype the answer does not have; both are kept as one more residual."""

    __slots__ = ("argnum", "jvp", "sources", "vjp")

    def __init__(self, pullback: Pullback) -> None:
        self.argnum = pullback.argnum
        self.sources = (*pullback.sources, None)

        def vjp(xp: Any, g: Any, *residuals: Any) -> Any:
            share = pullback.vjp(xp, g, *residuals[:-1])
            return None if share is None else fit(xp, share, *residuals[-1][:2])

        def jvp(xp: Any, t: Any, *residuals: Any) -> Any:
            share = pullback.jvp(xp, t, *residuals[:-1])
            return None if share is None else widen(xp, share, *residuals[-1][2:])

        self.vjp = vjp
        self.jvp = jvp


def fit(xp: Any, g: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """``g`` summed over what broadcasting repeated, and cast: the one place where broadcasting is undone."""
    if g.shape != shape:
        extra = g.ndim - len(shape)
        if extra > 0 and g.shape[extra:] == shape:
            g = xp.sum(g, axis=tuple(range(extra)))
        else:
            kept = [extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1]
            g = xp.reshape(xp.sum(g, axis=(*range(extra), *kept)), shape)
    if g.dtype != dtype:
        if g.dtype.kind == "c" and np.dtype(dtype).kind != "c":
            g = xp.real(g)
        g = xp.astype(g, dtype)
    return g


def _position(name: str, names: tuple[str, ...]) -> int | None:
    """Where a residual comes from, so that it can be recorded again: an argument's number, the answer, or neither."""
    if name == "ans":
        return _ANSWER
    return names.index(name) if name in names else None


def _picker(wanted: list[str], names: tuple[str, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """A function from ``(ans, *arguments)`` to the tuple of residuals, compiled from their names: it runs for each
    operation that is recorded.
    """
    slots = {"ans": 0, **{name: i + 1 for i, name in enumerate(names)}}
    parts = []
    for name in wanted:
        base, _, attribute = name.rpartition("_")
        if name in slots:
            parts.append(f"values[{slots[name]}]")
        elif base in slots and attribute in ("shape", "dtype"):
            parts.append(f"values[{slots[base]}].{attribute}")
        else:
            raise TypeError(f"a rule asks for the residual {name!r}; the function has {', '.join(slots)}")
    pick: Callable[[tuple[Any, ...]], tuple[Any, ...]]
    pick = eval(f"lambda values: ({''.join(part + ', ' for part in parts)})")
    return pick


# --- declaring rules ------------------------------------------------------------------------------------------


def rule(
    function: Any,
    *vjps: Callable[..., Any] | None,
    jvp: Any = None,
    also: tuple[Any, ...] = (),
    name: str | None = None,
) -> Any:
    """Record ``function`` (NumPy's, or a primitive of ours) with one ``vjp`` for each array argument.

    ``None`` in place of a ``vjp`` means that the argument has no influence on the derivative. ``jvp`` is one for all
    arguments or a tuple with one for each: a function written as a ``vjp`` is, ``linear``, or ``elementwise`` as ufuncs
    are anyway (see `_jvp`); without one the ``vjp`` is transposed. ``also`` names further NumPy functions that mean the
    same; ``name`` is what rules call it, where that is not its own name.

    Raises:
        DuplicateRuleError: the function has a rule already.
    """
    if function in RULES:
        raise DuplicateRuleError(f"{function} has a rule already")
    names = _parameters(function)
    called = name or function.__name__.removeprefix("_")
    pullbacks = RULES[function] = tuple(
        None if vjp is None else Pullback(vjp, i, names, given_jvp(jvp, vjps, i, function, called))
        for i, vjp in enumerate(vjps)
    )
    if isinstance(function, np.ufunc) and function.nin <= 2:
        recorded = _unary(function, *pullbacks) if function.nin == 1 else _binary(function, *pullbacks)
    elif len(pullbacks) == 1 and pullbacks[0] is not None:
        recorded = _reducing(function, names, pullbacks[0])
    else:
        recorded = _general(function, names, pullbacks)
    declare(function, recorded, also, called)
    return function


def constant(function: Any, *also: Any) -> Any:
    """Let ``function`` run on recorded arrays and give plain results: it has no derivative."""

    def recorded(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            kwargs = {name: _detached(value) for name, value in kwargs.items()}
        return function(*[_detached(arg) for arg in args], **kwargs)

    def compared(x: Any, y: Any, /, **kwargs: Any) -> Any:
        if kwargs:
            return recorded(x, y, **kwargs)
        return function(x.value if isinstance(x, Array) else x, y.value if isinstance(y, Array) else y)

    # Comparisons stand in the conditions of loops, so they are written out.
    called = compared if isinstance(function, np.ufunc) and function.nin == 2 else recorded
    declare(function, called, also)
    return function


def _detached(argument: Any) -> Any:
    if isinstance(argument, Array):
        return argument.value
    if isinstance(argument, (list, tuple)) and _holds_recorded(argument):
        return type(argument)([_detached(part) for part in argument])
    return argument


def composite(*functions: Any) -> Callable[[Any], Any]:
    """A decorator: define a function, and NumPy's ones of the same meaning, by other recorded functions.

    Where nothing among the arguments is recorded, NumPy's first function is called.
    """

    def decorate(definition: Any) -> Any:
        if not functions:
            declare(definition, definition, ())
            return definition
        numpys = functions[0]

        @functools.wraps(definition)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            if (args and type(args[0]) is Array) or _holds_recorded(args) or _holds_recorded(kwargs.values()):
                return definition(*args, **kwargs)
            return numpys(*args, **kwargs)

        declare(numpys, recorded, functions[1:], name=definition.__name__)
        return recorded

    return decorate


def _holds_recorded(values: Any) -> bool:
    """Whether a recorded array or a variable is among them, in lists and tuples too."""
    for value in values:
        if isinstance(value, Array) or (isinstance(value, (list, tuple)) and _holds_recorded(value)):
            return True
    return False


def declare(function: Any, recorded: Callable[..., Any], also: tuple[Any, ...], name: str | None = None) -> None:
    """Enter a recording function in the tables of NumPy's functions and in the two namespaces."""
    name = name or function.__name__.removeprefix("_")
    if hasattr(RECORDED, name):
        raise DuplicateRuleError(f"{name} has a rule already")
    if not isinstance(function, np.ufunc) and not hasattr(recorded, "__wrapped__"):
        functools.update_wrapper(recorded, function)  # its name, docstring and signature
    setattr(RAW, name, function)
    setattr(RECORDED, name, recorded)
    for known in (function, *also):
        table = UFUNCS if isinstance(known, np.ufunc) else FUNCTIONS
        if known in table:
            raise DuplicateRuleError(f"{known} has a rule already")
        table[known] = recorded


def _parameters(function: Any) -> tuple[str, ...]:
    if isinstance(function, np.ufunc):
        return ("x", "y", "z")[: function.nin]
    return tuple(inspect.signature(function).parameters)


# --- recording an operation -----------------------------------------------------------------------------------

_new = object.__new__


def record(value: Any, edges: tuple[Edge, ...], tapes: tuple[int, ...], frame: Frame) -> Array:
    """The recorded array of ``value``, under a new node. It runs for every operation, so it calls no ``__init__``."""
    node = _new(Node)
    node.edges = edges
    node.tapes = tapes
    frame.append(node)
    array = _new(Array)
    array.value = value
    array.node = node
    return array


def _unary(function: Any, pullback: Any) -> Callable[[Any], Any]:
    """The recording function of an elementwise function of one array: the hot path, so it is written out."""
    frame_of, pick = RECORDER.frame, pullback.pick

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
                return value
        return record(value, ((parent, pullback, pick((value, argument))),), tapes, frame)

    return recorded


def _binary(function: Any, left: Any, right: Any) -> Callable[[Any, Any], Any]:
    """The recording function of an elementwise function of two arrays; likewise."""
    frame_of, pick_left, pick_right = RECORDER.frame, left.pick, right.pick
    fitting_left = None if left.vjp is unchanged else left  # where the result has the argument's shape and dtype
    fitting_right = None if right.vjp is unchanged else right

    def recorded(x: Any, y: Any, /) -> Any:
        if type(x) is Array and type(y) in _SCALARS:  # nothing to broadcast, and nothing that changes
            argument, parent = x.value, x.node
            value = function(argument, y)
            frame, tapes = frame_of(), parent.tapes
            if tapes is not frame.tapes:
                tapes = frame.tracking(tapes)
                if not tapes:
                    return value
            return record(value, ((parent, fitting_left, pick_left((value, argument, y))),), tapes, frame)
        if type(x) is Variable:
            x = x.read()
        if type(y) is Variable:
            y = y.read()
        if type(x) is Array:
            if type(y) is Array:
                return both(x, y)
            return one(x, left, x.value, y, y)
        return one(y, right, x, y.value, x) if type(y) is Array else function(x, y)

    def one(source: Array, pullback: Pullback, x: Any, y: Any, constant: Any) -> Any:
        value = function(x, y)
        frame, parent = frame_of(), source.node
        tapes = parent.tapes
        if tapes is not frame.tapes:
            tapes = frame.tracking(tapes)
            if not tapes:
                return value
        if type(constant) in _SCALARS:
            return record(value, ((parent, pullback, pullback.pick((value, x, y))),), tapes, frame)
        if pullback is left and 1 in left.sources:
            y = captured(y)
        elif pullback is right and 0 in right.sources:
            x = captured(x)
        return record(value, (_edge(parent, pullback, (value, x, y), source.value),), tapes, frame)

    def both(x: Array, y: Array) -> Any:
        a, b, first, second = x.value, y.value, x.node, y.node
        value = function(a, b)
        frame, tapes = frame_of(), first.tapes
        if tapes is not frame.tapes or second.tapes is not tapes:
            tapes = frame.tracking((*tapes, *second.tapes))
            if not tapes:
                return value
        values = (value, a, b)
        edges: tuple[Edge, ...]
        if a is b or (a.shape == b.shape and a.dtype is b.dtype):
            edges = ((first, fitting_left, pick_left(values)), (second, fitting_right, pick_right(values)))
        else:
            edges = (_edge(first, left, values, a), _edge(second, right, values, b))
        return record(value, edges, tapes, frame)

    return recorded


def _edge(parent: Any, pullback: Any, values: tuple[Any, ...], argument: Any) -> Edge:
    """An edge, with the argument's shape and dtype, and the answer's, where they differ."""
    answer = values[0]
    if answer.shape == argument.shape and answer.dtype == argument.dtype:
        return parent, pullback, pullback.pick(values)
    fitting = (argument.shape, argument.dtype, answer.shape, answer.dtype)
    return parent, pullback.fitted, (*pullback.pick(values), fitting)


def _reducing(function: Any, names: tuple[str, ...], pullback: Pullback) -> Callable[..., Any]:
    """The recording function of a function of one array and static arguments."""
    frame_of, pick = RECORDER.frame, pullback.pick
    defaults = tuple(_static(p.default) for p in inspect.signature(function).parameters.values())[1:]

    def recorded(*args: Any, **kwargs: Any) -> Any:
        if not args:
            args, kwargs = _by_position(names, args, kwargs)
        x, *rest = args
        if type(x) is not Array:
            x = resolve(x)
            if type(x) is not Array:
                return function(x, *rest, **kwargs)
        if kwargs and not UNRECORDED.isdisjoint(kwargs):
            _refuse(function, kwargs)
        argument, parent = x.value, x.node
        value = function(argument, *rest, **kwargs)
        frame, tapes = frame_of(), parent.tapes
        if tapes is not frame.tapes:
            tapes = frame.tracking(tapes)
            if not tapes:
                return value
        static = (*rest, *defaults[len(rest) :])
        if kwargs:
            static = tuple([_static(kwargs.get(name, s)) for name, s in zip(names[1:], static, strict=True)])
        return record(value, ((parent, pullback, pick((value, argument, *static))),), tapes, frame)

    return recorded


def _general(function: Any, names: tuple[str, ...], pullbacks: tuple[Pullback | None, ...]) -> Callable[..., Any]:
    """The recording function of any other function: arguments by position or by name, static ones among them."""
    defaults = {
        name: _static(parameter.default) for name, parameter in inspect.signature(function).parameters.items()
    }
    arrays = names[: len(pullbacks)]

    def recorded(*args: Any, **kwargs: Any) -> Any:
        if any(name in arrays for name in kwargs):
            args, kwargs = _by_position(names, args, kwargs)
        args = tuple([resolve(arg) for arg in args])
        raw = tuple([plain(arg) for arg in args])
        if kwargs and not UNRECORDED.isdisjoint(kwargs) and any(type(arg) is Array for arg in args):
            _refuse(function, kwargs)
        value = function(*raw, **kwargs)
        sources = [
            (arg, pullback) for arg, pullback in zip(args, pullbacks, strict=False) if type(arg) is Array and pullback
        ]
        frame = RECORDER.frame()
        tapes = frame.tracking(tuple({n for source, _ in sources for n in source.node.tapes}))
        if not tapes:
            return value
        read = {position for _, pullback in sources for position in pullback.sources}
        kept = [
            plain(arg) if type(arg) is Array else captured(arg) if i in read else arg for i, arg in enumerate(args)
        ]
        values = (value, *kept, *[_static(kwargs.get(name, defaults[name])) for name in names[len(raw) :]])
        edges = tuple([(arg.node, pullback, pullback.pick(values)) for arg, pullback in sources])
        return record(value, edges, tapes, frame)

    return recorded


def _refuse(function: Any, kwargs: dict[str, Any]) -> None:
    """Keywords that no rule reads: with them the derivative would be wrong, or the result not be recorded."""
    given = [name for name in kwargs if name in UNRECORDED and _static(kwargs[name]) is not None]
    if given:
        raise UnsupportedError(
            f"np.{function.__name__.removeprefix('_')} of a recorded array takes no {'=, '.join(given)}=; "
            "use the returned value, and xp.where in place of a mask"
        )


def _static(value: Any) -> Any:
    """A static argument as rules see it: NumPy's marker for "not given" is ``None``."""
    return None if value is inspect.Parameter.empty or value is np._NoValue else value


def _by_position(names: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Array arguments that were given by name, moved to their positions."""
    rest = dict(kwargs)
    positional = list(args)
    for name in names[len(args) :]:
        if name not in rest:
            break
        positional.append(rest.pop(name))
    return tuple(positional), rest


# --- evaluating an edge in the backward pass --------------------------------------------------------------------


def pull_raw(node: Node, edge: Edge, g: Any) -> Any:
    """A parent's share of the cotangent, on values: a first derivative."""
    return edge[1].vjp(RAW, g, *edge[2])


def pull_recorded(node: Node, edge: Edge, g: Any) -> Any:
    """The same on recorded arrays."""
    return edge[1].vjp(RECORDED, g, *again(node, edge))


def again(node: Node, edge: Edge) -> list[Any]:
    """An edge's residuals, each standing again for the argument or answer that it came from."""
    _, pullback, residuals = edge
    nodes = {other[1].argnum: other[0] for other in node.edges if other[1] is not None}
    nodes[_ANSWER] = node
    return [
        Array(residual, nodes[source]) if source in nodes else residual
        for residual, source in zip(residuals, pullback.sources, strict=True)
    ]


def transposed(vjp: Callable[..., Any]) -> Callable[..., Any]:
    """A ``jvp`` from a ``vjp``: u -> Jᵀu is linear, so its pullback takes t to Jt.

    Its last two residuals are the result's shape and dtype.
    """

    def jvp(xp: Any, t: Any, *residuals: Any) -> Any:
        *given, shape, dtype = residuals
        recording = Recording()
        RECORDER.start(recording)
        try:
            cotangent = Array(np.ones(shape, dtype), RECORDER.source(recording, None))
            share = vjp(RECORDED, cotangent, *given)
        finally:
            RECORDER.stop(recording)
        if type(share) is not Array or recording.number not in share.node.tapes:
            return None
        pull = pull_recorded if RECORDER.frame().recordings else pull_raw
        return backward(recording, [(share.node, t)], [cotangent.node], pull, _sum, retain=False)[0]

    return jvp


def _sum(a: Any, b: Any, owned: bool) -> Any:
    return a + b
