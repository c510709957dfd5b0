"""What the derivatives of a program are, and how exactly they can be asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec import oracle
from autodiff_spec.conformance.checks import assert_close
from autodiff_spec.conformance.programs._on_oracle import TINY, OnOracle

Function = Callable[..., Any]
DRAWS = 3
MARGIN = 4.0
"""Errors are drawn `DRAWS` times, of half of the budgets and more; three sums rarely all cancel to a quarter."""

NEAR = 1e-9
"""Nearer to a kink than this a program is not compared: rounding may take it to the other side."""


class Truth:
    """The derivatives of a program at a point, and the spread of those of runs in which every function errs.

    Args:
        program: ``program(be, xp, *arrays)``.
        args: its arguments, float64 arrays.
    """

    def __init__(self, program: Function, args: tuple[NDArray[Any], ...]) -> None:
        self.program, self.args = program, args

    def run(self, seed: int | None, order: int = 1) -> Function:
        """The program for the oracle, exact or with the errors of one seed in derivatives up to this order."""
        be = OnOracle(seed, order)

        def program(xp: Any, *arrays: Any) -> Any:
            if be.errors is not None:
                be.errors.place = 0
                arrays = tuple(oracle.Array(a.values * (be.errors(a) * TINY + 1), a.dtype) for a in arrays)
            return self.program(be, be.xp, *arrays)

        return program

    @cached_property
    def near_kink(self) -> bool:
        """Whether rounding may change which side of a kink the program is on."""
        return oracle.kink_distance(self.run(None), *self.args) < NEAR

    @cached_property
    def first(self) -> list[oracle.Linearization]:
        """The exact linearization, and those that err."""
        return [oracle.Linearization(self.run(seed), *self.args) for seed in (None, *range(DRAWS))]

    @cached_property
    def second(self) -> list[Any]:
        """The exact second derivatives, and those that err."""
        return [oracle.hessian(self.run(seed, 2), *self.args) for seed in (None, *range(DRAWS))]

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
    """
    truth, *moved = [list(of(run)) for run in runs]
    for i, array in enumerate(found):
        spread = np.zeros(np.shape(truth[i]))
        for other in moved:
            difference = np.asarray(abs(np.asarray(other[i]) - np.asarray(truth[i])) / TINY, dtype=float)
            spread = np.maximum(spread, difference)
        rounded = oracle.to_numpy(truth[i]).astype(float)
        assert_close(array, rounded, dtype, scale=np.abs(rounded) + MARGIN * spread, condition=1.0)
