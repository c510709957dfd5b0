"""Chapter STOP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from autodiff_spec import Backend, Capability, UntrackedError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_equal, write
from autodiff_spec.conformance.strategies import arrays


def variable(be: Backend, value: Any) -> Any:
    return be.variable(value, dtype=be.xp.float64)


def array(be: Backend, value: Any) -> Any:
    return be.asarray(value, dtype=be.xp.float64)


@clause("STOP-01")
@given(value=arrays(half=True))
def test_the_value_is_kept(be: Backend, value: Any) -> None:
    x = be.asarray(value)
    s = be.stop_gradient(x)
    assert_array(be, s, value.shape, x.dtype)
    assert_equal(be, s, value)


@clause("STOP-01", "STOP-02")
@given(value=arrays())
def test_the_value_of_a_recorded_array_is_kept(be: Backend, value: Any) -> None:
    v = be.variable(value)
    with be.tape():
        for x in (v, v * v):
            s = be.stop_gradient(x)
            assert_array(be, s, value.shape, v.dtype)
            assert_equal(be, s, be.to_numpy(x))


@clause("STOP-02", "STOP-05")
def test_the_original_stays_connected(be: Backend) -> None:
    x = variable(be, [0.0, 1.0, 2.0, 3.0])
    with be.tape(persistent=True) as t:
        y = x * x
        u = be.stop_gradient(y)
        z = u * x
    assert_equal(be, t.grad(z, x), be.to_numpy(u))
    assert_equal(be, t.grad(z, x), [0.0, 1.0, 4.0, 9.0])
    assert_equal(be, t.grad(y, x), [0.0, 2.0, 4.0, 6.0])


STOPPED: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "x": lambda stop, x: (stop(x) * x, [1.0, 2.0]),
    "x^2": lambda stop, x: (stop(x * x) * x, [1.0, 4.0]),
    "twice": lambda stop, x: (stop(stop(x) * x) * x, [1.0, 4.0]),
    "nothing but": lambda stop, x: (stop(x * x) + 0.0 * x, [0.0, 0.0]),
    "beside": lambda stop, x: (x * x + stop(x * x), [2.0, 4.0]),
}


@clause("STOP-02")
@pytest.mark.parametrize("case", list(STOPPED))
def test_the_derivative_is_zero_on_a_tape(be: Backend, case: str) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape() as t:
        y, expected = STOPPED[case](be.stop_gradient, v)
    assert_equal(be, t.grad(y, v), expected)


@clause("STOP-02", "GRAD-17")
def test_what_is_stopped_is_no_target(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as t:
        s = be.stop_gradient(v * v)
    with pytest.raises(UntrackedError):
        t.grad(s, v)


@clause("STOP-03")
@pytest.mark.parametrize("case", list(STOPPED))
def test_the_derivative_is_zero_in_the_functional_form(be: Backend, case: str) -> None:
    x = be.asarray([1.0, 2.0], dtype=be.xp.float64)
    expected = STOPPED[case](lambda a: a, x)[1]
    assert_equal(be, be.grad(lambda a: STOPPED[case](be.stop_gradient, a)[0])(x), expected)
    assert_equal(be, be.grad(be.stop_gradient)(x), [0.0, 0.0])


@clause("STOP-04")
@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_derivative_is_zero_in_every_order(be: Backend, order: int) -> None:
    f: Callable[[Any], Any] = lambda x: be.stop_gradient(x) * x * x  # noqa: E731
    for _ in range(order):
        f = be.grad(f)
    expected = {1: 2 * 3.0 * 3.0, 2: 2 * 3.0, 3: 0.0}[order]  # with s = stop(x): 2sx, 2s, 0
    assert_equal(be, f(be.asarray(3.0, dtype=be.xp.float64)), expected)


@clause("STOP-04", "STOP-06")
def test_a_stopped_gradient_is_constant_for_the_outer_tape(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as outer:
        with be.tape() as inner:
            y = v * v
        g = be.stop_gradient(inner.grad(y, v))
        z = g * v
    assert_equal(be, outer.grad(z, v), 6.0)


@clause("STOP-06")
def test_it_is_constant_for_every_open_tape(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as outer:
        with be.tape() as inner:
            x = inner.watch(v)
            y = be.stop_gradient(x * v) * v * x
        assert_equal(be, inner.grad(y, x), 27.0)
    assert_equal(be, outer.grad(y, v), 54.0)


@clause("STOP-07", "STOP-08")
def test_trees_pass_and_their_arrays_are_detached(be: Backend) -> None:
    marker = object()

    def f(x: Any) -> Any:
        tree = be.stop_gradient({"a": [x * x, marker], "b": (x, "text", None, 3)})
        assert tree["a"][1] is marker
        assert tree["b"][1:] == ("text", None, 3)
        return tree["a"][0] * x + tree["b"][0] * x

    assert_equal(be, be.grad(f)(be.asarray(3.0, dtype=be.xp.float64)), 12.0)


@clause("STOP-07", "STOP-02")
def test_the_arrays_of_a_tree_are_detached_on_a_tape(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as t:
        tree = be.stop_gradient([v * v, {"v": v}])
        y = tree[0] * v + tree[1]["v"] * v
    assert_equal(be, t.grad(y, v), 12.0)


@clause("STOP-08")
@pytest.mark.parametrize("leaf", [3.0, 3, "text", None], ids=repr)
def test_what_is_no_array_passes_as_it_is(be: Backend, leaf: Any) -> None:
    assert be.stop_gradient(leaf) is leaf


@clause("STOP-09")
def test_the_result_is_no_mutable_alias(be: Backend) -> None:
    native = be.asarray([1.0, 2.0])
    write(be.stop_gradient(native), 0, 99.0)
    assert_equal(be, native, [1.0, 2.0])


@clause("STOP-09", "STOP-10")
def test_the_result_is_no_mutable_alias_of_a_variable_or_a_recorded_array(be: Backend) -> None:
    v = variable(be, [1.0, 2.0])
    write(be.stop_gradient(v), 0, 99.0)
    assert_equal(be, v, [1.0, 2.0])
    with be.tape() as t:
        y = v * v
        write(be.stop_gradient(y), 0, 99.0)
        write(be.stop_gradient(v), 0, 99.0)
        z = y * v
    assert_equal(be, z, [1.0, 8.0])
    assert_equal(be, t.grad(z, v), [3.0, 12.0])


@clause("STOP-09")
def test_writing_into_the_original_does_not_change_the_result(be: Backend) -> None:
    native = be.asarray([1.0, 2.0])
    s = be.stop_gradient(native)
    write(native, 0, 99.0)
    assert_equal(be, s, [1.0, 2.0])


@clause("STOP-10")
def test_a_stopped_variable_keeps_its_value(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as t:
        s = be.stop_gradient(v)
        be.assign(v, 10.0)
        y = s * v
    assert_equal(be, s, 3.0)
    assert not be.is_variable(s)
    assert_equal(be, t.grad(y, v), 3.0)


def paused(be: Backend, t: Any) -> Any:
    """t³, of which t² counts as constant."""
    with be.pause():
        c = t * t
    return c * t


@clause("STOP-11")
@pytest.mark.parametrize(
    "operator", ["grad", "value_and_grad", "vjp", "jvp", "jacobian", "vmap", "prepare", "checkpoint"]
)
def test_what_is_paused_is_constant_in_the_functional_form(be: Backend, operator: str) -> None:
    x = array(be, 2.0)

    def f(t: Any) -> Any:
        return paused(be, t)

    found = {
        "grad": lambda: be.grad(f)(x),
        "value_and_grad": lambda: be.value_and_grad(f)(x)[1],
        "vjp": lambda: be.vjp(f, x)[1](array(be, 1.0))[0],
        "jvp": lambda: be.jvp(f, (x,), (array(be, 1.0),))[1],
        "jacobian": lambda: be.jacobian(f)(x),
        "vmap": lambda: be.vmap(be.grad(f))(array(be, [2.0]))[0],
        "prepare": lambda: be.prepare(be.grad(f), x)(x),
        "checkpoint": lambda: be.grad(be.checkpoint(f) if Capability.CHECKPOINT in be.capabilities else f)(x),
    }[operator]()
    assert_equal(be, found, 4.0)


@clause("STOP-11")
def test_what_is_paused_is_constant_in_every_order(be: Backend) -> None:
    x = array(be, 2.0)
    assert_equal(be, be.grad(be.grad(lambda t: paused(be, t) * t))(x), 8.0)  # of c·t², c = 4
    assert_equal(be, be.grad(lambda t: t * be.grad(lambda s: paused(be, s))(t))(x), 4.0)
    assert_equal(be, be.hessian(lambda t: paused(be, t) * t)(x), 8.0)
    assert_equal(be, be.hvp(lambda t: paused(be, t) * t, (x,), (array(be, 1.0),))[0], 8.0)
