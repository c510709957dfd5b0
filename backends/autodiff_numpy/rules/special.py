"""The functions of `scipy.special`. SciPy is optional: one of its ufuncs on a recorded array loads this file.

What has no rule here (incomplete beta functions, orders of Bessel functions, …) is refused by name. The formulas are
those of the Digital Library of Mathematical Functions; chapters are named where they are not in any table.
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
from autodiff_numpy._wrap import with_value
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


@one_call
def _polygamma(n, x):
    return special.polygamma(n, x).astype(x.dtype)[()]


def _bessel_j(n, x):
    return special.jv(n, x)


def _bessel_i(n, x):
    return special.iv(n, x)


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
        return np.where(a < 50, product, np.where(x < np.inf, about_mode, 0.0)).astype(dtype)[()]


def _refused_by_order(xp, g, x):
    raise UnsupportedError(
        "gammainc and gammaincc of a recorded first argument a: there is no derivative by it; pass stop_gradient(a)"
    )


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
rule(_bessel_j, None, lambda xp, g, n, x: g * 0.5 * (xp.bessel_j(n - 1, x) - xp.bessel_j(n + 1, x)), jvp=elementwise)
rule(_bessel_i, None, lambda xp, g, n, x: g * 0.5 * (xp.bessel_i(n - 1, x) + xp.bessel_i(n + 1, x)), jvp=elementwise)
rule(_mills, _mills_share, jvp=elementwise)
rule(_slope_of_erfinv, lambda xp, g, y, ans: g * (2 * xp.erfinv(y) * ans) * ans, jvp=elementwise)
rule(_slope_of_erfcinv, lambda xp, g, y, ans: g * (-2 * xp.erfcinv(y) * ans) * ans, jvp=elementwise)
rule(_slope_of_ndtri, lambda xp, g, p, ans: g * (xp.ndtri(p) * ans) * ans, jvp=elementwise)
rule(_log_ratio, lambda xp, g, x: g / x, lambda xp, g, y: -g / y, jvp=elementwise)
rule(_shortfall, lambda xp, g, y: -g / y, lambda xp, g, x, y: g * (x / y) / y, jvp=elementwise)
rule(_gamma_density, _refused_by_order, lambda xp, g, a, x, ans: g * ans * (_ratio(xp, a - 1, x) - 1), jvp=elementwise)

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
rule(special.gammaln, lambda xp, g, x: g * xp.psi(x))
rule(special.beta, lambda xp, g, x, y, ans: -g * ans * _psi_gap(xp, x, y),
     lambda xp, g, y, x, ans: -g * ans * _psi_gap(xp, y, x))  # fmt: skip
rule(special.betaln, lambda xp, g, x, y: -g * _psi_gap(xp, x, y), lambda xp, g, y, x: -g * _psi_gap(xp, y, x))
rule(special.gammainc, _refused_by_order, lambda xp, g, x, y: g * xp.gamma_density(x, y))  # 8.8.13, of (a, x)
rule(special.gammaincc, _refused_by_order, lambda xp, g, x, y: -g * xp.gamma_density(x, y))

# --- logistic functions and entropies -----------------------------------------------------------------------------
rule(special.expit, lambda xp, g, x: g * (0.25 * xp.sech_squared(0.5 * x)))
rule(special.log_expit, lambda xp, g, x: g * xp.expit(-x))
rule(special.logit, lambda xp, g, x: g / (x * (1 - x)))
rule(special.xlogy, lambda xp, g, x, y: g * _log(xp, x, y), lambda xp, g, x, y: g * _over(xp, x, y))
rule(special.xlog1py, lambda xp, g, x, y: g * _log(xp, x, 1 + y), lambda xp, g, x, y: g * _over(xp, x, 1 + y))
rule(special.entr, lambda xp, g, x: -g * (xp.log(x) + 1))
rule(special.rel_entr, lambda xp, g, x, y: g * (xp.log_ratio(x, y) + 1), lambda xp, g, x, y: -g * x / y)
rule(special.kl_div, lambda xp, g, x, y: g * xp.log_ratio(x, y), lambda xp, g, x, y: g * xp.shortfall(x, y))

# --- Bessel functions of order 0 and 1 (10.6, 10.29) --------------------------------------------------------------
rule(special.j0, lambda xp, g, x: -g * xp.j1(x))
rule(special.j1, lambda xp, g, x: g * 0.5 * (xp.j0(x) - xp.bessel_j(2, x)))
rule(special.i0, lambda xp, g, x: g * xp.i1(x), name="special_i0")
rule(special.i1, lambda xp, g, x: g * 0.5 * (xp.special_i0(x) + xp.bessel_i(2, x)))

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
