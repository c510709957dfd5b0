"""Chapter FLOW."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

from autodiff_spec import Backend
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_close, assert_equal
from autodiff_spec.conformance.strategies import values

INPUTS = (0.5, -0.5, 1.0, -1.0, 3.0, -3.0, 7.0, -7.0, 40.0, 600.0)


def variable(be: Backend, value: Any) -> Any:
    return be.variable(value, dtype=be.xp.float64)


def doubling(xp: Any, a: Any) -> Any:
    """The chapter's program: piecewise linear in ``a``, so that its gradient is f(a)/a."""
    b = a * 2.0
    while xp.sqrt(xp.sum(b * b)) < 1000.0:
        b = b * 2.0
    return b if bool(xp.sum(b) > 0.0) else 100.0 * b


@clause("FLOW-01", "FLOW-02", "FLOW-08")
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
        if abs(y) > 50.0:
            return y + float(k)
    return y * 2.0


def caught(xp: Any, x: Any) -> Any:
    y = x * x
    for _ in range(3):
        try:
            y = y * x
            if y > 20.0:
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
        while abs(y) < 30.0 and abs(x) > 1.0:
            yield y
            y = y * x

    collected = [y * float(k) for k, y in enumerate(powers())]
    return sum(collected, x * 2.0)


def by_hand(name: str, x: float) -> tuple[float, float]:
    """Value and derivative by dual numbers, on Python floats: the same control flow, run by Python itself."""
    dual = PROGRAMS[name](None, Dual(x, 1.0))
    return dual.value, dual.slope


class Dual:
    """A number and its derivative; comparisons look at the number alone."""

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

    def __abs__(self) -> float:  # what the programs compare alone
        return abs(self.value)

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


CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "float()": float,
    "int()": int,
    "complex()": lambda x: complex(x).real,
    "item()": lambda x: x.item(),
    "tolist()": lambda x: x.tolist(),
}


def cubed(x: Any, conversion: str) -> Any:
    """x³, whose second factor is a number that was made of x; ``None`` where the conversion is refused."""
    try:
        number = CONVERSIONS[conversion](x)
    except (TypeError, AttributeError):
        return None
    return x * x * number


@clause("FLOW-13")
@pytest.mark.parametrize("what", ["a variable", "an intermediate"])
@pytest.mark.parametrize("conversion", list(CONVERSIONS))
def test_a_number_made_on_a_tape_is_not_detached_silently(be: Backend, conversion: str, what: str) -> None:
    v = variable(be, 3.0)
    with be.tape() as t:
        y = cubed(v if what == "a variable" else v * 1.0, conversion)
    if y is not None:
        assert_equal(be, t.grad(y, v), 27.0)


@clause("FLOW-14")
@pytest.mark.parametrize("conversion", list(CONVERSIONS))
def test_a_number_made_in_the_functional_form_is_not_detached_silently(be: Backend, conversion: str) -> None:
    refused = False

    def f(x: Any) -> Any:
        nonlocal refused
        y = cubed(x, conversion)
        refused = y is None
        return x if refused else y

    slope = be.grad(f)(be.asarray(3.0, dtype=be.xp.float64))
    assert_equal(be, slope, 1.0 if refused else 27.0)


@clause("FLOW-15")
def test_a_recorded_number_is_shown_as_it_is(be: Backend) -> None:
    v = variable(be, 3.25)
    with be.tape() as t:
        x = v * 1.0
        shown = f"{x:.1f}", f"{x:.2e}", str(x), repr(x)
        y = x * x
    assert shown[:2] == ("3.2", "3.25e+00")
    assert all("3.25" in text for text in shown[2:])
    assert_equal(be, t.grad(y, v), 6.5)
