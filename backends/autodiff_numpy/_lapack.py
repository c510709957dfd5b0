"""Triangular factors of a matrix, kept for all that a derivative asks of it: by SciPy, where that is installed.

NumPy factorises a matrix for each determinant and each system of equations, and throws the factors away; LAPACK, to
which SciPy gives access, makes an inverse of them at 2.5 times the price of a factorisation, and solves a system at
next to none. SciPy is loaded when the first large matrix is met.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

SMALLEST = 32
"""Rows from which on a factorisation costs more than the calls around it."""

_LETTERS = {"f": "s", "d": "d", "F": "c", "D": "z"}


@functools.cache
def lapack() -> Any:
    """The module of SciPy's that calls LAPACK, or ``None`` where SciPy is not installed."""
    try:
        from scipy.linalg import lapack
    except ImportError:
        return None
    return lapack


class Factors:
    """A matrix as a permutation of the rows of ``l @ u``.

    Args:
        lu: both triangles in one matrix, without the ones on the diagonal of ``l``.
        pivots: the row that each row was exchanged with, in their order.
        of_transposed: whether it is the matrix transposed that is meant.
    """

    __slots__ = ("_lu", "_of_transposed", "_pivots")

    def __init__(self, lu: Any, pivots: Any, of_transposed: bool = False) -> None:
        self._lu, self._pivots, self._of_transposed = lu, pivots, of_transposed

    @property
    def mT(self) -> Factors:
        """Those of the matrix transposed: the same."""
        return Factors(self._lu, self._pivots, not self._of_transposed)

    def solve(self, b: Any) -> Any:
        """The solution ``x`` of ``a @ x = b`` for columns ``b``."""
        found, _ = self._call("getrs")(self._lu, self._pivots, b, trans=int(self._of_transposed))
        return found

    def inverse(self) -> Any:
        """The inverse."""
        n = len(self._pivots)
        found, _ = self._call("getri")(self._lu, self._pivots, lwork=64 * n)  # with less it works by columns
        return found.T if self._of_transposed else found

    def slogdet(self) -> tuple[Any, Any]:
        """The sign of the determinant and the logarithm of its absolute value, added up as NumPy does."""
        diagonal = self._lu.diagonal()
        sizes = np.abs(diagonal)
        exchanges = np.count_nonzero(self._pivots != np.arange(len(self._pivots)))
        sign = np.multiply.accumulate(diagonal / sizes)[-1]
        return (-sign if exchanges % 2 else sign), np.add.accumulate(np.log(sizes))[-1]

    def det(self) -> Any:
        """The determinant."""
        sign, log = self.slogdet()
        return sign * np.exp(log)

    def _call(self, name: str) -> Any:
        return getattr(lapack(), _LETTERS[self._lu.dtype.char] + name)


def factored(a: Any) -> Factors | None:
    """The factors of one large regular matrix; ``None`` of all others, and without SciPy: NumPy knows what to do."""
    if type(a) is not np.ndarray or a.ndim != 2 or not SMALLEST <= a.shape[0] == a.shape[1]:
        return None
    if a.dtype.char not in _LETTERS or not a.dtype.isnative or lapack() is None:
        return None
    lu, pivots, singular = getattr(lapack(), _LETTERS[a.dtype.char] + "getrf")(a)
    return None if singular or not np.isfinite(lu.diagonal()).all() else Factors(lu, pivots)
