"""`scipy.special` on recorded arrays, at first and second order against mpmath at 40 digits."""

from __future__ import annotations

import itertools
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import autodiff_spec as ad
from tests import fresh

special = pytest.importorskip("scipy.special")

be = ad.backend("numpy")
POINTS = (0.3, 1.0, 2.7)
EVERYWHERE = (-6.5, -1.2, 0.0, *POINTS)
INSIDE = (0.02, 0.5, 0.9)


def normal(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


ONE = {
    "erf": (mp.erf, EVERYWHERE),
    "erfc": (mp.erfc, EVERYWHERE),
    "erfcx": (lambda x: mp.exp(x * x) * mp.erfc(x), (-1.2, 0.0, *POINTS)),
    "erfi": (mp.erfi, (-1.2, 0.0, *POINTS)),
    "dawsn": (lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x), (-1.2, 0.0, *POINTS)),
    "erfinv": (mp.erfinv, (-0.8, 0.0, *INSIDE)),
    "erfcinv": (lambda x: mp.erfinv(1 - x), INSIDE),
    "ndtr": (normal, EVERYWHERE),
    "log_ndtr": (lambda x: mp.log(normal(x)), (-30.0, *EVERYWHERE)),
    "ndtri": (lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1), INSIDE),
    "gamma": (mp.gamma, (-1.2, *POINTS)),
    "gammaln": (lambda x: mp.log(abs(mp.gamma(x))), (-1.2, *POINTS, 40.0)),
    "digamma": (mp.digamma, (-1.2, *POINTS, 40.0)),
    "expit": (lambda x: 1 / (1 + mp.exp(-x)), (-40.0, *EVERYWHERE, 30.0)),
    "log_expit": (lambda x: -mp.log1p(mp.exp(-x)), (-40.0, *EVERYWHERE, 30.0)),
    "logit": (lambda x: mp.log(x / (1 - x)), INSIDE),
    "entr": (lambda x: -x * mp.log(x), POINTS),
    "j0": (lambda x: mp.besselj(0, x), EVERYWHERE),
    "j1": (lambda x: mp.besselj(1, x), EVERYWHERE),
    "i0": (lambda x: mp.besseli(0, x), EVERYWHERE),
    "i1": (lambda x: mp.besseli(1, x), EVERYWHERE),
    "exp10": (lambda x: mp.mpf(10) ** x, EVERYWHERE),
    "exp2": (lambda x: mp.mpf(2) ** x, EVERYWHERE),
    "expm1": (mp.expm1, EVERYWHERE),
    "log1p": (mp.log1p, POINTS),
    "cbrt": (mp.cbrt, POINTS),
    "y0": (lambda x: mp.bessely(0, x), POINTS),
    "y1": (lambda x: mp.bessely(1, x), POINTS),
    "k0": (lambda x: mp.besselk(0, x), POINTS),
    "k1": (lambda x: mp.besselk(1, x), POINTS),
    "i0e": (lambda x: mp.exp(-abs(x)) * mp.besseli(0, x), (-6.5, *POINTS, 40.0)),
    "i1e": (lambda x: mp.exp(-abs(x)) * mp.besseli(1, x), (-6.5, *POINTS, 40.0)),
    "rgamma": (mp.rgamma, (-3.0, -2.0, -1.2, 0.0, *POINTS)),
    "loggamma": (mp.loggamma, (*POINTS, 40.0)),
}
TWO = {
    "xlogy": lambda x, y: x * mp.log(y),
    "xlog1py": lambda x, y: x * mp.log1p(y),
    "rel_entr": lambda x, y: x * mp.log(x / y),
    "kl_div": lambda x, y: x * mp.log(x / y) - x + y,
    "beta": mp.beta,
    "betaln": lambda x, y: mp.log(mp.beta(x, y)),
    "boxcox": lambda x, y: mp.expm1(y * mp.log(x)) / y,
    "boxcox1p": lambda x, y: mp.expm1(y * mp.log1p(x)) / y,
}
BY_LAST: dict[str, tuple[Any, tuple[tuple[float, ...], ...]]] = {
    "jv": (mp.besselj, ((0.0,), (2.5,), (-1.3,))),
    "yv": (mp.bessely, ((0.0,), (2.5,))),
    "iv": (mp.besseli, ((0.0,), (2.5,))),
    "kv": (mp.besselk, ((0.0,), (2.5,))),
    "stdtr": (lambda df, t: mp.betainc(df / 2, 0.5, 0, df / (df + t * t), regularized=True) / -2, ((1.0,), (4.5,))),
    "betainc": (lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True), ((0.3, 2.5), (60.0, 80.0))),
    "betaincc": (lambda a, b, x: mp.betainc(a, b, x, 1, regularized=True), ((0.3, 2.5), (60.0, 80.0))),
    "hyp1f1": (mp.hyp1f1, ((0.3, 2.5), (3.0, 1.5))),
}
"""Functions of parameters and ``x``, and the parameters; but for a constant."""
LOOSE = 1e-12
"""SciPy's kernels are right to some ten units in the last place, and a difference of two (ψ(x) - ψ(x + y)) or the
square of an argument (30² in log_ndtr) takes two or three digits more; a wrong formula is off in the first digit."""


def assert_close(found, exact):
    assert float(found) == pytest.approx(float(exact), rel=LOOSE, abs=LOOSE)


@pytest.mark.parametrize("name", ONE)
def test_a_function_of_one_argument_has_its_first_and_second_derivative(name):
    exact, points = ONE[name]
    first = be.grad(getattr(special, name))
    second = be.grad(first)
    with mp.workdps(40):
        for point in points:
            assert_close(first(np.array(point)), mp.diff(exact, point))
            assert_close(second(np.array(point)), mp.diff(exact, point, 2))


@pytest.mark.parametrize("name", TWO)
def test_a_function_of_two_arguments_has_its_first_and_second_derivatives(name):
    function, exact, arguments = getattr(special, name), TWO[name], (0, 1)
    with mp.workdps(40):
        for point in itertools.product(POINTS, INSIDE):
            arrays = [np.array(p) for p in point]
            for i in arguments:
                orders = [int(i == j) for j in arguments]
                first = be.grad(function, argnums=i)
                assert_close(first(*arrays), mp.diff(exact, point, tuple(orders)))
                for j in arguments:
                    mixed = tuple(n + int(j == k) for k, n in enumerate(orders))
                    assert_close(be.grad(first, argnums=j)(*arrays), mp.diff(exact, point, mixed))


@pytest.mark.parametrize("name", BY_LAST)
def test_a_function_of_parameters_has_its_first_and_second_derivative_by_the_last_argument(name):
    function, (exact, parameters) = getattr(special, name), BY_LAST[name]
    for given, point in itertools.product(parameters, INSIDE):
        first = be.grad(lambda x, given=given: function(*given, x))
        with mp.workdps(40):
            assert_close(first(np.array(point)), mp.diff(lambda x, given=given: exact(*given, x), point))
            assert_close(be.grad(first)(np.array(point)), mp.diff(lambda x, given=given: exact(*given, x), point, 2))


@pytest.mark.parametrize("name", BY_LAST)
def test_a_recorded_parameter_without_a_derivative_is_refused_by_name(name):
    function, (_, (given, *_)) = getattr(special, name), BY_LAST[name]
    for i, parameter in enumerate(given):

        def program(p, i=i):
            return function(*given[:i], p, *given[i + 1 :], np.array([0.3, 0.6]))

        with pytest.raises(ad.UnsupportedError, match=rf"{name} of a recorded .*: .* stop_gradient"):
            be.grad(lambda p: np.sum(program(p)))(parameter + 1.0)
        with pytest.raises(ad.UnsupportedError, match=rf"{name} of a recorded .*: .* stop_gradient"):
            be.jvp(program, (np.array(parameter + 1.0),), (np.array(1.0),))
    x = be.variable([0.3, 0.6])
    recorded = [be.variable(parameter + 1.0) for parameter in given]
    with be.tape() as tape:
        y = function(*map(be.stop_gradient, recorded), x)
    assert np.all(np.isfinite(tape.grad(y, x)))


def test_derivatives_of_functions_of_complex_numbers():
    z = np.array([1.2 + 0.7j, -0.4 - 0.3j, -2.6 + 0.1j])
    exact = {
        "loggamma": (special.loggamma, mp.loggamma), "rgamma": (special.rgamma, mp.rgamma),
        "jv": (lambda z: special.jv(1.5, z), lambda z: mp.besselj(1.5, z)),
        "kv": (lambda z: special.kv(1.5, z), lambda z: mp.besselk(1.5, z)),
    }  # fmt: skip
    for ours, theirs in exact.values():
        _, slope = be.jvp(ours, (z,), (np.ones_like(z),))
        np.testing.assert_allclose(slope, [complex(mp.diff(theirs, complex(point))) for point in z], rtol=1e-11)
    with pytest.raises(ad.UnsupportedError, match="no polygamma of complex numbers"):
        be.jvp(be.grad(lambda z: np.sum(special.loggamma(z)).real), (z,), (np.ones_like(z),))


def test_the_box_cox_transformation_of_zero_has_its_derivative_by_the_power():
    slopes = be.grad(lambda p: np.sum(special.boxcox(np.zeros(2), p)))(np.array([0.5, 2]))
    np.testing.assert_array_equal(slopes, [4, 0.25])
    np.testing.assert_array_equal(be.grad(lambda p: special.boxcox1p(-1.0, p))(2.0), 0.25)


def test_the_multivariate_gamma_function_is_a_sum():
    from autodiff_numpy import special as ours

    a = np.array([[1.3, 2.0], [4.5, 30.0]])
    assert np.array_equal(be.to_numpy(ours.multigammaln(be.variable(a), 3)), special.multigammaln(a, 3))
    found = be.grad(lambda a: np.sum(ours.multigammaln(a, 3)))(a)
    np.testing.assert_allclose(found, special.psi(a) + special.psi(a - 0.5) + special.psi(a - 1), rtol=1e-14)
    with pytest.raises(ad.NotDifferentiableError, match=r"scipy\.special\.multigammaln has no derivative by d"):
        be.grad(lambda d: ours.multigammaln(4.0, d))(2.0)


def test_the_third_derivative_of_gammaln_is_the_second_polygamma():
    third = be.grad(be.grad(be.grad(special.gammaln)))
    np.testing.assert_allclose(third(np.array(POINTS)[1]), special.polygamma(2, POINTS[1]), rtol=LOOSE)


def test_log_ndtr_is_differentiated_where_the_density_and_the_distribution_underflow():
    x = np.array([-1e3, -40.0, 40.0])
    slope, curvature = be.grad(special.log_ndtr)(x), be.grad(be.grad(special.log_ndtr))(x)
    with mp.workdps(400):
        exact = [mp.npdf(a) / normal(mp.mpf(a)) for a in x]
    np.testing.assert_allclose(slope, [float(e) for e in exact], rtol=LOOSE)
    # x + φ/Φ cancels: an error of x²·eps
    np.testing.assert_allclose(curvature, [float(-e * (a + e)) for a, e in zip(x, exact, strict=True)], rtol=1e-9)


def test_xlogy_at_zero_has_finite_derivatives():
    gx, gy = be.grad(special.xlogy, argnums=(0, 1))(np.zeros(2), np.array([0.0, 2.0]))
    np.testing.assert_array_equal(gx, [0.0, np.log(2.0)])
    np.testing.assert_array_equal(gy, [0.0, 0.0])


@pytest.mark.parametrize("axis", [None, 0, -1])
def test_what_scipy_has_in_python_is_offered_by_our_namespace(axis):
    from autodiff_numpy import special as ours

    x = np.random.default_rng(1).normal(size=(2, 3))
    weights = np.random.default_rng(2).uniform(0.5, 2.0, size=(2, 3))
    soft = special.softmax(x, axis=axis)
    np.testing.assert_allclose(be.grad(lambda x: ours.logsumexp(x, axis=axis))(x), soft, rtol=1e-14)
    found = be.grad(lambda x: ours.log_softmax(x, axis=axis) * weights)(x)
    np.testing.assert_allclose(found, weights - soft * weights.sum(axis, keepdims=True), rtol=1e-13)
    found = be.grad(lambda x: ours.softmax(x, axis=axis) * weights)(x)
    np.testing.assert_allclose(found, soft * (weights - (soft * weights).sum(axis, keepdims=True)), atol=1e-15)
    found = be.grad(lambda b: ours.logsumexp(x, axis=axis, b=b))(weights)
    np.testing.assert_allclose(found, np.exp(x - special.logsumexp(x, axis, weights, keepdims=True)), rtol=1e-14)
    np.testing.assert_array_equal(ours.logsumexp(x, axis=axis, b=weights), special.logsumexp(x, axis, weights))
    assert ours.erf is special.erf


def test_ufuncs_of_scipy_take_their_options_as_numpys_do():
    x, mask = np.array([0.3, 0.6, 2.5]), np.array([True, False, True])
    slope = 2 / np.sqrt(np.pi) * np.exp(-x * x)
    by_betainc = be.grad(lambda x: np.sum(special.betainc(2.5, 1.5, x / 3)))(x)
    calls = [
        (lambda x: special.erf(x, dtype=np.float32), special.erf(x, dtype=np.float32), slope, 1e-6),
        (lambda x: special.erf(x, where=np.True_, order="F"), special.erf(x), slope, 1e-14),
        (lambda x: special.erf(x, where=mask, out=np.full_like(x, 7.0)),
         np.where(mask, special.erf(x), 7.0), slope * mask, 1e-14),
        (lambda x: special.betainc(2.5, 1.5, x / 3, where=mask, out=np.zeros_like(x)),
         np.where(mask, special.betainc(2.5, 1.5, x / 3), 0), by_betainc * mask, 1e-14),
    ]  # fmt: skip
    for call, value, gradient, tolerance in calls:
        with be.tape() as tape:
            source = tape.watch(x)
            y = call(source)
        assert y.dtype == value.dtype
        np.testing.assert_array_equal(be.to_numpy(y), value)
        np.testing.assert_allclose(tape.grad(y, source), gradient, rtol=tolerance)
        np.testing.assert_allclose(be.jvp(call, (x,), (np.ones(3),))[1], gradient, rtol=tolerance)


def test_a_mask_for_a_ufunc_of_scipy_has_the_errors_of_numpy():
    """SciPy is never called with the mask: its loops write beside the arrays then (scipy/xsf#146)."""
    x = np.array([0.3, 0.6, 2.5])
    for mask, out, error in (([True, False], np.float64, ValueError), ([True] * 3, np.int64, TypeError)):
        with pytest.raises((error, ad.AutodiffError)):
            be.grad(lambda x, m=mask, d=out: np.sum(special.erf(x, where=np.array(m), out=np.zeros_like(x, d))))(x)
    with pytest.raises(ad.UnsupportedError, match=r"scipy\.special\.erf with where= and without out= .* np\.where"):
        be.grad(lambda x: np.sum(special.erf(x, where=np.array([True, False, True]))))(x)


def test_float32_keeps_its_dtype():
    x = np.array([0.5, 2.0], np.float32)
    for f in (special.gammaln, special.erf, special.log_ndtr, be.grad(special.psi)):
        assert be.grad(f)(x).dtype == np.float32


def test_a_special_function_without_a_rule_is_refused_by_its_full_name():
    with pytest.raises(ad.UnsupportedError, match=r"scipy\.special\.gammaincinv has no derivative rule"):
        be.grad(lambda x: special.gammaincinv(x, 0.5))(np.ones(2))


@pytest.mark.parametrize("function", [special.gammainc, special.gammaincc])
def test_a_recorded_order_is_refused(function):
    with pytest.raises(ad.UnsupportedError, match=r"first argument a: .* stop_gradient\(a\)"):
        be.grad(lambda a: function(a, 1.0))(np.ones(2))
    with pytest.raises(ad.UnsupportedError, match="first argument a"):
        be.jvp(lambda a: function(a, 1.0), (np.ones(2),), (np.ones(2),))
    a, x = be.variable(2.0), be.variable([1.0, 3.0])
    with be.tape() as tape:
        y = function(be.stop_gradient(a), x)
    np.testing.assert_allclose(abs(tape.grad(y, x)), [np.exp(-1.0), 3 * np.exp(-3.0)], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", [0.25, 1.0, 3.0, 49.0, 50.0, 1e3, 1e5])
def test_incomplete_gamma_functions_are_right_for_small_and_large_orders(order, dtype):
    """Their derivative, the density, to the condition of its exponent and of that by x."""
    spread = np.array([-6.0, -2.0, 0.0, 1.0, 4.0]) * order**0.5
    x = np.array([*(order + spread)[order + spread > 0], 1e-3, 30.0, 80.0], dtype)
    with mp.workdps(40):
        a = mp.mpf(order)
        logarithms = [(a - 1) * mp.log(v) - v - mp.loggamma(a) for v in map(mp.mpf, map(float, x))]
        expected = np.array([float(mp.exp(each)) for each in logarithms])
    there = expected > np.finfo(dtype).tiny
    found = be.grad(lambda x: special.gammainc(dtype(order), x))(x)
    assert found.dtype == dtype
    assert there.sum() >= 3
    condition = 8 + abs(order - 1 - x) + abs(np.array(logarithms, dtype=float))
    roundings = condition * np.finfo(np.float64).eps + (dtype is np.float32) * np.finfo(dtype).eps
    assert (abs(found - expected) <= roundings * expected)[there].all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("a", "b"), [(0.3, 0.4), (2.5, 60.0), (50.0, 49.0), (1e3, 2e3), (1e6, 4.0)])
def test_incomplete_beta_functions_are_right_for_small_and_large_shapes(a, b, dtype):
    """As above: to the condition of the density's two powers."""
    a, b = float(dtype(a)), float(dtype(b))
    mean = a / (a + b)
    spread = mean + np.array([-4.0, -1.0, 0.0, 0.5, 3.0]) * (mean * (1 - mean) / (a + b + 1)) ** 0.5
    x = np.array([*spread[(spread > 0) & (spread < 1)], 1e-30, 0.3], dtype)
    with mp.workdps(60):
        p, q = mp.mpf(a), mp.mpf(b)
        exact = [v ** (p - 1) * (1 - v) ** (q - 1) / mp.beta(p, q) for v in map(mp.mpf, map(float, x))]
        expected = np.array([float(each) for each in exact])
    there = expected > np.finfo(dtype).tiny
    found = be.grad(lambda x: np.sum(special.betainc(dtype(a), dtype(b), x)))(x)
    assert found.dtype == dtype
    assert there.sum() >= 3
    away = abs(a * (1 - x.astype(float)) - b * x)  # of the mean, by which the powers change
    condition = 32 + 4 * away / (1 - x) + 4 * abs(np.log(np.maximum(expected, 1e-300)))
    roundings = condition * np.finfo(np.float64).eps + (dtype is np.float32) * np.finfo(dtype).eps
    assert (abs(found - expected) <= roundings * expected)[there].all()


@pytest.mark.parametrize("df", [1e-2, 1.0, 30.0, 99.0, 101.0, 1e4, 1e9, np.inf])
def test_students_density_is_right_for_few_and_many_degrees_of_freedom(df):
    t = np.array([-30.0, -2.0, 0.0, 1e-9, 0.7, 5.0])
    with mp.workdps(60):
        if df == np.inf:
            exact = [mp.npdf(v) for v in t]
        else:
            top, n = mp.gammaprod([mp.mpf(df + 1) / 2], [mp.mpf(df) / 2]) / mp.sqrt(df * mp.pi), mp.mpf(df)
            exact = [top * (1 + mp.mpf(v) ** 2 / n) ** (-(n + 1) / 2) for v in t]
        expected = np.array([float(each) for each in exact])
    found = be.grad(lambda t: np.sum(special.stdtr(df, t)))(t)
    np.testing.assert_allclose(found, expected, rtol=2e-13 if df > 1e3 else 1e-14, atol=0)  # an exponent of 450
    slope = -expected * t * (1 if df == np.inf else (df + 1) / (df + t * t))
    np.testing.assert_allclose(be.grad(be.grad(lambda t: special.stdtr(df, t)))(t[1]), slope[1], rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_quantiles_have_infinite_slopes_at_the_ends_of_their_domains(dtype):
    ends = {special.erfinv: [-1, 1], special.erfcinv: [0, 2], special.ndtri: [0, 1]}
    for function, points in ends.items():
        found = be.grad(function)(np.array(points, dtype))
        np.testing.assert_array_equal(found, [-np.inf] * 2 if function is special.erfcinv else [np.inf] * 2)
        assert found.dtype == dtype


def test_extra_says_how_to_get_scipy_where_it_is_missing():
    program = """
import sys, autodiff_spec as ad
sys.modules["scipy"] = sys.modules["scipy.special"] = None
try:
    ad.backend("numpy").extra.lgamma(2.0)
except ad.BackendNotInstalledError as error:
    print(error)
"""
    assert "needs SciPy: pip install" in fresh.program(program)


def test_scipy_is_loaded_by_its_user_alone():
    program = """
import sys, numpy as np, autodiff_spec as ad, autodiff_numpy
be = ad.backend("numpy")
be.grad(lambda x: be.xp.sin(x) * be.extra.erf(x))(1.0)
assert not {"scipy", "autodiff_numpy.rules.special"} & set(sys.modules)
from scipy.special import expit
assert be.grad(expit)(0.0) == 0.25
"""
    fresh.program(program)


def test_scipys_array_api_changes_nothing():
    program = f"""
import numpy as np, autodiff_spec as ad
from scipy import special
from autodiff_numpy import special as ours
be, x = ad.backend("numpy"), np.array([0.3, 0.6])
for name in {[*ONE, "sinc"]}:
    f = getattr(special, name)
    print(name, f(x), be.grad(f)(x), be.grad(be.grad(f))(x))
for name in {[*TWO]}:
    print(name, be.grad(getattr(special, name), argnums=(0, 1))(x, x / 2))
    print(name, be.grad(lambda y: getattr(ours, name)(x, y))(x / 2))
print(be.grad(lambda x: ours.polygamma(2, x) + ours.logsumexp(x) + ours.spherical_jn(0, 1.0))(x))
print(be.grad(lambda y: special.gammainc(2.5, y) * special.gammaincc(2.5, y))(x))
print(be.grad(lambda y: special.betainc(2.5, 1.5, y) * special.stdtr(2.5, y) * special.jv(1.5, y))(x))
print(be.grad(lambda y: special.huber(0.4, y) * ours.multigammaln(y + 2, 2))(x))
for f in (lambda x: special.ellipkinc(x, x), lambda x: special.zeta(x, x)):
    try:
        be.grad(f)(x)
    except ad.UnsupportedError as error:
        print(error)
print(ours.erf, ours.gammainc, ours.spherical_jn is special.spherical_jn)
"""
    without, with_it = (fresh.program(program, SCIPY_ARRAY_API=value) for value in ("", "1"))
    assert with_it == without
    assert "scipy.special.ellipkinc has no derivative rule" in with_it


def test_under_the_array_api_scipy_mixes_no_namespaces():
    program = """
import numpy as np, autodiff_spec as ad
from scipy import special
be, x = ad.backend("numpy"), np.ones(2)
try:
    be.grad(lambda y: special.xlogy(x, y))(x)
except TypeError as error:
    print(str(error).partition(":")[0])
"""
    assert fresh.program(program, SCIPY_ARRAY_API="1") == "Multiple namespaces for array inputs"
