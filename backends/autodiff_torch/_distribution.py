"""Arrays in parts on PyTorch, for the clauses of chapter DIST: `DTensor`s on a mesh of all processes there are."""

from __future__ import annotations

import atexit
import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from unittest import SkipTest

import torch
from torch import distributed
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor
from torch.distributed.tensor import ones as distributed_ones
from torch.distributed.tensor.experimental import local_map
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.module_tracker import ModuleTracker

Function = Callable[[Any], Any]


def _again(x: Any) -> Any:
    return DTensor.from_local(x.to_local(), x.device_mesh, x.placements, shape=x.shape, stride=x.stride())


OWN: dict[str, Function] = {
    "redistribute": lambda x: x.redistribute(placements=[Replicate()]),
    "full_tensor": lambda x: x.full_tensor(),
    "to_local": _again,
    "local_map": lambda x: local_map(torch.positive, list(x.placements), device_mesh=x.device_mesh)(x),
    "distribute_tensor": lambda x: distribute_tensor(x, x.device_mesh, [Replicate()]),
}
UNKNOWN: dict[str, Function] = {}
GONE: dict[str, Function] = {}


@functools.cache
def _mesh() -> Any:
    if not distributed.is_initialized():
        alone = distributed.HashStore()  # type: ignore[attr-defined]
        distributed.init_process_group("gloo", store=alone, rank=0, world_size=1)
        atexit.register(distributed.destroy_process_group)
    return init_device_mesh("cpu", (distributed.get_world_size(),))


def spread(array: Any, axis: int = 0) -> Any:
    """A `DTensor` of a part for each process, along an axis."""
    return distribute_tensor(array.detach(), _mesh(), [Shard(axis)])


def whole(array: Any) -> Any:
    """A `DTensor` of which each process has all."""
    return distribute_tensor(array.detach(), _mesh(), [Replicate()])


def ones(size: int) -> Any:
    """Ones that each process makes for itself."""
    if _mesh().size() == 1:
        raise SkipTest("one process alone holds all of it; python -m tests.two_processes runs the suite in two")
    return distributed_ones(size, dtype=torch.float64, device_mesh=_mesh(), placements=[Shard(0)])


def placement(array: Any) -> object:
    """The mesh and the placements; None of a plain tensor."""
    array = getattr(array, "_value", array)
    return (array.device_mesh, array.placements) if isinstance(array, DTensor) else None


def held(array: Any) -> int:
    """The bytes that this process holds."""
    value = array.detach()
    return int((value.to_local() if isinstance(value, DTensor) else value).nbytes)


def untouched() -> AbstractContextManager[Any]:
    """A context in which no derivative may gather; what the function does, also again in a checkpoint, is its own."""
    return _Ungathered()


class _Ungathered(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if any(issubclass(kind, DTensor) for kind in types):
            return NotImplemented  # what it does with its parts comes by here again
        if "gather" in str(func) and ModuleTracker().is_bw and not torch.is_grad_enabled():
            raise AssertionError(f"a derivative gathered a tensor in parts, by {func}")
        return func(*args, **(kwargs or {}))
