"""Chapter FUN: what the rows cannot say of functions beyond the standard: tails, constants, one-hot arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from autodiff_spec import Backend, UnsupportedError, oracle
from autodiff_spec.conformance import clause
from autodiff_spec.conformance._calls import namespace
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal

ROUNDINGS = 32.0
ORDERS = ("the value", "the first derivative", "the second derivative")


@dataclass(frozen=True)
class Tail:
    """A function of one number, where its values or derivatives are far from 1.

    Attributes:
        call: ``"erfinv(x)"``, as a program that finds its functions in ``extra``.
        x: the number.
        dtypes: in which it is exact, and the results are normal numbers.
        condition: how much a rounding on the way is amplified: |d log f / d log y| for an intermediate number y.
        orders: how many of value, first and second derivative are numbers of the dtype.
    """

    call: str
    x: float
    dtypes: tuple[str, ...] = ("float32", "float64")
    condition: float = 1.0
    orders: int = 3

    @property
    def program(self) -> Callable[..., Any]:
        """The call as a function of a namespace and a number."""
        code = compile(f"extra.{self.call}", self.call, "eval")
        return lambda extra, x: eval(code, {"extra": extra, "x": x})


TAILS = (
    *(Tail(call, x) for call in ("lgamma(x)", "digamma(x)") for x in (2.0**-20, 2.0**20, -10.25, -50.25)),
    *(Tail("lgamma(x)", x, ("float64",)) for x in (2.0**-511, 2.0**520)),  # near the square roots of what there is
    *(Tail("digamma(x)", x, ("float64",), orders=2) for x in (2.0**-511, 2.0**520)),
    Tail("erfinv(x)", 2.0**-511, ("float64",)),
    # The first derivative is proportional to exp(y²), the second one to y·exp(2y²), with the value y.
    Tail("erfinv(x)", 1.0 - 2.0**-10, condition=4 * 2.4**2),
    Tail("erfinv(x)", -1.0 + 2.0**-20, condition=4 * 3.5**2),
    Tail("erfinv(x)", 1.0 - 2.0**-30, ("float64",), condition=4 * 4.4**2),
    Tail("erfinv(x)", 1.0 - 2.0**-53, ("float64",), condition=4 * 5.9**2),
    # x^a·exp(-x) as an exponential amplifies roundings of a·log x - x.
    Tail("gammainc(0.5, x)", 2.0**-20, condition=7.0),
    Tail("gammainc(3.0, x)", 2.0**-20, condition=42.0),
    Tail("gammainc(0.5, x)", 2.0**-511, ("float64",), condition=177.0),
    Tail("gammaincc(1.0, x)", 2.0**-511, ("float64",), condition=354.0),
    Tail("gammaincc(2.5, x)", 40.0, condition=50.0),
    Tail("gammaincc(0.5, x)", 60.0, condition=63.0),
)


@clause("FUN-147")
@pytest.mark.parametrize(
    ("tail", "dtype", "order"),
    [
        pytest.param(tail, dtype, order, id=f"{what} of {tail.call} at {tail.x:.17g} in {dtype}")
        for tail in TAILS
        for dtype in tail.dtypes
        for order, what in enumerate(ORDERS[: tail.orders])
    ],
)
def test_tails_are_right_to_relative_precision(be: Backend, tail: Tail, dtype: str, order: int) -> None:
    extra = namespace(be, extra=True)
    derivative: Any = lambda x: tail.program(extra, x)  # noqa: E731
    for _ in range(order):
        derivative = be.grad(derivative)
    found = be.to_numpy(derivative(be.asarray(tail.x, dtype=getattr(be.xp, dtype))))
    assert_close(found, _truth(tail, order), dtype, condition=ROUNDINGS * tail.condition)


def _truth(tail: Tail, order: int) -> Any:
    def program(xp: Any, x: Any) -> Any:
        return tail.program(xp.extra, x)

    if order == 0:
        return oracle.to_numpy(oracle.value(program, tail.x))
    if order == 1:
        return oracle.to_numpy(oracle.gradient(program, tail.x)[0])
    return oracle.to_numpy(oracle.second(program, tail.x)[0][0]).reshape(())


@clause("FUN-146")
@pytest.mark.parametrize("name", ["gammainc", "gammaincc"])
def test_the_derivative_by_the_order_is_right_or_refused(be: Backend, name: str) -> None:
    orders, x = np.array([0.5, 2.5, 8.0]), np.array([0.25, 3.0, 6.0])
    extra = namespace(be, extra=True)

    def of_orders(a: Any) -> Any:
        return getattr(extra, name)(a, be.asarray(x))

    try:
        found = be.grad(of_orders)(be.asarray(orders))
    except UnsupportedError:
        return
    truth = oracle.gradient(lambda xp, a, x: getattr(xp.extra, name)(a, x), orders, x)[0]
    assert_close(be.to_numpy(found), oracle.to_numpy(truth), "float64", scale=1.0)


@clause("FUN-140")
@pytest.mark.parametrize("integer", ["int32", "int64", "uint8"])
def test_one_hot_has_a_one_at_each_named_place(be: Backend, integer: str) -> None:
    extra, xp = namespace(be, extra=True), be.xp
    classes = be.asarray(np.array([[0, 2], [1, 3]], dtype=integer))
    found = extra.one_hot(classes, 3)
    assert_array(be, found, (2, 2, 3), xp.asarray(1.0).dtype)
    assert_equal(be, found, [[[1, 0, 0], [0, 0, 1]], [[0, 1, 0], [0, 0, 0]]])
    assert_array(be, extra.one_hot(classes, 5, dtype=xp.float16), (2, 2, 5), xp.float16)
    assert_array(be, extra.one_hot(be.asarray(np.array(1, dtype=integer)), 0, dtype=xp.float64), (0,), xp.float64)


@clause("FUN-140")
def test_one_hot_is_constant(be: Backend) -> None:
    extra, xp = namespace(be, extra=True), be.xp

    def of_largest(x: Any) -> Any:
        return xp.sum(x * x * extra.one_hot(xp.argmax(x), 3, dtype=x.dtype))

    assert_equal(be, be.grad(of_largest)(be.asarray([1.0, 3.0, 2.0], dtype=xp.float64)), [0.0, 6.0, 0.0])
