"""The JAX adapter inside JAX's own transforms, and on several devices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from tests import fresh

jax = pytest.importorskip("jax")
jnp = jax.numpy


@pytest.fixture(scope="module")
def be() -> ad.Backend:
    return ad.backend("jax", conventions="native")


@pytest.fixture
def x() -> Any:
    return jnp.asarray([1.0, 2.0, 3.0], jnp.float32)


# --- functional operators ---------------------------------------------------------------------------------------


def sines(a: Any) -> Any:
    return jnp.sin(a) * a


OPERATORS = {
    "grad": lambda be, a: be.grad(sines)(a),
    "value_and_grad": lambda be, a: be.value_and_grad(sines)(a)[1],
    "vjp": lambda be, a: be.vjp(sines, a)[1](a)[0],
    "jvp": lambda be, a: be.jvp(sines, (a,), (a,))[1],
    "jacobian": lambda be, a: be.jacobian(sines)(a),
    "forward jacobian": lambda be, a: be.jacobian(sines, mode="forward")(a),
    "hessian": lambda be, a: be.hessian(lambda b: jnp.sum(sines(b)))(a),
    "hvp": lambda be, a: be.hvp(lambda b: jnp.sum(sines(b)), (a,), (a,))[-1],
    "vmap": lambda be, a: be.vmap(sines)(a),
    "grad of grad": lambda be, a: be.grad(lambda b: be.grad(sines)(b))(a),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_functional_operators_can_be_compiled_and_mapped(be: ad.Backend, x: Any, name: str) -> None:
    def operator(a: Any) -> Any:
        return OPERATORS[name](be, a)

    found = operator(x)
    both, close = jnp.stack([x, 2 * x]), {"rtol": 1e-5, "atol": 1e-6}  # compilation reorders: roundings of float32
    np.testing.assert_allclose(jax.jit(operator)(x), found, **close)
    np.testing.assert_allclose(jax.vmap(operator)(both)[0], found, **close)
    np.testing.assert_allclose(jax.jit(jax.vmap(operator))(both)[1], operator(2 * x), **close)


FIRST = """
import jax
import autodiff_spec as ad
gradient = jax.jit(ad.grad(lambda x: ad.xp().sum(x * x)))
for _ in range(2):
    assert gradient(jax.numpy.ones(3)).tolist() == [2.0, 2.0, 2.0]
    gradient = ad.grad(lambda x: ad.xp().sum(x * x))
"""


def test_the_adapter_may_be_loaded_in_the_midst_of_a_compilation() -> None:
    fresh.program(FIRST)


def test_a_rule_with_an_integer_argument_is_differentiated_after_its_compilation(be: ad.Backend, x: Any) -> None:
    def pull(residuals: Any, g: Any) -> Any:
        a, rows = residuals
        return jnp.zeros_like(a).at[rows].add(10.0 * g), None

    picked = be.custom_vjp(lambda a, rows: a[rows])
    picked.defvjp(lambda a, rows: (a[rows], (a, rows)), pull)
    rows = jnp.asarray([0, 2, 2])
    gradient = jax.grad(jax.jit(lambda a, rows: jnp.sum(picked(a, rows))))
    np.testing.assert_array_equal(gradient(x, rows), [10.0, 0.0, 20.0])


DEVICES = """
import jax, jax.numpy as jnp, numpy as np, autodiff_spec as ad
from jax.sharding import Mesh, NamedSharding, PartitionSpec

devices, be = jax.devices(), ad.backend("jax")
assert len(devices) == 4
rows = NamedSharding(Mesh(np.array(devices), ("rows",)), PartitionSpec("rows"))
x = jnp.arange(8.0) / 4
"""

SHARDED = """
split = jax.device_put(x, rows)
whole = lambda a: jnp.sum(jnp.sin(a) * a)
expected = np.asarray(jax.grad(whole)(x))
operators = (be.grad(whole), lambda a: be.vjp(whole, a)[1](1.0)[0], lambda a: be.value_and_grad(whole)(a)[1],
             lambda a: be.jvp(be.grad(whole), (a,), (jnp.zeros_like(a),))[0], be.jacobian(whole))
for operator in operators:
    for run in (operator, jax.jit(operator)):
        found = run(split)
        assert found.sharding.is_equivalent_to(rows, 1), found.sharding
        np.testing.assert_allclose(found, expected, rtol=1e-6)
with be.tape() as tape:
    w = tape.watch(split)
    y = be.xp.sum(be.xp.sin(w) * w)
found = tape.grad(y, w)
assert found.sharding.is_equivalent_to(rows, 1), found.sharding
assert be.variable(x, device=rows).value.sharding.is_equivalent_to(rows, 1)
np.testing.assert_allclose(found, expected, rtol=1e-6)
"""

PLACED = """
there = jax.device_put(x, devices[2])
v = be.variable(there)
with be.tape() as outer:
    with be.tape() as tape:
        y = be.xp.sum(be.xp.sin(v * 1.5) * v) + be.xp.max(v) * 2.0
    slope = tape.grad(y, v)
    square = be.xp.sum(slope * slope)
second = outer.grad(square, v)
lost = be.variable(there)
with be.tape() as tape:
    y = be.xp.sum(v) + 0.0
unconnected = tape.grad(y, lost)
functional = be.grad(lambda a: be.xp.sum(a * a))(there)
made = be.variable([1.0, 2.0], device=devices[2])
moved = be.variable(be.variable(x), device=there.device)
arrays = [v.value, made.value, moved.value, slope.value, second, functional, unconnected]
for array in (*arrays, be.extra.index(there, [0, 1])):
    assert array.devices() == {devices[2]}, array.devices()
"""


@pytest.mark.parametrize("program", [SHARDED, PLACED], ids=["sharded", "placed"])
def test_arrays_keep_their_devices(program: str) -> None:
    flags = "--xla_force_host_platform_device_count=4"
    fresh.program(DEVICES + program, XLA_FLAGS=flags, JAX_PLATFORMS="cpu")


# --- tapes --------------------------------------------------------------------------------------------------------


def derivative(be: ad.Backend, a: Any) -> Any:
    """The derivative of sin(1.5 a) a by a tape, with a constant, an index and a seed that are shared."""
    xp = be.xp
    with be.tape() as tape:
        a = tape.watch(a)
        y = xp.sum(xp.sin(a * 1.5) * a) + 0.0 * a[0]
    return tape.grad(y, a)


def expected(a: Any) -> Any:
    return jnp.sin(1.5 * a) + 1.5 * a * jnp.cos(1.5 * a)


def test_a_tape_inside_a_transform_is_right(be: ad.Backend, x: Any) -> None:
    def inner(a: Any) -> Any:
        return derivative(be, a)

    second = jax.grad(lambda a: jnp.sum(expected(a)))(x)
    np.testing.assert_allclose(jax.jit(inner)(x), expected(x), rtol=1e-5)
    np.testing.assert_allclose(jax.vmap(inner)(jnp.stack([x, x]))[1], expected(x), rtol=1e-5)
    np.testing.assert_allclose(jax.grad(lambda a: jnp.sum(inner(a)))(x), second, rtol=1e-5)
    np.testing.assert_allclose(jax.jvp(inner, (x,), (jnp.ones_like(x),))[1], second, rtol=1e-5)
    np.testing.assert_allclose(inner(x), expected(x), rtol=1e-5)


def test_constants_first_made_inside_a_transform_serve_outside(be: ad.Backend, x: Any) -> None:
    def inner(a: Any) -> Any:
        with be.tape() as tape:
            a = tape.watch(a)
            y = a[2] * 7.654321 + be.xp.sum(be.extra.at(a, 1).set(6.54321))
        return tape.grad(y, a)

    np.testing.assert_allclose(jax.jit(inner)(x), inner(x))


def test_nested_tapes_and_variables_inside_a_transform(be: ad.Backend, x: Any) -> None:
    xp, w = be.xp, be.variable(jnp.asarray([0.5, 1.0, 1.5], jnp.float32))

    def curvature(a: Any) -> Any:
        with be.tape() as outer:
            a = outer.watch(a)
            with be.tape() as inner:
                b = inner.watch(a)
                y = xp.sum(xp.sin(b * w) * w)
            first = inner.grad(y, b)
            total = xp.sum(first)
        return outer.grad(total, a)

    expected = -jnp.sin(x * w.value) * w.value**3
    np.testing.assert_allclose(curvature(x), expected, rtol=1e-5)
    np.testing.assert_allclose(jax.jit(curvature)(x), expected, rtol=1e-5)
    np.testing.assert_allclose(jax.vmap(curvature)(jnp.stack([x, x]))[0], expected, rtol=1e-5)
    third = jax.grad(lambda a: jnp.sum(curvature(a)))(x)
    np.testing.assert_allclose(third, -jnp.cos(x * w.value) * w.value**4, rtol=1e-5)


def test_a_recorded_array_that_a_transform_returns_is_refused(be: ad.Backend, x: Any) -> None:
    with be.tape() as tape:
        a = tape.watch(x)
        with pytest.raises(TypeError):
            jax.grad(lambda b: jnp.sum(b * a))(x)  # a recorded operation on a tracer gives no array of JAX


def test_a_checkpoint_leaks_no_tracer(x: Any) -> None:
    with jax.checking_leaks():
        np.testing.assert_allclose(jax.grad(ad.checkpoint(lambda a: jnp.sum(a**3)))(x), 3 * x**2)
