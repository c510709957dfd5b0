"""Chapter TAPE: what watch() makes a source."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import (
    Backend,
    MutationError,
    NotDifferentiableError,
    TapeStateError,
    UntrackedError,
)
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_equal, write
from autodiff_spec.conformance.strategies import arrays


def variable(be: Backend, value: Any) -> Any:
    return be.variable(value, dtype=be.xp.float64)


@clause("TAPE-09")
@given(value=arrays(half=True))
def test_watch_returns_the_array_to_use(be: Backend, value: Any) -> None:
    with be.tape() as t:
        x = t.watch(be.asarray(value))
        y = x * x
    assert_array(be, x, value.shape, getattr(be.xp, value.dtype.name))
    assert_equal(be, x, value)
    assert_equal(be, t.grad(y, x), 2 * value)


@clause("TAPE-09")
@pytest.mark.parametrize("value", [3.0, np.array(3.0)], ids=["a Python float", "a NumPy array"])
def test_watch_converts(be: Backend, value: Any) -> None:
    with be.tape() as t:
        x = t.watch(value)
        y = x * x
    assert be.is_array(x)
    assert_equal(be, t.grad(y, x), 6.0)


@clause("TAPE-10")
def test_what_is_computed_from_the_original_is_not_recorded(be: Backend) -> None:
    original = be.asarray(3.0, dtype=be.xp.float64)
    with be.tape(persistent=True) as t:
        x = t.watch(original)
        c = original * original
        y = c * x
    with pytest.raises(UntrackedError):
        t.grad(c, x)
    assert_equal(be, t.grad(y, x), 9.0)


@clause("TAPE-11", "GRAD-18")
def test_the_original_of_a_watched_array_is_no_source(be: Backend) -> None:
    original = be.asarray(3.0, dtype=be.xp.float64)
    with be.tape() as t:
        x = t.watch(original)
        y = x * x
    with pytest.raises(UntrackedError):
        t.grad(y, original)
    assert_equal(be, t.grad(y, x), 6.0)


@clause("TAPE-12")
def test_watching_later_does_not_reach_back(be: Backend) -> None:
    original = be.asarray(3.0, dtype=be.xp.float64)
    with be.tape(persistent=True) as t:
        before = original * original
        x = t.watch(original)
        y = before * x
    with pytest.raises(UntrackedError):
        t.grad(before, x)
    assert_equal(be, t.grad(y, x), 9.0)


@clause("TAPE-13")
@pytest.mark.parametrize("what", ["a variable", "a watched array", "an intermediate", "the outer tape's array"])
def test_a_watched_array_stays_connected(be: Backend, what: str) -> None:
    v = variable(be, 3.0)
    with be.tape(persistent=True) as outer:
        with be.tape(persistent=True) as t:
            x = outer.watch(v) if what == "the outer tape's array" else v
            x = t.watch(x) if what == "a watched array" else x
            x = x * 1.0 if what == "an intermediate" else x
            z = t.watch(x)
            y = z * z
        assert_equal(be, t.grad(y, z), 6.0)
        assert_equal(be, outer.grad(y, x), 6.0)
        assert_equal(be, outer.grad(y, v), 6.0)


@clause("TAPE-14")
def test_watch_takes_trees(be: Backend) -> None:
    with be.tape() as t:
        x = t.watch({"w": [be.asarray(3.0), 4.0], "b": (np.array([1.0, 2.0]),)})
        y = x["w"][0] * x["w"][1] + be.xp.sum(be.xp.astype(x["b"][0], x["w"][0].dtype))
    g = t.grad(y, x)
    assert float(be.to_numpy(g["w"][0])) == 4.0
    assert float(be.to_numpy(g["w"][1])) == 3.0
    assert_equal(be, g["b"][0], [1.0, 1.0])


@clause("TAPE-15")
@pytest.mark.parametrize("kind", ["of NumPy's", "native"])
def test_writing_into_the_original_of_a_watched_array_does_no_harm(be: Backend, kind: str) -> None:
    original: Any = np.array([3.0, 3.0])
    if kind == "native":
        original = be.asarray(original)
    with be.tape() as t:
        x = t.watch(original)
        y = x * x
    write(original, 0, 100.0)
    try:
        gradient = t.grad(y, x)
    except MutationError:
        return
    assert_equal(be, gradient, [6.0, 6.0])


@clause("TAPE-16")
def test_watch_needs_an_open_tape(be: Backend) -> None:
    t = be.tape()
    with pytest.raises(TapeStateError):
        t.watch(be.asarray(3.0))
    with t:
        pass
    with pytest.raises(TapeStateError):
        t.watch(be.asarray(3.0))


@clause("TAPE-17")
@pytest.mark.parametrize(
    "value", [3, True, "3.0", None, np.array([1, 2])], ids=["int", "bool", "text", "None", "int array"]
)
def test_watch_refuses(be: Backend, value: Any) -> None:
    with be.tape() as t:
        with pytest.raises(NotDifferentiableError):
            t.watch(value)
        with pytest.raises(NotDifferentiableError):
            t.watch(be.xp.asarray([1, 2]))
