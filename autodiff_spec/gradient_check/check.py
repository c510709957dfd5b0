"""The comparison: a backend's derivatives of a function with derivatives from its values alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec.core.current import using
from autodiff_spec.core.engine import Engine
from autodiff_spec.gradient_check.differences import Vector, steps
from autodiff_spec.gradient_check.problem import WHOLE, Problem
from autodiff_spec.gradient_check.report import GradientReport, GradientRow


def checked(
    be: Engine,
    f: Callable[..., Any],
    args: tuple[Any, ...],
    order: int,
    modes: Sequence[str] | None,
    directions: int,
    roundings: float,
    seed: int,
    raises: bool,
) -> GradientReport:
    """The report of `autodiff_spec.gradient_check.check_grad`, which describes the arguments."""
    if order not in (1, 2):
        raise ValueError(f"order={order!r} of check_grad(); choose 1 or 2")
    chosen = tuple(modes) if modes is not None else ("reverse", "forward") if be._has_forward() else ("reverse",)
    if not chosen or set(chosen) - {"reverse", "forward"}:
        raise ValueError(f"modes={modes!r} of check_grad(); choose from 'reverse' and 'forward'")
    with using(be):
        draw = _Draw(directions, roundings, np.random.default_rng(seed))
        problem = Problem(be, f, args)
        rows = _compared(problem, chosen, 1, draw)
        if order == 2:
            rows += _compared(problem.gradient(), chosen, 2, draw)
    report = GradientReport(be.name, problem.reference, tuple(rows))
    if raises:
        report.raise_if_failed()
    return report


class _Draw:
    def __init__(self, directions: int, roundings: float, generator: np.random.Generator) -> None:
        self.directions, self.roundings, self.generator = directions, roundings, generator

    def signs(self, size: int) -> Vector:
        """Drawn numbers of size ½ to 1, of either sign: each single entry counts."""
        return self.generator.choice([-1.0, 1.0], size) * self.generator.uniform(0.5, 1.0, size)


def _compared(problem: Problem, modes: tuple[str, ...], order: int, draw: _Draw) -> list[GradientRow]:
    n, m = problem.x.size, problem.y.size
    if not n or not m:
        return []
    if n <= WHOLE and m <= WHOLE:
        return _whole(problem, modes, order, draw)
    rows = [row for k in range(draw.directions) for row in _along(problem, modes, order, draw, f"direction {k + 1}")]
    if any(row.wrong for row in rows) and len(problem.columns.masks()) > 1:  # which argument is it?
        for name, mask in problem.columns.masks():
            rows += _along(problem, modes, order, draw, f"along {name}", mask)
    return rows


def _whole(problem: Problem, modes: tuple[str, ...], order: int, draw: _Draw) -> list[GradientRow]:
    n, m = problem.x.size, problem.y.size
    truth, error, shift = problem.jacobian(draw.signs(n))
    size = np.nan_to_num(np.abs(truth), posinf=0.0)
    scale = np.maximum(size, np.minimum(size.max(axis=1, keepdims=True), size.max(axis=0, keepdims=True)))
    rows = []
    for mode in modes:
        if mode == "forward":
            found = np.stack([problem.pushed(unit) for unit in np.eye(n)], axis=1)
        else:
            found = np.stack([problem.pulled(unit) for unit in np.eye(m)])

        def place(index: tuple[int, ...]) -> str:
            return f"{problem.rows.name(index[0])} by {problem.columns.name(index[1])}"

        judged = _judged(problem, draw, found, truth, error, scale, shift, place)
        rows.append(GradientRow(order, mode, "Jacobian", *judged))
    return rows


def _along(
    problem: Problem, modes: tuple[str, ...], order: int, draw: _Draw, what: str, mask: Vector | float = 1.0
) -> list[GradientRow]:
    """Products with one drawn direction, of which ``mask`` leaves some elements."""
    direction = draw.signs(problem.x.size) * steps(problem.x) * mask
    weights = draw.signs(problem.y.size)
    slopes, error, shift = problem.slopes(direction, draw.signs(problem.x.size))
    rows = []
    for mode in modes:
        if mode == "forward":  # each element of Jv
            size = np.abs(slopes)
            judged = _judged(problem, draw, problem.pushed(direction), slopes, error,
                             np.maximum(size, np.sqrt(np.mean(size**2))), shift, lambda i: problem.rows.name(i[0]))
        else:  # <Jᵀu, v> against <u, Jv>, which rounds in as many places as it adds
            terms = problem.pulled(weights) * direction
            size = np.sqrt(np.sum(terms**2) + np.sum((weights * slopes) ** 2))
            doubts = [np.sqrt(np.sum((weights * part) ** 2)) for part in (error, shift)]
            judged = _judged(problem, draw, np.sum(terms), np.dot(weights, slopes), doubts[0], size, doubts[1],
                             lambda _: "the product")
        rows.append(GradientRow(order, mode, what, *judged))
    return rows


def _judged(
    problem: Problem, draw: _Draw, found: Any, truth: Any, error: Any, scale: Any, shift: Any,
    place: Callable[[tuple[int, ...]], str],
) -> tuple[int, int, int, float, str]:
    """How many entries there are, are wrong, are undecided; the worst in units of its tolerance, and where.

    The tolerance is a number of roundings of the entry's ``scale`` and of ``shift``, by which it changes when the
    arguments are rounded (its condition), and the ``error`` of the reference.
    """
    found, truth, error, scale, shift = (
        np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in (found, truth, error, scale, shift)
    )
    with np.errstate(all="ignore"):
        tolerance = draw.roundings * (problem.epsilon * scale + shift) + error
        same = (found == truth) | (np.isnan(found) & np.isnan(truth))
        ratio = np.where(same, 0.0, np.abs(found - truth) / tolerance)
    ratio = np.where(np.isnan(ratio), np.inf, ratio)
    undecided = ~same & _vague(found, truth, error, problem)
    wrong = (ratio > 1.0) & ~undecided
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(ratio)), ratio.shape))
    where = f"{place(worst)}: {found[worst]:.6g}, expected {truth[worst]:.6g}"
    return found.size, int(wrong.sum()), int(undecided.sum()), float(ratio[worst]), where


def _vague(found: Any, truth: Any, error: Any, problem: Problem) -> NDArray[np.bool_]:
    """Where the estimate of the error says that the reference is none."""
    size = np.maximum(np.abs(found), np.abs(truth))
    noise = 1e-6 * np.max(np.abs(problem.y), initial=0.0, where=np.isfinite(problem.y))
    found_vague: NDArray[np.bool_] = ~np.isfinite(error) | ((error > 0.1 * size) & (error > noise))
    return found_vague
