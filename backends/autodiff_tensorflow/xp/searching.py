"""The sorting and searching functions of the array API standard; NaN counts as the greatest number."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from autodiff_tensorflow.xp.convert import operands, tensor
from autodiff_tensorflow.xp.dtypes import Array
from autodiff_tensorflow.xp.manipulation import take_along_axis


def sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """``x`` in ascending (or descending) order along ``axis``."""
    x = tensor(x)
    return take_along_axis(x, argsort(x, axis=axis, descending=descending), axis=axis)


def argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """The indices that sort ``x`` along ``axis``; those of equal elements stay in their order."""
    direction = "DESCENDING" if descending else "ASCENDING"
    return tf.cast(tf.argsort(_key(tensor(x)), axis=axis, direction=direction, stable=True), tf.int64)


def _key(x: Array) -> Array:
    """Integers in the order of ``x``. TensorFlow itself leaves floats around a NaN unsorted.

    The bits of a positive float, read as an integer, are in its order, those of a negative one in the reverse.
    """
    if x.dtype == tf.bool:
        return tf.cast(x, tf.uint8)
    if not x.dtype.is_floating:
        return tf.convert_to_tensor(x)
    wide = tf.cast(x, tf.float32) if x.dtype.size < 4 else x
    bits = tf.int32 if wide.dtype == tf.float32 else tf.int64
    found = tf.bitcast(wide + 0.0, bits)  # -0.0 + 0.0 is 0.0
    found = tf.where(found < 0, tf.bitwise.bitwise_xor(found, bits.max), found)
    return tf.where(tf.math.is_nan(wide), tf.constant(bits.max, bits), found)


def searchsorted(x1: Any, x2: Any, /, *, side: str = "left", sorter: Any = None) -> Array:
    """Where each element of ``x2`` would go into the sorted array ``x1``."""
    x1, x2 = operands(x1, x2)
    ordered = x1 if sorter is None else tf.gather(x1, sorter)
    return tf.reshape(tf.searchsorted(_key(ordered), _key(tf.reshape(x2, [-1])), side, tf.int64), tf.shape(x2))


def nonzero(x: Any, /) -> tuple[Array, ...]:
    """The indices of the elements that are not zero, one array for each axis."""
    x = tensor(x)
    if x.shape.rank == 0:
        raise ValueError("nonzero() of an array without axes has no indices; reshape it to one axis")
    return tuple(tf.unstack(tf.where(tf.cast(x, tf.bool)), num=x.shape.rank, axis=1))
