"""Chapter TAPE: how often a tape answers, and about what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autodiff_spec import (
    AutodiffError,
    Backend,
    TapeConsumedError,
)
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_equal, numbers


def variable(be: Backend, value: Any) -> Any:
    return be.variable(value, dtype=be.xp.float64)


@clause("TAPE-20")
def test_an_intermediate_can_be_a_source(be: Backend) -> None:
    v = variable(be, 2.0)
    with be.tape(persistent=True) as t:
        y = v * v
        z = 3.0 * y * v
    assert_equal(be, t.grad(z, y), 6.0)
    gy, gv = t.grad(z, (y, v))
    assert (float(be.to_numpy(gy)), float(be.to_numpy(gv))) == (6.0, 36.0)


TARGETS: dict[str, Callable[[Any, Any], Any]] = {
    "operations that save arrays": lambda xp, v: xp.sum(v * v),
    "operations that save nothing": lambda xp, v: xp.sum(v + 1.0),
    "a constant factor": lambda xp, v: xp.sum(2.0 * v),
    "a reshape": lambda xp, v: xp.reshape(v, (2, 1)),
}


@clause("TAPE-21")
@pytest.mark.parametrize("target", list(TARGETS))
@pytest.mark.parametrize("inside", [False, True], ids=["after", "inside"])
def test_a_second_gradient_of_a_spent_tape_raises(be: Backend, target: str, inside: bool) -> None:
    v, w = variable(be, [1.0, 2.0]), variable(be, [1.0, 2.0])
    with be.tape() as t:
        y, z = TARGETS[target](be.xp, v), w * w
        if inside:
            t.grad(y, v)
    if not inside:
        t.grad(y, v)
    for again, source in ((y, v), (z, w), (y, v)):
        with pytest.raises(TapeConsumedError):
            t.grad(again, source)
    with pytest.raises(TapeConsumedError):
        t.jacobian(y, v)


@clause("TAPE-22")
@pytest.mark.parametrize("target", list(TARGETS))
def test_a_persistent_tape_answers_the_same_every_time(be: Backend, target: str) -> None:
    v = variable(be, numbers((2,)))
    with be.tape(persistent=True) as t:
        y = TARGETS[target](be.xp, v)
    answers = [be.to_numpy(t.grad(y, v)).tolist() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]


@clause("TAPE-23")
def test_a_persistent_tape_differentiates_several_targets(be: Backend) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape(persistent=True) as t:
        y = v * v
        z = be.xp.sum(y * v)
    assert_equal(be, t.grad(z, v), [3.0, 12.0])
    assert_equal(be, t.grad(y, v), [2.0, 4.0])
    assert_equal(be, t.grad((y, z), v), [5.0, 16.0])


@clause("TAPE-24")
@pytest.mark.parametrize("persistent", [False, True], ids=["one set", "persistent"])
def test_a_call_that_raises_on_its_arguments_does_not_consume(be: Backend, persistent: bool) -> None:
    v, other = variable(be, [1.0, 2.0]), be.asarray([1.0, 2.0], dtype=be.xp.float64)
    outside = v * v
    with be.tape(persistent=persistent) as t:
        y = v * v
    bad: list[Callable[[], Any]] = [
        lambda: t.grad(y, v, cotangent=be.asarray([1.0])),
        lambda: t.grad(y, v, cotangent=[1.0, 2.0]),
        lambda: t.grad(y, v, cotangent=be.xp.asarray([1, 2])),
        lambda: t.grad(y, other),
        lambda: t.grad(other, v),
        lambda: t.grad(outside, v),
        lambda: t.grad((y, outside), v),
        lambda: t.grad(3.0, v),
        lambda: t.grad(y, 3),
        lambda: t.grad(y, v, unconnected="zeros"),
        lambda: t.jacobian((y, y), v),
        lambda: t.jacobian(y, other),
    ]
    for call in bad:
        with pytest.raises((AutodiffError, ValueError)):
            call()
    assert_equal(be, t.grad(y, v), [2.0, 4.0])
