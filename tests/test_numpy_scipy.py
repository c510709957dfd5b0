"""`autodiff_numpy.scipy` on recorded arrays: SciPy's values, and first and second derivatives by differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from tests import fresh
from tests.numpy_judge import differences

pytest.importorskip("scipy")

import scipy

from autodiff_numpy.scipy import linalg, signal, sparse, special, stats

be = ad.backend("numpy")
X = np.array([0.31, 0.52, 1.4])
UNIT = np.array([0.2, 0.55, 0.9])
COUNTS = np.array([0, 2, 5])
POINTS = np.array([[0.3, -0.2], [1.0, 0.4], [0.1, 0.9]])
SHARES = np.array([0.2, 0.5, 0.3])
COVARIANCE = np.array([[1.3, 0.2], [0.2, 0.8]])
MATRIX = sparse.csr_array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]])
KERNEL = np.array([[1.0, -0.5], [0.25, 2.0]])
IMAGE = np.arange(12.0).reshape(3, 4) ** 1.3

CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "norm.logpdf": (lambda x, m, s: stats.norm.logpdf(x, m, s), (X, 0.4, 1.7)),
    "norm.pdf": (lambda x, m, s: stats.norm.pdf(x, loc=m, scale=s), (X, 0.4, 1.7)),
    "norm.cdf": (lambda x, m, s: stats.norm.cdf(x, m, s), (X, 0.4, 1.7)),
    "norm.logcdf": (lambda x, m, s: stats.norm.logcdf(x, m, s), (X, 0.4, 1.7)),
    "norm.sf": (lambda x, m, s: stats.norm.sf(x, m, s), (X, 0.4, 1.7)),
    "norm.logsf": (lambda x: stats.norm.logsf(x), (X,)),
    "norm, frozen": (lambda x, m, s: stats.norm(m, s).logpdf(x), (X, 0.4, 1.7)),
    "norm, frozen by constants": (lambda x: stats.norm(0.5, 2.0).cdf(x), (X,)),
    "t.logpdf": (lambda x, df, m, s: stats.t.logpdf(x, df, m, s), (X, 3.5, 0.2, 1.4)),
    "t.pdf": (lambda x, df: stats.t.pdf(x, df), (X, 3.5)),
    "t.cdf": (lambda x, m, s: stats.t.cdf(x, 3.5, m, s), (X, 0.2, 1.4)),
    "t.sf": (lambda x: stats.t(3.5).sf(x), (X,)),
    "beta.cdf": (lambda x, m, s: stats.beta.cdf(x, 2.5, 1.7, m, s), (UNIT, -0.1, 1.2)),
    "beta.sf": (lambda x: stats.beta.sf(x, 2.5, 1.7), (UNIT,)),
    "gamma.logpdf": (lambda x, a, s: stats.gamma.logpdf(x, a, scale=s), (X, 2.5, 0.7)),
    "gamma.pdf": (lambda x, a, m, s: stats.gamma.pdf(x, a, m, s), (X, 2.5, -0.3, 0.7)),
    "beta.logpdf": (lambda x, a, b: stats.beta.logpdf(x, a, b), (UNIT, 2.5, 1.7)),
    "beta.pdf": (lambda x, a, b, s: stats.beta.pdf(x, a, b, scale=s), (UNIT, 2.5, 1.7, 1.3)),
    "poisson.logpmf": (lambda mu: stats.poisson.logpmf(COUNTS, mu), (1.7,)),
    "poisson.pmf": (lambda mu: stats.poisson.pmf(COUNTS, mu), (np.array([0.5, 1.7, 3.0]),)),
    "multivariate_normal.logpdf": (
        lambda x, m, c: stats.multivariate_normal.logpdf(x, m, 0.5 * (c + c.T)), (POINTS, POINTS[1], COVARIANCE),
    ),
    "multivariate_normal.pdf": (lambda x, m: stats.multivariate_normal.pdf(x, m, COVARIANCE), (POINTS[0], POINTS[1])),
    "multivariate_normal of a variance": (lambda x: stats.multivariate_normal.logpdf(x, [0.0, 1.0], 2.0), (POINTS,)),
    "multivariate_normal, frozen": (lambda m: stats.multivariate_normal(m, COVARIANCE).logpdf(POINTS), (POINTS[1],)),
    "dirichlet.logpdf": (lambda a: stats.dirichlet.logpdf(SHARES, a), (np.array([1.5, 2.0, 0.7]),)),
    "dirichlet.pdf": (lambda a: stats.dirichlet.pdf(SHARES[:2], a), (np.array([1.5, 2.0, 0.7]),)),
    "fftconvolve": (lambda x, y: signal.fftconvolve(x, y), (IMAGE, KERNEL)),
    "fftconvolve, same": (lambda x, y: signal.fftconvolve(x, y, "same"), (IMAGE, KERNEL)),
    "convolve, valid": (lambda x, y: signal.convolve(x, y, "valid"), (IMAGE, KERNEL)),
    "convolve, direct, of a list": (lambda x: signal.convolve(x, [1.0, 2.0], method="direct"), (X,)),
    "sparse.matmul of a vector": (lambda x: sparse.matmul(MATRIX, x), (X,)),
    "sparse.matmul of a matrix": (lambda x: sparse.matmul(MATRIX, x), (IMAGE,)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_values_and_derivatives(case: str) -> None:
    f, given = CASES[case]
    arrays = [np.asarray(array) for array in given]
    everyone = tuple(range(len(arrays)))
    with be.tape() as tape:
        found = be.to_numpy(f(*map(tape.watch, arrays)))
    np.testing.assert_allclose(found, f(*arrays), rtol=1e-13, atol=1e-15)
    assert found.shape == np.shape(f(*arrays))
    gradient = be.grad(lambda *given: np.sum(np.cos(f(*given))), everyone)
    for i, array in enumerate(arrays):

        def moved(x: Any, i: int = i) -> list[Any]:
            return [x if j == i else other for j, other in enumerate(arrays)]

        first = differences(lambda x, moved=moved: np.sum(np.cos(f(*moved(x)))), array)
        np.testing.assert_allclose(gradient(*arrays)[i], first, rtol=1e-6, atol=1e-8)
        second = differences(lambda x, i=i, moved=moved: gradient(*moved(x))[i], array)
        hessian = be.jacobian(lambda x, i=i, moved=moved: gradient(*moved(x))[i])(array)
        np.testing.assert_allclose(hessian, second, rtol=1e-6, atol=1e-7)


# --- linear algebra, whose derivatives are asked for in `test_numpy_rules` and `test_numpy_laws` ----------------------


def test_every_function_of_linear_algebra_is_in_the_table_of_the_laws() -> None:
    from tests.numpy_parameters import CALLS

    known = {call.name.rpartition(".")[2] for call in CALLS if call.name.startswith("scipy.linalg")}
    assert known == set(linalg.__all__)


@pytest.mark.parametrize("name", ["solve", "solve_triangular", "cho_factor", "cholesky", "det", "inv", "eigvalsh"])
def test_permission_to_overwrite_changes_nothing_that_a_recording_keeps(name: str) -> None:
    function, a = getattr(linalg, name), np.asfortranarray(COVARIANCE)
    b = [np.ones(2)] if name.startswith("solve") else []
    flags = dict.fromkeys(["overwrite_b"] if name == "solve_triangular" else ["overwrite_a"], True)

    def value(*arrays: Any, **options: Any) -> Any:
        found = function(*arrays, **options)
        return np.sum(found[0] if isinstance(found, tuple) else found)

    expected = be.grad(value, tuple(range(1 + len(b))))(a, *b)
    found = be.grad(lambda *arrays: value(*arrays, **flags), tuple(range(1 + len(b))))(a, *b)
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, other)
    assert np.array_equal(a, COVARIANCE)
    assert all(np.array_equal(x, np.ones(2)) for x in b)


@pytest.mark.parametrize(("call", "told"), [
    (lambda x: linalg.eigh(x, COVARIANCE), "neither a second matrix"),
    (lambda x: linalg.eigh(COVARIANCE, x), "neither a second matrix"),
    (lambda x: linalg.eigvalsh(x, subset_by_index=[0, 0]), "subset_by_"),
])  # fmt: skip
def test_what_linear_algebra_has_no_derivative_of_is_refused(call: Any, told: str) -> None:
    with pytest.raises(ad.UnsupportedError, match=told):
        be.grad(lambda x: np.sum(call(x)))(COVARIANCE)


@pytest.mark.parametrize(("call", "told"), [
    (lambda x: linalg.inv(x, assume_a="diagonal"), "assume_a"),
    (lambda x: linalg.sqrtm(x[0, 0]), "(?i)np.sqrt|matrix"),
])  # fmt: skip
def test_what_scipy_computes_wrongly_is_refused(call: Any, told: str) -> None:
    """By ours, and in releases before SciPy took these arguments by its own error."""
    with pytest.raises((ad.UnsupportedError, TypeError, ValueError), match=told):
        be.grad(lambda x: np.sum(call(x)))(COVARIANCE)


def test_options_that_are_recorded_are_refused_by_name() -> None:
    with pytest.raises(ad.NotDifferentiableError, match=r"scipy\.linalg\.solve_triangular has no derivative by lower"):
        be.grad(lambda x: np.sum(linalg.solve_triangular(COVARIANCE, np.ones(2), lower=x)))(1.0)


def test_the_square_root_of_a_singular_matrix_has_no_derivative() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy's own, that it is singular
        with pytest.raises(ad.TapeError, match="singular"):
            be.grad(lambda a: np.sum(linalg.sqrtm(a)))(np.diag([1.0, 0.0]))


def test_a_prepared_function_may_call_it() -> None:
    def fitted(a: Any) -> Any:
        return np.sum(linalg.solve_triangular(linalg.cholesky(a, lower=True), np.ones(2), lower=True) ** 2)

    prepared = be.prepare(be.grad(fitted), COVARIANCE)
    for a in (COVARIANCE, 2 * COVARIANCE):
        np.testing.assert_allclose(prepared(a), be.grad(fitted)(a), rtol=1e-15)


def test_a_sylvester_equation_that_scipy_solves_wrongly_is_refused() -> None:
    """Where SciPy has mended it the refusal can go: this fails then."""
    turning, other, q = np.array([[2.0, 1.0], [-1.0, 2.0]]), (1 + 1j) * np.eye(2), np.ones((2, 2))
    wrong = scipy.linalg.solve_sylvester(turning, other, q)
    assert np.max(np.abs(turning @ wrong + wrong @ other - q)) > 0.1
    for a, b in ((turning, other), (other, turning)):
        with pytest.raises(ad.UnsupportedError, match=r"astype\(complex\)"):
            be.grad(lambda q, a=a, b=b: np.sum(np.real(linalg.solve_sylvester(a, b, q))))(q)


def test_scipys_array_api_changes_nothing() -> None:
    program = """
import numpy as np, autodiff_spec as ad
from autodiff_numpy.scipy import linalg, signal, special, stats
be, a, x = ad.backend("numpy"), np.array([[1.3, 0.2], [0.2, 0.8]]), np.array([0.3, 0.6])
for f in (lambda b: linalg.solve(a, b), lambda b: linalg.cho_solve(linalg.cho_factor(a), b),
          lambda b: linalg.expm(a * b),
          lambda b: linalg.solve_triangular(a, b), lambda b: linalg.sqrtm(a * b), lambda b: linalg.inv(a * b),
          lambda b: linalg.eigh(a * b)[0], lambda b: linalg.solve_sylvester(a, a, a * b), lambda b: linalg.det(a * b),
          lambda b: stats.t.cdf(b, 3.5), lambda b: stats.beta.cdf(b, 2.5, 1.5), lambda b: signal.convolve(b, x),
          lambda b: special.multigammaln(b + 2, 3)):
    print(be.grad(lambda b: np.sum(f(b)))(x), f(x))
"""
    without, with_it = (fresh.program(program, SCIPY_ARRAY_API=value) for value in ("", "1"))
    assert with_it == without


# --- what is not recorded, and what is wrong -------------------------------------------------------------------------


SEEN = np.array([[2.0, 0.5], [0.5, 1.0]])
SUBSTITUTED: dict[str, Callable[[Any], Any]] = {
    "scipy.linalg.solve_triangular": lambda x: scipy.linalg.solve_triangular(x, np.ones(2)),
    "scipy.linalg.cho_solve": lambda x: scipy.linalg.cho_solve((x, True), np.ones(2)),
    "scipy.linalg.expm": lambda x: scipy.linalg.expm(x),
    "scipy.linalg.eigh": lambda x: scipy.linalg.eigh(x)[0],
    "scipy.signal.convolve": lambda x: scipy.signal.convolve(x, x),
    "scipy.special.logsumexp": lambda x: scipy.special.logsumexp(x),
    "scipy.special.multigammaln": lambda x: scipy.special.multigammaln(x + 1, 2),
    "scipy.stats.norm.logpdf": lambda x: scipy.stats.norm.logpdf(x),
    "scipy.stats.beta.cdf": lambda x: scipy.stats.beta(2.0, 3.0).cdf(x / 4),
    "scipy.stats.multivariate_normal.logpdf": lambda x: scipy.stats.multivariate_normal.logpdf(x, np.zeros(2)),
    "scipy.stats.dirichlet.pdf": lambda x: scipy.stats.dirichlet([1.0, 2.0]).pdf(x[0] / np.sum(x[0])),
}


@pytest.mark.parametrize("name", SUBSTITUTED)
def test_the_error_of_scipys_function_names_the_one_that_is_seen(name: str) -> None:
    with pytest.raises(ad.LostDerivativeError, match=rf"go on computing autodiff_numpy\.{name}$".replace("_", "[_]")):
        be.grad(lambda x: np.sum(SUBSTITUTED[name](x)))(SEEN)


@pytest.mark.parametrize(("call", "told"), [
    (lambda x: scipy.linalg.svd(x)[1], r"go on computing np\.linalg\.svd$"),
    (lambda x: scipy.linalg.logm(x), r"go on computing np\.stack"),
    (lambda x: scipy.stats.norm.ppf(x / 4), r"go on computing np\.stack"),
    (lambda x: stats.norm.ppf(x / 4), r"go on computing np\.stack"),
    (lambda x: scipy.stats.uniform.cdf(x), r"go on computing np\.stack"),
])  # fmt: skip
def test_the_error_names_no_substitute_that_there_is_not(call: Any, told: str) -> None:
    with pytest.raises(ad.LostDerivativeError, match=told):
        be.grad(lambda x: np.sum(call(x)))(SEEN)


@pytest.mark.parametrize("name", ["norm", "t", "gamma", "beta", "poisson"])
def test_densities_have_scipys_values_of_whatever_is_given(name: str) -> None:
    points = np.array([0.3, 1.0, -1.0, 2.0, np.nan, np.inf, -np.inf])
    shapes = {"t": (3.5,), "gamma": (2.5,), "beta": (2.5, 1.7), "poisson": (1.7,)}.get(name, ())
    good = (points, *shapes, 0.1, 1.3)[: 3 if name == "poisson" else None]
    odd = [(*good[:i], bad, *good[i + 1 :]) for i in range(1, len(good)) for bad in (-1.0, 0.0, np.nan, np.inf)]
    single = tuple(np.float32(argument) for argument in good)
    for method in getattr(stats, name).formulas:
        for given in (good, single, *odd):
            with be.tape() as tape, np.errstate(all="ignore"):
                found = getattr(getattr(stats, name), method)(tape.watch(given[0]), *given[1:])
                expected = getattr(getattr(scipy.stats, name), method)(*given)
            np.testing.assert_array_equal(be.to_numpy(found) if be.is_array(found) else found, expected)
            assert found.dtype == expected.dtype


def test_outside_of_the_support_the_density_is_zero_and_its_derivative_too() -> None:
    x = np.array([-0.5, 0.5, 1.5])
    np.testing.assert_array_equal(stats.beta.logpdf(x, 2.0, 3.0) == -np.inf, [True, False, True])
    for density in (lambda x: stats.beta.pdf(x, 2.0, 3.0), lambda x: stats.gamma.pdf(x - 1.0, 2.0)):
        gradient = be.grad(lambda x, f=density: np.sum(f(x)))(x)
        assert np.all(np.isfinite(gradient))
        assert gradient[0] == 0
    assert be.grad(lambda mu: np.sum(stats.poisson.pmf(np.array([-1, 0.5]), mu)))(2.0) == 0


def test_what_is_not_recorded_is_scipys_own() -> None:
    from autodiff_numpy import special as ours

    assert stats.norm.logpdf(0.3, 1.0, 2.0) == scipy.stats.norm.logpdf(0.3, 1.0, 2.0)
    assert stats.uniform is scipy.stats.uniform
    assert stats.norm(1.0, 2.0).mean() == 1.0
    assert signal.hilbert is scipy.signal.hilbert
    assert special.erf is scipy.special.erf
    assert linalg.lu is scipy.linalg.lu
    assert linalg.inv.__doc__ == scipy.linalg.inv.__doc__
    a = np.asfortranarray(COVARIANCE)
    np.testing.assert_array_equal(linalg.inv(a), scipy.linalg.inv(a))
    assert special.logsumexp is ours.logsumexp
    assert sparse.csr_array is scipy.sparse.csr_array


def test_what_is_wrong_is_refused() -> None:
    with pytest.raises(TypeError, match="gamma takes a, loc, scale"):
        be.grad(lambda x: np.sum(stats.gamma.logpdf(x)))(X)
    with pytest.raises(ValueError, match="as many axes"):
        be.grad(lambda x: np.sum(signal.convolve(x, X)))(IMAGE)
    with pytest.raises(ad.UnsupportedError, match="takes no axes="):
        be.grad(lambda x: np.sum(signal.fftconvolve(x, IMAGE, axes=0)))(IMAGE)
    for cdf in (lambda df: stats.t.cdf(X, df), lambda a: stats.beta.cdf(UNIT, a, 2.0), lambda a: stats.gamma.cdf(X, a)):
        with pytest.raises(ad.UnsupportedError, match="no derivative by it"):
            be.grad(lambda p, cdf=cdf: np.sum(cdf(p)))(2.0)
    singular = np.diag([1.0, 2.0, 0.0])
    with pytest.raises(ad.UnsupportedError, match="singular covariance"):
        be.grad(lambda x: stats.multivariate_normal.pdf(x, np.zeros(3), singular, allow_singular=True))(np.zeros(3))
