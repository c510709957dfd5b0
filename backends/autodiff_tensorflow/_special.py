"""Functions of `mended.extra`, of tensors of 32 bits or more: special functions that are right in their tails.

They are made of TensorFlow's own where these are right, so that they have derivatives of every order.
"""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from autodiff_tensorflow.xp.convert import scalar
from autodiff_tensorflow.xp.dtypes import Array


def erfinv(x: Array) -> Array:
    """The inverse error function; beyond ±½ it is a quantile of the normal distribution, of 1 - x, which is exact."""
    away = tf.abs(x) > 0.5
    rest = tf.where(away, 1 - tf.abs(x), tf.ones_like(x))
    tail = -tf.sign(x) * tf.math.ndtri(rest / 2) * scalar(math.sqrt(0.5), x.dtype)
    return tf.where(away, tail, tf.math.erfinv(tf.where(away, tf.zeros_like(x), x)))


def lgamma(x: Array) -> Array:
    """The logarithm of abs Γ(x); below 0 by reflection (DLMF 5.5.3), for TensorFlow's zeta function is wrong there."""
    negative, other, angle = _reflected(x)
    found = tf.math.lgamma(other)
    return tf.where(negative, tf.math.log(scalar(math.pi, x.dtype) / tf.abs(tf.sin(angle))) - found, found)


def digamma(x: Array) -> Array:
    """The derivative of `lgamma`; below 0 by reflection (DLMF 5.5.4)."""
    negative, other, angle = _reflected(x)
    found = tf.math.digamma(other)
    return tf.where(negative, found - scalar(math.pi, x.dtype) / tf.tan(angle), found)


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
