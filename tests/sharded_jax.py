"""Checks of sharded arrays on JAX, for processes that have the devices: ``python -m tests.sharded_jax [RANK PORT]``.

Alone on eight virtual CPU devices, or as one of two processes of one device each, connected on loopback; prints as JSON
what each check said, nothing where it passed.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from jax import numpy as jnp
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

import autodiff_spec as ad
from autodiff_spec import Backend

ALONE: dict[str, Callable[[], None]] = {}
OF_TWO: dict[str, Callable[[], None]] = {}

X = np.random.default_rng(0).normal(size=(16, 8))
W = np.random.default_rng(1).normal(size=(8,))


def alone(check: Callable[[], None]) -> Callable[[], None]:
    ALONE[check.__name__] = check
    return check


def of_two(check: Callable[[], None]) -> Callable[[], None]:
    OF_TWO[check.__name__] = check
    return check


def both(check: Callable[[], None]) -> Callable[[], None]:
    return of_two(alone(check))


def laid(*axes: str | None, explicit: bool = False) -> NamedSharding:
    """A sharding over all devices: an axis of the array for each argument, cut along the mesh's axis or not."""
    kind = AxisType.Explicit if explicit else AxisType.Auto
    return NamedSharding(jax.make_mesh((len(jax.devices()),), ("parts",), axis_types=(kind,)), P(*axes))


def backends() -> list[Backend]:
    return [ad.backend("jax", "native"), ad.backend("jax", "spec")]


def lies(found: Any, sharding: NamedSharding) -> bool:
    return found.sharding.is_equivalent_to(sharding, found.ndim)


def whole(x: Any) -> Any:
    """The values of an array, wherever they are."""
    return np.asarray(jax.jit(lambda x: x, out_shardings=laid())(x))


def on_tape(be: Backend, f: Callable[[Any], Any], x: Any) -> Any:
    with be.tape() as t:
        x = t.watch(x)
        y = f(x)
    return t.grad(y, x)


# --- where things lie -------------------------------------------------------------------------------------------------


@both
def assigning_keeps_the_sharding() -> None:
    rows, columns = laid("parts"), laid(None, "parts")
    for be in backends():
        variable = be.variable(jax.device_put(X, rows))
        elsewhere = [jax.device_put(2 * X, columns), jax.device_put(2 * X, laid())]
        for value in (2 * X, (2 * X).tolist(), jnp.asarray(2 * X), *elsewhere):
            be.assign(variable, X)
            be.assign(variable, value)
            assert lies(variable.value, rows)
            np.testing.assert_array_equal(whole(variable.value), 2 * X)


@alone
def assigning_keeps_the_device() -> None:
    device = jax.devices()[3]
    variable = ad.backend("jax").variable(jax.device_put(X, device))
    ad.backend("jax").assign(variable, jax.device_put(2 * X, laid("parts")))
    assert variable.value.devices() == {device}
    np.testing.assert_array_equal(variable.value, 2 * X)


@alone
def what_jax_may_move_goes_where_it_is_needed() -> None:
    be = ad.backend("jax")
    variable = be.variable(np.zeros(8))
    with be.tape() as t:
        loss = be.xp.mean((jax.device_put(X, laid("parts")) @ variable - 1.0) ** 2)
    be.assign(variable, -t.grad(loss, variable))
    np.testing.assert_allclose(whole(variable.value), X.T @ np.ones(16) / 8, rtol=1e-12)


@both
def a_training_loop_is_numpys() -> None:
    y = np.sign(X @ W)
    for be in backends():
        x, w = jax.device_put(X, laid("parts")), be.variable(jax.device_put(np.zeros(8), laid()))
        sign = jax.device_put(y, laid("parts"))
        for _ in range(3):
            with be.tape() as t:
                loss = be.xp.mean((be.xp.tanh(x @ w) - sign) ** 2) / 2
            slope = t.grad(loss, w)
            assert lies(slope, laid())
            be.assign(w, w.value - slope)
            assert lies(w.value, laid())
        np.testing.assert_allclose(whole(w.value), loop_by_hand(y), rtol=1e-12)


def loop_by_hand(y: Any) -> Any:
    w = np.zeros(8)
    for _ in range(3):
        t = np.tanh(X @ w)
        w = w - X.T @ ((t - y) * (1 - t**2)) / 16
    return w


@both
def gradients_by_parameters_in_parts_are_in_these_parts() -> None:
    parts = laid("parts")
    x, w = jax.device_put(X, laid("parts")), jax.device_put(W, parts)
    slope = 2 * X.T @ (X @ W) / 16
    for be in backends():

        def loss(w: Any, be: Backend = be) -> Any:
            return be.xp.mean((x @ w) ** 2)

        found = on_tape(be, loss, w)
        assert lies(found, parts)
        np.testing.assert_allclose(whole(found), slope, rtol=1e-12)
        assert lies(be.grad(loss)(w), parts) == (be.conventions == "spec")


# --- explicit axes ----------------------------------------------------------------------------------------------------


Derivative = Callable[[Backend, Callable[[Any], Any]], Callable[[Any], Any]]
"""A function of a backend and of f that gives a derivative of f, as a function of the array at which it is taken."""

DERIVATIVES: dict[str, Derivative] = {
    "gradient": lambda be, f: be.grad(total(be, f)),
    "gradient_on_a_tape": lambda be, f: lambda a: on_tape(be, total(be, f), a),
    "gradient_of_an_array_on_a_tape": lambda be, f: lambda a: on_tape(be, f, a),
    "second_gradient": lambda be, f: be.grad(lambda a: be.xp.sum(be.grad(total(be, f))(a) ** 2)),
    "jacobian": lambda be, f: be.jacobian(f),
    "jacobian_forward": lambda be, f: be.jacobian(f, mode="forward"),
    "hessian": lambda be, f: be.hessian(total(be, f)),
    "product_with_the_hessian": lambda be, f: lambda a: be.hvp(total(be, f), (a,), (a,))[0],
}


def total(be: Backend, f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda a: be.xp.sum(f(a) ** 2)


def product(be: Backend, x: Any) -> Callable[[Any], Any]:
    return lambda w: be.xp.tanh(be.xp.matmul(x, w))


def by_rows(be: Backend, x: Any) -> Callable[[Any], Any]:
    return lambda a: be.extra.softmax(a, axis=1) * be.xp.sin(a) + be.xp.mean(a * x, axis=0)


def explicitly(name: str, derivative: Derivative, values: Any, cut: bool, f: Any) -> None:
    """Enter a check: a derivative with explicit shardings is that of whole arrays, on both flavours."""

    def check() -> None:
        rows = laid("parts", explicit=True)
        for be in backends():
            expected = derivative(be, f(be, jnp.asarray(X)))(jnp.asarray(values))
            with jax.set_mesh(rows.mesh):
                source = jax.device_put(values, rows if cut else NamedSharding(rows.mesh, P()))
                found = derivative(be, f(be, jax.device_put(X, rows)))(source)
                found = jax.sharding.reshard(found, P(*[None] * found.ndim))
            np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-12, atol=1e-12)

    ALONE[name] = check


for _name, _derivative in DERIVATIVES.items():
    explicitly(f"explicit_{_name}_by_whole_parameters", _derivative, W, False, product)
    explicitly(f"explicit_{_name}_by_parameters_in_parts", _derivative, W, True, product)
    explicitly(f"explicit_{_name}_by_data_in_parts", _derivative, X, True, by_rows)


@alone
def a_lifted_product_says_where_its_result_lies() -> None:
    sharding = laid("parts", explicit=True)
    for be in backends():
        square = be.lift(lambda x: jnp.matmul(x.T, x, out_sharding=P()))
        with jax.set_mesh(sharding.mesh):
            found = on_tape(be, lambda x, xp=be.xp, square=square: xp.sum(square(x) ** 2), jax.device_put(X, sharding))
            assert lies(found, sharding)
        np.testing.assert_allclose(np.asarray(found), 4 * X @ (X.T @ X), rtol=1e-12)


@alone
def cotangents_that_are_missing_are_zeros_of_that_sharding() -> None:
    sharding = laid("parts", explicit=True)
    for be in backends():
        two = be.lift(lambda x: (jnp.sin(x), jnp.cos(x)))
        with jax.set_mesh(sharding.mesh):
            found = on_tape(be, lambda x, xp=be.xp, two=two: xp.sum(two(x)[0] ** 2), jax.device_put(X, sharding))
        np.testing.assert_allclose(np.asarray(found), np.sin(2 * X), rtol=1e-12, atol=1e-15)


# --- what is refused, or gathered -------------------------------------------------------------------------------------


@both
def a_shard_map_is_lifted_or_refused() -> None:
    rows = laid("parts")
    x = jax.device_put(X[:, 0], rows)

    def scaled(part: Any) -> Any:
        return part * jax.lax.psum(jnp.sum(part), "parts")

    f = jax.shard_map(scaled, mesh=rows.mesh, in_specs=P("parts"), out_specs=P("parts"))
    slope = 2 * np.sum(X[:, 0])  # of (sum x)²
    for be in backends():
        xp, lifted = be.xp, be.lift(f)
        with pytest.raises(ad.LostDerivativeError, match=r"be\.lift\(jax\.shard_map"):
            on_tape(be, lambda a, xp=xp: xp.sum(f(a)), x)
        found = on_tape(be, lambda a, xp=xp, lifted=lifted: xp.sum(lifted(a)), x)
        np.testing.assert_allclose(whole(found), np.full(16, slope), rtol=1e-12)


@alone
def a_derivative_inside_a_shard_map_is_right_or_refused() -> None:
    rows = laid("parts")
    x = jax.device_put(X, rows)
    functions = {
        "powers": (lambda xp: lambda p: xp.sum(p**2), 2 * X),
        "sines": (lambda xp: lambda p: xp.sum(xp.sin(p)), np.cos(X)),
        "scaled": (lambda xp: lambda p: xp.sum(xp.exp(p) * 2), 2 * np.exp(X)),
        "constants": (lambda xp: lambda p: xp.sum(p * W), np.broadcast_to(W, X.shape)),
    }
    for be in backends():
        for name, (f, expected) in functions.items():
            for checked, mapped in {
                True: jax.shard_map(be.grad(f(be.xp)), mesh=rows.mesh, in_specs=P("parts"), out_specs=P("parts")),
                False: jax.jit(
                    jax.shard_map(
                        be.grad(f(be.xp)), mesh=rows.mesh, in_specs=P("parts"), out_specs=P("parts"), check_vma=False
                    )
                ),
            }.items():
                try:
                    found = mapped(x)
                except ad.UnsupportedError as error:
                    refused = str(error)
                else:
                    np.testing.assert_allclose(whole(found), expected, rtol=1e-12)
                    continue
                assert checked, f"{name}: the remedy is refused"
                assert be.conventions == "spec"
                assert "be.lift(jax.shard_map(f, ...))" in refused
                assert "check_vma=False" in refused
    be = ad.backend("jax", "spec")
    total = be.lift(lambda p: jax.lax.psum(jnp.sum(p**2), "parts"))
    with pytest.raises(ad.UnsupportedError, match=r"inside jax\.shard_map"):
        jax.shard_map(be.grad(total), mesh=rows.mesh, in_specs=P("parts"), out_specs=P("parts"))(x)
    outside = be.lift(
        jax.shard_map(lambda p: jnp.sum(p**2)[None], mesh=rows.mesh, in_specs=P("parts"), out_specs=P("parts"))
    )
    np.testing.assert_allclose(whole(be.grad(lambda a: be.xp.sum(outside(a)))(x)), 2 * X, rtol=1e-12)


@alone
def what_jax_does_not_do_along_a_cut_axis_is_refused_with_a_remedy() -> None:
    sharding = laid("parts", explicit=True)
    for be in backends():
        xp = be.xp
        whole_of = be.lift(lambda x: jax.sharding.reshard(x, P()))
        for f in (
            lambda a, xp=xp: xp.sum(a[:3] ** 2),
            lambda a, xp=xp: a[3, 2] * 2,
            lambda a, xp=xp: xp.sum(xp.sort(a, axis=0) * X),
            lambda a, xp=xp: xp.sum(xp.roll(a, 1, axis=0) ** 2),
            lambda a, xp=xp: xp.sum(xp.cumulative_sum(a, axis=0) ** 2),
            lambda a, xp=xp: xp.sum((a.T @ a) ** 2),
        ):
            with jax.set_mesh(sharding.mesh):
                x = jax.device_put(X, sharding)
                with pytest.raises(ad.UnsupportedError, match=r"jax\.sharding\.reshard\(x, P\(\)\)"):
                    be.grad(f)(x)
                with pytest.raises(ad.UnsupportedError, match=r"out_sharding="):
                    on_tape(be, f, x)
                found = on_tape(be, lambda a, f=f, whole_of=whole_of: f(whole_of(a)), x)
                assert lies(found, sharding)
            np.testing.assert_allclose(np.asarray(found), be.grad(f)(jnp.asarray(X)), rtol=1e-12, atol=1e-14)


@alone
def constants_made_inside_of_a_mesh_stay_there() -> None:
    rows, explicit = laid("parts"), laid(explicit=True)
    for be in backends():
        xp = be.xp

        def f(a: Any, xp: Any = xp) -> Any:
            return xp.sum(a[2:5] * 1.375 + a[1] ** 7)  # numbers and places that nothing else here has

        def cubes(p: Any, xp: Any = xp) -> Any:
            return xp.sum(xp.exp(p) * 0.8125 + p[1, 3])

        with jax.set_mesh(explicit.mesh):
            inside = on_tape(be, f, jax.device_put(X, explicit))
        mapped = jax.shard_map(
            lambda p, be=be, cubes=cubes: on_tape(be, cubes, p),
            mesh=rows.mesh, in_specs=P("parts"), out_specs=P("parts"), check_vma=False,
        )  # fmt: skip
        of_parts = whole(mapped(jax.device_put(X, rows)))
        for derivative in (be.grad(f), lambda x, be=be, f=f: on_tape(be, f, x)):
            np.testing.assert_allclose(np.asarray(derivative(jnp.asarray(X))), whole(inside), rtol=1e-15)
        expected = 0.8125 * np.exp(X)
        expected[1::2, 3] += 16  # the element stands in all sixteen terms of its part
        np.testing.assert_allclose(of_parts, expected, rtol=1e-15)
        once = on_tape(be, lambda a, cubes=cubes: cubes(a), jnp.asarray(X[:2]))
        np.testing.assert_allclose(np.asarray(once), expected[:2], rtol=1e-15)


@alone
def a_recorded_array_says_where_it_lies() -> None:
    rows = laid("parts")
    x = jax.device_put(X, rows)
    for be in backends():
        with be.tape() as t:
            v = t.watch(x)
            assert v.sharding == rows
            assert v.devices() == x.devices()
            assert v.is_fully_addressable
            assert not v.is_fully_replicated
            y = be.xp.sum(v.block_until_ready() ** 2)
            for parts in ("addressable_shards", "global_shards", "addressable_data"):
                with pytest.raises(ad.LostDerivativeError, match=rf"x\.{parts} would lose"):
                    getattr(v, parts)
            with pytest.raises(ad.UnsupportedError, match=r"be\.lift\(lambda x, v: x\.at"):
                v.at[0].set(1.0)
        np.testing.assert_allclose(whole(t.grad(y, v)), 2 * X, rtol=1e-15)
        assert len(v.addressable_shards) == len(jax.devices())  # its tape is closed


@alone
def arrays_on_different_devices_are_refused() -> None:
    here, there = (jax.device_put(W, device) for device in jax.devices()[:2])
    x = jax.device_put(X, laid("parts"))
    for be in backends():
        for other, function in ((there, be.xp.multiply), (x, be.xp.matmul)):

            def f(a: Any, xp: Any = be.xp, other: Any = other, function: Any = function) -> Any:
                return xp.sum(function(other, a))

            with pytest.raises(ad.DeviceError, match=r"jax\.device_put\(x, y\.sharding\)"):
                be.grad(f)(here)
            with pytest.raises(ad.DeviceError, match=r"jax\.device_put\(x, y\.sharding\)"):
                on_tape(be, f, here)


@both
def values_in_other_processes_are_refused() -> None:
    be = ad.backend("jax")
    x = jax.device_put(X, laid("parts"))
    if jax.process_count() == 1:
        np.testing.assert_array_equal(be.to_numpy(x), X)
        assert be.check_grad(lambda x: be.xp.sum(be.xp.sin(x) * x), x)
        return
    with pytest.raises(ad.DeviceError, match="process_allgather"):
        be.to_numpy(x)
    with pytest.raises(ad.DeviceError, match="process_allgather"):
        be.check_grad(lambda x: be.xp.sum(x * x), x)
    np.testing.assert_array_equal(be.to_numpy(jax.device_put(X, laid())), X)
    from jax.experimental.multihost_utils import process_allgather

    np.testing.assert_array_equal(process_allgather(x, tiled=True), X)


def main(arguments: list[str]) -> None:
    checks = ALONE
    if arguments:
        rank, port = map(int, arguments)
        jax.distributed.initialize(f"127.0.0.1:{port}", 2, rank, initialization_timeout=60, shutdown_timeout_seconds=60)
        checks = OF_TWO
    said = {}
    for name, check in checks.items():
        try:
            check()
            said[name] = ""
        except Exception:  # whatever it is, the report says it
            said[name] = traceback.format_exc()
    print(json.dumps({"devices": len(jax.devices()), "said": said}))


if __name__ == "__main__":
    main(sys.argv[1:])
