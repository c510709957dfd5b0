"""Forward mode: a recording that keeps nothing but gives each node its tangent, the moment it is recorded.

So `jvp` runs beside the evaluation, on the same recording functions as the tape, and whatever they record has a forward
derivative. A node holds its tangents by the number of the recording, which keeps the directions of nested derivatives
apart. A tangent belongs to the level outside its recording: it is computed there, on values where nothing else is open,
and on recorded arrays where an outer tape or direction is.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_numpy._array import Array, copied, owned, plain, resolve
from autodiff_numpy._pullback import recorded_residuals
from autodiff_numpy._rule import RULES
from autodiff_numpy._tables import RECORDER, TRACKED, VALUES
from autodiff_numpy._views import constant, own_handle
from autodiff_spec.recording.nodes import Edge, Frame, Node, Recording

Push = Callable[[Node, Edge, Any], Any]
"""A parent's tangent to its share of the node's; ``None`` from it means none."""


def jvp(f: Any, primals: list[Any], tangents: list[Any]) -> tuple[list[Any], list[Any]]:
    """``f(*primals)`` and its derivative along ``tangents``; ``None`` stands for a tangent of zero."""
    recording = Recording()
    nodes = recording.nodes = Tangents(recording.number)
    RECORDER.start(recording)
    try:
        outputs = f(*(_source(nodes, *pair) for pair in zip(primals, tangents, strict=True)))
        found = [nodes.tangent(output) for output in outputs]
    finally:
        RECORDER.stop(recording)
        nodes.release()
    return outputs, _fresh(found, outputs, tangents)


class Tangents(list[Node]):
    """In place of a recording's nodes: each one that comes is given its tangent, and let go of.

    Invariant: a node carries this recording's number if and only if it has a tangent here.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        # Only directions are open outside, so nobody walks the edges of the nodes that nothing inside tracks.
        self._alone: bool = all(
            isinstance(outer.nodes, Tangents) and outer.nodes._alone for outer in RECORDER.frame().recordings
        )
        self._linked: list[Node] = []
        self._frame: Frame | None = None
        self._outside = contextvars.Context()
        self._push: Push = push_values

    def append(self, node: Node, /) -> None:
        """Push the tangents of a node's parents to it; one that none reaches is constant along this direction."""
        frame = RECORDER.frame()
        if frame is not self._frame:
            self._see(frame)
        tangent = self._outside.copy().run(self._pushed, node)
        if self._alone and node.tapes[-1] == self.number:
            node.edges = ()
        if tangent is None:
            node.tapes = tuple([number for number in node.tapes if number != self.number])
        else:
            self.give(node, tangent)

    def _see(self, frame: Frame) -> None:
        """Prepare the context of tangents: what was open outside records there, and nothing warns.

        A context is entered in a tenth of the time that `np.errstate` takes.
        """
        self._frame = frame
        self._push = push_values if frame.tapes[0] == self.number else push_tracked
        self._outside = contextvars.copy_context()
        self._outside.run(RECORDER.leave, self.number)
        self._outside.run(np.seterr, all="ignore")

    def _pushed(self, node: Node) -> Any:
        number, push, tangent = self.number, self._push, None
        for edge in node.edges:
            parent = edge[0]
            if number in parent.tapes:
                share = parent.tangents[number]
                if edge[1] is not None:
                    share = push(node, edge, share)
                if share is not None:
                    tangent = share if tangent is None else tangent + share
        return tangent

    def give(self, node: Node, tangent: Any) -> None:
        """Let ``node`` have a tangent."""
        held = getattr(node, "tangents", None)
        if held is None:
            node.tangents = {self.number: tangent}
        else:
            held[self.number] = tangent
        if type(tangent) is not np.ndarray and not self._alone:
            self._linked.append(node)

    def tangent(self, output: Any) -> Any:
        """The tangent of an output; ``None`` where it does not depend on the primals."""
        output = resolve(output)
        if type(output) is Array and self.number in output.node.tapes:
            return output.node.tangents[self.number]
        return None

    def release(self) -> None:
        """Break cycles: a recorded tangent leads to an outer tape's edges, and they to the node that has it."""
        for node in self._linked:
            del node.tangents[self.number]
        self._linked.clear()
        self._frame = None


def _source(nodes: Tangents, primal: Any, tangent: Any) -> Any:
    """The primal on a node that has the tangent; what tracked the primal before tracks it still."""
    primal = resolve(primal)
    if tangent is None:
        return own_handle(primal) if type(primal) is Array else constant(owned(primal))
    frame = RECORDER.frame()
    parents = [primal.node] if type(primal) is Array else []
    numbers = {nodes.number, *(n for parent in parents for n in parent.tapes)}
    node = Node(tuple((parent, None, ()) for parent in parents), tuple(n for n in frame.tapes if n in numbers))
    nodes.give(node, resolve(tangent))
    for recording in frame.recordings:
        if recording.number in node.tapes and recording.number != nodes.number:
            recording.nodes.append(node)
    return Array(primal.value if parents else owned(primal), node)


# --- many directions from one evaluation ------------------------------------------------------------------------


def linearize(f: Any, primals: list[Any]) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
    """``f(*primals)``, recorded once, and a map from tangents to the outputs' that walks the recording forwards."""
    recording = Recording()
    RECORDER.start(recording)
    try:
        sources = [RECORDER.source(recording, getattr(resolve(primal), "node", None)) for primal in primals]
        outputs = f(*(Array(_kept(p), node) for p, node in zip(primals, sources, strict=True)))
        ends = [getattr(resolve(output), "node", None) for output in outputs]
    finally:
        RECORDER.stop(recording)
    nodes = _leading_to(ends, recording.nodes)
    turns = any(edge[1] in _TURNING for node in nodes for edge in node.edges)

    def push(tangents: list[Any]) -> list[Any]:
        known = {node: resolve(t) for node, t in zip(sources, tangents, strict=True) if t is not None}
        step = push_tracked if RECORDER.frame().recordings else push_values
        with np.errstate(all="ignore"):
            for node in nodes:
                for edge in node.edges:
                    share = known.get(edge[0])
                    if share is not None and edge[1] is not None:
                        share = step(node, edge, share)
                    if share is not None:
                        known[node] = known[node] + share if node in known else share
        found = [None if end is None else known.get(end) for end in ends]
        if turns and not all(np.all(np.isfinite(plain(tangent))) for tangent in found if tangent is not None):
            return jvp(f, primals, tangents)[1]  # what was recorded has no derivative along this direction
        return _fresh(found, outputs, tangents)

    return outputs, push


_TURNING: set[Any] = set()


def follow_direction(function: Any) -> None:
    """Say of a function with a rule that in forward mode it depends on the direction, so that one recording may not do.

    Where what was recorded gives no number along a direction, the user's function is then evaluated again along it.
    """
    _TURNING.update(RULES[function])


def direction_of(array: Any) -> Any:
    """The value of the tangent that a recorded array has on the outermost direction; ``None`` where it has none."""
    for recording in RECORDER.frame().recordings:
        if isinstance(recording.nodes, Tangents) and recording.number in array.node.tapes:
            return plain(array.node.tangents[recording.number])
    return None


def _kept(primal: Any) -> Any:
    return plain(primal) if isinstance(primal, Array) else owned(primal)


def _leading_to(ends: list[Node | None], nodes: list[Node]) -> list[Node]:
    """Those of the nodes that ``ends`` depend on, in their order."""
    needed = set(ends)
    found = []
    for node in reversed(nodes):
        if node in needed:
            found.append(node)
            needed.update(edge[0] for edge in node.edges)
    return found[::-1]


# --- evaluating an edge forwards --------------------------------------------------------------------------------


def push_values(node: Node, edge: Edge, t: Any) -> Any:
    """A node's share of the tangent of a parent, on values."""
    return edge[1].jvp(VALUES, t, *edge[2])


def push_tracked(node: Node, edge: Edge, t: Any) -> Any:
    """Push a tangent through one edge on recorded arrays, so that an outer tape records the computation."""
    return edge[1].jvp(TRACKED, t, *recorded_residuals(node, edge))


def _fresh(tangents: list[Any], outputs: list[Any], given: list[Any]) -> list[Any]:
    """Tangents as users get them: the output's dtype, arrays even in 0-d, sharing memory with nothing."""
    seen = {id(plain(t)) for t in given}
    fresh: list[Any] = []
    for tangent, output in zip(tangents, outputs, strict=True):
        if tangent is None or plain(output).dtype.kind not in "fc":
            fresh.append(None)
            continue
        if plain(tangent).dtype != output.dtype:
            tangent = TRACKED.astype(tangent, output.dtype)
        value = plain(tangent)
        if type(value) is not np.ndarray or value.base is not None or not value.flags.writeable or id(value) in seen:
            value = copied(value)
            tangent = Array(value, tangent.node) if type(tangent) is Array else value
        seen.add(id(value))
        fresh.append(tangent)
    return fresh
