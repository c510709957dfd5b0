"""Chapter NEST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, UntrackedError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal
from autodiff_spec.conformance.strategies import values


def variable(be: Backend, value: Any) -> Any:
    return be.variable(value, dtype=be.xp.float64)


def number(be: Backend, value: float) -> Any:
    return be.asarray(value, dtype=be.xp.float64)


@clause("NEST-01")
@pytest.mark.parametrize("when", ["inside the inner tape", "after the inner tape"])
def test_an_inner_gradient_is_recorded_by_the_outer_tape(be: Backend, when: str) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape(persistent=True) as outer:
        with be.tape() as inner:
            y = v * v * v
            if when == "inside the inner tape":
                g = inner.grad(y, v)
        if when == "after the inner tape":
            g = inner.grad(y, v)
    assert_equal(be, g, [3.0, 12.0])
    assert_equal(be, outer.grad(g, v), [6.0, 12.0])
    assert_equal(be, outer.grad(y, v), [3.0, 12.0])
    assert_equal(be, outer.grad((y, g), v), [9.0, 24.0])


@clause("NEST-09")
def test_an_inner_gradient_may_be_taken_later_while_the_outer_tape_is_open(be: Backend) -> None:
    v = variable(be, 2.0)
    with be.tape() as outer:
        with be.tape() as inner:
            y = v * v * v
        z = v * v
        g = inner.grad(y, v)
        total = g * z
    assert_equal(be, outer.grad(total, v), 96.0)  # (3v⁴)' = 12v³


@clause("NEST-02")
def test_three_nested_tapes_give_third_derivatives(be: Backend) -> None:
    v = variable(be, 2.0)
    with be.tape() as first:
        with be.tape() as second:
            with be.tape() as third:
                y = v * v * v * v
            g1 = third.grad(y, v)
        g2 = second.grad(g1, v)
    assert_equal(be, g1, 32.0)
    assert_equal(be, g2, 48.0)
    assert_equal(be, first.grad(g2, v), 48.0)


@clause("NEST-03")
@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_grad_of_grad_gives_higher_derivatives(be: Backend, order: int) -> None:
    f: Callable[[Any], Any] = lambda x: x * x * x * x  # noqa: E731
    for _ in range(order):
        f = be.grad(f)
    assert_equal(be, f(number(be, 2.0)), [32.0, 48.0, 48.0, 24.0, 0.0][order - 1])


@clause("NEST-03")
@pytest.mark.parametrize("function", ["sin", "exp", "tanh"])
def test_grad_of_grad_of_elementary_functions(be: Backend, function: str) -> None:
    x = np.array([0.25, -1.5])
    f = getattr(be.xp, function)
    second = be.grad(be.grad(f))(be.asarray(x))
    t = np.tanh(x)
    expected = {"sin": -np.sin(x), "exp": np.exp(x), "tanh": -2 * t * (1 - t * t)}[function]
    assert_close(be.to_numpy(second), expected, scale=1.0)


def smooth(xp: Any, x: Any, y: Any) -> Any:
    return xp.sum(xp.sin(x * y) * x + xp.exp(-(y * y)) * x * x)


@clause("NEST-04")
@given(data=st.data())
def test_mixed_partial_derivatives_are_symmetric(be: Backend, data: st.DataObject) -> None:
    x, y, u, w = (data.draw(values((3,))) for _ in range(4))

    def along(first: int, by: int, direction: Any, other: Any) -> Any:
        inner = be.grad(lambda a, b: smooth(be.xp, a, b), argnums=first)
        outer = be.grad(lambda a, b: be.xp.sum(inner(a, b) * be.asarray(direction)), argnums=by)
        return float(np.sum(be.to_numpy(outer(be.asarray(x), be.asarray(y))) * other))

    terms = np.abs(u).sum() * np.abs(w).max() * 64.0  # second derivatives of `smooth` are below 64 here
    assert_close(along(0, 1, u, w), along(1, 0, w, u), "float64", scale=terms)
    assert_close(along(0, 0, u, w), along(0, 0, w, u), "float64", scale=terms)


@clause("NEST-07")
def test_an_inner_derivative_does_not_confuse_its_variable(be: Backend) -> None:
    # d/dx of x·(d/dy of x·y at y=2) = d/dx of x² = 2x, and of x·(d/dy of x+y) = d/dx of x = 1
    product = be.grad(lambda x: x * be.grad(lambda y: x * y)(number(be, 2.0)))
    total = be.grad(lambda x: x * be.grad(lambda y: x + y)(number(be, 1.0)))
    assert_equal(be, product(number(be, 3.0)), 6.0)
    assert_equal(be, total(number(be, 3.0)), 1.0)
    # the same value under both names: d/dx of x·(d/dy of y·y·x at y=x) = d/dx of 2x³ = 6x²
    same = be.grad(lambda x: x * be.grad(lambda y: y * y * x)(x))
    assert_equal(be, same(number(be, 2.0)), 24.0)


@clause("NEST-07", "NEST-10")
def test_tapes_do_not_confuse_their_variables(be: Backend) -> None:
    v = variable(be, 2.0)
    with be.tape() as outer:
        with be.tape() as inner:
            y = inner.watch(v * 1.0)
            z = y * y * v
        g = inner.grad(z, y)  # 2yv, y does not reach back to v for the inner tape
        total = v * g
    assert_equal(be, g, 8.0)
    assert_equal(be, outer.grad(total, v), 24.0)


@clause("NEST-08")
def test_a_gradient_taken_after_the_outer_tape_closed_is_untracked(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as outer:
        with be.tape() as inner:
            y = v * v * v
    g = inner.grad(y, v)
    assert_equal(be, g, 27.0)
    with pytest.raises(UntrackedError):
        outer.grad(g, v)
    assert_equal(be, outer.grad(y, v), 27.0)


@clause("NEST-10")
def test_grad_inside_a_tape_is_recorded(be: Backend) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape() as t:
        x = v * 2.0
        g = be.grad(lambda a: a * a * a)(x)  # 3x² = 12v²
        y = be.xp.sum(g)
    assert_equal(be, g, [12.0, 48.0])
    assert_equal(be, t.grad(y, v), [24.0, 48.0])


@clause("NEST-10")
def test_value_and_grad_inside_a_tape_is_recorded_in_both_results(be: Backend) -> None:
    v = variable(be, 2.0)
    with be.tape(persistent=True) as t:
        value, g = be.value_and_grad(lambda a: a * a * a)(v)
        both = value + g
    assert_equal(be, t.grad(value, v), 12.0)
    assert_equal(be, t.grad(g, v), 12.0)
    assert_equal(be, t.grad(both, v), 24.0)


@clause("NEST-11")
@pytest.mark.parametrize("kind", ["a variable", "a watched array", "an intermediate"])
def test_the_closure_of_an_inner_grad_is_differentiated(be: Backend, kind: str) -> None:
    v = variable(be, 3.0)
    with be.tape() as t:
        w = {"a variable": lambda: v, "a watched array": lambda: t.watch(v), "an intermediate": lambda: v * 1.0}[kind]()
        g = be.grad(lambda a: w * w * a * a)(number(be, 2.0))  # 2aw² = 4w²
        y = g * w
    assert_equal(be, g, 36.0)
    assert_equal(be, t.grad(y, v), 108.0)


@clause("NEST-11")
def test_the_penalty_on_a_gradient_is_differentiated(be: Backend) -> None:
    w, x = variable(be, [1.0, 2.0]), be.asarray([3.0, 5.0], dtype=be.xp.float64)
    with be.tape() as t:
        g = be.grad(lambda a: be.xp.sum(w * a * a))(x)  # 2wx
        loss = be.xp.sum(g * g)  # 4w²x²
    assert_equal(be, t.grad(loss, w), [8.0 * 1.0 * 9.0, 8.0 * 2.0 * 25.0])


@clause("NEST-12")
def test_a_tape_inside_grad_composes(be: Backend) -> None:
    def f(x: Any) -> Any:
        with be.tape() as t:
            z = t.watch(x)
            y = z * z * z * x
        return t.grad(y, z)  # 3z²x

    # d/dx of 3x³ = 9x²
    assert_equal(be, be.grad(f)(number(be, 2.0)), 36.0)


@clause("NEST-12")
def test_a_tape_over_a_variable_inside_grad_composes(be: Backend) -> None:
    v = variable(be, 2.0)

    def f(x: Any) -> Any:
        with be.tape() as t:
            y = v * v * x * x
        return t.grad(y, v)  # 2vx²

    assert_equal(be, be.grad(f)(number(be, 3.0)), 24.0)


@clause("NEST-13")
def test_a_recorded_cotangent_is_differentiated(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as outer:
        cotangent = v * v
        with be.tape() as inner:
            y = v * v
        g = inner.grad(y, v, cotangent=cotangent)  # 2v·v²
    assert_equal(be, g, 54.0)
    assert_equal(be, outer.grad(g, v), 54.0)


@clause("NEST-14")
def test_each_answer_of_a_persistent_inner_tape_is_recorded(be: Backend) -> None:
    v = variable(be, 2.0)
    with be.tape(persistent=True) as outer:
        with be.tape(persistent=True) as inner:
            y = v * v * v
            z = y * v
        first, second, again = inner.grad(y, v), inner.grad(z, v), inner.grad(y, v)
        total = first * again
    assert_equal(be, outer.grad(first, v), 12.0)
    assert_equal(be, outer.grad(second, v), 48.0)
    assert_equal(be, outer.grad(again, v), 12.0)
    assert_equal(be, outer.grad(total, v), 288.0)  # (9v⁴)' = 36v³


@clause("NEST-15", "VJP-25")
def test_a_pullback_is_recorded(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape(persistent=True) as t:
        y, pullback = be.vjp(lambda a: a * a * a, v)
        (g,) = pullback(v * v)  # 3v²·v²
        total = y + g
    assert_equal(be, y, 27.0)
    assert_equal(be, g, 243.0)
    assert_equal(be, t.grad(g, v), 324.0)
    assert_equal(be, t.grad(y, v), 27.0)
    assert_equal(be, t.grad(total, v), 351.0)


@clause("NEST-16")
def test_the_second_derivative_of_a_linear_function_is_zero(be: Backend) -> None:
    assert_equal(be, be.grad(be.grad(lambda x: 5.0 * x))(number(be, 3.0)), 0.0)
    mixed = be.grad(lambda x, y: be.grad(lambda a: a * a + y)(x), argnums=1)
    assert_equal(be, mixed(number(be, 3.0), number(be, 2.0)), 0.0)


@clause("NEST-17")
def test_a_gradient_taken_under_pause_is_constant(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as outer:
        with be.tape() as inner:
            y = v * v
        with be.pause():
            g = inner.grad(y, v)
        z = g * v
    assert_equal(be, g, 6.0)
    assert_equal(be, outer.grad(z, v), 6.0)


@clause("NEST-18", "GRAD-01")
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (2,), (0,)], ids=str)
def test_a_recorded_gradient_has_the_shape_and_dtype_of_its_source(be: Backend, shape: Any, dtype: str) -> None:
    v = be.variable(np.full(shape, 2.0), dtype=getattr(be.xp, dtype))
    with be.tape() as outer:
        with be.tape() as inner:
            y = v * v * v
        g = inner.grad(y, v)
    assert_array(be, g, shape, getattr(be.xp, dtype))
    second = outer.grad(g, v)
    assert_array(be, second, shape, getattr(be.xp, dtype))
    assert_equal(be, second, np.full(shape, 12.0))


@clause("NEST-01", "TAPE-20")
def test_an_inner_gradient_by_an_intermediate_is_recorded(be: Backend) -> None:
    v = variable(be, 2.0)
    with be.tape() as outer:
        with be.tape() as inner:
            x = v * v
            y = x * x * v
        g = inner.grad(y, x)  # 2xv = 2v³
    assert_equal(be, g, 16.0)
    assert_equal(be, outer.grad(g, v), 24.0)
