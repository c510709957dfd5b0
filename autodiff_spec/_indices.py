"""What engines need to know of the places that an index names."""

from __future__ import annotations

from typing import Any

import numpy as np


def occurrences(places: Any) -> Any:
    """For each of some integers, a flat NumPy array, how often it has occurred before.

    Example:
        >>> import numpy as np
        >>> occurrences(np.array([7, 3, 7, 7]))
        array([0, 0, 1, 2])
    """
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    first = np.searchsorted(ordered, ordered)
    found = np.empty_like(order)
    found[order] = np.arange(len(order)) - first
    return found
