"""What only the JAX adapter has to do: compile, prune, refuse, and run inside JAX's own transforms."""

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


# --- compiling ------------------------------------------------------------------------------------------------


def test_the_private_dce_jaxpr_still_prunes(x: Any) -> None:
    from jax.interpreters.partial_eval import dce_jaxpr

    closed = jax.make_jaxpr(lambda g, a, b: jax.vjp(jnp.multiply, a, b)[1](g))(x, x, x)
    jaxpr, used = dce_jaxpr(closed.jaxpr, [True, False], instantiate=[True, False, False])
    assert list(used) == [True, False, True]
    assert len(jaxpr.invars) == 2
    assert len(jaxpr.outvars) == 1


@pytest.mark.parametrize(("name", "kept"), [("add", [()]), ("multiply", [(0, 1)]), ("sin", [(0,)]), ("negative", [()])])
def test_a_node_keeps_only_what_its_pullback_reads(be: ad.Backend, x: Any, name: str, kept: Any) -> None:
    function, count = getattr(be.xp, name), 2 if name in {"add", "multiply"} else 1
    with be.tape() as tape:
        y = function(*[tape.watch(x) for _ in range(count)])
    values = [[value is x for value in residuals] for _, _, residuals in y.node.edges]
    assert values == [[True] * len(kept[0])] * count


def test_windows_and_elements_at_many_places_compile_once(be: ad.Backend) -> None:
    from autodiff_jax._index import _window

    _window.cache_clear()
    a = jnp.arange(20.0)
    with be.tape() as tape:
        a = tape.watch(a)
        y = sum((be.xp.sum(a[i : i + 5]) + a[i] for i in range(15)), start=0.0)
    tape.grad(y, a)
    assert _window.cache_info().misses == 2
    assert len(_window((5,), (("slice", None, None, 1),)).plans) == 1


def test_a_python_scalar_promotes_as_in_jax(be: ad.Backend) -> None:
    half = jnp.asarray([1.0, 2.0], jnp.float16)
    with be.tape() as tape:
        a = tape.watch(half)
        y = a * 3.0 + a / 2
    assert y.dtype == jnp.float16
    assert tape.grad(y, a).dtype == jnp.float16


def test_every_array_that_diff_takes_may_be_recorded(be: ad.Backend, x: Any) -> None:
    ends = be.variable(jnp.asarray([5.0], jnp.float32))
    with be.tape() as tape:
        y = be.xp.diff(x, prepend=ends, append=ends * 2, n=2)
        total = y[0] + 3 * y[-1]
    np.testing.assert_allclose(be.to_numpy(y), np.diff(x, 2, prepend=5.0, append=10.0))
    np.testing.assert_allclose(tape.grad(total, ends), [7.0])


def test_a_variable_is_never_weakly_typed(be: ad.Backend, x: Any) -> None:
    scalar = be.variable(jnp.asarray(2.0))
    assert not scalar.value.weak_type
    be.assign(scalar, 3.0)
    assert not scalar.value.weak_type


# --- what would lose a derivative -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        lambda a, plain: jnp.sin(a),
        lambda a, plain: jnp.add(plain, a),
        lambda a, plain: jnp.stack([a, a]),
        lambda a, plain: jnp.asarray(a),
        lambda a, plain: jnp.asarray([a[0], a[1]]),
        lambda a, plain: plain.at[0].set(a[0]),
        lambda a, plain: np.asarray(a),
        lambda a, plain: np.sin(a),
        lambda a, plain: jax.jit(lambda b: b)(a),
    ],
)
def test_functions_of_jax_and_numpy_refuse_recorded_arrays(be: ad.Backend, x: Any, use: Any) -> None:
    variable = be.variable(x)
    with be.tape():
        for recorded in (variable, variable * 1.0):
            with pytest.raises((TypeError, ValueError)):
                use(recorded, x)


def test_operators_with_plain_arrays_on_the_left_record(be: ad.Backend, x: Any) -> None:
    variable = be.variable(x)
    with be.tape() as tape:
        y = (x @ variable) * 1.0 + np.ones(3, np.float32) @ variable + jnp.sum(x) * variable[0]
    np.testing.assert_allclose(tape.grad(y, variable), x + 1 + jnp.asarray([6.0, 0, 0]))


def test_float64_is_refused_where_jax_would_narrow_it() -> None:
    program = """
import numpy as np, jax, autodiff_spec as ad
be = ad.backend("jax")
assert not jax.config.jax_enable_x64
for make in (lambda: be.variable(np.ones(2)), lambda: be.variable(1.0, dtype=be.xp.float64),
             lambda: be.grad(lambda x: x)(np.ones(2)), lambda: be.xp.asarray(np.ones(2))):
    try:
        make()
    except ad.DtypeError as error:
        assert "JAX_ENABLE_X64" in str(error) and "dtype=" in str(error)
    else:
        raise AssertionError("narrowed")
assert be.variable(1.0).dtype == np.float32
assert be.variable(np.ones(2), dtype=be.xp.float32).dtype == np.float32
"""
    fresh.program(program, JAX_ENABLE_X64="0")


# --- functional operators ---------------------------------------------------------------------------------------


def test_complex_gradients_are_the_conjugates_of_those_of_jax(be: ad.Backend) -> None:
    z = jnp.asarray([1 + 2j, 3 - 1j], jnp.complex64)

    def loss(z: Any) -> Any:
        return be.xp.sum(be.xp.imag(z * z))

    with be.tape() as tape:
        w = tape.watch(z)
        y = loss(w)
    native = jnp.conj(jax.grad(loss)(z))
    np.testing.assert_allclose(tape.grad(y, w), native)
    np.testing.assert_allclose(be.grad(loss)(z), native)


def test_auxiliary_results_are_no_leaked_tracers(be: ad.Backend, x: Any) -> None:
    _, aux = be.grad(lambda a: (jnp.sum(a * a), {"double": a * 2, "where": jnp.argmax(a)}), has_aux=True)(x)
    assert aux["double"].tolist() == [2, 4, 6]
    assert int(aux["where"]) == 2


# --- native functions -------------------------------------------------------------------------------------------


def branching(a: Any) -> Any:
    return jnp.sum(a**3) if a[0] > 0 else jnp.sum(a)


@pytest.mark.parametrize("native", [branching, lambda a: jnp.sum(a**3), jax.jit(lambda a: jnp.sum(a**3))])
def test_a_lifted_function_is_differentiated_twice(be: ad.Backend, x: Any, native: Any) -> None:
    variable = be.variable(x)
    with be.tape() as outer:
        with be.tape() as tape:
            y = be.lift(native)(variable * 1.0)
        first = tape.grad(y, variable)
    np.testing.assert_allclose(be.to_numpy(first), 3 * x**2)
    np.testing.assert_allclose(outer.grad(first, variable), 6 * x)


def test_a_lifted_function_returns_trees(be: ad.Backend, x: Any) -> None:
    variable = be.variable(x)
    with be.tape() as tape:
        found = be.lift(jax.jit(lambda a: {"square": a * a, "place": jnp.argmax(a)}))(variable)
    assert isinstance(found["place"], jax.Array)
    np.testing.assert_allclose(tape.grad(found["square"], variable), 2 * x)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_lifted_function_takes_trees_and_keywords(be: ad.Backend, x: Any, compiled: bool) -> None:
    def native(layer: Any, *, scale: Any, power: int, names: Any = ("w",)) -> Any:
        return sum(jnp.sum(layer[name] ** power) for name in names) * scale + layer["b"][1]

    if compiled:
        native = jax.jit(native, static_argnames=("power", "names"))
    w, scale, b = be.variable(x), be.variable(jnp.float32(2)), be.variable(jnp.float32(5))
    with be.tape() as tape:
        y = be.lift(native)({"w": w, "b": (x, b)}, scale=scale, power=3, names=("w",))
    found = tape.grad(y, {"w": w, "scale": scale, "b": b})
    np.testing.assert_allclose(found["w"], 6 * x**2, rtol=1e-6)
    np.testing.assert_allclose(found["scale"], jnp.sum(x**3), rtol=1e-6)
    np.testing.assert_allclose(found["b"], 1)
    plain = be.lift(native)({"w": x, "b": (x, jnp.float32(5))}, scale=2.0, power=3, names=("w",))
    assert isinstance(plain, jax.Array)
    np.testing.assert_allclose(plain, y.value, rtol=1e-6)


def test_a_lifted_function_sees_the_values_of_its_call(be: ad.Backend, x: Any) -> None:
    factor, variable = be.variable(jnp.float32(2)), be.variable(x)
    lifted = be.lift(lambda a: jnp.sum(a * factor.value))
    with be.tape() as tape:
        y = lifted(variable)
    be.assign(factor, 100.0)
    np.testing.assert_allclose(tape.grad(y, variable), [2, 2, 2])
    with be.tape() as tape:
        y = lifted(variable)
    np.testing.assert_allclose(tape.grad(y, variable), [100, 100, 100])


def test_what_jax_cannot_differentiate_runs_and_says_so_when_differentiated(be: ad.Backend, x: Any) -> None:
    with be.tape() as tape:
        a = tape.watch(x)
        y = be.xp.nextafter(a, x + 1)
    assert bool(jnp.all(y.value > x))
    with pytest.raises(ad.UnsupportedError, match=r"nextafter.*stop_gradient"):
        tape.grad(y, a)
