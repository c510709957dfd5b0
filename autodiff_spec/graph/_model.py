"""The recorded graph as data: nodes, and arrows forward and backward."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autodiff_spec.logged import GUARDS, Log, Logged, Operation, Use
from autodiff_spec.logged._entry import spelled

SOURCES = ("input", "variable", "watch")


@dataclass(frozen=True)
class Node:
    """One box: an operation, a source, or several operations folded into one.

    Attributes:
        key: unique in the graph.
        kind: ``"source"``, ``"constant"``, ``"operation"``, ``"stopped"`` (stop_gradient), ``"target"`` or ``"fold"``.
        lines: what stands in the box.
        group: what the operation is called and where the program calls it: equal for each round of a loop.
    """

    key: str
    kind: str
    lines: tuple[str, ...]
    group: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arrow:
    """From one node to another: forward (``back`` false) or the way back of the cotangents."""

    start: str
    end: str
    back: bool = False
    label: str = ""


@dataclass(frozen=True)
class Graph:
    """Nodes in the order of the program, and arrows between them."""

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    title: str = ""
    folded: int = field(default=0)


def graph(
    log: Log, targets: Sequence[Logged], *, values: bool = False, cotangents: Any = None, title: str = ""
) -> Graph:
    """The graph of what the targets were computed from.

    An arrow leads back along each arrow forward that a derivative takes: from a floating result to what it was computed
    from, as far as that depends on a source; none through ``stop_gradient``.

    Args:
        log: of the operations.
        targets: of its arrays.
        values: write values into the nodes, and cotangents on the arrows back.
        cotangents: by operation and use, as `Log.pull` gives them.
        title: of the picture.
    """
    wanted = _ancestors(log, targets)
    last = {target.operation.index for target in targets}
    flowing = _flowing(log, wanted, last)
    nodes = tuple(_node(log, op, op.index in last, values) for op in log.operations if op.index in wanted)
    arrows: dict[tuple[str, str, bool], Arrow] = {}
    for op in log.operations:
        if op.index not in wanted:
            continue
        for k, use in enumerate(op.uses):
            forward = Arrow(_key(use.source), _key(op))
            arrows.setdefault((forward.start, forward.end, False), forward)
            if op.index in flowing and use.source.tracked and _floating(log, use.array):
                label = _number(log, cotangents[op.index][k]) if values and cotangents else ""
                back = Arrow(_key(op), _key(use.source), back=True, label=label)
                key = back.start, back.end, True
                if key in arrows and label:
                    back = Arrow(back.start, back.end, True, f"{arrows[key].label}, {label}")
                arrows[key] = back
    return Graph(nodes, tuple(arrows.values()), title)


def _ancestors(log: Log, targets: Iterable[Logged]) -> set[int]:
    wanted = {target.operation.index for target in targets}
    for op in reversed(log.operations):
        if op.index in wanted:
            wanted |= {use.source.index for use in op.uses}
    return wanted


def _flowing(log: Log, wanted: set[int], last: set[int]) -> set[int]:
    """The operations that a cotangent of a target reaches, and that hand it on."""
    reached = set(last)
    for op in reversed(log.operations):
        if op.index in reached and op.index in wanted and op.name != "stop_gradient" and op.name not in GUARDS:
            reached |= {use.source.index for use in op.uses if use.source.tracked and _floating(log, use.array)}
    return {k for k in reached if log.operations[k].name != "stop_gradient"}


def _floating(log: Log, array: Any) -> bool:
    return log.backend.kind(array.dtype) != "other"


def _key(op: Operation) -> str:
    return f"n{op.index}"


def _node(log: Log, op: Operation, is_target: bool, values: bool) -> Node:
    shapes = [_shape(output) for output in op.outputs]
    written = [f" = {_number(log, output)}" if values and hasattr(output, "shape") else "" for output in op.outputs]
    lines = (_called(op), *(shape + value for shape, value in zip(shapes, written, strict=True)))
    kind = "operation"
    if op.name in SOURCES:
        kind = "source"
    elif not op.uses:
        kind = "constant"
    elif op.name == "stop_gradient":
        kind = "stopped"
    elif is_target:
        kind = "target"
    return Node(_key(op), kind, lines, (op.name, str(op.place), *shapes))


def _shape(output: Any) -> str:
    return str(tuple(output.shape)) if hasattr(output, "shape") else repr(output)


def _called(op: Operation) -> str:
    """The function, with its arguments that are no arrays: ``sum(·, axis=0)``, ``multiply(2, ·)``."""
    if not op.uses:
        return op.label or op.name
    given = [spelled(arg, op.uses, _dot) for arg in op.args] + [
        f"{name}={spelled(arg, op.uses, _dot)}" for name, arg in op.kwargs.items()
    ]
    return f"{op.name}({', '.join(given)})" if set(given) != {"·"} else op.name


def _dot(use: Use) -> str:
    return "·"


def _number(log: Log, array: Any) -> str:
    """The value of an array in a few characters."""
    if array is None:
        return "none"
    plain = log.backend.to_numpy(array)
    if plain.size > 4:
        return f"{np.min(plain):.3g} … {np.max(plain):.3g}"
    numbers = ", ".join(f"{number:.4g}" for number in plain.ravel().tolist())
    return numbers if plain.ndim == 0 else f"[{numbers}]"
