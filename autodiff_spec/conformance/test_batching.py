"""Chapter VMAP: functions of batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, ShapeMismatchError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal
from autodiff_spec.conformance.strategies import values

PROGRAMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "elementwise": lambda xp, x, y: xp.sin(x) * y,
    "a scalar": lambda xp, x, y: xp.sum(x * x) * y,
    "indexed": lambda xp, x, y: xp.flip(x) * x[0] + y,
    "a matrix": lambda xp, x, y: xp.expand_dims(x, axis=1) * x * y,
}


def array(be: Backend, value: Any) -> Any:
    return be.asarray(np.array(value, dtype=np.float64))


@clause("VMAP-01")
@pytest.mark.parametrize("program", list(PROGRAMS))
@given(data=st.data())
def test_a_batch_is_a_loop(be: Backend, program: str, data: st.DataObject) -> None:
    x, y = data.draw(values((4, 3))), data.draw(values((4,)))

    def f(a: Any, b: Any) -> Any:
        return PROGRAMS[program](be.xp, a, b)

    expected = np.stack([be.to_numpy(f(be.asarray(a), be.asarray(b))) for a, b in zip(x, y, strict=True)])
    found = be.vmap(f)(be.asarray(x), be.asarray(y))
    assert_array(be, found, expected.shape, be.xp.float64)
    assert_close(be.to_numpy(found), expected, scale=16.0)


@clause("VMAP-02", "VMAP-03")
@pytest.mark.parametrize("out_axis", [0, 1, 2, -1, -3])
@pytest.mark.parametrize("in_axis", [0, 1, -1])
def test_axes_say_where_the_batch_stands(be: Backend, in_axis: int, out_axis: int) -> None:
    x, w = np.arange(12.0).reshape(4, 3), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    rows = np.moveaxis(x, in_axis, 0)
    w = w[: rows.shape[1], :]
    expected = np.stack([w * row[:, None] for row in rows], axis=out_axis)

    def f(row: Any, whole: Any) -> Any:
        return whole * be.xp.expand_dims(row, axis=1)

    found = be.vmap(f, in_axes=(in_axis, None), out_axes=out_axis)(be.asarray(x), be.asarray(w))
    assert_equal(be, found, expected)
    assert_equal(be, be.vmap(f, in_axes=[in_axis, None], out_axes=out_axis)(x, w), expected)


@clause("VMAP-21")
@pytest.mark.parametrize("in_axes", [(2, 0), (1, 2), (-1, 1), (0, -3), (-2, None)])
@pytest.mark.parametrize("out_axis", [2, 1, -1])
def test_each_argument_of_three_axes_has_a_batch_of_its_own(be: Backend, in_axes: Any, out_axis: int) -> None:
    first, second = np.arange(30.0).reshape(3, 2, 5), np.arange(30.0).reshape(3, 2, 5) % 7
    x = np.moveaxis(first, 0, in_axes[0])
    y = second[0] if in_axes[1] is None else np.moveaxis(second, 0, in_axes[1])
    expected = np.moveaxis(first * 10.0 - (second[:1] if in_axes[1] is None else second), 0, out_axis)
    f = be.vmap(lambda a, b: a * 10.0 - b, in_axes=in_axes, out_axes=out_axis)
    assert_equal(be, f(be.asarray(x), be.asarray(y)), expected)
    gradient = be.grad(lambda a: be.xp.sum(f(a, be.asarray(y)) * be.asarray(expected)))(be.asarray(x))
    assert_equal(be, gradient, np.moveaxis(expected, out_axis, in_axes[0]) * 10.0)


@clause("VMAP-03")
def test_what_has_no_batch_may_be_anything(be: Backend) -> None:
    def f(x: Any, name: str, scale: float, *, shift: float) -> Any:
        return x * scale + shift if name == "affine" else x

    found = be.vmap(f, in_axes=(0, None, None))(array(be, [1.0, 2.0]), "affine", 10.0, shift=0.5)
    assert_equal(be, found, [10.5, 20.5])


@clause("VMAP-04")
def test_arguments_results_and_axes_may_be_trees(be: Backend) -> None:
    tree = {"a": array(be, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), "b": [array(be, [10.0, 20.0, 30.0]), array(be, 2.0)]}
    def f(t: Any) -> Any:
        return (t["a"] * t["b"][0], {"s": t["a"] * t["b"][1]})

    result = be.vmap(f, in_axes=({"a": 1, "b": [0, None]},), out_axes=(1, {"s": 0}))(tree)
    assert_equal(be, result[0], [[10.0, 40.0, 90.0], [40.0, 100.0, 180.0]])
    assert_equal(be, result[1]["s"], [[2.0, 8.0], [4.0, 10.0], [6.0, 12.0]])
    both = be.vmap(lambda t: t["x"] + t["y"][0])({"x": array(be, [1.0, 2.0]), "y": (array(be, [3.0, 4.0]),)})
    assert_equal(be, both, [4.0, 6.0])


@clause("VMAP-05")
def test_batches_of_different_sizes_are_refused(be: Backend) -> None:
    with pytest.raises(ShapeMismatchError) as caught:
        be.vmap(lambda x, t: x)(array(be, [1.0, 2.0]), {"w": array(be, [1.0, 2.0, 3.0])})
    for part in ("args[0] has 2", "args[1]['w'] has 3"):
        assert part in str(caught.value)


@clause("VMAP-06")
def test_an_axis_that_is_not_there_is_refused(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    for args, axes in (((x, 3.0), 0), ((x, array(be, 1.0)), 0), ((x,), 1), ((x,), -2), (("text",), 0)):
        with pytest.raises(ShapeMismatchError, match="axis"):
            be.vmap(lambda *values: values[0], in_axes=axes)(*args)


@clause("VMAP-07")
def test_axes_that_do_not_fit_are_refused(be: Backend) -> None:
    x = array(be, [1.0, 2.0])
    wrong: list[Any] = [(0, 0), None, (None,), "0", (0.0,), ({"a": 0},), True]
    for axes in wrong:
        with pytest.raises(ValueError, match="in_axes"):
            be.vmap(lambda a: a, in_axes=axes)(x)
    wrong = [None, 1, -2, (0, 0), {"a": 0}, "0"]
    for axes in wrong:
        with pytest.raises(ValueError, match="out_axes"):
            be.vmap(lambda a: a, out_axes=axes)(x)


@clause("VMAP-08")
def test_it_composes_with_gradients(be: Backend) -> None:
    x, w = array(be, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), array(be, [10.0, 20.0])

    def f(row: Any, whole: Any) -> Any:
        return be.xp.sum(row * row * whole)

    of_batch = be.grad(lambda a, b: be.vmap(f, in_axes=(0, None))(a, b), argnums=(0, 1))(x, w)
    assert_equal(be, of_batch[0], [[20.0, 80.0], [60.0, 160.0], [100.0, 240.0]])
    assert_equal(be, of_batch[1], [35.0, 56.0])
    each = be.vmap(be.grad(f, argnums=(0, 1)), in_axes=(0, None))(x, w)
    assert_equal(be, each[0], [[20.0, 80.0], [60.0, 160.0], [100.0, 240.0]])
    assert_equal(be, each[1], [[1.0, 4.0], [9.0, 16.0], [25.0, 36.0]])


@clause("VMAP-09")
def test_it_composes_with_the_other_operators(be: Backend) -> None:
    x = array(be, [[1.0, 2.0], [3.0, 4.0]])

    def cube(row: Any) -> Any:
        return be.xp.sum(row * row * row)

    ones = be.xp.ones_like(x)
    assert_equal(be, be.jvp(be.vmap(cube), (x,), (ones,))[1], [15.0, 75.0])
    assert_equal(be, be.vmap(lambda a, b: be.jvp(cube, (a,), (b,))[1])(x, ones), [15.0, 75.0])
    assert_equal(be, be.hvp(be.vmap(cube), (x,), (ones,))[0], [[6.0, 12.0], [18.0, 24.0]])
    assert_equal(be, be.vmap(be.hessian(cube))(x), [[[6.0, 0.0], [0.0, 12.0]], [[18.0, 0.0], [0.0, 24.0]]])
    for mode in ("forward", "reverse"):
        j = be.jacobian(be.vmap(cube), mode=mode)(x)
        assert_equal(be, j, [[[3.0, 12.0], [0.0, 0.0]], [[0.0, 0.0], [27.0, 48.0]]])
        each = be.vmap(be.jacobian(lambda row: row * row, mode=mode))(x)
        assert_equal(be, each, [[[2.0, 0.0], [0.0, 4.0]], [[6.0, 0.0], [0.0, 8.0]]])


@clause("VMAP-10")
def test_an_open_tape_differentiates_closures_and_batches(be: Backend) -> None:
    w, v = be.variable(3.0, dtype=be.xp.float64), be.variable([1.0, 2.0], dtype=be.xp.float64)
    with be.tape() as t:
        y = be.vmap(lambda a: a * a * w)(v)
    assert_equal(be, y, [3.0, 12.0])
    gw, gv = t.grad(y, (w, v))
    assert_equal(be, gw, 5.0)
    assert_equal(be, gv, [6.0, 12.0])


@clause("VMAP-11")
def test_a_batch_of_none_has_the_shape_of_none(be: Backend) -> None:
    x = be.asarray(np.ones((0, 3), dtype=np.float32))
    found = be.vmap(lambda row: (be.xp.sum(row), be.xp.stack([row, row])))(x)
    assert_array(be, found[0], (0,), be.xp.float32)
    assert_array(be, found[1], (0, 2, 3), be.xp.float32)


@clause("VMAP-12")
def test_each_slice_takes_its_own_branch(be: Backend) -> None:
    def f(a: Any) -> Any:
        return a * a if bool(a > 0.0) else -2.0 * a

    x = array(be, [3.0, -1.0, 0.5])
    assert_equal(be, be.vmap(f)(x), [9.0, 2.0, 0.25])
    assert_equal(be, be.vmap(be.grad(f))(x), [6.0, -2.0, 1.0])
    assert_equal(be, be.grad(be.vmap(f))(x), [6.0, -2.0, 1.0])


@clause("VMAP-13")
def test_batches_nest(be: Backend) -> None:
    x, y = array(be, [1.0, 2.0]), array(be, [10.0, 20.0, 30.0])
    table = be.vmap(be.vmap(lambda a, b: a * b, in_axes=(None, 0)), in_axes=(0, None))(x, y)
    assert_equal(be, table, [[10.0, 20.0, 30.0], [20.0, 40.0, 60.0]])


@clause("VMAP-14")
def test_slices_of_different_shapes_are_refused(be: Backend) -> None:
    def f(a: Any) -> Any:
        return be.xp.stack([a, a]) if bool(a > 0.0) else be.xp.stack([a])

    with pytest.raises(ShapeMismatchError, match="slice 1"):
        be.vmap(f)(array(be, [1.0, -1.0]))


@clause("VMAP-15")
def test_integers_and_booleans_may_be_batches(be: Backend) -> None:
    x, numbers, mask = array(be, [1.0, 2.0]), be.xp.asarray([3, 4]), np.array([True, False])
    found = be.vmap(lambda a, n, m: (be.xp.where(m, a, a * 10.0), n + n))(x, numbers, mask)
    assert_equal(be, found[0], [1.0, 20.0])
    assert_equal(be, found[1], [6, 8])
    assert found[1].dtype == numbers.dtype
