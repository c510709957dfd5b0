"""The namespaces of the flavour ``conventions="spec"``: TensorFlow's, with each function mended that breaks a clause.

What is mended is made of TensorFlow's own differentiable functions, or has a rule made of them (`_special.ruled`), so
that it has derivatives of every order, in forward mode too. The pattern is where a rule divides by 0: another argument
is put in the singular one's place, and another result in its result's. Where that takes several operations, they run
only if a singular point is among the elements (`_unless`); in between TensorFlow's function is right. At arguments of
every magnitude these are right by it: FUN-180, FUN-181, FUN-182, FUN-183, FUN-184, FUN-185 to the first order,
FUN-186, FUN-187 to the second, FUN-188 in float16.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import tensorflow as tf

import autodiff_tensorflow.extra as _extra
from autodiff_spec._shared import overlaid
from autodiff_spec._slopes import complex_slopes, slopes
from autodiff_tensorflow import _special
from autodiff_tensorflow import xp as _xp
from autodiff_tensorflow.extra import in_32, of_rows
from autodiff_tensorflow.xp import linalg as _linalg
from autodiff_tensorflow.xp.convert import is_array, length, lengths, operands, scalar, tensor
from autodiff_tensorflow.xp.dtypes import Array
from autodiff_tensorflow.xp.elementwise import limited
from autodiff_tensorflow.xp.linalg import QRResult
from autodiff_tensorflow.xp.manipulation import axes_of
from autodiff_tensorflow.xp.norms import sizes_of
from autodiff_tensorflow.xp.reductions import cumulative, scanned

_FUNCTIONS = SimpleNamespace(**vars(_xp) | {"complex": tf.complex, "erf": _special.erf, "erfc": _special.erfc})
_RIGHT = slopes(_FUNCTIONS, _special.ruled)
_COMPLEX = complex_slopes(_FUNCTIONS, _special.ruled, _RIGHT)


def _unless(singular: Any, native: Callable[[], Array], mended: Callable[[], Array]) -> Array:
    """The mended result if a condition on what `_seen` gives holds anywhere."""
    if isinstance(singular, (np.ndarray, np.generic)):
        return mended() if singular.any() else native()
    return tf.cond(tf.reduce_any(singular), mended, native)


def _read(x: Array) -> Array:
    """A variable as the tensor that it holds: read once, for the look and for the function."""
    return x.value() if isinstance(x, tf.Variable) else x


def _seen(x: Array) -> Any:
    """The elements for NumPy, in place: its looks take a tenth of the time. In graphs and on devices ``x`` itself."""
    return np.asarray(x) if tf.executing_eagerly() and "CPU" in x.device else x


def _mended(name: str, native: Any, said: str, lost: Any = None) -> Callable[..., Any]:
    """A function whose derivatives are right at every size; the native one where no real number is ``lost``."""
    right, of_complex = getattr(_RIGHT, name), getattr(_COMPLEX, name, native)

    @functools.wraps(native)
    def function(*arrays: Any) -> Array:
        arrays = tuple(map(_read, operands(*arrays) if len(arrays) > 1 else map(tensor, arrays)))
        if not arrays[0].dtype.is_floating:
            return (of_complex if arrays[0].dtype.is_complex else native)(*arrays)
        if len(arrays) > 1 and (arrays[0].shape != arrays[1].shape or not arrays[0].shape.is_fully_defined()):
            arrays = tuple(_xp.broadcast_arrays(*arrays))
        if lost is None:
            return right(*arrays)
        return _unless(lost(_seen(arrays[0])), lambda: native(*arrays), lambda: right(*arrays))

    function.__doc__ = f"``{name}``. {said}"
    return function


def _of_complex(name: str, native: Any, said: str) -> Callable[..., Any]:
    """A function whose derivatives are right at every size, of complex arrays; of real ones the native one."""
    right = getattr(_COMPLEX, name)

    @functools.wraps(native)
    def function(x: Any, /) -> Array:
        x = _read(tensor(x))
        return right(x) if x.dtype.is_complex else native(x)

    function.__doc__ = f"``{name}``. {said}"
    return function


def _beyond(size: float) -> Callable[[Any], Any]:
    """The condition that a number lies that far from 0."""
    return lambda x: abs(x) > size


_BY_REST = "FUN-183: next to -1 and 1, where 1 - x² cancels. FUN-240: complex, far out."
absolute = _of_complex("abs", _xp.abs, "FUN-237: of tiny complex numbers, whose squares underflow.")
acos = _mended("acos", _xp.acos, _BY_REST, _beyond(0.5))
acosh = _of_complex("acosh", _xp.acosh, "FUN-240, FUN-251: complex, far out and near 0.")
asin = _mended("asin", _xp.asin, _BY_REST, _beyond(0.5))
atan = _mended("atan", _xp.atan, "FUN-187, FUN-240, FUN-252: far out, where x² overflows.", _beyond(64.0))
atan2 = _mended("atan2", _xp.atan2, "FUN-184, FUN-186: of tiny and huge numbers, and of equal size at second order.")
atanh = _mended("atanh", _xp.atanh, _BY_REST, _beyond(0.5))


def clip(x: Any, /, min: Any = None, max: Any = None) -> Array:
    """``clip`` of the namespace. KINK-10, KINK-12: at a bound half the derivative is the bound's."""
    x = _read(tensor(x))
    if not x.dtype.is_floating or min is max is None:
        return limited(x, min, max, _xp.maximum, _xp.minimum)
    min, max = (_read(bound) if is_array(bound) else bound for bound in (min, max))
    values, bounds = _seen(x), [bound for bound in (min, max) if bound is not None]
    ties = [values == (_seen(_xp.astype(bound, x.dtype, copy=False)) if is_array(bound) else bound) for bound in bounds]
    return _unless(
        ties[0] if len(ties) == 1 else ties[0] | ties[1],
        lambda: limited(x, min, max, _xp.maximum, _xp.minimum),
        lambda: limited(x, min, max, maximum, minimum),
    )


hypot = _mended("hypot", _xp.hypot, "FUN-184, FUN-186: of huge and tiny numbers, and its second derivatives.")
log1p = _mended("log1p", _xp.log1p, "FUN-181: of huge numbers, whose reciprocal loses digits.", _beyond(64.0))
log2 = _mended("log2", _xp.log2, "FUN-181: as `log1p`.", _beyond(64.0))


def maximum(x1: Any, x2: Any, /) -> Array:
    """``maximum`` of the namespace. KINK-06: at a tie each argument has half the derivative."""
    return _halved(tf.maximum, *map(_read, operands(x1, x2)))


def minimum(x1: Any, x2: Any, /) -> Array:
    """``minimum`` of the namespace. KINK-06: as for `maximum`."""
    return _halved(tf.minimum, *map(_read, operands(x1, x2)))


def _halved(function: Any, a: Array, b: Array) -> Array:
    """The mean over both orders, for TensorFlow gives the whole derivative to the first of two equal arguments."""
    if not a.dtype.is_floating:
        return function(a, b)
    half = scalar(0.5, a.dtype)
    return _unless(_seen(a) == _seen(b), lambda: function(a, b), lambda: half * function(a, b) + half * function(b, a))


def pow(x1: Any, x2: Any, /) -> Array:
    """``pow`` of the namespace. KINK-27, KINK-28, KINK-31: of the base 0; FUN-184, FUN-187: of an extreme one."""
    a, b = map(_read, operands(x1, x2))
    if not a.dtype.is_floating:
        return _xp.pow(x1, x2)
    if isinstance(x2, (int, float)) and x2 in _POLYNOMIALS:
        return _POLYNOMIALS[x2](a)
    least = _xp.finfo(a.dtype).smallest_normal ** 0.25

    def mended() -> Array:
        x, y = _xp.broadcast_arrays(a, b)
        extreme, one = _special.is_extreme(x, y, least), tf.ones_like(x)
        usual = _regular_power(tf.where(extreme, one, x), tf.where(extreme, one, y))
        return tf.where(extreme, _special.power(tf.where(extreme, x, one), tf.where(extreme, y, one)), usual)

    return _unless(_special.is_extreme(_seen(a), _seen(b), least), lambda: _regular_power(a, b), mended)


def _regular_power(a: Array, b: Array) -> Array:
    """``a**b``, with derivatives where the base is 0."""

    def mended() -> Array:
        zero = tf.equal(a, 0)
        constant, linear = zero & tf.equal(b, 0), zero & tf.equal(b, 1)
        return tf.where(linear, a, tf.pow(tf.where(constant | linear, tf.ones_like(a), a), b))

    return _unless(_seen(a) == 0, lambda: tf.pow(a, b), mended)


_POLYNOMIALS: dict[float, Any] = {
    0: lambda x: tf.where(False, x, tf.ones_like(x)),  # recorded, or it would have no history
    1: tf.identity,
    2: tf.square,
    3: lambda x: x * tf.square(x),
}


sign = _of_complex("sign", _xp.sign, "FUN-237, FUN-250: of tiny complex numbers, whose squares underflow.")
sinc = _mended("sinc", _extra.sinc, "FUN-181, FUN-186: far out, without whole turns.", _beyond(1.0))


def xlogy(x1: Any, x2: Any, /) -> Array:
    """``xlogy`` of ``extra``. KINK-67: its derivative by ``x1`` is ``log(x2)``, where ``x1`` is 0 too; FUN-187."""
    a, b = map(_read, operands(x1, x2))
    if not a.dtype.is_floating:
        return _extra.xlogy(a, b)
    limits = _xp.finfo(b.dtype)
    size, least = _seen(b), limits.smallest_normal**0.5
    lost = (_seen(a) == 0) | (size < least) | (size > 1 / least)
    return _unless(lost, lambda: tf.math.xlogy(a, b), lambda: _special.xlogy(*_xp.broadcast_arrays(a, b)))


tan = _of_complex("tan", _xp.tan, "FUN-239: complex, far from the real axis, where 1/cos² is infinity over infinity.")
tanh = _mended("tanh", _xp.tanh, "FUN-170, FUN-182, FUN-239: far from 0, where 1 - tanh² cancels.", _beyond(1.0))
sigmoid = _mended("sigmoid", _extra.sigmoid, "FUN-170, FUN-182, FUN-186: where it comes near to 1, and near 0.")
softplus = _mended("softplus", _extra.softplus, "FUN-186: its second derivative far from 0.", _beyond(1.0))
erf = _mended("erf", _extra.erf, "FUN-181, FUN-187: of numbers whose square overflows.", _beyond(8.0))


def gelu(x: Any, /, *, approximate: bool = False) -> Array:
    """``gelu`` of ``extra``. FUN-181, FUN-182, FUN-186: far below 0, where 1 + erf or 1 + tanh cancels, and far out."""
    return (_RIGHT.gelu_by_tanh if approximate else _RIGHT.gelu)(_read(tensor(x)))


def silu(x: Any, /) -> Array:
    """``silu`` of ``extra``. FUN-186: its second derivative far from 0."""
    x = _read(tensor(x))
    return x * sigmoid(x)


def softmax(x: Any, /, *, axis: int = -1) -> Array:
    """``softmax`` of ``extra``. FUN-171: the largest element's share is made of the others'."""
    return of_rows(_softmax, _read(tensor(x)), axis)


def _softmax(x: Array, axis: int) -> Array:
    _, _, weights = _relative(x, axis)
    return weights / tf.reduce_sum(weights, axis, keepdims=True)


def log_softmax(x: Any, /, *, axis: int = -1) -> Array:
    """``log_softmax`` of ``extra``. FUN-171: the largest element's logarithm is made of the others."""
    return of_rows(_log_softmax, _read(tensor(x)), axis)


def _log_softmax(x: Array, axis: int) -> Array:
    top, distance, weights = _relative(x, axis)
    others = tf.where(top, tf.zeros_like(weights), weights)
    return distance - tf.math.log1p(tf.reduce_sum(others, axis, keepdims=True))


def _relative(x: Array, axis: int) -> tuple[Array, Array, Array]:
    """Where one largest element is, how far all lie below it, and the exponentials of that; its own are constant."""
    equal = tf.cast(tf.equal(x, tf.reduce_max(x, axis, keepdims=True)), tf.int32)
    top, nothing = tf.equal(tf.cumsum(equal, axis) * equal, 1), tf.zeros_like(x)
    distance = tf.where(top, nothing, x - tf.reduce_sum(tf.where(top, x, nothing), axis, keepdims=True))
    return top, distance, tf.exp(distance)


def erfinv(x: Any, /) -> Array:
    """``erfinv`` of ``extra``. FUN-147: near -1, 0 and 1 too."""
    x = _read(tensor(x))
    size = abs(_seen(x))
    return _unless(
        (size > 0.96875) | (size < 1 / 64), lambda: _extra.erfinv(x), lambda: in_32(_special.erfinv, x)
    )


def lgamma(x: Any, /) -> Array:
    """``lgamma`` of ``extra``. FUN-147: its second derivative below -10, in float32, and of huge numbers."""
    x = _read(tensor(x))
    return _unless(_in_a_tail(_seen(x)), lambda: _extra.lgamma(x), lambda: in_32(_special.lgamma, x))


def digamma(x: Any, /) -> Array:
    """``digamma`` of ``extra``. FUN-147: its derivative below -10, in float32, and of huge numbers."""
    x = _read(tensor(x))
    return _unless(_in_a_tail(_seen(x)), lambda: _extra.digamma(x), lambda: in_32(_special.digamma, x))


def _in_a_tail(x: Any) -> Any:
    """Where TensorFlow's zeta function is wrong."""
    return (x < 0) | _special.is_huge(x)


def gammainc(a: Any, x: Any, /) -> Array:
    """``gammainc`` of ``extra``. KINK-74: its derivative by ``x`` at the ends."""
    a, x = map(_read, operands(a, x))
    singular = _special.at_end(_seen(a), _seen(x))
    return _unless(singular, lambda: _extra.gammainc(a, x), lambda: in_32(_special.gammainc, a, x))


def gammaincc(a: Any, x: Any, /) -> Array:
    """``gammaincc`` of ``extra``. KINK-74: as for `gammainc`."""
    a, x = map(_read, operands(a, x))
    singular = _special.at_end(_seen(a), _seen(x))
    return _unless(singular, lambda: _extra.gammaincc(a, x), lambda: in_32(_special.gammaincc, a, x))


def cumulative_prod(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    """``cumulative_prod`` of the namespace. KINK-36, KINK-69, FUN-173: derivatives where factors are 0 or small."""
    x = _read(tensor(x) if dtype is None else _xp.astype(x, dtype))
    if not x.dtype.is_floating:
        return _xp.cumulative_prod(x, axis=axis, dtype=dtype, include_initial=include_initial)
    return cumulative(_cumprod, 1, x, axis, include_initial)


def _cumprod(x: Array, *, axis: int) -> Array:
    size = abs(_seen(x))
    largest = size.max(initial=0) if isinstance(size, np.ndarray) else tf.reduce_max(size)
    return _unless((size == 0) | (64 * size < largest), lambda: tf.math.cumprod(x, axis), lambda: scanned(x, axis))


def prod(x: Any, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Array:
    """``prod`` of the namespace. KINK-35, FUN-50, FUN-123, FUN-187: second derivatives: factors 0, tiny or complex."""
    x = _read(tensor(x) if dtype is None else _xp.astype(x, dtype))
    if x.dtype.is_complex and x.shape.num_elements():
        return _multiplied(x, axes_of(axis, x.shape.rank), keepdims)
    if not x.dtype.is_floating:
        return _xp.prod(x, axis=axis, dtype=dtype, keepdims=keepdims)
    return _unless(
        abs(_seen(x)) < _xp.finfo(x.dtype).smallest_normal ** 0.25,
        lambda: _xp.prod(x, axis=axis, keepdims=keepdims),
        lambda: _multiplied(x, axes_of(axis, x.shape.rank), keepdims),
    )


def _multiplied(x: Array, axes: list[int], keepdims: bool) -> Array:
    """The product over axes; their lengths are not 0, or ``x`` would have no zeros."""
    sizes = lengths(x)
    kept = [each for each in range(x.shape.rank) if each not in axes]
    together = tf.reshape(tf.transpose(x, axes + kept), [-1, *(sizes[each] for each in kept)])
    return tf.reshape(scanned(together, 0)[-1], _reduced(sizes, axes, keepdims))


def _reduced(sizes: list[Any], axes: list[int], keepdims: bool) -> list[Any]:
    """The shape after a reduction."""
    return [1 if i in axes else size for i, size in enumerate(sizes) if keepdims or i not in axes]


def std(x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Array:
    """``std`` of the namespace. KINK-24, KINK-25, KINK-70, KINK-71: 0 where all are equal, and FUN-172."""

    def native(x: Array, keepdims: bool) -> Array:
        return _root(_xp.var(x, axis=axis, correction=correction, keepdims=keepdims))

    return _scaled(native, tensor(x), axis, keepdims)


def _scaled(norm: Callable[[Array, bool], Array], x: Array, axis: Any, keepdims: bool, power: float = 2) -> Array:
    """A function whose value grows as its argument does, of numbers nearer to 1 where powers overflow or underflow.

    They are divided by a number that is nearer to 1 than the largest: what is multiplied by it, cotangents too, would
    underflow or overflow otherwise. Halves are computed in 32 bits.
    """
    x = _read(x)
    if not (x.dtype.is_floating or x.dtype.is_complex):
        return norm(x, keepdims)
    if x.dtype.size == 2:
        return in_32(lambda x: norm(x, keepdims), x)
    limits, size = _xp.finfo(x.dtype), sizes_of(tf.stop_gradient(x))
    seen, count = abs(_seen(x)), max(int(np.prod([n or 1 for n in x.shape])), 1)
    lost = (seen > 0) & (seen < (limits.smallest_normal / limits.eps) ** (1 / power))

    def mended() -> Array:
        largest = _xp.max(size, axis=axis, keepdims=True)
        one = tf.ones_like(largest)
        scale = tf.where((largest > 0) & tf.math.is_finite(largest), largest, one)
        scale = scale * tf.where(largest < 1, 65536 * one, one / 65536)
        found = norm(x / tf.cast(scale, x.dtype), True) * scale
        return found if keepdims else _xp.squeeze(found, tuple(axes_of(axis, x.shape.rank)))

    return _unless(lost | (seen > (limits.max / count) ** (1 / power)), lambda: norm(x, keepdims), mended)


def _root(x: Array) -> Array:
    """The square root of what has the derivative 0 where it is 0."""

    def mended() -> Array:
        zero = tf.equal(x, 0)
        return tf.where(zero, x, tf.sqrt(tf.where(zero, tf.ones_like(x), x)))

    return _unless(_seen(x) == 0, lambda: tf.sqrt(x), mended)


def cholesky(x: Any, /, *, upper: bool = False) -> Array:
    """``linalg.cholesky`` of the namespace. KINK-82: its derivative is by the lower triangle, which it reads."""
    x = tensor(x)
    half = tf.linalg.band_part(x, -1, 0) - scalar(0.5, x.dtype) * tf.linalg.band_part(x, 0, 0)
    return _linalg.cholesky(half + tf.linalg.adjoint(half), upper=upper)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    """``linalg.matrix_norm`` of the namespace. KINK-15, KINK-16: the Frobenius norm at 0."""
    x = tensor(x)
    if ord != "fro" or x.shape.rank < 2:
        return _linalg.matrix_norm(x, keepdims=keepdims, ord=ord)
    return vector_norm(x, axis=(-2, -1), keepdims=keepdims)


def qr(x: Any, /, *, mode: str = "reduced") -> QRResult:
    """``linalg.qr`` of the namespace. FUN-104: differentiable for tall matrices in mode ``"complete"`` too."""
    x = tensor(x)
    found = _linalg.qr(x)
    if mode == "reduced" or (x.shape[-2] is not None and x.shape[-2] == x.shape[-1]):
        return found
    full = _linalg.qr(tf.stop_gradient(x), mode=mode)
    below = full.R[..., length(found.R, -2) :, :]
    return QRResult(_completed(found.Q, full.Q), tf.concat([found.R, below], -2))


def _completed(basis: Array, full: Array) -> Array:
    """``basis``, with orthonormal columns, completed to a square matrix by the other columns of ``full``.

    Those are no function of the basis; their part orthogonal to it, made orthonormal by a Cholesky factor, is one, and
    has their value here. What the factor does not change is the space, all that is differentiable in it.
    """
    others = tf.stop_gradient(full[..., :, length(basis, -1) :])
    rest = others - basis @ tf.matmul(basis, others, adjoint_a=True)
    factor = tf.linalg.cholesky(tf.matmul(rest, rest, adjoint_a=True))
    columns = tf.linalg.adjoint(tf.linalg.triangular_solve(factor, tf.linalg.adjoint(rest)))
    return tf.concat([basis, columns], -1)


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Array:
    """``linalg.vector_norm`` of the namespace. KINK-15, KINK-16, KINK-55: the 2-norm at 0; FUN-172."""

    def native(x: Array, keepdims: bool) -> Array:
        if ord != 2:
            return _linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
        return _root(_xp.sum(tf.square(sizes_of(x)), axis=axis, keepdims=keepdims))

    if abs(ord) in (0, 1, math.inf):
        return native(x, keepdims)
    return _scaled(native, tensor(x), axis, keepdims, max(2, abs(ord)))


linalg = overlaid(
    _linalg,
    "autodiff_tensorflow.mended.linalg",
    {"cholesky": cholesky, "matrix_norm": matrix_norm, "qr": qr, "vector_norm": vector_norm},
)
xp = overlaid(
    _xp,
    "autodiff_tensorflow.mended.xp",
    {
        "abs": absolute, "acos": acos, "acosh": acosh, "asin": asin, "atan": atan, "atan2": atan2, "atanh": atanh,
        "clip": clip, "cumulative_prod": cumulative_prod, "hypot": hypot, "linalg": linalg, "log1p": log1p,
        "log2": log2, "maximum": maximum, "minimum": minimum, "pow": pow, "prod": prod, "sign": sign, "std": std,
        "tan": tan, "tanh": tanh,
    },
)  # fmt: skip
extra = overlaid(
    _extra,
    "autodiff_tensorflow.mended.extra",
    {
        "digamma": digamma, "erf": erf, "erfinv": erfinv, "gammainc": gammainc, "gammaincc": gammaincc, "gelu": gelu,
        "lgamma": lgamma, "log_softmax": log_softmax, "sigmoid": sigmoid, "silu": silu, "sinc": sinc,
        "softmax": softmax, "softplus": softplus, "xlogy": xlogy,
    },
)  # fmt: skip
