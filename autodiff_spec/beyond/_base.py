"""What the functions have in common: the namespace, and what differs from one to another but is no derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_spec.core.errors import ShapeMismatchError


class Base:
    """A namespace, and how to make arrays for it.

    Args:
        xp: a namespace after the Python array API standard whose functions are differentiable.
    """

    def __init__(self, xp: Any) -> None:
        self.xp = xp

    def _given(self, value: Any) -> Any:
        """An argument as an array: numbers, nested lists and arrays of NumPy are converted."""
        own = hasattr(value, "dtype") and not isinstance(value, (np.ndarray, np.generic))
        return value if own else self.xp.asarray(value)

    def _floating(self, *values: Any) -> list[Any]:
        """Arguments as arrays of their common floating dtype, in which Python numbers, in lists too, have no say."""
        given = [value if _numbers(value) else self._given(value) for value in values]
        weak = 1j if any(not hasattr(value, "dtype") and np.iscomplexobj(value) for value in given) else 1.0
        arrays = [value for value in given if hasattr(value, "dtype")] or [self.xp.asarray(weak)]
        dtype = self.xp.result_type(*arrays, weak)
        return [self._array(value, dtype, arrays[0]) for value in given]

    def _array(self, value: Any, dtype: Any, like: Any) -> Any:
        """``value`` as an array of this dtype, where ``like`` is."""
        if hasattr(value, "dtype"):
            return value if value.dtype == dtype else self.xp.astype(value, dtype)
        return self.xp.asarray(value, dtype=dtype)

    def _length(self, x: Any, axis: int) -> Any:
        """The size of an axis: an integer, or where a framework does not know it yet an array."""
        return x.shape[axis]

    def _range(self, start: int, stop: Any) -> Any:
        """The integers from ``start`` to below ``stop``, an array of NumPy where they are known."""
        return np.arange(start, stop)

    def _taken(self, x: Any, places: Any, axis: int = 0) -> Any:
        """The elements of ``x`` at integer ``places``, an array of NumPy or of the namespace, along an axis."""
        return self.xp.take(x, self.xp.asarray(places), axis=axis)


def _numbers(value: Any) -> bool:
    """Whether it is a Python number, or a list that holds nothing else."""
    return all(map(_numbers, value)) if isinstance(value, (list, tuple)) else type(value) in (bool, int, float, complex)


def rank(x: Any) -> int:
    """The number of axes, also of an array whose sizes are unknown."""
    return len(x.shape)


def shape(x: Any) -> tuple[Any, ...]:
    """The sizes of the axes; ``None`` where one is unknown."""
    return tuple(x.shape)


def differ(*sizes: Any) -> bool:
    """Whether sizes that are known are not all equal."""
    return len({size for size in sizes if size is not None}) > 1


def require_vectors(operation: str, **arrays: Any) -> None:
    """Refuse arrays that have not exactly one axis, or no element."""
    for name, array in arrays.items():
        if rank(array) != 1 or shape(array) == (0,):
            raise ShapeMismatchError(
                f"{name} of {operation}() is a vector of one element or more, and has the shape {shape(array)}; "
                "reshape it, or use vmap() for a stack of them"
            )
