"""Chapter GRAD."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_equal
from autodiff_spec.conformance.strategies import (
    arrays,
    broadcast_pairs,
    values,
)


def variable(be: Backend, value: Any) -> Any:
    return be.variable(value, dtype=be.xp.float64)


SOURCES = ("a variable", "a watched array", "an intermediate")


def source_of(be: Backend, t: Any, value: Any, kind: str) -> Any:
    """A source of the open tape ``t``, of one of the kinds in ``SOURCES``."""
    if kind == "a variable":
        return be.variable(value)
    x = t.watch(be.asarray(value))
    return x if kind == "a watched array" else x * 1.0


@clause("GRAD-01", "GRAD-02")
@pytest.mark.parametrize("kind", SOURCES)
@given(value=arrays(half=True))
def test_a_gradient_has_the_shape_and_dtype_of_its_source(be: Backend, kind: str, value: Any) -> None:
    with be.tape() as t:
        x = source_of(be, t, value, kind)
        y = x * x
    g = t.grad(y, x)
    assert_array(be, g, value.shape, getattr(be.xp, value.dtype.name))
    assert_equal(be, g, 2 * value)


@clause("GRAD-02", "GRAD-13")
@pytest.mark.parametrize("target", ["v * v", "sum", "v", "unconnected"])
def test_the_gradient_of_a_0_d_source_is_a_0_d_array(be: Backend, target: str) -> None:
    v, other = variable(be, 3.0), variable(be, 3.0)
    with be.tape() as t:
        y = {"v * v": v * v, "sum": be.xp.sum(v), "v": v, "unconnected": other * other}[target]
    assert_array(be, t.grad(y, v), (), be.xp.float64)


@clause("GRAD-32")
@pytest.mark.parametrize("made_from", ["a NumPy array", "a native array", "a list"])
def test_a_gradient_is_an_array_of_the_backend(be: Backend, made_from: str) -> None:
    value = {
        "a NumPy array": np.array([1.0, 2.0]),
        "a native array": be.asarray([1.0, 2.0], dtype=be.xp.float64),
        "a list": [1.0, 2.0],
    }[made_from]
    v = variable(be, value)
    with be.tape() as t:
        y = v * v
    g = t.grad(y, v)
    assert be.is_array(g)
    assert not be.is_variable(g)
    assert_equal(be, g + g, [4.0, 8.0])


@clause("GRAD-03")
def test_a_gradient_overwrites(be: Backend) -> None:
    x = variable(be, [0.0, 1.0, 2.0, 3.0])
    with be.tape() as t:
        y = be.xp.sum(2 * x * x)
    assert_equal(be, y, 28.0)
    assert_equal(be, t.grad(y, x), [0.0, 4.0, 8.0, 12.0])
    for _ in range(2):
        with be.tape() as t:
            y = be.xp.sum(x)
        assert_equal(be, t.grad(y, x), [1.0, 1.0, 1.0, 1.0])


@clause("GRAD-03", "TAPE-22")
def test_the_answers_of_a_persistent_tape_do_not_accumulate(be: Backend) -> None:
    x = variable(be, [1.0, 2.0])
    with be.tape(persistent=True) as t:
        y, z = x * x, be.xp.sum(x)
    for _ in range(2):
        assert_equal(be, t.grad(y, x), [2.0, 4.0])
        assert_equal(be, t.grad(z, x), [1.0, 1.0])


@clause("GRAD-04")
@given(value=arrays())
def test_a_target_that_is_no_scalar_means_its_sum(be: Backend, value: Any) -> None:
    v = be.variable(value)
    with be.tape(persistent=True) as t:
        y = v * v
        total = be.xp.sum(y)
    assert_equal(be, t.grad(y, v), 2 * value)
    assert_equal(be, t.grad(total, v), 2 * value)


@clause("GRAD-05")
def test_several_targets_mean_the_sum_over_all(be: Backend) -> None:
    v, w = variable(be, [1.0, 2.0]), variable(be, 3.0)
    with be.tape() as t:
        targets = (v * v, be.xp.sum(v) * w, v * 5.0)
    gv, gw = t.grad(targets, (v, w))
    assert_equal(be, gv, [10.0, 12.0])
    assert_equal(be, gw, 3.0)


@clause("GRAD-05", "GRAD-29")
def test_a_target_named_twice_counts_twice(be: Backend) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape() as t:
        y = v * v
    assert_equal(be, t.grad([y, y], v), [4.0, 8.0])


@clause("GRAD-11", "GRAD-23")
@pytest.mark.parametrize("kind", SOURCES)
@given(value=arrays(empty=False))
def test_the_derivative_of_a_source_by_itself_is_the_cotangent(be: Backend, kind: str, value: Any) -> None:
    with be.tape(persistent=True) as t:
        x = source_of(be, t, value, kind)
        y = x * x  # so that a variable is read
    assert_equal(be, t.grad(x, x), np.ones(value.shape))
    cotangent = be.asarray(2 * np.ones_like(value))
    assert_equal(be, t.grad(x, x, cotangent=cotangent), 2 * np.ones(value.shape))
    assert t.grad(x, x, cotangent=cotangent) is not cotangent
    assert_equal(be, t.grad((x, y), x), 1 + 2 * value)


@clause("GRAD-12")
@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_named_twice_gets_the_gradient_twice(be: Backend, kind: str) -> None:
    with be.tape() as t:
        x = source_of(be, t, np.array([1.0, 2.0]), kind)
        w = variable(be, 3.0)
        y = x * x * w
    first, other, second = t.grad(y, (x, w, x))
    assert_equal(be, first, [6.0, 12.0])
    assert_equal(be, second, [6.0, 12.0])
    assert_equal(be, other, 5.0)


@clause("GRAD-27")
@given(data=st.data())
def test_repeated_positions_add_up(be: Backend, data: st.DataObject) -> None:
    value = data.draw(values((4,)))
    positions = data.draw(st.lists(st.integers(0, 3), min_size=3, max_size=3))
    weights = np.array([1.0, 10.0, 100.0])
    expected = np.zeros(4)
    np.add.at(expected, positions, weights)
    v = be.variable(value)
    with be.tape() as t:
        y = be.xp.take(v, be.xp.asarray(positions), axis=0)
    g = t.grad(y, v, cotangent=be.asarray(weights))
    assert_array(be, g, (4,), be.xp.float64)
    assert_equal(be, g, expected)
    assert_equal(be, g + g, 2 * expected)


@clause("GRAD-28", "GRAD-01")
@pytest.mark.parametrize("operation", ["+", "*", "-", "where"])
@given(pair=broadcast_pairs())
def test_broadcasting_is_undone(be: Backend, operation: str, pair: tuple[Any, Any]) -> None:
    a, b = pair
    mask = be.xp.asarray(np.broadcast_to(True, np.broadcast_shapes(a.shape, b.shape)).copy())
    functions: dict[str, Callable[[Any, Any], Any]] = {
        "+": lambda x, y: x + y,
        "*": lambda x, y: x * y,
        "-": lambda x, y: x - y,
        "where": lambda x, y: be.xp.where(mask, x, y),
    }
    one = np.ones(np.broadcast_shapes(a.shape, b.shape))
    da, db = {"+": (one, one), "*": (one * b, one * a), "-": (one, -one), "where": (one, 0 * one)}[operation]
    va, vb = be.variable(a), be.variable(b)
    with be.tape() as t:
        y = functions[operation](va, vb)
    ga, gb = t.grad(y, (va, vb))
    # Sums of at most six multiples of 1/16: exact.
    assert_equal(be, ga, unbroadcast(da, a.shape))
    assert_equal(be, gb, unbroadcast(db, b.shape))


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """``g`` summed over the axes along which an array of ``shape`` was repeated."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


@clause("GRAD-29")
@given(value=arrays(), uses=st.integers(1, 6))
def test_uses_of_a_value_add_up(be: Backend, value: Any, uses: int) -> None:
    v = be.variable(value)
    with be.tape() as t:
        x = v * 1.0
        y = x * 0.0
        for k in range(uses):
            y = y + x * float(k + 1)
        y = y + v
    assert_equal(be, t.grad(y, v), np.full(value.shape, 1.0 + uses * (uses + 1) / 2))


@clause("GRAD-33", "GRAD-12")
def test_a_gradient_does_not_depend_on_the_company_of_its_source(be: Backend) -> None:
    v, w = variable(be, [1.0, 2.0]), variable(be, [3.0, 4.0])
    with be.tape(persistent=True) as t:
        x = v * w
        y = be.xp.sum(x * x * v)
    alone = {name: be.to_numpy(t.grad(y, s)).tolist() for name, s in (("v", v), ("w", w), ("x", x))}
    for names in ("vw", "wv", "xvw", "vxv", "wx"):
        together = t.grad(y, [{"v": v, "w": w, "x": x}[name] for name in names])
        assert [be.to_numpy(g).tolist() for g in together] == [alone[name] for name in names]
