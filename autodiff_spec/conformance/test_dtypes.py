"""Chapter DTYPE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, DtypeError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal, epsilon, numbers
from autodiff_spec.conformance.strategies import HALF, arrays


@clause("DTYPE-01", "DTYPE-02")
@pytest.mark.parametrize("dtype", HALF)
def test_a_source_is_differentiated_in_its_own_precision(be: Backend, dtype: str) -> None:
    assert_differentiated(be, dtype)


@clause("DTYPE-03")
def test_bfloat16_is_differentiated(be: Backend) -> None:
    assert_differentiated(be, "bfloat16")


def assert_differentiated(be: Backend, dtype: str) -> None:
    # the truth at the very numbers that the dtype holds; 1/3 is no such number
    x = numbers((3,))
    v = be.variable(x, dtype=getattr(be.xp, dtype))
    with be.tape() as t:
        y = be.xp.sin(v) * v / 3.0
    g = t.grad(y, v)
    assert_array(be, y, (3,), getattr(be.xp, dtype))
    assert_array(be, g, (3,), getattr(be.xp, dtype))
    wide = be.to_numpy(be.xp.astype(g, be.xp.float64))
    assert_close(wide, (np.cos(x) * x + np.sin(x)) / 3.0, dtype, scale=1.0)


@clause("DTYPE-01")
def test_float64_is_not_computed_in_float32(be: Backend) -> None:
    x = 1.0 + 2.0**-40  # squares of such numbers need more than 24 bits
    v = be.variable(x, dtype=be.xp.float64)
    with be.tape() as t:
        y = v * v * v
    assert abs(float(be.to_numpy(t.grad(y, v))) - 3 * x * x) <= 8 * epsilon("float64")


OPERATIONS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "x + y": lambda xp, x, y: x + y,
    "x * y": lambda xp, x, y: x * y,
    "xp.multiply": lambda xp, x, y: xp.multiply(x, y),
    "xp.sin(x)": lambda xp, x, y: xp.sin(x),
    "xp.sum(x)": lambda xp, x, y: xp.sum(x),
    "2.0 * x": lambda xp, x, y: 2.0 * x,
    "x ** 2": lambda xp, x, y: x**2,
    "xp.where": lambda xp, x, y: xp.where(x > 0.0, x, y),
    "xp.concat": lambda xp, x, y: xp.concat([x, y]),
    "xp.matmul": lambda xp, x, y: xp.matmul(x, y),
}


@clause("DTYPE-04", "DTYPE-05")
@pytest.mark.parametrize("right", HALF)
@pytest.mark.parametrize("left", HALF)
@pytest.mark.parametrize("operation", list(OPERATIONS))
def test_promotion_is_that_of_plain_arrays(be: Backend, operation: str, left: str, right: str) -> None:
    function = OPERATIONS[operation]
    x = be.asarray([1.0, 2.0], dtype=getattr(be.xp, left))
    y = be.asarray([3.0, 4.0], dtype=getattr(be.xp, right))
    try:
        plain = function(be.xp, x, y)
    except Exception as error:  # the framework does not mix these dtypes, and so recording does not either
        with be.tape() as t, pytest.raises(type(error)):
            function(be.xp, t.watch(x), t.watch(y))
        return
    with be.tape() as t:
        tx, ty = t.watch(x), t.watch(y)
        recorded = function(be.xp, tx, ty)
    assert recorded.dtype == plain.dtype
    gx, gy = t.grad(recorded, (tx, ty))
    assert_array(be, gx, (2,), x.dtype)
    assert_array(be, gy, (2,), y.dtype)


@clause("DTYPE-06")
@pytest.mark.parametrize("to", HALF)
@pytest.mark.parametrize("dtype", HALF)
def test_a_cast_between_floating_dtypes_has_derivative_1(be: Backend, dtype: str, to: str) -> None:
    v = be.variable([1.0, 2.0], dtype=getattr(be.xp, dtype))
    with be.tape() as t:
        y = be.xp.astype(v, getattr(be.xp, to))
        z = y * y
    assert z.dtype == getattr(be.xp, to)
    g = t.grad(z, v)
    assert_array(be, g, (2,), getattr(be.xp, dtype))
    assert_equal(be, g, [2.0, 4.0])


@clause("DTYPE-07")
def test_uses_in_two_precisions_add_up(be: Backend) -> None:
    v = be.variable([1.0, 2.0], dtype=be.xp.float32)
    with be.tape() as t:
        targets = (v * v, be.xp.astype(v, be.xp.float64) * 3.0)
    g = t.grad(targets, v)
    assert_array(be, g, (2,), be.xp.float32)
    assert_equal(be, g, [5.0, 7.0])


@clause("DTYPE-08")
@pytest.mark.parametrize("integer", ["int32", "int64"])
def test_a_cast_to_an_integer_and_back_has_derivative_zero(be: Backend, integer: str) -> None:
    def f(x: Any) -> Any:
        back = be.xp.astype(be.xp.astype(x, getattr(be.xp, integer)), be.xp.float64)
        return x * back + back

    x = be.asarray([1.5, 2.5], dtype=be.xp.float64)
    assert_equal(be, be.grad(f)(x), [1.0, 2.0])


@clause("DTYPE-09")
@pytest.mark.parametrize("call", ["variable", "watch", "vjp", "assign"])
def test_what_the_namespace_cannot_hold_is_not_narrowed_silently(be: Backend, call: str) -> None:
    value = np.array([1.0, 2.0], dtype=np.longdouble)

    def kept() -> Any:
        if call == "variable":
            return be.variable(value)
        if call == "watch":
            with be.tape() as t:
                return t.watch(value)
        if call == "vjp":
            return be.vjp(lambda x: x * x, value)[0]
        v = be.variable([0.0, 0.0])
        be.assign(v, value)  # assign() casts on purpose
        return None

    try:
        found = kept()
    except DtypeError:
        return
    if found is not None:
        assert be.to_numpy(found).dtype == np.longdouble


@clause("DTYPE-10")
@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize(
    "operation",
    [lambda x: 2.0 * x, lambda x: x + 1.0, lambda x: 1.0 - x, lambda x: x / 2.0, lambda x: x**2.0],
    ids=["2.0 * x", "x + 1.0", "1.0 - x", "x / 2.0", "x ** 2.0"],
)
def test_a_python_float_changes_no_dtype(be: Backend, operation: Callable[[Any], Any], dtype: str) -> None:
    v = be.variable([1.0, 2.0], dtype=getattr(be.xp, dtype))
    with be.tape() as t:
        y = operation(v)
    assert_array(be, y, (2,), getattr(be.xp, dtype))
    assert_array(be, t.grad(y, v), (2,), getattr(be.xp, dtype))


@clause("DTYPE-11")
@given(value=arrays(half=True))
def test_asarray_keeps_the_dtype_of_numpy_arrays(be: Backend, value: Any) -> None:
    x = be.asarray(value)
    assert_array(be, x, value.shape, getattr(be.xp, value.dtype.name))
    assert_equal(be, x, value)


@clause("DTYPE-12")
@given(value=arrays(half=True))
def test_the_functional_form_keeps_dtypes(be: Backend, value: Any) -> None:
    x = be.asarray(value)
    g = be.grad(lambda a: a * a)(x)
    assert_array(be, g, value.shape, x.dtype)
    assert_equal(be, g, 2 * value)
    mixed = be.grad(lambda a, b: be.xp.astype(a, be.xp.float64) * b, argnums=(0, 1))(
        x, be.asarray(value.astype("float64"))
    )
    assert [g.dtype for g in mixed] == [x.dtype, be.xp.float64]


@clause("DTYPE-13")
def test_a_python_float_has_the_default_dtype_of_the_namespace(be: Backend) -> None:
    default = be.xp.asarray(1.5).dtype
    found = [be.asarray(1.5), be.asarray([1.5, 2.5]), be.grad(lambda x: x * x)(1.5), be.vjp(lambda x: x * x, 1.5)[0]]
    assert {array.dtype for array in found} == {default}
