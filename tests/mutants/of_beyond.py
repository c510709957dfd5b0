"""Mutants whose functions beyond the standard are wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy import extra, xp
from tests.mutants._mutant import mutant, rule_of
from tests.mutants._seams import at


@mutant("the derivative of expm is a block of an exponential with the whole cotangent in it", "FUN-158")
def cotangent_in_the_exponent() -> None:
    pullback = at.rules[rule_of("_expm")][0]
    assert pullback is not None

    def share(names: Any, g: Any, a: Any) -> Any:
        n, turned = a.shape[-1], names.swapaxes(a, -1, -2)
        above = names.concatenate([turned, g], axis=-1)
        below = names.concatenate([np.zeros(a.shape, a.dtype), turned], axis=-1)
        return names.expm(names.concatenate([above, below], axis=-2))[..., :n, n:]

    pullback.vjp = share


@mutant("lstsq solves the normal equations", "FUN-155", "FUN-159")
def normal_equations() -> None:
    def lstsq(a: Any, b: Any, /) -> Any:
        transposed = xp.matrix_transpose(a)
        return xp.linalg.solve(xp.matmul(transposed, a), xp.matmul(transposed, b))

    extra.lstsq = lstsq


@mutant("solve_triangular reads the whole matrix", "FUN-154", "FUN-160")
def whole_matrix() -> None:
    extra.solve_triangular = lambda a, b, **options: xp.linalg.solve(a, b)


@mutant("a right side with other rows than the matrix is left to NumPy to refuse", "FUN-161")
def unchecked_rows() -> None:
    at.require_rows = lambda operation, a, b: None


@mutant("a negative id counts from the end", "FUN-162")
def negative_ids() -> None:
    at.known_ids = lambda self, ids: None


@mutant("at a knot the slopes of interp are added", "KINK-80")
def added_slopes() -> None:
    right = at.slope_of_segments

    def slope(self: Any, slopes: Any, left: Any, after: Any) -> Any:
        return xp.where(left == after, right(self, slopes, left, after), slopes[left] + slopes[after])

    at.slope_of_segments = slope
