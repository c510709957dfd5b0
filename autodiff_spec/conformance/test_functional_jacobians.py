"""Chapter JAC: the functional form, jacobian()."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, NotDifferentiableError, oracle
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal
from autodiff_spec.conformance.strategies import dtypes, values

MODES = ("auto", "forward", "reverse")
in_every_mode = pytest.mark.parametrize("mode", MODES)

# Programs of two arguments of shapes (3,) and (2, 1); each derivative is a sum of few terms below 8.
PROGRAMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "a vector": lambda xp, x, y: xp.sin(x) * x,
    "a matrix": lambda xp, x, y: x * y,
    "a scalar": lambda xp, x, y: xp.sum(x * x) * y[0, 0],
    "a permuted matrix": lambda xp, x, y: xp.permute_dims(xp.cos(x) + y, (1, 0)),
    "indexed": lambda xp, x, y: xp.flip(x) * x[0],
    "much larger": lambda xp, x, y: xp.stack([xp.sin(x) * y * float(k) for k in range(4)]),
}


def array(be: Backend, value: Any) -> Any:
    return be.asarray(np.array(value, dtype=np.float64))


@clause("JAC-12", "JAC-13")
@in_every_mode
@pytest.mark.parametrize("result", [(), (3,), (2, 3), (0,)], ids=str)
@given(source=st.sampled_from([(), (2,), (2, 1), (0,)]), dtype=dtypes())
def test_the_layout_is_result_then_argument(
    be: Backend, mode: str, result: tuple[int, ...], source: Any, dtype: str
) -> None:
    x = be.asarray(np.ones(source, dtype=dtype))

    def f(a: Any) -> Any:
        return be.xp.astype(be.xp.sum(a), be.xp.float64) * be.xp.ones(result, dtype=be.xp.float64)

    j = be.jacobian(f, mode=mode)(x)
    assert_array(be, j, (*result, *source), x.dtype)
    assert_equal(be, j, np.ones((*result, *source)))


@clause("JAC-14")
@in_every_mode
@pytest.mark.parametrize("program", list(PROGRAMS))
@given(data=st.data())
def test_it_holds_each_derivative(be: Backend, mode: str, program: str, data: st.DataObject) -> None:
    x, y = data.draw(values((3,))), data.draw(values((2, 1)))
    truth = oracle.jacobian(PROGRAMS[program], x, y)
    found = be.jacobian(lambda a, b: PROGRAMS[program](be.xp, a, b), argnums=(0, 1), mode=mode)(x, y)
    for j, true in zip(found, truth, strict=True):
        assert_close(be.to_numpy(j), true, "float64", scale=8.0)


@clause("JAC-15")
@in_every_mode
def test_it_is_zeros_where_nothing_connects(be: Backend, mode: str) -> None:
    x, other = array(be, [1.0, 2.0, 3.0]), be.asarray(np.ones(2, dtype=np.float32))

    def f(a: Any, b: Any) -> Any:
        return {"y": a * a, "b": a > 1.5, "c": 3.0, "i": be.xp.argmax(a)}

    first, second = (be.jacobian(f, argnums=i, mode=mode)(x, other) for i in (0, 1))
    assert_equal(be, first["y"], np.diag([2.0, 4.0, 6.0]))
    for name, shape in {"b": (3,), "c": (), "i": ()}.items():
        assert_array(be, first[name], (*shape, 3), be.xp.float64)
        assert_equal(be, first[name], np.zeros((*shape, 3)))
    for name, shape in {"y": (3,), "b": (3,), "c": (), "i": ()}.items():
        assert_array(be, second[name], (*shape, 2), be.xp.float32)
        assert_equal(be, second[name], np.zeros((*shape, 2)))


@clause("JAC-16")
@in_every_mode
def test_of_trees_it_is_a_tree_of_trees(be: Backend, mode: str) -> None:
    tree = {"a": [array(be, [1.0, 2.0])], "b": array(be, 3.0)}
    found = be.jacobian(lambda t: (t["a"][0] * t["b"], {"s": t["b"]}), mode=mode)(tree)
    assert_equal(be, found[0]["a"][0], [[3.0, 0.0], [0.0, 3.0]])
    assert_equal(be, found[0]["b"], [1.0, 2.0])
    assert_equal(be, found[1]["s"]["a"][0], [0.0, 0.0])
    assert_equal(be, found[1]["s"]["b"], 1.0)


@clause("JAC-17")
@in_every_mode
def test_argnums_choose_the_blocks(be: Backend, mode: str) -> None:
    x, y = array(be, [1.0, 2.0]), array(be, 3.0)

    def f(a: Any, b: Any) -> Any:
        return a * a * b

    assert_equal(be, be.jacobian(f, argnums=-1, mode=mode)(x, y), [1.0, 4.0])
    found = be.jacobian(f, argnums=(1, 0, 1), mode=mode)(x, y)
    assert type(found) is tuple
    for j, expected in zip(found, ([1.0, 4.0], [[6.0, 0.0], [0.0, 12.0]], [1.0, 4.0]), strict=True):
        assert_equal(be, j, expected)
    inside = be.jacobian(lambda a, b: [a * b], argnums=[1, 0], mode=mode)(x, y)
    assert_equal(be, inside[0][0], [1.0, 2.0])
    assert_equal(be, inside[0][1], [[3.0, 0.0], [0.0, 3.0]])


@clause("JAC-18")
def test_a_mode_or_position_that_does_not_exist_is_refused(be: Backend) -> None:
    with pytest.raises(ValueError, match="sideways"):
        be.jacobian(lambda a: a, mode="sideways")
    for argnums in (1, -2, (0, 1)):
        with pytest.raises(ValueError, match="argnums"):
            be.jacobian(lambda a: a, argnums=argnums)(array(be, 1.0))


@clause("JAC-19")
def test_integer_and_boolean_arguments_are_refused(be: Backend) -> None:
    for bad in (3, True, be.xp.asarray([1, 2]), np.array([1, 2]), {"a": array(be, 1.0), "b": 3}):
        with pytest.raises(NotDifferentiableError):
            be.jacobian(lambda a: 2.0)(bad)


@clause("JAC-20")
def test_complex_arguments_and_results_are_refused(be: Backend) -> None:
    z, x = be.asarray(np.array([1.0 + 2.0j])), array(be, [1.0])
    with pytest.raises(NotDifferentiableError, match="complex"):
        be.jacobian(lambda a: be.xp.real(a))(z)
    with pytest.raises(NotDifferentiableError, match="complex"):
        be.jacobian(lambda a: be.xp.astype(a, z.dtype) * z)(x)


@clause("JAC-21")
def test_other_arguments_may_be_anything(be: Backend) -> None:
    x = array(be, [1.0, 2.0])

    def f(a: Any, names: list[str], table: Any, *, factor: float) -> Any:
        return a * factor * table * float(len(names))

    j = be.jacobian(f)(x, ["p", "q"], np.array([1.0, 10.0]), factor=3.0)
    assert_equal(be, j, [[6.0, 0.0], [0.0, 60.0]])


@clause("JAC-22")
@in_every_mode
def test_an_open_tape_differentiates_closures_and_arguments(be: Backend, mode: str) -> None:
    w, v = be.variable(3.0, dtype=be.xp.float64), be.variable([1.0, 2.0], dtype=be.xp.float64)
    with be.tape() as t:
        j = be.jacobian(lambda a: w * w * a * a, mode=mode)(v * v)  # 2w²v² on the diagonal
        total = be.xp.sum(j)
    assert_equal(be, j, [[18.0, 0.0], [0.0, 72.0]])
    gw, gv = t.grad(total, (w, v))
    assert_equal(be, gw, 60.0)
    assert_equal(be, gv, [36.0, 72.0])


@clause("JAC-23")
@in_every_mode
def test_it_nests_with_gradients(be: Backend, mode: str) -> None:
    x = array(be, [1.0, 2.0, 3.0])
    h = be.jacobian(be.grad(lambda a: a[0] * a[1] * a[2] + a[0] * a[0]), mode=mode)(x)
    assert_equal(be, h, [[2.0, 3.0, 2.0], [3.0, 0.0, 1.0], [2.0, 1.0, 0.0]])
    g = be.grad(lambda a: be.jacobian(lambda b: b * b * b, mode=mode)(a))(x)
    assert_equal(be, g, [6.0, 12.0, 18.0])
    third = be.jacobian(be.jacobian(lambda a: a * a * a, mode=mode), mode=mode)(x)
    assert_array(be, third, (3, 3, 3), be.xp.float64)
    assert_equal(be, third[1, 1, 1], 12.0)


@clause("JAC-24")
@in_every_mode
@pytest.mark.parametrize("rows", [1, 6])
def test_aux_is_returned_and_not_differentiated(be: Backend, mode: str, rows: int) -> None:
    marker = object()

    def f(a: Any) -> Any:
        return be.xp.concat([a * a] * rows), {"marker": marker, "arrays": (a * 100.0, be.xp.argmax(a)), "none": None}

    x = array(be, [1.0, 2.0])
    j, aux = be.jacobian(f, mode=mode, has_aux=True)(x)
    assert_equal(be, j, [[2.0, 0.0], [0.0, 4.0]] * rows)
    assert aux["marker"] is marker
    assert aux["none"] is None
    assert_equal(be, aux["arrays"][0], [100.0, 200.0])
    assert_equal(be, aux["arrays"][1], 1)
    assert_equal(be, be.grad(lambda a: a * aux["arrays"][0])(x), [100.0, 200.0])  # no tracer, nothing recorded
    (blocks,), _ = be.jacobian(f, argnums=(0,), mode=mode, has_aux=True)(x)
    assert_equal(be, blocks, [[2.0, 0.0], [0.0, 4.0]] * rows)


@clause("JAC-26")
def test_argnames_names_arguments_however_they_are_passed(be: Backend) -> None:
    x, y = array(be, [2.0, 3.0]), array(be, 5.0)
    by_y, by_x = be.jacobian(lambda x, y: x * x * y, argnames=("y", "x"))(x, y=y)
    assert_equal(be, by_y, [4.0, 9.0])
    assert_equal(be, by_x, [[20.0, 0.0], [0.0, 30.0]])
