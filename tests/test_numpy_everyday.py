"""Everyday NumPy programs on the NumPy engine: right in every mode, or refused by an error of ours in every mode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from tests import fresh
from tests.everyday import PROGRAMS, Program, ValueAndGradient

be = ad.backend("numpy")
RIGHT = 111
"""At least so many are right; an engine that refuses everything is no engine."""


def on_a_tape(f: Callable[[Any], Any], x: Any) -> tuple[Any, Any]:
    v = be.variable(x)
    with be.tape() as t:
        y = f(v)
    return be.to_numpy(y), t.grad(y, v)


def forward(f: Callable[[Any], Any], x: Any) -> tuple[Any, Any]:
    pairs = [be.jvp(f, (x,), (unit,)) for unit in np.eye(x.size)]
    return pairs[0][0], np.array([slope for _, slope in pairs])


MODES: dict[str, ValueAndGradient] = {
    "functional": lambda f, x: be.value_and_grad(f)(x),
    "tape": on_a_tape,
    "forward": forward,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_it_runs_on_plain_numpy_and_has_a_derivative(program: Program) -> None:
    assert np.isfinite(program.value(program.start))
    slope, x = program.differences(), np.array(program.start)
    assert np.any(np.abs(slope) > 1e-6)
    for i, unit in enumerate(np.eye(x.size)):  # no kink is near, so one side has the slope of both
        side = (program.value(x + 1e-7 * unit) - program.value(x)) / 1e-7
        np.testing.assert_allclose(side, slope[i], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_it_is_right_or_refused_by_an_error_of_ours(program: Program) -> None:
    verdicts = {mode: program.verdict(differentiate) for mode, differentiate in MODES.items()}
    said = verdicts["functional"]
    assert said == "right" or issubclass(getattr(ad, said, type), ad.AutodiffError), verdicts
    assert set(verdicts.values()) == {said}, verdicts


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_its_second_derivative_is_right_where_the_first_is(program: Program) -> None:
    if program.verdict(MODES["functional"]) != "right":
        pytest.skip("the first derivative is refused")
    gradient = be.grad(lambda x: program.run(np, x))
    x = np.array(program.start)
    direction = np.cos(np.arange(x.size))
    along = be.jvp(gradient, (x,), (direction,))[1]
    across = be.grad(lambda x: gradient(x) @ direction)(x)
    h = 2.0**-12
    fine, coarse = ((gradient(x + h * direction) - gradient(x - h * direction)) / (2 * h) for h in (h, 2 * h))
    expected = (4 * fine - coarse) / 3
    room = 1e-6 * max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(along, expected, rtol=1e-5, atol=room)
    np.testing.assert_allclose(across, expected, rtol=1e-5, atol=room)


def test_most_are_right() -> None:
    counts = Counter(p.verdict(MODES["functional"]) for p in PROGRAMS.values())
    assert counts["right"] >= RIGHT, counts
    assert len(PROGRAMS) >= 130


def test_the_table_is_printed_for_the_libraries_that_are_installed() -> None:
    done = fresh.python("benchmarks/everyday.py", "ours")
    assert done.returncode == 0, done.stderr
    assert "gaussian_process" in done.stdout
    assert f"of {len(PROGRAMS)}" in done.stdout
