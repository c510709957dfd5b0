"""Chapter VJP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, Capability, NotDifferentiableError, oracle
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal, numbers
from autodiff_spec.conformance.strategies import arrays, values


def array(be: Backend, value: Any) -> Any:
    return be.asarray(value, dtype=be.xp.float64)


def mix(xp: Any, x: Any, y: Any) -> Any:
    """From shapes (3,) and () to (2, 3), with cancellation nowhere: all its terms are bounded by 8."""
    return xp.stack([xp.sin(x) * y, x * x + xp.sum(x) * y])


@clause("VJP-01")
def test_the_value_is_that_of_the_function(be: Backend) -> None:
    x, y = array(be, [0.5, 1.0, -2.0]), array(be, 1.5)
    value, _ = be.vjp(lambda a, b: {"m": mix(be.xp, a, b), "s": [a + b]}, x, y)
    assert set(value) == {"m", "s"}
    assert_close(be.to_numpy(value["m"]), be.to_numpy(mix(be.xp, x, y)))
    assert_equal(be, value["s"][0], [2.0, 2.5, -0.5])
    assert be.is_array(value["m"])


@clause("VJP-02", "VJP-05")
@given(data=st.data())
def test_the_pullback_multiplies_by_the_transposed_jacobian(be: Backend, data: st.DataObject) -> None:
    x, y, weights = data.draw(values((3,))), data.draw(values(())), data.draw(values((2, 3)))
    truth = oracle.gradient(mix, x, y, cotangent=weights)
    _, pullback = be.vjp(lambda a, b: mix(be.xp, a, b), be.asarray(x), be.asarray(y))
    for g, true, shape in zip(pullback(be.asarray(weights)), truth, ((3,), ()), strict=True):
        assert_array(be, g, shape, be.xp.float64)
        assert_close(be.to_numpy(g), true, "float64", scale=8.0 * np.abs(weights).sum())


@clause("VJP-03", "VJP-06")
@given(data=st.data())
def test_the_pullback_is_linear(be: Backend, data: st.DataObject) -> None:
    x, u, v = data.draw(values((3,))), data.draw(values((2, 3))), data.draw(values((2, 3)))
    _, pullback = be.vjp(lambda a: mix(be.xp, a, 1.5), be.asarray(x))
    (gu,), (gv,), (both,), (zero,) = (pullback(be.asarray(w)) for w in (u, v, 2.0 * u - 3.0 * v, 0.0 * u))
    size = 8.0 * (2 * np.abs(u).sum() + 3 * np.abs(v).sum())
    assert_close(be.to_numpy(both), 2.0 * be.to_numpy(gu) - 3.0 * be.to_numpy(gv), scale=size)
    assert_equal(be, zero, np.zeros(3))


@clause("VJP-04")
def test_the_pullback_returns_a_tuple(be: Backend) -> None:
    _, one = be.vjp(lambda x: x * x, array(be, 3.0))
    found = one(array(be, 1.0))
    assert type(found) is tuple
    assert len(found) == 1
    _, two = be.vjp(lambda x, y: x["a"] * y, {"a": array(be, 3.0)}, array(be, 5.0))
    found = two(array(be, 1.0))
    assert type(found) is tuple
    assert_equal(be, found[0]["a"], 5.0)
    assert_equal(be, found[1], 3.0)


@clause("VJP-05")
@given(value=arrays(half=True))
def test_the_results_of_a_pullback_have_the_primals_shapes_and_dtypes(be: Backend, value: Any) -> None:
    x = be.asarray(value)
    y, pullback = be.vjp(lambda a: be.xp.astype(a, be.xp.float32) * 2.0, x)
    (g,) = pullback(be.xp.ones_like(y))
    assert_array(be, g, value.shape, x.dtype)
    assert_equal(be, g, np.full(value.shape, 2.0))


@clause("VJP-06")
def test_the_pullback_can_be_called_many_times(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    _, pullback = be.vjp(lambda a: be.xp.sin(a) * a, x)
    first = be.to_numpy(pullback(array(be, [1.0, 1.0]))[0]).tolist()
    for k in range(3):
        assert be.to_numpy(pullback(array(be, [2.0**k, 2.0**k]))[0]).tolist() == [2.0**k * g for g in first]


@clause("VJP-07")
@pytest.mark.parametrize("shape", [(), (2,), (0,)], ids=str)
def test_a_primal_without_use_gets_zeros(be: Backend, shape: tuple[int, ...]) -> None:
    x, y = array(be, 3.0), be.asarray(np.ones(shape, dtype=np.float32))
    gx, gy = be.grad(lambda a, b: a * a, argnums=(0, 1))(x, y)
    assert_equal(be, gx, 6.0)
    assert_array(be, gy, shape, be.xp.float32)
    assert_equal(be, gy, np.zeros(shape))
    _, pullback = be.vjp(lambda a, b: a * a, x, y)
    assert_equal(be, pullback(array(be, 1.0))[1], np.zeros(shape))


CONSTANTS: dict[str, Callable[[Backend, Any], Any]] = {
    "a Python float": lambda be, x: 3.0,
    "a Python int": lambda be, x: 3,
    "an array": lambda be, x: array(be, [5.0, 6.0]),
    "an array made inside": lambda be, x: be.xp.ones((2,), dtype=be.xp.float64) * 2.0,
    "an integer array": lambda be, x: be.xp.asarray([1, 2]),
    "a NumPy array, converted": lambda be, x: array(be, np.array([1.0, 2.0])),
    "zeros_like": lambda be, x: be.xp.zeros_like(x),
    "a tree of constants": lambda be, x: {"a": 3.0, "b": (array(be, 1.0),)},
}


@clause("VJP-08")
@pytest.mark.parametrize("constant", list(CONSTANTS))
def test_a_constant_function_has_gradient_zero(be: Backend, constant: str) -> None:
    x = array(be, [1.0, 2.0])
    g = be.grad(lambda a: CONSTANTS[constant](be, a))(x)
    assert_array(be, g, (2,), be.xp.float64)
    assert_equal(be, g, [0.0, 0.0])


DISCRETE: dict[str, Callable[[Any, Any], Any]] = {
    "x > 1": lambda xp, x: x > 1.0,
    "argmax": lambda xp, x: xp.argmax(x),
    "astype": lambda xp, x: xp.astype(x, xp.int32),
    "isnan": lambda xp, x: xp.isnan(x),
}


@clause("VJP-09")
@pytest.mark.parametrize("program", list(DISCRETE))
def test_discrete_results_have_gradient_zero(be: Backend, program: str) -> None:
    x = array(be, [1.0, 2.0])
    assert_equal(be, be.grad(lambda a: DISCRETE[program](be.xp, a))(x), [0.0, 0.0])
    both = be.grad(lambda a: (DISCRETE[program](be.xp, a), a * a))
    assert_equal(be, both(x), [2.0, 4.0])


@clause("VJP-10", "DTYPE-11")
def test_primals_are_converted(be: Backend) -> None:
    value, g = be.value_and_grad(lambda x: x * x)(3.0)
    assert_array(be, g, (), be.xp.asarray(1.0).dtype)
    assert_equal(be, value, 9.0)
    assert_equal(be, g, 6.0)
    single = be.grad(lambda x: x * x)(np.array([1.0, 2.0], dtype=np.float32))
    assert_array(be, single, (2,), be.xp.float32)
    # a NumPy array that is not differentiated is converted too
    mixed = be.grad(lambda x, y: be.xp.sum(x * y))(array(be, [1.0, 2.0]), np.array([3.0, 4.0]))
    assert_equal(be, mixed, [3.0, 4.0])


@clause("VJP-11")
@pytest.mark.parametrize("program", ["x * x", "sin", "x * constant"])
def test_writing_into_a_numpy_primal_does_not_change_the_pullback(be: Backend, program: str) -> None:
    x = np.array([3.0, 4.0])
    function = {"x * x": lambda a: a * a, "sin": lambda a: be.xp.sin(a) * a, "x * constant": lambda a: 2.0 * a}[program]
    expected = {"x * x": 2 * x, "sin": np.cos(x) * x + np.sin(x), "x * constant": [2.0, 2.0]}[program]
    value, pullback = be.vjp(function, x)
    before = be.to_numpy(value).tolist()
    x[:] = 100.0
    assert be.to_numpy(value).tolist() == before
    assert_close(be.to_numpy(pullback(array(be, [1.0, 1.0]))[0]), np.array(expected), scale=4.0)


BAD: dict[str, Callable[[Backend], Any]] = {
    "a Python int": lambda be: 3,
    "a bool": lambda be: True,
    "an int array": lambda be: be.xp.asarray([1, 2]),
    "an int array of NumPy's": lambda be: np.array([1, 2]),
    "a string": lambda be: "3.0",
    "None": lambda be: None,
    "a tree with an int": lambda be: {"a": array(be, 1.0), "b": [3]},
}


@clause("VJP-12")
@pytest.mark.parametrize("primal", list(BAD))
def test_a_primal_that_is_not_floating_is_refused(be: Backend, primal: str) -> None:
    for call in (
        lambda: be.vjp(lambda x: x, BAD[primal](be)),
        lambda: be.grad(lambda x: x)(BAD[primal](be)),
        lambda: be.value_and_grad(lambda x, y: y, argnums=(1, 0))(BAD[primal](be), array(be, 1.0)),
    ):
        with pytest.raises(NotDifferentiableError):
            call()


@clause("VJP-13")
@pytest.mark.parametrize("result", ["text", None, object()], ids=["text", "None", "an object"])
def test_a_result_that_is_no_array_is_refused(be: Backend, result: Any) -> None:
    with pytest.raises(TypeError):
        be.grad(lambda x: result)(array(be, 1.0))
    with pytest.raises(TypeError):
        be.vjp(lambda x: (x, result), array(be, 1.0))


@clause("VJP-24", "NEST-11")
def test_a_variable_in_the_closure_is_differentiated_through_the_value(be: Backend) -> None:
    w = be.variable(3.0, dtype=be.xp.float64)
    with be.tape(persistent=True) as t:
        y, pullback = be.vjp(lambda x: w * w * x * x, array(be, 2.0))
        (g,) = pullback(array(be, 1.0))
    assert_equal(be, y, 36.0)
    assert_equal(be, t.grad(y, w), 24.0)
    assert_equal(be, t.grad(g, w), 24.0)


@clause("VJP-25", "NEST-10")
def test_a_recorded_primal_is_differentiated_through_value_and_pullback(be: Backend) -> None:
    v = be.variable([1.0, 2.0], dtype=be.xp.float64)
    with be.tape(persistent=True) as t:
        x = v * v
        y, pullback = be.vjp(lambda a: a * a, x)
        (g,) = pullback(array(be, [1.0, 10.0]))
    assert_equal(be, t.grad(y, v), [4.0, 32.0])
    assert_equal(be, t.grad(g, v), [4.0, 80.0])


@clause("VJP-26")
def test_an_exception_reaches_the_caller_and_leaves_no_trace(be: Backend) -> None:
    class Mine(Exception):
        pass

    def f(x: Any) -> Any:
        y = x * x
        raise Mine(y)

    x = array(be, 3.0)
    calls: list[Callable[[], Any]] = [lambda: be.grad(f)(x), lambda: be.vjp(f, x)]
    if Capability.HIGHER_ORDER in be.capabilities:
        calls.append(lambda: be.grad(lambda a: be.grad(f)(a))(x))
    for call in calls:
        with pytest.raises(Mine):
            call()
        assert_equal(be, be.grad(lambda a: a * a)(x), 6.0)


@clause("VJP-27")
def test_the_two_forms_agree(be: Backend) -> None:
    def f(x: Any, y: Any) -> Any:
        return be.xp.sin(x * y) * x + be.xp.sum(y * y)

    arrays = [numbers((2, 3)), numbers((3,), -1.0)]
    functional = be.grad(f, argnums=(0, 1))(*map(be.asarray, arrays))
    variables = [be.variable(array) for array in arrays]
    with be.tape() as t:
        target = f(*variables)
    for one, other in zip(functional, t.grad(target, variables), strict=True):
        assert_close(be.to_numpy(one), be.to_numpy(other), scale=16.0)


@clause("VJP-28")
def test_results_are_plain_arrays_for_what_comes_later(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    value, g = be.value_and_grad(lambda a: a * a)(x)
    y, pullback = be.vjp(lambda a: a * a, x)
    (h,) = pullback(y)
    v = be.variable(numbers((2,)))
    with be.tape() as t:
        z = v * value * g * y * h
    expected = np.array([1.0, 4.0]) * [2.0, 4.0] * [1.0, 4.0] * [2.0, 16.0]
    assert_equal(be, t.grad(z, v), expected)
    assert_equal(be, value + g, [3.0, 8.0])
    assert np.asarray(be.to_numpy(value)).tolist() == [1.0, 4.0]
