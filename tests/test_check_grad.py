"""`check_grad` finds what is wrong, at every size, and nothing else."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec.gradient_check.differences import noise, slope

SIZES = (1, 500, 100_000)


@pytest.fixture(scope="module", params=["numpy", "torch", "tensorflow", "jax"])
def be(request: pytest.FixtureRequest) -> ad.Backend:
    pytest.importorskip(request.param)
    return ad.backend(request.param)


@pytest.fixture
def numpy() -> ad.Backend:
    return ad.backend("numpy")


def bent(be: ad.Backend, x: Any, share: Any) -> Any:
    """x² in value; ``share`` of the derivative is lost: 1 for all of it, 2 for a wrong sign."""
    square = x * x
    return square - share * square + be.stop_gradient(share * square)


WRONG: dict[str, float] = {"a zero derivative": 1.0, "a wrong sign": 2.0, "a derivative 1 % too small": 0.01}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("reduced", [False, True], ids=["elementwise", "summed"])
@pytest.mark.parametrize("wrong", list(WRONG))
def test_a_wrong_derivative_is_found_at_every_size(numpy: ad.Backend, size: int, reduced: bool, wrong: str) -> None:
    x = np.linspace(0.5, 1.5, size)

    def f(a: Any, share: Any) -> Any:
        y = bent(numpy, a, share)
        return numpy.xp.sum(y) if reduced else y

    assert numpy.check_grad(lambda a: f(a, 0.0), x).passed
    report = numpy.check_grad(lambda a: f(a, WRONG[wrong]), x)
    assert not report.passed
    assert all(row.wrong for row in report.rows)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("share", [1.0, 2.0])
def test_one_wrong_element_among_many_is_found(numpy: ad.Backend, size: int, dtype: str, share: float) -> None:
    x, shares = np.linspace(0.5, 1.5, size).astype(dtype), np.zeros(size, dtype=dtype)
    assert numpy.check_grad(lambda a: numpy.xp.sum(bent(numpy, a, shares)), x).passed
    shares[size // 3] = share
    report = numpy.check_grad(lambda a: numpy.xp.sum(bent(numpy, a, shares)), x)
    assert all(row.wrong for row in report.rows)


def test_every_backend_passes_and_is_caught(be: ad.Backend) -> None:
    x, y = np.array([0.5, 1.0, 2.0]), {"w": np.array([[1.5], [0.25]])}
    report = be.check_grad(lambda a, t: {"p": be.xp.sin(a) * t["w"], "s": be.xp.sum(a * a)}, x, y, order=2)
    assert report.passed, str(report)
    assert {(row.order, row.mode) for row in report.rows} == {(o, m) for o in (1, 2) for m in ("reverse", "forward")}
    assert not be.check_grad(lambda a: be.xp.sum(bent(be, a, 2.0)), x).passed
    large = np.linspace(0.5, 1.5, 1000)
    assert be.check_grad(lambda a: be.xp.sum(be.xp.sin(a) * a), large, order=2).passed
    assert not be.check_grad(lambda a: be.xp.sum(bent(be, a, 2.0)), large).passed


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_single_precision_function_passes_in_its_own_precision(be: ad.Backend, dtype: str) -> None:
    x = np.array([0.5, 1.0, 2.0], dtype=dtype)
    report = be.check_grad(lambda a: ad.xp().exp(ad.xp().sin(a)) * a[0], x, order=2)
    assert report.passed, str(report)


def test_a_closure_of_another_dtype_is_no_obstacle(be: ad.Backend) -> None:
    w = be.asarray(np.array([2.0, 3.0, 4.0], dtype=np.float32))
    report = be.check_grad(lambda a: be.xp.sin(a) * w, np.array([0.5, 1.0, 2.0], dtype=np.float32))
    assert report.passed, str(report)


def test_an_exception_of_the_function_reaches_the_caller(numpy: ad.Backend) -> None:
    def broken(a: Any) -> Any:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        numpy.check_grad(broken, 1.0)


def test_the_oracle_is_asked_where_the_function_allows_it(numpy: ad.Backend) -> None:
    x, w = np.array([0.5, 1.0]), numpy.variable([2.0, 3.0])
    for f in (lambda a: ad.xp().sin(a), lambda a: w * a):
        assert numpy.check_grad(f, x).reference == "the oracle"
    for f in (lambda a: np.sin(a), lambda a: numpy.xp.sin(a)):
        report = numpy.check_grad(f, x)
        assert report.reference == "differences in float64"
        assert report.passed
    assert not numpy.check_grad(lambda a: a * a - ad.stop_gradient(a) * a + ad.xp().sin(a), x).rows[0].wrong


def of_a_number(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: ad.xp().asarray(make(x[0]), dtype=x.dtype) * x[1]


@pytest.mark.parametrize("make", [float, complex, lambda x: abs(float(x)), lambda x: x.item()])
def test_a_derivative_that_float_loses_is_found(make: Callable[[Any], Any]) -> None:
    torch = pytest.importorskip("torch")
    report = ad.check_grad(of_a_number(lambda x: make(x).real), torch.tensor([2.0, 3.0], dtype=torch.float64))
    assert report.reference == "differences in float64"
    assert all(row.wrong == 1 for row in report.rows)
    assert "x[0]" in report.rows[0].where


def test_the_numpy_engine_refuses_to_lose_it_in_a_check(numpy: ad.Backend) -> None:
    with pytest.raises(ad.LostDerivativeError, match=r"np\.stack"):
        numpy.check_grad(of_a_number(float), np.array([2.0, 3.0]))


@pytest.mark.parametrize("make", [lambda x: float(ad.stop_gradient(x)), lambda x: float(ad.xp().floor(x))])
def test_a_number_that_was_detached_in_words_counts_as_meant(make: Callable[[Any], Any]) -> None:
    torch = pytest.importorskip("torch")
    report = ad.check_grad(of_a_number(make), torch.tensor([2.5, 3.0], dtype=torch.float64))
    assert report.reference == "the oracle"
    assert report.passed


def test_a_wrong_second_derivative_is_found_although_the_first_is_right(numpy: ad.Backend) -> None:
    def f(a: Any) -> Any:  # the first derivative 2a, taken as constant
        return numpy.stop_gradient(a) * (a - numpy.stop_gradient(a)) * 2.0 + numpy.stop_gradient(a * a)

    x = np.array([0.5, 1.0, 2.0])
    assert numpy.check_grad(f, x).passed
    rows = numpy.check_grad(f, x, order=2).rows
    assert [row.wrong for row in rows] == [0, 0, 3, 3]


def test_a_reference_that_cannot_tell_is_undecided(numpy: ad.Backend) -> None:
    noise = iter(np.random.default_rng(0).uniform(0.0, 100.0, 10_000))
    report = numpy.check_grad(lambda a: a * a + next(noise), np.array([1.0, 2.0]), modes=["reverse"])
    assert not report.passed
    assert report.rows[0].undecided


def test_it_raises_on_request_with_the_table(numpy: ad.Backend) -> None:
    x = np.array([0.5, 1.0])
    numpy.check_grad(lambda a: a * a, x, raises=True)
    with pytest.raises(ad.GradientCheckError, match="FAILED") as caught:
        numpy.check_grad(lambda a: bent(numpy, a, 1.0), x, raises=True)
    assert "expected" in str(caught.value)
    assert "roundings=" in str(caught.value)


def test_arguments_that_do_not_fit_are_refused(numpy: ad.Backend) -> None:
    with pytest.raises(ValueError, match="order"):
        numpy.check_grad(lambda a: a, 1.0, order=3)
    with pytest.raises(ValueError, match="modes"):
        numpy.check_grad(lambda a: a, 1.0, modes=["sideways"])
    for bad in (1, np.array([1, 2]), np.array([True])):
        with pytest.raises(ad.NotDifferentiableError):
            numpy.check_grad(lambda a: a * 2.0, bad)


@pytest.mark.parametrize("size", [2, 200])
def test_complex_functions_are_checked_in_their_parts(be: ad.Backend, size: int) -> None:
    z = np.linspace(0.5, 1.5, size) * np.exp(0.7j * np.arange(size))

    def f(a: Any, x: Any) -> Any:
        return ad.xp().conj(a) * a * a, ad.xp().real(a) * x

    report = be.check_grad(f, z, np.array(1.5), order=2)
    assert report.passed, str(report)
    assert report.reference == ("the oracle" if size == 2 else "differences in float64")
    wrong = be.check_grad(lambda a: (a * a, be.stop_gradient(be.xp.imag(a)) - be.xp.imag(a)), z)
    assert all(row.wrong for row in wrong.rows)


def test_a_wrong_conjugate_is_found(numpy: ad.Backend) -> None:
    f = numpy.custom_vjp(lambda z: z * z)
    f.defvjp(lambda z: (z * z, z), lambda z, g: (2.0 * z * g,))  # without the conjugate of z
    rows = numpy.check_grad(f, np.array([1.0 + 2.0j])).rows
    assert all(row.wrong for row in rows)
    assert ".imag" in rows[0].where


def test_what_is_wrong_is_named(numpy: ad.Backend) -> None:
    def loss(x: Any, weights: Any) -> Any:
        return {"y": x * bent(numpy, weights["w"][1], np.array([0.0, 1.0]))}

    tree = {"w": [np.array([1.0, 2.0]), np.array([3.0, 4.0])]}
    (reverse, _) = numpy.check_grad(loss, np.array([1.0, 2.0]), tree).rows
    assert reverse.where.startswith("result['y'][1] by weights['w'][1][1]: ")
    rows = numpy.check_grad(loss, np.array([1.0, 2.0]), tree, order=2).rows
    assert rows[2].where.startswith("∂/∂")


@pytest.mark.parametrize("size", [500, 100_000])
def test_among_large_arguments_the_wrong_one_is_named(numpy: ad.Backend, size: int) -> None:
    def loss(x: Any, w: Any) -> Any:
        return numpy.xp.sum(x * bent(numpy, w, 2.0))

    x = np.linspace(0.5, 1.5, size)
    wrong = {row.what for row in numpy.check_grad(loss, x, x).rows if row.wrong}
    assert "along w" in wrong
    assert "along x" not in wrong


@pytest.mark.parametrize(
    ("size", "frequency", "roundings", "dtype"),
    [(3, 5001.3, 64.0, "float64"), (3, 5001.3, 64.0, "float32"), (300, 20.3, 2.0, "float32")],
)
def test_a_bad_condition_is_allowed_for(
    numpy: ad.Backend, size: int, frequency: float, roundings: float, dtype: str
) -> None:
    """A rounding of x turns the phase by many; the oracle stands fast oscillations, differences slow ones."""
    x = np.linspace(0.5, 1.5, size).astype(dtype)

    def f(a: Any, share: float) -> Any:
        return bent(numpy, ad.xp().sin(a * frequency), share)

    report = numpy.check_grad(lambda a: f(a, 0.0), x, roundings=roundings)
    assert report.passed, str(report)
    assert not numpy.check_grad(lambda a: f(a, 0.5), x, roundings=roundings).passed


def test_a_report_is_a_table(numpy: ad.Backend) -> None:
    report = numpy.check_grad(lambda a: ad.xp().sin(a), np.array([0.5, 1.0]))
    head, columns, *rows = str(report).splitlines()
    assert head == "check_grad on numpy against the oracle: passed"
    assert columns.split()[:3] == ["order", "mode", "what"]
    assert len(rows) == len(report.rows) == 2
    assert bool(report)


@pytest.mark.parametrize("f", [np.sin, np.exp, lambda x: 1.0 / x, lambda x: x**5, np.sqrt])
def test_the_estimate_of_a_difference_bounds_its_error(f: Callable[[Any], Any]) -> None:
    x = np.linspace(0.25, 3.0, 7)
    exact = {np.sin: np.cos(x), np.exp: np.exp(x), np.sqrt: 0.5 / np.sqrt(x)}.get(f)
    if exact is None:
        exact = -1.0 / x**2 if abs(f(2.0) - 0.5) < 1e-9 else 5.0 * x**4
    found, error = slope(f, x, x, 2.0**-52)
    assert (np.abs(found - exact * x) <= error).all()
    assert (error < 1e-9 * np.maximum(1.0, np.abs(f(x)))).all()


@pytest.mark.parametrize("seed", range(12))
def test_a_function_that_amplifies_its_own_roundings_is_not_called_wrong(numpy: ad.Backend, seed: int) -> None:
    """xᵀx has the square of the condition of x, which no rounding of the arguments shows."""
    x = np.random.default_rng(seed).normal(size=(5, 5))
    report = numpy.check_grad(lambda x: np.linalg.pinv(x.T @ x), x)
    assert report.passed, report
    wrong = numpy.check_grad(lambda x: bent(numpy, np.linalg.pinv(x.T @ x), 0.001), x)
    assert all(row.wrong > 600 for row in wrong.rows), wrong


def test_the_noise_of_values_is_measured_and_smooth_change_is_none() -> None:
    random = np.random.default_rng(0)

    def noisy(x: Any) -> Any:
        return np.array([np.sin(x[0]) + 1e-9 * random.normal(), 1e3 * np.sin(x[0])])

    found = noise(noisy, np.ones(1), np.ones(1), 2.0**-52)
    assert 1e-10 < found[0] < 1e-8  # of five correlated differences
    assert found[1] < 1e-12


def test_a_derivative_that_is_another_one_each_time_is_undecided(numpy: ad.Backend) -> None:
    random = np.random.default_rng(0)

    def f(x: Any) -> Any:
        lost = numpy.asarray(random.uniform(-1.0, 1.0, size=3))
        return bent(numpy, x, lost)

    report = numpy.check_grad(f, np.array([0.5, 1.0, 1.5]))
    assert not report.passed
