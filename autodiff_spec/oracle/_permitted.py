"""Kinks: how near a program comes to one, and which gradients are legal there.

The legal gradients at a kink are the convex hull of the limits of gradients at nearby smooth points (F. H. Clarke,
Optimization and Nonsmooth Analysis, 1983, theorem 2.5.1), here of gradients 1e-20 away, jointly over all arguments.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec.oracle import _scalars as s
from autodiff_spec.oracle._api import gradient_numbers
from autodiff_spec.oracle._context import MPF
from autodiff_spec.oracle._evaluation import Point, Program, working_precision
from autodiff_spec.oracle._operators import exact
from autodiff_spec.oracle._projection import nearest

_NEAR = 1e-15  # nearer than double precision can tell: at the kink
_OFFSET_BITS = 66  # nearby points lie 1e-20 away, far beyond the differences' step of 1e-30
_SIGNED = 8  # up to so many coordinates every orthant is visited
_ROUND_LIMIT = 64  # a continuum of gradients (a norm at 0) is sampled so often


def kink_distance(program: Program, *args: Any, resting: bool = False) -> float:
    """How near a program comes to a point where its derivative is not unique or not finite.

    Args:
        program: ``program(xp, *arrays)``, returning an array or a tree of arrays.
        *args: as for ``gradient``.
        resting: count the round kinks too that the program stays at wherever its arguments go. ``std`` of one element
            and the norm of ``x - x`` are 0 and smooth, but the root in them has no second derivative, and where a
            chain of rules leads through it the first is 0 times infinity.

    Returns:
        The least distance of an operation from its kinks (ties, zeros of ``abs`` and of norms, jumps, edges of
        domains, poles), relative to the operands where they exceed 1; inf when there is none. Comparisons of constants
        do not count.

    Examples:
        >>> from autodiff_spec import oracle
        >>> oracle.kink_distance(lambda xp, x: xp.maximum(x, 1.0), 1.25)
        0.2
        >>> [oracle.kink_distance(lambda xp, x: xp.std(x), [2.5], resting=resting) for resting in (False, True)]
        [inf, 0.0]
    """
    with working_precision(args):
        return min(_distances(Point(program, args, kinks=True), resting), default=(math.inf, ""))[0]


def _distances(point: Point, resting: bool = False) -> Iterator[tuple[float, str]]:
    """Distance and kind of every kink that moves with the arguments, and of the round ones that rest if asked."""
    generator = np.random.default_rng(0)
    beside = {}
    for number, c in enumerate(point.coordinates):
        if s.is_finite(c.value):
            beside[number] = c.value + MPF(float(generator.uniform(0.5, 1))) * c.step(100)
    others = point.kinks_at(beside)
    comparable = [k.kind for k in others] == [k.kind for k in point.kinks]
    for k, kink in enumerate(point.kinks):
        other = others[k].differences if comparable else []
        constant = len(other) == len(kink.differences)
        for i, difference in enumerate(kink.differences):
            if constant and other[i] == difference and not (resting and kink.kind == "round"):
                continue
            distance = kink.distance(i)
            if not s.is_nan(distance):
                yield float(distance), kink.kind


class Permitted:
    """The legal gradients of a program at a point: a convex hull, joint over all arguments.

    Args:
        points: float64 array of shape (k, n), k gradients of n real coordinates.
        like: one array for each argument, of its shape and dtype; None for constants.

    Examples:
        >>> from autodiff_spec import oracle
        >>> legal = oracle.permitted(lambda xp, a, b: xp.maximum(a, b), 2.0, 2.0)
        >>> legal.contains((1.0, 0.0)), legal.contains((0.0, 0.0)), legal.contains((0.25, 0.75))
        (True, False, True)
        >>> [float(part) for part in legal.minimal_norm()]
        [0.5, 0.5]
    """

    def __init__(self, points: NDArray[np.float64], like: tuple[NDArray[Any] | None, ...]) -> None:
        self._points = points
        self._like = like
        self._finite = np.isfinite(points).all(axis=0) if len(points) else np.zeros(0, dtype=bool)

    @property
    def unique(self) -> bool:
        """Whether exactly one gradient is legal."""
        return len(self._points) == 1

    def vertices(self) -> list[tuple[NDArray[Any] | None, ...]]:
        """The gradients whose convex hull this is, each a float64 or complex128 array for each argument."""
        return [self._split(point) for point in self._points]

    def contains(self, candidates: Any, rtol: float = 1e-9, atol: float = 1e-12) -> bool:
        """Whether a gradient is legal, within a tolerance.

        Args:
            candidates: one array for each argument, of its shape (NumPy's, or what ``numpy.asarray`` takes); those of
                constants are ignored. A single array when there is one argument.
            rtol: tolerance relative to the largest legal value of each element.
            atol: absolute tolerance.

        Returns:
            True if no element is farther from the nearest legal gradient than its tolerance. Infinite elements must
            be equal.

        Raises:
            ValueError: for candidates of other shapes than the arguments.
        """
        flat = self._join(candidates)
        if not np.array_equal(flat[~self._finite], self._points[0][~self._finite], equal_nan=True):
            return False
        flat, points = flat[self._finite], self._points[:, self._finite]
        if not np.isfinite(flat).all():
            return False
        tolerance = atol + rtol * np.abs(points).max(axis=0, initial=0.0)
        # In units of the tolerance; where none is allowed, the unit does not matter.
        unit = np.where(tolerance > 0, tolerance, 1.0)
        found = nearest(exact(points) / exact(unit), exact(flat) / exact(unit))
        gap = np.abs(found * exact(unit) - exact(flat))
        return bool(np.all(np.less_equal(gap, exact(tolerance))))

    def minimal_norm(self) -> tuple[NDArray[Any] | None, ...]:
        """The legal gradient of least Euclidean norm, the one the specification recommends.

        Returns:
            A float64 or complex128 array for each argument, None for constants.
        """
        result = self._points[0].copy()
        points = exact(self._points[:, self._finite])
        if points.size:
            origin = exact(np.zeros(points.shape[1]))
            result[self._finite] = [float(v) for v in nearest(points, origin).tolist()]
        return self._split(result + 0.0)

    def __repr__(self) -> str:
        return f"Permitted({len(self._points)} vertices of {self._points.shape[1]} coordinates)"

    def _split(self, point: NDArray[np.float64]) -> tuple[NDArray[Any] | None, ...]:
        parts: list[NDArray[Any] | None] = []
        start = 0
        for like in self._like:
            if like is None:
                parts.append(None)
                continue
            size = like.size * (2 if like.dtype.kind == "c" else 1)
            flat = np.ascontiguousarray(point[start : start + size])
            parts.append((flat.view(np.complex128) if like.dtype.kind == "c" else flat).reshape(like.shape))
            start += size
        return tuple(parts)

    def _join(self, candidates: Any) -> NDArray[np.float64]:
        if not isinstance(candidates, (tuple, list)):
            candidates = (candidates,)
        if len(candidates) != len(self._like):
            raise ValueError(f"{len(candidates)} gradients for {len(self._like)} arguments")
        flat = [np.zeros(0)]
        for i, (candidate, like) in enumerate(zip(candidates, self._like, strict=True)):
            if like is None:
                continue
            array = np.asarray(candidate)
            if array.shape != like.shape:
                raise ValueError(f"gradient {i} has shape {array.shape}, its argument {like.shape}")
            wide = array.astype(np.complex128 if like.dtype.kind == "c" else np.float64)
            flat.append(np.ascontiguousarray(wide).reshape(-1).view(np.float64))
        return np.concatenate(flat)


def permitted(program: Program, *args: Any, cotangent: Any = None) -> Permitted:
    """The legal gradients of a program at a point.

    Pass what should share a tie as arguments: ``maximum(x, 0)`` is ``lambda xp, x, c: xp.maximum(x, c)`` at ``(0.0,
    0.0)``. A continuum of limits (a norm at 0) is only sampled.

    Args:
        program: as for ``gradient``.
        *args: as for ``gradient``; up to about 8 elements every orthant around the point is visited.
        cotangent: as for ``gradient``.

    Returns:
        The convex hull of the gradients at generic nearby points: one point where the program is smooth.

    Examples:
        >>> import numpy as np
        >>> from autodiff_spec import oracle
        >>> legal = oracle.permitted(lambda xp, x: xp.max(x), np.array([1.0, 3.0, 3.0]))
        >>> legal.minimal_norm()[0]
        array([0. , 0.5, 0.5])
    """
    with working_precision(args):
        point = Point(program, args, kinks=True)
        base = np.array([float(v) for v in gradient_numbers(point, cotangent)])
        near = [kind for distance, kind in _distances(point) if distance < _NEAR]
        points = [base]
        if any(kind != "edge" for kind in near):
            points = list(_nearby(point, cotangent, base, "round" in near)) or points
        like = tuple(np.empty(a.shape, dtype=a.dtype) if i in point.tracked else None for i, a in enumerate(point.args))
        return Permitted(np.unique(np.array(points).reshape(len(points), len(base)) + 0.0, axis=0), like)


def _nearby(point: Point, cotangent: Any, base: NDArray[np.float64], everywhere: bool) -> Iterator[NDArray[np.float64]]:
    """Gradients at generic nearby points, one for each way of passing the kinks."""
    seen: set[Any] = set()
    since, finite = 0, np.isfinite(base)
    for direction in _directions(len(base)):
        shifts = {
            n: c.value + MPF(d) * c.step(_OFFSET_BITS)
            for n, (c, d) in enumerate(zip(point.coordinates, direction, strict=True))
            if s.is_finite(c.value)
        }
        there = point.moved(shifts, kinks=True)
        if point.finite and not there.finite:
            continue  # outside the domain
        side = tuple(kink.pattern for kink in there.kinks)
        if side in seen and not (everywhere and len(seen) + since < _ROUND_LIMIT):
            since += 1
            if since > max(64, 12 * len(seen)):
                return
            continue
        since = 0 if side not in seen else since + 1
        seen.add(side)
        found = np.array([float(v) for v in gradient_numbers(there, cotangent)])
        found[~finite] = base[~finite]
        if np.isfinite(found[finite]).all():
            yield found


def _directions(n: int) -> Iterator[list[float]]:
    """Directions in general position: opposite pairs, every orthant where these are few, then random ones."""
    generator = np.random.default_rng(20261200 + n)
    if n <= _SIGNED:
        for signs in product((1.0, -1.0), repeat=n):
            if signs[:1] == (1.0,):
                sizes = generator.uniform(0.25, 1.0, n)
                yield [float(a * b) for a, b in zip(signs, sizes, strict=True)]
                yield [float(-a * b) for a, b in zip(signs, sizes, strict=True)]
    for _ in range(60 * n + 200):
        direction = [float(v) for v in generator.uniform(-1.0, 1.0, n)]
        yield direction
        yield [-v for v in direction]
