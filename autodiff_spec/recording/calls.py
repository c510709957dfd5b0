"""A whole call as one step of a recording: functions with a rule of their own, and checkpoints.

In the recording a call with arguments aᵢ and results yₖ is ``aᵢ ← shares ← call ← yₖ``. The node of a result leads to
that of the call, whose cotangent is those of the results, `Cotangents`; its one edge pulls them back to the shares of
all arguments, `Cotangents` again, and the node of these hands each argument its own. So the pullback of a call runs
once in a backward pass, and keeps no state in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autodiff_spec.core.engine import CustomCall, Engine, FlatFunction
from autodiff_spec.core.errors import MutationError
from autodiff_spec.recording.nodes import Node, Recording, backward
from autodiff_spec.recording.tape import ArrayTraits


class Cotangents(dict[int, Any]):
    """Several cotangents as one: place -> cotangent; a missing one is zero."""

    def __add__(self, other: Cotangents) -> Cotangents:
        return Cotangents({**self, **{k: self[k] + part if k in self else part for k, part in other.items()}})


class CallEdge:
    """An edge of a call: from the node's cotangent to the parent's share, and from the parent's tangent to the node's.

    It stands where the rules of engines stand, and needs no residuals.
    """

    __slots__ = ("pull", "push")
    argnum = None
    sources: tuple[()] = ()

    def __init__(self, pull: Callable[[Any], Any], push: Callable[[Any], Any]) -> None:
        self.pull, self.push = pull, push

    def vjp(self, xp: Any, g: Any) -> Any:
        """The parent's share of the cotangent ``g``."""
        return self.pull(g)

    def jvp(self, xp: Any, t: Any) -> Any:
        """The node's share of the parent's tangent ``t``."""
        return self.push(t)


@dataclass(frozen=True)
class _Call:
    """A call as a linear map.

    Attributes:
        be: the backend.
        traits: how its arrays are recorded.
        pull: from the cotangents of the results to the shares of the arguments.
        kinds: shape and dtype of each result.
        parents: the nodes of the arguments.
    """

    be: Engine
    traits: ArrayTraits
    pull: Callable[[Cotangents], Cotangents]
    kinds: list[tuple[tuple[int, ...], Any]]
    parents: Sequence[Node]

    def push(self, tangents: Cotangents) -> Cotangents:
        """From the tangents of the arguments to those of the results: ``pull`` is linear, and this its transpose."""
        be = self.be
        like = [be.xp.zeros(shape, dtype=dtype) for shape, dtype in self.kinds]
        found = be._transposed(like, self._pull, once=True)([tangents.get(i) for i in range(len(self.parents))])
        return Cotangents({k: tangent for k, tangent in enumerate(found) if tangent is not None})

    def _pull(self, cotangents: list[Any]) -> list[Any]:
        given = {k: self.traits.conjugate(g) for k, g in enumerate(cotangents) if g is not None}
        shares = self.pull(Cotangents(given))
        return [self.traits.conjugate(shares[i]) if i in shares else None for i in range(len(self.parents))]

    def record(self, results: Sequence[tuple[int, ...]]) -> list[Node]:
        """The nodes of the results, each with the tapes that track it, as ``results`` says."""
        frame = self.traits.recorder.frame()
        tapes = frame.tracking(tuple({number for one in results for number in one}))
        shares = Node(tuple((parent, _argument(i), ()) for i, parent in enumerate(self.parents)), tapes)
        call = Node(((shares, CallEdge(self.pull, self.push), ()),), tapes)
        nodes = [Node(((call, _result(k), ()),), one) for k, one in enumerate(results)]
        for node in (shares, call, *nodes):
            frame.append(node)
        return nodes


def _argument(i: int) -> CallEdge:
    return CallEdge(lambda shares: shares.get(i), lambda tangent: Cotangents({i: tangent}))


def _result(k: int) -> CallEdge:
    return CallEdge(lambda cotangent: Cotangents({k: cotangent}), lambda tangents: tangents.get(k))


# --- functions with a rule of their own -------------------------------------------------------------------------


def tapes_of(traits: ArrayTraits, arrays: Sequence[Any]) -> tuple[int, ...]:
    """The open tapes that track one of ``arrays``."""
    nodes = [node for node in map(traits.node, arrays) if node is not None]
    return traits.recorder.frame().tracking(tuple({number for node in nodes for number in node.tapes}))


def require_constant(traits: ArrayTraits, call: CustomCall, outputs: Sequence[Any]) -> None:
    """Refuse results that are recorded, although they were computed from values."""
    if traits.recorder.frame().recordings and tapes_of(traits, outputs):
        raise call.depends_on_more()


def run_rule(be: Engine, traits: ArrayTraits, call: CustomCall, arrays: Sequence[Any]) -> list[Any]:
    """The results of ``call``: with its rule where an open tape tracks one of ``arrays``, else values."""
    values = [traits.readable(array) for array in arrays]
    if not tapes_of(traits, arrays):
        outputs = call.value(*values)
        require_constant(traits, call, outputs)
        return outputs
    outputs, residuals = call.forward(*values)
    require_constant(traits, call, outputs)
    return record_rule(be, traits, call, arrays, outputs, residuals)


def record_rule(
    be: Engine, traits: ArrayTraits, call: CustomCall, arrays: Sequence[Any], outputs: list[Any], residuals: Any
) -> list[Any]:
    """``outputs``, which ``call.forward`` gave for the values of ``arrays``, recorded with the rule of ``call``."""
    tapes, nodes = tapes_of(traits, arrays), [traits.node(array) for array in arrays]
    places = [i for i, node in enumerate(nodes) if node is not None]
    floating = [k for k, output in enumerate(outputs) if be.kind(output.dtype) != "other"]
    kinds = {k: (tuple(outputs[k].shape), outputs[k].dtype) for k in floating}
    count = len(outputs)
    # Only where a second tape records can someone ask for the derivative of the pullback.
    again = [_bound(traits, array) for array in arrays] if len(tapes) > 1 else []

    def pull(given: Cotangents) -> Cotangents:
        kept = residuals
        if tapes_of(traits, again):  # the residuals, as functions of the arguments
            _, kept = call.forward(*map(traits.again, again))
        cotangents: list[Any] = [None] * count
        for place, k in enumerate(floating):
            shape, dtype = kinds[k]
            cotangents[k] = traits.conjugate(given[place]) if place in given else be.xp.zeros(shape, dtype=dtype)
        shares = call.backward(kept, cotangents)
        given_back = ((place, shares[i]) for place, i in enumerate(places))
        return Cotangents({place: traits.conjugate(share) for place, share in given_back if share is not None})

    parents = [node for node in nodes if node is not None]
    recorded = _Call(be, traits, pull, list(kinds.values()), parents).record([tapes] * len(floating))
    results = list(outputs)
    for k, node in zip(floating, recorded, strict=True):
        results[k] = traits.wrap(outputs[k], node)
    return results


def _bound(traits: ArrayTraits, array: Any) -> Any:
    """A variable as the recorded array that it is now; anything else as it is."""
    node = traits.node(array)
    return array if node is None else traits.wrap(traits.plain(array), node)


# --- checkpoints ------------------------------------------------------------------------------------------------


def record_checkpoint(be: Engine, traits: ArrayTraits, f: FlatFunction, arrays: list[Any]) -> list[Any]:
    """``f(*arrays)``, its part of the recording replaced by one call that makes it again when it is pulled back."""
    arrays = [_bound(traits, array) for array in arrays]
    # A recording that only gives tangents to its nodes keeps nothing, and there is nothing to make again.
    keeping = [recording for recording in traits.recorder.frame().recordings if type(recording.nodes) is list]
    if not keeping:
        return f(*arrays)
    numbers, starts = {recording.number for recording in keeping}, [len(recording.nodes) for recording in keeping]
    with traits.guarded() as require_unwritten:
        outputs = f(*map(traits.again, arrays))
    nodes = [traits.node(output) for output in outputs]
    inside, variables = _taken_out(keeping, starts)
    require_unwritten(inside)
    parents = {parent: None for node in inside for parent, _, _ in node.edges if parent not in inside}
    outside = [parent for parent in parents if not numbers.isdisjoint(parent.tapes)]
    replaced = {k: (node, node.tapes) for k, node in enumerate(nodes) if node is not None and node in inside}
    for node in inside:
        node.tapes = ()  # an array that left f by another way than its result is a constant from here on
    if replaced:
        segment = _Segment(traits, f, arrays, outside, variables, [*replaced])
        kinds = [(tuple(outputs[k].shape), outputs[k].dtype) for k in replaced]
        kept = [tuple(number for number in tapes if number in numbers) for _, tapes in replaced.values()]
        recorded = _Call(be, traits, segment.pull, kinds, outside).record(kept)
        for (k, (old, tapes)), new in zip(replaced.items(), recorded, strict=True):
            new.tapes = tapes
            if hasattr(old, "tangents"):
                new.tangents = old.tangents
            outputs[k] = traits.wrap(traits.plain(outputs[k]), new)
    return outputs


def _taken_out(recordings: Sequence[Recording], starts: Sequence[int]) -> tuple[dict[Node, None], dict[Node, Any]]:
    """Remove and return the nodes recorded after ``starts``; those of variables stay, and are returned too."""
    inside: dict[Node, None] = {}
    variables: dict[Node, Any] = {}
    for recording in recordings:
        variables |= {node: variable for variable, node in recording.variables.values()}
    for recording, start in zip(recordings, starts, strict=True):
        recorded = recording.nodes[start:]
        recording.nodes[start:] = [node for node in recorded if node in variables]
        inside |= {node: None for node in recorded if node not in variables}
    return inside, variables


class _Segment:
    """A part of a recording that is not kept: how it is made again.

    Attributes:
        outside: the nodes that its operations led to: arguments, variables, and what else was recorded before.
        variables: those among them that stand for variables, each with its variable and the value that it had.
        places: which outputs of the function were recorded.
    """

    def __init__(
        self,
        traits: ArrayTraits,
        f: FlatFunction,
        arrays: list[Any],
        outside: list[Node],
        variables: dict[Node, Any],
        places: list[int],
    ) -> None:
        self.traits, self.f, self.arrays, self.outside, self.places = traits, f, arrays, outside, places
        self.variables = [(node, variables[node], variables[node].value) for node in outside if node in variables]

    def pull(self, given: Cotangents) -> Cotangents:
        """The shares of ``outside``, from a recording of their own that is made now."""
        traits, again = self.traits, Recording()
        for node, variable, value in self.variables:
            if variable.value is not value:
                raise MutationError(
                    "a variable that a checkpoint() read was assigned since, so it cannot be computed again; "
                    "take the gradient before assign()"
                )
            again.variables[id(variable)] = variable, node
        again.nodes.extend(self.outside)
        try:
            for node in self.outside:  # for a while they are sources of this recording too
                node.tapes = (*node.tapes, again.number)
            seeds = self._seeds(again, given)
            pull = traits.pull(bool(traits.recorder.frame().recordings))
            found = backward(again, seeds, self.outside, pull, traits.add, retain=False, beyond=False)
        finally:
            for node in self.outside:
                node.tapes = tuple(number for number in node.tapes if number != again.number)
        return Cotangents({i: traits.dense(share) for i, share in enumerate(found) if share is not None})

    def _seeds(self, again: Recording, given: Cotangents) -> list[tuple[Node, Any]]:
        self.traits.recorder.start(again)
        try:
            outputs = self.f(*map(self.traits.again, self.arrays))
        finally:
            self.traits.recorder.stop(again)
        seeds = []
        for place, cotangent in given.items():
            node = self.traits.node(outputs[self.places[place]])
            if node is None or again.number not in node.tapes:
                raise MutationError(
                    "the function of a checkpoint() computed something else when it ran again; "
                    "what it reads must not change before the gradient is taken"
                )
            seeds.append((node, cotangent))
        return seeds
