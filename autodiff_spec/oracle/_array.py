"""The oracle's array: exact values behind a dtype that is only a label.

Float and complex arrays hold mp numbers in object arrays; integers and booleans are plain NumPy arrays, exact anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from autodiff_spec.core.errors import LostDerivativeError
from autodiff_spec.oracle._context import freeze, note, watching

DType = np.dtype[Any]


class Array:
    """An array of exact numbers, following the Python array API standard's array object.

    Args:
        values: object array of mp numbers for float and complex dtypes, a NumPy array otherwise; a bare number is 0-d.
        dtype: the NumPy dtype it stands for. No value is ever rounded to it.

    Examples:
        >>> from autodiff_spec.oracle import xp
        >>> third = xp.asarray(1.0) / 3
        >>> third.dtype, third.shape
        (dtype('float64'), ())
    """

    __slots__ = ("_v", "dtype")
    namespace: ClassVar[Any]  # `oracle.xp`, which gives the class its operators too
    __array_ufunc__ = None  # NumPy arrays and scalars leave mixed operations to us
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, values: Any, dtype: DType) -> None:
        if values.__class__ is not np.ndarray:
            box: NDArray[Any] = np.empty((), dtype=object if dtype.kind in "fc" else dtype)
            box[()] = values
            values = box
        self._v: NDArray[Any] = values
        self.dtype = dtype

    if TYPE_CHECKING:  # the operators come from the namespace

        def __add__(self, other: Any) -> Array: ...
        def __sub__(self, other: Any) -> Array: ...
        def __rsub__(self, other: Any) -> Array: ...
        def __mul__(self, other: Any) -> Array: ...
        def __rmul__(self, other: Any) -> Array: ...
        def __truediv__(self, other: Any) -> Array: ...
        def __matmul__(self, other: Any) -> Array: ...

    @property
    def values(self) -> NDArray[Any]:
        """The exact values: an object array of mp numbers, or a NumPy array of integers or booleans."""
        return self._v

    @property
    def shape(self) -> tuple[int, ...]:
        return self._v.shape

    @property
    def ndim(self) -> int:
        return self._v.ndim

    @property
    def size(self) -> int:
        return self._v.size

    @property
    def device(self) -> str:
        return "cpu"

    @property
    def T(self) -> Array:
        if self._v.ndim != 2:
            raise ValueError(f"T needs 2 dimensions, not {self._v.ndim}; use permute_dims")
        return Array(self._v.T, self.dtype)

    @property
    def mT(self) -> Array:
        return Array(np.swapaxes(self._v, -1, -2), self.dtype)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return self.namespace

    def __array__(self, *_args: Any, **_kwargs: Any) -> NDArray[Any]:
        raise TypeError("an oracle array has no NumPy form; use oracle.to_numpy(x, dtype)")

    def __repr__(self) -> str:
        return f"Array({self._v!r}, {self.dtype})"

    def __len__(self) -> int:
        return len(self._v)

    def __iter__(self) -> Iterator[Array]:
        return (Array(self._v[i, ...], self.dtype) for i in range(len(self._v)))

    def __getitem__(self, index: Any) -> Array:
        return Array(self._v[plain_index(index)], self.dtype)

    def __setitem__(self, index: Any, values: Any) -> None:
        self._v[plain_index(index)] = self.namespace.asarray(values, dtype=self.dtype).values

    def __iadd__(self, other: Any) -> Array:
        self[...] = self + other
        return self

    def __imul__(self, other: Any) -> Array:
        self[...] = self * other
        return self

    def __bool__(self) -> bool:
        if watching() and self.dtype.kind in "fc":
            note(self._v)
        return bool(self._v.item() != 0)

    def __int__(self) -> int:
        return int(freeze(self._v).item())

    def __float__(self) -> float:
        return float(self._unmoved())

    def __complex__(self) -> complex:
        return complex(self._unmoved())

    def _unmoved(self) -> Any:
        """The element for a number of Python's, which is too coarse for a difference to get through."""
        value, base = self._v.item(), freeze(self._v).item()
        if value != base and (value == value or base == base):
            raise LostDerivativeError(
                "a number of Python's was made of what depends on an argument, and has lost its derivative; detach it "
                "first if that is meant: float(stop_gradient(x))"
            )
        return base

    def __index__(self) -> int:
        if self.dtype.kind in "fc":
            raise TypeError("only integer arrays are indices")
        return int(self._v.item())


def plain_index(index: Any) -> Any:
    """An index expression in which oracle arrays are the NumPy arrays they hold."""
    if isinstance(index, tuple):
        return tuple(plain_index(part) for part in index)
    if isinstance(index, Array):
        if index.dtype.kind in "fc":
            raise IndexError("arrays used as indices must be of integer or boolean dtype")
        return index._v
    return index
