"""Norms of vectors and of matrices: TensorFlow's, where it has one of that order."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from autodiff_tensorflow.xp.convert import lengths, tensor
from autodiff_tensorflow.xp.dtypes import Array
from autodiff_tensorflow.xp.manipulation import axes_of

_ORDERS: dict[Any, Any] = {1: 1, 2: "euclidean", math.inf: math.inf}  # TensorFlow's vector norms


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Array:
    """The norm of order ``ord`` over ``axis`` (over all elements without one)."""
    x = sizes_of(x)
    if not isinstance(axis, tuple) and ord in _ORDERS:
        return tf.norm(x, _ORDERS[ord], axis, keepdims)
    axes = axes_of(axis, x.shape.rank)
    kept = [each for each in range(x.shape.rank) if each not in axes]
    sizes = lengths(x)
    together = math.prod(sizes[each] for each in axes)
    found = _norm(tf.reshape(tf.transpose(x, kept + axes), [*(sizes[each] for each in kept), together]), ord)
    return tf.reshape(found, [1 if each in axes else sizes[each] for each in range(len(sizes))]) if keepdims else found


def sizes_of(x: Any) -> Array:
    """The absolute values of complex numbers, whose norm is the same and real; real ones unchanged."""
    x = tensor(x)
    return tf.abs(x) if x.dtype.is_complex else x


def _norm(rows: Array, order: float) -> Array:
    """The norm over the last axis."""
    if order in _ORDERS:
        return tf.norm(rows, _ORDERS[order], axis=-1)
    sizes = tf.abs(rows)
    if order == -math.inf:
        return tf.reduce_min(sizes, axis=-1)
    if order == 0:
        return tf.reduce_sum(tf.where(False, sizes, tf.cast(sizes != 0, sizes.dtype)), axis=-1)
    total = tf.reduce_sum(sizes**order, axis=-1)
    if order < 0:
        return total ** (1.0 / order)
    # KINK-15: the derivative of a norm at 0 is 0; the root never meets 0, whose derivative there is infinite.
    zero = tf.equal(total, 0)
    return tf.where(zero, total, tf.where(zero, tf.ones_like(total), total) ** (1.0 / order))


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    """The norm of the matrices in the last two axes: ``"fro"``, ``"nuc"``, ±1, ±2 or ±inf."""
    x = tensor(x)
    if x.shape.rank < 2:
        raise ValueError(f"matrix_norm() needs two axes or more, not {x.shape.rank}")
    if ord == "fro":
        return tf.norm(sizes_of(x), axis=[-2, -1], keepdims=keepdims)
    if ord not in ("nuc", 1, -1, 2, -2, math.inf, -math.inf):
        raise ValueError(f"matrix_norm() knows no ord={ord!r}; choose 'fro', 'nuc', ±1, ±2 or ±inf")
    if ord in ("nuc", 2, -2):
        values = tf.linalg.svd(x, compute_uv=False)
    else:
        values = tf.reduce_sum(tf.abs(x), axis=-2 if abs(ord) == 1 else -1)
    gather = tf.reduce_sum if ord == "nuc" else tf.reduce_max if ord > 0 else tf.reduce_min
    found = gather(values, -1)
    return found[..., tf.newaxis, tf.newaxis] if keepdims else found
