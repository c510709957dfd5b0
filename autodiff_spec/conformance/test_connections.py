"""Chapter GRAD: sources without a path, targets without a history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff_spec import Backend, NotDifferentiableError, UntrackedError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_equal


def variable(be: Backend, value: Any) -> Any:
    return be.variable(value, dtype=be.xp.float64)


UNCONNECTED: dict[str, Callable[[Backend, Any, Any], Any]] = {
    "a variable that was not read": lambda be, t, v: variable(be, np.ones((2, 1))),
    "a variable that was read elsewhere": lambda be, t, v: _read(variable(be, np.ones((2, 1)))),
    "a watched array": lambda be, t, v: t.watch(be.asarray(np.ones((2, 1)))),
    "an intermediate beside the path": lambda be, t, v: be.xp.reshape(v * v, (2, 1)),
}


def _read(v: Any) -> Any:
    _ = v * v
    return v


@clause("GRAD-13", "GRAD-14")
@pytest.mark.parametrize("case", list(UNCONNECTED))
def test_an_unconnected_source_gets_zeros_or_none(be: Backend, case: str) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape(persistent=True) as t:
        source = UNCONNECTED[case](be, t, v)
        y = v * v
    gv, zeros = t.grad(y, (v, source))
    assert_equal(be, gv, [2.0, 4.0])
    assert_array(be, zeros, (2, 1), be.xp.float64)
    assert_equal(be, zeros, [[0.0], [0.0]])
    assert_equal(be, t.grad(y, source, unconnected="zero"), [[0.0], [0.0]])
    gv, nothing = t.grad(y, (v, source), unconnected="none")
    assert_equal(be, gv, [2.0, 4.0])
    assert nothing is None
    assert t.grad(y, source, unconnected="none") is None


@clause("GRAD-15")
@pytest.mark.parametrize("case", list(UNCONNECTED))
def test_an_unconnected_source_raises_on_request(be: Backend, case: str) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape(persistent=True) as t:
        source = UNCONNECTED[case](be, t, v)
        y = v * v
    with pytest.raises(UntrackedError):
        t.grad(y, (v, source), unconnected="raise")
    assert_equal(be, t.grad(y, v, unconnected="raise"), [2.0, 4.0])


@clause("GRAD-16")
@pytest.mark.parametrize("value", ["zeros", "None", None, 0], ids=repr)
def test_another_value_of_unconnected_is_refused(be: Backend, value: Any) -> None:
    v = variable(be, 3.0)
    with be.tape() as t:
        y = v * v
    with pytest.raises(ValueError, match="unconnected"):
        t.grad(y, v, unconnected=value)


UNTRACKED: dict[str, Callable[[Backend, Any], Any]] = {
    "a constant": lambda be, v: be.asarray([1.0, 2.0]),
    "computed from constants": lambda be, v: be.asarray([1.0, 2.0]) * 2.0,
    "computed under pause()": lambda be, v: _paused(be, v),
    "stopped": lambda be, v: be.stop_gradient(v * v),
    "computed from stopped": lambda be, v: be.stop_gradient(v) * 2.0,
}


def _paused(be: Backend, v: Any) -> Any:
    with be.pause():
        return v * v


@clause("GRAD-17", "TAPE-24")
@pytest.mark.parametrize("case", list(UNTRACKED))
def test_a_target_without_history_is_refused(be: Backend, case: str) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape() as t:
        untracked = UNTRACKED[case](be, v)
        y = v * v
    for target in (untracked, (y, untracked), {"a": untracked, "b": y}):
        with pytest.raises(UntrackedError):
            t.grad(target, v)
    with pytest.raises(UntrackedError):
        t.grad(untracked, v, unconnected="none")
    assert_equal(be, t.grad(y, v), [2.0, 4.0])


@clause("GRAD-17")
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_target_computed_outside_the_tape_is_refused(be: Backend, when: str) -> None:
    v = variable(be, [1.0, 2.0])
    before = v * v
    with be.tape() as t:
        y = v * v
    target = before if when == "before" else v * v
    with pytest.raises(UntrackedError):
        t.grad(target, v)
    assert_equal(be, t.grad(y, v), [2.0, 4.0])


@clause("GRAD-18", "TAPE-24")
@pytest.mark.parametrize("case", ["a plain array", "a float", "a NumPy array", "among others"])
def test_a_source_that_was_not_watched_is_refused(be: Backend, case: str) -> None:
    v, plain = variable(be, [1.0, 2.0]), be.asarray([1.0, 2.0])
    with be.tape() as t:
        y = v * be.xp.astype(plain, be.xp.float64)
    sources = {"a plain array": plain, "a float": 1.0, "a NumPy array": np.ones(2), "among others": (v, plain)}[case]
    with pytest.raises(UntrackedError):
        t.grad(y, sources)
    assert_equal(be, t.grad(y, v), [1.0, 2.0])


@clause("GRAD-19", "TAPE-24")
@pytest.mark.parametrize("target", [3.0, 3, None, "y"], ids=repr)
def test_a_target_that_is_no_array_is_refused(be: Backend, target: Any) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape() as t:
        y = v * v
    with pytest.raises(UntrackedError):
        t.grad(target, v)
    assert_equal(be, t.grad(y, v), [2.0, 4.0])


@clause("GRAD-20", "TAPE-24")
@pytest.mark.parametrize("case", ["a cast to int", "a comparison", "an argmax", "a constant"])
def test_an_integer_target_is_refused(be: Backend, case: str) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape() as t:
        y = v * v
        target = {
            "a cast to int": lambda: be.xp.astype(v, be.xp.int32),
            "a comparison": lambda: v > 1.0,
            "an argmax": lambda: be.xp.argmax(v),
            "a constant": lambda: be.xp.asarray([1, 2]),
        }[case]()
    with pytest.raises(NotDifferentiableError):
        t.grad(target, v)
    assert_equal(be, t.grad(y, v), [2.0, 4.0])


@clause("GRAD-21", "TAPE-24")
@pytest.mark.parametrize("case", ["an int array", "a bool array", "an int", "a bool"])
def test_an_integer_source_is_refused(be: Backend, case: str) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape() as t:
        y = v * v
    source = {
        "an int array": be.xp.asarray([1, 2]),
        "a bool array": be.xp.asarray([True]),
        "an int": 3,
        "a bool": True,
    }[case]
    with pytest.raises(NotDifferentiableError):
        t.grad(y, source)
    with pytest.raises(NotDifferentiableError):
        t.grad(y, (v, source))
    assert_equal(be, t.grad(y, v), [2.0, 4.0])
