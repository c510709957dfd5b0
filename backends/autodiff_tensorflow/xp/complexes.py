"""Functions of complex numbers by their parts, where TensorFlow's kernels miss special or small values.

All are compositions of differentiable functions, and right at every order.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from autodiff_tensorflow.xp.convert import scalar
from autodiff_tensorflow.xp.dtypes import Array


def parts(z: Array) -> tuple[Array, Array]:
    """The real and the imaginary part."""
    return tf.math.real(z), tf.math.imag(z)


def hypot(x: Array, y: Array) -> Array:
    """The root of the sum of squares; scaled against overflow, by what cancels in every derivative."""
    scale = tf.stop_gradient(tf.maximum(tf.abs(x), tf.abs(y)))
    zero = tf.equal(scale, 0)
    scale = tf.where(zero | ~tf.math.is_finite(scale), scalar(1.0, scale.dtype), scale)
    total = tf.square(x / scale) + tf.square(y / scale)
    total = tf.where(tf.math.is_inf(x) | tf.math.is_inf(y), scalar(math.inf, total.dtype), total)  # also beside NaN
    # KINK-22: the derivative of a norm at 0 is 0; the root never meets 0, whose derivative there is infinite.
    root = tf.sqrt(tf.where(zero, scalar(1.0, total.dtype), total))
    return scale * tf.where(zero, total, root)


def _differentiated_as(function: Callable[[Array], Array]) -> Callable[[Callable[[Array], Array]], Any]:
    """Give a function by parts the derivatives of TensorFlow's where it is finite, for those of parts may cancel."""

    def decorate(by_parts: Callable[[Array], Array]) -> Callable[[Array], Array]:
        @functools.wraps(by_parts)
        def of_complex(z: Array) -> Array:
            finite, one = tf.math.is_finite(tf.abs(function(z))), tf.ones_like(z)
            native = function(tf.where(finite, z, one))
            nothing = tf.stop_gradient(native) - native  # which is subtracted, for adding would make -0 to 0
            return tf.where(finite, tf.stop_gradient(by_parts(z)) - nothing, by_parts(tf.where(finite, one, z)))

        return of_complex

    return decorate


def log(z: Array) -> Array:
    """The logarithm; its real part keeps its digits near the unit circle, and no square overflows or underflows."""
    size = tf.stop_gradient(tf.maximum(*map(tf.abs, parts(z))))
    extreme = ((size < 2.0**-40) | (size > 2.0**40)) & tf.math.is_finite(size) & (size > 0)
    size = tf.where(extreme, size, tf.ones_like(size))
    x, y = (part / size for part in parts(z))
    first = tf.abs(x) >= tf.abs(y)
    large, small = tf.where(first, x, y), tf.where(first, y, x)
    modulus = _log_modulus(x, y, (large - 1) * (large + 1) + small * small) + tf.math.log(size)
    return tf.complex(modulus, tf.atan2(y, x))


@_differentiated_as(tf.math.log1p)
def log1p(z: Array) -> Array:
    """The logarithm of ``1 + z``, which keeps its digits near 0."""
    x, y = parts(z)
    return tf.complex(_log_modulus(x + 1, y, x * (x + 2) + y * y), tf.atan2(y, x + 1))


def _log_modulus(x: Array, y: Array, excess: Array) -> Array:
    """The logarithm of ``|x + iy|``, from ``excess = |x + iy|² - 1`` where that is small."""
    near = tf.abs(excess) < 0.5
    zero, one = tf.zeros_like(x), tf.ones_like(x)
    close = tf.math.log1p(tf.where(near, excess, zero)) / 2
    return tf.where(near, close, tf.math.log(hypot(tf.where(near, one, x), tf.where(near, zero, y))))


@_differentiated_as(tf.math.expm1)
def expm1(z: Array) -> Array:
    """``exp(x + iy) - 1`` as ``expm1(x) cos y - 2 sin²(y/2) + i exp(x) sin y``, and the standard's limits."""
    x, y = parts(z)
    real = tf.math.expm1(x) * tf.cos(y) - 2 * tf.square(tf.sin(y / 2))
    imaginary = tf.exp(x) * tf.sin(y)
    level, lost = tf.equal(y, 0), ~tf.math.is_finite(y)
    left, right = tf.equal(x, -math.inf), tf.equal(x, math.inf)
    real = tf.where(level | (right & lost), tf.math.expm1(x), tf.where(left, -tf.ones_like(x), real))
    imaginary = tf.where(left & lost, tf.zeros_like(y), tf.where(level & ~tf.math.is_finite(x), y, imaginary))
    return tf.complex(real + 0.0, imaginary)  # of a zero real part the standard wants +0


def tanh(z: Array) -> Array:
    """TensorFlow's, and at real infinity ±1 with a zero of the imaginary part's sign."""
    x, y = parts(z)
    limit = tf.complex(tf.sign(x), tf.where(y < 0, scalar(-0.0, y.dtype), tf.zeros_like(y)))
    far = tf.math.is_inf(x)
    return tf.where(far, limit, tf.tanh(tf.where(far, tf.zeros_like(z), z)))


def by_parts(function: Callable[[Array], Array], z: Array) -> Array:
    """``function`` of the real part and of the imaginary part."""
    x, y = parts(z)
    return tf.complex(function(x), function(y))
