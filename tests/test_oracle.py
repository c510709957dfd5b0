"""The oracle's derivatives against closed forms and tables, none of them computed by the oracle's own code."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

from autodiff_spec import oracle

FIFTY = mpmath.mpf(10) ** -50


@pytest.fixture(autouse=True)
def digits() -> Any:
    with mpmath.workdps(70):
        yield


def slope(program: Any, *args: Any, **kwargs: Any) -> list[Any]:
    return [oracle.to_numpy(g) for g in oracle.gradient(program, *args, **kwargs)]


def block(program: Any, *args: Any, **kwargs: Any) -> Any:
    return oracle.to_numpy(oracle.second(program, *args, **kwargs)[0][0])


SMOOTH = {
    "sin": (lambda x: mpmath.cos(x), 0.7),
    "cos": (lambda x: -mpmath.sin(x), 0.7),
    "tan": (lambda x: 1 / mpmath.cos(x) ** 2, 0.7),
    "asin": (lambda x: 1 / mpmath.sqrt(1 - x * x), 0.7),
    "acos": (lambda x: -1 / mpmath.sqrt(1 - x * x), 0.7),
    "atan": (lambda x: 1 / (1 + x * x), 0.7),
    "sinh": (lambda x: mpmath.cosh(x), 0.7),
    "cosh": (lambda x: mpmath.sinh(x), 0.7),
    "tanh": (lambda x: 1 / mpmath.cosh(x) ** 2, 0.7),
    "asinh": (lambda x: 1 / mpmath.sqrt(1 + x * x), 0.7),
    "acosh": (lambda x: 1 / mpmath.sqrt(x * x - 1), 1.7),
    "atanh": (lambda x: 1 / (1 - x * x), 0.7),
    "exp": (lambda x: mpmath.exp(x), 0.7),
    "expm1": (lambda x: mpmath.exp(x), 0.7),
    "log": (lambda x: 1 / x, 0.7),
    "log1p": (lambda x: 1 / (1 + x), 0.7),
    "log2": (lambda x: 1 / (x * mpmath.log(2)), 0.7),
    "log10": (lambda x: 1 / (x * mpmath.log(10)), 0.7),
    "sqrt": (lambda x: 1 / (2 * mpmath.sqrt(x)), 0.7),
    "square": (lambda x: 2 * x, 0.7),
    "reciprocal": (lambda x: -1 / x**2, 0.7),
    "erf": (lambda x: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x), 0.7),
    "sigmoid": (lambda x: 1 / (2 + 2 * mpmath.cosh(x)), 0.7),
    "softplus": (lambda x: 1 / (1 + mpmath.exp(-x)), 0.7),
    "sinc": (lambda x: mpmath.cos(mpmath.pi * x) / x - mpmath.sin(mpmath.pi * x) / (mpmath.pi * x * x), 0.7),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_elementwise_derivatives_agree_with_closed_forms_to_fifty_digits(name: str) -> None:
    closed, x = SMOOTH[name]

    def program(xp: Any, v: Any) -> Any:
        return getattr(xp, name, None)(v) if hasattr(xp, name) else getattr(xp.extra, name)(v)

    (found,) = oracle.gradient(program, x)
    expected = closed(mpmath.mpf(x))
    assert abs(mpmath.mpf(found[()]) - expected) < FIFTY * abs(expected)


def test_power_has_both_derivatives() -> None:
    dx, dy = oracle.gradient(lambda xp, x, y: x**y, 1.5, 2.5)
    x, y = mpmath.mpf("1.5"), mpmath.mpf("2.5")
    assert abs(mpmath.mpf(dx[()]) - y * x ** (y - 1)) < FIFTY
    assert abs(mpmath.mpf(dy[()]) - x**y * mpmath.log(x)) < FIFTY


@pytest.mark.parametrize(
    ("program", "args", "expected"),
    [
        (lambda xp, x: x**0, (0.0,), [0.0]),
        (lambda xp, x: x**0.0, (0.0,), [0.0]),
        (lambda xp, x, y: x**y, (0.0, 2.0), [0.0, 0.0]),
        (lambda xp, x: x**1.5, (0.0,), [0.0]),
        (lambda xp, x: x**2, (-2.0,), [-4.0]),
        (lambda xp, x, y: xp.extra.xlogy(x, y), (0.0, 2.0), [np.log(2.0), 0.0]),
        (lambda xp, x, y: xp.logaddexp(x, y), (0.0, 0.0), [0.5, 0.5]),
        (lambda xp, x, y: xp.hypot(x, y), (1e200, 1e200), [np.sqrt(0.5)] * 2),
        (lambda xp, x, y: xp.hypot(x, y), (1e200, 1.0), [1.0, 1e-200]),
        (lambda xp, x: x + 1.0, (1e-300,), [1.0]),
        (lambda xp, x: xp.extra.sinc(x), (0.0,), [0.0]),
        (lambda xp, x: xp.remainder(x, 2.0), (5.5,), [1.0]),
        (lambda xp, x, y: xp.remainder(x, y), (5.5, 2.0), [1.0, -2.0]),
        (lambda xp, x: xp.floor(x) + xp.ceil(x) + xp.round(x) + xp.trunc(x) + xp.sign(x), (2.0,), [0.0]),
        (lambda xp, x: xp.astype(xp.astype(x, xp.int64), xp.float64) * x, (2.5,), [2.0]),
        (lambda xp, x: xp.where(x != 0, xp.sin(x) / xp.where(x != 0, x, 1.0), 1.0), (0.0,), [0.0]),
        (lambda xp, x: xp.tanh(x) + xp.extra.sigmoid(x), (1e6,), [0.0]),
        (lambda xp, x: xp.extra.softplus(x), (np.inf,), [1.0]),
        (lambda xp, x: xp.exp(x), (np.inf,), [np.inf]),
    ],
)
def test_scalar_programs_have_the_derivatives_of_the_table(program: Any, args: Any, expected: Any) -> None:
    np.testing.assert_allclose(slope(program, *args), expected, rtol=1e-15, atol=0)


@pytest.mark.parametrize(
    ("program", "x", "expected"),
    [
        (lambda xp, x: xp.cumulative_prod(x), [2.0, 0.0, 3.0], [1.0, 8.0, 0.0]),
        (lambda xp, x: xp.cumulative_prod(x), [0.0, 0.0, 3.0], [1.0, 0.0, 0.0]),
        (lambda xp, x: xp.cumulative_sum(x), [2.0, 0.0, 3.0], [3.0, 2.0, 1.0]),
        (lambda xp, x: xp.linalg.det(x), [[1.0, 2.0], [2.0, 4.0]], [[4.0, -2.0], [-2.0, 1.0]]),
        (lambda xp, x: xp.linalg.trace(xp.linalg.inv(x)), [[2.0, 0.0], [0.0, 4.0]], [[-0.25, 0], [0, -0.0625]]),
        (lambda xp, x: xp.linalg.vector_norm(x), [3.0, 4.0], [0.6, 0.8]),
        (lambda xp, x: xp.linalg.vector_norm(x, ord=1), [3.0, -4.0], [1.0, -1.0]),
        (lambda xp, x: xp.linalg.vector_norm(x, ord=xp.inf), [3.0, -4.0], [0.0, -1.0]),
        (lambda xp, x: xp.linalg.vector_norm(x, ord=-xp.inf), [3.0, -4.0], [1.0, 0.0]),
        (lambda xp, x: xp.linalg.vector_norm(x, ord=0), [3.0, 4.0], [0.0, 0.0]),
        (lambda xp, x: xp.linalg.vector_norm(x, ord=3), [1.0, 0.0], [1.0, 0.0]),
        (lambda xp, x: xp.linalg.vector_norm(x), [0.0, 0.0], [0.0, 0.0]),
        (lambda xp, x: xp.linalg.matrix_norm(x), [[3.0], [4.0]], [[0.6], [0.8]]),
        (lambda xp, x: xp.linalg.matrix_norm(x, ord=1), [[3.0, 1.0], [4.0, 1.0]], [[1.0, 0.0], [1.0, 0.0]]),
        (lambda xp, x: xp.linalg.matrix_norm(x, ord=xp.inf), [[3.0, 1.0], [4.0, -1.0]], [[0, 0], [1, -1]]),
        (lambda xp, x: xp.var(x), [1.0, 2.0, 6.0], [-4 / 3, -2 / 3, 2.0]),
        (lambda xp, x: xp.std(x, correction=1), [1.0, 3.0], [-np.sqrt(0.5), np.sqrt(0.5)]),
        (lambda xp, x: xp.mean(x), [1.0, 3.0], [0.5, 0.5]),
        (lambda xp, x: xp.max(x), [1.0, 3.0], [0.0, 1.0]),
        (lambda xp, x: xp.max(x) - xp.min(x), [1.0, 3.0, 2.0], [-1.0, 1.0, 0.0]),
        (lambda xp, x: xp.take(x, xp.asarray([1, 1, 0])), [1.0, 3.0], [1.0, 2.0]),
        (lambda xp, x: x[x > 2.0] ** 2, [1.0, 3.0], [0.0, 6.0]),
        (lambda xp, x: x[::-1] * xp.arange(2), [1.0, 3.0], [1.0, 0.0]),
        (lambda xp, x: xp.extra.logsumexp(x), [-np.inf, 0.0, 0.0], [0.0, 0.5, 0.5]),
        (lambda xp, x: xp.log(x), [0.0, 1.0, 2.0], [np.inf, 1.0, 0.5]),
        (lambda xp, x: xp.sum(xp.log(x)), [0.0, 1.0, 2.0], [np.inf, 1.0, 0.5]),
    ],
)
def test_array_programs_have_the_derivatives_of_the_table(program: Any, x: Any, expected: Any) -> None:
    np.testing.assert_allclose(slope(program, np.array(x))[0], expected, rtol=1e-15, atol=0)


@pytest.mark.parametrize(
    ("program", "x", "expected"),
    [
        (lambda xp, x: xp.sqrt(x), 0.0, np.inf),
        (lambda xp, x: x**0.5, 0.0, np.inf),
        (lambda xp, x: xp.log(x), 0.0, np.inf),
        (lambda xp, x: xp.log1p(x), -1.0, np.inf),
        (lambda xp, x: xp.asin(x), 1.0, np.inf),
        (lambda xp, x: xp.asin(x), -1.0, np.inf),
        (lambda xp, x: xp.acos(x), 1.0, -np.inf),
        (lambda xp, x: xp.acosh(x), 1.0, np.inf),
        (lambda xp, x: xp.atanh(x), 1.0, np.inf),
        (lambda xp, x: xp.atanh(x), -1.0, np.inf),
        (lambda xp, x: xp.extra.xlogy(x, x), 0.0, -np.inf),
        (lambda xp, x: xp.sqrt(x) * x, 0.0, 0.0),
        (lambda xp, x: xp.exp(xp.sqrt(x) ** 2), 0.0, 1.0),
        (lambda xp, x: 1 / x, 0.0, np.nan),
        (lambda xp, x: xp.sqrt(x), -1.0, np.nan),
    ],
)
def test_slopes_at_the_edge_of_the_domain_are_one_sided_limits(program: Any, x: float, expected: float) -> None:
    np.testing.assert_equal(slope(program, x)[0][()], expected)


@pytest.mark.parametrize(
    ("program", "x", "expected"),
    [
        (lambda xp, x: xp.prod(x), [2.0, 0.0, 3.0], [[0, 3, 0], [3, 0, 2], [0, 2, 0]]),
        (lambda xp, x: xp.logaddexp(x[0], x[1]), [0.0, 0.0], [[0.25, -0.25], [-0.25, 0.25]]),
        (lambda xp, x: xp.extra.sinc(x), [0.0], [[-(np.pi**2) / 3]]),
        (lambda xp, x: x**1, [0.0], [[0.0]]),
        (lambda xp, x: x[0] ** x[1], [0.0, 2.0], [[2.0, 0.0], [0.0, 0.0]]),
        (lambda xp, x: xp.linalg.det(xp.reshape(x, (2, 2))), [1.0, 2.0, 2.0, 4.0], np.fliplr(np.diag([1, -1, -1, 1]))),
        (lambda xp, x: xp.log(x), [0.0, 2.0], [[-np.inf, 0.0], [0.0, -0.25]]),
        (lambda xp, x: xp.sqrt(x), [0.0], [[-np.inf]]),
        (lambda xp, x: x**1.5, [0.0], [[np.inf]]),
        (lambda xp, x: xp.stop_gradient(x) * x**2, [3.0], [[6.0]]),
        (lambda xp, x: xp.sum(xp.exp(x)) * x[0], [0.0, 1.0], [[2.0, np.e], [np.e, 0.0]]),
        (lambda xp, x: xp.linalg.vector_norm(x), [3.0, 4.0], [[0.128, -0.096], [-0.096, 0.072]]),
    ],
)
def test_second_derivatives_are_those_of_the_table(program: Any, x: Any, expected: Any) -> None:
    np.testing.assert_allclose(block(program, np.array(x)), expected, rtol=2e-15, atol=0)


def test_second_has_a_block_for_each_pair_of_arguments() -> None:
    blocks = oracle.second(lambda xp, a, b, k: xp.sum(a * a * b) * k, np.array([1.0, 2.0]), np.array([3.0]), 2)
    np.testing.assert_array_equal(oracle.to_numpy(blocks[0][0]), np.diag([12.0, 12.0]))
    np.testing.assert_array_equal(oracle.to_numpy(blocks[0][1]), [[4.0], [8.0]])
    np.testing.assert_array_equal(oracle.to_numpy(blocks[1][0]), [[4.0, 8.0]])
    assert blocks[2] == (None, None, None)


def test_hvp_is_the_hessian_times_the_tangent() -> None:
    (product,) = oracle.hvp(lambda xp, x: xp.prod(x), (np.array([2.0, 0.0, 3.0]),), (np.array([1.0, 2.0, 0.5]),))
    np.testing.assert_array_equal(oracle.to_numpy(product), [6.0, 4.0, 4.0])


def test_hvp_of_smooth_programs_is_the_same_by_fewer_evaluations() -> None:
    def program(xp: Any, x: Any, z: Any) -> Any:
        return xp.sum(xp.exp(x) * xp.real(z * z)) + xp.prod(x)

    at = (np.array([2.0, 0.0, -3.0]), np.array([1 + 2j, 0.5j, -1.0]))
    along = (np.array([1.0, 2.0, 0.5]), np.array([0.5 - 1j, 2.0, 1j]))
    fewer = oracle.hvp(program, at, along, smooth=True)
    for found, expected in zip(fewer, oracle.hvp(program, at, along), strict=True):
        assert found is not None
        assert expected is not None
        np.testing.assert_array_equal(oracle.to_numpy(found), oracle.to_numpy(expected))
    (flat,) = oracle.hvp(lambda xp, x: xp.sum(x), at[:1], along[:1], smooth=True)
    np.testing.assert_array_equal(oracle.to_numpy(flat), np.zeros(3))


def test_jacobian_is_laid_out_output_then_input() -> None:
    x = np.arange(6.0).reshape(2, 3)
    (found,) = oracle.jacobian(lambda xp, v: xp.sum(v, axis=0) ** 2, x)
    expected = np.zeros((3, 2, 3))
    for k in range(3):
        expected[k, :, k] = 2 * x.sum(axis=0)[k]
    np.testing.assert_array_equal(oracle.to_numpy(found), expected)


def test_jvp_and_cotangent_are_the_two_products_with_the_jacobian() -> None:
    x, t, c = np.array([1.0, 2.0]), np.array([0.5, -1.0]), (np.array([1.0, 3.0]), np.array(2.0))

    def program(xp: Any, v: Any) -> Any:
        return v * v, v[0] * v[1]

    pushed = [oracle.to_numpy(part) for part in oracle.jvp(program, (x,), (t,))]
    np.testing.assert_array_equal(pushed[0], [1.0, -4.0])
    assert pushed[1] == 0.0
    np.testing.assert_array_equal(slope(program, x, cotangent=c)[0], [6.0, 14.0])
    assert sum(np.vdot(a, b) for a, b in zip(pushed, c, strict=True)) == t @ slope(program, x, cotangent=c)[0]


def test_stop_gradient_is_constant_and_the_original_stays_connected() -> None:
    x = np.array([1.0, 2.0, -3.0])
    np.testing.assert_array_equal(slope(lambda xp, v: xp.stop_gradient(v * v) * v, x)[0], x * x)
    np.testing.assert_array_equal(slope(lambda xp, v: oracle.stop_gradient({"a": v})["a"] * v, x)[0], x)


def test_python_control_flow_is_differentiated_along_the_branch_taken() -> None:
    def program(xp: Any, a: Any) -> Any:
        b = 2 * a
        while xp.linalg.vector_norm(b) < 1000:
            b = 2 * b
        return b if xp.sum(b) > 0 else 100 * b

    for a in (np.array(0.3), np.array([-0.2, 0.1]), np.ones((2, 2))):
        y = oracle.to_numpy(oracle.value(program, a))
        np.testing.assert_allclose(slope(program, a)[0], y / a, rtol=1e-15)


def test_matmul_has_the_textbook_gradient() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 3)), rng.normal(size=(3, 2))
    da, db = slope(lambda xp, x, y: x @ y, a, b)
    np.testing.assert_allclose(da, np.ones((2, 2)) @ b.T, rtol=1e-15)
    np.testing.assert_allclose(db, a.T @ np.ones((2, 2)), rtol=1e-14)


def test_complex_gradient_is_the_direction_of_steepest_ascent() -> None:
    (found,) = slope(lambda xp, z: xp.abs(z) ** 2, 1 + 2j)
    assert found == 2 + 4j
    (found,) = slope(lambda xp, z: z * z, 1 + 2j, cotangent=1.0 + 0j)
    assert found == np.conj(2 * (1 + 2j))
    with pytest.raises(TypeError, match="cotangent"):
        oracle.gradient(lambda xp, z: z * z, 1 + 2j)


def test_integers_and_booleans_are_constants() -> None:
    found = oracle.gradient(lambda xp, x, n, m: xp.where(m, x * n, 0.0), 2.0, 3, np.array([True, False]))
    assert found[1] is None
    assert found[2] is None
    assert found[0][()] == 3


def test_a_derivative_below_the_working_precision_needs_more_digits() -> None:
    with oracle.digits(400):
        (found,) = slope(lambda xp, x: 1 / (1 + xp.exp(-x)), 500.0)
    assert found == pytest.approx(float(mpmath.exp(-500)), rel=1e-15)


def test_the_global_context_is_left_alone() -> None:
    before = mpmath.mp.prec
    oracle.gradient(lambda xp, x: xp.exp(x), 1e-200)
    assert mpmath.mp.prec == before


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_rounding_is_to_nearest_even_once(dtype: str) -> None:
    info = np.finfo(dtype)
    one, eps, tiny = mpmath.mpf(1), mpmath.mpf(float(info.eps)), mpmath.mpf(float(info.smallest_subnormal))
    exact = [one + eps / 2, one + eps / 2 + mpmath.mpf(2) ** -150, one + 3 * eps / 2, tiny * 3 / 4, tiny / 4, -one / 3]
    expected = [1.0, 1 + info.eps, 1 + 2 * info.eps, info.smallest_subnormal, 0.0, np.array(-1.0, dtype) / 3]
    found = oracle.to_numpy(np.array(exact, dtype=object), dtype)
    np.testing.assert_array_equal(found, np.array(expected, dtype=dtype))
    assert found.dtype == dtype


def test_a_cotangent_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        oracle.gradient(lambda xp, x: x, np.ones(3), cotangent=np.ones((1, 3)))


# --- derivatives inside programs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [0.0, 1.0, -0.5, 0.3, 2.0, 1e-3])
def test_second_derivatives_of_programs_that_take_derivatives(x: float) -> None:
    """Of 3t² + y·cos(t), itself the derivative of t³ + y·sin(t); at 0 and at powers of two steps change in size."""
    y = 0.75

    def slope(xp: Any, x: Any, y: Any) -> Any:
        (found,) = oracle.gradient(lambda xp, t: t * t * t + xp.sin(t) * y, x)
        return oracle.Array(np.asarray(found, dtype=object), x.dtype)

    by_x, by_y = oracle.gradient(slope, x, y)
    assert float(by_x[()]) == pytest.approx(6 * x - y * math.sin(x), rel=1e-14, abs=1e-40)
    assert float(by_y[()]) == pytest.approx(math.cos(x), rel=1e-14)
    rows = oracle.second(slope, x, y)
    found = [[float(block[()]) for block in row] for row in rows]
    mixed = pytest.approx(-math.sin(x), rel=1e-14, abs=1e-40)
    assert found == [[pytest.approx(6 - y * math.cos(x), rel=1e-14), mixed], [mixed, pytest.approx(0, abs=1e-40)]]


def test_second_derivatives_of_programs_that_take_second_derivatives() -> None:
    """Of 20t³ + 2y, itself the second derivative of t⁵ + y·t²."""

    def curvature(xp: Any, x: Any, y: Any) -> Any:
        ((found,),) = oracle.second(lambda xp, t: t**5 + t * t * y, x)
        return oracle.Array(np.asarray(found, dtype=object), x.dtype)

    for x in (0.0, 0.5, -1.25):
        rows = oracle.second(curvature, x, 3.0)
        assert [[float(block[()]) for block in row] for row in rows] == [
            [pytest.approx(120 * x, abs=1e-40), pytest.approx(0, abs=1e-40)],
            [pytest.approx(0, abs=1e-40)] * 2,
        ]
