"""The reductions of the array API standard: over no axis given, one, or a tuple of them."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from autodiff_tensorflow.xp.convert import cast, common, length, scalar, tensor
from autodiff_tensorflow.xp.dtypes import DEFAULT_FLOAT, SIGNED, UNSIGNED, Array, DType
from autodiff_tensorflow.xp.manipulation import axes_of, moveaxis

_SUM_DTYPES = {tf.bool: tf.int64, **dict.fromkeys(SIGNED, tf.int64), **dict.fromkeys(UNSIGNED, tf.uint64)}


def _axes(axis: Any) -> Any:
    return list(axis) if isinstance(axis, tuple) else axis


def _accumulated(x: Any, dtype: DType | None) -> Array:
    """``x`` in the dtype of its sum: the one asked for; small integers in 64 bits."""
    x = tensor(x)
    dtype = dtype or _SUM_DTYPES.get(x.dtype)
    return x if dtype is None else cast(x, tf.as_dtype(dtype))


def sum(x: Any, /, *, axis: Any = None, dtype: DType | None = None, keepdims: bool = False) -> Array:
    """The sum over ``axis``."""
    return tf.reduce_sum(_accumulated(x, dtype), axis=_axes(axis), keepdims=keepdims)


def prod(x: Any, /, *, axis: Any = None, dtype: DType | None = None, keepdims: bool = False) -> Array:
    """The product over ``axis``."""
    return tf.reduce_prod(_accumulated(x, dtype), axis=_axes(axis), keepdims=keepdims)


def mean(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    """The arithmetic mean over ``axis``."""
    return tf.reduce_mean(_inexact(x), axis=_axes(axis), keepdims=keepdims)


def _inexact(x: Any) -> Array:
    """Integers as floats, of which TensorFlow would round the mean."""
    x = tensor(x)
    return x if x.dtype.is_floating or x.dtype.is_complex else tf.cast(x, DEFAULT_FLOAT)


def max(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    """The greatest value over ``axis``."""
    return tf.reduce_max(tensor(x), axis=_axes(axis), keepdims=keepdims)


def min(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    """The least value over ``axis``."""
    return tf.reduce_min(tensor(x), axis=_axes(axis), keepdims=keepdims)


def var(x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Array:
    """The variance over ``axis``, divided by the count less ``correction``."""
    x = _inexact(x)
    found = tf.math.reduce_variance(x, axis=_axes(axis), keepdims=keepdims)
    return found if correction == 0 else found * _corrected(x, axis, correction, found.dtype)


def std(x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Array:
    """The standard deviation over ``axis``, the root of `var`."""
    x = _inexact(x)
    found = tf.math.reduce_std(x, axis=_axes(axis), keepdims=keepdims)
    return found if correction == 0 else found * tf.sqrt(_corrected(x, axis, correction, found.dtype))


def _corrected(x: Array, axis: Any, correction: float, dtype: DType) -> Array:
    """The count over the count less ``correction``."""
    count = functools.reduce(operator.mul, (length(x, each) for each in axes_of(axis, x.shape.rank)), 1)
    count = tf.cast(count, tf.float64)
    return tf.cast(count / tf.maximum(count - correction, 0.0), dtype)


def all(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    """Whether every element over ``axis`` is true (not zero)."""
    return tf.reduce_all(tf.cast(tensor(x), tf.bool), axis=_axes(axis), keepdims=keepdims)


def any(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    """Whether some element over ``axis`` is true (not zero)."""
    return tf.reduce_any(tf.cast(tensor(x), tf.bool), axis=_axes(axis), keepdims=keepdims)


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
    return cumulative(tf.cumsum, 0, _accumulated(x, dtype), axis, include_initial)


def cumulative_prod(
    x: Any, /, *, axis: int | None = None, dtype: DType | None = None, include_initial: bool = False
) -> Array:
    """The products of the first elements along ``axis``; with ``include_initial`` that of none comes first."""
    x = _accumulated(x, dtype)
    # TensorFlow's rule lacks the conjugates of complex factors.
    return cumulative(scanned if x.dtype.is_complex else tf.math.cumprod, 1, x, axis, include_initial)


def scanned(x: Array, axis: int) -> Array:
    """The products of the first factors, by those of 2, of 4, … neighbours: each step is a product, right at 0."""
    found = moveaxis(x, axis, 0)
    beside = [[0, 0]] * (found.shape.rank - 1)

    def step(found: Array, reach: Array) -> tuple[Array, Array]:
        earlier = tf.pad(found[:-reach], [[reach, 0], *beside], constant_values=scalar(1.0, found.dtype))
        return found * tf.ensure_shape(earlier, found.shape), 2 * reach

    found, _ = tf.while_loop(lambda _, reach: reach < tf.shape(found)[0], step, (found, tf.constant(1)))
    return moveaxis(found, 0, axis)


def cumulative(
    function: Callable[..., Array], initial: int, x: Array, axis: int | None, include_initial: bool
) -> Array:
    """Accumulate ``x`` along an axis by ``function(x, axis=axis)``, with ``initial`` ahead if asked for."""
    if axis is None:
        if x.shape.rank != 1:
            raise ValueError(f"an array of {x.shape.rank} axes needs axis=; only one of one axis has a default")
        axis = 0
    found = function(x, axis=axis)
    if not include_initial:
        return found
    (place,) = axes_of(axis, x.shape.rank)
    ahead = [[int(each == place), 0] for each in range(x.shape.rank)]
    return tf.pad(found, ahead, constant_values=scalar(initial, found.dtype))


def diff(x: Any, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Array:
    """The ``n``-th differences of neighbours along ``axis``."""
    parts = common(part for part in (prepend, x, append) if part is not None)
    found = tf.concat(parts, axis)
    (axis,) = axes_of(axis, found.shape.rank)
    ahead: list[Any] = [slice(None)] * axis
    for _ in range(n):
        later, earlier = found[(*ahead, slice(1, None))], found[(*ahead, slice(None, -1))]
        found = tf.not_equal(later, earlier) if found.dtype == tf.bool else later - earlier
    return found
