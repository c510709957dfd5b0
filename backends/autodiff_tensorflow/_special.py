"""Functions of `mended.extra`, of tensors of 32 bits or more: special functions that are right in their tails.

They are made of TensorFlow's own where these are right, so that they have derivatives of every order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from autodiff_tensorflow.xp.convert import scalar
from autodiff_tensorflow.xp.dtypes import Array


def erf(x: Array) -> Array:
    """The error function; TensorFlow's is NaN where the square of its argument overflows."""
    return tf.math.erf(tf.clip_by_value(x, scalar(-30.0, x.dtype), scalar(30.0, x.dtype)))


def erfc(x: Array) -> Array:
    """1 - erf(x) without cancellation; as `erf`."""
    return tf.math.erfc(tf.clip_by_value(x, scalar(-30.0, x.dtype), scalar(30.0, x.dtype)))


def is_huge(x: Any) -> Any:
    """Where x is beyond 2⁶⁰: the leading terms of lgamma and digamma are all there that any format holds."""
    return x * 2.0**-45 > 2.0**15  # constants that 16 bits have


def erfinv(x: Array) -> Array:
    """The inverse error function; beyond ±½ it is a quantile of the normal distribution, of 1 - x, which is exact.

    Near 0, where TensorFlow's loses the digits of x beside 1, it is its power series (DLMF 7.17.2) up to x⁹: what
    follows is less than a rounding.
    """
    away, near = tf.abs(x) > 0.5, tf.abs(x) < 1 / 64
    rest = tf.where(away, 1 - tf.abs(x), tf.ones_like(x))
    tail = -tf.sign(x) * tf.math.ndtri(rest / 2) * scalar(math.sqrt(0.5), x.dtype)
    t = tf.where(near, x, tf.zeros_like(x)) * scalar(math.sqrt(math.pi) / 2, x.dtype)
    series = tf.ones_like(x)  # of coefficients 1, 1/3, 7/30, 127/630, 4369/22680, by the ratios of neighbours
    for ratio in (4369 / 4572, 127 / 147, 7 / 10, 1 / 3):
        series = 1 + scalar(ratio, x.dtype) * t * t * series
    inner = tf.math.erfinv(tf.where(away | near, tf.zeros_like(x), x))
    return tf.where(near, t * series, tf.where(away, tail, inner))


def lgamma(x: Array) -> Array:
    """The logarithm of abs Γ(x); below 0 by reflection (DLMF 5.5.3), for TensorFlow's zeta function is wrong there.

    Of huge numbers that is 0, and so they have Stirling's leading term (DLMF 5.11.1).
    """
    negative, other, angle = _reflected(x)
    found = tf.math.lgamma(other)
    log, huge = _of_huge(x)
    found = tf.where(huge, x * (log - 1), found)
    return tf.where(negative, tf.math.log(scalar(math.pi, x.dtype) / tf.abs(tf.sin(angle))) - found, found)


def digamma(x: Array) -> Array:
    """The derivative of `lgamma`; below 0 by reflection (DLMF 5.5.4), of huge numbers their logarithm (DLMF 5.11.2)."""
    negative, other, angle = _reflected(x)
    found = tf.math.digamma(other)
    log, huge = _of_huge(x)
    found = tf.where(huge, log, found)
    return tf.where(negative, found - scalar(math.pi, x.dtype) / tf.tan(angle), found)


def _of_huge(x: Array) -> tuple[Array, Array]:
    """The logarithm of what is huge, and where that is.

    It is that of a quotient by a number in the middle, whose square neither overflows nor vanishes in derivatives.
    """
    huge, middle = is_huge(x), 2.0 ** ((60 + math.frexp(x.dtype.max)[1]) // 2)
    of = tf.where(huge, x, scalar(middle, x.dtype) * tf.ones_like(x))
    return tf.math.log(of / scalar(middle, x.dtype)) + scalar(math.log(middle), x.dtype), huge


def _reflected(x: Array) -> tuple[Array, Array, Array]:
    """Where ``x`` is negative; 1 - x there, else x; the angle πx without its multiples of π, which cost it digits."""
    negative = x < 0
    part = tf.where(negative, x - tf.round(x), scalar(0.5, x.dtype) * tf.ones_like(x))
    return negative, tf.where(negative, 1 - x, x), scalar(math.pi, x.dtype) * part


def gammainc(a: Array, x: Array) -> Array:
    """The regularised lower incomplete gamma function."""
    return _at_ends(tf.math.igamma, lambda x: -tf.math.expm1(-x), a, x)


def gammaincc(a: Array, x: Array) -> Array:
    """The regularised upper one."""
    return _at_ends(tf.math.igammac, lambda x: tf.exp(-x), a, x)


def at_end(a: Any, x: Any) -> Any:
    """Where the rule of an incomplete gamma function is 0·∞: at ∞, and at 0 for ``a = 1``; for NumPy arrays too."""
    return (x == math.inf) | ((x == 0) & (a == 1))


def _at_ends(function: Any, of_order_1: Any, a: Array, x: Array) -> Array:
    """``function(a, x)``; at its ends that of order 1 has the same derivatives by ``x``, and a rule without ∞."""
    end = at_end(a, x)
    return tf.where(end, of_order_1(x), function(a, tf.where(end, tf.ones_like(x), x)))


def ruled(function: Callable[..., Array], *slopes: Callable[..., Array]) -> Callable[..., Array]:
    """``function`` of tensors of one shape and dtype; ``slopes``, differentiable functions, are its derivatives.

    TensorFlow's forward mode takes the derivative of what happens inside a custom gradient, where it finds one: the
    value is a constant there, so that it finds none and transposes the rule. And what a rule keeps in a graph has to be
    a tensor of the graph that it is called in.
    """

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def value(*arrays: Array) -> tuple[Array, Callable[[Array], list[Array]]]:
        if not tf.executing_eagerly():
            arrays = tuple(map(tf.identity, arrays))
        return tf.stop_gradient(function(*arrays)), lambda g: [tf.math.conj(slope(*arrays)) * g for slope in slopes]

    return value  # type: ignore[no-any-return]


def is_extreme(x: Any, y: Any, least: float) -> Any:
    """Where factors of a second derivative of ``x**y`` overflow or underflow; for NumPy arrays too."""
    size, exponent = abs(x), abs(y)
    return ((size < least) | (size > 1 / least) | (exponent > 1 / least)) & (size > 0) & (size < math.inf)


def _bend_of_power(x: Array, y: Array) -> Array:
    """y·(y - 1)·x^(y - 2), by the root of the power."""
    root, one = power(tf.abs(x), y / 2 - 1), tf.ones_like(x)
    return root * y * (root * (y - 1)) * tf.pow(tf.where(x < 0, -one, one), tf.stop_gradient(y))


def _mixed_of_power(x: Array, y: Array) -> Array:
    """The derivative by both, 0 where the exponent has none."""
    below = power(x, y - 1)
    return tf.where(x > 0, below + below * y * _logarithm(x), tf.zeros_like(x))


def _logarithm(x: Array) -> Array:
    """The logarithm, and 0 where there is none: an exponent of a negative base has no derivative."""
    return tf.math.log(tf.where(x > 0, x, tf.ones_like(x)))


_slope_of_power = ruled(lambda x, y: y * tf.pow(x, y - 1), _bend_of_power, _mixed_of_power)
_slope_by_exponent: Any = ruled(
    lambda x, y: tf.pow(x, y) * _logarithm(x),
    _mixed_of_power,
    lambda x, y: _slope_by_exponent(x, y) * _logarithm(x),
)
power: Any = ruled(tf.pow, _slope_of_power, _slope_by_exponent)
"""``x**y`` where ``x`` is not 0, with derivatives whose factors are no larger or smaller than they have to be."""


def _usable(x: Array, y: Array) -> Array:
    """``y``, and 1 where ``x`` is 0 and ``y`` has no logarithm."""
    return tf.where(_is_nothing(x, y), tf.ones_like(y), y)


def _is_nothing(x: Array, y: Array) -> Array:
    return tf.equal(x, 0) & ~(tf.math.is_finite(y) & (y > 0))


xlogy: Any = ruled(
    tf.math.xlogy,
    lambda x, y: tf.math.log(_usable(x, y)),
    lambda x, y: tf.where(_is_nothing(x, y), tf.zeros_like(x), x / _usable(x, y)),
)
"""x·log(y), and 0 where ``x`` is 0: differentiable there too, and without a square of ``y``."""
