"""Handles that share memory: a recorded array is a handle on a value and a node, and a write gives the handle new ones.

A value is never written to, for the rules keep values as residuals. What NumPy does to memory is done to handles: a
write computes what the array holds afterwards, `store` lets its handle hold that, puts it into the array that it is a
view of, and reads all other views of that array anew. A view knows its base and how it is read from it (`_link`); a
base knows its views (`_views`), weakly, so nothing is held longer, and a program that writes nothing pays for one weak
reference to each view.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import ref

import numpy as np

from autodiff_numpy._array import Array, Variable, foreign
from autodiff_numpy._tables import RECORDER
from autodiff_spec import MutationError
from autodiff_spec.recording.nodes import Node

ndarray = np.ndarray

PRUNED = 64
"""A list of views loses the dead ones each time that it grows by so many."""


class Viewing:
    """How a view is made of an array, and put back into it.

    Attributes:
        function: NumPy's, or a primitive of ours, that makes the view of a value.
        read: the same on handles, its result linked to nothing.
        put: ``put(whole, part, *args, **kwargs)``, ``whole`` with ``part`` in the place of the view; ``None`` where
            NumPy makes a view that is read-only.
    """

    __slots__ = ("function", "put", "read")

    def __init__(self, function: Any, read: Callable[..., Any], put: Callable[..., Any] | None) -> None:
        self.function, self.read, self.put = function, read, put


VIEWS: dict[Any, Viewing] = {}
"""By the function that makes the view."""


def constant(value: Any) -> Any:
    """A handle on a value that no tape tracks yet, but where one is open: what is recorded can be written into it."""
    if not RECORDER.frame().recordings or not isinstance(value, ndarray) or value.dtype.kind not in "fc":
        return value
    node = Node((), ())
    guard = _GUARD.get()
    if guard is not None:
        guard.made.add(node)
    return Array(value, node)


def memory(value: Any) -> Any:
    """The array of NumPy's that a value is, or that one of a trace holds."""
    return value if type(value) is ndarray else getattr(value, "value", value)


def share_memory(value: Any, argument: Any) -> bool:
    """Whether a value is a view of the memory of another, which it was made of."""
    if type(value) is not ndarray:
        value, argument = memory(value), memory(argument)
        if not isinstance(value, ndarray):
            return False
    base = value.base
    return base is not None and (base is argument or base is argument.base)


def add_view(base: Array, view: Array) -> None:
    """Let ``base`` know a view of it."""
    views = base._views
    if views is None:
        base._views = [ref(view)]
        return
    if not len(views) % PRUNED:
        for known in tuple(views):
            if known() is None:
                views.remove(known)  # one by one, for another thread may append; dead references equal themselves alone
    views.append(ref(view))


def linked(view: Array, base: Array, how: Viewing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Array:
    """Let ``view`` be a view of ``base``: ``how.read(base, *args, **kwargs)``."""
    view._link = (base, how, args, kwargs)
    add_view(base, view)
    return view


def view_of(found: Any, base: Any, how: Viewing, args: tuple[Any, ...]) -> Any:
    """``found``, which was computed from ``base``, as the view that NumPy has of it, with the strides of that."""
    if type(found) is not Array or type(base) is not Array or not isinstance(memory(base.value), ndarray):
        return found
    return linked(Array(how.function(base.value, *args), found.node), base, how, args, {})


def link_of(x: Array) -> Any:
    """A view's base and how it is read; the name of a source, which is not written; ``None`` for other arrays."""
    return getattr(x, "_link", None)  # unset, for most have nothing to say


def was_written(x: Any) -> bool:
    """Whether an array was ever written, and so stands for another node than before."""
    return getattr(x, "_written", False)


def base_of(x: Array) -> Array | None:
    """The array whose memory ``x`` is a view of, as NumPy's ``base``; ``None`` of an array of its own."""
    base = None
    while type(link := link_of(x)) is tuple:
        base = x = link[0]
    return base


def sealed(value: Any, argument: Any) -> Any:
    """A view that no tape tracks, as a read-only copy: in NumPy who writes into it writes into ``argument``."""
    if type(value) is ndarray and (value is argument or value.base is not None):
        value = value.copy()
        value.flags.writeable = False
    return value


def own_handle(x: Any) -> Any:
    """Another handle on the same value and node, which can be written without ``x`` being changed."""
    return Array(x.value, x.node) if type(x) is Array else x


def lock(x: Array, what: str) -> Array:
    """Refuse writes into a handle, and through its views, for ``what`` it is."""
    x._link = what
    return x


# --- writing ----------------------------------------------------------------------------------------------------


def store(x: Array, new: Any) -> None:
    """Let ``x`` hold ``new``, recorded or plain and of its shape and dtype, and all that share its memory see it.

    ``new`` shares no memory with an array of the user's.
    """
    changed: dict[int, Any] = {id(x): new}
    root = x
    while type(link := link_of(root)) is tuple:
        base, how, args, kwargs = link
        new = how.put(base, new, *args, **kwargs)
        changed[id(base)] = new
        root = base
    _hold(root, new)
    _read_anew(root, changed)


def require_writable(x: Any, *, through: bool = True) -> None:
    """Raise unless writing into ``x`` is something that can be differentiated, and that NumPy would do.

    Without ``through`` a view may be a read-only one.

    Raises:
        MutationError: it is a source, or no tape records here what others recorded; or its library's arrays cannot be
            written.
        ValueError: NumPy has it read-only.
    """
    if type(x) is Variable:
        raise MutationError(_SOURCE.format("a variable"))
    root = x
    while type(link := link_of(root)) is tuple:
        base, how, _, _ = link
        if through and how.put is None:
            raise ValueError("assignment destination is read-only")
        root = base
    if link is not None:
        raise MutationError(_SOURCE.format(link))
    if foreign(root.value) and not hasattr(type(root.value), "as_one"):
        raise MutationError(
            f"a recorded array that holds a {type(root.value).__name__} of {type(root.value).__module__} cannot be "
            "written in place; build a new one with xp.where(mask, new, x)"
        )
    tapes = root.node.tapes
    if tapes and set(tapes).isdisjoint(RECORDER.frame().tapes):
        raise MutationError(
            "a recorded array cannot be written where its tape does not record: under pause(), after the tape's end, "
            "in another thread; write into a copy, np.copy(x)"
        )


_SOURCE = (
    "{} cannot be written in place, for derivatives are asked by it; write into a copy, np.copy(x), or compute a new "
    "array, `x = x + y`; the value of a variable is replaced by assign()"
)


def _hold(x: Array, new: Any) -> None:
    guard = _GUARD.get()
    if guard is not None:
        guard.note(x)
    x._written = True
    value, node = (new.value, new.node) if type(new) is Array else (new, Node((), ()))
    if type(value) is ndarray and type(x.value) is ndarray and value.strides != x.value.strides and not link_of(x):
        like = np.empty_like(x.value)  # NumPy asks the strides what can be a view
        like[...] = value
        value = like
    if guard is not None and not node.tapes:
        guard.made.add(node)
    x.value, x.node = value, node


def _read_anew(base: Array, changed: dict[int, Any]) -> None:
    """The views of an array, after it was written; those in ``changed`` are known but for their place in memory."""
    for known in tuple(base._views or ()):
        view = known()
        if view is None or view._link[0] is not base:
            continue
        _, how, args, kwargs = view._link
        new = changed[id(view)] if id(view) in changed else how.read(base, *args, **kwargs)
        value = how.function(base.value, *args, **kwargs)  # with NumPy's strides
        _hold(view, Array(value, new.node) if type(new) is Array else value)
        _read_anew(view, changed)


def reshaped(x: Array, shape: tuple[int, ...]) -> None:
    """Let ``x`` be a view, of this shape, of what it was, and its views be views of that."""
    before, link, views = Array(x.value, x.node), link_of(x), list(x._views or ())
    if link is not None:
        base, how, args, kwargs = link
        linked(before, base, how, args, kwargs)
    x._views = None
    for known in views:
        view = known()
        if view is not None and view._link[0] is x:
            _, how, args, kwargs = view._link
            linked(view, before, how, args, kwargs)
    how = VIEWS[np.reshape]
    new = how.read(before, shape)
    linked(x, before, how, (shape,), {})
    _hold(x, new)


# --- what must not be written meanwhile ---------------------------------------------------------------------------


class Guard:
    """Notes which handles are written while a function runs that will run again.

    Attributes:
        made: the nodes of handles that were made meanwhile and that no tape tracks.
        open: the tapes that were open before.
        before: the nodes that those handles had which were written and may be from outside.
    """

    def __init__(self) -> None:
        self.made: set[Node] = set()
        self.open = frozenset(RECORDER.frame().tapes)
        self.before: list[Node] = []

    def note(self, x: Array) -> None:
        """``x`` is about to be written; what only tapes track that were opened meanwhile was made meanwhile."""
        node = x.node
        if node not in self.made and (not node.tapes or not self.open.isdisjoint(node.tapes)):
            self.before.append(node)

    def require_unwritten(self, inside: Container[Node]) -> None:
        """Raise if something was written that was recorded before; ``inside`` is what was recorded meanwhile."""
        if any(node not in inside for node in self.before):
            raise MutationError(
                "the function of a checkpoint() wrote into an array from outside, and would again when it runs again; "
                "write into a copy, np.copy(x), and return it"
            )


_GUARD: ContextVar[Guard | None] = ContextVar("autodiff_numpy_guard", default=None)


@contextmanager
def guarded() -> Iterator[Callable[[Container[Node]], None]]:
    """The context of a function that will run again; yields what refuses that it wrote into arrays from outside."""
    guard, outer = Guard(), _GUARD.get()
    token = _GUARD.set(guard)
    try:
        yield guard.require_unwritten
    finally:
        _GUARD.reset(token)
        if outer is not None:
            outer.made |= guard.made
            outer.before += guard.before
