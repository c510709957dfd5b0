"""The point of a convex hull nearest to a target: Wolfe's algorithm in exact enough arithmetic.

P. Wolfe, "Finding the nearest point in a polytope", Mathematical Programming 11 (1976), 128-149. It ends after finitely
many steps with the exact answer; at 120 digits its comparisons need no tuning.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_spec.oracle._context import MPF, ONE, ZERO, Objects
from autodiff_spec.oracle._matrices import eliminate

_TINY = MPF(10) ** -60


def nearest(vertices: Objects, target: Objects) -> Objects:
    """The element of a convex hull with the least Euclidean distance from a target.

    Args:
        vertices: object array of mp numbers, shape (k, n), k ≥ 1, all finite.
        target: object array of mp numbers, shape (n,).

    Returns:
        Object array of shape (n,).
    """
    points = vertices - target
    scale = max((abs(v) for v in points.ravel().tolist()), default=ZERO)
    if scale == 0:
        return target
    points = points / scale
    sizes = [_dot(p, p) for p in points]
    chosen = [sizes.index(min(sizes))]
    weights = [ONE]
    while True:
        x = _combination(points, chosen, weights)
        products = [_dot(p, x) for p in points]
        best = products.index(min(products))
        if products[best] >= _dot(x, x) - _TINY or best in chosen:
            found: Objects = _clean(x) * scale + target
            return found
        chosen, weights = _reduce(points, [*chosen, best], [*weights, ZERO])


def _clean(x: Objects) -> Objects:
    """Zeros where only rounding errors are left."""
    return np.where(np.less(np.abs(x), _TINY), ZERO, x)


def _dot(a: Objects, b: Objects) -> Any:
    return sum((u * v for u, v in zip(a.tolist(), b.tolist(), strict=True)), ZERO)


def _combination(points: Objects, chosen: list[int], weights: list[Any]) -> Objects:
    total: Objects = points[chosen[0]] * weights[0]
    for k, w in zip(chosen[1:], weights[1:], strict=True):
        total = total + points[k] * w
    return total


def _affine(points: Objects, chosen: list[int]) -> list[Any]:
    """The weights, summing to 1 and of any sign, of the point of the affine hull nearest to 0."""
    n = len(chosen)
    system: Objects = np.full((n + 1, n + 1), ONE, dtype=object)
    system[n, n] = ZERO
    for i in range(n):
        for j in range(i + 1):
            system[i, j] = system[j, i] = _dot(points[chosen[i]], points[chosen[j]])
    right: Objects = np.full((n + 1, 1), ZERO, dtype=object)
    right[n, 0] = ONE
    solution = eliminate(system, right)[1]
    return list(solution[:n, 0].tolist())


def _reduce(points: Objects, chosen: list[int], weights: list[Any]) -> tuple[list[int], list[Any]]:
    """Wolfe's inner loop: towards the affine minimiser, dropping vertices whose weight reaches 0 on the way."""
    while True:
        wanted = _affine(points, chosen)
        if all(w > _TINY for w in wanted):
            return chosen, wanted
        steps = [w / (w - a) for w, a in zip(weights, wanted, strict=True) if a <= _TINY and w > a]
        step = min([ONE, *steps])
        moved = [w + step * (a - w) for w, a in zip(weights, wanted, strict=True)]
        kept = [k for k, w in enumerate(moved) if w > _TINY]
        if len(kept) == len(chosen):  # nothing reached 0 exactly: drop the least
            kept.remove(min(kept, key=moved.__getitem__))
        chosen, weights = [chosen[k] for k in kept], [moved[k] for k in kept]
