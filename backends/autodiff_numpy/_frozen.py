"""Constants that a recording keeps: what the user writes into them before the gradient must not change it.

A small array is copied. A large one is locked instead (a copy of the data of a network more than doubled the time of
its gradient, by page faults): NumPy's own flag makes it read-only, so that writing raises ``ValueError``. The lock
lasts as long as the residual: it goes when a tape is spent or dropped, after an exception too.

What no flag reaches: another view of the same memory, made before and written to afterwards.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

import numpy as np

_COPIED = 1 << 16  # bytes

_CHANGING = threading.RLock()  # a residual may be freed by any thread, and by the collector while one is made


class _Lock:
    """A memory that is read-only for now: its owner, the views of it that were captured, and how many residuals ask."""

    __slots__ = ("arrays", "residuals")

    def __init__(self, owner: np.ndarray[Any, Any]) -> None:
        self.arrays = [owner]
        self.residuals = 0
        owner.flags.writeable = False


_LOCKS: dict[int, _Lock] = {}
"""By the owner's id()."""


def frozen_copy(constant: Any) -> Any:
    """A constant as a residual: what is written into the array afterwards does not reach it, or raises."""
    if type(constant) in (tuple, list):
        return type(constant)([frozen_copy(part) for part in constant])
    if not isinstance(constant, np.ndarray):
        return constant
    return constant.copy() if constant.nbytes <= _COPIED else _locked(constant)


def _locked(constant: np.ndarray[Any, Any]) -> Any:
    """A view of a large array that nobody writes into while the view is there; a copy where that cannot be had."""
    owner = constant if constant.base is None else constant.base
    if not isinstance(owner, np.ndarray) or not owner.flags.owndata:  # memory of another library
        return constant.copy() if constant.flags.writeable else constant
    with _CHANGING:
        lock = _LOCKS.get(id(owner))
        if lock is None:
            if not owner.flags.writeable:  # the user's own decision; a view from before it is no part of that
                return constant.copy() if constant.flags.writeable else constant
            lock = _LOCKS[id(owner)] = _Lock(owner)
        if constant.flags.writeable:
            constant.flags.writeable = False
            lock.arrays.append(constant)
        residual = constant.view(np.ndarray)
        lock.residuals += 1
        weakref.finalize(residual, _released, id(owner)).atexit = False
        return residual


def _released(owner: int) -> None:
    """A residual is gone: with the last one the lock goes, the owner's first, for views cannot be writeable before."""
    with _CHANGING:
        lock = _LOCKS[owner]
        lock.residuals -= 1
        if not lock.residuals:
            del _LOCKS[owner]
            for array in lock.arrays:
                array.flags.writeable = True
