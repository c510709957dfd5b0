"""Large graphs made small: rounds of a loop, then chains, then stretches become one node each."""

from __future__ import annotations

from collections.abc import Sequence

from autodiff_spec.graph._model import Arrow, Graph, Node

_PERIOD = 64  # so many operations a round of a loop may have


def folded(graph: Graph, limit: int) -> Graph:
    """A graph of at most about ``limit`` nodes; itself if it is small enough.

    Consecutive rounds of a loop, which call the same functions at the same lines on the same shapes, become one node
    that counts them; what is still too many, stretches of equal length. Sources and targets stay.
    """
    if len(graph.nodes) <= limit:
        return graph
    blocks = _rounds(graph.nodes)
    if len(blocks) > limit:
        blocks = _stretches(blocks, limit)
    return _merged(graph, blocks)


def _rounds(nodes: Sequence[Node]) -> list[list[Node]]:
    """Neighbours that repeat, three times or more, together; every other node by itself."""
    groups = [node.group if node.kind not in ("source", "target") else (node.key,) for node in nodes]
    blocks: list[list[Node]] = []
    k = 0
    while k < len(nodes):
        length = max((_repeated(groups, k, period) for period in range(1, _PERIOD + 1)), default=0)
        blocks.append(list(nodes[k : k + max(length, 1)]))
        k += max(length, 1)
    return blocks


def _repeated(groups: Sequence[tuple[str, ...]], start: int, period: int) -> int:
    """How many nodes from ``start`` repeat with this period; 0 if there are fewer than three rounds."""
    end = start + period
    while end < len(groups) and groups[end] == groups[end - period]:
        end += 1
    rounds = (end - start) // period
    return rounds * period if rounds >= 3 else 0


def _stretches(blocks: list[list[Node]], limit: int) -> list[list[Node]]:
    """Neighbours joined evenly, sources and targets left alone."""
    fixed = sum(_stays(block) for block in blocks)
    size = -(-len(blocks) // max(limit - fixed, 1))
    joined: list[list[Node]] = []
    room = 0
    for block in blocks:
        if _stays(block) and fixed < limit // 2:
            joined.append(block)
            room = 0
        elif room and joined:
            joined[-1].extend(block)
            room -= 1
        else:
            joined.append(list(block))
            room = size - 1
    return joined


def _stays(block: list[Node]) -> bool:
    return len(block) == 1 and block[0].kind in ("source", "target")


def _merged(graph: Graph, blocks: list[list[Node]]) -> Graph:
    owner = {node.key: block[0].key for block in blocks for node in block}
    nodes = tuple(block[0] if len(block) == 1 else _fold(block) for block in blocks)
    arrows: dict[tuple[str, str, bool], Arrow] = {}
    for arrow in graph.arrows:
        start, end = owner[arrow.start], owner[arrow.end]
        if start != end:
            arrows.setdefault((start, end, arrow.back), Arrow(start, end, arrow.back))
    return Graph(nodes, tuple(arrows.values()), graph.title, len(graph.nodes) - len(nodes))


def _fold(block: list[Node]) -> Node:
    period = next(
        (p for p in range(1, len(block) // 3 + 1) if len(block) % p == 0 and _is_period(block, p)), len(block)
    )
    names = list(dict.fromkeys(node.group[0] for node in block[:period]))
    shown = ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
    count = f"{len(block) // period} × ({period} operations)" if period < len(block) else f"{len(block)} operations"
    return Node(block[0].key, "fold", (count, shown))


def _is_period(block: list[Node], period: int) -> bool:
    return all(block[k].group == block[k - period].group for k in range(period, len(block)))
