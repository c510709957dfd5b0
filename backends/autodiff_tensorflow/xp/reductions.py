"""The reductions of the array API standard: over no axis given, one, or a tuple of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from autodiff_tensorflow.xp.convert import tensor
from autodiff_tensorflow.xp.dtypes import SIGNED, UNSIGNED, Array, DType

_SUM_DTYPES = {tf.bool: tf.int64, **dict.fromkeys(SIGNED, tf.int64), **dict.fromkeys(UNSIGNED, tf.uint64)}


def _axes(axis: Any) -> Any:
    return list(axis) if isinstance(axis, tuple) else axis


def _accumulated(x: Any, dtype: DType | None) -> Array:
    """``x`` in the dtype of its sum: the one asked for; small integers in 64 bits."""
    x = tensor(x)
    dtype = dtype or _SUM_DTYPES.get(x.dtype)
    return x if dtype is None else tf.cast(x, dtype)


def sum(x: Any, /, *, axis: Any = None, dtype: DType | None = None, keepdims: bool = False) -> Array:
    """The sum over ``axis``."""
    return tf.reduce_sum(_accumulated(x, dtype), axis=_axes(axis), keepdims=keepdims)


def prod(x: Any, /, *, axis: Any = None, dtype: DType | None = None, keepdims: bool = False) -> Array:
    """The product over ``axis``."""
    return tf.reduce_prod(_accumulated(x, dtype), axis=_axes(axis), keepdims=keepdims)


def mean(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    """The arithmetic mean over ``axis``."""
    return tf.reduce_mean(tensor(x), axis=_axes(axis), keepdims=keepdims)


def max(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    """The greatest value over ``axis``."""
    return tf.reduce_max(tensor(x), axis=_axes(axis), keepdims=keepdims)


def min(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    """The least value over ``axis``."""
    return tf.reduce_min(tensor(x), axis=_axes(axis), keepdims=keepdims)


def var(x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Array:
    """The variance over ``axis``, divided by the count less ``correction``."""
    x = tensor(x)
    found = tf.math.reduce_variance(x, axis=_axes(axis), keepdims=keepdims)
    if correction == 0:
        return found
    axes = range(x.shape.rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    count = math.prod(x.shape[i] for i in axes)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.divide(float(count), np.maximum(count - correction, 0.0))
    return found * tf.constant(factor, found.dtype)


def std(x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Array:
    """The standard deviation over ``axis``, the root of `var`."""
    if correction == 0:
        return tf.math.reduce_std(tensor(x), axis=_axes(axis), keepdims=keepdims)
    return tf.sqrt(var(x, axis=axis, correction=correction, keepdims=keepdims))


def all(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    """Whether every element over ``axis`` is true (not zero)."""
    return tf.reduce_all(tf.cast(x, tf.bool), axis=_axes(axis), keepdims=keepdims)


def any(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    """Whether some element over ``axis`` is true (not zero)."""
    return tf.reduce_any(tf.cast(x, tf.bool), axis=_axes(axis), keepdims=keepdims)


def count_nonzero(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    """How many elements over ``axis`` are not zero."""
    return tf.math.count_nonzero(tensor(x), axis=_axes(axis), keepdims=keepdims)


def argmax(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """The index of the first greatest element along ``axis`` (of the flattened array without one)."""
    return _arg(tf.argmax, tensor(x), axis, keepdims)


def argmin(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """The index of the first least element along ``axis`` (of the flattened array without one)."""
    return _arg(tf.argmin, tensor(x), axis, keepdims)


def _arg(function: Callable[..., Array], x: Array, axis: int | None, keepdims: bool) -> Array:
    if axis is not None:
        found = function(x, axis=axis)
        return tf.expand_dims(found, axis) if keepdims else found
    found = function(tf.reshape(x, [-1]), axis=0)
    return tf.reshape(found, [1] * x.shape.rank) if keepdims else found


def cumulative_sum(
    x: Any, /, *, axis: int | None = None, dtype: DType | None = None, include_initial: bool = False
) -> Array:
    """The sums of the first elements along ``axis``; with ``include_initial`` that of none comes first."""
    return _cumulative(tf.cumsum, tf.zeros, _accumulated(x, dtype), axis, include_initial)


def cumulative_prod(
    x: Any, /, *, axis: int | None = None, dtype: DType | None = None, include_initial: bool = False
) -> Array:
    """The products of the first elements along ``axis``; with ``include_initial`` that of none comes first."""
    return _cumulative(tf.math.cumprod, tf.ones, _accumulated(x, dtype), axis, include_initial)


def _cumulative(
    function: Callable[..., Array], initial: Callable[..., Array], x: Array, axis: int | None, include_initial: bool
) -> Array:
    if axis is None:
        if x.shape.rank != 1:
            raise ValueError(f"an array of {x.shape.rank} axes needs axis=; only one of one axis has a default")
        axis = 0
    found = function(x, axis=axis)
    if not include_initial:
        return found
    shape = list(x.shape)
    shape[axis] = 1
    return tf.concat([initial(shape, x.dtype), found], axis)


def diff(x: Any, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Array:
    """The ``n``-th differences of neighbours along ``axis``."""
    parts = [tensor(part) for part in (prepend, x, append) if part is not None]
    found = tf.concat(parts, axis)
    axis %= found.shape.rank
    ahead: list[Any] = [slice(None)] * axis
    for _ in range(n):
        found = found[(*ahead, slice(1, None))] - found[(*ahead, slice(None, -1))]
    return found
