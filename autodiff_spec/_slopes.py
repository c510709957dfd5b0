"""Elementwise functions with derivatives that are right at arguments of every size, for adapters to build theirs from.

A framework's rule is right on paper; far out, near the end of a domain or of numbers of different sizes what it
subtracts cancels, or what it squares overflows. These slopes are products and quotients of numbers of the result's
size, and so are theirs: each names its own derivative, so that every order is right.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

Ruled = Callable[..., Any]
_ERF = 2 / math.sqrt(math.pi)


def exp_of_minus_square(xp: Any, x: Any) -> Any:
    """``exp(-x²)``, as exact as exp: the square of a part of x that has few digits is exact, and the rest is small."""
    eps = xp.finfo(x.dtype).eps
    grid = 65536.0 if eps < 1e-10 else 16.0 if eps < 1e-5 else 2.0
    near = xp.clip(x, -64, 64)
    most = xp.round(near * grid) / grid
    return xp.exp(-most * most) * xp.exp(-(near - most) * (near + most))


def _doubled_by_tanh(xp: Any, x: Any) -> Any:
    """Twice the argument of the tanh in the approximation of gelu; beyond 30 its cube is no matter."""
    near = xp.clip(x, -30.0, 30.0)
    return 2 * math.sqrt(2 / math.pi) * (near + 0.044715 * near * near * near)


def _sinc(xp: Any, sin_pi: Callable[[Any], Any], x: Any) -> Any:
    """sin(πx) / (πx), and its power series near 0, so that every derivative is right there."""
    near = xp.abs(x) < 0.25
    away = xp.where(near, xp.ones_like(x), x)
    t, series = (math.pi * xp.where(near, x, xp.zeros_like(x))) ** 2, xp.ones_like(x)
    for k in range(16, 1, -2):
        series = 1 - t * series / (k * (k + 1))
    return xp.where(near, series, sin_pi(away - 2 * xp.round(away / 2)) / math.pi / away)


def slopes(xp: Any, ruled: Ruled) -> SimpleNamespace:
    """The functions over a framework.

    Args:
        xp: its namespace of elementwise functions on real arrays: abs, atan2, exp, hypot, sqrt, tanh, where and others.
        ruled: ``ruled(function, *slopes)``: a function of arrays with the value of ``function`` and, for each argument,
            a derivative that is a differentiable function of the same arguments.
    """
    found = SimpleNamespace()

    def bell(x: Any) -> Any:  # sigmoid(x)·sigmoid(-x)
        small = xp.exp(-xp.abs(x))
        return small / (1 + small) / (1 + small)

    found.bell = ruled(bell, lambda x: -found.bell(x) * found.tanh(x / 2))
    found.tanh = ruled(xp.tanh, lambda x: 4 * found.bell(2 * x))
    found.sigmoid = ruled(lambda x: xp.where(x < 0, xp.exp(-xp.abs(x)), 1) / (1 + xp.exp(-xp.abs(x))), found.bell)
    found.softplus = ruled(lambda x: xp.logaddexp(x, xp.zeros_like(x)), found.sigmoid)
    found.logaddexp = ruled(xp.logaddexp, lambda x, y: found.sigmoid(x - y), lambda x, y: found.sigmoid(y - x))
    found.expm1 = ruled(xp.expm1, xp.exp)
    found.log1p = ruled(xp.log1p, lambda x: 1 / (1 + x))
    found.log2 = ruled(xp.log2, lambda x: 1 / math.log(2) / x)

    found.over_root = ruled(
        lambda x: 1 / xp.hypot(x, xp.ones_like(x)), lambda x: -(x * found.over_root(x)) * found.over_root(x) ** 2
    )
    found.asinh = ruled(xp.asinh, found.over_root)
    found.atan = ruled(xp.atan, lambda x: found.over_root(x) ** 2)
    found.acosh = ruled(xp.acosh, lambda x: 1 / xp.sqrt(x - 1) / xp.sqrt(x + 1))
    found.over_rest = ruled(lambda x: 1 / (1 - x) / (1 + x), lambda x: 2 * x * found.over_rest(x) ** 2)
    found.atanh = ruled(xp.atanh, found.over_rest)
    found.over_root_of_rest = ruled(
        lambda x: 1 / xp.sqrt(1 - x) / xp.sqrt(1 + x), lambda x: x * found.over_root_of_rest(x) ** 3
    )
    found.asin = ruled(xp.asin, found.over_root_of_rest)
    found.acos = ruled(xp.acos, lambda x: -found.over_root_of_rest(x))

    def length(x: Any, y: Any) -> Any:
        size = xp.hypot(x, y)
        return xp.where(size == 0, 1, size)

    def cosine(x: Any, y: Any) -> Any:  # of the direction of (x, y), 0 at (0, 0); of quarters, whose length is finite
        size = xp.where(xp.isinf(xp.hypot(x, y)), 0.25, xp.ones_like(x))
        return x * size / length(x * size, y * size)

    def inverse(x: Any, y: Any) -> Any:  # a factor, for compilers make one division, by a square, of two
        return 1 / length(x, y)

    def apart(x: Any, y: Any) -> Any:  # (y² - x²) / (x² + y²), of factors that do not cancel
        u, v, over = xp.abs(x), xp.abs(y), inverse(x, y)
        return (v - u) * over * (v * over + u * over)

    found.inverse = ruled(
        inverse,
        lambda x, y: -found.cosine(x, y) * found.inverse(x, y) * found.inverse(x, y),
        lambda x, y: -found.cosine(y, x) * found.inverse(x, y) * found.inverse(x, y),
    )
    found.cosine = ruled(
        cosine,
        lambda x, y: found.cosine(y, x) ** 2 * found.inverse(x, y),
        lambda x, y: -found.cosine(x, y) * found.cosine(y, x) * found.inverse(x, y),
    )
    found.hypot = ruled(xp.hypot, found.cosine, lambda x, y: found.cosine(y, x))
    found.over_square = ruled(  # x / (x² + y²)
        lambda x, y: cosine(x, y) * inverse(x, y),
        lambda x, y: apart(x, y) * inverse(x, y) * inverse(x, y),
        lambda x, y: -2 * found.cosine(x, y) * found.cosine(y, x) * inverse(x, y) * inverse(x, y),
    )
    found.gauss = ruled(lambda x: exp_of_minus_square(xp, x), lambda x: -2 * (x * found.gauss(x)))
    found.erf = ruled(xp.erf, lambda x: _ERF * found.gauss(x))
    found.erfc = ruled(xp.erfc, lambda x: -_ERF * found.gauss(x))
    found.gelu = lambda x: 0.5 * x * found.erfc(x * -math.sqrt(0.5))
    found.gelu_by_tanh = lambda x: x * found.sigmoid(_doubled_by_tanh(xp, x))

    def sin_pi(x: Any) -> Any:  # exactly 0 and ±1 where it is, for x from -1 to 1
        return xp.sin(math.pi * xp.where(xp.abs(x) > 0.5, xp.copysign(xp.ones_like(x), x) - x, x))

    found.sin_pi = ruled(sin_pi, lambda x: math.pi * found.cos_pi(x))
    found.cos_pi = ruled(lambda x: sin_pi(0.5 - xp.abs(x)), lambda x: -math.pi * found.sin_pi(x))
    found.sinc = lambda x: _sinc(xp, found.sin_pi, x)
    found.atan2 = ruled(xp.atan2, lambda y, x: found.over_square(x, y), lambda y, x: -found.over_square(y, x))
    return found


def complex_slopes(xp: Any, ruled: Ruled, real: SimpleNamespace) -> SimpleNamespace:
    """The functions of complex numbers, holomorphic but for abs and sign, which are made of real ones.

    Args:
        xp: as for `slopes`, with real, imag and complex.
        ruled: as there.
        real: the functions that `slopes` gives.
    """
    found = SimpleNamespace()

    def bell(z: Any) -> Any:  # 1 / cosh(z)²
        small = xp.exp(xp.where(xp.real(z) > 0, -2 * z, 2 * z))
        return 4 * small / (1 + small) / (1 + small)

    found.bell = ruled(bell, lambda z: -2 * found.bell(z) * found.tanh(z))
    found.tanh = ruled(xp.tanh, found.bell)
    found.tan = ruled(xp.tan, lambda z: found.bell(1j * z))
    found.expm1 = ruled(xp.expm1, xp.exp)

    def sinh(z: Any) -> Any:  # near 0 by parts, for a difference of exponentials cancels
        near = xp.abs(z) < 1
        part = xp.where(near, z, xp.zeros_like(z))
        x, y = xp.real(part), xp.imag(part)
        return xp.where(near, xp.complex(xp.sinh(x) * xp.cos(y), xp.cosh(x) * xp.sin(y)), xp.sinh(z))

    found.sinh = ruled(sinh, lambda z: found.cosh(z))
    found.cosh = ruled(xp.cosh, lambda z: found.sinh(z))

    # Roots whose squares do not overflow, on the side of a cut that the sign of a zero says: adding would make -0 to 0.
    def hypotenuse(z: Any) -> Any:  # √(1 + z²)
        size = xp.abs(z)
        beyond = size * xp.finfo(size.dtype).eps > 1
        near = xp.where(beyond, xp.ones_like(z), z)
        root = xp.sqrt((near - 1j) * (near - complex(0, -1)))
        return xp.where(beyond, xp.where(xp.signbit(xp.real(z)), -z, z), root)

    found.hypotenuse = ruled(hypotenuse, lambda z: z / found.hypotenuse(z))
    found.cathetus = ruled(lambda z: xp.sqrt(-(z - 1)) * xp.sqrt(z - -1), lambda z: -z / found.cathetus(z))  # √(1 - z²)
    found.leg = ruled(lambda z: xp.sqrt(z - 1) * xp.sqrt(z - -1), lambda z: z / found.leg(z))  # √(z² - 1)
    found.over_rest = ruled(  # 1 / (1 - z²)
        lambda z: -1 / (z - 1) / (z - -1), lambda z: 2 * z * found.over_rest(z) * found.over_rest(z)
    )
    found.asinh = ruled(xp.asinh, lambda z: 1 / found.hypotenuse(z))
    found.atan = ruled(xp.atan, lambda z: 1 / found.hypotenuse(z) / found.hypotenuse(z))
    found.asin = ruled(xp.asin, lambda z: 1 / found.cathetus(z))
    found.acos = ruled(xp.acos, lambda z: -1 / found.cathetus(z))
    found.acosh = ruled(xp.acosh, lambda z: 1 / found.leg(z))
    found.atanh = ruled(xp.atanh, found.over_rest)

    found.abs = lambda z: real.hypot(xp.real(z), xp.imag(z))
    found.sign = lambda z: xp.complex(real.cosine(xp.real(z), xp.imag(z)), real.cosine(xp.imag(z), xp.real(z)))
    return found
