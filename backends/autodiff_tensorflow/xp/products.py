"""Products of vectors and matrices, and what moves their axes: of the main namespace and of ``linalg``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from autodiff_tensorflow.xp.convert import as_int64, operands, tensor
from autodiff_tensorflow.xp.dtypes import Array
from autodiff_tensorflow.xp.manipulation import axes_of, moveaxis


def matmul(x1: Any, x2: Any, /) -> Array:
    """The matrix product; an array of one axis is a row at the left, a column at the right."""
    a, b = operands(x1, x2)
    left, right = a.shape.rank, b.shape.rank
    if left == 0 or right == 0:
        raise ValueError("matmul() needs arrays of at least one axis; use multiply() for 0-d ones")
    if left == right == 1:
        return tensordot(a, b, axes=1)
    if left == 1:
        return tf.squeeze(as_int64(tf.matmul, tf.expand_dims(a, 0), b), -2)
    if right == 1:
        return tf.squeeze(as_int64(tf.matmul, a, tf.expand_dims(b, 1)), -1)
    return as_int64(tf.matmul, a, b)


def tensordot(x1: Any, x2: Any, /, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2) -> Array:
    """The sum of products over the last ``axes`` axes of ``x1`` and the first of ``x2``, or over the pairs named."""
    a, b = operands(x1, x2)
    if not isinstance(axes, int):
        first, second = axes
        axes = (axes_of(tuple(first), a.shape.rank), axes_of(tuple(second), b.shape.rank))
    return as_int64(lambda a, b: tf.tensordot(a, b, axes), a, b)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    """The sum over ``axis`` of ``conj(x1) * x2``."""
    a, b = operands(x1, x2)
    if None not in (a.shape[axis], b.shape[axis]) and a.shape[axis] != b.shape[axis]:
        raise ValueError(f"vecdot() needs equal lengths along axis {axis}; the shapes are {a.shape} and {b.shape}")
    return tf.reduce_sum(tf.math.conj(a) * b, axis=axis)


def outer(x1: Any, x2: Any, /) -> Array:
    """The products of the elements of two vectors."""
    a, b = operands(x1, x2)
    if a.shape.rank != 1 or b.shape.rank != 1:
        raise ValueError(f"outer() is of two vectors, not of arrays of {a.shape.rank} and {b.shape.rank} axes")
    return a[:, tf.newaxis] * b[tf.newaxis, :]


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    """The cross product of vectors of length 3 along ``axis``; the other axes broadcast."""
    a, b = operands(x1, x2)
    if a.shape[axis] not in (3, None) or b.shape[axis] not in (3, None):
        raise ValueError(f"cross() needs length 3 along axis {axis}; the shapes are {a.shape} and {b.shape}")
    a, b = moveaxis(a, axis, -1), moveaxis(b, axis, -1)
    found = tf.roll(a, -1, -1) * tf.roll(b, -2, -1) - tf.roll(a, -2, -1) * tf.roll(b, -1, -1)
    return moveaxis(found, -1, axis)


def matrix_transpose(x: Any, /) -> Array:
    """The last two axes exchanged."""
    x = tensor(x)
    if x.shape.rank < 2:
        raise ValueError(f"matrix_transpose() needs two axes or more, not {x.shape.rank}")
    return tf.linalg.matrix_transpose(x)
