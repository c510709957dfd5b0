"""Determinants, with derivatives of any order at singular matrices too, where TensorFlow's rule inverts in vain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from autodiff_tensorflow.xp.convert import cast, length, tensor
from autodiff_tensorflow.xp.dtypes import Array
from autodiff_tensorflow.xp.manipulation import moveaxis


class SlogdetResult(NamedTuple):
    """The result of `slogdet`."""

    sign: Array
    logabsdet: Array


def det(x: Any, /) -> Array:
    """The determinant. Its derivative in reverse mode is the matrix of cofactors, which a singular matrix has too.

    TensorFlow's rule inverts the matrix, and lacks a conjugate for complex ones.
    """
    return _det(tf.convert_to_tensor(tensor(x)))


def slogdet(x: Any, /) -> SlogdetResult:
    """The sign of the determinant (of a complex one its phase) and the logarithm of its absolute value."""
    x = tf.convert_to_tensor(tensor(x))
    sign, logarithm = tf.linalg.slogdet(x)
    size = tf.math.real(logarithm)
    return SlogdetResult(_phase(x, size) if x.dtype.is_complex else sign, size)


def _phase(a: Array, logarithm: Array) -> Array:
    """The phase of the determinant, which TensorFlow takes for a constant; scaled so that its absolute value is 1."""
    count = tf.cast(tf.maximum(length(a, -1), 1), logarithm.dtype)
    scale = tf.stop_gradient(tf.exp(logarithm / count))
    usable = tf.math.is_finite(scale) & (scale > 0)
    found = _det(a / _for_each(cast(tf.where(usable, scale, tf.ones_like(scale)), a.dtype)))
    return tf.math.divide_no_nan(found, cast(tf.abs(found), a.dtype))


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _det(a: Array) -> tuple[Array, Callable[[Array], Array]]:
    return tf.linalg.det(a), lambda g: _for_each(g) * tf.math.conj(_cofactors(a))


def _for_each(numbers: Array) -> Array:
    """A number for each matrix, with two axes to multiply it by matrices."""
    return numbers[..., tf.newaxis, tf.newaxis]


def _cofactors(a: Array) -> Array:
    """``det(a) · a⁻ᵀ`` for regular matrices, from minors for the others; differentiable.

    A matrix counts as singular below half the digits of its dtype: derivatives of the inverse would be lost there. The
    minors are taken only where they are needed, since there are many; those of two rows are elements, which are right
    where a determinant is no number.
    """
    if a.shape[-1] in (0, 1):
        return tf.where(False, a, tf.ones_like(a))  # recorded, or it would have no history
    if a.shape[-1] == 2:
        return _minors(a)
    values = tf.linalg.svd(tf.stop_gradient(a), compute_uv=False)
    limit = np.finfo(values.dtype.as_numpy_dtype).eps ** 0.5
    singular = _for_each(tf.reduce_min(values, -1) <= limit * tf.reduce_max(values, -1))
    stand_in = tf.where(singular, tf.eye(tf.shape(a)[-1], dtype=a.dtype), a)
    regular = _for_each(_det(stand_in)) * tf.linalg.matrix_transpose(tf.linalg.inv(stand_in))

    def mixed() -> Array:
        return tf.where(singular, _minors(a), regular)

    def all_regular() -> Array:
        return regular

    return tf.cond(tf.reduce_any(singular), mixed, all_regular)


def _minors(a: Array) -> Array:
    """Cofactors as determinants of what remains without a row and a column: polynomials, right at every order."""
    n = length(a, -1)
    place = tf.range(n)[:, tf.newaxis]
    others = tf.range(n - 1) + tf.cast(tf.range(n - 1) >= place, tf.int32)  # in each row all numbers but its own
    parts = tf.gather(tf.gather(a, others, axis=-2), others, axis=-1)  # (..., n, n - 1, n, n - 1)
    minors = _det(moveaxis(parts, -3, -2))
    return minors * tf.cast(1 - 2 * ((place + tf.range(n)) % 2), a.dtype)
