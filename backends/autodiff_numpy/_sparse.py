"""The cotangent of an array of which only a part was read.

``x[index]`` passes back zeros but for what was read. Written out for each element that a loop reads, that would make
the gradient of n elements a matter of n² steps; so a first derivative keeps it as it is and adds it where it belongs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy._tables import VALUES

_BASIC = frozenset((int, np.intp, slice, type(None), type(Ellipsis)))


def is_basic(index: Any) -> bool:
    """Whether an index reads every element at most once, and holds nothing that can be changed."""
    if type(index) is not tuple:
        return type(index) in _BASIC
    for part in index:  # noqa: SIM110  (this runs for every element that a program reads)
        if type(part) not in _BASIC:
            return False
    return True


class SparseCotangent:
    """Zeros of ``shape``, with ``g`` added at ``index``."""

    __slots__ = ("_dense", "g", "index", "shape")

    def __init__(self, g: Any, index: Any, shape: tuple[int, ...]) -> None:
        self.g, self.index, self.shape = g, index, shape
        self._dense: Any = None

    def dense(self) -> Any:
        """The dense array; computed once and cached."""
        if self._dense is None:
            self._dense = VALUES.scatter(self.g, self.index, self.shape)
        return self._dense

    def added_to(self, a: Any, owned: bool) -> Any:
        """The sum with another cotangent, in place where that is ``owned``."""
        if type(a) is SparseCotangent:
            a, owned = VALUES.scatter(a.g, a.index, a.shape), True
        if type(a) is not np.ndarray or a.dtype != self.g.dtype:
            return a + self.dense()
        if not owned:
            a = a.copy()
        if is_basic(self.index):
            a[self.index] += self.g
        else:
            np.add.at(a, self.index, self.g)
        return a


def dense(cotangent: Any) -> Any:
    """A cotangent as an array."""
    return cotangent.dense() if type(cotangent) is SparseCotangent else cotangent
