"""The recording that engines without one of their own share: nodes, what is open in a context, the backward pass.

A recorded operation is a `Node`: for each argument that was recorded an edge ``(parent, rule, residuals)``, and the
tapes that track it. A tape's `Recording` is the list of its nodes in the order of their creation, so the backward pass
is one walk over that list in reverse, without recursion. A node knows its tapes by number, never by reference: nothing
here forms a cycle, and memory goes when the last reference does.

What a tape must not see follows from ``node.tapes``: what was recorded before it opened, under `Recorder.without`, or
by other tapes alone does not carry its number, and is constant for it.
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, TypeAlias

from autodiff_spec.core.errors import LostDerivativeError

Edge: TypeAlias = tuple["Node", Any, tuple[Any, ...]]
"""A parent, the rule of the engine that pulls a cotangent back to it, and the residuals that the rule needs.

Without a rule (``None``) the parent's share is the cotangent itself.
"""

Pull: TypeAlias = Callable[["Node", Edge, Any], Any]
"""How an engine evaluates one edge: the node, its edge and the node's cotangent in, the parent's share out."""

_numbers = itertools.count(1)


class Node:
    """One recorded operation, or a source (no edges).

    Attributes:
        edges: to the arguments that were recorded; none once the last tape has let go of it.
        tapes: the numbers of the tapes that track it, outermost first; likewise.
        tangents: by the number of its recording, what an engine's forward mode found; unset where there is none.
    """

    __slots__ = ("edges", "tangents", "tapes")
    tangents: dict[int, Any]

    def __init__(self, edges: tuple[Edge, ...], tapes: tuple[int, ...]) -> None:
        self.edges = edges
        self.tapes = tapes


class Recording:
    """The nodes of one tape in creation order, and the node of each variable that it read.

    Attributes:
        asked: whether somebody may ask it for a derivative, which a conversion to numbers would lose.
    """

    __slots__ = ("nodes", "number", "open", "variables")
    asked: ClassVar[bool] = True

    def __init__(self) -> None:
        self.number = next(_numbers)
        self.nodes: list[Node] = []
        self.variables: dict[int, tuple[Any, Node]] = {}  # by id(); the variable is kept, so that its id stays its own
        self.open = True

    def release(self) -> None:
        """Forget the nodes; their residuals are freed, unless another tape still needs them."""
        for node in reversed(self.nodes):
            if self.number in node.tapes:
                _let_go(node, self.number)
        self.nodes.clear()


class Frame:
    """The recordings that are open in one context: an immutable snapshot, replaced whole.

    ``append`` puts a node on the open tapes that track it. ``tapes`` are their numbers, outermost first; when no tape
    is open it is ``(0,)``, which no node has, so that ``node.tapes is frame.tapes`` alone says that all open tapes
    track the node. ``variables`` are those that the innermost tape has read. ``hides`` says that more are open in
    this context, which on purpose record nothing.
    """

    __slots__ = ("append", "hides", "recordings", "tapes", "variables")

    def __init__(self, recordings: tuple[Recording, ...], hides: bool) -> None:
        self.recordings = recordings
        self.hides = hides
        self.append: Callable[[Node], None]
        self.variables: dict[int, tuple[Any, Node]] = recordings[-1].variables if recordings else {}
        if len(recordings) == 1:
            (recording,) = recordings
            self.tapes: tuple[int, ...] = (recording.number,)
            self.append = recording.nodes.append
        else:
            self.tapes = tuple([recording.number for recording in recordings]) or (0,)
            self.append = functools.partial(_append, recordings)  # no method of this frame: that would be a cycle

    def tracking(self, tapes: tuple[int, ...]) -> tuple[int, ...]:
        """Those of the open tapes that are among ``tapes``; the frame's own tuple when that is all of them.

        Raises:
            LostDerivativeError: another of ``tapes`` is open in a thread or context that is not this one. It would lose
                the derivative here, and nobody asked for that. A thread's error may be read by nobody, so the tape
                raises it once more where it is closed.
        """
        if tapes == self.tapes:
            return self.tapes
        if not self.hides and (elsewhere := _OPEN.intersection(tapes).difference(self.tapes)):
            _USED_ELSEWHERE.update(elsewhere)
            raise LostDerivativeError(_ELSEWHERE_ERROR)
        return tuple(number for number in self.tapes if number in tapes)


def _append(recordings: tuple[Recording, ...], node: Node) -> None:
    for recording in recordings:
        if recording.number in node.tapes:
            recording.nodes.append(node)


_ELSEWHERE_ERROR = (
    "an array was used in a thread or context in which the tape that records it is not open, and its derivative would "
    "be lost; run the function in the tape's context, contextvars.copy_context().run(f, x) or asyncio.to_thread(f, x), "
    "or use to_numpy(x) of what is only looked at"
)

_OPEN: set[int] = set()
"""The numbers of the recordings that are open, whatever the context."""

_USED_ELSEWHERE: set[int] = set()
"""Those of them that lost a derivative in another context."""

_NONE_OPEN, _ALL_HIDDEN = Frame((), hides=False), Frame((), hides=True)


def _frame(recordings: tuple[Recording, ...], hides: bool) -> Frame:
    return Frame(recordings, hides) if recordings else _ALL_HIDDEN if hides else _NONE_OPEN


class Recorder:
    """The open tapes of one engine, for each context (thread, task) its own."""

    def __init__(self, name: str) -> None:
        self._frame: ContextVar[Frame] = ContextVar(name, default=_NONE_OPEN)
        self.frame: Callable[[], Frame] = self._frame.get

    def start(self, recording: Recording) -> None:
        """Record on ``recording`` too, from now on and in this context."""
        if recording.asked:
            _OPEN.add(recording.number)
        frame = self._frame.get()
        self._frame.set(Frame((*frame.recordings, recording), frame.hides))

    def stop(self, recording: Recording) -> None:
        """Record on ``recording`` no more.

        Raises:
            LostDerivativeError: another thread or context used what it records.
        """
        recording.open = False
        _OPEN.discard(recording.number)
        frame = self._frame.get()
        rest = frame.recordings[:-1]
        if frame.recordings[-1:] != (recording,):
            rest = tuple([r for r in frame.recordings if r is not recording])
        self._frame.set(_frame(rest, frame.hides))
        if recording.number in _USED_ELSEWHERE:
            _USED_ELSEWHERE.discard(recording.number)
            if sys.exc_info()[1] is None or isinstance(sys.exc_info()[1], Exception):  # and no interruption
                raise LostDerivativeError(_ELSEWHERE_ERROR)

    @contextmanager
    def without(self, hidden: Recording | None = None) -> Iterator[Frame]:
        """Record nothing, or with ``hidden`` nothing on that one; yields the frame that remains."""
        before = self._frame.get()
        seen = () if hidden is None else tuple(r for r in before.recordings if r is not hidden)
        inside = _frame(seen, hides=True)
        self._frame.set(inside)
        try:
            yield inside
        finally:
            here = self._frame.get().recordings  # tapes may have been opened or closed inside
            opened = tuple(r for r in here if r not in before.recordings)
            self._frame.set(_frame((*(r for r in before.recordings if r.open), *opened), before.hides))

    def leave(self, number: int) -> None:
        """Record, from now on and in this context, only on what was open before recording ``number``."""
        frame = self._frame.get()
        self._frame.set(_frame(frame.recordings[: frame.tapes.index(number)], hides=True))

    def node_of(self, variable: Any) -> Node | None:
        """The node that stands for ``variable`` on the open tapes; ``None`` when there are none.

        Each tape has one node for a variable, whatever is assigned meanwhile, so that its gradient is the sum over all
        reads. The node of an inner tape leads to that of the next outer one, and is a source for the inner.
        """
        frame = self._frame.get()
        known = frame.variables.get(id(variable))
        if known is not None:
            return known[1]
        outer: Node | None = None
        for depth, recording in enumerate(frame.recordings, 1):
            found = recording.variables.get(id(variable))
            if found is None:
                node = Node(() if outer is None else ((outer, None, ()),), frame.tapes[:depth])
                for outer_recording in frame.recordings[:depth]:
                    outer_recording.nodes.append(node)
                recording.variables[id(variable)] = (variable, node)
                outer = node
            else:
                outer = found[1]
        return outer

    def source(self, recording: Recording, parent: Node | None) -> Node:
        """A new source of ``recording``; what tracked ``parent`` before tracks it still."""
        frame = self._frame.get()
        tapes = parent.tapes if parent is not None else ()
        node = Node(() if parent is None else ((parent, None, ()),), frame.tracking((*tapes, recording.number)))
        frame.append(node)
        return node


def backward(
    recording: Recording,
    seeds: Sequence[tuple[Node, Any]],
    sources: Sequence[Node | None],
    pull: Pull,
    add: Callable[[Any, Any, bool], Any],
    *,
    retain: bool,
    beyond: bool = True,
) -> list[Any]:
    """The cotangents of ``sources``, given those of some nodes of ``recording``; ``None`` where nothing arrives.

    Args:
        recording: the tape's; walked once, in reverse, and without ``retain`` emptied on the way.
        seeds: nodes with their cotangents; a node may stand in it twice.
        sources: the nodes to report, sources or intermediates; ``None`` stands for one that was never recorded.
        pull: evaluates an edge; ``None`` from it means no contribution.
        add: ``add(a, b, owned)`` is ``a + b``, in place into ``a`` where ``owned`` says that this pass made ``a``.
        retain: keep the recording for another pass.
        beyond: whether what lies behind a source is pulled back as well (it may be an intermediate). A checkpoint's
            segment stops there, for the tape around it goes on.
    """
    number = recording.number
    cotangents: dict[Node, Any] = {}
    owned: set[Node] = set()
    for node, seed in seeds:
        cotangents[node] = add(cotangents[node], seed, False) if node in cotangents else seed
    # The cotangents of nodes without edges are there at the end; those of others are let go on the way.
    intermediates = {node for node in sources if node is not None and node.edges}
    found: dict[Node, Any] = {}
    take, known = cotangents.pop, cotangents.get
    try:
        for node in reversed(recording.nodes):
            edges = node.edges
            cotangent = take(node, None) if edges else None
            if cotangent is not None:
                if intermediates and node in intermediates:
                    found[node] = cotangent
                    edges = edges if beyond else ()
                for edge in edges:
                    parent = edge[0]
                    if number in parent.tapes:  # else it is constant for this tape: older, paused, or an outer tape's
                        share = cotangent if edge[1] is None else pull(node, edge, cotangent)
                        if share is None:
                            continue
                        before = known(parent)
                        if before is None:
                            cotangents[parent] = share
                        else:
                            cotangents[parent] = add(before, share, parent in owned)
                            owned.add(parent)
            if not retain:
                if len(node.tapes) == 1:
                    node.tapes = node.edges = ()  # as `_let_go`, without a call
                else:
                    _let_go(node, number)
        if not retain:
            recording.nodes.clear()
    finally:
        if not retain:
            recording.release()  # what a failure left
    return [None if node is None else found.get(node, known(node)) for node in sources]


def _let_go(node: Node, number: int) -> None:
    """Take a node off tape ``number``; the last tape to do so frees the residuals and lets go of the parents."""
    if len(node.tapes) <= 1:
        node.tapes = node.edges = ()
    else:
        node.tapes = tuple([n for n in node.tapes if n != number])
