"""The sorting and searching functions of the array API standard."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from autodiff_tensorflow.xp.convert import tensor
from autodiff_tensorflow.xp.dtypes import Array


def sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """``x`` in ascending order along ``axis``."""
    return tf.sort(tensor(x), axis=axis, direction=_direction(descending))


def argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """The indices that sort ``x`` along ``axis``."""
    found = tf.argsort(tensor(x), axis=axis, direction=_direction(descending), stable=stable)
    return tf.cast(found, tf.int64)


def _direction(descending: bool) -> str:
    return "DESCENDING" if descending else "ASCENDING"


def searchsorted(x1: Any, x2: Any, /, *, side: str = "left", sorter: Any = None) -> Array:
    """Where each element of ``x2`` would go into the sorted array ``x1``."""
    x1, x2 = tensor(x1), tensor(x2)
    ordered = x1 if sorter is None else tf.gather(x1, sorter)
    return tf.reshape(tf.searchsorted(ordered, tf.reshape(x2, [-1]), side, tf.int64), tf.shape(x2))


def nonzero(x: Any, /) -> tuple[Array, ...]:
    """The indices of the elements that are not zero, one array for each axis."""
    x = tensor(x)
    return tuple(tf.unstack(tf.where(tf.cast(x, tf.bool)), num=x.shape.rank, axis=1))
