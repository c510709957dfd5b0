"""PyTorch's recorded graph, read from outside: the order of its nodes, what depends on what, and a cut pullback.

A node's sequence number says when, in its thread, it was recorded. A tape's part of the graph is a half-open interval
of these numbers (with holes, where the tape did not record); everything else is constant for it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import torch
from torch.autograd.function import BackwardCFunction, once_differentiable
from torch.autograd.graph import get_gradient_edge

from autodiff_torch._variable import Variable

Node: TypeAlias = Any
"""A node of autograd's graph (``torch.autograd.graph.Node``, whose stubs leave out half of it)."""

_ERRORS = ("DelayedError", "Error", "NotImplemented", "CompiledFunctionBackward", "CompiledFunctionBackwardBackward")

LEAF = 2**64 - 1
"""The sequence number that every node of a leaf has."""

now: Callable[[], int] = torch.autograd._get_sequence_nr  # type: ignore[attr-defined]
"""The sequence number that the next node recorded in this thread will get."""


def number(node: Node) -> int:
    """The sequence number of ``node``: the later recorded, the greater; `LEAF` for leaves."""
    found: int = node._sequence_nr()
    return found


def node_of(array: torch.Tensor) -> Node:
    """The node whose output ``array`` is; a leaf has one too."""
    return array.grad_fn if array.grad_fn is not None else get_gradient_edge(array).node


def reachable(roots: Iterable[Node], records: Callable[[int], bool]) -> Iterator[tuple[Node, int]]:
    """The nodes below ``roots``, each once, with its number; none below one that ``records`` does not accept."""
    stack = list(roots)
    seen = set(stack)
    while stack:
        node = stack.pop()
        when = node._sequence_nr()
        yield node, when
        if records(when):
            for below, _ in node.next_functions:
                if below is not None and below not in seen:
                    seen.add(below)
                    stack.append(below)


def is_hosts(roots: Iterable[Node]) -> bool | None:
    """Whether below ``roots`` is a leaf that no tape made: one by which the user's own autograd differentiates.

    ``None`` where none is seen and one may be: a function written in Python can close over it in its backward alone.
    """
    stack = list(roots)
    seen = {None, *stack}
    pop, push, add = stack.pop, stack.append, seen.add
    answer: bool | None = False
    while stack:  # each gradient pays for this walk over its graph, and little else in Python
        node = pop()
        edges = node.next_functions
        if not edges and hasattr(node, "variable") and not _is_ours(node.variable):
            return True
        for below, _ in edges:
            if below not in seen:
                add(below)
                push(below)
        if isinstance(node, BackwardCFunction):
            answer = None
    return answer


def _is_ours(leaf: torch.Tensor) -> bool:
    return hasattr(leaf, "_made_by_tape") or type(leaf) is Variable


def is_undifferentiable(roots: Iterable[Node], records: Callable[[int], bool]) -> bool:
    """Whether a node below ``roots`` cannot be differentiated again: what lies beyond looks unconnected.

    Of those alone that ``records`` accepts: a pullback passes through no others.
    """
    nodes = (node for node, when in reachable(roots, records) if records(when))
    return any(node.name().rpartition("::")[2] in _ERRORS or _is_once_differentiable(node) for node in nodes)


def _is_once_differentiable(node: Node) -> bool:
    if not isinstance(node, BackwardCFunction):
        return False
    function: Any = node
    code = getattr(function._forward_cls.backward, "__code__", None)
    return code is not None and code.co_filename == once_differentiable.__code__.co_filename


def mutated(roots: Iterable[Node]) -> bool:
    """Whether something saved below ``roots`` was changed in place since; looked for when a pullback has failed."""
    return any(_holds_changed(node) for node, _ in reachable(roots, lambda _: True))


def _holds_changed(node: Node) -> bool:
    """Reading a saved tensor raises when it was changed, and when it was freed: then it has no data."""
    for name in dir(node):
        if name.startswith("_raw_saved_") and _is_kept(node, name):
            try:
                getattr(node, "saved_tensors" if isinstance(node, BackwardCFunction) else name.removeprefix("_raw"))
            except RuntimeError:
                return True
    return False


def _is_kept(node: Node, name: str) -> bool:
    try:
        found = getattr(node, name)
    except RuntimeError:  # a list that was freed
        return False
    kept = found if isinstance(found, (tuple, list)) else (found,)
    return any(saved is not None and saved.data is not None for saved in kept)


def cut_pullback(
    records: Callable[[int], bool],
    targets: Sequence[torch.Tensor],
    cotangents: Sequence[torch.Tensor | None],
    sources: Sequence[torch.Tensor],
    *,
    create_graph: bool,
) -> list[torch.Tensor | None]:
    """The cotangents of ``sources`` through those nodes alone whose number ``records`` accepts.

    The engine cannot leave out a part of its graph, so here the nodes are called one by one, the latest first. Nothing
    is freed. Slower, and needed where a source reaches the target by ways that were not recorded too.
    """
    sums: dict[Node, list[torch.Tensor | None]] = {}
    queue: list[tuple[int, int, Node]] = []

    def add(node: Node, index: int, cotangent: torch.Tensor) -> None:
        if node not in sums:
            sums[node] = [None] * (1 if number(node) == LEAF else len(node._input_metadata))
            if records(number(node)):
                heapq.heappush(queue, (-number(node), len(sums), node))
        cotangent = _fitted(node, index, cotangent)
        before = sums[node][index]
        sums[node][index] = cotangent if before is None else before + cotangent

    with torch.set_grad_enabled(create_graph):
        for target, cotangent in zip(targets, cotangents, strict=True):
            add(*get_gradient_edge(target)[:2], torch.ones_like(target) if cotangent is None else cotangent)
        while queue:
            node = heapq.heappop(queue)[-1]
            for (below, index), share in _called(node, sums[node]):
                add(below, index, share)
    found = []
    for source in sources:
        node, index = get_gradient_edge(source)[:2]
        found.append(sums[node][index] if node in sums else None)
    return found


def _called(node: Node, cotangents: list[torch.Tensor | None]) -> list[tuple[tuple[Node, int], torch.Tensor]]:
    """The edges below ``node``, each with the cotangent that ``node`` passes to it."""
    edges = node.next_functions
    in_python = isinstance(node, BackwardCFunction)
    if in_python:  # knows neither None nor which of its arguments are tensors
        full = [
            torch.zeros(tuple(like.shape), dtype=like.dtype, device=like.device) if cotangent is None else cotangent
            for cotangent, like in zip(cotangents, node._input_metadata, strict=True)
        ]
        shares = node.apply(*full)
        shares = shares if isinstance(shares, tuple) else (shares,)
        shares = [share for share, needed in zip(shares, node.needs_input_grad, strict=True) if needed]
        edges = [edge for edge in edges if edge[0] is not None]
    else:
        shares = node(*cotangents)
        shares = shares if isinstance(shares, tuple) else (shares,)
    return [
        (edge, share) for edge, share in zip(edges, shares, strict=True) if edge[0] is not None and share is not None
    ]


def _fitted(node: Node, index: int, cotangent: torch.Tensor) -> torch.Tensor:
    """A cotangent in the shape and dtype of the value it belongs to; undoing a broadcast is the engine's work."""
    like = node.variable if number(node) == LEAF else node._input_metadata[index]
    if tuple(cotangent.shape) != tuple(like.shape):
        cotangent = cotangent.sum_to_size(tuple(like.shape))
    if cotangent.is_complex() and not like.dtype.is_complex:
        cotangent = torch.real(cotangent)
    return cotangent.to(like.dtype)
