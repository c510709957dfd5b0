"""The namespaces of the flavour ``conventions="spec"``: JAX's, with each function mended that breaks a clause.

What is mended is made of JAX's own differentiable functions, or has a rule made of them: derivatives of every order, in
both modes. The pattern is where a rule divides by 0: another argument is put in the singular one's place, and another
result in its result's. At arguments of every magnitude these are right by it: FUN-180, FUN-181, FUN-182, FUN-184,
FUN-185 to the first order, FUN-186, FUN-187 to the second, FUN-188 in float16.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax
from jax import numpy as jnp
from jax.scipy import special

import autodiff_jax.extra as _extra
from autodiff_jax import _operators, _special
from autodiff_jax import xp as _xp
from autodiff_jax._array import SCALARS
from autodiff_jax._wrap import binary, general, unary
from autodiff_jax.xp import linalg as _linalg
from autodiff_spec._shared import overlaid
from autodiff_spec._slopes import complex_slopes, slopes


def _is_real(x: Any) -> bool:
    return bool(jnp.issubdtype(jnp.result_type(x), jnp.floating))


def _is_complex(x: Any) -> bool:
    return bool(jnp.issubdtype(jnp.result_type(x), jnp.complexfloating))


def _of_real(native: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """In place of ``native`` for two real arrays, which are broadcast and of one dtype then."""

    def decorate(mended: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(native)
        def function(x1: Any, x2: Any, /) -> Any:
            dtype = jnp.result_type(x1, x2)
            if not jnp.issubdtype(dtype, jnp.floating):
                return native(x1, x2)
            return mended(*jnp.broadcast_arrays(jnp.asarray(x1, dtype), jnp.asarray(x2, dtype)))

        return function

    return decorate


def _ruled(function: Callable[..., Any], *of: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` of arrays of one shape and dtype; ``of``, differentiable functions, are its derivatives."""
    mended: Any = jax.custom_jvp(function)
    mended.defjvps(*(lambda tangent, value, *primals, slope=slope: tangent * slope(*primals) for slope in of))
    return mended  # type: ignore[no-any-return]


_FUNCTIONS = SimpleNamespace(**vars(jnp) | {"complex": jax.lax.complex, "erf": special.erf, "erfc": special.erfc})
_RIGHT = slopes(_FUNCTIONS, _ruled)
_COMPLEX = complex_slopes(_FUNCTIONS, _ruled, _RIGHT)


def _or_native(right: Any, native: Any, of_complex: Any = None) -> Callable[[Any], Any]:
    """A recorded function of one array, in place of ``native`` where that is real, or complex."""

    @functools.wraps(native)
    def function(x: Any) -> Any:
        chosen = right if _is_real(x) else of_complex if of_complex and _is_complex(x) else native
        return native(x) if chosen is native else chosen(jnp.asarray(x))

    return unary(function)


def _real_abs(x: Any) -> Any:
    return x * jax.lax.stop_gradient(jnp.sign(x))


abs = _or_native(_real_abs, jnp.abs, _COMPLEX.abs)
"""``abs`` of the namespace. KINK-02: its derivative is the sign, at 0 too. FUN-252: complex, tiny or huge."""

acos = _or_native(_RIGHT.acos, jnp.acos, _COMPLEX.acos)
"""``acos`` of the namespace. FUN-183: next to -1 and 1, where 1 - x² cancels on processors that do not fuse it.
FUN-240: of complex numbers, far out, where the square overflows.
"""

acosh = _or_native(_RIGHT.acosh, jnp.acosh, _COMPLEX.acosh)
"""``acosh`` of the namespace. FUN-120, FUN-239: its rule has two roots, whose product has the sign that one root lacks,
and which do not overflow: FUN-181, FUN-240.
"""

asin = _or_native(_RIGHT.asin, jnp.asin, _COMPLEX.asin)
"""``asin`` of the namespace. FUN-183, FUN-240: as `acos`."""

asinh = _or_native(_RIGHT.asinh, jnp.asinh, _COMPLEX.asinh)
"""``asinh`` of the namespace. FUN-181, FUN-240: far out, where x² overflows."""

atan2 = binary(_of_real(jnp.atan2)(_RIGHT.atan2))
"""``atan2`` of the namespace. FUN-184, FUN-186: of tiny and huge numbers, and of equal size at second order."""

atanh = _or_native(_RIGHT.atanh, jnp.atanh, _COMPLEX.atanh)
"""``atanh`` of the namespace. FUN-186: its second derivative near 0."""


@_of_real(jnp.copysign)
def _copysign(x1: Any, x2: Any) -> Any:
    return _real_abs(x1) * jax.lax.stop_gradient(jnp.copysign(jnp.ones_like(x1), x2))


copysign = binary(_copysign)
"""``copysign`` of the namespace. KINK-14: its derivative by ``x1`` at 0 is 0."""

cosh = _or_native(jnp.cosh, jnp.cosh, _COMPLEX.cosh)
"""``cosh`` of the namespace. FUN-239: of small complex numbers, of which JAX's sinh, its derivative, cancels."""

expm1 = _or_native(_RIGHT.expm1, jnp.expm1, _COMPLEX.expm1)
"""``expm1`` of the namespace. FUN-182, FUN-240: far below 0, where 1 + expm1(x) cancels."""

hypot = binary(_of_real(jnp.hypot)(_RIGHT.hypot))
"""``hypot`` of the namespace. KINK-22, KINK-23, FUN-184, FUN-186: at (0, 0), of any size, and of equal numbers."""

logaddexp = binary(_of_real(jnp.logaddexp)(_RIGHT.logaddexp))
"""``logaddexp`` of the namespace. FUN-184, FUN-186: of numbers far apart."""


def pow(x1: Any, x2: Any, /) -> Any:
    """``pow`` of the namespace. KINK-27, KINK-28, KINK-31: its derivatives where the base is 0."""
    if type(x2) not in SCALARS:
        return _pow(x1, x2)
    if type(x1) in SCALARS:
        return _xp.pow(x1, x2)
    if type(x2) is float and x2 in (0.0, 1.0, 2.0, 3.0) and jnp.issubdtype(x1.dtype, jnp.floating):
        x2 = int(x2)  # JAX's rule for integers is right
    return _xp.pow(x1, x2)


@jax.custom_jvp
def _power(x1: Any, x2: Any) -> Any:
    return jnp.power(x1, x2)


@_power.defjvp
def _power_rule(primals: Any, tangents: Any) -> Any:
    """y·x^(y-1) by the base, 0 at (0, 0); by the exponent 0 where log x is not finite, lest it meet a tangent of 0."""
    (x, y), value = primals, _power(*primals)
    below = jnp.where((x == 0) & (y == 0), 1, y - 1)
    logarithm = jnp.log(jnp.where((x > 0) & (x < math.inf), x, 1))
    return value, y * _power(x, below) * tangents[0] + value * logarithm * tangents[1]


_pow = binary(_of_real(jnp.power)(_power))


sign = _or_native(jnp.sign, jnp.sign, _COMPLEX.sign)
"""``sign`` of the namespace. FUN-122, FUN-237: of a complex number it is the phase, which is no constant."""

sinc = _or_native(_RIGHT.sinc, jnp.sinc)
"""``sinc`` of ``extra``. FUN-178, FUN-181, FUN-186: near 0 by a power series, far out without the whole turns."""

sinh = _or_native(jnp.sinh, jnp.sinh, _COMPLEX.sinh)
"""``sinh`` of the namespace. FUN-250, FUN-251: of small complex numbers, where exponentials cancel."""

tan = _or_native(jnp.tan, jnp.tan, _COMPLEX.tan)
"""``tan`` of the namespace. FUN-239: of complex numbers far from the real axis, where 1 + tan² cancels."""

tanh = _or_native(_RIGHT.tanh, jnp.tanh, _COMPLEX.tanh)
"""``tanh`` of the namespace. FUN-170, FUN-182, FUN-239: far from 0, where 1 - tanh² cancels."""

sigmoid = _or_native(_RIGHT.sigmoid, jax.nn.sigmoid)
"""``sigmoid`` of ``extra``. FUN-170, FUN-182, FUN-186: where it comes near to 1."""

softplus = _or_native(_RIGHT.softplus, jax.nn.softplus)
"""``softplus`` of ``extra``. FUN-186: its second derivative far from 0."""

erf = _or_native(_RIGHT.erf, special.erf)
"""``erf`` of ``extra``. FUN-187: its second derivative of huge numbers."""

_gelu, _gelu_by_tanh = _or_native(_RIGHT.gelu, jax.nn.gelu), _or_native(_RIGHT.gelu_by_tanh, jax.nn.gelu)


def gelu(x: Any, /, *, approximate: bool = False) -> Any:
    """``gelu`` of ``extra``. FUN-181, FUN-182, FUN-186: far below 0, where 1 + tanh cancels, and far out."""
    return (_gelu_by_tanh if approximate else _gelu)(x)


silu = _or_native(lambda x: x * _RIGHT.sigmoid(x), jax.nn.silu)
"""``silu`` of ``extra``. FUN-186: its second derivative far from 0."""


def _relative(x: Any, axis: int) -> tuple[Any, Any, Any]:
    """Where one largest element is, how far all lie below it, and the exponentials of that; its own are constant."""
    largest = jnp.argmax(x, axis, keepdims=True)
    top = jnp.arange(x.shape[axis]).reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)]) == largest
    distance = jnp.where(top, 0, x - jnp.sum(jnp.where(top, x, 0), axis, keepdims=True))
    return top, distance, jnp.exp(distance)


@functools.wraps(jax.nn.softmax)
def _softmax(x: Any, axis: int) -> Any:
    if not x.size:
        return jax.nn.softmax(x, axis)
    _, _, weights = _relative(x, axis)
    return weights / jnp.sum(weights, axis, keepdims=True)


@functools.wraps(jax.nn.log_softmax)
def _log_softmax(x: Any, axis: int) -> Any:
    if not x.size:
        return jax.nn.log_softmax(x, axis)
    top, distance, weights = _relative(x, axis)
    return distance - jnp.log1p(jnp.sum(jnp.where(top, 0, weights), axis, keepdims=True))


_recorded_softmax, _recorded_log_softmax = general(_extra.of_rows(_softmax)), general(_extra.of_rows(_log_softmax))


def softmax(x: Any, /, *, axis: int = -1) -> Any:
    """``softmax`` of ``extra``. FUN-171: the largest element's share is made of the others'."""
    return _recorded_softmax(x, axis)


def log_softmax(x: Any, /, *, axis: int = -1) -> Any:
    """``log_softmax`` of ``extra``. FUN-171: the largest element's logarithm is made of the others."""
    return _recorded_log_softmax(x, axis)


erfinv = unary(_special.erfinv)
"""``erfinv`` of ``extra``. FUN-147: near -1 and 1 too."""

lgamma = unary(_special.lgamma)
"""``lgamma`` of ``extra``. FUN-141, FUN-147: its second derivative below 0."""

digamma = unary(_special.digamma)
"""``digamma`` of ``extra``. FUN-142, FUN-147: its derivative below 0."""

gammainc = binary(_of_real(special.gammainc)(_special.gammainc))
"""``gammainc`` of ``extra``. KINK-74: its derivative by ``x`` at the ends."""

gammaincc = binary(_of_real(special.gammaincc)(_special.gammaincc))
"""``gammaincc`` of ``extra``. KINK-74: as for `gammainc`."""


@functools.wraps(jnp.std)
def _std(x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    return _scaled(
        lambda x, keepdims: _root(jnp.var(x, axis=axis, correction=correction, keepdims=keepdims)), x, axis, keepdims
    )


def _scaled(norm: Callable[..., Any], x: Any, axis: Any, keepdims: bool) -> Any:
    """A function whose value grows as its argument does, of numbers near to 1: their squares are numbers."""
    if not x.size or not (_is_real(x) or _is_complex(x)):
        return norm(x, keepdims)
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(x), axis=axis, keepdims=True))
    scale = jnp.where((largest > 0) & (largest < math.inf), largest, 1)
    found = norm(x / scale, True) * scale
    return found if keepdims else jnp.squeeze(found, axis)


def _root(x: Any) -> Any:
    """The square root of what has the derivative 0 where it is 0."""
    zero = x == 0
    return jnp.where(zero, x, jnp.sqrt(jnp.where(zero, 1, x)))


std = general(_std)
"""``std`` of the namespace. KINK-24, KINK-25, KINK-70, KINK-71: its derivative is 0 where all are equal; FUN-172."""


@functools.wraps(jnp.linalg.matrix_norm)
def _matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    if ord != "fro" or jnp.ndim(x) < 2:
        return jnp.linalg.matrix_norm(x, keepdims=keepdims, ord=ord)
    return _vector_norm(x, axis=(-2, -1), keepdims=keepdims)


matrix_norm = general(_matrix_norm)
"""``linalg.matrix_norm`` of the namespace. KINK-15, KINK-16: the derivative of the Frobenius norm at 0; FUN-172."""


@functools.wraps(jnp.linalg.svd)
def _svd(x: Any, /, *, full_matrices: bool = True) -> Any:
    rows, columns = x.shape[-2:]
    found: Any = jnp.linalg.svd(x, full_matrices=False)
    if not full_matrices or rows == columns:
        return found
    full: Any = jnp.linalg.svd(jax.lax.stop_gradient(x))
    if rows > columns:
        return found._replace(U=_completed(found.U, full.U))
    return found._replace(Vh=_adjoint(_completed(_adjoint(found.Vh), _adjoint(full.Vh))))


def _completed(basis: Any, full: Any) -> Any:
    """``basis``, with orthonormal columns, completed to a square matrix by the other columns of ``full``.

    Those are no function of the basis; their part orthogonal to it, made orthonormal by a Cholesky factor, is one, and
    has their value here. What the factor does not change is the space, all that is differentiable in it.
    """
    others = full[..., :, basis.shape[-1] :]
    rest = others - basis @ (_adjoint(basis) @ others)
    factor = jnp.linalg.cholesky(_adjoint(rest) @ rest)
    columns = _adjoint(jax.lax.linalg.triangular_solve(factor, _adjoint(rest), left_side=True, lower=True))
    return jnp.concat([basis, columns], axis=-1)


def _adjoint(x: Any) -> Any:
    return jnp.conj(jnp.matrix_transpose(x))


svd = general(_svd)
"""``linalg.svd`` of the namespace. FUN-103, FUN-124: vectors beyond the rank of full matrices have derivatives."""


@functools.wraps(jnp.linalg.vector_norm)
def _vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    if not (_is_real(x) or _is_complex(x)) or ord < 1:
        return jnp.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
    return _scaled(lambda x, keepdims: _usual_norm(x, axis, keepdims, ord), x, axis, keepdims)


def _usual_norm(x: Any, axis: Any, keepdims: bool, ord: Any) -> Any:
    if ord == 2:
        squares = jnp.square(x) if _is_real(x) else jnp.square(x.real) + jnp.square(x.imag)
        return _root(jnp.sum(squares, axis=axis, keepdims=keepdims))
    sizes = _real_abs(x) if _is_real(x) else jnp.abs(x)
    if ord == 1:
        return jnp.sum(sizes, axis=axis, keepdims=keepdims)
    if ord == math.inf:
        return jnp.max(sizes, axis=axis, keepdims=keepdims)
    total = jnp.sum(sizes**ord, axis=axis, keepdims=keepdims)
    zero = total == 0
    return jnp.where(zero, total, jnp.where(zero, 1, total) ** (1 / ord))


vector_norm = general(_vector_norm)
"""``linalg.vector_norm`` of the namespace. KINK-15, KINK-16, KINK-20, KINK-55: where elements are 0; FUN-172."""

linalg = overlaid(
    _linalg, "autodiff_jax.mended.linalg", {"matrix_norm": matrix_norm, "svd": svd, "vector_norm": vector_norm}
)
xp = overlaid(
    _xp,
    "autodiff_jax.mended.xp",
    {
        "abs": abs, "acos": acos, "acosh": acosh, "asin": asin, "asinh": asinh, "atan2": atan2, "atanh": atanh,
        "copysign": copysign, "cosh": cosh, "expm1": expm1, "hypot": hypot, "linalg": linalg, "logaddexp": logaddexp,
        "pow": pow, "sign": sign, "sinh": sinh, "std": std, "tan": tan, "tanh": tanh,
    },
)  # fmt: skip
extra = overlaid(
    _extra,
    "autodiff_jax.mended.extra",
    {
        "digamma": digamma, "erf": erf, "erfinv": erfinv, "gammainc": gammainc, "gammaincc": gammaincc, "gelu": gelu,
        "lgamma": lgamma, "log_softmax": log_softmax, "sigmoid": sigmoid, "silu": silu, "sinc": sinc,
        "softmax": softmax, "softplus": softplus,
    },
)

_operators.install_mended(_xp, xp)
