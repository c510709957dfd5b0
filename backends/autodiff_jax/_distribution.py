"""Arrays in parts on JAX, for the clauses of chapter DIST: over the first two devices that there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import SkipTest

import jax
from jax import numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from autodiff_jax._array import plain
from autodiff_jax._lift import lift
from autodiff_spec import DeviceError

Function = Callable[[Any], Any]
_AXIS = "parts"
_PARTS = 2


def _sharding(*axes: str | None) -> NamedSharding:
    devices = jax.devices()
    if len(devices) < _PARTS:
        raise SkipTest("JAX has one device here: set JAX_NUM_CPU_DEVICES=2 before it is loaded")
    return NamedSharding(Mesh(devices[:_PARTS], (_AXIS,)), PartitionSpec(*axes))


def _mapped(x: Any) -> Any:
    spec = PartitionSpec(_AXIS)
    return jax.shard_map(jnp.positive, mesh=_sharding().mesh, in_specs=spec, out_specs=spec)(x)


_OWN: dict[str, Function] = {
    "device_put": lambda x: jax.device_put(x, _sharding()),
    "with_sharding_constraint": lambda x: jax.lax.with_sharding_constraint(x, _sharding(None, _AXIS)),
    "shard_map": _mapped,
    "jit": lambda x: jax.jit(jnp.positive, out_shardings=_sharding())(x),
}
OWN: dict[str, Function] = {**_OWN, **{f"lifted {name}": lift(function) for name, function in _OWN.items()}}
UNKNOWN: dict[str, Function] = {}


def _deleted(x: Any) -> Any:
    x.delete()
    return x


GONE: dict[str, Function] = {"donated": _deleted}


def spread(array: Any, axis: int = 0) -> Any:
    """The array with an axis cut over the devices."""
    return jax.device_put(plain(array), _sharding(*(_AXIS if i == axis else None for i in range(array.ndim))))


def whole(array: Any) -> Any:
    """The array as it is, which JAX lays beside another."""
    return array


def ones(size: int) -> Any:
    """Ones that each device makes of its own."""
    return jnp.ones(size, device=_sharding(_AXIS))


def placement(array: Any) -> object:
    """Which elements lie on which device, however that is written."""
    value = plain(array)
    found = value.sharding.devices_indices_map(value.shape)
    return {
        device.id: [part.indices(size) for part, size in zip(index, value.shape, strict=True)]
        for device, index in found.items()
    }


def held(array: Any) -> int:
    """The bytes of the largest part."""
    return max(int(shard.data.nbytes) for shard in plain(array).addressable_shards)


@contextmanager
def untouched() -> Iterator[None]:
    """A context in which no array in parts gives its values to the host; JAX's own guard does not see that on CPUs."""
    array: Any = type(jnp.zeros(()))
    right = array._value

    def value(self: Any) -> Any:
        if len(self.sharding.device_set) > 1 and not self.is_fully_replicated:
            raise DeviceError("an array in parts was gathered")
        return right.fget(self)

    array._value = property(value)
    try:
        yield
    finally:
        array._value = right
