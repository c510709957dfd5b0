"""The functions of `autodiff_spec.beyond` on NumPy: those that NumPy has not are rules of the engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy import xp
from autodiff_numpy._array import plain
from autodiff_numpy._tables import TRACKED
from autodiff_spec.beyond import Beyond


class NumpyBeyond(Beyond):
    """With the engine's rules."""

    def _convolved(self, a: Any, v: Any) -> Any:
        return TRACKED.convolve_full(a, v)

    def _segments(self, x: Any, ids: Any, count: int) -> Any:
        places = np.array(plain(ids))  # a copy: whoever passed them may write into them
        return TRACKED.scatter(x, (places,), (count, *x.shape[1:]))

    def _triangular(self, a: Any, b: Any, lower: bool, unit_diagonal: bool) -> Any:
        k = int(unit_diagonal)
        a = TRACKED.tril(a, -k) if lower else TRACKED.triu(a, k)
        return TRACKED.solve_triangular(a + np.eye(a.shape[-1], dtype=a.dtype) if unit_diagonal else a, b, lower)

    def _exponential(self, a: Any) -> Any:
        return TRACKED.expm(a)


BEYOND = NumpyBeyond(xp)
