"""Chapter FUN: what functions beyond the standard promise besides their derivatives at smooth points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff_spec import Backend, ShapeMismatchError, oracle
from autodiff_spec.conformance import clause
from autodiff_spec.conformance._calls import namespace, weights
from autodiff_spec.conformance.checks import assert_close, assert_equal, assert_within_budget
from autodiff_spec.conformance.functions._model import DECOMPOSED, SOLVED

Program = Callable[..., Any]

# --- the exponential ----------------------------------------------------------------------------------------------

EXPONENT = np.array([[0.25, -0.5, 0.125], [0.375, 0.0, -0.25], [-0.125, 0.5, 0.25]])
SIZES = pytest.mark.parametrize(
    ("dtype", "size"),
    [
        pytest.param(dtype, size, id=f"{size:.0e} in {dtype}")
        for dtype, size in (("float64", 1e12), ("float64", 1e-12), ("float32", 1e6), ("float32", 1e-6))
    ],
)


def expm(xp: Any, a: Any) -> Any:
    """The exponential, of the oracle."""
    return xp.extra.expm(a)


@clause("FUN-158")
@SIZES
def test_the_pullback_of_expm_is_right_for_cotangents_of_any_size(be: Backend, dtype: str, size: float) -> None:
    extra, floating = namespace(be, extra=True), getattr(be.xp, dtype)
    given = weights(EXPONENT.shape, "f")
    _, pullback = be.vjp(extra.expm, be.asarray(EXPONENT, dtype=floating))
    (found,) = pullback(be.asarray(size * given, dtype=floating))
    (expected,) = oracle.gradient(expm, EXPONENT, cotangent=given)
    _assert_along(be, found, size, oracle.to_numpy(expected), dtype, "pullback")


@clause("FUN-158")
@SIZES
def test_the_pushforward_of_expm_is_right_for_tangents_of_any_size(be: Backend, dtype: str, size: float) -> None:
    extra, floating = namespace(be, extra=True), getattr(be.xp, dtype)
    if not be._has_forward():
        pytest.skip(f"{be.name} has no forward mode")
    given = weights(EXPONENT.shape, "f")
    tangent = be.asarray(size * given, dtype=floating)
    _, found = be.jvp(extra.expm, (be.asarray(EXPONENT, dtype=floating),), (tangent,))
    _assert_along(be, found, size, oracle.to_numpy(oracle.jvp(expm, (EXPONENT,), (given,))), dtype, "pushforward")


def _assert_along(be: Backend, found: Any, size: float, expected: Any, dtype: str, quantity: str) -> None:
    found = be.to_numpy(found).astype(np.float64) / size
    assert_within_budget(found, expected, dtype, function="expm", quantity=quantity, budget=SOLVED)


# --- systems of equations -----------------------------------------------------------------------------------------


@clause("FUN-159")
def test_lstsq_of_a_matrix_of_lower_rank_is_the_shortest_solution_and_differentiated_at_constant_rank(
    be: Backend,
) -> None:
    def solved(xp: Any, extra: Any, u: Any, v: Any, b: Any) -> Any:
        return extra.lstsq(xp.linalg.outer(u, v), b)

    def formula(xp: Any, u: Any, v: Any, b: Any) -> Any:
        """The pseudo-inverse of u vᵀ is v uᵀ / |u|²|v|²."""
        return v * (xp.sum(u * b) / (xp.sum(u * u) * xp.sum(v * v)))

    point = np.array([1.0, -0.5, 2.0]), np.array([0.75, 1.5]), np.array([0.5, 1.25, -1.0])
    extra, given = namespace(be, extra=True), weights((2,), "f")
    value, pullback = be.vjp(lambda *args: solved(be.xp, extra, *args), *map(be.asarray, point))
    for found, expected in zip(
        (value, *pullback(be.asarray(given))),
        (oracle.value(formula, *point), *oracle.gradient(formula, *point, cotangent=given)),
        strict=True,
    ):
        assert_within_budget(
            be.to_numpy(found), oracle.to_numpy(expected), "float64", function="lstsq", quantity="value",
            budget=DECOMPOSED,
        )  # fmt: skip


TRIANGLE = np.array([[2.0, -0.5, 0.25], [0.75, 4.0, 0.5], [-0.25, 1.0, 8.0]])


@clause("FUN-160")
@pytest.mark.parametrize("unit", [False, True], ids=["with its diagonal", "with a diagonal of ones"])
@pytest.mark.parametrize("lower", [False, True], ids=["upper", "lower"])
def test_what_solve_triangular_does_not_read_changes_nothing(be: Backend, lower: bool, unit: bool) -> None:
    extra = namespace(be, extra=True)
    read = (np.tril if lower else np.triu)(np.ones((3, 3)), (-1 if lower else 1) if unit else 0) == 1
    right = be.asarray([1.0, 2.0, 3.0], dtype=be.xp.float64)

    def solved(a: Any) -> Any:
        return extra.solve_triangular(a, right, lower=lower, unit_diagonal=unit)

    expected, whole = be.vjp(solved, be.asarray(np.where(read, TRIANGLE, 1.0)))
    found, pullback = be.vjp(solved, be.asarray(np.where(read, TRIANGLE, np.nan)))
    assert_close(be.to_numpy(found), be.to_numpy(expected))
    cotangent = be.asarray(weights((3,), "f"))
    (gradient,), (other,) = pullback(cotangent), whole(cotangent)
    assert_close(be.to_numpy(gradient)[read], be.to_numpy(other)[read])
    assert_equal(be, be.asarray(be.to_numpy(gradient)[~read]), np.zeros((~read).sum()))


# --- mistakes -----------------------------------------------------------------------------------------------------

MISTAKES: dict[str, Program] = {
    "pad with widths for three axes": lambda extra, x: extra.pad(x, ((1, 1), (1, 1), (1, 1))),
    "pad with an edge of nothing": lambda extra, x: extra.pad(x[:0, :], 1, mode="edge"),
    "convolve of a matrix": lambda extra, x: extra.convolve(x, x[0, :]),
    "convolve of nothing": lambda extra, x: extra.convolve(x[0, :0], x[0, :]),
    "segment_sum with too few ids": lambda extra, x: extra.segment_sum(x, [0, 1], num_segments=2),
    "interp with too few values": lambda extra, x: extra.interp(x, x[0, :], x[0, 1:]),
    "interp without a knot": lambda extra, x: extra.interp(x, x[0, :0], x[0, :0]),
    "solve_triangular of a matrix that is not square": lambda extra, x: extra.solve_triangular(x, x[:, 0]),
    "solve_triangular with too few rows": lambda extra, x: extra.solve_triangular(x[:, :3], x[:2, :]),
    "lstsq with too few rows": lambda extra, x: extra.lstsq(x, x[0, :]),
    "lstsq of a vector": lambda extra, x: extra.lstsq(x[0, :], x[0, :]),
    "expm of a matrix that is not square": lambda extra, x: extra.expm(x),
}


@clause("FUN-161")
@pytest.mark.parametrize("name", MISTAKES)
def test_arguments_whose_shapes_do_not_fit_are_refused(be: Backend, name: str) -> None:
    extra = namespace(be, extra=True)
    x = be.asarray(np.arange(12.0).reshape(3, 4))
    with pytest.raises(ShapeMismatchError):
        MISTAKES[name](extra, x)
    with pytest.raises(ShapeMismatchError):
        be.grad(lambda x: MISTAKES[name](extra, x))(x)


@clause("FUN-162")
@pytest.mark.parametrize("ids", [[0, 3, 1], [-1, 0, 1]], ids=["too large", "negative"])
def test_an_id_that_is_out_of_bounds_is_refused(be: Backend, ids: list[int]) -> None:
    extra = namespace(be, extra=True)
    with pytest.raises(IndexError):
        extra.segment_sum(be.asarray([1.0, 2.0, 3.0]), ids, num_segments=3)
