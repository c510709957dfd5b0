"""Kinks: distances, and the sets of legal gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autodiff_spec import oracle
from autodiff_spec.oracle._operators import exact
from autodiff_spec.oracle._projection import nearest


def test_a_tie_of_maximum_permits_the_segment_and_nothing_else() -> None:
    legal = oracle.permitted(lambda xp, a, b: xp.maximum(a, b), 2.0, 2.0)
    assert all(legal.contains(g) for g in [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.3, 0.7)])
    assert not any(legal.contains(g) for g in [(0.0, 0.0), (1.0, 1.0), (0.5, 0.6), (-0.1, 1.1)])
    np.testing.assert_array_equal(legal.minimal_norm(), [0.5, 0.5])


@pytest.mark.parametrize(
    ("program", "args", "minimal"),
    [
        (lambda xp, x: abs(x), (0.0,), [0.0]),
        (lambda xp, x: xp.extra.relu(x), (0.0,), [0.0]),
        (lambda xp, x, c: xp.maximum(x, c), (0.0, 0.0), [0.5, 0.5]),
        (lambda xp, x: xp.max(x), (np.array([1.0, 3.0, 3.0]),), [[0.0, 0.5, 0.5]]),
        (lambda xp, x: xp.min(x), (np.ones(4),), [[0.25] * 4]),
        (lambda xp, x, lo, hi: xp.clip(x, lo, hi), (1.0, 1.0, 3.0), [0.5, 0.5, 0.0]),
        (lambda xp, x: xp.linalg.vector_norm(x), (np.zeros(3),), [[0.0] * 3]),
        (lambda xp, x: xp.linalg.vector_norm(x, ord=xp.inf), (np.array([-2.0, 2.0]),), [[-0.5, 0.5]]),
        (lambda xp, x: xp.linalg.vector_norm(x, ord=1), (np.array([0.0, 2.0]),), [[0.0, 1.0]]),
        (lambda xp, x, y: xp.hypot(x, y), (0.0, 0.0), [0.0, 0.0]),
        (lambda xp, x: xp.std(x), (np.full(3, 2.0),), [[0.0] * 3]),
        (lambda xp, x: xp.extra.relu(x) - xp.extra.relu(-x), (0.0,), [1.0]),
        (lambda xp, x: xp.abs(x), (np.zeros(6),), [[0.0] * 6]),
        (lambda xp, x: xp.sort(x)[0], (np.array([2.0, 2.0, 3.0]),), [[0.5, 0.5, 0.0]]),
        (lambda xp, x: xp.sqrt(x) + abs(x - 1) * x, (np.array([0.0, 1.0]),), [[np.inf, 0.0]]),
        (lambda xp, x: xp.sin(x), (0.0,), [1.0]),
    ],
)
def test_the_recommended_gradient_has_the_least_norm(program: Any, args: Any, minimal: Any) -> None:
    legal = oracle.permitted(program, *args)
    assert legal.contains(legal.minimal_norm())
    for found, expected in zip(legal.minimal_norm(), minimal, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-15, atol=1e-15)


def test_the_subgradients_of_abs_are_the_box() -> None:
    legal = oracle.permitted(lambda xp, x: xp.abs(x), np.zeros(3))
    assert len(legal.vertices()) == 8
    assert legal.contains(np.array([1.0, -1.0, 0.3]))
    assert not legal.contains(np.array([1.0, -1.001, 0.3]))
    assert legal.contains(np.array([1.0, -1.001, 0.3]), rtol=1e-2)


def test_max_of_equal_elements_permits_the_simplex() -> None:
    legal = oracle.permitted(lambda xp, x: xp.max(x), np.ones(8))
    assert len(legal.vertices()) == 8
    assert legal.contains(np.full(8, 1 / 8))
    assert not legal.contains(np.full(8, 1 / 7))


def test_a_cotangent_scales_the_set() -> None:
    legal = oracle.permitted(lambda xp, x: xp.abs(x), np.zeros(2), cotangent=np.array([2.0, -3.0]))
    assert legal.contains(np.array([-2.0, 3.0]))
    assert not legal.contains(np.array([-2.1, 3.0]))


def test_a_smooth_point_permits_only_its_derivative() -> None:
    legal = oracle.permitted(lambda xp, x, n: x**2 * n, 3.0, 2)
    assert legal.unique
    assert legal.contains((12.0, None))
    assert not legal.contains((12.001, None))


def test_infinite_and_nan_candidates_are_compared_not_projected() -> None:
    legal = oracle.permitted(lambda xp, x: xp.sqrt(x), 0.0)
    assert legal.contains(np.inf)
    assert not legal.contains(1e300)
    smooth = oracle.permitted(lambda xp, x: xp.sin(x), 0.0)
    assert not smooth.contains(np.nan)
    assert not smooth.contains(np.inf)


def test_the_modulus_at_zero_permits_the_unit_disc() -> None:
    legal = oracle.permitted(lambda xp, z: xp.abs(z), 0j)
    assert legal.minimal_norm()[0] == 0
    assert legal.contains(0.5 - 0.5j)
    assert not legal.contains(1.0 + 1.0j)


def test_a_candidate_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        oracle.permitted(lambda xp, x: x, np.ones(3)).contains(np.ones(2))


@pytest.mark.parametrize(
    ("program", "args", "distance"),
    [
        (lambda xp, x: abs(x), (0.25,), 0.25),
        (lambda xp, x: xp.maximum(x, 1.0), (1.5,), 0.5 / 1.5),
        (lambda xp, x: xp.max(x), (np.array([1.0, 0.25]),), 0.75),
        (lambda xp, x: xp.clip(x, 0.0, 1.0), (0.75,), 0.25),
        (lambda xp, x: xp.floor(x), (0.875,), 0.125),
        (lambda xp, x: xp.round(x), (0.75,), 0.25),
        (lambda xp, x: xp.where(x > 0.5, x, 2 * x), (0.75,), 0.25),
        (lambda xp, x: x if x > 0.5 else 2 * x, (0.75,), 0.25),
        (lambda xp, x: xp.sort(x), (np.array([0.5, 0.25, 1.0]),), 0.25),
        (lambda xp, x: xp.linalg.vector_norm(x), (np.array([0.0, 0.25]),), 0.25),
        (lambda xp, x: xp.sqrt(x), (0.25,), 0.25),
        (lambda xp, x: 1 / x, (-0.25,), 0.25),
        (lambda xp, x: xp.remainder(x, 2.0), (0.5,), 0.25),
        (lambda xp, x: xp.trunc(x), (0.25,), 0.75),
        (lambda xp, x: xp.sin(x) * xp.where(xp.arange(3) == 1, x, 0.0), (0.25,), np.inf),
        (lambda xp, x: abs(xp.stop_gradient(x)) * x, (0.0,), np.inf),
        (lambda xp, x: x**3 + x @ x, (np.zeros(2),), np.inf),
    ],
)
def test_the_distance_from_the_nearest_kink_is_recorded(program: Any, args: Any, distance: float) -> None:
    assert oracle.kink_distance(program, *args) == pytest.approx(distance, rel=1e-12)


@pytest.mark.parametrize(
    ("program", "args"),
    [
        (lambda xp, x: xp.std(x), (np.array([2.5]),)),
        (lambda xp, x: xp.std(xp.stack([x, x])) + x, (0.25,)),
        (lambda xp, x: xp.linalg.vector_norm(x - x), (np.array([1.0, 2.0]),)),
        (lambda xp, x: xp.linalg.matrix_norm(x - x), (np.eye(2),)),
        (lambda xp, x: xp.hypot(x - x, 0.0), (0.25,)),
        (lambda xp, x: xp.abs(xp.real(x - x) * 1j), (0.25 + 1.0j,)),
    ],
)
def test_a_round_kink_that_a_program_stays_at_counts_where_it_is_asked_for(program: Any, args: Any) -> None:
    assert oracle.kink_distance(program, *args) == np.inf
    assert oracle.kink_distance(program, *args, resting=True) == 0


def test_ties_and_edges_that_a_program_stays_at_never_count() -> None:
    for program in (lambda xp, x: xp.maximum(x, x), lambda xp, x: abs(x - x), lambda xp, x: xp.sqrt(x - x)):
        assert oracle.kink_distance(program, 0.25, resting=True) == np.inf


def test_nearest_agrees_with_the_closed_form_of_simplices_and_boxes() -> None:
    rng = np.random.default_rng(3)
    corners = np.array(np.meshgrid(*[[-1.0, 1.0]] * 4)).reshape(4, -1).T
    for _ in range(20):
        target = rng.normal(size=4) * 2
        found = oracle.to_numpy(nearest(exact(corners), exact(target)))
        np.testing.assert_allclose(found, np.clip(target, -1, 1), rtol=1e-15)
        ordered = np.sort(target)[::-1]
        excess = [(ordered[: k + 1].sum() - 1) / (k + 1) for k in range(4)]
        level = max(e for k, e in enumerate(excess) if ordered[k] > e and e == excess[k] and k == _support(ordered))
        found = oracle.to_numpy(nearest(exact(np.eye(4)), exact(target)))
        np.testing.assert_allclose(found, np.maximum(target - level, 0), rtol=1e-14, atol=1e-15)


def _support(ordered: Any) -> int:
    """The index of the last positive element of the projection on the simplex (Held, Wolfe and Crowder 1974)."""
    return max(k for k in range(len(ordered)) if ordered[k] > (ordered[: k + 1].sum() - 1) / (k + 1))
