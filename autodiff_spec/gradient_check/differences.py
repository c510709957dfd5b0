"""Derivatives from values alone: central differences, extrapolated, with an estimate of their error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float64]

_FIRST, _LEVELS = 2.0**-4, 9
_ROUNDINGS = 8.0  # how often a value is rounded, and how many deviations from the mean its noise may be
_DOUBT = 16.0  # the smallest of many differences is small by chance


def noise(function: Callable[[Vector], Vector], x: Vector, direction: Vector, epsilon: float) -> Vector:
    """By how much values of ``function`` near ``x`` are off, as the standard deviation for each.

    Fourth differences of values that lie so near together are what rounding leaves, for a smooth function has none
    (Moré and Wild, Estimating computational noise, 2011). A function may round more than its result shows: an inverse
    as often as its condition says.

    Args:
        function: from a float64 vector to a float64 vector.
        x: where.
        direction: along what; nine points within a few millionths of it.
        epsilon: the relative rounding of numbers.

    Returns:
        A float64 vector of the result's size; 0 where a value is not finite.
    """
    step = epsilon**0.4
    with np.errstate(all="ignore"):
        values = np.stack([function(x + k * step * direction) for k in range(-4, 5)])
        found: Vector = np.sqrt(np.mean(np.diff(values, n=4, axis=0) ** 2, axis=0) / 70.0)
    return np.where(np.isfinite(found), found, 0.0)


def slope(
    function: Callable[[Vector], Vector], x: Vector, direction: Vector, epsilon: float, off: Vector | float = 0.0
) -> tuple[Vector, Vector]:
    """The derivative of ``function`` at ``x`` along ``direction``, and an estimate of its error.

    Central differences for steps that halve, extrapolated to step 0 (Richardson), each element from the place in the
    table where its neighbours differ least (Ridders, Accurate computation of F'(x) and F'(x) F''(x), 1982).

    Args:
        function: from a float64 vector to a float64 vector.
        x: where.
        direction: along what; steps are 1/16 of it and less.
        epsilon: the relative rounding of the function's values, which a small step magnifies.
        off: the `noise` of the values, where that is more.

    Returns:
        Two float64 vectors of the result's size; the estimate is infinite where no difference is finite.
    """
    best: Any = None
    error: Any = None
    before: list[Any] = []
    size: Any = 0.0
    with np.errstate(all="ignore"):
        for level in range(_LEVELS):
            h = _FIRST / 2.0**level
            above, below = function(x + h * direction), function(x - h * direction)
            size = np.fmax(size, np.abs(np.where(np.isfinite(above - below), above, 0.0)))
            column = [(above - below) / (2 * h)]
            if best is None:
                best, error = column[0], np.full(column[0].shape, np.inf)
            rounding = _ROUNDINGS * np.fmax(epsilon * size, off) / h
            for k, coarse in enumerate(before, 1):
                column.append(column[-1] + (column[-1] - coarse) / (4.0**k - 1))
                apart = np.maximum(abs(column[k] - column[k - 1]), abs(column[k] - coarse))
                guess = np.where(np.isfinite(apart), _DOUBT * apart + rounding, np.inf)
                better = guess < error
                best, error = np.where(better, column[k], best), np.where(better, guess, error)
            before = column
    return best, error


def steps(x: Vector) -> Vector:
    """How far it is sensible to go from each element: its own size, 1 from zero."""
    return np.where(x == 0, 1.0, np.abs(x))
