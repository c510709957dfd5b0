"""The functions of `scipy.special`. SciPy is optional: one of its ufuncs on a recorded array loads this file.

What has no rule here (zeta functions, elliptic integrals, …) is refused by name, and so is a recorded parameter by
which there is none: orders of Bessel functions, shapes of incomplete gamma and beta functions. The formulas are those
of the Digital Library of Mathematical Functions; chapters are named where they are not in any table.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.special

from autodiff_numpy._array import Array, plain
from autodiff_numpy._jvp import broadcast_tangent, elementwise
from autodiff_numpy._pullback import unbroadcast
from autodiff_numpy._rule import defined_by, rule
from autodiff_numpy._tables import TRACKED, VALUES
from autodiff_numpy._wrap import as_array, with_value
from autodiff_numpy.rules import beyond
from autodiff_numpy.rules.beyond import one_call
from autodiff_spec import UnsupportedError


def itself(function: Any) -> Any:
    """A function of SciPy without what asks arrays for their namespace under ``SCIPY_ARRAY_API=1``: ours leads here."""
    wrapped = getattr(function, "__module__", None) == "scipy.special"  # its own are of modules below
    return getattr(function, "__wrapped__", function) if wrapped else function


special = SimpleNamespace(**{name: itself(function) for name, function in vars(scipy.special).items()})
"""`scipy.special`, with ufuncs as ufuncs."""

_ERF = 2 / math.sqrt(math.pi)
_NORMAL = 1 / math.sqrt(2 * math.pi)
_ROOT_2, _ROOT_HALF = math.sqrt(2), math.sqrt(0.5)


def _refused(function, parameter):
    """The rule of an argument by which there is no derivative."""

    def refuse(xp, g):
        raise UnsupportedError(
            f"{function} of a recorded {parameter}: there is no derivative by it; "
            f"pass stop_gradient({parameter.split()[-1]})"
        )

    return refuse


def by_last(function, slope, also):
    """Give a function of (a, b, x) its derivative by x, ``slope(xp, a, b, x)``; SciPy's ``also`` is the same."""
    name = also[0].__name__ if also else function.__name__.removeprefix("_")
    refused = [_refused(name, f"parameter {parameter}") for parameter in "ab"]
    rule(
        function,
        *refused,
        lambda xp, g, a, b, x, x_shape, x_dtype: unbroadcast(xp, g * slope(xp, a, b, x), x_shape, x_dtype),
        jvp=(*refused, lambda xp, t, a, b, x, ans_shape, ans_dtype: broadcast_tangent(
            xp, t * slope(xp, a, b, x), ans_shape, ans_dtype)),
        also=also,
    )  # fmt: skip


@one_call
def _polygamma(n, x):
    if x.dtype.kind == "c":
        raise UnsupportedError("SciPy has no polygamma of complex numbers, nor has its derivative ψ′; pass real ones")
    return special.polygamma(n, x).astype(x.dtype)[()]


def _hyp1f1(a, b, x):
    return special.hyp1f1(a, b, x)


def _betainc(a, b, x):
    return special.betainc(a, b, x)


def _betaincc(a, b, x):
    return special.betaincc(a, b, x)


def _mills(x):
    """φ(x)/Φ(x) of the normal distribution: right where both underflow."""
    left = np.divide(_ERF * _ROOT_HALF, special.erfcx(np.minimum(x, 0) * -_ROOT_HALF))
    return np.where(x > 0, VALUES.exp_of_square(x, -0.5) * _NORMAL / special.ndtr(x), left)


def _excess(xp, z):
    """How much larger than z ≥ 4 the hazard φ(z)/Φ(-z) is: a continued fraction of positive terms (7.9)."""
    tail = z
    for k in range(40, 1, -1):
        tail = z + k / tail
    return 1 / tail


def _mills_share(xp, g, x, ans):
    far = plain(x) < -4
    rest = x + ans  # whose terms cancel there
    if np.any(far):
        rest = xp.where(far, _excess(xp, xp.where(far, -x, 4)), rest)
    return -g * ans * rest


def _erfcx_share(xp, g, x, ans):
    far = plain(x) > 3
    slope = 2 * x * ans - _ERF
    if np.any(far):
        slope = xp.where(far, ans * _excess(xp, xp.where(far, x, 3) * _ROOT_2) * -_ROOT_2, slope)
    return g * slope


def _dawsn_share(xp, g, x, ans):
    limit, terms = (7, 25) if np.finfo(ans.dtype).eps < 1e-10 else (4.5, 15)
    far = np.abs(plain(x)) > limit
    slope = 1 - 2 * x * ans
    if np.any(far):
        t, tail = xp.square(_ROOT_HALF / xp.where(far, x, limit)), 0
        for k in range(terms, 0, -1):  # Σ (2k - 1)!! tᵏ, by Horner
            tail = (2 * k - 1) * t * (1 + tail)
        slope = xp.where(far, -tail, slope)
    return g * slope


def _exp_by_tail(a, tail):
    """exp(a²) where erfc(|a|) is known, ``tail``, whose rounding is no matter of the size of a; KINK-75: +∞ at 0."""
    there = tail != 0
    return np.where(there, special.erfcx(np.abs(a)) / np.where(there, tail, 1), np.inf)[()]


def _slope_of_erfinv(y):
    return _exp_by_tail(special.erfinv(y), 1 - np.abs(y)) / _ERF


def _slope_of_erfcinv(y):
    return _exp_by_tail(special.erfcinv(y), np.minimum(y, 2 - y)) / _ERF


def _slope_of_ndtri(p):
    return _exp_by_tail(special.ndtri(p) * _ROOT_HALF, 2 * np.minimum(p, 1 - p)) / _NORMAL


_BERNOULLI = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760)  # of numbers 2k, over 2k


def _psi_gap(xp, x, y):
    """ψ(x + y) - ψ(x), by positive terms where the two are near to each other (5.5, 5.11)."""
    gap = xp.psi(x + y) - xp.psi(x)
    near = (plain(x) > 0) & (plain(y) > 0) & (np.abs(plain(gap)) < 0.05 * np.abs(special.psi(plain(x))))
    if not np.any(near):
        return gap
    x, y = xp.where(near, x, 1), xp.where(near, y, 1)
    total: Any = 0
    for k in range(20):
        total = total + y / (x + k) / (x + y + k)
    u, v = 1 / (x + 20), 1 / (x + y + 20)
    apart, powers, power, rest = y * u * v, 1, 1, 0.0  # u - v; (u²ᵏ - v²ᵏ) / (u² - v²), and the power of u² in it
    for number in _BERNOULLI:
        rest = rest + number * powers
        power = power * xp.square(u)
        powers = powers * xp.square(v) + power
    return xp.where(near, total + xp.log1p(y * u) + 0.5 * apart + apart * (u + v) * rest, gap)


def _log_ratio(x, y):
    """log(x / y), for neighbours by their difference, and where the quotient overflows."""
    ratio = np.divide(x, y)
    found = np.where(np.abs(ratio - 1) < 0.5, np.log1p((x - y) / y), np.log(ratio))
    return np.where((ratio == 0) | np.isinf(ratio), np.log(x) - np.log(y), found)


def _shortfall(x, y):
    return (y - x) / y


@one_call
def _gamma_density(a, x):
    """x^(a-1)·exp(-x)/Γ(a), the gamma distribution's density, in 64 bits.

    For large a it is written about its mode, so that no large exponents cancel: C. Loader, Fast and Accurate
    Computation of Binomial Probabilities (2000); with Stirling's series (5.11) for log Γ.
    """
    dtype, a, x = x.dtype, np.asarray(a, np.float64), np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        half = np.exp(-0.5 * x)
        product = half * (np.minimum(x, 2000.0) ** (a - 1) * special.rgamma(a)) * half  # 0 beyond, and never 0·∞
        rest = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * a * a)) / (a * a)) / (a * a)) / a
        logarithm = np.where(x < 0.5 * a, np.log(x / a), np.log1p((x - a) / a))  # of x/a
        about_mode = np.sqrt(a * (0.5 / math.pi)) / x * np.exp(a * logarithm - (x - a) - rest)
        return np.where(a < 50, product, np.where((x == 0) | (x == np.inf), 0.0, about_mode)).astype(dtype)[()]


@one_call
def _beta_density(a, b, x):
    """x^(a-1)·(1-x)^(b-1)/B(a, b), the beta distribution's density, by three of gamma distributions."""
    dtype, total = x.dtype, np.add(a, b, dtype=np.float64)
    x = x.astype(np.float64)
    with np.errstate(all="ignore"):
        scale = total / _gamma_density(total, total)
        return (scale * _gamma_density(a, total * x) * _gamma_density(b, total * (1 - x))).astype(dtype)[()]


def _over_x(xp, a, b, x):
    """The beta density times (a - 1)/x; for a > 1 by the density of a - 1, which does not underflow so early."""
    above = np.greater(a, 1)
    quotient = xp.beta_density(a, b, x) * _ratio(xp, np.subtract(a, 1), x)
    lower = np.add(a, b) - 1
    return xp.where(above, lower * xp.beta_density(np.where(above, np.subtract(a, 1), 1.0), b, x), quotient)


_NORMALS = 1e30
"""From so many degrees of freedom on, Student's distribution is the normal one to the last digit."""


@one_call
def _student_density(df, t):
    """The density of Student's distribution, in 64 bits."""
    dtype, df, t = t.dtype, np.minimum(np.asarray(df, np.float64), _NORMALS), np.asarray(t, np.float64)
    half, size = 0.5 * df, np.abs(t) / np.sqrt(df)
    with np.errstate(all="ignore"):
        top = _gamma_density(half, half) / _gamma_density(half + 0.5, half) * _NORMAL
        near = np.exp(-0.5 * (df + 1) * np.log1p(size * size))
        return (top * np.where(size < 1, near, np.hypot(1, size) ** -(df + 1))).astype(dtype)[()]


def _student_share(xp, g, df, t, ans):
    df = np.minimum(df, _NORMALS)
    radius = xp.hypot(t, np.sqrt(df))  # whose square may overflow
    return -g * ans * ((df + 1) * (t / radius) / radius)


def _slope_of_rgamma(xp, x):
    """-ψ(x)/Γ(x), and left of 1/2, where both have poles, the derivative of Γ(1 - x)·sin(πx)/π (5.5.3)."""
    left = plain(x).real < 0.5
    right = xp.where(left, 1, x)
    slope = -xp.rgamma(right) * xp.psi(right)
    if not np.any(left):
        return slope
    mirrored, whole = xp.where(left, 1 - x, 1), np.rint(plain(x).real)
    angle = (x - whole) * math.pi
    bracket = xp.cos(angle) - xp.psi(mirrored) * xp.sin(angle) * (1 / math.pi)
    return xp.where(left, xp.gamma(mirrored) * bracket * (1 - 2 * (whole % 2)), slope)


def _by_power(xp, logarithm, power, at_zero):
    """The derivative of (exp(power·logarithm) - 1)/power by the power (13.4.1); ``at_zero`` the logarithm is -∞."""
    logarithm = xp.where(at_zero, 0, logarithm)
    slope = 0.5 * logarithm * logarithm * xp.hyp1f1(2.0, 3.0, power * logarithm)
    return xp.where(at_zero, 1 / xp.square(xp.where(at_zero, power, 1)), slope) if np.any(at_zero) else slope


def _log(xp, x, y):
    # x·log(y) is 0 at (0, 0), and constant there
    return xp.log(xp.where((x == 0) & (y == 0), 1, y))


def _ratio(xp, x, y):
    """x/y, and 0 where x is 0, at y = 0 too."""
    return x / xp.where(x == 0, 1, y)


def _over(xp, x, y):
    return x / xp.where((x == 0) & (y == 0), 1, y)


# --- primitives that the rules below lead to, closed under derivatives --------------------------------------------
rule(
    _polygamma,
    None,
    lambda xp, g, n, x, x_shape, x_dtype: unbroadcast(xp, g * xp.polygamma(n + 1, x), x_shape, x_dtype),
    jvp=(None, lambda xp, t, n, x, ans_shape, ans_dtype: broadcast_tangent(
        xp, t * xp.polygamma(n + 1, x), ans_shape, ans_dtype)),
)  # fmt: skip
rule(_mills, _mills_share, jvp=elementwise)
rule(_slope_of_erfinv, lambda xp, g, y, ans: g * (2 * xp.erfinv(y) * ans) * ans, jvp=elementwise)
rule(_slope_of_erfcinv, lambda xp, g, y, ans: g * (-2 * xp.erfcinv(y) * ans) * ans, jvp=elementwise)
rule(_slope_of_ndtri, lambda xp, g, p, ans: g * (xp.ndtri(p) * ans) * ans, jvp=elementwise)
rule(_log_ratio, lambda xp, g, x: g / x, lambda xp, g, y: -g / y, jvp=elementwise)
rule(_shortfall, lambda xp, g, y: -g / y, lambda xp, g, x, y: g * (x / y) / y, jvp=elementwise)
_BY_SHAPE = _refused("gammainc and gammaincc", "first argument a")
rule(_gamma_density, _BY_SHAPE, lambda xp, g, a, x, ans: g * ans * (_ratio(xp, a - 1, x) - 1), jvp=elementwise)
rule(_student_density, _refused("stdtr", "parameter df"), _student_share, jvp=elementwise)
by_last(
    _beta_density,
    lambda xp, a, b, x: _over_x(xp, a, b, x) - xp.beta_density(a, b, x) * _ratio(xp, b - 1, 1 - x),
    also=(),
)
by_last(_hyp1f1, lambda xp, a, b, x: a / b * xp.hyp1f1(a + 1, b + 1, x), also=(special.hyp1f1,))  # 13.3.15

# --- error functions and the normal distribution (chapter 7) ------------------------------------------------------
rule(special.erf, lambda xp, g, x: g * xp.exp_of_square(x, -1) * _ERF, name="special_erf")
rule(special.erfc, lambda xp, g, x: -g * xp.exp_of_square(x, -1) * _ERF)
rule(special.erfcx, _erfcx_share)
rule(special.erfi, lambda xp, g, x: g * xp.exp_of_square(x, 1) * _ERF)
rule(special.dawsn, _dawsn_share)
rule(special.erfinv, lambda xp, g, x: g * xp.slope_of_erfinv(x))
rule(special.erfcinv, lambda xp, g, x: -g * xp.slope_of_erfcinv(x))
rule(special.ndtr, lambda xp, g, x: g * xp.exp_of_square(x, -0.5) * _NORMAL)
rule(special.log_ndtr, lambda xp, g, x: g * xp.mills(x))
rule(special.ndtri, lambda xp, g, x: g * xp.slope_of_ndtri(x))

# --- gamma functions (chapter 5) ----------------------------------------------------------------------------------
rule(special.psi, lambda xp, g, x: g * xp.polygamma(1, x))
rule(special.gamma, lambda xp, g, x, ans: g * ans * xp.psi(x))
rule(special.rgamma, lambda xp, g, x: g * _slope_of_rgamma(xp, x))
rule(special.gammaln, lambda xp, g, x: g * xp.psi(x))
rule(special.loggamma, lambda xp, g, x: g * xp.psi(x))
rule(special.beta, lambda xp, g, x, y, ans: -g * ans * _psi_gap(xp, x, y),
     lambda xp, g, y, x, ans: -g * ans * _psi_gap(xp, y, x))  # fmt: skip
rule(special.betaln, lambda xp, g, x, y: -g * _psi_gap(xp, x, y), lambda xp, g, y, x: -g * _psi_gap(xp, y, x))
rule(special.gammainc, _BY_SHAPE, lambda xp, g, x, y: g * xp.gamma_density(x, y))  # 8.8.13, of (a, x)
rule(special.gammaincc, _BY_SHAPE, lambda xp, g, x, y: -g * xp.gamma_density(x, y))

by_last(_betainc, lambda xp, a, b, x: xp.beta_density(a, b, x), also=(special.betainc,))
by_last(_betaincc, lambda xp, a, b, x: -xp.beta_density(a, b, x), also=(special.betaincc,))
rule(special.stdtr, _refused("stdtr", "parameter df"), lambda xp, g, x, y: g * xp.student_density(x, y))

# --- logistic functions and entropies -----------------------------------------------------------------------------
rule(special.expit, lambda xp, g, x: g * (0.25 * xp.sech_squared(0.5 * x)))
rule(special.log_expit, lambda xp, g, x: g * xp.expit(-x))
rule(special.logit, lambda xp, g, x: g / (x * (1 - x)))
rule(special.xlogy, lambda xp, g, x, y: g * _log(xp, x, y), lambda xp, g, x, y: g * _over(xp, x, y))
rule(special.xlog1py, lambda xp, g, x, y: g * _log(xp, x, 1 + y), lambda xp, g, x, y: g * _over(xp, x, 1 + y))
rule(special.entr, lambda xp, g, x: -g * (xp.log(x) + 1))
rule(special.rel_entr, lambda xp, g, x, y: g * (xp.log_ratio(x, y) + 1), lambda xp, g, x, y: -g * x / y)
rule(special.kl_div, lambda xp, g, x, y: g * xp.log_ratio(x, y), lambda xp, g, x, y: g * xp.shortfall(x, y))

# --- Bessel functions (10.6, 10.29; 10.39.5 for scaled ones) ------------------------------------------------------
def _by_argument(name, sign, factor):
    """The rules of a Bessel function of (order, x): by the order refused, by x from the neighbouring orders."""

    def by_argument(xp, g, x, y):
        function = getattr(xp, name)
        return g * factor * (function(np.subtract(x, 1.0), y) + sign * function(np.add(x, 1.0), y))

    return _refused(name, "order v"), by_argument


rule(special.jv, *_by_argument("jv", -1, 0.5))
rule(special.yv, *_by_argument("yv", -1, 0.5))
rule(special.iv, *_by_argument("iv", 1, 0.5))
rule(special.kv, *_by_argument("kv", 1, -0.5))
rule(special.j0, lambda xp, g, x: -g * xp.j1(x))
rule(special.j1, lambda xp, g, x: g * 0.5 * (xp.j0(x) - xp.jv(2, x)))
rule(special.y0, lambda xp, g, x: -g * xp.y1(x))
rule(special.y1, lambda xp, g, x, ans: g * (xp.y0(x) - ans / x))
rule(special.i0, lambda xp, g, x: g * xp.i1(x), name="special_i0")
rule(special.i1, lambda xp, g, x: g * 0.5 * (xp.special_i0(x) + xp.iv(2, x)))
rule(special.k0, lambda xp, g, x: -g * xp.k1(x))
rule(special.k1, lambda xp, g, x, ans: -g * (xp.k0(x) + ans / x))
rule(special.i0e, lambda xp, g, x: -g * xp.sign(x) * xp.hyp1f1(1.5, 2.0, -2 * xp.absolute(x)))
rule(special.i1e, lambda xp, g, x: g * (
    1.5 * xp.hyp1f1(2.5, 3.0, -2 * xp.absolute(x)) - xp.hyp1f1(1.5, 2.0, -2 * xp.absolute(x))))  # fmt: skip

# --- transformations of data, and a loss --------------------------------------------------------------------------
rule(
    special.boxcox,
    lambda xp, g, x, y: g * xp.power(x, y - 1),
    lambda xp, g, x, y: g * _by_power(xp, xp.log(xp.where(plain(x) == 0, 1, x)), y, plain(x) == 0),
)
rule(
    special.boxcox1p,
    lambda xp, g, x, y: g * xp.power(1 + x, y - 1),
    lambda xp, g, x, y: g * _by_power(xp, xp.special_log1p(xp.where(plain(x) == -1, 0, x)), y, plain(x) == -1),
)
rule(
    special.huber,
    lambda xp, g, x, y: g * xp.maximum(xp.absolute(y) - x, 0),
    lambda xp, g, x, y: g * xp.where(xp.absolute(y) <= x, y, x * xp.sign(y)),
)

# --- SciPy's own versions of powers and logarithms ----------------------------------------------------------------
rule(special.exp10, lambda xp, g, ans: g * ans * math.log(10))
rule(special.exp2, lambda xp, g, ans: g * ans * math.log(2), name="special_exp2")
rule(special.expm1, lambda xp, g, x: g * xp.exp(x), name="special_expm1")
rule(special.log1p, lambda xp, g, x: g / (1 + x), name="special_log1p")
rule(special.cbrt, lambda xp, g, ans: g / (3 * ans * ans), name="special_cbrt")


# --- what SciPy has in Python: it cannot see recorded arrays, so `autodiff_numpy.special` offers these -------------
def polygamma(n, x):
    """`scipy.special.polygamma`: derivative ``n`` of the digamma function; ``n`` are integers, and constant."""
    if isinstance(n, Array):
        raise UnsupportedError("polygamma has no derivative in its order n; pass plain integers")
    value = special.polygamma(n, plain(x))
    return with_value(TRACKED.polygamma(np.asarray(n), x), value) if isinstance(x, Array) else value


@defined_by(special.multigammaln, valued=True)
def multigammaln(a, d):
    """`scipy.special.multigammaln`: the logarithm of the gamma function of ``d`` dimensions."""
    return TRACKED.sum(TRACKED.gammaln(TRACKED.expand_dims(as_array(a), -1) - np.arange(d) / 2), axis=-1)


@defined_by(special.logsumexp)
def logsumexp(a, axis=None, b=None, keepdims=False, return_sign=False):
    """`scipy.special.logsumexp`, with weights ``b`` whose sum is positive."""
    if return_sign:
        raise UnsupportedError("logsumexp of a recorded array takes no return_sign=; the weights' sum is positive")
    if b is None:
        return TRACKED.log_sum_exp(a, axis, keepdims)
    top = beyond.largest(a, axis)
    total = TRACKED.sum(b * TRACKED.exp(TRACKED.subtract(a, top)), axis=axis, keepdims=keepdims)
    return TRACKED.log(total) + (top if keepdims else np.reshape(top, total.shape))


@defined_by(special.softmax)
def softmax(x, axis=None):
    """`scipy.special.softmax`."""
    return TRACKED.probabilities(x, axis)


@defined_by(special.log_softmax)
def log_softmax(x, axis=None):
    """`scipy.special.log_softmax`."""
    return TRACKED.log_probabilities(x, axis)
