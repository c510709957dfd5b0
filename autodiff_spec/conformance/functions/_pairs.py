"""Few cases for many dimensions: each pair of values of two dimensions occurs in one of them.

Most faults that depend on more than one argument depend on two (D. R. Kuhn, D. R. Wallace, A. M. Gallo, Software Fault
Interactions and Implications for Software Testing, IEEE Transactions on Software Engineering 30, 2004).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Case = dict[str, Any]
_GREEDY, _ATTEMPTS = 8, 60


def pairwise(
    dimensions: Mapping[str, Sequence[Any]], allowed: Callable[[Case], bool] = lambda case: True, seed: str = ""
) -> list[Case]:
    """Cases in which each pair of values of two dimensions occurs that any allowed case has.

    Greedy, after D. M. Cohen, S. R. Dalal, M. L. Fredman and G. C. Patton, The AETG System, IEEE Transactions on
    Software Engineering 23, 1997: a case begins with a pair that is missing, and each further dimension, in a random
    order, gets the value that has most missing pairs with those chosen before.

    Args:
        dimensions: the values of each dimension; equal values count once for each place that they have.
        allowed: whether a case makes sense.
        seed: the same cases for the same seed, on every machine.

    Examples:
        >>> cases = pairwise({"axis": (0, 1), "keepdims": (False, True), "dtype": ("float32", "float64")})
        >>> len(cases)  # of 8
        4
    """
    generator = random.Random(seed)
    names, sizes = list(dimensions), [len(values) for values in dimensions.values()]
    places = [(k, i) for k, size in enumerate(sizes) for i in range(size)]
    missing = dict.fromkeys((a, b) for a, b in itertools.combinations(places, 2) if a[0] != b[0])

    def case_of(chosen: Mapping[int, int]) -> Case:
        return {name: dimensions[name][chosen[k]] for k, name in enumerate(names)}

    def completed(chosen: dict[int, int], greedy: bool) -> dict[int, int]:
        for k in generator.sample(range(len(names)), len(names)):
            if k not in chosen:
                order = generator.sample(range(sizes[k]), sizes[k])
                gains = [_gain(missing, chosen, k, i) for i in order] if greedy else [0]
                chosen[k] = order[gains.index(max(gains))]
        return chosen

    cases = []
    while missing:
        first = next(iter(missing))
        tries = (completed(dict(first), greedy=attempt < _GREEDY) for attempt in range(_ATTEMPTS))
        chosen = next((chosen for chosen in tries if allowed(case_of(chosen))), None)
        if chosen is None:  # no case has this pair
            del missing[first]
            continue
        for pair in itertools.combinations(sorted(chosen.items()), 2):
            missing.pop(pair, None)
        cases.append(case_of(chosen))
    return cases


def _gain(missing: Mapping[Any, None], chosen: Mapping[int, int], k: int, i: int) -> int:
    """How many missing pairs the value ``i`` of dimension ``k`` has with the values chosen."""
    return sum((min(place, (k, i)), max(place, (k, i))) in missing for place in chosen.items())
