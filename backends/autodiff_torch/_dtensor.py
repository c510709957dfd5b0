"""Tensors in parts, `torch.distributed.tensor.DTensor`: what they ask for beyond a tensor's own functions.

Autograd differentiates them as it does others, and each process runs the same program. What talks to the other
processes here is `lying_as` for a value that lies otherwise, and `whole`; all processes have to come to them.
"""

from __future__ import annotations

import sys
from typing import Any

import torch

from autodiff_spec import AutodiffError, ComputationError, UnsupportedError
from autodiff_spec.core.lost import raise_replaced

_GONE = (
    ComputationError,
    "a process of the group is gone, or did not come to the same call in time; start all of them again, from a "
    "checkpoint, and call in all what gathers: to_numpy(), check_grad()",
)

EXPLAINED: dict[str, tuple[type[AutodiffError], str]] = {
    "got mixed torch.Tensor and DTensor": (
        UnsupportedError,
        "a DTensor meets a plain tensor, of which each process may have another; distribute that too: "
        "distribute_tensor(t, x.device_mesh, [Replicate()]); where no such tensor is yours, PyTorch "
        "made it, so compute on the whole: x.full_tensor()",
    ),
    "on inputs with different meshes": (
        UnsupportedError,
        "DTensors of two meshes meet; bring one to the other's: "
        "distribute_tensor(y.full_tensor(), x.device_mesh, x.placements)",
    ),
    "should be used to distribute leaf tensors": (
        UnsupportedError,
        "distribute_tensor() would cut a recorded tensor off from its derivative; distribute it outside of what is "
        "recorded, or write DTensor.from_local(t, mesh, [Replicate()]).redistribute(placements=...)",
    ),
    "does not have a sharding strategy registered": (
        UnsupportedError,
        "PyTorch cannot compute an operation on a DTensor, which the chained error names; compute it on the whole, "
        "x.full_tensor(), or on each part, torch.distributed.tensor.experimental.local_map()",
    ),
    "argument only accepts torch.Tensor but got <class 'torch.distributed.tensor.DTensor'>": (
        UnsupportedError,
        "what x.to_local() gave, which is plain, met a DTensor; compute on x itself, or on the whole: x.full_tensor()",
    ),
    "out variant should have at least one out arg": (
        UnsupportedError,
        "PyTorch cannot take this derivative on a DTensor; compute on the whole: x.full_tensor()",
    ),
    "Sharding propagation failed": (
        UnsupportedError,
        "PyTorch cannot compute an operation on a DTensor in these parts, which the chained error names; lay it "
        "otherwise before: x.redistribute(placements=[Replicate()]), or, where that is refused too, "
        "compute on the whole: x.full_tensor()",
    ),
    "Connection closed by peer": _GONE,
    "Connection reset by peer": _GONE,
    "Timed out waiting": _GONE,
    "caused pair closure": _GONE,
    "is not supported for tensor subclasses": (
        UnsupportedError,
        "a function asks a DTensor for values that no process has alone; compute it on the whole, x.full_tensor()",
    ),
}
"""What PyTorch says of tensors in parts -> the error, and the words, that say what to write."""


def is_one_of_several() -> bool:
    """Whether this process belongs to a group, perhaps of itself alone, in which tensors can lie in parts."""
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def is_dtensor(array: Any) -> bool:
    """Whether a tensor is one in parts; who has one has imported their package, which takes half a second."""
    package = sys.modules.get("torch.distributed.tensor")
    return package is not None and isinstance(array, package.DTensor)


def memory(array: Any) -> int:
    """The address of what this process holds of a tensor; 0 where it holds nothing."""
    local = array.detach().to_local() if is_dtensor(array) else array
    return int(local.untyped_storage().data_ptr()) if local.data_ptr() else 0


def whole(array: Any) -> Any:
    """The tensor, gathered from all processes where it is one in parts."""
    if not is_dtensor(array):
        return array
    try:
        return array.full_tensor()
    except RuntimeError as error:
        raise_replaced(error)
        raise


def lying_as(array: Any, like: Any) -> Any:
    """The values of ``array`` where ``like``, of its shape, lies; of a plain tensor those of the mesh's first process.

    Raises:
        UnsupportedError: the two lie on different meshes, or ``like`` is a sum of what the processes hold.
    """
    if not is_dtensor(like):
        return whole(array)
    if any(placement.is_partial() for placement in like.placements):
        raise UnsupportedError(
            "a DTensor that is the sum of parts (Partial) cannot be given a value; make the variable of "
            "x.redistribute(placements=[Replicate()])"
        )
    if not is_dtensor(array):
        return _distributed(array, like.device_mesh, like.placements)
    if array.device_mesh != like.device_mesh:
        kind, words = EXPLAINED["on inputs with different meshes"]
        raise kind(words)
    return array.redistribute(like.device_mesh, like.placements)


def placed(gradient: Any, source: Any) -> Any:
    """A gradient as its source lies; autograd leaves it as it came about, a sum of parts for example."""
    source = getattr(source, "_value", source)  # a variable's
    if not (is_dtensor(gradient) and is_dtensor(source)) or gradient.placements == source.placements:
        return gradient
    if any(placement.is_partial() for placement in source.placements):
        return gradient
    return gradient.redistribute(source.device_mesh, source.placements)


def require_alike(gradient: Any, source: Any) -> None:
    """Raise `UnsupportedError` where a gradient is a plain tensor and its source one in parts, or the other way."""
    source, bare = getattr(source, "_value", source), gradient
    while isinstance(bare, torch.Tensor) and torch._C._functorch.is_functorch_wrapped_tensor(bare):
        bare = torch._C._functorch.get_unwrapped(bare)
    if bare is None or is_dtensor(bare) == is_dtensor(source):
        return
    if is_dtensor(source):
        raise UnsupportedError(
            "a rule (of custom_vjp(), of an autograd.Function) gives a plain tensor for a DTensor, of which each "
            "process may have another; distribute it: distribute_tensor(t, x.device_mesh, [Replicate()])"
        )
    raise UnsupportedError(
        "a rule (of custom_vjp(), of an autograd.Function) gives a DTensor for a plain tensor; give t.full_tensor()"
    )


def beside(array: Any, like: Any) -> Any:
    """An array that is the same in all processes, with the shape of ``like`` behind others, placed as ``like`` is.

    Each process takes its part, and none talks to another.
    """
    if not is_dtensor(like):
        return array.to(like.device)
    from torch.distributed.tensor import Replicate, Shard

    ahead, placements = array.ndim - like.ndim, like.placements
    moved = [Shard(one.dim + ahead) if one.is_shard() else Replicate() for one in placements]
    return _distributed(array, like.device_mesh, moved, src_data_rank=None)


def _distributed(array: Any, mesh: Any, placements: Any, **options: Any) -> Any:
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(array, mesh, placements, **options)
