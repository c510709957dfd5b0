"""Chapter GRAD: cotangents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, NotDifferentiableError, ShapeMismatchError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_equal, numbers
from autodiff_spec.conformance.strategies import (
    shapes,
    values,
)


def variable(be: Backend, value: Any) -> Any:
    return be.variable(value, dtype=be.xp.float64)


@clause("GRAD-06")
@given(data=st.data())
def test_a_cotangent_weights_the_target(be: Backend, data: st.DataObject) -> None:
    shape = data.draw(shapes())
    value, weights = data.draw(values(shape)), data.draw(values(shape))
    v = be.variable(value)
    with be.tape(persistent=True) as t:
        y = v * v
        total = be.xp.sum(be.asarray(weights) * y)
    assert_equal(be, t.grad(y, v, cotangent=be.asarray(weights)), 2 * value * weights)
    assert_equal(be, t.grad(total, v), 2 * value * weights)


@clause("GRAD-06")
def test_cotangents_of_several_targets_weight_each(be: Backend) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape() as t:
        y, z = v * v, be.xp.sum(v)
    cotangent = {"y": be.asarray([1.0, 10.0]), "z": be.asarray(100.0)}
    assert_equal(be, t.grad({"y": y, "z": z}, v, cotangent=cotangent), [102.0, 140.0])


WRONG_SHAPES = [
    ((4,), ()),
    ((4,), (1,)),
    ((4,), (3,)),
    ((4,), (1, 4)),
    ((4,), (4, 1)),
    ((), (1,)),
    ((2, 2), (4,)),
    ((1,), ()),
]


@clause("GRAD-07", "TAPE-24")
@pytest.mark.parametrize(("target", "wrong"), WRONG_SHAPES, ids=[f"{w} for {t}" for t, w in WRONG_SHAPES])
def test_a_cotangent_of_another_shape_is_refused(be: Backend, target: Any, wrong: Any) -> None:
    value = numbers(target)
    v = be.variable(value)
    with be.tape() as t:
        y = v * v
    with pytest.raises(ShapeMismatchError):
        t.grad(y, v, cotangent=be.asarray(np.ones(wrong)))
    with pytest.raises(ShapeMismatchError):
        t.grad(y, v, cotangent=np.ones(wrong))
    assert_equal(be, t.grad(y, v, cotangent=np.ones(target)), 2 * value)


@clause("VJP-29")
@pytest.mark.parametrize(("target", "wrong"), WRONG_SHAPES, ids=[f"{w} for {t}" for t, w in WRONG_SHAPES])
def test_a_pullback_refuses_a_cotangent_of_another_shape(be: Backend, target: Any, wrong: Any) -> None:
    value = numbers(target)
    _, pullback = be.vjp(lambda x: x * x, be.asarray(value))
    for cotangent in (be.asarray(np.ones(wrong)), np.ones(wrong)):
        with pytest.raises(ShapeMismatchError):
            pullback(cotangent)
    assert_equal(be, pullback(be.asarray(np.ones(target)))[0], 2 * value)


@clause("GRAD-08", "TAPE-24")
@pytest.mark.parametrize("case", ["a list for an array", "an array for a list", "a key missing", "a tuple for a list"])
def test_a_cotangent_of_another_tree_is_refused(be: Backend, case: str) -> None:
    v = variable(be, [1.0, 2.0])
    one = be.asarray([1.0, 1.0])
    with be.tape() as t:
        y = v * v
    target, cotangent = {
        "a list for an array": (y, [1.0, 1.0]),
        "an array for a list": ([y], one),
        "a key missing": ({"a": y, "b": y}, {"a": one}),
        "a tuple for a list": ([y, y], (one, one)),
    }[case]
    with pytest.raises(ShapeMismatchError):
        t.grad(target, v, cotangent=cotangent)
    assert_equal(be, t.grad(y, v), [2.0, 4.0])


@clause("VJP-30")
def test_a_list_is_no_cotangent_of_a_pullback_of_an_array(be: Backend) -> None:
    _, pullback = be.vjp(lambda x: x * x, be.asarray([1.0, 2.0]))
    for cotangent in ([1.0, 1.0], [be.asarray([1.0, 1.0])]):
        with pytest.raises(ShapeMismatchError):
            pullback(cotangent)


@clause("GRAD-09", "GRAD-01")
@pytest.mark.parametrize("given_dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["native", "NumPy's"])
def test_a_cotangent_is_cast_to_the_dtype_of_the_target(be: Backend, dtype: str, given_dtype: str, kind: str) -> None:
    v = be.variable([1.0, 2.0], dtype=getattr(be.xp, dtype))
    cotangent: Any = np.array([1.0, 10.0], dtype=given_dtype)
    if kind == "native":
        cotangent = be.asarray(cotangent)
    with be.tape() as t:
        y = v * v
    g = t.grad(y, v, cotangent=cotangent)
    assert_array(be, g, (2,), getattr(be.xp, dtype))
    assert_equal(be, g, [2.0, 40.0])


@clause("VJP-31", "VJP-05")
@pytest.mark.parametrize("given_dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["native", "NumPy's"])
def test_a_pullback_casts_its_cotangent(be: Backend, dtype: str, given_dtype: str, kind: str) -> None:
    cotangent: Any = np.array([1.0, 10.0], dtype=given_dtype)
    if kind == "native":
        cotangent = be.asarray(cotangent)
    _, pullback = be.vjp(lambda x: x * x, be.asarray([1.0, 2.0], dtype=getattr(be.xp, dtype)))
    (g,) = pullback(cotangent)
    assert_array(be, g, (2,), getattr(be.xp, dtype))
    assert_equal(be, g, [2.0, 40.0])


@clause("GRAD-09")
def test_a_python_float_is_the_cotangent_of_a_scalar(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as t:
        y = v * v
    assert_equal(be, t.grad(y, v, cotangent=0.5), 3.0)


INTEGERS: dict[str, Callable[[Backend], Any]] = {
    "native integers": lambda be: be.xp.asarray([1, 1]),
    "native booleans": lambda be: be.xp.asarray([True, True]),
    "integers of NumPy's": lambda be: np.array([1, 1]),
    "booleans of NumPy's": lambda be: np.array([True, True]),
}


@clause("GRAD-10", "TAPE-24")
@pytest.mark.parametrize("kind", list(INTEGERS))
def test_an_integer_cotangent_is_refused(be: Backend, kind: str) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape() as t:
        y = v * v
    with pytest.raises(NotDifferentiableError):
        t.grad(y, v, cotangent=INTEGERS[kind](be))
    assert_equal(be, t.grad(y, v), [2.0, 4.0])


@clause("VJP-32")
@pytest.mark.parametrize("kind", list(INTEGERS))
def test_a_pullback_refuses_an_integer_cotangent(be: Backend, kind: str) -> None:
    _, pullback = be.vjp(lambda x: x * x, be.asarray([1.0, 2.0]))
    with pytest.raises(NotDifferentiableError):
        pullback(INTEGERS[kind](be))
    assert_equal(be, pullback(be.asarray([1.0, 1.0]))[0], [2.0, 4.0])


@clause("GRAD-10")
@pytest.mark.parametrize("value", [1, True], ids=["int", "bool"])
def test_a_python_int_is_no_cotangent(be: Backend, value: Any) -> None:
    v = variable(be, 3.0)
    with be.tape() as t:
        y = v * v
    with pytest.raises(NotDifferentiableError):
        t.grad(y, v, cotangent=value)
