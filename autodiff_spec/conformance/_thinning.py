"""Which cases a backend is spared that compiles for every shape, dtype and keyword: it would compile longer than run.

`Backend.compiles_shapes` says so of one. It is asked a case for each value of a keyword, where others are asked one for
each pair of values; a function once in each narrower dtype, by its pullback; of a function's variants some in forward
mode, on their first shapes, and the others in second order, on their largest; second derivatives at every magnitude in
float64 alone. Every function, keyword, value and clause is asked all the same, and so is every case for which its
adapter lists a deviation, in any flavour. ``--every-case`` spares none.

``--quick`` asks any backend less still: `quick`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pytest

from autodiff_spec.conformance._run import cited_by, is_of_second_order

T = TypeVar("T")

spare = pytest.mark.spare
"""The mark of a case that such a backend is spared."""


def covering(cases: Iterable[T], values: Callable[[T], Iterable[Any]]) -> list[T]:
    """A few of the cases, in which every value occurs that occurs in any: each time the one that has most new ones.

    Examples:
        >>> covering(["ab", "bc", "ac", "cd"], set)
        ['ab', 'cd']
    """
    left = {number: (case, set(values(case))) for number, case in enumerate(cases)}
    missing = set().union(*(has for _, has in left.values()))
    found = {}
    while missing:
        number = max(left, key=lambda k: len(left[k][1] & missing))
        found[number], has = left.pop(number)
        missing -= has
    return [found[number] for number in sorted(found)]


def quick(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The tests of the first minute: of those of first order, each on one case for every clause that it checks."""
    seen: set[tuple[str, str]] = set()
    found = []
    for item in items:
        pairs = {(clause, getattr(item, "originalname", item.name)) for clause in cited_by(item)}
        if not pairs <= seen and not is_of_second_order(item):
            seen |= pairs
            found.append(item)
    return found
