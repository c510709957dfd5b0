"""Chapter TAPE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff_spec import (
    Backend,
    MutationError,
    TapeConsumedError,
    TapeStateError,
    UntrackedError,
)
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_close, assert_equal, write


def variable(be: Backend, value: Any) -> Any:
    return be.variable(value, dtype=be.xp.float64)


def assert_next_recording_is_right(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as t:
        y = v * v
    assert_equal(be, t.grad(y, v), 6.0)
    assert_equal(be, be.grad(lambda x: x * x)(be.asarray(3.0)), 6.0)


@clause("TAPE-01")
@pytest.mark.parametrize("kind", ["of a variable", "of a watched array"])
def test_what_ran_before_the_tape_is_constant(be: Backend, kind: str) -> None:
    v = variable(be, 3.0)
    before = v * v
    with be.tape() as t:
        x = v if kind == "of a variable" else t.watch(be.asarray(3.0, dtype=be.xp.float64))
        y = before * x
    assert_equal(be, t.grad(y, x), 9.0)


@clause("TAPE-02")
@pytest.mark.parametrize("kind", ["of a variable", "of an array that the outer tape watches"])
def test_what_ran_before_an_inner_tape_is_constant_for_it(be: Backend, kind: str) -> None:
    with be.tape() as outer:
        x = variable(be, 3.0) if kind == "of a variable" else outer.watch(be.asarray(3.0, dtype=be.xp.float64))
        before = x * x
        with be.tape() as inner:
            z = x if kind == "of a variable" else inner.watch(x)
            y = before * z
        assert_equal(be, inner.grad(y, z), 9.0)
    assert_equal(be, outer.grad(y, x), 27.0)


@clause("TAPE-02")
def test_what_ran_before_an_inner_tape_is_no_target_of_it(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as outer:
        before = v * v
        with be.tape() as inner:
            y = before * 2.0
        with pytest.raises(UntrackedError):
            inner.grad(y, v)
    assert_equal(be, outer.grad(y, v), 12.0)


@clause("TAPE-03")
def test_a_residual_from_before_the_inner_tape_is_differentiated_by_the_outer(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as outer:
        before = v * v
        with be.tape() as inner:
            y = before * v * v
        g = inner.grad(y, v)  # 2·before·v = 2v³
    assert_equal(be, g, 54.0)
    assert_equal(be, outer.grad(g, v), 54.0)


@clause("TAPE-04")
def test_what_runs_after_the_tape_closed_is_not_recorded(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape(persistent=True) as t:
        y = v * v
    after = y * 2.0
    with pytest.raises(UntrackedError):
        t.grad(after, v)
    with pytest.raises(UntrackedError):
        t.grad(v * v, v)
    with pytest.raises(UntrackedError):
        t.grad(y, after)
    assert_equal(be, t.grad(y, v), 6.0)


@clause("TAPE-05")
def test_what_runs_under_pause_is_constant(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape(persistent=True) as outer:
        with be.tape(persistent=True) as inner:
            x = inner.watch(be.asarray(2.0, dtype=be.xp.float64))
            with be.pause():
                c = v * v * x
            y = c * v * x
        for t in (outer, inner):
            with pytest.raises(UntrackedError):
                t.grad(c, v)
        assert_equal(be, inner.grad(y, (v, x))[1], 54.0)
        assert_equal(be, inner.grad(y, v), 36.0)
    assert_equal(be, outer.grad(y, v), 36.0)


@clause("TAPE-06", "TAPE-29")
def test_after_pause_the_tape_records_again(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as t:
        with be.pause():
            pass
        with pytest.raises(ZeroDivisionError):
            with be.pause():
                raise ZeroDivisionError
        y = v * v
    assert_equal(be, t.grad(y, v), 6.0)


@clause("TAPE-07")
def test_pause_inside_pause_does_not_end_it(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as t:
        with be.pause():
            with be.pause():
                pass
            c = v * v
        y = c * v
    assert_equal(be, t.grad(y, v), 9.0)


@clause("TAPE-08")
def test_variables_are_watched_by_themselves(be: Backend) -> None:
    with be.tape() as t:
        v, w = variable(be, 3.0), variable(be, 4.0)  # also those made while it is open
        y = v * w
    gv, gw = t.grad(y, (v, w))
    assert (float(be.to_numpy(gv)), float(be.to_numpy(gw))) == (4.0, 3.0)


@clause("TAPE-37")
def test_a_variable_read_by_an_inner_tape_is_watched_by_the_outer(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as outer:
        with be.tape() as inner:
            y = v * v
        z = y * v
    assert_equal(be, inner.grad(y, v), 6.0)
    assert_equal(be, outer.grad(z, v), 27.0)


@clause("TAPE-18")
def test_an_assigned_variable_gets_the_sum_over_its_reads(be: Backend) -> None:
    v = variable(be, [3.0, 4.0])
    with be.tape(persistent=True) as t:
        first = v * v
        be.assign(v, [10.0, 20.0])
        second = v * v * v
        both = be.xp.sum(first) + be.xp.sum(second)
    assert_equal(be, t.grad(both, v), [6.0 + 300.0, 8.0 + 1200.0])
    assert_equal(be, t.grad(first, v), [6.0, 8.0])
    assert_equal(be, t.grad(second, v), [300.0, 1200.0])


@clause("TAPE-18")
def test_an_assigned_variable_is_one_source_of_both_nested_tapes(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as outer:
        first = v * v
        with be.tape() as inner:
            second = v * v
            be.assign(v, 10.0)
            third = v * v
            z = first + second + third
        assert_equal(be, inner.grad(z, v), 26.0)
    assert_equal(be, outer.grad(z, v), 32.0)


@clause("TAPE-19")
def test_assigning_a_recorded_value_connects_nothing(be: Backend) -> None:
    v, w = variable(be, 3.0), variable(be, 5.0)
    with be.tape() as t:
        be.assign(v, w * w)
        y = v * v
    gv, gw = t.grad(y, (v, w))
    assert (float(be.to_numpy(gv)), float(be.to_numpy(gw))) == (50.0, 0.0)


@clause("TAPE-25")
def test_tapes_that_overlap_without_nesting_are_right(be: Backend) -> None:
    v = variable(be, 3.0)
    first, second = be.tape(), be.tape()
    first.__enter__()
    a = v * v
    second.__enter__()
    b = v * v
    first.__exit__(None, None, None)
    c = a * b * v
    second.__exit__(None, None, None)
    assert_equal(be, first.grad((a, b), v), 12.0)
    # for the second tape `a` is constant: d(9·v²·v) = 27·v²
    assert_equal(be, second.grad(c, v), 243.0)


@clause("TAPE-26")
@pytest.mark.parametrize("order", ["the inner one first", "the outer one first"])
def test_each_of_several_tapes_gives_its_own_gradients(be: Backend, order: str) -> None:
    v = variable(be, [3.0, 4.0])
    with be.tape() as outer:
        with be.tape() as inner:
            y = v * v
    for t in (inner, outer) if order == "the inner one first" else (outer, inner):
        assert_equal(be, t.grad(y, v), [6.0, 8.0])
    for t in (inner, outer):
        with pytest.raises(TapeConsumedError):
            t.grad(y, v)


@clause("TAPE-27")
def test_a_tape_is_entered_once(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as t:
        with pytest.raises(TapeStateError):
            t.__enter__()
        y = v * v
    with pytest.raises(TapeStateError):
        t.__enter__()
    assert_equal(be, t.grad(y, v), 6.0)


@clause("TAPE-28")
def test_a_tape_that_was_never_entered_cannot_answer(be: Backend) -> None:
    v = variable(be, 3.0)
    t = be.tape()
    with pytest.raises(TapeStateError):
        t.grad(v * v, v)
    with pytest.raises(TapeStateError):
        t.jacobian(v * v, v)
    with t:
        y = v * v
    assert_equal(be, t.grad(y, v), 6.0)


@clause("TAPE-29")
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_an_exception_inside_leaves_no_trace(be: Backend, depth: int) -> None:
    v = variable(be, 3.0)

    def fail(levels: int) -> None:
        with be.tape() as t:
            x = t.watch(v * v)
            if levels == 1:
                with be.pause():
                    raise ZeroDivisionError(x)
            fail(levels - 1)

    with pytest.raises(ZeroDivisionError):
        fail(depth)
    assert_next_recording_is_right(be)


@clause("TAPE-29")
def test_an_exception_in_an_inner_tape_leaves_the_outer_one_recording(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as outer:
        y = v * v
        inner = be.tape()
        with pytest.raises(ZeroDivisionError):  # noqa: PT012
            with inner:
                y = y * v
                raise ZeroDivisionError
        y = y * v
    assert_equal(be, outer.grad(y, v), 108.0)
    with pytest.raises(UntrackedError):
        inner.grad(y, v)


@clause("TAPE-30")
@pytest.mark.parametrize("persistent", [False, True], ids=["one set", "persistent"])
def test_a_gradient_inside_its_own_tape_is_right(be: Backend, persistent: bool) -> None:
    v = variable(be, [3.0, 4.0])
    with be.tape(persistent=persistent) as t:
        y = v * v
        assert_equal(be, t.grad(y, v), [6.0, 8.0])
    assert_next_recording_is_right(be)


@clause("TAPE-31")
def test_a_gradient_does_not_record_itself(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape(persistent=True) as t:
        y = v * v
        g = t.grad(y, v)
        z = g * v
    with pytest.raises(UntrackedError):
        t.grad(g, v)
    assert_equal(be, t.grad(z, v), 6.0)


@clause("TAPE-32")
def test_a_persistent_tape_records_on_after_a_gradient(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape(persistent=True) as t:
        y = v * v
        t.grad(y, v)
        z = y * v
        assert_equal(be, t.grad(z, v), 27.0)
        w = z * v
    assert_equal(be, t.grad(w, v), 108.0)


@clause("TAPE-33")
def test_an_array_of_another_tape_is_constant(be: Backend) -> None:
    v = variable(be, 2.0)
    with be.tape() as first:
        x = first.watch(be.asarray(3.0, dtype=be.xp.float64))
        y = x * x
    with be.tape(persistent=True) as second:
        z = y * x * v
    with pytest.raises(UntrackedError):
        second.grad(z, x)
    with pytest.raises(UntrackedError):
        second.grad(y, v)
    assert_equal(be, second.grad(z, v), 27.0)
    assert_equal(be, first.grad(y, x), 6.0)


@clause("TAPE-34")
@pytest.mark.parametrize("copy", [None, True])
def test_asarray_keeps_the_recording(be: Backend, copy: bool | None) -> None:
    v = variable(be, [3.0, 4.0])
    with be.tape() as t:
        x = t.watch(be.asarray([1.0, 2.0], dtype=be.xp.float64))
        y = be.xp.asarray(x, copy=copy) * be.xp.asarray(v, copy=copy)
    gx, gv = t.grad(y, (x, v))
    assert_equal(be, gx, [3.0, 4.0])
    assert_equal(be, gv, [1.0, 2.0])


@clause("TAPE-35")
@pytest.mark.parametrize("what", ["a watched array", "an intermediate", "a variable"])
def test_numpy_does_not_detach_silently(be: Backend, what: str) -> None:
    v = variable(be, [3.0, 4.0])
    with be.tape() as t:
        x = t.watch(be.asarray([1.0, 2.0], dtype=be.xp.float64))
        recorded = {"a watched array": x, "an intermediate": x * x, "a variable": v}[what]
        with pytest.raises((TypeError, RuntimeError)):
            np.asarray(recorded)


IN_PLACE: dict[str, Callable[[Any], Any]] = {
    "a watched array": lambda x: x,
    "an intermediate": lambda x: x * 1.0,
    "a view": lambda x: x[0:2],
}


@clause("TAPE-36")
@pytest.mark.parametrize("what", list(IN_PLACE))
def test_an_in_place_change_raises_or_does_no_harm(be: Backend, what: str) -> None:
    with be.tape() as t:
        x = t.watch(be.asarray([3.0, 4.0], dtype=be.xp.float64))
        z = IN_PLACE[what](x)
        y = z * z
        try:
            write(z, 0, 100.0)
        except RuntimeError:  # refused
            return
    try:
        gradient = t.grad(y, x)
    except MutationError:
        return
    assert_close(be.to_numpy(gradient), [6.0, 8.0])
