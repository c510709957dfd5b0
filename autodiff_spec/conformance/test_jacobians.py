"""Chapter JAC: ``t.jacobian``; jacobian() has a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import (
    Backend,
    NotDifferentiableError,
    ShapeMismatchError,
    TapeConsumedError,
    TapeStateError,
    UntrackedError,
    oracle,
)
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_array, assert_close, assert_equal
from autodiff_spec.conformance.strategies import dtypes, shapes, values

# Programs of two arguments of shapes (3,) and (2, 1); each derivative is a sum of few terms below 8.
PROGRAMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "a vector": lambda xp, x, y: xp.sin(x) * x,
    "a matrix": lambda xp, x, y: x * y,
    "a scalar": lambda xp, x, y: xp.sum(x * x) * y[0, 0],
    "a permuted matrix": lambda xp, x, y: xp.permute_dims(xp.cos(x) + y, (1, 0)),
    "indexed": lambda xp, x, y: xp.flip(x) * x[0],
    "an outer product": lambda xp, x, y: xp.expand_dims(x, axis=1) * x,
}


def variable(be: Backend, value: Any) -> Any:
    return be.variable(value, dtype=be.xp.float64)


@clause("JAC-01", "JAC-02")
@given(target=shapes(), source=shapes(), dtype=dtypes())
def test_the_layout_is_target_then_source(be: Backend, target: Any, source: Any, dtype: str) -> None:
    v = be.variable(np.ones(source), dtype=getattr(be.xp, dtype))
    with be.tape() as t:
        y = be.xp.sum(v) * be.xp.ones(target, dtype=getattr(be.xp, dtype))
    j = t.jacobian(y, v)
    assert_array(be, j, (*target, *source), getattr(be.xp, dtype))
    assert_equal(be, j, np.ones((*target, *source)))


@clause("JAC-03", "JAC-04")
@pytest.mark.parametrize("program", list(PROGRAMS))
@given(data=st.data())
def test_it_holds_the_derivative_of_each_element_by_each(be: Backend, program: str, data: st.DataObject) -> None:
    x, y = data.draw(values((3,))), data.draw(values((2, 1)))
    truth = oracle.jacobian(PROGRAMS[program], x, y)
    vx, vy = be.variable(x), be.variable(y)
    with be.tape() as t:
        z = PROGRAMS[program](be.xp, vx, vy)
    for j, true in zip(t.jacobian(z, (vx, vy)), truth, strict=True):
        assert_close(be.to_numpy(j), true, "float64", scale=8.0)


@clause("JAC-04")
@pytest.mark.parametrize("shape", [(), (2,), (0,)], ids=str)
def test_it_is_zeros_where_nothing_connects(be: Backend, shape: tuple[int, ...]) -> None:
    v, other = variable(be, [1.0, 2.0, 3.0]), be.variable(np.ones(shape), dtype=be.xp.float32)
    with be.tape() as t:
        y = v * v
    j = t.jacobian(y, other)
    assert_array(be, j, (3, *shape), be.xp.float32)
    assert_equal(be, j, np.zeros((3, *shape)))


@clause("JAC-05")
def test_sources_may_be_a_tree(be: Backend) -> None:
    sources = {"a": [variable(be, [1.0, 2.0])], "b": variable(be, 3.0)}
    with be.tape() as t:
        y = sources["a"][0] * sources["b"]
    j = t.jacobian(y, sources)
    assert_equal(be, j["a"][0], [[3.0, 0.0], [0.0, 3.0]])
    assert_equal(be, j["b"], [1.0, 2.0])


@clause("JAC-06", "TAPE-21")
def test_it_consumes_a_tape_that_is_not_persistent(be: Backend) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape() as t:
        y = v * v
    t.jacobian(y, v)
    for call in (t.jacobian, t.grad):
        with pytest.raises(TapeConsumedError):
            call(y, v)


@clause("JAC-06", "TAPE-22")
def test_it_leaves_a_persistent_tape_usable(be: Backend) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape(persistent=True) as t:
        y = v * v
    for _ in range(2):
        assert_equal(be, t.jacobian(y, v), [[2.0, 0.0], [0.0, 4.0]])
        assert_equal(be, t.grad(y, v), [2.0, 4.0])


@clause("JAC-07", "TAPE-24")
def test_several_targets_are_refused(be: Backend) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape() as t:
        y, z = v * v, v * 2.0
    several: list[Any] = [(y, z), [], {"y": y, "z": z}]
    for target in several:
        with pytest.raises(ShapeMismatchError):
            t.jacobian(target, v)
    assert_equal(be, t.jacobian(y, v), [[2.0, 0.0], [0.0, 4.0]])


@clause("JAC-08", "TAPE-24")
def test_it_raises_the_errors_of_grad(be: Backend) -> None:
    v, plain = variable(be, [1.0, 2.0]), be.asarray([1.0, 2.0])
    new = be.tape()
    with pytest.raises(TapeStateError):
        new.jacobian(v, v)
    with be.tape() as t:
        y = v * v
        stopped = be.stop_gradient(y)
    for target, source, error in (
        (y, plain, UntrackedError),
        (stopped, v, UntrackedError),
        (3.0, v, UntrackedError),
        (y, 3, NotDifferentiableError),
        (be.xp.argmax(plain), v, NotDifferentiableError),
    ):
        with pytest.raises(error):
            t.jacobian(target, source)
    assert_equal(be, t.jacobian(y, v), [[2.0, 0.0], [0.0, 4.0]])


@clause("JAC-09")
@given(data=st.data())
def test_contracted_with_a_cotangent_it_is_the_gradient(be: Backend, data: st.DataObject) -> None:
    x, y, weights = data.draw(values((3,))), data.draw(values((2, 1))), data.draw(values((2, 3)))
    vx, vy = be.variable(x), be.variable(y)
    with be.tape(persistent=True) as t:
        z = be.xp.sin(vx) * vy
    gradients = t.grad(z, (vx, vy), cotangent=be.asarray(weights))
    for g, j in zip(gradients, t.jacobian(z, (vx, vy)), strict=True):
        contracted = np.tensordot(weights, be.to_numpy(j), axes=2)
        assert_close(be.to_numpy(g), contracted, scale=2.0 * np.abs(weights).sum())


@clause("JAC-10", "NEST-01")
def test_the_jacobian_of_a_gradient_is_the_hessian(be: Backend) -> None:
    v = variable(be, [1.0, 2.0, 3.0])
    with be.tape() as outer:
        with be.tape() as inner:
            y = v[0] * v[1] * v[2] + v[0] * v[0]
        g = inner.grad(y, v)
    assert_equal(be, outer.jacobian(g, v), [[2.0, 3.0, 2.0], [3.0, 0.0, 1.0], [2.0, 1.0, 0.0]])


@clause("JAC-11", "TAPE-20")
def test_an_intermediate_can_be_the_source(be: Backend) -> None:
    v = variable(be, [1.0, 2.0])
    with be.tape() as t:
        x = v * v
        y = x * x
    jx, jv = t.jacobian(y, (x, v))
    assert_equal(be, jx, [[2.0, 0.0], [0.0, 8.0]])
    assert_equal(be, jv, [[4.0, 0.0], [0.0, 32.0]])
