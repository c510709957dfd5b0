"""The manipulation, data type and indexing functions of the array API standard.

The number of axes is known; sizes may be unknown inside `tf.function`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from autodiff_tensorflow.xp.convert import as_signed, cast, common, joint_shape, length, lengths, operands, tensor
from autodiff_tensorflow.xp.dtypes import Array, DType


def axes_of(axis: Any, rank: int) -> list[int]:
    """``axis`` as non-negative axes; all of them for ``None``."""
    if axis is None:
        return list(range(rank))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    for each in axes:
        if not -rank <= each < rank:
            raise IndexError(f"axis {each} is out of bounds for an array of {rank} axes")
    return [each % rank for each in axes]


def reshape(x: Any, /, shape: Any, *, copy: bool | None = None) -> Array:
    """The elements of ``x`` in another shape; one size may be -1. Tensors are immutable: ``copy`` changes nothing."""
    return tf.reshape(tensor(x), shape if hasattr(shape, "__iter__") else (shape,))


def permute_dims(x: Any, /, axes: Sequence[int]) -> Array:
    """The axes of ``x`` in another order."""
    x = tensor(x)
    return tf.transpose(x, axes_of(tuple(axes), x.shape.rank))


def moveaxis(x: Any, source: Any, destination: Any, /) -> Array:
    """``x`` with the axes ``source`` moved to the places ``destination``."""
    x = tensor(x)
    rank = x.shape.rank
    moved = axes_of(source, rank)
    order = [axis for axis in range(rank) if axis not in moved]
    for to, axis in sorted(zip(axes_of(destination, rank), moved, strict=True)):
        order.insert(to, axis)
    return x if order == list(range(rank)) else tf.transpose(x, order)


def broadcast_to(x: Any, /, shape: Any) -> Array:
    """``x`` repeated along new or unit axes to ``shape``."""
    return tf.broadcast_to(tensor(x), shape if isinstance(shape, tf.Tensor) else tuple(shape))


def broadcast_arrays(*arrays: Any) -> list[Array]:
    """The arrays, each broadcast to their common shape."""
    tensors = [tensor(array) for array in arrays]
    shape = joint_shape(*map(lengths, tensors))
    return [tf.broadcast_to(array, shape) for array in tensors]


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The common shape that these shapes broadcast to."""
    return np.broadcast_shapes(*map(tuple, shapes))


def concat(arrays: Sequence[Any], /, *, axis: int | None = 0) -> Array:
    """The arrays one after the other along ``axis`` (each flattened without one)."""
    parts = common(arrays)
    if axis is None:
        parts, axis = [tf.reshape(part, [-1]) for part in parts], 0
    return tf.concat(parts, axis)


def stack(arrays: Sequence[Any], /, *, axis: int = 0) -> Array:
    """The arrays along a new axis."""
    return tf.stack(common(arrays), axis)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Array, ...]:
    """The slices of ``x`` along ``axis``, whose size has to be known."""
    return tuple(tf.unstack(tensor(x), axis=axis))


def expand_dims(x: Any, /, axis: int = 0) -> Array:
    """``x`` with a new axis of size 1."""
    x = tensor(x)
    if not -x.shape.rank - 1 <= axis <= x.shape.rank:
        raise IndexError(f"axis {axis} is out of bounds for a new axis of an array of {x.shape.rank} axes")
    return tf.expand_dims(x, axis)


def squeeze(x: Any, /, axis: int | tuple[int, ...]) -> Array:
    """``x`` without these axes of size 1."""
    x = tensor(x)
    axes = axes_of(axis, x.shape.rank)
    for each in axes:
        if x.shape[each] not in (1, None):
            raise ValueError(f"squeeze() of axis {each}, which has size {x.shape[each]}; name axes of size 1")
    return tf.squeeze(x, axes) if axes else tf.identity(x)


def flip(x: Any, /, *, axis: Any = None) -> Array:
    """``x`` with the order of its elements reversed along ``axis`` (along all without one)."""
    x = tensor(x)
    return as_signed(lambda x: tf.reverse(x, axes_of(axis, x.shape.rank)), x)


def roll(x: Any, /, shift: Any, *, axis: Any = None) -> Array:
    """``x`` with its elements moved on by ``shift``, the last ones coming first."""
    x = tensor(x)
    if axis is None:
        return tf.reshape(tf.roll(tf.reshape(x, [-1]), shift, 0), tf.shape(x))
    axes = axes_of(axis, x.shape.rank)
    shifts = list(shift) if isinstance(shift, (tuple, list)) else [shift] * len(axes)
    return tf.roll(x, shifts, axes)


def repeat(x: Any, repeats: Any, /, *, axis: int | None = None) -> Array:
    """``x`` with each element repeated along ``axis`` (of the flattened array without one)."""
    x = tensor(x)
    x, axis = (tf.reshape(x, [-1]), 0) if axis is None else (x, axis)
    counts = tf.cast(tensor(repeats), tf.int64)
    return as_signed(lambda x: tf.repeat(x, counts, axis=axis), x)


def tile(x: Any, repetitions: Sequence[int], /) -> Array:
    """``x`` repeated as a whole along each axis."""
    x, counts = tensor(x), list(repetitions)
    counts = [1] * (x.shape.rank - len(counts)) + counts
    aligned = tf.reshape(x, [1] * (len(counts) - x.shape.rank) + lengths(x))
    return as_signed(lambda x: tf.tile(x, counts), aligned)


def astype(x: Any, dtype: DType, /, *, copy: bool = True, device: Any = None) -> Array:
    """``x`` in another dtype, still tracked.

    Raises:
        TypeError: from complex to real, which would lose a part; take `real` or `imag`.
    """
    if device is not None:
        with tf.device(device):
            return astype(x, dtype, copy=True)
    x, dtype = tensor(x), tf.as_dtype(dtype)
    return cast(x, dtype) if x.dtype != dtype else tf.identity(x) if copy else tf.convert_to_tensor(x)


def where(condition: Any, x1: Any, x2: Any, /) -> Array:
    """``x1`` where ``condition`` is true, ``x2`` elsewhere."""
    return tf.where(condition, *operands(x1, x2))


def take(x: Any, indices: Any, /, *, axis: int | None = None) -> Array:
    """The elements of ``x`` at ``indices`` along ``axis``; negative ones count from the end."""
    x = tensor(x)
    if axis is None:
        if x.shape.rank != 1:
            raise ValueError(f"take() from an array of {x.shape.rank} axes needs axis=")
        axis = 0
    return tf.gather(x, _from_start(tensor(indices), length(x, axis)), axis=axis)


def take_along_axis(x: Any, indices: Any, /, *, axis: int = -1) -> Array:
    """For each index the element at that place along ``axis``; other axes of the two broadcast."""
    x, indices = tensor(x), tensor(indices)
    x, indices = moveaxis(x, axis, -1), moveaxis(indices, axis, -1)
    *ahead_of_x, size = lengths(x)
    *ahead_of_indices, count = lengths(indices)
    ahead = joint_shape(ahead_of_x, ahead_of_indices)
    x, indices = tf.broadcast_to(x, [*ahead, size]), tf.broadcast_to(indices, [*ahead, count])
    found = tf.gather(x, _from_start(indices, size), axis=-1, batch_dims=x.shape.rank - 1)
    return moveaxis(found, -1, axis)


def _from_start(indices: Array, size: Any) -> Array:
    indices = tf.cast(indices, tf.int64)
    return tf.where(indices < 0, indices + tf.cast(size, tf.int64), indices)
