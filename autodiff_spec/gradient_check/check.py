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

_REPEATED, _DEVIATIONS = 2, 32.0
"""How often a derivative is computed again a few roundings away, and how many times what that shows it may be off."""


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
    scale = _scale(truth)

    def pushed(problem: Problem) -> Any:
        return np.stack([problem.pushed(unit) for unit in np.eye(n)], axis=1)

    def pulled(problem: Problem) -> Any:
        return np.stack([problem.pulled(unit) for unit in np.eye(m)])

    def place(index: tuple[int, ...]) -> str:
        return f"{problem.rows.name(index[0])} by {problem.columns.name(index[1])}"

    answers = {"forward": pushed, "reverse": pulled}
    return [
        GradientRow(order, mode, "Jacobian", *_judged(problem, draw, answers[mode], truth, error, scale, shift, place))
        for mode in modes
    ]


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
            judged = _judged(problem, draw, lambda problem: problem.pushed(direction), slopes, error,
                             _scale(slopes), shift, lambda i: problem.rows.name(i[0]))
        else:  # <Jᵀu, v> against <u, Jv>, which rounds in as many places as it adds
            terms = problem.pulled(weights) * direction
            size = np.sqrt(np.sum(terms**2) + np.sum((weights * slopes) ** 2))
            doubts = [np.sqrt(np.sum((weights * part) ** 2)) for part in (error, shift)]
            judged = _judged(problem, draw, lambda problem: np.sum(problem.pulled(weights) * direction),
                             np.dot(weights, slopes), doubts[0], size, doubts[1], lambda _: "the product")
        rows.append(GradientRow(order, mode, what, *judged))
    return rows


def _scale(entries: Any) -> Any:
    """The size of each entry, or what is the usual one beside it: small ones are what is left of larger ones."""
    size = np.nan_to_num(np.abs(entries), posinf=0.0)
    if size.ndim < 2:
        return np.maximum(size, np.sqrt(np.mean(size**2)))
    return np.maximum(size, np.minimum(size.max(axis=1, keepdims=True), size.max(axis=0, keepdims=True)))


def _judged(
    problem: Problem, draw: _Draw, answer: Callable[[Problem], Any], truth: Any, error: Any, scale: Any, shift: Any,
    place: Callable[[tuple[int, ...]], str],
) -> tuple[int, int, int, float, str]:
    """How many entries there are, are wrong, are undecided; the worst in units of its tolerance, and where.

    The tolerance is a number of roundings of the entry's ``scale`` and of ``shift``, by which it changes when the
    arguments are rounded (its condition); the ``error`` of the reference; and what the answer's own computation
    amplifies its roundings to, seen where it is repeated a few roundings away.
    """
    found = answer(problem)
    with np.errstate(all="ignore"):
        again = [np.abs(answer(problem.nearby(draw.signs(problem.x.size))) - found) for _ in range(_REPEATED)]
        off = _DEVIATIONS * _scale(np.max(again, axis=0))
    found, truth, error, scale, shift, off = (
        np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in (found, truth, error, scale, shift, off)
    )
    with np.errstate(all="ignore"):
        tolerance = draw.roundings * (problem.epsilon * scale + shift) + error + off
        same = (found == truth) | (np.isnan(found) & np.isnan(truth))
        ratio = np.where(same, 0.0, np.abs(found - truth) / tolerance)
    ratio = np.where(np.isnan(ratio), np.inf, ratio)
    size = np.maximum(np.abs(found), np.abs(truth))
    undecided = ~same & (_vague(size, error, problem) | _vague(10.0 * scale, off, problem))
    wrong = (ratio > 1.0) & ~undecided
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(ratio)), ratio.shape))
    where = f"{place(worst)}: {found[worst]:.6g}, expected {truth[worst]:.6g}"
    return found.size, int(wrong.sum()), int(undecided.sum()), float(ratio[worst]), where


def _vague(size: Any, error: Any, problem: Problem) -> NDArray[np.bool_]:
    """Where the estimate of an error says that a number of this size is none."""
    noise = 1e-6 * np.max(np.abs(problem.y), initial=0.0, where=np.isfinite(problem.y))
    found: NDArray[np.bool_] = ~np.isfinite(error) | ((error > 0.1 * size) & (error > noise))
    return found
