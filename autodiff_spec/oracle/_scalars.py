"""Functions of single mp numbers with IEEE's special values, lifted to object arrays.

mpmath leaves the reals (``sqrt(-1)``) or raises (``1/0``) where the array API standard prescribes nan and inf, and it
can spend for ever on ``sin(exp(exp(9)))``; what differs from mpmath is written out here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_spec.oracle._context import INF, MPC, MPF, NAN, ONE, RUN, ZERO, ctx

Scalar = Callable[..., Any]
_EXPONENT_BITS = 50  # |x| > 2**50: exp(x) overflows or vanishes in every format there is
_ANGLE_BITS = 4000  # reducing a larger angle costs more digits than any answer is worth


def lift(function: Scalar, arity: int = 1) -> Any:
    """``function`` as a NumPy function of object arrays."""
    return np.frompyfunc(function, arity, 1)


def memoised(name: str, function: Scalar) -> Scalar:
    """Remember results within a run: shifting one element leaves the others' sines as they were."""

    def remembered(x: Any) -> Any:
        run = RUN.get()
        if run is None:
            return function(x)
        table = run.memo.get(name)
        if table is None:
            table = run.memo[name] = {}
        key = x._mpf_ if x.__class__ is MPF else x._mpc_
        result = table.get(key)
        if result is None:
            result = table[key] = function(x)
        return result

    return remembered


def magnitude(x: Any) -> int:
    """The binary exponent of an mpf: |x| < 2**magnitude(x)."""
    parts = x._mpf_
    return int(parts[2] + parts[3])


def is_finite(x: Any) -> bool:
    if x.__class__ is MPC:
        return is_finite(x.real) and is_finite(x.imag)
    parts = x._mpf_
    return bool(parts[1]) or not parts[2]


def is_nan(x: Any) -> bool:
    return bool(x != x)


def is_inf(x: Any) -> bool:
    if x.__class__ is MPC:
        return is_inf(x.real) or is_inf(x.imag)
    return bool(x in (INF, -INF))


def real(function: Scalar) -> Scalar:
    """``function`` within the reals: nan where mpmath turns complex."""

    def stays_real(x: Any) -> Any:
        result = function(x)
        return result if result.__class__ is MPF else NAN

    return stays_real


def angle_limited(function: Scalar) -> Scalar:
    return lambda x: NAN if magnitude(x) > _ANGLE_BITS else function(x)


def exponent_limited(function: Scalar, above: Any, below: Any) -> Scalar:
    def limited(x: Any) -> Any:
        if magnitude(x) > _EXPONENT_BITS:
            return above if x > 0 else below
        return function(x)

    return limited


exp_real = exponent_limited(ctx.exp, INF, ZERO)


def log1p_real(x: Any) -> Any:
    return -INF if x == -1 else real(ctx.log1p)(x)


def divide_real(x: Any, y: Any) -> Any:
    if y == 0:
        return NAN if x == 0 or x != x else (INF if x > 0 else -INF)
    return x / y


def divide_complex(x: Any, y: Any) -> Any:
    return MPC(NAN, NAN) if y == 0 else x / y


def pow_real(x: Any, y: Any) -> Any:
    if y == 0 or x == 1:
        return ONE
    if is_nan(x) or is_nan(y):
        return NAN
    if x == 0 or is_inf(x) or is_inf(y) or magnitude(y) > _EXPONENT_BITS:
        return _pow_extreme(x, y)
    result = x**y
    return result if result.__class__ is MPF else NAN


def _pow_extreme(x: Any, y: Any) -> Any:
    """IEEE's pow where the base is 0 or infinite or the exponent is (as good as) infinite."""
    huge = is_inf(y) or magnitude(y) > _EXPONENT_BITS
    if abs(x) == 1:
        return ONE
    if (abs(x) > 1) != (y > 0):
        return ZERO
    if x < 0:
        if huge:
            return INF
        return -INF if y == ctx.floor(y) and int(y) % 2 else INF
    return INF


def pow_complex(x: Any, y: Any) -> Any:
    if x == 0:
        return MPC(1) if y == 0 else (MPC(0) if y.real > 0 else MPC(NAN, NAN))
    return MPC(x**y)


def maximum(x: Any, y: Any) -> Any:
    if is_nan(x) or is_nan(y):
        return NAN
    return x if x >= y else y


def minimum(x: Any, y: Any) -> Any:
    if is_nan(x) or is_nan(y):
        return NAN
    return x if x <= y else y


def sign(x: Any) -> Any:
    return x if is_nan(x) else MPF((x > 0) - (x < 0))


def sign_complex(x: Any) -> Any:
    return x if x == 0 else x / abs(x)


def trunc(x: Any) -> Any:
    return ctx.floor(x) if x > 0 else ctx.ceil(x)


def nint(x: Any) -> Any:
    """The nearest integer, ties to even; infinities stay."""
    return ctx.nint(x) if is_finite(x) else x


def nearest_jump_of_trunc(x: Any) -> Any:
    """The nearest integer but 0."""
    return nint(x) or (ONE if x > 0 else -ONE)


def hypot(x: Any, y: Any) -> Any:
    if is_inf(x) or is_inf(y):
        return INF
    return ctx.sqrt(x * x + y * y)


def atan2(y: Any, x: Any) -> Any:
    if is_inf(x) and is_inf(y):
        y, x = sign(y), sign(x)
    return ctx.atan2(y, x)


def logaddexp(x: Any, y: Any) -> Any:
    low, high = (x, y) if x < y else (y, x)
    if is_inf(high) or is_nan(low) or is_nan(high):
        return low if is_nan(low) else high
    return high + ctx.log1p(exp_real(low - high))


def copysign(x: Any, y: Any) -> Any:
    return -abs(x) if y < 0 else abs(x)


def sigmoid(x: Any) -> Any:
    return ONE / (ONE + exp_real(-x))


def softplus(x: Any) -> Any:
    return logaddexp(x, ZERO)


def gelu(x: Any) -> Any:
    """x·Φ(x); mpmath's erfc knows no huge numbers, of which it is 0 or 2."""
    if magnitude(x) > _EXPONENT_BITS:
        return x if x > 0 else ZERO
    return x * ctx.erfc(-x / ctx.sqrt(2)) / 2


def xlogy(x: Any, y: Any) -> Any:
    if is_nan(y):
        return NAN
    return ZERO if x == 0 else x * real(ctx.log)(y)


def sinc(x: Any) -> Any:
    """sin(πx)/(πx), the normalised sinc, 1 at 0."""
    if x == 0:
        return ONE
    return ZERO if is_inf(x) else ctx.sinpi(x) / (ctx.pi * x)


def is_pole_of_gamma(x: Any) -> bool:
    return bool(x <= 0 and x == ctx.floor(x))


def distance_to_poles(x: Any) -> list[Any]:
    """How far elements are from the nearest pole of the gamma function."""
    return [np.subtract(x, lift(lambda v: min(nint(v), ZERO))(x))]


def lgamma(x: Any) -> Any:
    """The logarithm of abs Γ(x), infinite at its poles."""
    return INF if is_inf(x) or is_pole_of_gamma(x) else ctx.loggamma(x).real


def digamma(x: Any) -> Any:
    if is_inf(x):
        return x if x > 0 else NAN
    return NAN if is_pole_of_gamma(x) else ctx.psi(0, x)


def erfinv(x: Any) -> Any:
    """The inverse of the error function, infinite at -1 and 1, the ends of its domain."""
    if abs(x) == 1:
        return INF * x
    return ctx.erfinv(x) if abs(x) < 1 else NAN


def gammainc(a: Any, x: Any) -> Any:
    """The regularised lower incomplete gamma function, for positive a; x from 0."""
    if is_nan(a) or is_nan(x) or a <= 0 or x < 0:
        return NAN
    return ONE if is_inf(x) else ctx.gammainc(a, 0, x, regularized=True)


def gammaincc(a: Any, x: Any) -> Any:
    """The regularised upper incomplete gamma function: by itself, for its difference from 1 loses its tail."""
    if is_nan(a) or is_nan(x) or a <= 0 or x < 0:
        return NAN
    return ZERO if is_inf(x) else ctx.gammainc(a, x, INF, regularized=True)
