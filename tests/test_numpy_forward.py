"""Forward mode of the NumPy engine: against the oracle, at kinks, and what it does to memory, contexts and warnings."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_numpy import Array, _forward, _rule
from autodiff_numpy._tables import FUNCTIONS as RECORDING
from autodiff_numpy._tables import RECORDER
from autodiff_spec import oracle
from autodiff_spec.conformance._calls import Call, leaves
from autodiff_spec.conformance.functions import FUNCTIONS, Function, Variant
from autodiff_spec.conformance.kinks.model import KINKS, Kink
from autodiff_spec.core.engine import Engine

be = ad.backend("numpy")
xp = be.xp


def numbers(shape: Any, shift: int = 0) -> Any:
    """Distinct numbers of both signs and of order 1."""
    return (((np.arange(int(np.prod(shape))) * 5 + 6 + shift) % 17 - 5.5) / 4).reshape(shape)


# --- against the oracle (the suite does so for first derivatives) -------------------------------------------------


@pytest.mark.parametrize(
    ("function", "variant"),
    [pytest.param(f, v, id=v.name) for f in FUNCTIONS for v in f.variants if v.real],
)
def test_forward_over_reverse_is_the_oracles_second_derivative(function: Function, variant: Variant) -> None:
    call = Call(be, function, variant, variant.shapes[0])
    exact, cotangent = call.cotangent()
    directions = call.directions()

    def gradient(*primals: Any) -> Any:
        return be.vjp(call, *primals)[1](cotangent)

    _, found = be.jvp(gradient, call.primals, directions)
    expected = oracle.hvp(variant.on_oracle, tuple(call.exact), tuple(call.for_all(directions)), exact)
    for i, product in zip(call.tracked, found, strict=True):
        call.assert_right(product, expected[i], "second", 2)


@pytest.mark.parametrize("kink", [pytest.param(kink, id=kink.point.name) for kink in KINKS])
def test_at_a_kink_both_modes_take_the_same_derivative(kink: Kink) -> None:
    point = kink.point
    space = be.extra if point.extra else xp
    primals = [point.arrays[i] for i in point.tracked]

    def f(*given: Any) -> Any:
        arguments = [float(a) if i in point.numbers else a for i, a in enumerate(point.arrays)]
        for i, primal in zip(point.tracked, given, strict=True):
            arguments[i] = primal
        return point.program(space, *arguments)

    tangents = [numbers(p.shape) for p in primals]
    with np.errstate(all="ignore"):
        value, slope = be.jvp(f, primals, tangents)
        gradients = be.vjp(f, *primals)[1](np.ones(value.shape))
    expected = sum(np.sum(g * t) for g, t in zip(gradients, tangents, strict=True))
    assert np.isfinite(expected)
    np.testing.assert_allclose(np.sum(slope), expected, rtol=1e-12, atol=1e-12)


# --- rules that write no jvp ------------------------------------------------------------------------------------


@pytest.fixture
def softened() -> Any:
    """A function of two arrays that has a vjp alone, and is neither elementwise nor linear."""

    def weighted_norm(x: Any, w: Any, axis: int = -1) -> Any:
        return np.sqrt(np.sum(w * x * x, axis=axis))

    def spread(xp: Any, g: Any, axis: int) -> Any:
        return xp.expand_dims(g, axis)

    _rule.rule(
        weighted_norm,
        lambda xp, g, x, w, ans, axis: spread(xp, g / ans, axis) * w * x,
        lambda xp, g, x, ans, axis: 0.5 * spread(xp, g / ans, axis) * x * x,
    )
    yield _rule.TRACKED.weighted_norm
    del _rule.RULES[weighted_norm], RECORDING[weighted_norm], _rule.TRACKED.weighted_norm
    del _rule.VALUES.weighted_norm


def test_a_rule_without_a_jvp_is_transposed_at_every_order(softened: Callable[..., Any]) -> None:
    x, w, dx, dw = (numbers((2, 3), shift) + 3 * (shift == 5) for shift in (0, 5, 3, 1))

    def same(x: Any, w: Any) -> Any:
        return xp.sqrt(xp.sum(w * x * x, axis=-1))

    w = np.abs(w) + 1
    for f in (lambda g: lambda a, b: be.jvp(g, (a, b), (dx, dw))[1], lambda g: be.grad(g, (0, 1))):
        for nested in (lambda g, f=f: f(g), lambda g, f=f: f(lambda a, b: be.jvp(g, (a, b), (dw, dx))[1])):
            for found, expected in zip(leaves(nested(softened)(x, w)), leaves(nested(same)(x, w)), strict=True):
                np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_a_jvp_may_not_keep_an_array_that_its_vjp_does_not() -> None:
    def twice(x: Any) -> Any:
        return 2 * x

    with pytest.raises(TypeError, match=r"jvp of twice asks for x, which its vjp does not keep"):
        _rule.rule(twice, lambda xp, g: 2 * g, jvp=lambda xp, t, x: 2 * t)


# --- what it leaves behind --------------------------------------------------------------------------------------


def test_forward_mode_keeps_neither_nodes_nor_values() -> None:
    alive: list[Any] = []

    def f(x: Any) -> Any:
        for _ in range(20):
            x = np.sin(x)
            alive.append(weakref.ref(x.value))
        return x

    gc.collect()
    gc.disable()
    try:
        be.jvp(f, (np.ones(3),), (np.ones(3),))
        assert sum(one() is not None for one in alive) <= 1  # the last one is the result
        counts = []
        for _ in range(2):
            alive.clear()
            y = np.ones(3)

            def through(x: Any) -> Any:
                first = f(x)
                counts.append(sum(one() is not None for one in alive))
                return first

            be.jvp(through, (y,), (y,))
        assert counts == [1, 1]
    finally:
        gc.enable()


@pytest.mark.parametrize("nested", ["alone", "under a tape", "under a direction", "over a gradient"])
def test_forward_mode_makes_no_reference_cycles(nested: str) -> None:
    def f(x: Any) -> Any:
        return np.sum(np.exp(x) * np.sin(x))

    def slope(x: Any) -> Any:
        return be.jvp(f, (x,), (np.ones(3),))[1]

    def run() -> Any:
        x = np.linspace(0.1, 0.3, 3)
        calls: dict[str, Callable[[], Any]] = {
            "alone": lambda: slope(x),
            "under a tape": lambda: be.grad(slope)(x),
            "under a direction": lambda: be.jvp(slope, (x,), (x,)),
            "over a gradient": lambda: be.hvp(f, (x,), (x,)),
        }
        return calls[nested]()

    run()
    gc.collect()
    gc.disable()
    try:
        run()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_an_exception_inside_leaves_nothing_open() -> None:
    x = np.ones(2)

    def fails(a: Any) -> Any:
        np.linalg.inv(np.zeros((2, 2)) * a)

    for call in (lambda: be.jvp(fails, (x,), (x,)), lambda: be._linearize(fails, [x])):
        with pytest.raises(np.linalg.LinAlgError):
            call()
        assert not RECORDER.frame().recordings


def test_derivatives_do_not_warn_where_the_value_does_not(recwarn: pytest.WarningsRecorder) -> None:
    assert np.isinf(be.jvp(np.sqrt, (np.zeros(2),), (np.ones(2),))[1]).all()
    assert np.isinf(be.grad(lambda x: be.jvp(np.sqrt, (x,), (np.ones(2),))[1])(np.zeros(2))).all()
    assert not recwarn.list
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        be.jvp(np.log, (np.zeros(2),), (np.ones(2),))


def test_directions_of_threads_do_not_meet() -> None:
    inside, found = threading.Barrier(2), {}

    def run(scale: float) -> None:
        def f(x: Any) -> Any:
            y = x * scale
            inside.wait(10)
            return y * x

        found[scale] = be.jvp(f, (np.ones(2),), (np.full(2, scale),))[1]

    threads = [threading.Thread(target=run, args=(scale,)) for scale in (2.0, 3.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    np.testing.assert_array_equal(found[2.0], [8.0, 8.0])
    np.testing.assert_array_equal(found[3.0], [18.0, 18.0])


def test_under_pause_nothing_moves() -> None:
    def f(x: Any) -> Any:
        with be.pause():
            c = x * x
        assert type(c) is not Array
        return c * x

    assert float(be.jvp(f, (np.asarray(3.0),), (np.asarray(1.0),))[1]) == 9.0


def test_a_missing_tangent_is_zero() -> None:
    def f(x: Any, y: Any) -> list[Any]:
        return [x * y, y * y]

    values, slopes = be._jvp(f, [np.asarray(2.0), np.asarray(5.0)], [np.asarray(1.0), None])
    assert [float(v) for v in values] == [10.0, 25.0]
    assert float(slopes[0]) == 5.0
    assert slopes[1] is None
    _, push = be._linearize(f, [np.asarray(2.0), np.asarray(5.0)])
    first, second = push([None, np.asarray(1.0)])
    assert (float(first), float(second)) == (2.0, 10.0)


def test_what_has_no_rule_is_refused_in_forward_mode_too() -> None:
    with pytest.raises(ad.UnsupportedError, match="no derivative rule"):
        be.jvp(np.sort_complex, (np.ones(3),), (np.ones(3),))


def test_native_and_derived_forward_mode_agree_with_variables_and_tapes_around() -> None:
    w = be.variable([1.0, 2.0, 3.0])
    x, t = np.array([0.5, -0.25, 2.0]), np.array([1.0, 3.0, -2.0])

    def f(a: Any) -> list[Any]:
        with be.tape() as inner:
            y = np.sum(np.sin(a * w) * a)
        return [inner.grad(y, w), be.stop_gradient(a) * a, y]

    def outer(forward: Callable[..., Any]) -> Any:
        with be.tape() as tape:
            _, slopes = forward(be, f, [x], [t])
            total = sum(np.sum(slope * slope) for slope in slopes)
        return slopes, tape.grad(total, w)

    (native, by_w), (derived, expected) = outer(type(be)._jvp), outer(Engine._jvp)
    for found, right in zip(native, derived, strict=True):
        np.testing.assert_allclose(be.to_numpy(found), be.to_numpy(right), rtol=1e-12)
    np.testing.assert_allclose(by_w, expected, rtol=1e-12)


def test_the_linear_map_of_a_function_evaluates_it_once() -> None:
    calls = []

    def f(x: Any) -> list[Any]:
        calls.append(x)
        return [np.sin(x)[:2] * x[2]]

    x = np.array([1.0, 2.0, 3.0])
    (value,), push = _forward.linearize(f, [x])
    columns = [push([unit])[0] for unit in np.eye(3)]
    assert len(calls) == 1
    np.testing.assert_allclose(np.stack(columns, 1), be.jacobian(lambda x: f(x)[0], mode="reverse")(x), rtol=1e-14)
    np.testing.assert_array_equal(be.to_numpy(value), np.sin(x[:2]) * 3)
