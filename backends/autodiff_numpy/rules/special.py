"""The functions of `scipy.special`. SciPy is optional: one of its ufuncs on a recorded array loads this file.

What has no rule here (incomplete beta functions, orders of Bessel functions, …) is refused by name. The formulas are
those of the Digital Library of Mathematical Functions; chapters are named where they are not in any table.
"""

from __future__ import annotations

import functools
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.special

from autodiff_numpy._array import Array
from autodiff_numpy._jvp import elementwise
from autodiff_numpy._rule import defined_by, rule
from autodiff_numpy._tables import TRACKED
from autodiff_numpy.rules import beyond
from autodiff_spec import UnsupportedError


def itself(function: Any) -> Any:
    """A function of SciPy without what asks arrays for their namespace under ``SCIPY_ARRAY_API=1``: ours leads here."""
    wrapped = getattr(function, "__module__", None) == "scipy.special"  # its own are of modules below
    return getattr(function, "__wrapped__", function) if wrapped else function


special = SimpleNamespace(**{name: itself(function) for name, function in vars(scipy.special).items()})
"""`scipy.special`, with ufuncs as ufuncs."""

_ERF = 2 / math.sqrt(math.pi)
_NORMAL = 1 / math.sqrt(2 * math.pi)


def _one_call(function):
    """A primitive that is one call in the trace of a prepared function."""

    @functools.wraps(function)
    def primitive(*args):
        traced = next((arg for arg in args if hasattr(type(arg), "as_one")), None)
        return function(*args) if traced is None else traced.as_one(function, *args)

    return primitive


@_one_call
def _polygamma(n, x):
    return special.polygamma(n, x).astype(x.dtype)[()]


def _bessel_j(n, x):
    return special.jv(n, x)


def _bessel_i(n, x):
    return special.iv(n, x)


def _mills(x):
    """φ(x)/Φ(x) of the normal distribution, as a scaled function: right where both underflow."""
    return np.divide(_ERF * math.sqrt(0.5), special.erfcx(x * -math.sqrt(0.5)))


@_one_call
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
rule(_polygamma, None, lambda xp, g, n, x: g * xp.polygamma(n + 1, x), jvp=elementwise)
rule(_bessel_j, None, lambda xp, g, n, x: g * 0.5 * (xp.bessel_j(n - 1, x) - xp.bessel_j(n + 1, x)), jvp=elementwise)
rule(_bessel_i, None, lambda xp, g, n, x: g * 0.5 * (xp.bessel_i(n - 1, x) + xp.bessel_i(n + 1, x)), jvp=elementwise)
rule(_mills, lambda xp, g, x, ans: -g * ans * (x + ans), jvp=elementwise)
rule(_gamma_density, _refused_by_order, lambda xp, g, a, x, ans: g * ans * (_ratio(xp, a - 1, x) - 1), jvp=elementwise)

# --- error functions and the normal distribution (chapter 7) ------------------------------------------------------
rule(special.erf, lambda xp, g, x: g * xp.exp(-x * x) * _ERF, name="special_erf")
rule(special.erfc, lambda xp, g, x: -g * xp.exp(-x * x) * _ERF)
rule(special.erfcx, lambda xp, g, x, ans: g * (2 * x * ans - _ERF))
rule(special.erfi, lambda xp, g, x: g * xp.exp(x * x) * _ERF)
rule(special.dawsn, lambda xp, g, x, ans: g * (1 - 2 * x * ans))
rule(special.erfinv, lambda xp, g, ans: g * xp.exp(ans * ans) / _ERF)
rule(special.erfcinv, lambda xp, g, ans: -g * xp.exp(ans * ans) / _ERF)
rule(special.ndtr, lambda xp, g, x: g * xp.exp(-0.5 * x * x) * _NORMAL)
rule(special.log_ndtr, lambda xp, g, x: g * xp.mills(x))
rule(special.ndtri, lambda xp, g, ans: g * xp.exp(0.5 * ans * ans) / _NORMAL)

# --- gamma functions (chapter 5) ----------------------------------------------------------------------------------
rule(special.psi, lambda xp, g, x: g * xp.polygamma(1, x))
rule(special.gamma, lambda xp, g, x, ans: g * ans * xp.psi(x))
rule(special.gammaln, lambda xp, g, x: g * xp.psi(x))
rule(special.beta, lambda xp, g, x, y, ans: g * ans * (xp.psi(x) - xp.psi(x + y)),
     lambda xp, g, y, x, ans: g * ans * (xp.psi(y) - xp.psi(x + y)))  # fmt: skip
rule(special.betaln, lambda xp, g, x, y: g * (xp.psi(x) - xp.psi(x + y)),
     lambda xp, g, y, x: g * (xp.psi(y) - xp.psi(x + y)))  # fmt: skip
rule(special.gammainc, _refused_by_order, lambda xp, g, x, y: g * xp.gamma_density(x, y))  # 8.8.13, of (a, x)
rule(special.gammaincc, _refused_by_order, lambda xp, g, x, y: -g * xp.gamma_density(x, y))

# --- logistic functions and entropies -----------------------------------------------------------------------------
rule(special.expit, lambda xp, g, x: g * (xp.expit(x) * xp.expit(-x)))
rule(special.log_expit, lambda xp, g, x: g * xp.expit(-x))
rule(special.logit, lambda xp, g, x: g / (x * (1 - x)))
rule(special.xlogy, lambda xp, g, x, y: g * _log(xp, x, y), lambda xp, g, x, y: g * _over(xp, x, y))
rule(special.xlog1py, lambda xp, g, x, y: g * _log(xp, x, 1 + y), lambda xp, g, x, y: g * _over(xp, x, 1 + y))
rule(special.entr, lambda xp, g, x: -g * (xp.log(x) + 1))
rule(special.rel_entr, lambda xp, g, x, y: g * (xp.log(x / y) + 1), lambda xp, g, x, y: -g * x / y)
rule(special.kl_div, lambda xp, g, x, y: g * xp.log(x / y), lambda xp, g, x, y: g * (1 - x / y))

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
    return TRACKED.polygamma(n, x) if isinstance(x, Array) else special.polygamma(n, x)


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
    return beyond.softmax(x, axis)


@defined_by(special.log_softmax)
def log_softmax(x, axis=None):
    """`scipy.special.log_softmax`."""
    return x - TRACKED.log_sum_exp(x, axis, True)
