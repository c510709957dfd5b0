"""The element-wise functions of the array API standard over TensorFlow's own, whose derivatives they have.

Where TensorFlow has no such function, it is composed of differentiable ones: derivatives of any order are right.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from autodiff_tensorflow.xp import complexes
from autodiff_tensorflow.xp.convert import as_int64, cast, operands, scalar, tensor
from autodiff_tensorflow.xp.dtypes import Array, DType


def _unary(name: str, function: Callable[[Array], Array]) -> Callable[[Any], Array]:
    def elementwise(x: Any, /) -> Array:
        return function(tensor(x))

    elementwise.__name__ = elementwise.__qualname__ = name
    elementwise.__doc__ = f"``{name}`` of the array API standard, element by element."
    return elementwise


def _binary(name: str, function: Callable[[Array, Array], Array]) -> Callable[[Any, Any], Array]:
    def elementwise(x1: Any, x2: Any, /) -> Array:
        return function(*operands(x1, x2))

    elementwise.__name__ = elementwise.__qualname__ = name
    elementwise.__doc__ = f"``{name}`` of the array API standard, element by element, with its promotion of dtypes."
    return elementwise


def _step(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A function constant almost everywhere; on integers the identity.

    TensorFlow does not record these at all, and a target would have no history: tied to ``x``, the derivative is zero.
    """
    return lambda x: tf.where(False, x, function(x)) if x.dtype.is_floating else tf.identity(x)


def _complex(real: Callable[[Array], Array], of_complex: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda x: of_complex(x) if x.dtype.is_complex else real(x)


def _test(function: Callable[[Array], Array], exact: bool, parts: Callable[..., Array]) -> Callable[[Array], Array]:
    """A test of floats; ``exact`` is its answer for integers, ``parts`` joins the answers for a complex's parts."""

    def test(x: Array) -> Array:
        if x.dtype.is_complex:
            return parts(function(tf.math.real(x)), function(tf.math.imag(x)))
        return function(x) if x.dtype.is_floating else tf.fill(tf.shape(x), exact)

    return test


def _abs(x: Array) -> Array:
    return tf.identity(x) if x.dtype.is_unsigned or x.dtype == tf.bool else tf.abs(x)


def _tanh(x: Array) -> Array:
    # The cotangent of a reshaped array is a tensor; rows would be `tf.IndexedSlices`, which tanh' cannot take.
    return tf.tanh(tf.reshape(x, tf.shape(x)))


def _signbit(x: Array) -> Array:
    if not x.dtype.is_floating:
        return tf.less(x, tf.zeros((), x.dtype))
    return tf.bitcast(x, {2: tf.int16, 4: tf.int32, 8: tf.int64}[x.dtype.size]) < 0


def _sign(x: Array) -> Array:
    return tf.cast(x != 0, x.dtype) if x.dtype.is_unsigned else tf.sign(x)


def _log_of_base(base: float) -> Callable[[Array], Array]:
    """The logarithm in units of that of ``base``; of a complex one each part by itself, for infinity times 0 is NaN."""
    unit = math.log(base)
    return _complex(
        lambda x: tf.math.log(x) / unit, lambda x: complexes.by_parts(lambda part: part / unit, complexes.log(x))
    )


def _trunc(x: Array) -> Array:
    return tf.where(x < 0, tf.math.ceil(x), tf.floor(x))


abs = _unary("abs", _abs)
acos = _unary("acos", tf.acos)
acosh = _unary("acosh", tf.acosh)
asin = _unary("asin", tf.asin)
asinh = _unary("asinh", tf.asinh)
atan = _unary("atan", tf.atan)
atanh = _unary("atanh", tf.atanh)
ceil = _unary("ceil", _step(tf.math.ceil))
conj = _unary("conj", tf.math.conj)
cos = _unary("cos", tf.cos)
cosh = _unary("cosh", tf.cosh)
exp = _unary("exp", tf.exp)
expm1 = _unary("expm1", _complex(tf.math.expm1, complexes.expm1))
floor = _unary("floor", _step(tf.floor))
imag = _unary("imag", tf.math.imag)
isfinite = _unary("isfinite", _test(tf.math.is_finite, True, tf.logical_and))
isinf = _unary("isinf", _test(tf.math.is_inf, False, tf.logical_or))
isnan = _unary("isnan", _test(tf.math.is_nan, False, tf.logical_or))
log = _unary("log", _complex(tf.math.log, complexes.log))
log1p = _unary("log1p", _complex(tf.math.log1p, complexes.log1p))
log2 = _unary("log2", _log_of_base(2.0))
log10 = _unary("log10", _log_of_base(10.0))
logical_not = _unary("logical_not", tf.logical_not)
negative = _unary("negative", lambda x: tf.zeros((), x.dtype) - x if x.dtype.is_unsigned else tf.negative(x))
positive = _unary("positive", tf.identity)
real = _unary("real", tf.math.real)
reciprocal = _unary("reciprocal", tf.math.reciprocal)
round = _unary("round", _complex(_step(tf.round), lambda x: complexes.by_parts(_step(tf.round), x)))
sign = _unary("sign", _sign)
signbit = _unary("signbit", _signbit)
sin = _unary("sin", tf.sin)
sinh = _unary("sinh", tf.sinh)
sqrt = _unary("sqrt", tf.sqrt)
square = _unary("square", tf.square)
tan = _unary("tan", tf.tan)
tanh = _unary("tanh", _complex(_tanh, complexes.tanh))
trunc = _unary("trunc", _step(_trunc))
bitwise_invert = _unary(
    "bitwise_invert", lambda x: tf.logical_not(x) if x.dtype == tf.bool else tf.bitwise.invert(x)
)


def _copysign(x1: Array, x2: Array) -> Array:
    one = scalar(1.0, x1.dtype)
    return tf.abs(x1) * tf.where(_signbit(x2), -one, one)


def _floor_divide(x1: Array, x2: Array) -> Array:
    quotient = tf.math.floordiv(x1, x2)
    if not quotient.dtype.is_floating:
        return quotient
    return tf.where(False, x1, tf.where(False, x2, quotient))  # see _step


def _remainder(x1: Array, x2: Array) -> Array:
    """The remainder has the sign of ``x2``, where it is 0 too; TensorFlow's then has that of ``x1``."""
    found = tf.math.floormod(x1, x2)
    if not found.dtype.is_floating:
        return found
    minus, plus = scalar(-0.0, found.dtype), scalar(0.0, found.dtype)
    zero = tf.where(_signbit(x2), minus, plus) - (tf.stop_gradient(found) - found)  # found's derivative: 0 - 0 is +0
    return tf.where(tf.equal(found, 0), zero, found)


def _pow(x1: Array, x2: Array) -> Array:
    if x1.dtype.is_unsigned:
        return as_int64(tf.pow, x1, x2)
    if not x1.dtype.is_complex:
        return tf.pow(x1, x2)
    one = tf.equal(x1, 0) & tf.equal(x2, 0)  # of which TensorFlow's complex kernel makes NaN
    return tf.pow(tf.where(one, scalar(1.0, x1.dtype), x1), x2)


def _logaddexp(x1: Array, x2: Array) -> Array:
    """``log(exp(x1) + exp(x2))`` as the greater plus softplus of the difference: weights ½, ½ at a tie."""
    first = tf.greater_equal(x1, x2)
    high, low = tf.where(first, x1, x2), tf.where(first, x2, x1)
    high = high + tf.where(tf.math.is_nan(x1), x1, tf.zeros_like(x1))  # no comparison is true of NaN
    difference = tf.where(tf.math.is_inf(high), scalar(-math.inf, high.dtype), low - high)
    return high + tf.nn.softplus(difference)


def _shift(function: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """A shift by any number of bits; TensorFlow's takes those beyond the last as the last one."""

    def shift(x1: Array, x2: Array) -> Array:
        found = function(x1, x2)
        if function is tf.bitwise.right_shift and not x1.dtype.is_unsigned:
            return found  # all bits are the sign's then
        return tf.where(tf.less(x2, scalar(8 * x1.dtype.size, x2.dtype)), found, tf.zeros((), found.dtype))

    return shift


def _bits(integers: Callable[..., Array], booleans: Callable[..., Array]) -> Callable[[Array, Array], Array]:
    return lambda x1, x2: (booleans if x1.dtype == tf.bool else integers)(x1, x2)


add = _binary("add", tf.add)
atan2 = _binary("atan2", tf.atan2)
bitwise_and = _binary("bitwise_and", _bits(tf.bitwise.bitwise_and, tf.logical_and))
bitwise_left_shift = _binary("bitwise_left_shift", _shift(tf.bitwise.left_shift))
bitwise_or = _binary("bitwise_or", _bits(tf.bitwise.bitwise_or, tf.logical_or))
bitwise_right_shift = _binary("bitwise_right_shift", _shift(tf.bitwise.right_shift))
bitwise_xor = _binary("bitwise_xor", _bits(tf.bitwise.bitwise_xor, tf.math.logical_xor))
copysign = _binary("copysign", _copysign)
divide = _binary("divide", tf.math.truediv)
equal = _binary("equal", tf.equal)
floor_divide = _binary("floor_divide", _floor_divide)
greater = _binary("greater", tf.greater)
greater_equal = _binary("greater_equal", tf.greater_equal)
hypot = _binary("hypot", complexes.hypot)
less = _binary("less", tf.less)
less_equal = _binary("less_equal", tf.less_equal)
logaddexp = _binary("logaddexp", _logaddexp)
logical_and = _binary("logical_and", tf.logical_and)
logical_or = _binary("logical_or", tf.logical_or)
logical_xor = _binary("logical_xor", tf.math.logical_xor)
maximum = _binary("maximum", tf.maximum)
minimum = _binary("minimum", tf.minimum)
multiply = _binary("multiply", tf.multiply)
nextafter = _binary("nextafter", tf.math.nextafter)
not_equal = _binary("not_equal", tf.not_equal)
pow = _binary("pow", _pow)
remainder = _binary("remainder", _remainder)
subtract = _binary("subtract", tf.subtract)


def clip(x: Any, /, min: Any = None, max: Any = None) -> Array:
    """``x`` limited to ``[min, max]``, which broadcast, in the dtype of ``x``."""
    return limited(x, min, max, maximum, minimum)


def limited(x: Any, low: Any, high: Any, greater_of: Callable[..., Array], less_of: Callable[..., Array]) -> Array:
    """`clip` by these versions of `maximum` and `minimum`."""
    x = tensor(x)
    found = x
    if low is not None:
        found = greater_of(found, _bound(low, x.dtype))
    if high is not None:
        found = less_of(found, _bound(high, x.dtype))
    return cast(found, x.dtype) if found is not x else tf.identity(x)


def _bound(bound: Any, dtype: DType) -> Any:
    """A Python integer beyond the numbers of an integer dtype is the last of them."""
    if not isinstance(bound, int) or not dtype.is_integer:
        return bound
    return sorted((dtype.min, bound, dtype.max))[1]
