"""Elementwise functions. The formulas are those of any table of derivatives; special points cite their clause."""

from __future__ import annotations

import numpy as np

from autodiff_numpy._array import plain
from autodiff_numpy._jvp import broadcast_tangent, elementwise, linear
from autodiff_numpy._pullback import unbroadcast, unchanged
from autodiff_numpy._rule import constant, defined_by, rule
from autodiff_numpy._tables import TRACKED, VALUES
from autodiff_numpy.rules.beyond import one_call
from autodiff_numpy.rules.reductions import no_out


def _none(xp, g):
    """A step function: zero derivative everywhere, by convention."""


def _safe(xp, x, ok):
    """``x``, and one where it is not ``ok``: what a masked branch is evaluated at, so that it gives no NaN."""
    return xp.where(ok, x, 1)


def _real(x):
    return x.dtype.kind != "c"


def _unit(xp, x, ans):
    # KINK-02: the derivative of abs at 0 is 0
    return xp.sign(x) if _real(x) else xp.conjugate(x) / _safe(xp, ans, ans != 0)


def _real_part(xp, t):
    return t if _real(t) else xp.real(t)


def _across(xp, g, x, ans):
    """Pullback of z/|z|: only the component of g perpendicular to z survives."""
    return 1j * xp.imag(g * ans) * xp.conjugate(ans) / _safe(xp, xp.absolute(x), x != 0)


def _turned(xp, t, x, ans):
    """Pushforward of z/|z|: only the component of t perpendicular to z survives."""
    return 1j * xp.imag(t * xp.conjugate(ans)) * ans / _safe(xp, xp.absolute(x), x != 0)


def _ties(xp, x, y, ans):
    # KINK-06: at a tie each side gets half
    return xp.where(x == y, 0.5, xp.equal(x, ans)).astype(ans.dtype)


def _power_base(xp, g, x, y):
    # KINK-27: x**0 is constant, at 0 too
    if isinstance(y, (int, float)):
        return g * (x + x) if y == 2 else None if y == 0 else g * y * xp.power(x, y - 1)
    # Where 0 times x**-1 would be NaN a harmless exponent stands in; elsewhere x**-1 is the mixed derivative, KINK-72
    return g * (_slope_of_power(x, y) if xp is VALUES else xp.slope_of_power(x, y))


def _constant_at_zero(x, y):
    return (y == 0) & ~np.isfinite(1 / plain(x))


def _slope_of_power(x, y):
    """y·x^(y - 1)."""
    zero = _constant_at_zero(x, y)
    return np.where(zero, 0, y * np.power(x, np.where(zero, 1, np.subtract(y, 1))))


def _bend_of_power(xp, g, x, y, ans):
    """y·(y - 1)·x^(y - 2), or slope·(y - 1)/x where the power is infinite: the product need not be, of a small y."""
    zero = _constant_at_zero(x, plain(y))
    one = xp.where(zero, 1, xp.subtract(y, 1))
    beyond = (plain(x) != 0) & ~np.isfinite(_slope_of_power(plain(x), plain(one)))
    usual = xp.where(zero, 0, y * xp.slope_of_power(xp.where(beyond, 1, x), one))
    return g * xp.where(beyond, ans / xp.where(beyond, x, 1) * one, usual)


def _slope_by_exponent(xp, g, x, y, ans):
    zero, ok = _constant_at_zero(x, plain(y)), plain(x) != 0 if np.iscomplexobj(plain(x)) else plain(x) > 0
    power = xp.where(zero, 0, xp.power(x, xp.where(zero, 1, xp.subtract(y, 1))))
    return g * (power + xp.where(ok, ans * xp.log(_safe(xp, x, ok)), 0))


def _power_exponent(xp, g, x, y, ans):
    # 0**y is 0 for y > 0, whatever y: no logarithm there, at any order; x < 0 has no derivative in y
    ok = x != 0 if np.iscomplexobj(plain(x)) else x > 0
    return g * xp.where(ok, ans * xp.log(_safe(xp, x, ok)), 0)


def _hypotenuse(x):
    """√(1 + x²) of a complex x without overflow, on the side of the cut that the zero's sign says."""
    beyond = np.abs(x) * np.finfo(x.dtype).eps > 1  # where it is x or -x
    near = np.where(beyond, 1, x)
    root = np.sqrt((near - 1j) * (near - complex(0, -1)))  # adding would make -0 to 0
    return np.where(beyond, np.where(np.signbit(x.real), -x, x), root)


def _cathetus(x):
    """√(1 - x²) of a complex x, the product of two roots, which does not overflow; likewise."""
    return np.sqrt(-(x - 1)) * np.sqrt(x - -1)


def _leg(x):
    """√(x² - 1) of a complex x; likewise."""
    return np.sqrt(x - 1) * np.sqrt(x - -1)


def _over_rest(x):
    """1 / (1 - x²) of a complex x, without the square; likewise."""
    return -1 / (x - 1) / (x - -1)


def _over_hypotenuse(xp, x):
    return xp.reciprocal(xp.hypot(x, 1) if _real(x) else xp.hypotenuse(x))


def _sech_squared(x):
    """1 / cosh(x)², which is the derivative of tanh, and at x/2 four times that of the sigmoid: right in the tails."""
    if x.dtype.kind == "c":
        small = np.exp(np.where(x.real > 0, -2, 2) * x)
        return 4 * small / (1 + small) ** 2
    found = np.reciprocal(np.cosh(x))
    return found * found


def _tanh_share(xp, g, x):
    slope = xp.sech_squared(x)
    if type(slope) is not np.ndarray or type(g) is not np.ndarray or g.dtype != slope.dtype:
        return g * slope
    return np.multiply(g, slope, slope)  # in place: large temporaries cost as much as the arithmetic


def _sigmoid_share(xp, g, x, ans):
    """``g · ans · (1 - ans)``, the difference as it is known without cancellation."""
    if xp is VALUES:  # where nothing warns
        return g * ans / (1 + np.exp(x))
    return g * (0.25 * xp.sech_squared(0.5 * x))


@np.errstate(over="ignore")  # where exp(-x) is infinite, the result is too small for a normal number
def _sigmoid(x):
    return np.reciprocal(1 + np.exp(-x))


def _one_minus_square(x):
    if x.dtype.kind == "c":  # the sign of a zero imaginary part says on which side of a cut x is: it is kept
        return -(x - 1) * (x - -1)
    return (1 - x) * (1 + x)


def _arctan_share(xp, g, x):
    if xp is VALUES and _real(x):
        return g / (1 + x * x)
    return g * xp.square(_over_hypotenuse(xp, x))


def _length(xp, x, y):
    found = xp.hypot(x, y)
    return _safe(xp, found, found != 0)


@one_call
def _cosine(x, y):
    return _ratio(x, y, np.hypot(x, y))


@one_call
def _ratio(x, y, length):
    """``x / length`` for the length √(x² + y²) of both, 0 where that is 0; of their quarters where it overflows."""
    if np.isinf(length).any():
        size = np.where(np.isinf(length), 0.25, 1).astype(length.dtype)
        x, y = x * size, y * size
        length = np.hypot(x, y)
    return x / np.where(length != 0, length, 1)


def _over_square(x, y):
    """The quotient x / (x² + y²)."""
    length = np.hypot(x, y)
    return x / length / length


def _over_square_by_itself(xp, g, x, y):
    """(y² - x²) / (x² + y²)², of factors that do not cancel where x and y are of one size."""
    length, u, v = xp.hypot(x, y), xp.absolute(x), xp.absolute(y)
    return g * ((v - u) / length) * (v / length + u / length) / length / length


# --- one argument ---------------------------------------------------------------------------------------------
rule(np.negative, lambda xp, g: -g)
rule(np.positive, lambda xp, g: g)
rule(np.absolute, lambda xp, g, x, ans: g * _unit(xp, x, ans),
     jvp=lambda xp, t, x, ans: _real_part(xp, t * _unit(xp, x, ans)))  # fmt: skip
rule(np.fabs, lambda xp, g, x: g * xp.sign(x))
rule(np.square, lambda xp, g, x: g * (x + x))
rule(np.sqrt, lambda xp, g, ans: g * 0.5 / ans)
rule(np.cbrt, lambda xp, g, ans: g / (3 * ans * ans))
rule(np.reciprocal, lambda xp, g, ans: -g * ans * ans)
rule(np.exp, lambda xp, g, ans: g * ans)
rule(np.exp2, lambda xp, g, ans: g * ans * np.log(2.0).item())
rule(np.expm1, lambda xp, g, x: g * xp.exp(x))
rule(np.log, lambda xp, g, x: g / x)
rule(np.log2, lambda xp, g, x: g / (x * np.log(2.0).item()))
rule(np.log10, lambda xp, g, x: g / (x * np.log(10.0).item()))
rule(np.log1p, lambda xp, g, x: g / (1 + x))
rule(np.sin, lambda xp, g, x: g * xp.cos(x))
rule(np.cos, lambda xp, g, x: -g * xp.sin(x))
rule(np.tan, lambda xp, g, x, ans: g * (1 + ans * ans if _real(x) else xp.sech_squared(1j * x)))
rule(_one_minus_square, lambda xp, g, x: g * (-2 * x), jvp=elementwise)
rule(_hypotenuse, lambda xp, g, x, ans: g * (x / ans), jvp=elementwise)
rule(_cathetus, lambda xp, g, x, ans: -g * (x / ans), jvp=elementwise)
rule(_leg, lambda xp, g, x, ans: g * (x / ans), jvp=elementwise)
rule(_over_rest, lambda xp, g, x, ans: g * (2 * x * ans) * ans, jvp=elementwise)
rule(np.arcsin, lambda xp, g, x: g / (xp.sqrt(xp.one_minus_square(x)) if _real(x) else xp.cathetus(x)))
rule(np.arccos, lambda xp, g, x: -g / (xp.sqrt(xp.one_minus_square(x)) if _real(x) else xp.cathetus(x)))
rule(np.arctan, _arctan_share)
rule(np.sinh, lambda xp, g, x: g * xp.cosh(x))
rule(np.cosh, lambda xp, g, x: g * xp.sinh(x))
rule(np.tanh, _tanh_share)
rule(_sech_squared, lambda xp, g, x, ans: g * (-2 * ans * xp.tanh(x)), jvp=elementwise)
rule(np.arcsinh, lambda xp, g, x: g / (xp.hypot(x, 1) if _real(x) else xp.hypotenuse(x)))
rule(np.arccosh, lambda xp, g, x: g / (xp.sqrt(x - 1) * xp.sqrt(x - -1) if _real(x) else xp.leg(x)))
rule(np.arctanh, lambda xp, g, x: g / xp.one_minus_square(x) if _real(x) else g * xp.over_rest(x))
rule(_sigmoid, _sigmoid_share, jvp=elementwise)
rule(np.conjugate, lambda xp, g: xp.conjugate(g))
rule(np.real, lambda xp, g, val_dtype: xp.astype(g, val_dtype), jvp=linear,
     view=lambda whole, part: TRACKED.with_part(whole, part, "real"))  # fmt: skip
rule(np.imag, lambda xp, g, val_dtype: xp.astype(g * -1j, val_dtype) if np.dtype(val_dtype).kind == "c" else None,
     jvp=linear, view=lambda whole, part: TRACKED.with_part(whole, part, "imag"))  # fmt: skip
for step in (np.floor, np.ceil, np.trunc, np.rint):
    rule(step, _none)
rule(np.sign, lambda xp, g, x, ans: None if _real(x) else _across(xp, g, x, ans),
     jvp=lambda xp, t, x, ans: None if _real(x) else _turned(xp, t, x, ans))  # fmt: skip
rule(np.round, _none, jvp=elementwise, also=(np.around,))

# --- two arguments --------------------------------------------------------------------------------------------
rule(np.add, unchanged, unchanged)
rule(np.subtract, unchanged, lambda xp, g: -g)
rule(np.multiply, lambda xp, g, y: g * y, lambda xp, g, x: g * x)
rule(np.divide, lambda xp, g, y: g / y, lambda xp, g, y, ans: -g * ans / y)
rule(np.power, _power_base, _power_exponent)
rule(np.float_power, _power_base, _power_exponent)
rule(np.floor_divide, _none, _none)
rule(np.remainder, lambda xp, g: g, lambda xp, g, x, y: -g * xp.floor(x / y))
rule(np.fmod, lambda xp, g: g, lambda xp, g, x, y: -g * xp.trunc(x / y))
rule(np.maximum, lambda xp, g, x, y, ans: g * _ties(xp, x, y, ans), lambda xp, g, y, x, ans: g * _ties(xp, y, x, ans))
rule(np.minimum, lambda xp, g, x, y, ans: g * _ties(xp, x, y, ans), lambda xp, g, y, x, ans: g * _ties(xp, y, x, ans))
rule(_slope_of_power, _bend_of_power, _slope_by_exponent, jvp=elementwise)
rule(np.arctan2, lambda xp, g, x, y: g * xp.over_square(y, x), lambda xp, g, x, y: -g * xp.over_square(x, y))
rule(
    _over_square,
    _over_square_by_itself,
    lambda xp, g, x, y: g * (-2 * (x / xp.hypot(x, y)) * (y / xp.hypot(x, y)) / xp.hypot(x, y) / xp.hypot(x, y)),
    jvp=elementwise,
)
rule(  # KINK-22: at (0, 0) the derivative of hypot is 0
    np.hypot,
    lambda xp, g, x, y, ans: g * (_ratio(x, y, ans) if xp is VALUES else xp.cosine(x, y)),
    lambda xp, g, y, x, ans: g * (_ratio(y, x, ans) if xp is VALUES else xp.cosine(y, x)),
)
rule(  # y² / length³ by x, of which the terms of a quotient cancel where y is small
    _cosine,
    lambda xp, g, x, y: g * xp.square(xp.cosine(y, x)) / _length(xp, x, y),
    lambda xp, g, x, y: -g * xp.cosine(x, y) * xp.cosine(y, x) / _length(xp, x, y),
    jvp=elementwise,
)
rule(np.logaddexp, lambda xp, g, x, y: g * xp.sigmoid(x - y), lambda xp, g, x, y: g * xp.sigmoid(y - x))
rule(np.copysign, lambda xp, g, x, y: g * xp.sign(x) * xp.copysign(1, y), _none)
rule(np.nextafter, lambda xp, g: g, _none)
rule(np.heaviside, _none, lambda xp, g, x: g * xp.equal(x, 0))

# --- three arguments ------------------------------------------------------------------------------------------


def _where(condition, x, y, /):
    return np.where(condition, x, y)


rule(
    _where,
    None,
    lambda xp, g, condition, x_shape, x_dtype: unbroadcast(xp, xp.where(condition, g, 0), x_shape, x_dtype),
    lambda xp, g, condition, y_shape, y_dtype: unbroadcast(xp, xp.where(condition, 0, g), y_shape, y_dtype),
    jvp=(
        None,
        lambda xp, t, condition, ans_shape, ans_dtype: broadcast_tangent(
            xp, xp.where(condition, t, 0), ans_shape, ans_dtype
        ),
        lambda xp, t, condition, ans_shape, ans_dtype: broadcast_tangent(
            xp, xp.where(condition, 0, t), ans_shape, ans_dtype
        ),
    ),
    also=(np.where,),
)


@defined_by(np.clip, valued=True)
def clip(a, a_min=None, a_max=None, out=None, *, min=None, max=None):
    """The larger of ``a`` and the lower bound, then the smaller of that and the upper one, ties as theirs."""
    no_out(out)
    lower, upper = (a_min if min is None else min), (a_max if max is None else max)
    if lower is not None:
        a = TRACKED.maximum(a, lower)
    return a if upper is None else TRACKED.minimum(a, upper)


# --- no derivative --------------------------------------------------------------------------------------------
for function in (
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.logical_and, np.logical_or, np.logical_xor, np.logical_not,
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift,
    np.isfinite, np.isinf, np.isnan, np.signbit,
):  # fmt: skip
    constant(function)
