"""Programs written in plain NumPy, unchanged, and their derivatives: against closed forms, and against differences."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import autodiff_spec as ad
from examples import gaussian_process, predator_prey, ridge, wave
from examples.differentiate import PROGRAMS, differences
from tests import fresh

ROOT = Path(__file__).resolve().parent.parent

be = ad.backend("numpy")

ROUNDING = 1e-9
"""What a five-point difference with the step h = 5e-5 is off by, relative to the largest derivative.

Values of size 10 are right to some 1e-15, which h divides: 1e-10. What the series leaves is h⁴·f⁽⁵⁾/30; the largest
f⁽⁵⁾ here is 2.5e8 (predator_prey, whose orbits drift apart; the error falls with h⁴ as it should): 5e-11."""


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_imports_numpy_alone(name):
    tree = ast.parse((ROOT / "examples" / f"{name}.py").read_text("utf-8"))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imported] == ["import numpy as np"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_gradient_of_a_program_agrees_with_differences(name):
    f, problem = PROGRAMS[name]
    x, *data = problem()
    value, gradient = be.value_and_grad(f)(x, *data)
    assert value == pytest.approx(f(x, *data), rel=1e-14)
    scale = np.abs(gradient).max()
    assert scale > 1e-2  # there is something to compare
    np.testing.assert_allclose(gradient, differences(lambda x: f(x, *data), x), rtol=0, atol=ROUNDING * scale)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_second_derivative_of_a_program_agrees_with_differences_of_the_gradient(name):
    f, problem = PROGRAMS[name]
    x, *data = problem()
    direction = np.random.default_rng(5).normal(size=x.shape)
    gradient = be.grad(f)
    found = be.grad(lambda x: np.sum(gradient(x, *data) * direction))(x)
    h = 5e-5
    near = gradient(x + h * direction, *data) - gradient(x - h * direction, *data)
    far = gradient(x + 2 * h * direction, *data) - gradient(x - 2 * h * direction, *data)
    np.testing.assert_allclose(found, (8 * near - far) / (12 * h), rtol=0, atol=ROUNDING * np.abs(found).max())


def test_the_gradient_of_the_likelihood_is_its_closed_form():
    parameters, x, y = gaussian_process.problem()
    length, noise = np.exp(parameters[1:])
    smooth = gaussian_process.kernel(x, x, parameters)
    squares = np.sum((x[:, None] - x[None]) ** 2, axis=-1)
    inverse = np.linalg.inv(smooth + noise**2 * np.eye(len(y)))
    alpha = inverse @ y
    by_covariance = 0.5 * (inverse - np.outer(alpha, alpha))
    slopes = [2 * smooth, smooth * squares / length**2, 2 * noise**2 * np.eye(len(y))]
    exact = [np.sum(by_covariance * slope) for slope in slopes]
    found = be.grad(gaussian_process.negative_log_likelihood)(parameters, x, y)
    condition = np.linalg.cond(smooth + noise**2 * np.eye(len(y)))
    np.testing.assert_allclose(found, exact, rtol=condition * 64 * np.finfo(float).eps)


def test_the_gradient_by_the_start_of_a_wave_is_the_transposed_evolution_of_the_residual():
    start, seen = wave.problem()
    columns = np.stack([wave.evolve(unit) for unit in np.eye(wave.POINTS)], axis=1)
    found = be.grad(wave.misfit)(start, seen)
    exact = columns.T @ (columns @ start - seen)
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-13 * np.abs(exact).max() * wave.STEPS)


def test_the_gradient_by_the_speeds_of_a_wave_agrees_with_differences():
    start, seen = wave.problem()
    found = be.grad(wave.misfit_of_speed)(wave.SPEED, start, seen)
    exact = differences(lambda speed: wave.misfit_of_speed(speed, start, seen), wave.SPEED)
    np.testing.assert_allclose(found, exact, rtol=0, atol=ROUNDING * np.abs(exact).max())


def test_the_gradient_by_the_penalties_of_ridge_regression_is_its_closed_form():
    penalties, x, y, x_unseen, y_unseen = ridge.problem()
    coefficients = ridge.fit(penalties, x, y)
    normal = x.T @ x + np.diag(np.exp(penalties))
    residual = 2 / len(y_unseen) * x_unseen.T @ (x_unseen @ coefficients - y_unseen)
    exact = -np.linalg.solve(normal, residual) * coefficients * np.exp(penalties)
    found = be.grad(ridge.validation_error)(penalties, x, y, x_unseen, y_unseen)
    np.testing.assert_allclose(found, exact, rtol=1e-12)  # the condition of the matrix is below 100


def test_rates_found_by_gauss_and_newton_with_our_derivatives_explain_the_animals():
    rates, counted = predator_prey.problem()
    for _ in range(6):
        with be.tape() as t:
            watched = t.watch(rates)
            residuals = (predator_prey.simulate(watched) / counted - 1)[::24]
        jacobian = t.jacobian(residuals, watched).reshape(-1, 4)
        rates = rates - np.linalg.lstsq(jacobian, be.to_numpy(residuals).ravel())[0]
    np.testing.assert_allclose(rates, predator_prey.RATES, rtol=1e-8)


def test_the_script_prints_a_row_for_each_program():
    done = fresh.python("-m", "examples.differentiate")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["program", *PROGRAMS]


@pytest.mark.parametrize(
    ("code", "error", "remedy"),
    [
        (lambda x: np.array([x[0], x[1]]), ad.LostDerivativeError, r"np\.stack"),
        (lambda x: np.add(x, 1.0, out=np.empty(3)), ad.MutationError, "np.zeros_like"),
        (lambda x: np.add(x, 1.0, where=x > 0), ad.UnsupportedError, r"np\.where"),
    ],
)
def test_numpy_code_that_would_lose_a_derivative_is_refused_with_the_remedy(code, error, remedy):
    with pytest.raises(error, match=remedy):
        be.grad(code)(np.ones(3))
