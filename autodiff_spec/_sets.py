"""The set functions of the array API standard: the results, and the three functions that say less than the fourth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class UniqueAll(NamedTuple):
    """What `unique_all` returns."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCounts(NamedTuple):
    """What `unique_counts` returns."""

    values: Any
    counts: Any


class UniqueInverse(NamedTuple):
    """What `unique_inverse` returns."""

    values: Any
    inverse_indices: Any


def shorter_forms(
    unique_all: Callable[[Any], UniqueAll],
) -> tuple[Callable[[Any], UniqueCounts], Callable[[Any], UniqueInverse], Callable[[Any], Any]]:
    """``unique_counts``, ``unique_inverse`` and ``unique_values``: each a part of what ``unique_all`` returns.

    Args:
        unique_all: a namespace's own; the elements come in its order, and each NaN is distinct if it is there.
    """

    def unique_counts(x: Any, /) -> UniqueCounts:
        """The distinct elements, and how often each occurs."""
        found = unique_all(x)
        return UniqueCounts(found.values, found.counts)

    def unique_inverse(x: Any, /) -> UniqueInverse:
        """The distinct elements, and which of them each element of ``x`` is."""
        found = unique_all(x)
        return UniqueInverse(found.values, found.inverse_indices)

    def unique_values(x: Any, /) -> Any:
        """The distinct elements."""
        return unique_all(x).values

    return unique_counts, unique_inverse, unique_values
