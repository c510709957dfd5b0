"""The cotangent of an array of which only a part was read.

``x[index]`` passes back zeros but for what was read. Written out for each element that a loop reads, that would make
the gradient of n elements a matter of n² steps; so a first derivative keeps it as it is and adds it where it belongs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy._array import RAW

_BASIC = frozenset((int, np.intp, slice, type(None), type(Ellipsis)))


def is_basic(index: Any) -> bool:
    """Whether an index reads every element at most once, and holds nothing that can be changed."""
    if type(index) is not tuple:
        return type(index) in _BASIC
    for part in index:  # noqa: SIM110  (this runs for every element that a program reads)
        if type(part) not in _BASIC:
            return False
    return True


class Part:
    """Zeros of ``shape``, with ``g`` added at ``index``."""

    __slots__ = ("_full", "g", "index", "shape")

    def __init__(self, g: Any, index: Any, shape: tuple[int, ...]) -> None:
        self.g, self.index, self.shape = g, index, shape
        self._full: Any = None

    def full(self) -> Any:
        """It written out; the same array each time."""
        if self._full is None:
            self._full = RAW.scatter(self.g, self.index, self.shape)
        return self._full

    def added_to(self, a: Any, owned: bool) -> Any:
        """The sum with another cotangent, in place where that is ``owned``."""
        if type(a) is Part:
            a, owned = RAW.scatter(a.g, a.index, a.shape), True
        if type(a) is not np.ndarray or a.dtype != self.g.dtype:
            return a + self.full()
        if not owned:
            a = a.copy()
        if is_basic(self.index):
            a[self.index] += self.g
        else:
            np.add.at(a, self.index, self.g)
        return a


def full(g: Any) -> Any:
    """A cotangent as an array."""
    return g.full() if type(g) is Part else g
