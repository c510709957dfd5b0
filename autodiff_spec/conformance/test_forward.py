"""Chapter JVP: what jvp() gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, oracle
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal, write
from autodiff_spec.conformance.strategies import (
    arrays,
    values,
)


def array(be: Backend, value: Any) -> Any:
    return be.asarray(np.array(value, dtype=np.float64))


def mix(xp: Any, x: Any, y: Any) -> Any:
    """From shapes (3,) and () to (2, 3); each derivative is bounded by 8."""
    return xp.stack([xp.sin(x) * y, x * x + xp.sum(x) * y])


@clause("JVP-01", "JVP-05")
def test_the_value_and_its_derivative_come_in_one_tree(be: Backend) -> None:
    x, y = array(be, [0.5, 1.0, -2.0]), array(be, 1.5)
    value, slope = be.jvp(lambda a, b: {"m": mix(be.xp, a, b), "s": [a + b]}, (x, y), (x, y))
    assert_close(be.to_numpy(value["m"]), be.to_numpy(mix(be.xp, x, y)))
    assert_equal(be, value["s"][0], [2.0, 2.5, -0.5])
    assert_equal(be, slope["s"][0], [2.0, 2.5, -0.5])
    assert_array(be, slope["m"], (2, 3), be.xp.float64)


@clause("JVP-02")
@given(data=st.data())
def test_it_multiplies_by_the_jacobian(be: Backend, data: st.DataObject) -> None:
    x, y, dx, dy = (data.draw(values(shape)) for shape in ((3,), (), (3,), ()))
    truth = oracle.jvp(mix, (x, y), (dx, dy))
    _, slope = be.jvp(lambda a, b: mix(be.xp, a, b), tuple(map(be.asarray, (x, y))), tuple(map(be.asarray, (dx, dy))))
    assert_close(be.to_numpy(slope), truth, "float64", scale=8.0 * (np.abs(dx).sum() + abs(dy)))


@clause("JVP-03")
@given(data=st.data())
def test_it_is_linear(be: Backend, data: st.DataObject) -> None:
    x, u, v = (data.draw(values((3,))) for _ in range(3))

    def along(tangent: Any) -> Any:
        return be.to_numpy(be.jvp(lambda a: mix(be.xp, a, 1.5), (be.asarray(x),), (be.asarray(tangent),))[1])

    size = 8.0 * (2 * np.abs(u).sum() + 3 * np.abs(v).sum())
    assert_close(along(2.0 * u - 3.0 * v), 2.0 * along(u) - 3.0 * along(v), scale=size)
    assert not along(0.0 * u).any()


@clause("JVP-04")
@given(data=st.data())
def test_it_is_the_transpose_of_the_pullback(be: Backend, data: st.DataObject) -> None:
    x, v, u = data.draw(values((3,))), data.draw(values((3,))), data.draw(values((2, 3)))

    def f(a: Any) -> Any:
        return mix(be.xp, a, 1.5)

    _, slope = be.jvp(f, (be.asarray(x),), (be.asarray(v),))
    _, pullback = be.vjp(f, be.asarray(x))
    (g,) = pullback(be.asarray(u))
    size = 8.0 * np.abs(u).sum() * np.abs(v).sum()
    assert_close(np.array((u * be.to_numpy(slope)).sum()), np.array((v * be.to_numpy(g)).sum()), scale=size)


@clause("JVP-05")
@given(value=arrays(half=True))
def test_the_derivative_has_the_values_shape_and_dtype(be: Backend, value: Any) -> None:
    x = be.asarray(value)
    y, slope = be.jvp(lambda a: (a * 2.0, be.xp.astype(a, be.xp.float32) * 3.0), (x,), (be.xp.ones_like(x),))
    for one, expected, dtype in zip(slope, (2.0, 3.0), (x.dtype, be.xp.float32), strict=True):
        assert_array(be, one, value.shape, dtype)
        assert_equal(be, one, np.full(value.shape, expected))
    assert_array(be, y[0], value.shape, x.dtype)


@clause("JVP-05")
def test_the_derivative_by_an_argument_that_is_broadcast_has_the_values_shape(be: Backend) -> None:
    x, y = array(be, [[1.0, 2.0], [3.0, 4.0]]), array(be, [5.0, 6.0])
    _, slope = be.jvp(lambda b: (x + b, x * b, b - x), (y,), (array(be, [1.0, -2.0]),))
    for one, expected in zip(slope, ([[1.0, -2.0]] * 2, [[1.0, -4.0], [3.0, -8.0]], [[1.0, -2.0]] * 2), strict=True):
        assert_array(be, one, (2, 2), be.xp.float64)
        assert_equal(be, one, expected)


CONSTANTS: dict[str, Callable[[Backend, Any], Any]] = {
    "a Python float": lambda be, x: 3.0,
    "an array": lambda be, x: array(be, [5.0, 6.0]),
    "zeros_like": lambda be, x: be.xp.zeros_like(x),
    "a NumPy array, converted": lambda be, x: array(be, np.array([1.0, 2.0])),
}


@clause("JVP-06")
@pytest.mark.parametrize("constant", list(CONSTANTS))
def test_a_constant_has_derivative_zero(be: Backend, constant: str) -> None:
    x = array(be, [1.0, 2.0])
    value, slope = be.jvp(lambda a: (CONSTANTS[constant](be, a), a * a), (x,), (x,))
    assert_array(be, slope[0], tuple(value[0].shape), value[0].dtype)
    assert not be.to_numpy(slope[0]).any()
    assert_equal(be, slope[1], [2.0, 8.0])


DISCRETE: dict[str, Callable[[Any, Any], Any]] = {
    "x > 1": lambda xp, x: x > 1.0,
    "argmax": lambda xp, x: xp.argmax(x),
    "astype": lambda xp, x: xp.astype(x, xp.int32),
}


@clause("JVP-07")
@pytest.mark.parametrize("program", list(DISCRETE))
def test_a_discrete_result_has_derivative_zero(be: Backend, program: str) -> None:
    x = array(be, [1.0, 2.0])
    (value, _), (slope, other) = be.jvp(lambda a: (DISCRETE[program](be.xp, a), a * a), (x,), (x,))
    assert slope.dtype == value.dtype
    assert tuple(slope.shape) == tuple(value.shape)
    assert not be.to_numpy(slope).any()
    assert_equal(be, other, [2.0, 8.0])
    assert not be.to_numpy(be.jvp(lambda a: DISCRETE[program](be.xp, a), (x,), (x,))[1]).any()


@clause("JVP-08", "JVP-09")
def test_primals_and_tangents_are_converted_and_may_be_trees(be: Backend) -> None:
    value, slope = be.jvp(lambda x: x * x, (3.0,), (10.0,))
    assert_array(be, slope, (), be.xp.asarray(1.0).dtype)
    assert_equal(be, value, 9.0)
    assert_equal(be, slope, 60.0)
    primals = [{"a": np.array([1.0, 2.0]), "b": [array(be, 3.0)]}, np.array(2.0)]
    tangents = [{"a": np.array([1.0, 0.0]), "b": [array(be, 10.0)]}, np.array(0.0)]
    _, slope = be.jvp(lambda t, s: {"y": t["a"] * t["b"][0] * s}, primals, tangents)
    assert_equal(be, slope["y"], [26.0, 40.0])


@clause("JVP-15")
def test_a_variable_in_the_closure_is_differentiated(be: Backend) -> None:
    w = be.variable(3.0, dtype=be.xp.float64)
    with be.tape(persistent=True) as t:
        y, slope = be.jvp(lambda x: w * w * x * x, (array(be, 2.0),), (array(be, 10.0),))
        total = slope * w
    assert_equal(be, y, 36.0)
    assert_equal(be, slope, 360.0)
    assert_equal(be, t.grad(y, w), 24.0)
    assert_equal(be, t.grad(slope, w), 240.0)
    assert_equal(be, t.grad(total, w), 1080.0)


@clause("JVP-16")
def test_recorded_primals_and_tangents_are_differentiated(be: Backend) -> None:
    v, u = be.variable([1.0, 2.0], dtype=be.xp.float64), be.variable([1.0, 10.0], dtype=be.xp.float64)
    with be.tape(persistent=True) as t:
        y, slope = be.jvp(lambda a: a * a * a, (v * v,), (u * u,))  # 3v⁴u²
    assert_equal(be, y, [1.0, 64.0])
    assert_equal(be, slope, [3.0, 4800.0])
    assert_equal(be, t.grad(y, v), [6.0, 192.0])
    assert_equal(be, t.grad(slope, v), [12.0, 9600.0])
    assert_equal(be, t.grad(slope, u), [6.0, 960.0])


def derivative(be: Backend, f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """By forward mode, of a function of one number."""
    return lambda x: be.jvp(f, (x,), (be.xp.ones_like(x),))[1]


@clause("JVP-17")
def test_perturbations_are_not_confused(be: Backend) -> None:
    one = array(be, 1.0)
    # D(x ↦ x · D(y ↦ x + y)(1))(1) = 1, the example of Siskind and Pearlmutter (2005)
    assert_equal(be, derivative(be, lambda x: x * derivative(be, lambda y: x + y)(one))(one), 1.0)
    assert_equal(be, derivative(be, lambda x: x * derivative(be, lambda y: x * y)(one))(one), 2.0)
    assert_equal(be, derivative(be, lambda x: x * be.grad(lambda y: x * y)(one))(one), 2.0)
    assert_equal(be, be.grad(lambda x: x * derivative(be, lambda y: x * y)(one))(one), 2.0)


@clause("JVP-18")
@pytest.mark.parametrize("outer", ["forward", "reverse"])
@pytest.mark.parametrize("inner", ["forward", "reverse"])
@pytest.mark.parametrize("innermost", ["forward", "reverse"])
def test_every_nesting_gives_the_third_derivative(be: Backend, outer: str, inner: str, innermost: str) -> None:
    def fifth(x: Any) -> Any:
        return x * x * x * x * x

    f: Callable[[Any], Any] = fifth
    for mode in (innermost, inner, outer):
        f = derivative(be, f) if mode == "forward" else be.grad(f)
    assert_equal(be, f(array(be, 2.0)), 240.0)


@clause("JVP-19")
def test_what_is_stopped_has_derivative_zero(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    (stopped, mixed), (zero, slope) = be.jvp(
        lambda a: (be.stop_gradient(a * a), be.stop_gradient(a * a) * a), (x,), (be.xp.ones_like(x),)
    )
    assert_equal(be, stopped, [1.0, 4.0])
    assert_equal(be, zero, [0.0, 0.0])
    assert_equal(be, mixed, [1.0, 8.0])
    assert_equal(be, slope, [1.0, 4.0])


@clause("JVP-21")
@pytest.mark.parametrize("start", [0.25, -3.0])
def test_it_follows_python_branches(be: Backend, start: float) -> None:
    def f(a: Any) -> Any:
        while bool(be.xp.abs(a) < 10.0):
            a = a * 2.0
        return a if bool(a > 0.0) else 100.0 * a

    x = array(be, start)
    y, slope = be.jvp(f, (x,), (x,))
    assert_equal(be, slope, be.to_numpy(y))


@clause("JVP-22")
def test_an_exception_leaves_no_trace(be: Backend) -> None:
    def broken(a: Any) -> Any:
        a * a
        raise KeyError("mine")

    x = array(be, 3.0)
    with pytest.raises(KeyError, match="mine"):
        be.jvp(broken, (x,), (x,))
    assert_equal(be, be.jvp(lambda a: a * a, (x,), (x,))[1], 18.0)


@clause("JVP-23")
def test_the_complex_derivative_is_the_transpose_in_the_real_inner_product(be: Backend) -> None:
    z, dz, u = (np.array(part) for part in ([1.0 + 2.0j, -0.5j], [0.5 - 1.0j, 2.0 + 1.0j], [1.0 - 3.0j, 0.25 + 1.0j]))

    def f(a: Any) -> Any:
        return a * a * be.xp.conj(a)

    _, slope = be.jvp(f, (be.asarray(z),), (be.asarray(dz),))
    assert_close(be.to_numpy(slope), 2 * z * dz * z.conj() + z * z * dz.conj(), scale=64.0)
    _, pullback = be.vjp(f, be.asarray(z))
    (g,) = pullback(be.asarray(u))
    left, right = (u.conj() * be.to_numpy(slope)).real.sum(), (be.to_numpy(g).conj() * dz).real.sum()
    assert_close(np.array(left), np.array(right), scale=128.0)


@clause("JVP-24")
@pytest.mark.parametrize("program", ["x", "x + 1", "(x, x)"])
def test_writing_into_the_derivative_changes_no_tangent(be: Backend, program: str) -> None:
    f = {"x": lambda a: (a, a * 2.0), "x + 1": lambda a: (a + 1.0, a), "(x, x)": lambda a: (a, a)}[program]
    tangent = array(be, [1.0, 2.0])
    _, slopes = be.jvp(f, (array(be, [3.0, 4.0]),), (tangent,))
    before = be.to_numpy(slopes[1]).tolist()
    write(slopes[0], 0, 100.0)
    assert_equal(be, tangent, [1.0, 2.0])
    assert be.to_numpy(slopes[1]).tolist() == before
