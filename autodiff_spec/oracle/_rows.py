"""Programs over rows that do not mix, and their derivatives row by row: as few evaluations as one row takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_spec.oracle import _scalars as s
from autodiff_spec.oracle._array import Array
from autodiff_spec.oracle._context import DIGITS, ONE, RUN, ZERO, Objects, Run, ctx, digits
from autodiff_spec.oracle._differences import COARSE
from autodiff_spec.oracle._operators import asarray

Coordinate = tuple[int, tuple[int, ...]]
_LOG_2 = 0.30103

_LOST_BITS = 20  # what the program's own rounding may have spoilt


def _summed(*terms: Any) -> Any:
    """The sum of terms that cancel: exactly 0 where only rounding errors are left."""
    found = terms[0]
    for term in terms[1:]:
        found = found + term
    if not found._mpf_[1]:  # 0, infinite or NaN
        return found
    return ZERO if s.magnitude(found) < max(map(s.magnitude, terms)) + _LOST_BITS - ctx.prec else found


class Rows:
    """A real program over arrays whose first axis is one of independent rows, with its derivatives to the second order.

    Differences at as many digits as the largest and the smallest numbers ask for, so that a derivative of any size is
    exact to double rounding relative to itself; the steps are those of `Linearization`, and at most 2**-100.

    Args:
        program: ``program(xp, *arrays)``, returning one array; its row n depends on rows n of the arguments alone.
        *args: floating arrays of shape ``(rows, ...)``, finite and without zeros.
        exponent: at least this is taken for the binary exponent of the most extreme number, for what comes up inside
            the program is more extreme than its arguments and its results.

    Attributes:
        coordinates: the numbers of a row: ``(argument, index)``.
        value: the result, an object array of mp numbers of shape ``(rows, ...)``.

    Examples:
        >>> import numpy as np
        >>> from autodiff_spec import oracle
        >>> there = oracle.Rows(lambda xp, x: xp.cosh(x), np.array([1e-300, 1.0]))
        >>> first, second = there.first((0, ())), there.second((0, ()), (0, ()))
        >>> [float(number) for number in (first[0], first[1], second[0])]
        [1e-300, 1.1752011936438014, 1.0]
    """

    def __init__(self, program: Any, *args: Any, exponent: int = 0) -> None:
        self._program, self._args = program, [asarray(arg) for arg in args]
        self.coordinates = [(i, k) for i, arg in enumerate(self._args) for k in np.ndindex(arg.shape[1:])]
        exponents = [abs(s.magnitude(v)) for arg in self._args for v in arg.values.ravel().tolist()]
        self._digits = DIGITS + int(2 * _LOG_2 * max(exponent, *exponents))
        self._run = Run()
        self._seen: dict[Any, Objects] = {}
        self._derivatives: dict[Any, Objects] = {}
        with digits(self._digits):
            self._steps = {c: self._step(c) for c in self.coordinates}
            self.value = self._at({})
            self._run.replaying = True

    def _step(self, coordinate: Coordinate) -> Objects:
        numbers = self._column(self._args[coordinate[0]].values, coordinate)
        return np.array([ctx.ldexp(ONE, min(s.magnitude(v), 0) - COARSE) for v in numbers.tolist()], dtype=object)

    @staticmethod
    def _column(values: Objects, coordinate: Coordinate) -> Objects:
        whole: Any = slice(None)
        column: Objects = values[(whole, *coordinate[1])]
        return column

    def _at(self, offsets: dict[Coordinate, int]) -> Objects:
        """The result at whole numbers of steps from the arguments, in all rows at once."""
        key = tuple(sorted(offsets.items()))
        if key not in self._seen:
            arrays = [arg.values.copy() for arg in self._args]
            for c, count in offsets.items():
                self._column(arrays[c[0]], c)[...] += count * self._steps[c]
            self._seen[key] = self._call([Array(a, arg.dtype) for a, arg in zip(arrays, self._args, strict=True)])
        return self._seen[key]

    def _call(self, arrays: list[Array]) -> Objects:
        from autodiff_spec.oracle import xp

        self._run.cursor = 0
        token = RUN.set(self._run)
        try:
            return asarray(self._program(xp, *arrays)).values
        finally:
            RUN.reset(token)

    def _over(self, terms: list[Objects], *along: Coordinate) -> Objects:
        """The sum of terms that cancel, over the product of the steps along coordinates."""
        area = np.multiply.reduce([self._steps[c] for c in along])
        total: Objects = s.lift(_summed, len(terms))(*terms)
        return np.asarray(total / area.reshape(-1, *(1,) * (total.ndim - 1)))

    def first(self, c: Coordinate) -> Objects:
        """The derivatives of the result, in its shape, by one number of each row."""
        return self._once(self._first, c)

    def second(self, c: Coordinate, d: Coordinate) -> Objects:
        """The second derivatives of the result, in its shape, by two numbers of each row, or twice by one."""
        return self._once(self._second, min(c, d), max(c, d))

    def _once(self, derivative: Any, *along: Coordinate) -> Objects:
        if along not in self._derivatives:
            with digits(self._digits):
                self._derivatives[along] = derivative(*along)
        return self._derivatives[along]

    def _first(self, c: Coordinate) -> Objects:
        return self._over([self._at({c: 1}) / 2, -self._at({c: -1}) / 2], c)

    def _second(self, c: Coordinate, d: Coordinate) -> Objects:
        if c == d:
            return self._over([self._at({c: 1}), -2 * self.value, self._at({c: -1})], c, c)
        sides = [-self._at({one: count}) / 2 for one in (c, d) for count in (1, -1)]
        return self._over([self._at({c: 1, d: 1}) / 2, self._at({c: -1, d: -1}) / 2, self.value, *sides], c, d)
