"""Chapter DEEP."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from autodiff_spec import Backend
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_close, assert_equal

DEPTH = 10_000


@pytest.fixture(autouse=True)
def _the_recursion_limit_is_below_the_depth() -> None:
    assert sys.getrecursionlimit() < DEPTH, "the test would not show recursion"


def alternating(x: Any, depth: int) -> Any:
    """The product of x and (2·½)^(depth/2): exact, and no operation is the inverse of a sum that could be merged."""
    for k in range(depth):
        x = x * (0.5 if k % 2 else 2.0)
    return x


@clause("DEEP-01")
def test_a_deep_chain_on_a_tape(be: Backend) -> None:
    v = be.variable([1.5, -2.0], dtype=be.xp.float64)
    with be.tape() as t:
        y = v * v
        y = alternating(y, DEPTH)
    assert_equal(be, t.grad(y, v), [3.0, -4.0])


@clause("DEEP-01")
def test_a_deep_nonlinear_chain_on_a_tape(be: Backend) -> None:
    v = be.variable(0.5, dtype=be.xp.float64)
    with be.tape() as t:
        y = v
        for _ in range(DEPTH):
            y = y * y + 0.25
    # the iteration y -> y² + 1/4 stays at its fixed point 1/2, where its derivative is 1
    assert_equal(be, y, 0.5)
    assert_equal(be, t.grad(y, v), 1.0)


@clause("DEEP-02")
def test_a_deep_chain_in_the_functional_form(be: Backend) -> None:
    g = be.grad(lambda x: alternating(x * x, DEPTH))(be.asarray([1.5, -2.0], dtype=be.xp.float64))
    assert_equal(be, g, [3.0, -4.0])


@clause("DEEP-03")
def test_a_source_that_is_read_very_often(be: Backend) -> None:
    v = be.variable([1.5, -2.0], dtype=be.xp.float64)
    with be.tape() as t:
        y = v * 0.0
        for _ in range(DEPTH):
            y = y + v
    assert_equal(be, t.grad(y, v), [float(DEPTH), float(DEPTH)])


@clause("DEEP-04")
def test_a_deep_recording_is_dropped_without_recursion(be: Backend) -> None:
    v = be.variable([1.5, -2.0], dtype=be.xp.float64)
    for persistent in (False, True):
        with be.tape(persistent=persistent):
            y = alternating(v, DEPTH)
        del y
    with be.tape() as t:
        y = v * v
    assert_equal(be, t.grad(y, v), [3.0, -4.0])


@clause("DEEP-05")
def test_a_deep_chain_has_a_second_derivative(be: Backend) -> None:
    depth = 2 * sys.getrecursionlimit()
    v = be.variable(1.5, dtype=be.xp.float64)
    with be.tape() as outer:
        with be.tape() as inner:
            y = alternating(v * v * v, depth)
        g = inner.grad(y, v)
    assert_close(be.to_numpy(g), 6.75)
    assert_close(be.to_numpy(outer.grad(g, v)), 9.0)
