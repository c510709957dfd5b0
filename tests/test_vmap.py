"""`vmap` by the framework's own transform: taken where it is right, a loop where it refuses, and never a difference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec.core.engine import Engine

SLICES = {"torch": 3, "tensorflow": 300}  # TensorFlow's own is slower on few


@pytest.fixture(params=list(SLICES))
def be(request: pytest.FixtureRequest) -> ad.Backend:
    return ad.backend(request.param)


def batch(be: ad.Backend, *shape: int) -> Any:
    count = SLICES[be.name]
    size = count * int(np.prod(shape))
    return be.asarray(np.linspace(-1.0, 1.0, size).reshape(count, *shape))


def looped(be: ad.Backend, f: Callable[[Any], Any], x: Any) -> Any:
    return be.to_numpy(Engine._vmap(be, lambda row: [f(row)], [x], [0])[0])


def test_the_framework_s_own_is_taken(be: ad.Backend) -> None:
    calls = []

    def f(row: Any) -> Any:
        calls.append(row)
        return be.xp.sum(be.xp.sin(row) * row)

    x = batch(be, 2)
    for function in (f, be.grad(f), lambda row: be.jvp(f, (row,), (row,))[1]):
        calls.clear()
        found = be.vmap(function)(x)
        assert len(calls) < SLICES[be.name]
        np.testing.assert_allclose(be.to_numpy(found), looped(be, function, x), rtol=1e-12)


@pytest.mark.parametrize("program", ["branch", "float", "rule", "checkpoint", "tape", "variable", "to_numpy"])
def test_what_it_refuses_is_done_by_the_loop(be: ad.Backend, program: str) -> None:
    if program == "checkpoint" and ad.Capability.CHECKPOINT not in be.capabilities:
        pytest.skip("the backend declares no CHECKPOINT")
    xp = be.xp
    rule = be.custom_vjp(lambda a: a * a)
    rule.defvjp(lambda a: (a * a, a), lambda a, g: (10.0 * a * g,))

    def tape(a: Any) -> Any:
        with be.tape() as t:
            w = t.watch(a)
            y = w * w * w
        return t.grad(y, w)

    functions: dict[str, Callable[[Any], Any]] = {
        "branch": lambda a: a * a if bool(a > 0.0) else -2.0 * a,
        "float": lambda a: a * float(a),
        "rule": lambda a: rule(a) + a,
        "checkpoint": lambda a: be.checkpoint(lambda b: xp.sin(b) * b)(a),
        "tape": tape,
        "variable": lambda a: be.variable(a) * a,
        "to_numpy": lambda a: a * float(be.to_numpy(a)),
    }
    f, x = functions[program], batch(be)
    np.testing.assert_allclose(be.to_numpy(be.vmap(f)(x)), looped(be, f, x), rtol=1e-12)
    np.testing.assert_allclose(be.to_numpy(be.vmap(be.grad(f))(x)), looped(be, be.grad(f), x), rtol=1e-12)
    whole = be.to_numpy(be.grad(lambda a: be.vmap(f)(a))(x))
    np.testing.assert_allclose(whole, looped(be, be.grad(f), x), rtol=1e-12)


def test_an_assignment_to_a_variable_inside_leaves_a_plain_value(be: ad.Backend) -> None:
    v, x = be.variable(0.5, dtype=be.xp.float64), batch(be)

    def f(a: Any) -> Any:
        be.assign(v, be.stop_gradient(a))
        return a * 2.0

    be.vmap(f)(x)
    assert float(v) == float(x[-1])


def test_tapes_see_through_it(be: ad.Backend) -> None:
    xp, x = be.xp, batch(be, 2)
    v = be.variable([2.0, 3.0], dtype=xp.float64)

    def f(row: Any) -> Any:
        return xp.sum(row * row * v * v)

    with be.tape() as outer:
        with be.tape() as inner:
            y = be.vmap(f)(x)
        first = inner.grad(y, v)
    second = outer.grad(first, v)
    squares = np.sum(be.to_numpy(x) ** 2, axis=0)
    np.testing.assert_allclose(be.to_numpy(first), 2 * squares * [2.0, 3.0])
    np.testing.assert_allclose(be.to_numpy(second), 2 * squares)

    with be.tape() as t:
        slopes = be.vmap(be.grad(f))(x)  # the slices' gradients are functions of the variable
    np.testing.assert_allclose(
        be.to_numpy(t.grad(slopes, v)), np.sum(be.to_numpy(x), axis=0) * 4 * np.array([2.0, 3.0]), atol=1e-12
    )


def test_an_inner_gradient_inside_the_batch_confuses_no_perturbations(be: ad.Backend) -> None:
    x = batch(be)

    def f(a: Any) -> Any:
        return a * be.grad(lambda b: a * b)(1.0 * a)  # a · a

    expected = 2 * be.to_numpy(x)
    np.testing.assert_allclose(be.to_numpy(be.vmap(be.grad(f))(x)), expected, atol=1e-12)
    np.testing.assert_allclose(be.to_numpy(be.grad(lambda a: be.vmap(f)(a))(x)), expected, atol=1e-12)


def test_a_rule_is_used_under_a_batched_pullback(be: ad.Backend) -> None:
    rule = be.custom_vjp(lambda a: a * a)
    rule.defvjp(lambda a: (a * a, a), lambda a, g: (10.0 * a * g,))
    x = batch(be)
    jacobian = be.to_numpy(be.jacobian(rule, mode="reverse")(x))
    np.testing.assert_allclose(jacobian, np.diag(10.0 * be.to_numpy(x)))


def test_stops_hold_inside_a_batch(be: ad.Backend) -> None:
    x = batch(be)
    found = be.vmap(be.grad(lambda a: be.stop_gradient(a * a) * a))(x)
    np.testing.assert_allclose(be.to_numpy(found), be.to_numpy(x) ** 2)


def test_results_that_are_no_floats_come_back(be: ad.Backend) -> None:
    xp, x = be.xp, batch(be, 2)

    def f(row: Any) -> Any:
        return xp.sum(row * row), {"place": xp.argmax(row), "name": "row", "given": 3.0}

    slopes = be.vmap(lambda row: be.grad(f, has_aux=True)(row)[0])(x)
    np.testing.assert_allclose(be.to_numpy(slopes), 2 * be.to_numpy(x))
    (value, aux), _ = be.vmap(lambda row: be.value_and_grad(lambda r: (xp.sum(r), xp.argmax(r)), has_aux=True)(row))(x)
    np.testing.assert_allclose(be.to_numpy(value), be.to_numpy(x).sum(axis=1))
    assert be.to_numpy(aux).tolist() == [1] * SLICES[be.name]


def test_results_are_fresh() -> None:
    import torch

    be = ad.backend("torch")
    w = torch.ones(2)
    for count in (1, 3):
        x = torch.arange(2.0 * count).reshape(count, 2)
        results = be.vmap(lambda row: (row, row, w, row.T))(x)
        memory = {array.untyped_storage().data_ptr() for array in (x, w, *results)}
        assert len(memory) == 6
        assert all(array.is_contiguous() for array in results)


def test_random_numbers_differ_from_slice_to_slice() -> None:
    import torch

    be = ad.backend("torch")
    assert len(set(be.vmap(lambda a: a + torch.rand(()))(torch.zeros(5)).tolist())) == 5
