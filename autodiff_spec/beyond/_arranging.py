"""Elements put elsewhere, and added where they meet: padding, convolution, sums of segments."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autodiff_spec.beyond._base import Base, differ, rank, require_vectors, shape
from autodiff_spec.core.errors import ShapeMismatchError, missing_hook

Ends = tuple[tuple[int, int, int], ...]
"""Axes, and how many elements are added before and after what is there."""

PADDING = ("constant", "edge", "reflect", "wrap")
PARTS = ("full", "same", "valid")


class Arranging(Base):
    """Functions that move elements, and add those that come to one place."""

    def pad(self, x: Any, widths: Any, /, *, mode: str = "constant", constant_values: Any = 0) -> Any:
        """``x`` with more elements at the ends of its axes, as ``numpy.pad`` adds them.

        Args:
            x: an array of any dtype.
            widths: how many elements come before and after, as integers: one number, one pair, or a pair for each axis.
            mode: what they are: ``"constant"``, the outermost element (``"edge"``), the array mirrored at its outermost
                elements (``"reflect"``), or the array again (``"wrap"``).
            constant_values: the constant, a number or a 0-d array, which is differentiated too; cast to the dtype of
                ``x``.

        Returns:
            An array of the dtype of ``x``.

        Raises:
            ShapeMismatchError: the widths are no pair for each axis, the constant is no single number, or an axis
                without elements has none to repeat.
            TypeError: the widths are no integers.
            ValueError: a width is negative, the mode is unknown, or one that takes no constant is given one.

        Examples:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> x = be.asarray([1.0, 2.0, 3.0])
            >>> be.extra.pad(x, (1, 2), mode="edge")
            array([1., 1., 2., 3., 3., 3.])
            >>> be.grad(lambda x: be.extra.pad(x, (1, 2), mode="edge"))(x)
            array([2., 1., 3.])
        """
        x = self._given(x)
        require_one_of("pad", mode, PADDING)
        ends = tuple((axis, *pair) for axis, pair in enumerate(_pairs(widths, rank(x))) if any(pair))
        if mode == "constant":
            constant = self._single(constant_values, x)
            return self._framed(x, constant, ends) if ends else self.xp.asarray(x, copy=True)
        if not (isinstance(constant_values, (int, float)) and constant_values == 0):
            raise ValueError(f"mode={mode!r} of pad() takes no constant_values=; leave it out, or choose 'constant'")
        if any(x.shape[axis] == 0 for axis, *_ in ends):
            raise ShapeMismatchError(
                f"pad() finds no element to repeat in an axis of the shape {shape(x)}; choose mode='constant'"
            )
        return self._repeated(x, ends, mode) if ends else self.xp.asarray(x, copy=True)

    def _single(self, constant: Any, x: Any) -> Any:
        constant = self._array(constant, x.dtype, x)
        if rank(constant):
            raise ShapeMismatchError(
                f"constant_values of pad() has the shape {shape(constant)}; pass a number or a 0-d array"
            )
        return constant

    def _framed(self, x: Any, constant: Any, ends: Ends) -> Any:
        """Joined, so that the constant has its derivative, of which `tf.pad` knows nothing."""
        for axis, *widths in ends:
            sizes = [self._length(x, i) for i in range(rank(x))]
            before, after = (self.xp.broadcast_to(constant, (*sizes[:axis], n, *sizes[axis + 1 :])) for n in widths)
            x = self.xp.concat([before, x, after], axis=axis)
        return x

    def _repeated(self, x: Any, ends: Ends, mode: str) -> Any:
        for axis, before, after in ends:
            x = self._taken(x, self._places(self._length(x, axis), before, after, mode), axis)
        return x

    def _places(self, n: Any, before: int, after: int, mode: str) -> Any:
        """Which of ``n`` elements each element of the longer axis is."""
        places = self._range(-before, n + after)
        xp = np if isinstance(places, np.ndarray) else self.xp
        if mode == "edge":
            return xp.clip(places, 0, n - 1)
        period = n if mode == "wrap" else xp.maximum(2 * n - 2, 1)
        places = xp.remainder(places, period)
        return places if mode == "wrap" else xp.minimum(places, period - places)

    def convolve(self, a: Any, v: Any, /, *, mode: str = "full") -> Any:
        """The convolution of two vectors, Σ ``a[i] v[k - i]``, with the parts that ``numpy.convolve`` has.

        Args:
            a: a vector, shape (n,); integers count as floats.
            v: a vector, shape (m,), of the same framework; real or complex, as ``a``.
            mode: ``"full"`` for all n + m - 1 elements, ``"same"`` for the max(n, m) in their middle, ``"valid"`` for
                those to which every element of the shorter vector contributes.

        Returns:
            A vector of the common floating dtype. On CUDA the setting of PyTorch or TensorFlow for TF32 holds.

        Raises:
            ShapeMismatchError: one is no vector, or empty.
            ValueError: the mode is unknown.

        Examples:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> be.extra.convolve(be.asarray([1.0, 2.0, 3.0]), be.asarray([1.0, -1.0]), mode="valid")
            array([1., 1.])
        """
        require_one_of("convolve", mode, PARTS)
        a, v = self._floating(a, v)
        require_vectors("convolve", a=a, v=v)
        full = self._convolved(a, v)
        if mode == "full":
            return full
        longer, shorter = self._ordered(self._length(a, 0), self._length(v, 0))
        start, count = ((shorter - 1) // 2, longer) if mode == "same" else (shorter - 1, longer - shorter + 1)
        return full[start : start + count]

    def _ordered(self, n: Any, m: Any) -> tuple[Any, Any]:
        """The larger and the smaller of two sizes."""
        return (n, m) if n >= m else (m, n)

    def _convolved(self, a: Any, v: Any) -> Any:
        raise missing_hook(self, "_convolved")

    def segment_sum(self, x: Any, ids: Any, /, num_segments: int) -> Any:
        """The sums of the rows of ``x`` that have the same number.

        Args:
            x: an array, shape (n, …).
            ids: the number of each row's segment, shape (n,): integers from 0 to below ``num_segments``, in any order.
            num_segments: how many sums there are; of a segment without rows it is 0.

        Returns:
            An array of shape (num_segments, …) and of the dtype of ``x``.

        Raises:
            ShapeMismatchError: there is not one number for each row.
            TypeError: the numbers are no integers.
            ValueError: ``num_segments`` is negative.
            IndexError: a number is out of bounds. Where values cannot be looked at (inside `jax.jit`, `tf.function`,
                `torch.compile`, on a device of PyTorch's) the framework decides, and may drop the row.

        Examples:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> be.extra.segment_sum(be.asarray([1.0, 2.0, 4.0]), [2, 0, 2], num_segments=3)
            array([2., 0., 5.])
        """
        x, ids, count = self._given(x), self._given(ids), operator.index(num_segments)
        if not self.xp.isdtype(ids.dtype, "integral"):
            raise TypeError(f"the ids of segment_sum() are integers, not {ids.dtype}")
        if rank(x) == 0 or rank(ids) != 1 or differ(x.shape[0], ids.shape[0]):
            raise ShapeMismatchError(
                f"segment_sum() takes an id for each row of x; ids has the shape {shape(ids)}, x {shape(x)}; move the "
                "axis that is summed to the front"
            )
        if count < 0:
            raise ValueError(f"segment_sum() makes num_segments={count} sums; pass the largest id plus 1")
        known = self._known(ids)
        if known is not None and known.size and not 0 <= known.min() <= known.max() < count:
            raise IndexError(
                f"the ids of segment_sum() go from {known.min()} to {known.max()}; with num_segments={count} they are "
                f"from 0 to {count - 1}"
            )
        return self._segments(x, ids, count)

    def _known(self, ids: Any) -> Any:
        """Integers as an array of NumPy, or ``None`` where they cannot be looked at."""
        return np.asarray(ids)

    def _segments(self, x: Any, ids: Any, count: int) -> Any:
        raise missing_hook(self, "_segments")


def require_one_of(operation: str, mode: Any, modes: tuple[str, ...]) -> None:
    """Refuse a mode that a function does not have."""
    if mode not in modes:
        raise ValueError(f"mode={mode!r} of {operation}(); choose one of {', '.join(map(repr, modes))}")


def _pairs(widths: Any, count: int) -> list[tuple[int, int]]:
    """How much comes before and after each of ``count`` axes."""
    found = np.asarray(widths)
    if found.dtype.kind not in "iu":
        raise TypeError(f"the widths of pad() are integers, not {found.dtype}; pass for example (1, 2)")
    try:
        pairs = np.broadcast_to(found, (count, 2))
    except ValueError as error:
        raise ShapeMismatchError(
            f"widths of the shape {found.shape} give no pair for each of {count} axes; pass one number, one pair, or "
            f"{count} pairs"
        ) from error
    if (found < 0).any():
        raise ValueError(f"the widths of pad() are not negative, as {widths} are; index to leave elements out")
    return [(int(before), int(after)) for before, after in pairs]
