"""Derivatives by central differences at 120 digits: exact to double rounding.

A step of about 1e-30 of each number leaves a truncation error of 1e-60 and a rounding error of 1e-90, at second order
1e-60 (the textbook error analysis of central differences; e.g. Nocedal and Wright, Numerical Optimization, chapter 8.1,
with the unit roundoff at 1e-120). A second, smaller step tells infinite slopes from finite ones; where one side is
outside the domain the other side is used.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

from autodiff_spec.oracle import _scalars as s
from autodiff_spec.oracle._context import INF, MPC, MPF, NAN, ONE, ZERO, ctx
from autodiff_spec.oracle._evaluation import Coordinate, Point, contract

COARSE, FINE = 100, 150  # bits: steps of 1e-30 and 1e-45
_FAR, _FARTHER = 40, 45  # bits: stand-ins for infinity, exp of which is still a number
_NOISE = MPF(10) ** -40
_SAME = MPF(1.1)
_LOST_BITS = 20  # what the program's own rounding may have spoilt

# Offsets in steps with their weights; central first, then one-sided.
_CENTRAL = ((1, ONE / 2), (-1, -ONE / 2))
_RIGHT = ((1, ONE), (0, -ONE))
_LEFT = ((0, ONE), (-1, -ONE))
_STENCILS = (_CENTRAL, _RIGHT, _LEFT)


def limit(coarse: Any, fine: Any) -> Any:
    """The limit of quotients at two steps: one that shrinks goes to 0, one that grows to infinity.

    None (unresolved) stays None.
    """
    if coarse is None or fine is None:
        return None
    if not (s.is_finite(coarse) and s.is_finite(fine)):
        return fine
    small, large = abs(coarse), abs(fine)
    if small <= large * _SAME and large <= small * _SAME:
        return fine
    if large < small or large < _NOISE:
        return ZERO
    if fine.__class__ is MPC:
        return MPC(NAN, NAN)
    return INF if fine > 0 else -INF


def _quotient(plus: Any, base: Any, minus: Any, step: Any) -> Any:
    """The difference quotient of one output, on the side where it exists; None where nothing can be said here."""
    right, left = s.is_finite(plus), s.is_finite(minus)
    if s.is_finite(base):
        if right and left:
            return _total([plus, -minus]) / (2 * step)
        return _total([plus, -base]) / step if right else _total([base, -minus]) / step if left else NAN
    if s.is_nan(base) or base.__class__ is MPC:
        return None
    sides = [plus - base] if plus != base and not s.is_nan(plus) else []
    sides += [base - minus] if minus != base and not s.is_nan(minus) else []
    if not sides:
        return None
    return sides[0] if all(side == sides[0] for side in sides) else NAN  # poles between two branches


def column(point: Point, number: int) -> list[Any]:
    """The derivatives of all flat outputs along one coordinate."""
    c = point.coordinates[number]
    if s.is_inf(c.value):
        far, farther = (column(point.at_infinity(bits), number) for bits in (_FAR, _FARTHER))
        return [limit(a, b) for a, b in zip(far, farther, strict=True)]
    step = c.step(COARSE)
    plus, minus = point.at({number: c.value + step}), point.at({number: c.value - step})
    same_length = len(plus) == len(minus) == len(point.base)
    if not same_length:
        raise ValueError("the shapes of the outputs depend on the values of the arguments")
    if point.finite and (c.value != 0 or plus == minus):
        scale = ONE / (2 * step)
        slopes = [ZERO if p == m else _total([p, -m]) * scale for p, m in zip(plus, minus, strict=True)]
        if all(map(s.is_finite, slopes)):
            return slopes
    return _careful(point, number, plus, minus)


def _careful(point: Point, number: int, plus: list[Any], minus: list[Any]) -> list[Any]:
    """At zeros and at the edge of the domain: two steps, one side where need be."""
    c = point.coordinates[number]

    def quotients(right: list[Any], left: list[Any], step: Any) -> list[Any]:
        return [_quotient(p, b, m, step) for p, b, m in zip(right, point.base, left, strict=True)]

    coarse = quotients(plus, minus, c.step(COARSE))
    step = c.step(FINE)
    fine = quotients(point.at({number: c.value + step}), point.at({number: c.value - step}), step)
    slopes = [limit(a, b) for a, b in zip(coarse, fine, strict=True)]
    return _resolved(point, slopes, lambda inner: column(inner, number))


def _resolved(point: Point, slopes: list[Any], derive: Callable[[Point], list[Any]]) -> list[Any]:
    """None replaced by the derivative at a point moved inward, where the value is finite; else nan."""
    if None not in slopes:
        return slopes
    inner = [(derive(p), p.base) for p in point.inward() if any(map(s.is_finite, p.base))]
    for i, slope in enumerate(slopes):
        if slope is None:
            slopes[i] = next((values[i] for values, base in inner if s.is_finite(base[i])), NAN)
    return slopes


class Second:
    """Second derivatives of the contracted outputs, with every evaluation used as often as it can be."""

    def __init__(self, point: Point, weight: list[Any]) -> None:
        self._point, self._weight = point, weight
        # Contracted at once where that loses nothing; else output by output.
        self._contracted = point.finite
        self._seen: dict[Any, list[Any]] = {}

    def entry(self, i: int, j: int) -> Any:
        """The derivative of the contracted outputs along coordinates ``i`` and ``j``."""
        values = self._entries(i, j)
        return values[0] if self._contracted else contract(self._weight, values)

    def _entries(self, i: int, j: int) -> list[Any]:
        point = self._point
        a, b = point.coordinates[i], point.coordinates[j]
        if s.is_inf(a.value) or s.is_inf(b.value):
            far, farther = (Second(point.at_infinity(bits), self._weight) for bits in (_FAR, _FARTHER))
            self._contracted = True
            return [limit(far.entry(i, j), farther.entry(i, j))]
        values = self._central(i, j, COARSE)
        if a.value == 0 or b.value == 0:
            values = self._limits(values, self._central(i, j, FINE))
        for one, two in product(_STENCILS, _STENCILS):
            if not any(map(_missing, values)):
                return values
            quotients = (self._tensor(i, j, one, two, bits) for bits in (COARSE, FINE))
            other = self._limits(*quotients)
            values = [w if _missing(v) else v for v, w in zip(values, other, strict=True)]
        open_ones = [None if _missing(v) else v for v in values]
        if self._contracted:
            return values
        return _resolved(point, open_ones, lambda inner: Second._of_outputs(inner, i, j))

    @staticmethod
    def _of_outputs(point: Point, i: int, j: int) -> list[Any]:
        second = Second(point, [])
        second._contracted = False
        return second._entries(i, j)

    @staticmethod
    def _limits(coarse: list[Any], fine: list[Any]) -> list[Any]:
        return [limit(a, b) for a, b in zip(coarse, fine, strict=True)]

    def _at(self, bits: int, offsets: dict[int, int]) -> list[Any]:
        """Outputs (contracted if they can be) at whole numbers of steps from the base point."""
        offsets = {n: k for n, k in offsets.items() if k}
        key = (bits, tuple(sorted(offsets.items())))
        if key not in self._seen:
            points = {n: self._shift(self._point.coordinates[n], k, bits) for n, k in offsets.items()}
            values = self._point.at(points) if points else self._point.base
            self._seen[key] = [contract(self._weight, values)] if self._contracted else values
        return self._seen[key]

    @staticmethod
    def _shift(c: Coordinate, steps: int, bits: int) -> Any:
        return c.value + steps * c.step(bits)

    def _central(self, i: int, j: int, bits: int) -> list[Any]:
        """Seven-point formula: mixed derivatives from two evaluations a pair, the others being shared."""
        area = self._point.coordinates[i].step(bits) * self._point.coordinates[j].step(bits)
        zero = self._at(bits, {})
        if i == j:
            rows = zip(self._at(bits, {i: 1}), zero, self._at(bits, {i: -1}), strict=True)
            return [_total([p, -2 * o, m]) / area for p, o, m in rows]
        ends = zip(self._at(bits, {i: 1, j: 1}), self._at(bits, {i: -1, j: -1}), strict=True)
        sides = zip(*(self._at(bits, {n: k}) for n in (i, j) for k in (1, -1)), strict=True)
        return [
            _total([p, m, 2 * o, *(-v for v in side)]) / (2 * area)
            for (p, m), o, side in zip(ends, zero, sides, strict=True)
        ]

    def _tensor(self, i: int, j: int, one: Any, two: Any, bits: int) -> list[Any]:
        """The product of two first-order stencils, any of them one-sided."""
        area = self._point.coordinates[i].step(bits) * self._point.coordinates[j].step(bits)
        columns: list[list[Any]] = [[] for _ in self._at(bits, {})]
        for (m, u), (n, v) in product(one, two):
            offsets = {i: m + n} if i == j else {i: m, j: n}
            for terms, x in zip(columns, self._at(bits, offsets), strict=True):
                terms.append(u * v * x)
        return [_total(terms) / area for terms in columns]


def slopes_along(point: Point, weight: list[Any], direction: list[Any]) -> list[Any]:
    """The second derivatives of the contracted outputs by each coordinate and along a direction, at a smooth point."""
    steps = [c.step(COARSE) for c in point.coordinates]
    step = min(steps, default=ONE)

    def contracted(sign: int, number: int, other: int) -> Any:
        moved = {n: c.value + sign * step * direction[n] for n, c in enumerate(point.coordinates)}
        moved[number] += other * steps[number]
        return sign * other * contract(weight, point.at(moved))

    return [
        _total([contracted(sign, n, other) for sign, other in product((1, -1), (1, -1))]) / (4 * step * steps[n])
        for n in range(len(steps))
    ]


def _total(terms: list[Any]) -> Any:
    """The sum of terms that cancel: exactly 0 where only rounding errors are left."""
    total = sum(terms, ZERO)
    largest = max(abs(term) for term in terms)
    return ZERO if s.is_finite(largest) and abs(total) <= ctx.ldexp(largest, _LOST_BITS - ctx.prec) else total


def _missing(value: Any) -> bool:
    return value is None or s.is_nan(value)
