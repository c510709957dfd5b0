"""Errors against the truth, gathered from the tests of a run and summed up for each function, dtype and quantity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Errors:
    """The errors of one result, element by element, in units in the last place of the result's scale."""

    function: str
    dtype: str
    quantity: str
    budget: float
    ulps: tuple[float, ...]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Errors:
        """Build the object from the data that `dataclasses.asdict` made of it."""
        return cls(**{**data, "ulps": tuple(data["ulps"])})


@dataclass(frozen=True)
class Accuracy:
    """How exact a function's values, first or second derivatives are in a dtype.

    Attributes:
        function: its name, ``"linalg.qr"``.
        dtype: what was computed in; of complex numbers, the dtype of their parts.
        quantity: ``"value"``, ``"pullback"``, ``"pushforward"`` or ``"second"``.
        budget: the units that the specification allows.
        count: how many numbers were compared.
        median: of their errors.
        largest: of their errors.
    """

    function: str
    dtype: str
    quantity: str
    budget: float
    count: int
    median: float
    largest: float


def summed_up(found: Iterable[Errors]) -> tuple[Accuracy, ...]:
    """One line for each function, dtype and quantity, in the order in which they came."""
    grouped: dict[tuple[str, str, str, float], list[float]] = {}
    for errors in found:
        grouped.setdefault((errors.function, errors.dtype, errors.quantity, errors.budget), []).extend(errors.ulps)
    return tuple(
        Accuracy(*key, count=len(ulps), median=round(median(ulps), 3), largest=round(max(ulps), 3))
        for key, ulps in grouped.items()
        if ulps
    )


def combined(lines: Iterable[Accuracy]) -> tuple[Accuracy, ...]:
    """The lines of several runs, one for each function, dtype and quantity; the median is that of the longer run."""
    found: dict[tuple[str, str, str, float], Accuracy] = {}
    for line in lines:
        key = (line.function, line.dtype, line.quantity, line.budget)
        one, other = sorted((line, found.get(key, replace(line, count=0))), key=lambda part: part.count)
        found[key] = replace(other, count=one.count + other.count, largest=max(one.largest, other.largest))
    return tuple(found.values())
