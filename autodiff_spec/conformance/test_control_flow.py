"""Chapter FLOW."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

from autodiff_spec import Backend, UntrackedError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_close, assert_equal
from autodiff_spec.conformance.strategies import values

INPUTS = (0.5, -0.5, 1.0, -1.0, 3.0, -3.0, 7.0, -7.0, 40.0, 600.0)


def variable(be: Backend, value: Any) -> Any:
    return be.variable(value, dtype=be.xp.float64)


def doubling(xp: Any, a: Any) -> Any:
    """The chapter's program: piecewise linear in ``a``, so that its gradient is f(a)/a."""
    b = a * 2.0
    while float(xp.sqrt(xp.sum(b * b))) < 1000.0:
        b = b * 2.0
    return b if bool(xp.sum(b) > 0.0) else 100.0 * b


@clause("FLOW-01", "FLOW-02", "FLOW-08", "FLOW-09")
@given(data=st.data())
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)], ids=["scalar", "vector", "matrix"])
def test_the_gradient_through_a_loop_is_the_quotient(be: Backend, shape: tuple[int, ...], data: st.DataObject) -> None:
    a = data.draw(values(shape))
    assume(np.any(a != 0))
    v = variable(be, a)
    with be.tape() as t:
        y = doubling(be.xp, v)
    # f(a) = c·a with c a power of two, times 100 perhaps: the quotient has no rounding beyond that of 100·b.
    largest = np.argmax(np.abs(a))
    quotient = (be.to_numpy(y) / np.where(a == 0, 1, a)).ravel()[largest]
    assert_close(be.to_numpy(t.grad(y, v)), np.full(shape, quotient))


def absolute(xp: Any, x: Any) -> Any:
    if x > 0.0:
        return x * x
    return -3.0 * x


def power(xp: Any, x: Any, n: int = 5) -> Any:
    return x * power(xp, x, n - 1) if n else x * 0.0 + 1.0


def until(xp: Any, x: Any) -> Any:
    y = x
    for k in range(10):
        y = y * x
        if abs(float(y)) > 50.0:
            return y + float(k)
    return y * 2.0


def caught(xp: Any, x: Any) -> Any:
    y = x * x
    for _ in range(3):
        try:
            y = y * x
            if float(y) > 20.0:
                raise StopIteration
        except StopIteration:
            y = y - x
            break
    return y


def composed(xp: Any, x: Any) -> Any:
    def twice(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda a: f(f(a))

    return twice(lambda a: a * a + 1.0)(x)


def generated(xp: Any, x: Any) -> Any:
    def powers() -> Iterator[Any]:
        y = x
        while abs(float(y)) < 30.0 and abs(float(x)) > 1.0:
            yield y
            y = y * x

    collected = [y * float(k) for k, y in enumerate(powers())]
    return sum(collected, x * 2.0)


def by_hand(name: str, x: float) -> tuple[float, float]:
    """Value and derivative by dual numbers, on Python floats: the same control flow, run by Python itself."""
    dual = PROGRAMS[name](None, Dual(x, 1.0))
    return dual.value, dual.slope


class Dual:
    """A number and its derivative; comparison and float() look at the number alone."""

    def __init__(self, value: float, slope: float = 0.0) -> None:
        self.value, self.slope = value, slope

    def __add__(self, other: Any) -> Dual:
        other = other if isinstance(other, Dual) else Dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other: Any) -> Dual:
        other = other if isinstance(other, Dual) else Dual(other)
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def __sub__(self, other: Dual) -> Dual:
        return Dual(self.value - other.value, self.slope - other.slope)

    __radd__, __rmul__ = __add__, __mul__

    def __float__(self) -> float:
        return self.value

    def __gt__(self, other: float) -> bool:
        return self.value > other


PROGRAMS: dict[str, Callable[..., Any]] = {
    "if": absolute,
    "recursion": power,
    "early return": until,
    "exception": caught,
    "functions of functions": composed,
    "generator": generated,
}


def assert_right(be: Backend, name: str, x: float) -> None:
    v = variable(be, x)
    with be.tape() as t:
        y = PROGRAMS[name](be.xp, v)
    value, slope = by_hand(name, x)
    # Where terms of both signs are added (generator, exception), each is below 100: powers below 30, factors below 4.
    assert_close(be.to_numpy(y), value, scale=100.0)
    assert_close(be.to_numpy(t.grad(y, v)), slope, scale=100.0)


@clause("FLOW-02")
@given(x=st.sampled_from(INPUTS))
def test_an_if_is_differentiated_along_its_branch(be: Backend, x: float) -> None:
    assert_right(be, "if", x)


@clause("FLOW-03")
@given(x=st.sampled_from(INPUTS))
def test_recursion_is_differentiated(be: Backend, x: float) -> None:
    assert_right(be, "recursion", x)


@clause("FLOW-04")
@given(x=st.sampled_from(INPUTS))
def test_an_early_return_is_differentiated(be: Backend, x: float) -> None:
    assert_right(be, "early return", x)


@clause("FLOW-05")
@given(x=st.sampled_from(INPUTS))
def test_exceptions_as_control_flow_are_differentiated(be: Backend, x: float) -> None:
    assert_right(be, "exception", x)


@clause("FLOW-06")
@given(x=st.sampled_from(INPUTS))
def test_functions_of_functions_are_differentiated(be: Backend, x: float) -> None:
    assert_right(be, "functions of functions", x)


@clause("FLOW-07")
@given(x=st.sampled_from(INPUTS))
def test_generators_and_comprehensions_are_differentiated(be: Backend, x: float) -> None:
    assert_right(be, "generator", x)


@clause("FLOW-08")
@pytest.mark.parametrize("value", [0.0, 3.0])
def test_bool_works_and_detaches(be: Backend, value: float) -> None:
    v = variable(be, value)
    with be.tape() as t:
        x = v * 1.0
        found = bool(x), bool(v), bool(x > 1.0)
        y = x * (2.0 if found[0] else 5.0)
    assert found == (value != 0.0, value != 0.0, value > 1.0)
    assert_equal(be, t.grad(y, v), 2.0 if value else 5.0)


@clause("FLOW-09")
def test_float_works_and_detaches(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape(persistent=True) as t:
        x = v * v
        number = float(x)
        y = x * number + float(v)
    assert type(number) is float
    assert number == 9.0
    assert_equal(be, t.grad(y, v), 54.0)
    with pytest.raises(UntrackedError):
        t.grad(number, v)


@clause("FLOW-10")
@given(pair=st.tuples(values((3,)), values((3,))))
def test_comparisons_have_plain_values(be: Backend, pair: tuple[Any, Any]) -> None:
    a, b = pair
    v, w = be.variable(a), be.variable(b)
    with be.tape():
        x, y = v * 1.0, w * 1.0
        for found, expected in (
            (x < y, a < b), (x <= y, a <= b), (x > y, a > b), (x >= y, a >= b),
            (be.xp.equal(x, y), a == b), (x > 0.5, a > 0.5), (v < 0.5, a < 0.5),
        ):  # fmt: skip
            assert be.to_numpy(found).tolist() == expected.tolist()


@clause("FLOW-11")
@pytest.mark.parametrize("program", list(PROGRAMS))
def test_each_input_gets_its_own_branch_whatever_came_before(be: Backend, program: str) -> None:
    for x in (*INPUTS, *reversed(INPUTS)):
        assert_right(be, program, x)


@clause("FLOW-11", "FLOW-01")
def test_loops_of_different_length_on_one_persistent_tape_are_each_right(be: Backend) -> None:
    variables = [variable(be, x) for x in INPUTS]
    with be.tape(persistent=True) as t:
        targets = [doubling(be.xp, v) for v in variables]
    for x, v, y in zip(INPUTS, variables, targets, strict=True):
        assert_close(be.to_numpy(t.grad(y, v)), float(be.to_numpy(y)) / x)


@clause("FLOW-12")
@pytest.mark.parametrize("x", INPUTS)
def test_control_flow_in_the_functional_form(be: Backend, x: float) -> None:
    def f(a: Any) -> Any:
        b = a * 2.0
        while be.xp.sqrt(be.xp.sum(b * b)) < 1000.0:
            b = b * 2.0
        return b if be.xp.sum(b) > 0.0 else 100.0 * b

    value, gradient = be.value_and_grad(f)(be.asarray(x, dtype=be.xp.float64))
    assert_close(be.to_numpy(gradient), float(be.to_numpy(value)) / x)
