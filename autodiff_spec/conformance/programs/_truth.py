"""What the derivatives of a program are, and how exactly they can be asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec import oracle
from autodiff_spec.conformance.checks import assert_close, epsilon
from autodiff_spec.conformance.functions._model import OF_HALF
from autodiff_spec.conformance.programs._draw import HALF
from autodiff_spec.conformance.programs._on_oracle import TINY, OnOracle

Function = Callable[..., Any]
DRAWS = 3
MARGIN = 4.0
"""Errors are drawn `DRAWS` times, of half of the budgets and more; three sums rarely all cancel to a quarter."""

NEAR = 64.0
"""Nearer to a kink than so many roundings a program is not compared: they may take it to the other side."""

LINEAR = 0.25
"""Where errors may add up to more than this share of the largest element, an analysis of first order says nothing."""

UNDERFLOW = {"float16": 2.0**-14}
"""Numbers below this have fewer digits; in other dtypes no program comes near."""

LARGEST = {"float16": 2.0**14}
"""Derivatives beyond are left out, for twice their square root, on the way, might be infinite."""


class IllConditioned(Exception):
    """The derivative is too ill-conditioned to test in this dtype."""


class Truth:
    """The derivatives of a program at a point, and the spread of those of runs in which every function errs.

    Args:
        program: ``program(be, xp, *arrays)``.
        args: its arguments, float64 or complex128 arrays.
        dtype: what the program will be computed in.
        resting: whether a round kink that the program stays at is one.
    """

    def __init__(
        self, program: Function, args: tuple[NDArray[Any], ...], dtype: str = "float64", resting: bool = False
    ) -> None:
        self.program, self.args, self.dtype, self.resting = program, args, dtype, resting

    def run(self, seed: int | None, order: int = 1) -> Function:
        """The program for the oracle, exact or with the errors of one seed in derivatives up to this order."""
        be = OnOracle(seed, order, OF_HALF if self.dtype in HALF else 1.0)

        def program(xp: Any, *arrays: Any) -> Any:
            if be.errors is not None:
                be.errors.place = 0
                arrays = tuple(oracle.Array(a.values * (be.errors(a) * TINY + 1), a.dtype) for a in arrays)
            return self.program(be, be.xp, *arrays)

        return program

    @cached_property
    def near_kink(self) -> bool:
        """Whether rounding may change which side of a kink the program is on."""
        distance = oracle.kink_distance(self.run(None), *self.args, resting=self.resting)
        return distance < max(1e-9, NEAR * epsilon(self.dtype))

    @cached_property
    def first(self) -> list[oracle.Linearization]:
        """The exact linearization, and those that err."""
        return [oracle.Linearization(self.run(seed), *self.args) for seed in (None, *range(DRAWS))]

    @cached_property
    def second(self) -> list[Any]:
        """The exact second derivatives, and those that err."""
        return [oracle.hessian(self.run(seed, 2), *self.args) for seed in (None, *range(DRAWS))]

    def products(self, tangents: list[NDArray[Any]]) -> list[Any]:
        """The exact second derivatives times a direction, and those that err; complex arguments are taken too."""
        return [oracle.hvp(self.run(seed, 2), self.args, tuple(tangents)) for seed in (None, *range(DRAWS))]

    @property
    def value(self) -> Any:
        """The exact outputs."""
        return self.first[0].value


def assert_spread(found: Any, runs: list[Any], of: Callable[[Any], Any], dtype: str) -> None:
    """``found`` is as near to the truth as errors within the budgets allow.

    Args:
        found: NumPy arrays.
        runs: what the exact run gave, and those that err.
        of: takes one of these to arrays of exact numbers beside ``found``.
        dtype: the dtype that was computed in.

    Raises:
        AssertionError: it is not.
        IllConditioned: errors within the budgets allow anything.
    """
    truth, *moved = [list(of(run)) for run in runs]
    for i, array in enumerate(found):
        spread = np.zeros(np.shape(truth[i]))
        for other in moved:
            difference = np.asarray(abs(np.asarray(other[i]) - np.asarray(truth[i])) / TINY, dtype=float)
            spread = np.maximum(spread, difference)
        rounded = oracle.to_numpy(truth[i])
        size, spread = np.abs(rounded), MARGIN * (spread + UNDERFLOW.get(dtype, 0.0))
        largest = float(np.max(size, initial=1.0))
        if epsilon(dtype) * np.max(spread, initial=0.0) > LINEAR * largest or largest > LARGEST.get(dtype, np.inf):
            raise IllConditioned
        assert_close(array, rounded, dtype, scale=size + spread, condition=1.0)
