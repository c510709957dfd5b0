"""The functions beyond the array API standard that every backend offers, over TensorFlow's own; and `index`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from autodiff_spec._shared import IndexedUpdate, require_integers
from autodiff_spec.core.names import EXTRA
from autodiff_tensorflow._beyond import BEYOND
from autodiff_tensorflow._index import at_index
from autodiff_tensorflow.xp.convert import asarray, length, operands, scalar, tensor
from autodiff_tensorflow.xp.dtypes import DEFAULT_FLOAT, Array

__all__ = list(EXTRA)


def relu(x: Any, /) -> Array:
    """The positive part of ``x``."""
    return tf.nn.relu(tensor(x))


def sigmoid(x: Any, /) -> Array:
    """The logistic function ``1 / (1 + exp(-x))``."""
    return tf.sigmoid(tensor(x))


def softplus(x: Any, /) -> Array:
    """``log(1 + exp(x))``."""
    return tf.nn.softplus(tensor(x))


def silu(x: Any, /) -> Array:
    """``x * sigmoid(x)``."""
    return tf.nn.silu(tensor(x))


def gelu(x: Any, /, *, approximate: bool = False) -> Array:
    """x·Φ(x) with the normal distribution function Φ, or its approximation by tanh (Hendrycks and Gimpel, 2016)."""
    x = tensor(x)  # tf.nn.gelu rounds its constants to float32
    half, one = scalar(0.5, x.dtype), scalar(1.0, x.dtype)
    if not approximate:
        return half * x * (one + tf.math.erf(x * scalar(math.sqrt(0.5), x.dtype)))
    inner = x + scalar(0.044715, x.dtype) * x * x * x
    return half * x * (one + tf.tanh(scalar(math.sqrt(2.0 / math.pi), x.dtype) * inner))


def softmax(x: Any, /, *, axis: int = -1) -> Array:
    """The exponentials of ``x``, divided by their sum over ``axis``."""
    return of_rows(tf.nn.softmax, tensor(x), axis)


def log_softmax(x: Any, /, *, axis: int = -1) -> Array:
    """The logarithm of the softmax, x - log Σ exp(x), along an axis."""
    return of_rows(tf.nn.log_softmax, tensor(x), axis)


def logsumexp(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    """The logarithm of the sum of exponentials over ``axis``."""
    return tf.reduce_logsumexp(tensor(x), axis=list(axis) if isinstance(axis, tuple) else axis, keepdims=keepdims)


def xlogy(x1: Any, x2: Any, /) -> Array:
    """``x1 * log(x2)``, and 0 where ``x1`` is 0."""
    return tf.math.xlogy(*operands(x1, x2))


def sinc(x: Any, /) -> Array:
    """``sin(πx) / (πx)``, and 1 at 0; near it the Taylor series, whose derivatives are right at every order."""
    x = tensor(x)
    t = x * scalar(math.pi, x.dtype)
    near = tf.abs(t) < 0.5
    square = tf.square(tf.where(near, t, tf.zeros_like(t)))
    series = tf.ones_like(square)
    for k in range(9, 0, -1):  # the 10th term is below 1e-25
        series = 1 - square / (2 * k * (2 * k + 1)) * series
    away = tf.where(near, tf.ones_like(t), t)
    return tf.where(near, series, tf.sin(away) / away)


def erf(x: Any, /) -> Array:
    """The error function."""
    return tf.math.erf(tensor(x))


def erfinv(x: Any, /) -> Array:
    """The inverse of ``erf`` on [-1, 1]."""
    return in_32(tf.math.erfinv, tensor(x))


def lgamma(x: Any, /) -> Array:
    """The logarithm of abs Γ(x), +∞ at its poles."""
    return in_32(tf.math.lgamma, tensor(x))


def digamma(x: Any, /) -> Array:
    """The derivative of ``lgamma``, Γ'(x)/Γ(x)."""
    return in_32(tf.math.digamma, tensor(x))


def gammainc(a: Any, x: Any, /) -> Array:
    """The regularised lower incomplete gamma function; its derivative by ``a`` is TensorFlow's, of the first order."""
    return in_32(tf.math.igamma, *operands(a, x))


def gammaincc(a: Any, x: Any, /) -> Array:
    """The regularised upper one, 1 - ``gammainc``, without cancellation; as that."""
    return in_32(tf.math.igammac, *operands(a, x))


def median(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """The middle value along ``axis`` (of all elements without one); of an even number the mean of the middle two."""
    x = tensor(x)
    rows = tf.sort(tf.reshape(x, [-1]) if axis is None else x, axis=-1 if axis is None else axis)
    size = length(rows, -1 if axis is None else axis)
    middle = tf.gather(rows, [(size - 1) // 2, size // 2], axis=-1 if axis is None else axis)
    found = tf.reduce_mean(middle, axis=-1 if axis is None else axis, keepdims=keepdims and axis is not None)
    return tf.reshape(found, [1] * x.shape.rank) if keepdims and axis is None else found


def topk(x: Any, k: int, /, *, axis: int = -1) -> Array:
    """The ``k`` largest elements along an axis, in descending order."""
    x = tensor(x)
    axis %= x.shape.rank
    order = [i for i in range(x.shape.rank) if i != axis] + [axis]
    return tf.transpose(tf.math.top_k(tf.transpose(x, order), k).values, np.argsort(order))


def one_hot(x: Any, num_classes: int, /, *, dtype: Any = None) -> Array:
    """1 at the place along a new last axis that each integer of ``x`` names, else 0; all 0 where it names none."""
    places = tf.equal(tf.cast(require_integers(x), tf.int64)[..., None], tf.range(num_classes, dtype=tf.int64))
    return tf.cast(places, DEFAULT_FLOAT if dtype is None else dtype)


def einsum(subscripts: str, /, *arrays: Any) -> Array:
    """Einstein's sum over the axes that ``subscripts`` repeats or leaves out: ``"ij,jk->ik"``."""
    return tf.einsum(subscripts, *(tensor(array) for array in arrays))


def index(x: Any, idx: Any, /) -> Array:
    """``x[idx]`` as in NumPy, for every index NumPy knows: integer arrays, masks, and mixtures with slices.

    Examples:
        >>> import autodiff_tensorflow.extra as extra, tensorflow as tf
        >>> extra.index(tf.constant([[1.0, 2.0], [3.0, 4.0]]), (slice(None), [1, 0, 1])).numpy()
        array([[2., 1., 2.],
               [4., 3., 4.]], dtype=float32)
    """
    return at_index(tensor(x), idx)


class at(IndexedUpdate):  # noqa: N801
    __doc__ = IndexedUpdate.__doc__

    def __init__(self, x: Any, idx: Any, /) -> None:
        super().__init__(tensor(x), idx)

    def _updated(self, how: str, values: Any) -> Array:
        x = self._x
        places = at_index(tf.reshape(tf.range(tf.size(x, tf.int64)), tf.shape(x)), self._idx)  # in the flattened array
        updates = tf.reshape(tf.broadcast_to(asarray(values, dtype=x.dtype), tf.shape(places)), [-1])
        if how == "multiply":
            return x * tf.reshape(_factors(updates, tf.reshape(places, [-1]), tf.size(x)), tf.shape(x))
        return tf.reshape(_SCATTER[how](tf.reshape(x, [-1]), tf.reshape(places, [-1, 1]), updates), tf.shape(x))


pad = BEYOND.pad
convolve = BEYOND.convolve
segment_sum = BEYOND.segment_sum
interp = BEYOND.interp
solve_triangular = BEYOND.solve_triangular
lstsq = BEYOND.lstsq
expm = BEYOND.expm


def of_rows(function: Any, x: Array, axis: int) -> Array:
    """``function(x, axis)``; a number is a row of one."""
    return function(x, axis) if x.shape.rank else function(x[tf.newaxis], axis)[0]


def in_32(function: Any, *arrays: Array) -> Array:
    """A function that TensorFlow has, with its derivatives, from 32 bits on: halves are computed in 32 bits."""
    dtype = arrays[0].dtype
    if dtype.size != 2:
        return function(*arrays)
    return tf.cast(function(*(tf.cast(array, tf.float32) for array in arrays)), dtype)


def _factors(updates: Array, places: Array, size: Array) -> Array:
    """The product of the updates at each of ``size`` places; where there is none it is the empty product, 1."""
    if updates.dtype.is_complex:  # the gradient of unsorted_segment_prod lacks a conjugate
        here = tf.equal(places[:, None], tf.range(size, dtype=places.dtype))
        return tf.reduce_prod(tf.where(here, updates[:, None], tf.ones_like(updates[:, None])), axis=0)
    return tf.math.unsorted_segment_prod(updates, places, size)


_SCATTER = {
    "set": tf.tensor_scatter_nd_update, "add": tf.tensor_scatter_nd_add,
    "min": tf.tensor_scatter_nd_min, "max": tf.tensor_scatter_nd_max,
}  # fmt: skip


def __dir__() -> list[str]:
    return __all__
