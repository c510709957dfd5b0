"""Derivatives far out, near edges and of extreme numbers, where formulas that are right on paper cancel or overflow.

The truth is computed by mpmath, at as many digits as the point asks for. A derivative may be off by 100 units in the
last place, times the number of those by which it changes itself when its argument is rounded (its condition).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import autodiff_spec as ad

be = ad.backend("numpy")
xp, extra = be.xp, be.extra
UNITS = 100

ANY, POSITIVE, INSIDE, SHARE, ABOVE_1, FAR = "any", "positive", "inside", "share", "above 1", "far"


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def by_tanh(x: Any) -> Any:
    return x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf(0.044715) * x**3)))


def erfi(x: Any) -> Any:
    if abs(x) > 40:  # infinite in every dtype
        raise OverflowError
    return mp.erfi(x)


def dawson(x: Any) -> Any:
    if abs(x) < 40:
        return mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)
    return mp.polyval(_DAWSON, 1 / x**2) / x


def student(t: Any) -> Any:
    """Student's distribution of 3.5 degrees of freedom, but for a constant, of few digits on either side of 1."""
    if abs(t) < 1:
        return t * mp.hyp2f1(0.5, 2.25, 1.5, -t * t / 3.5) / mp.sqrt(3.5) / mp.beta(0.5, 1.75)
    return mp.sign(t) / -2 * mp.betainc(1.75, 0.5, 0, 3.5 / (3.5 + t * t), regularized=True)


_DAWSON = [mp.fac2(2 * k - 1) / 2 ** (k + 1) for k in reversed(range(60))]  # DLMF 7.12, to 1e-160


class Inverse:
    """The inverse of a function, known by its value in double precision."""

    def __init__(self, function: Callable[[Any], Any], near: Callable[[Any], Any]) -> None:
        self.function, self.near = function, near


def of_pair(f: Callable[..., Any]) -> Callable[[Any], Any]:
    """A function of (x, 0) along an axis, as one of x."""
    return lambda x: f(xp.stack([x, 0 * x]))


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Any, str]] = {
    "exp": (np.exp, mp.exp, ANY),
    "exp2": (np.exp2, lambda x: mp.mpf(2) ** x, ANY),
    "expm1": (np.expm1, mp.expm1, ANY),
    "log": (np.log, mp.log, POSITIVE),
    "log2": (np.log2, lambda x: mp.log(x, 2), POSITIVE),
    "log1p": (np.log1p, lambda x: mp.log(1 + x), POSITIVE),
    "sin": (np.sin, mp.sin, ANY),
    "tan": (np.tan, mp.tan, ANY),
    "arcsin": (np.arcsin, mp.asin, INSIDE),
    "arccos": (np.arccos, mp.acos, INSIDE),
    "arctan": (np.arctan, mp.atan, ANY),
    "sinh": (np.sinh, mp.sinh, ANY),
    "cosh": (np.cosh, mp.cosh, ANY),
    "tanh": (np.tanh, mp.tanh, ANY),
    "arcsinh": (np.arcsinh, mp.asinh, ANY),
    "arccosh": (np.arccosh, mp.acosh, ABOVE_1),
    "arctanh": (np.arctanh, mp.atanh, INSIDE),
    "sqrt": (np.sqrt, mp.sqrt, POSITIVE),
    "cbrt": (np.cbrt, mp.cbrt, POSITIVE),
    "reciprocal": (np.reciprocal, lambda x: 1 / x, ANY),
    "power": (lambda x: x**2.5, lambda x: x ** mp.mpf(2.5), POSITIVE),
    "hypot": (lambda x: np.hypot(x, 1.0), lambda x: mp.sqrt(x * x + 1), ANY),
    "arctan2 by y": (lambda x: np.arctan2(x, 1.0), mp.atan, ANY),
    "arctan2 by x": (lambda x: np.arctan2(1.0, x), lambda x: mp.atan2(1, x), ANY),
    "logaddexp": (lambda x: np.logaddexp(x, 0.0), lambda x: mp.log(1 + mp.exp(x)), ANY),
    "sinc": (np.sinc, lambda x: mp.sin(mp.pi * x) / (mp.pi * x), ANY),
    "sigmoid": (extra.sigmoid, sigmoid, ANY),
    "softplus": (extra.softplus, lambda x: mp.log(1 + mp.exp(x)), ANY),
    "silu": (extra.silu, lambda x: x * sigmoid(x), ANY),
    "gelu": (extra.gelu, lambda x: x * mp.ncdf(x), ANY),
    "gelu by tanh": (lambda x: extra.gelu(x, approximate=True), by_tanh, ANY),
    "erf": (extra.erf, mp.erf, ANY),
    "softmax": (of_pair(lambda pair: extra.softmax(pair, axis=0)[0]), sigmoid, FAR),
    "log_softmax": (of_pair(lambda pair: extra.log_softmax(pair, axis=0)[0]), lambda x: -mp.log(1 + mp.exp(-x)), ANY),
    "logsumexp": (of_pair(lambda pair: extra.logsumexp(pair, axis=0)), lambda x: mp.log(1 + mp.exp(x)), ANY),
}

try:
    from scipy import special
except ImportError:  # SciPy is optional
    pass
else:
    from autodiff_numpy import special as ours

    FUNCTIONS |= {
        "special.erf": (special.erf, mp.erf, ANY),
        "special.erfc": (special.erfc, mp.erfc, ANY),
        "special.erfcx": (special.erfcx, lambda x: mp.exp(x * x) * mp.erfc(x), ANY),
        "special.erfi": (special.erfi, erfi, ANY),
        "special.dawsn": (special.dawsn, dawson, ANY),
        "special.ndtr": (special.ndtr, mp.ncdf, ANY),
        "special.log_ndtr": (special.log_ndtr, lambda x: mp.log(mp.erfc(-x / mp.sqrt(2)) / 2), ANY),
        "special.erfinv": (special.erfinv, mp.erfinv, INSIDE),
        "special.ndtri": (special.ndtri, Inverse(mp.ncdf, special.ndtri), SHARE),
        "special.erfcinv": (special.erfcinv, Inverse(mp.erfc, special.erfcinv), SHARE),
        "special.logit": (special.logit, lambda x: mp.log(x / (1 - x)), SHARE),
        "special.expit": (special.expit, sigmoid, ANY),
        "special.log_expit": (special.log_expit, lambda x: -mp.log(1 + mp.exp(-x)), ANY),
        "special.psi": (special.psi, mp.digamma, POSITIVE),
        "special.gammaln": (special.gammaln, mp.loggamma, POSITIVE),
        "special.betaln": (lambda x: special.betaln(x, 2.5), lambda x: mp.log(mp.beta(x, 2.5)), POSITIVE),
        "special.polygamma": (lambda x: ours.polygamma(1, x), lambda x: mp.polygamma(1, x), POSITIVE),
        "special.y0": (special.y0, lambda x: mp.bessely(0, x), POSITIVE),
        "special.y1": (special.y1, lambda x: mp.bessely(1, x), POSITIVE),
        "special.k0": (special.k0, lambda x: mp.besselk(0, x), POSITIVE),
        "special.k1": (special.k1, lambda x: mp.besselk(1, x), POSITIVE),
        "special.j0": (special.j0, lambda x: mp.besselj(0, x), POSITIVE),
        "special.j1": (special.j1, lambda x: mp.besselj(1, x), POSITIVE),
        "special.jv": (lambda x: special.jv(2.5, x), lambda x: mp.besselj(2.5, x), POSITIVE),
        "special.iv": (lambda x: special.iv(2.5, x), lambda x: mp.besseli(2.5, x), POSITIVE),
        "special.i0e": (special.i0e, lambda x: mp.exp(-abs(x)) * mp.besseli(0, x), ANY),
        "special.i1e": (special.i1e, lambda x: mp.exp(-abs(x)) * mp.besseli(1, x), ANY),
        "special.rgamma": (special.rgamma, mp.rgamma, ANY),
        "special.loggamma": (special.loggamma, mp.loggamma, POSITIVE),
        "special.boxcox": (lambda x: special.boxcox(x, 1.5), lambda x: (x ** mp.mpf(1.5) - 1) / 1.5, POSITIVE),
        "special.boxcox by power": (lambda p: special.boxcox(3.0, p), lambda p: mp.expm1(p * mp.log(3)) / p, ANY),
        "special.betainc": (
            lambda x: special.betainc(2.5, 1.5, x), lambda x: mp.betainc(2.5, 1.5, 0, x, regularized=True), SHARE,
        ),
        "special.stdtr": (lambda t: special.stdtr(3.5, t), student, ANY),
        "special.entr": (special.entr, lambda x: -x * mp.log(x), POSITIVE),
        "special.kl_div": (lambda x: special.kl_div(x, 2.0), lambda x: x * mp.log(x / 2) - x + 2, POSITIVE),
        "special.kl_div by y": (lambda x: special.kl_div(2.0, x), lambda x: 2 * mp.log(2 / x) - 2 + x, POSITIVE),
    }

FEW_DIGITS = ("special.stdtr", "special.y0", "special.y1", "special.k0", "special.k1", "special.j0", "special.j1",
              "special.jv", "special.iv", "special.i0e", "special.i1e")  # fmt: skip
"""What mpmath computes to so many digits as are asked for, at any size: 160 are enough."""
SLOW = ("special.psi", "special.gammaln", "special.betaln", "special.polygamma", "special.rgamma", "special.loggamma",
        "special.boxcox by power", *FEW_DIGITS)  # fmt: skip
"""Of numbers beyond 1e9 and below 1e-12 mpmath takes too long."""
AMPLIFIED = {"special.dawsn": 24}
"""How often a value's rounding counts: (4x² - 2) D / |D″| is up to 24 hundred where no series helps yet, below 7."""


def points(domain: str, dtype: Any, slow: bool) -> Any:
    """Numbers of every size, those near to an edge among them."""
    limits = np.finfo(dtype)
    tiny, huge = (1e-12, 1e9) if slow else (10 * float(limits.tiny), float(limits.max) / 10)
    if domain in (INSIDE, SHARE):
        edge = -np.log10(float(limits.eps)) - 0.5
        found = np.concatenate([np.geomspace(tiny, 0.9, 20), 1 - np.logspace(-edge, -0.4, 12)])
    elif domain == ABOVE_1:
        found = np.concatenate([1 + np.geomspace(4 * float(limits.eps), 1, 12), np.geomspace(3, huge, 12)])
    else:
        found = np.concatenate([np.geomspace(tiny, huge, 12), np.geomspace(1.3e-4, 1.1e3, 14)])
    found = np.unique(found.astype(dtype))
    return found if domain in (POSITIVE, SHARE, ABOVE_1) else np.concatenate([-found[::-1], found])


def truth(f: Any, x: float, few: bool = False) -> list[tuple[Any, Any]]:
    """First and second derivative at ``x``, by differences of values of ``few`` digits, each with its condition."""
    if isinstance(f, Inverse):
        with mp.workdps(60):
            at = mp.findroot(lambda a: f.function(a) - x, float(f.near(x)))
        (slope, condition), (bend, _) = truth(f.function, at)
        return [(1 / slope, condition), (-bend / slope**3, 3 * condition)]
    size = abs(float(x))
    more = 3.2 * abs(np.log10(size)) + min(size, 3e3) + (size**2 / 2 if size < 60 else 0)
    with mp.workdps(160 + (0 if few else int(more))):
        at, step = mp.mpf(x), min(abs(mp.mpf(x)), 1) * mp.mpf(10) ** -25
        try:
            a, b, c, d = (f(at + k * step) for k in (-1, 0, 1, 2))
        except OverflowError:  # an exponent that mpmath has not: the value is 0 or infinite in every dtype
            return []
        here = (c - a) / (2 * step), (a - 2 * b + c) / step**2
        beside = (d - b) / (2 * step), (b - 2 * c + d) / step**2
        return [(p, abs((q - p) / p * at / step) if p else mp.mpf(1)) for p, q in zip(here, beside, strict=True)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_first_and_second_derivatives_are_right_for_numbers_of_every_size(name: str, dtype: Any) -> None:
    function, exact, domain = FUNCTIONS[name]
    x = points(domain, dtype, name in SLOW)
    gradient = be.grad(lambda x: xp.sum(function(x)))
    with np.errstate(all="ignore"):
        found = gradient(x), be.grad(lambda x: xp.sum(gradient(x)))(x)
    limits, wrong = np.finfo(dtype), []
    for i, at in enumerate(x):
        for order, (expected, condition) in enumerate(truth(exact, float(at), name in FEW_DIGITS), 1):
            if not 4 * limits.tiny < abs(expected) < limits.max / 4 or (domain == FAR and order == 2 and abs(at) < 1):
                continue  # no number of this dtype; or a difference of probabilities that are equal but for rounding
            off = abs(float(found[order - 1][i]) - expected) / abs(expected) / float(limits.eps)
            if not off <= UNITS * max(AMPLIFIED.get(name, 1), condition):
                told = f"{found[order - 1][i]}, expected {mp.nstr(expected, 9)}, {float(off):.3g} units"
                wrong.append(f"order {order} at {at}: {told}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("small", [1e-6, 1e-8, 1e-30])
@pytest.mark.parametrize("running", [False, True])
def test_second_derivatives_of_products_with_a_small_factor_are_right(small: float, dtype: Any, running: bool) -> None:
    x, weights = np.array([2, small, 3, -1.5], dtype), np.array([1, 2, 3, 4] if running else [0, 0, 0, 1], dtype)
    f = (lambda x: np.sum(np.cumprod(x) * weights)) if running else np.prod
    exact = np.zeros((4, 4))
    for i in range(4):
        for j in set(range(4)) - {i}:
            products = [np.prod(np.delete(x[: k + 1].astype(float), [i, j])) if k >= max(i, j) else 0 for k in range(4)]
            exact[i, j] = np.dot(products, weights)
    forward = be.jacobian(be.jacobian(f, mode="forward"))
    for hessian in (be.hessian(f), be.jacobian(be.grad(f), mode="reverse"), forward):
        np.testing.assert_allclose(hessian(x), exact, rtol=8 * np.finfo(dtype).eps)


EXTREME = [
    np.array([300, 400], np.float16),
    np.array([3e30, 4e30], np.float32),
    np.array([3e-30, 4e-30], np.float32),
    np.array([3e170, 4e170]),
    np.array([3e-170, 4e-170]),
]


@pytest.mark.parametrize("x", EXTREME, ids=lambda x: f"{x.dtype} {x[0]}")
@pytest.mark.parametrize(("f", "expected"), [
    (np.linalg.norm, [0.6, 0.8]),
    (lambda x: xp.linalg.vector_norm(x[None], axis=1), [0.6, 0.8]),
    (lambda x: xp.linalg.matrix_norm(x[None]), [0.6, 0.8]),
    (lambda x: np.linalg.norm(x, 3), [9 / 91 ** (2 / 3), 16 / 91 ** (2 / 3)]),
    (np.std, [-0.5, 0.5]),
    (np.nanstd, [-0.5, 0.5]),
])  # fmt: skip
def test_norms_of_numbers_whose_powers_overflow_or_underflow_have_their_gradient(x: Any, f: Any, expected: Any) -> None:
    with np.errstate(all="ignore"):
        gradient = be.grad(lambda x: xp.sum(f(x)))(x)
        slope = be.jvp(f, (x,), (np.array([1, 2], x.dtype),))[1]
    np.testing.assert_allclose(gradient, expected, rtol=8 * np.finfo(x.dtype).eps)
    np.testing.assert_allclose(np.sum(slope), np.dot(expected, [1, 2]), rtol=8 * np.finfo(x.dtype).eps)


def test_the_mean_of_more_elements_than_float16_can_count_has_a_gradient() -> None:
    gradient = be.grad(np.mean)(np.ones(70_000, np.float16))
    np.testing.assert_array_equal(gradient, np.float16(1 / 70_000))


def test_polygamma_of_several_orders_has_a_gradient_of_its_arguments_shape() -> None:
    special = pytest.importorskip("autodiff_numpy.special")
    assert be.grad(lambda x: np.sum(special.polygamma([[0], [1]], x)))(np.ones(3)).shape == (3,)
