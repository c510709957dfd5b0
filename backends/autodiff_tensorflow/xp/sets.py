"""The set functions of the array API standard: values in ascending order, each NaN a value of its own.

The values are picked from ``x``, whose first occurrence of each takes the derivative.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from autodiff_spec._shared import UniqueAll, shorter_forms
from autodiff_tensorflow.xp.convert import operands, tensor
from autodiff_tensorflow.xp.dtypes import Array
from autodiff_tensorflow.xp.searching import argsort


def unique_all(x: Any, /) -> UniqueAll:
    """The distinct elements, where each is first, which of them each element is, and how often each occurs."""
    x = tensor(x)
    flat = tf.reshape(x, [-1])
    order = _order(flat)
    ordered = tf.gather(flat, order)
    new = tf.concat([tf.ones_like(ordered[:1], tf.bool), tf.not_equal(ordered[1:], ordered[:-1])], 0)
    indices = tf.boolean_mask(order, new)
    group = tf.cumsum(tf.cast(new, tf.int64)) - 1
    inverse = tf.scatter_nd(order[:, tf.newaxis], group, tf.shape(flat, tf.int64))
    counts = tf.math.unsorted_segment_sum(tf.ones_like(group), group, tf.size(indices))
    return UniqueAll(tf.gather(flat, indices), indices, tf.reshape(inverse, tf.shape(x)), counts)


unique_counts, unique_inverse, unique_values = shorter_forms(unique_all)


def isin(x1: Any, x2: Any, /, *, invert: bool = False) -> Array:
    """Whether each element of ``x1`` is among those of ``x2``; of the standard's next version."""
    x1, x2 = operands(x1, x2)
    found = tf.reduce_any(tf.equal(x1[..., tf.newaxis], tf.reshape(x2, [-1])), axis=-1)
    return tf.logical_not(found) if invert else found


def _order(flat: Array) -> Array:
    """Indices that bring equal elements together, the first of them first; complex numbers by real part."""
    if not flat.dtype.is_complex:
        return argsort(flat)
    order = argsort(tf.math.imag(flat))
    return tf.gather(order, argsort(tf.gather(tf.math.real(flat), order)))
