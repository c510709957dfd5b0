"""Chapter VAR."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import (
    Backend,
    DeviceError,
    MutationError,
    NotDifferentiableError,
    ShapeMismatchError,
    UnsupportedError,
)
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal, numbers, write
from autodiff_spec.conformance.strategies import arrays

NOT_FLOATING = {
    "a Python int": 3,
    "a bool": True,
    "a list of ints": [1, 2],
    "a nested list of ints": [[1], [2]],
    "an int array of NumPy's": np.array([1, 2]),
    "a bool array of NumPy's": np.array([True, False]),
    "a string": "3.0",
    "a list of strings": ["1.0", "2.0"],
    "ragged lists": [[1.0, 2.0], [3.0]],
    "None": None,
}

not_floating = pytest.mark.parametrize("value", list(NOT_FLOATING.values()), ids=list(NOT_FLOATING))


def square_gradient(be: Backend, v: Any) -> Any:
    with be.tape() as t:
        y = v * v
    return be.to_numpy(t.grad(y, v))


@clause("VAR-01", "VAR-02")
@given(value=arrays(half=True))
def test_a_variable_keeps_value_shape_and_dtype(be: Backend, value: Any) -> None:
    v = be.variable(value)
    assert_array(be, v, value.shape, getattr(be.xp, value.dtype.name))
    assert_equal(be, v, value)


@clause("VAR-01")
@pytest.mark.parametrize("special", [float("inf"), float("-inf"), float("nan")], ids=["inf", "-inf", "nan"])
def test_a_variable_keeps_special_values(be: Backend, special: float) -> None:
    assert_equal(be, be.variable([special, 1.0]), [special, 1.0])


@clause("VAR-01", "VAR-02")
def test_a_variable_keeps_what_a_native_array_holds(be: Backend) -> None:
    native = be.asarray([[0.5, 1.5]], dtype=be.xp.float32)
    v = be.variable(native)
    assert_array(be, v, (1, 2), be.xp.float32)
    assert_equal(be, v, [[0.5, 1.5]])


@clause("VAR-03")
@pytest.mark.parametrize("value", [1.5, [1.5, 2.5], [[1.5], [2.5]]], ids=["a float", "a list", "nested lists"])
def test_python_floats_take_the_default_dtype(be: Backend, value: Any) -> None:
    assert be.variable(value).dtype == be.xp.asarray(1.5).dtype


@clause("VAR-28")
def test_device_decides_where_a_variable_lies(be: Backend) -> None:
    own = be.asarray([1.0, 2.0]).device
    for device in (own, *be.xp.__array_namespace_info__().devices()):
        if device is None or "meta" in str(device):  # PyTorch's, where there are no values
            continue
        v = be.variable([1.0, 2.0], dtype=be.xp.float32, device=device)
        assert_array(be, v, (2,), be.xp.float32)
        assert_equal(be, v, [1.0, 2.0])
        with be.tape() as t:
            y = be.xp.sum(v * v)
        g = t.grad(y, v)
        assert v.device == g.device == device
        assert_equal(be, g, [2.0, 4.0])


@clause("VAR-29")
@pytest.mark.parametrize("device", ["no such device", object()], ids=["a name", "an object"])
def test_a_device_that_there_is_not_is_refused(be: Backend, device: Any) -> None:
    with pytest.raises(DeviceError, match="device"):
        be.variable([1.0, 2.0], device=device)


@clause("VAR-04")
@given(value=arrays(), dtype=st.sampled_from(["float32", "float64"]))
def test_dtype_decides(be: Backend, value: Any, dtype: str) -> None:
    v = be.variable(value, dtype=getattr(be.xp, dtype))
    assert_array(be, v, value.shape, getattr(be.xp, dtype))
    assert_equal(be, v, value)


@clause("VAR-05")
def test_writing_into_the_numpy_source_changes_nothing(be: Backend) -> None:
    source = np.array([1.0, 2.0, 3.0])
    v = be.variable(source)
    source[:] = 100.0
    assert_equal(be, v, [1.0, 2.0, 3.0])
    assert_equal(be, be.asarray(square_gradient(be, v)), [2.0, 4.0, 6.0])


@clause("VAR-05")
def test_writing_into_the_native_source_changes_nothing(be: Backend) -> None:
    source = be.asarray([1.0, 2.0, 3.0], dtype=be.xp.float64)
    v = be.variable(source)
    write(source, 0, 100.0)
    assert_equal(be, v, [1.0, 2.0, 3.0])


@clause("VAR-06")
def test_a_variable_made_from_another_is_independent(be: Backend) -> None:
    first = be.variable([1.0, 2.0])
    second = be.variable(first)
    be.assign(first, [5.0, 6.0])
    assert_equal(be, second, [1.0, 2.0])


USES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "v + a": (lambda xp, v, a: v + a, lambda v, a: (1.0, 1.0)),
    "a + v": (lambda xp, v, a: a + v, lambda v, a: (1.0, 1.0)),
    "v - a": (lambda xp, v, a: v - a, lambda v, a: (1.0, -1.0)),
    "a - v": (lambda xp, v, a: a - v, lambda v, a: (-1.0, 1.0)),
    "v * a": (lambda xp, v, a: v * a, lambda v, a: (a, v)),
    "a * v": (lambda xp, v, a: a * v, lambda v, a: (a, v)),
    "v / a": (lambda xp, v, a: v / a, lambda v, a: (1 / a, -v / a**2)),
    "a / v": (lambda xp, v, a: a / v, lambda v, a: (-a / v**2, 1 / v)),
    "2.0 * v": (lambda xp, v, a: 2.0 * v, lambda v, a: (2.0, 0.0)),
    "v ** 2": (lambda xp, v, a: v**2, lambda v, a: (2 * v, 0.0)),
    "-v": (lambda xp, v, a: -v, lambda v, a: (-1.0, 0.0)),
    "xp.sin(v)": (lambda xp, v, a: xp.sin(v), lambda v, a: (np.cos(v), 0.0)),
    "xp.multiply(a, v)": (lambda xp, v, a: xp.multiply(a, v), lambda v, a: (a, v)),
    "xp.reshape(v, (3, 1))": (lambda xp, v, a: xp.reshape(v, (3, 1)), lambda v, a: (1.0, 0.0)),
    "v[1:3]": (lambda xp, v, a: v[1:3], lambda v, a: (np.array([0.0, 1.0, 1.0]), 0.0)),
    "xp.stack([v, a])": (lambda xp, v, a: xp.stack([v, a]), lambda v, a: (1.0, 1.0)),
    "xp.where(a > 1.0, v, a)": (
        lambda xp, v, a: xp.where(a > 1.0, v, a),
        lambda v, a: (np.where(a > 1.0, 1.0, 0.0), np.where(a > 1.0, 0.0, 1.0)),
    ),
}


@clause("VAR-07")
@pytest.mark.parametrize("use", list(USES))
def test_a_variable_stands_wherever_an_array_can(be: Backend, use: str) -> None:
    function, derivatives = USES[use]
    v, a = numbers((3,)), numbers((3,), start=0.75, step=0.5)
    variable, array = be.variable(v), be.asarray(a)
    plain = function(be.xp, be.asarray(v), array)
    with be.tape() as t:
        watched = t.watch(array)
        y = function(be.xp, variable, watched)
    assert_close(be.to_numpy(y), be.to_numpy(plain))
    gv, ga = t.grad(y, (variable, watched))
    expected = derivatives(v, a)
    assert_close(be.to_numpy(gv), np.broadcast_to(expected[0], (3,)), scale=1.0)
    assert_close(be.to_numpy(ga), np.broadcast_to(expected[1], (3,)), scale=1.0)


@clause("VAR-27")
def test_a_variable_read_outside_of_tapes_gives_plain_arrays(be: Backend) -> None:
    v = be.variable([1.0, 2.0])
    product = v * v
    assert_equal(be, product, [1.0, 4.0])
    assert not be.is_variable(product)
    be.assign(v, [10.0, 20.0])
    assert_equal(be, product, [1.0, 4.0])


@clause("VAR-08")
@not_floating
def test_a_variable_refuses(be: Backend, value: Any) -> None:
    with pytest.raises(NotDifferentiableError):
        be.variable(value)


@clause("VAR-08")
def test_a_variable_refuses_a_native_integer_array(be: Backend) -> None:
    with pytest.raises(NotDifferentiableError):
        be.variable(be.xp.asarray([1, 2]))


@clause("VAR-09")
@pytest.mark.parametrize("dtype", ["int32", "int64", "bool"])
def test_a_variable_refuses_the_dtype(be: Backend, dtype: str) -> None:
    with pytest.raises(NotDifferentiableError):
        be.variable([1.0, 2.0], dtype=getattr(be.xp, dtype))


@clause("VAR-10", "VAR-12")
@given(value=arrays(), dtype=st.sampled_from(["float32", "float64"]))
def test_assign_gives_the_new_value_in_the_old_dtype(be: Backend, value: Any, dtype: str) -> None:
    v = be.variable(np.ones(value.shape), dtype=getattr(be.xp, dtype))
    be.assign(v, value)
    assert_array(be, v, value.shape, getattr(be.xp, dtype))
    assert_equal(be, v, value)


@clause("VAR-10")
def test_assign_takes_what_variable_takes(be: Backend) -> None:
    v = be.variable([1.0, 2.0], dtype=be.xp.float64)
    for value in (
        [3.0, 4.0],
        np.array([3.0, 4.0]),
        be.asarray([3.0, 4.0], dtype=be.xp.float64),
        be.variable([3.0, 4.0]),
    ):
        be.assign(v, [0.0, 0.0])
        be.assign(v, value)
        assert_equal(be, v, [3.0, 4.0])
    scalar = be.variable(1.0)
    be.assign(scalar, 2.5)
    assert_equal(be, scalar, 2.5)


@clause("VAR-11")
def test_an_assigned_variable_is_the_same_source(be: Backend) -> None:
    v = be.variable([1.0, 2.0], dtype=be.xp.float64)
    alias = v
    assert square_gradient(be, v).tolist() == [2.0, 4.0]
    be.assign(v, [10.0, 20.0])
    assert_equal(be, alias, [10.0, 20.0])
    assert square_gradient(be, alias).tolist() == [20.0, 40.0]


@clause("VAR-11")
def test_a_training_loop_of_assignments_converges(be: Backend) -> None:
    w = be.variable(8.0, dtype=be.xp.float64)
    for _ in range(20):  # each step halves the distance to 3 exactly
        with be.tape() as t:
            loss = (w - 3.0) * (w - 3.0)
        be.assign(w, w - 0.25 * t.grad(loss, w))
    assert float(be.to_numpy(w)) - 3.0 == 5.0 * 0.5**20


@clause("VAR-13", "VAR-15")
@pytest.mark.parametrize("shape", [(), (1,), (3,), (1, 2), (2, 1), (0,)], ids=str)
def test_assign_of_another_shape_is_refused_and_the_old_value_kept(be: Backend, shape: tuple[int, ...]) -> None:
    v = be.variable([1.0, 2.0])
    with pytest.raises(ShapeMismatchError):
        be.assign(v, np.ones(shape))
    assert_equal(be, v, [1.0, 2.0])


@clause("VAR-14", "VAR-15")
@not_floating
def test_assign_refuses_and_keeps_the_old_value(be: Backend, value: Any) -> None:
    v = be.variable([1.0, 2.0])
    with pytest.raises(NotDifferentiableError):
        be.assign(v, value)
    assert_equal(be, v, [1.0, 2.0])


@clause("VAR-16")
def test_writing_into_what_was_assigned_changes_nothing(be: Backend) -> None:
    v = be.variable([1.0, 2.0], dtype=be.xp.float64)
    for source in (np.array([3.0, 4.0]), be.asarray([3.0, 4.0], dtype=be.xp.float64)):
        be.assign(v, source)
        write(source, 0, 100.0)
        assert_equal(be, v, [3.0, 4.0])


RECORDED: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "v * v": (lambda xp, v: v * v, lambda x: 2 * x),
    "sin": (lambda xp, v: xp.sin(v), np.cos),
    "v": (lambda xp, v: xp.asarray(v) * 1.0, np.ones_like),
    "view": (lambda xp, v: xp.reshape(v, (2, 1)) * xp.reshape(v, (2, 1)), lambda x: 2 * x),
    "division": (lambda xp, v: 1.0 / v, lambda x: -1 / x**2),
}


@clause("VAR-17")
@pytest.mark.parametrize("inside", [False, True], ids=["assigned after the tape", "assigned inside the tape"])
@pytest.mark.parametrize("program", list(RECORDED))
def test_what_was_recorded_before_assign_keeps_its_value(be: Backend, program: str, inside: bool) -> None:
    function, derivative = RECORDED[program]
    x = numbers((2,))
    v = be.variable(x)
    with be.tape() as t:
        y = function(be.xp, v)
        value = be.to_numpy(y)
        if inside:
            be.assign(v, x + 100.0)
    be.assign(v, x + 100.0)
    assert be.to_numpy(y).tolist() == value.tolist()
    try:
        gradient = t.grad(y, v)
    except MutationError:
        return
    assert_close(be.to_numpy(gradient), derivative(x))


@clause("VAR-18")
@pytest.mark.parametrize("what", ["an array", "a recorded array", "a float"])
def test_assign_needs_a_variable(be: Backend, what: str) -> None:
    with be.tape() as t:
        target = {"an array": be.asarray([1.0]), "a recorded array": t.watch(be.asarray([1.0])), "a float": 1.0}[what]
        with pytest.raises(UnsupportedError):
            be.assign(target, [2.0])


@clause("VAR-30")
@pytest.mark.parametrize("operator", ["grad", "vjp", "jacobian"])
def test_what_an_operator_assigns_is_a_value(be: Backend, operator: str) -> None:
    v, x = be.variable(np.zeros(3)), be.asarray(np.array([0.5, 1.0, 2.0]))

    def f(a: Any) -> Any:
        be.assign(v, a * 2.0)
        return a * v

    found = {
        "grad": lambda: be.grad(f)(x),
        "vjp": lambda: be.vjp(f, x)[1](be.asarray(np.ones(3)))[0],
        "jacobian": lambda: be.xp.sum(be.jacobian(f)(x), axis=0),
    }[operator]()
    assert_equal(be, found, [1.0, 2.0, 4.0])
    assert_equal(be, v, [1.0, 2.0, 4.0])
    assert_equal(be, v + 1.0, [2.0, 3.0, 5.0])
