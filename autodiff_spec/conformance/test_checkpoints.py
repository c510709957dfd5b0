"""Chapter CKPT: checkpoint()."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, Capability, MutationError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance._calls import COSINES
from autodiff_spec.conformance.checks import assert_close, assert_equal, resident_bytes
from autodiff_spec.conformance.strategies import values

MEBIBYTE = 1 << 20


def array(be: Backend, value: Any) -> Any:
    return be.asarray(np.array(value, dtype=np.float64))


def smooth(xp: Any, x: Any, y: Any) -> Any:
    """From shapes (3,) and () to (3,); derivatives up to the second are bounded by 64."""
    return xp.sin(x * y) * x + xp.exp(-(x * x)) * y


@clause("CKPT-01")
@given(data=st.data())
def test_a_checkpoint_is_its_function(be: Backend, data: st.DataObject) -> None:
    x, y, u = data.draw(values((3,))), data.draw(values(())), data.draw(values((3,)))
    primals, before = (be.asarray(x), be.asarray(y)), x.copy()

    def plain(a: Any, b: Any) -> Any:
        return smooth(be.xp, a, b)

    expected_value, expected = be.vjp(plain, *primals)
    value, pullback = be.vjp(be.checkpoint(plain), *primals)
    assert_close(be.to_numpy(value), be.to_numpy(expected_value), scale=16.0)
    for _ in range(2):
        for found, true in zip(pullback(be.asarray(u)), expected(be.asarray(u)), strict=True):
            assert_close(be.to_numpy(found), be.to_numpy(true), scale=64.0 * np.abs(u).sum())
    np.testing.assert_array_equal(be.to_numpy(primals[0]), before)


@clause("CKPT-02")
def test_a_checkpoint_on_a_tape(be: Backend) -> None:
    v = be.variable([1.0, 2.0], dtype=be.xp.float64)
    with be.tape() as t:
        x = t.watch(array(be, 3.0))
        y = be.checkpoint(lambda a, b: (a * a * b, a + 1.0))(v * 2.0, x)
    gv, gx = t.grad(y, (v, x), cotangent=(array(be, [1.0, 1.0]), array(be, [0.0, 1.0])))
    assert_equal(be, y[0], [12.0, 48.0])
    assert_equal(be, gv, [24.0, 50.0])
    assert_equal(be, gx, 20.0)


@clause("CKPT-03")
@given(data=st.data())
def test_second_derivatives_go_through(be: Backend, data: st.DataObject) -> None:
    x, v = data.draw(values((3,))), data.draw(values((3,)))

    def plain(a: Any) -> Any:
        return smooth(be.xp, a, 1.5)

    ((expected,), (found,)) = (be.hvp(f, (x,), (v,)) for f in (plain, be.checkpoint(plain)))
    assert_close(be.to_numpy(found), be.to_numpy(expected), scale=64.0 * np.abs(v).sum())


@clause("CKPT-03")
def test_second_derivatives_on_nested_tapes(be: Backend) -> None:
    v, w = be.variable([1.0, 2.0], dtype=be.xp.float64), be.variable(3.0, dtype=be.xp.float64)
    with be.tape(persistent=True) as outer:
        with be.tape() as inner:
            y = be.checkpoint(lambda a: a * a * a * w * w)(v)
        gv, gw = inner.grad(y, (v, w))
    assert_equal(be, gv, [27.0, 108.0])
    assert_equal(be, gw, 54.0)
    assert_equal(be, outer.grad(gv, v), [54.0, 108.0])
    assert_equal(be, outer.grad(gv, w), 90.0)
    assert_equal(be, outer.grad(gw, w), 18.0)
    assert_equal(be, outer.grad(y, w), 54.0)
    assert_equal(be, be.grad(be.grad(be.grad(be.checkpoint(lambda a: a * a * a * a))))(array(be, 2.0)), 48.0)


@clause("CKPT-04")
def test_forward_mode_goes_through(be: Backend) -> None:
    x, v = array(be, [1.0, 2.0]), array(be, [1.0, 10.0])
    y, slope = be.jvp(be.checkpoint(lambda a: a * a * a), (x,), (v,))
    assert_equal(be, y, [1.0, 8.0])
    assert_equal(be, slope, [3.0, 120.0])
    assert_equal(be, be.jvp(be.grad(be.checkpoint(lambda a: a * a * a)), (x,), (v,))[1], [6.0, 120.0])


@clause("CKPT-04", "CKPT-05")
def test_a_direction_reaches_a_checkpoint_through_its_closure(be: Backend) -> None:
    x, p = array(be, [1.0, 2.0]), array(be, 3.0)

    def f(q: Any) -> Any:
        return be.value_and_grad(lambda a: be.checkpoint(lambda b: (q * q) * b * b * b)(a))(x)

    value, gradient = be.jvp(f, (p,), (array(be, 1.0),))[1]
    assert_equal(be, value, [6.0, 48.0])
    assert_equal(be, gradient, [18.0, 72.0])


@clause("CKPT-05")
def test_the_closure_is_differentiated(be: Backend) -> None:
    w, v = be.variable(3.0, dtype=be.xp.float64), be.variable([1.0, 2.0], dtype=be.xp.float64)
    with be.tape() as t:
        scaled = v * 2.0
        y = be.checkpoint(lambda x: x * w * scaled * w)(array(be, [1.0, 10.0]))
    gw, gv, gs = t.grad(y, (w, v, scaled))
    assert_equal(be, gw, 252.0)
    assert_equal(be, gv, [18.0, 180.0])
    assert_equal(be, gs, [9.0, 90.0])
    g = be.grad(lambda x: be.checkpoint(lambda a: a * a * x)(x))(array(be, [1.0, 2.0]))
    assert_equal(be, g, [3.0, 12.0])


@clause("CKPT-05")
def test_what_leads_to_the_closure_is_counted_once(be: Backend) -> None:
    v = be.variable(2.0, dtype=be.xp.float64)
    with be.tape() as t:
        a = v * v
        b = a * v
        y = be.checkpoint(lambda x: x * a * b)(v)  # v⁶
    assert_equal(be, t.grad(y, v), 192.0)


@clause("CKPT-06")
def test_checkpoints_nest(be: Backend) -> None:
    def inner(a: Any) -> Any:
        return be.checkpoint(lambda b: b * b * a)(a)

    x = array(be, [1.0, 2.0])
    assert_equal(be, be.grad(be.checkpoint(lambda a: inner(a) * a))(x), [4.0, 32.0])
    assert_equal(be, be.grad(be.grad(be.checkpoint(lambda a: inner(a) * a)))(x), [12.0, 48.0])


@clause("CKPT-07")
@pytest.mark.parametrize("start", [0.25, -3.0])
def test_it_takes_the_branches_that_python_takes(be: Backend, start: float) -> None:
    def f(a: Any) -> Any:
        while bool(be.xp.abs(a) < 10.0):
            a = a * 2.0
        return a if bool(a > 0.0) else 100.0 * a

    v = be.variable(start, dtype=be.xp.float64)
    with be.tape() as t:
        y = be.checkpoint(f)(v)
    assert_equal(be, t.grad(y, v), float(be.to_numpy(y)) / start)
    assert_equal(be, be.grad(be.checkpoint(f))(array(be, start)), float(be.to_numpy(y)) / start)


@clause("CKPT-08")
def test_arguments_and_results_may_be_trees(be: Backend) -> None:
    @be.checkpoint
    def f(t: Any, n: int, *, name: str) -> Any:
        return {"y": t["a"] * t["b"][0] * n, "n": n, "name": name, "i": be.xp.argmax(t["a"])}

    tree = {"a": array(be, [1.0, 2.0]), "b": [array(be, 3.0)]}
    found = f(tree, 2, name="text")
    assert (found["n"], found["name"]) == (2, "text")
    assert_equal(be, found["i"], 1)
    g = be.grad(lambda t: f(t, 2, name="text")["y"])(tree)
    assert_equal(be, g["a"], [6.0, 6.0])
    assert_equal(be, g["b"][0], 6.0)


@clause("CKPT-09")
def test_it_runs_again_in_the_backward_pass_alone(be: Backend) -> None:
    runs: list[int] = []

    def f(a: Any) -> Any:
        runs.append(1)
        return be.xp.sin(a)

    be.checkpoint(f)(array(be, [1.0, 2.0]))
    assert len(runs) == 1
    v = be.variable([1.0, 2.0], dtype=be.xp.float64)
    with be.tape() as t:
        y = be.checkpoint(f)(v)
    assert len(runs) == 2
    t.grad(y, v)
    assert len(runs) == 3


@clause("CKPT-10")
def test_a_recording_keeps_what_goes_into_checkpoints_alone(be: Backend) -> None:
    """Eight checkpoints of eight operations on one mebibyte: 64 residuals without, 8 with them."""

    def segment(a: Any) -> Any:
        for _ in range(8):
            a = be.xp.sin(a)
        return a

    def kept(wrap: Callable[[Any], Any]) -> int:
        v = be.variable(np.linspace(0.0, 1.0, MEBIBYTE // 8))
        with be.tape() as t:
            y = wrap(segment)(v)
            before = resident_bytes()
            for _ in range(8):
                y = wrap(segment)(y)
            be.to_numpy(y[0])  # the framework may be behind
            size = resident_bytes() - before
        t.grad(y, v)
        return size

    kept(be.checkpoint)  # fills what caches there are
    assert kept(be.checkpoint) < 24 * MEBIBYTE
    assert kept(lambda f: f) > 40 * MEBIBYTE  # else nothing was measured


@clause("CKPT-11")
def test_a_variable_that_is_assigned_meanwhile_keeps_its_value_or_raises(be: Backend) -> None:
    w, v = be.variable(3.0, dtype=be.xp.float64), be.variable(2.0, dtype=be.xp.float64)
    with be.tape() as t:
        y = be.checkpoint(lambda x: be.xp.sin(x * w) * w)(v)
        be.assign(w, 100.0)
    try:
        g = t.grad(y, v)
    except MutationError:
        return
    assert_close(be.to_numpy(g), np.array(9.0 * np.cos(6.0)), scale=9.0)


@clause("CKPT-12")
def test_a_persistent_tape_repeats_its_answer(be: Backend) -> None:
    w, v = be.variable(3.0, dtype=be.xp.float64), be.variable([1.0, 2.0], dtype=be.xp.float64)
    with be.tape(persistent=True) as t:
        y = be.checkpoint(lambda x: x * x * w)(v) + be.checkpoint(lambda x: x * w)(v)
    for _ in range(3):
        gv, gw = t.grad(y, (v, w))
        assert_equal(be, gv, [9.0, 15.0])
        assert_equal(be, gw, 8.0)


@clause("CKPT-13")
def test_an_exception_leaves_no_trace(be: Backend) -> None:
    def broken(a: Any) -> Any:
        a * a
        raise KeyError("mine")

    v = be.variable(3.0, dtype=be.xp.float64)
    with be.tape() as t:
        with pytest.raises(KeyError, match="mine"):
            be.checkpoint(broken)(v)
        y = be.checkpoint(lambda a: a * a)(v)
    assert_equal(be, t.grad(y, v), 6.0)


@clause("CKPT-14")
def test_an_argument_without_influence_has_gradient_zero(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    ga, gb = be.grad(be.checkpoint(lambda a, b: a * a), argnums=(0, 1))(x, x)
    assert_equal(be, ga, [2.0, 4.0])
    assert_equal(be, gb, [0.0, 0.0])
    assert_equal(be, be.grad(be.checkpoint(lambda a: array(be, 3.0)))(x), [0.0, 0.0])
    assert_equal(be, be.grad(be.checkpoint(lambda a: a))(x), [1.0, 1.0])


@clause("CKPT-15")
def test_a_prepared_gradient_goes_through(be: Backend) -> None:
    gradient = be.prepare(be.grad(be.checkpoint(lambda a: a * a * a)), array(be, [1.0, 2.0]))
    for point, expected in (([1.0, 2.0], [3.0, 12.0]), ([-1.0, 3.0], [3.0, 27.0])):
        assert_equal(be, gradient(array(be, point)), expected)


@clause("CKPT-16")
@pytest.mark.parametrize("inner", list(COSINES))
def test_a_checkpoint_may_take_derivatives(be: Backend, inner: str) -> None:
    if inner == "tape" and Capability.TAPE not in be.capabilities:
        pytest.skip(f"{be.name} has no tapes")
    f, point = be.checkpoint(lambda x: COSINES[inner](be, x)), np.array([0.5, 2.0])
    x = be.asarray(point)
    assert_close(be.to_numpy(be.grad(f)(x)), -np.sin(point))
    assert_close(be.to_numpy(be.grad(be.grad(f))(x)), -np.cos(point))
