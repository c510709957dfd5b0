"""What the tests of functions draw of their inputs, and what they do not: the coverage of inputs.

An input has dimensions: mode, dtype, layout of sources and of cotangents, shape, magnitude, axis, and each keyword.
`needs` says which values of a dimension have to be drawn for a function; while the suite runs, `drawn` notes what is. A
value that is needed and was not drawn is a hole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from autodiff_spec.conformance.coverage.drawn import Drawn
from autodiff_spec.conformance.coverage.needs import NEEDS, Needs, excuse

__all__ = ["COLUMNS", "NEEDS", "Coverage", "Hole", "by_excuse", "coverage_of"]

KEYWORDS = "keywords"
COLUMNS = ("mode", "dtype", "layout", "cotangent", "shape", "magnitude", "axis", KEYWORDS)
"""The dimensions of an input; the last stands for every keyword, whose dimensions are called ``"keepdims="``."""


@dataclass(frozen=True)
class Hole:
    """A value of a dimension that no test draws for a function; ``excuse`` says why, where that is known."""

    function: str
    dimension: str
    value: str
    excuse: str | None


@dataclass(frozen=True)
class Coverage:
    """One function's inputs.

    Attributes:
        function: its name.
        needed: for each dimension, how many values have to be drawn.
        drawn: for each dimension, how many of them are.
        pairs: how many pairs of such values, of two dimensions, occur in one call, and how many there are.
        holes: the values that are not drawn.
    """

    function: str
    needed: dict[str, int]
    drawn: dict[str, int]
    pairs: tuple[int, int]
    holes: tuple[Hole, ...]

    def counts(self, column: str) -> tuple[int, int]:
        """How many values are drawn, and how many are needed, of the dimensions that a column stands for."""
        chosen = [one for one in self.needed if one == column or (column == KEYWORDS and one.endswith("="))]
        return sum(self.drawn[one] for one in chosen), sum(self.needed[one] for one in chosen)


def by_excuse(found: Iterable[Coverage]) -> dict[str, dict[str, list[str]]]:
    """For each reason the values that are not drawn, and the functions that they are not drawn for."""
    sorted_: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for hole in (hole for one in found for hole in one.holes):
        said = "no reason is known" if hole.excuse is None else hole.excuse
        sorted_[said][f"{hole.dimension} {hole.value}"].append(hole.function)
    return sorted_


def coverage_of(found: Iterable[Drawn]) -> list[Coverage]:
    """The coverage of each function of the table, by what was drawn."""
    calls: dict[str, list[dict[str, set[str]]]] = defaultdict(list)
    for one in found:
        calls[one.function].append({dimension: set(values) for dimension, values in one.features})
    return [_of(function, needs, calls[function]) for function, needs in NEEDS.items()]


Calls = list[dict[str, set[str]]]


def _of(function: str, needs: Needs, calls: Calls) -> Coverage:
    seen = {
        dimension: [value for value in values if any(_has(call, dimension, value) for call in calls)]
        for dimension, values in needs.items()
    }
    holes = [
        Hole(function, dimension, value, excuse(function, dimension, value))
        for dimension, values in needs.items()
        for value in values
        if value not in seen[dimension]
    ]
    return Coverage(
        function,
        {dimension: len(values) for dimension, values in needs.items()},
        {dimension: len(values) for dimension, values in seen.items()},
        _pairs(needs, calls),
        tuple(holes),
    )


def _has(call: dict[str, set[str]], dimension: str, value: str) -> bool:
    """Whether a call draws a value of a dimension; ``"not 1"`` is any other than 1."""
    given = call.get(dimension, set())
    return bool(given - {value[4:]}) if value.startswith("not ") else value in given


def _pairs(needs: Needs, calls: Calls) -> tuple[int, int]:
    every = [(dimension, value) for dimension, values in needs.items() for value in values]
    wanted = [(one, other) for one, other in combinations(every, 2) if one[0] != other[0]]
    met: set[tuple[tuple[str, str], tuple[str, str]]] = set()
    for call in calls:
        given = [pair for pair in every if _has(call, *pair)]
        met.update((one, other) for one, other in combinations(given, 2) if one[0] != other[0])
    return len(met), len(wanted)
