"""What PyTorch 2.13 gets wrong of tensors in parts, put right while a tape records and while it is pulled back.

Each is wrong below autograd, in values that rules of derivatives use too, so this works there, where PyTorch hands
operations to a `TorchDispatchMode`. What it puts right:

- Conditions and counts that are sums or products of parts, as `torch.any` gives: beside floating numbers the sum of two
  trues counts as 2. They are joined where they arise, and where they come from outside.
- Reductions over ``dim=[]``, which means all: of parts PyTorch joins nothing. Rules of `torch.amax` write this.
- `Tensor.item`, and ``float()``, ``int()``, ``bool()``, which it is below: of a sum of parts they give the process's
  own.
- Reductions that an empty array does not have, where a process has an empty part.
"""

from __future__ import annotations

import contextlib
import math
import sys
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from autodiff_torch._dtensor import is_dtensor, is_one_of_several

_ATEN = torch.ops.aten

_ALL_BY_NONE = {
    _ATEN.amax, _ATEN.amin, _ATEN.count_nonzero, _ATEN.linalg_vector_norm, _ATEN.mean, _ATEN.nansum, _ATEN.norm,
    _ATEN.std, _ATEN.std_mean, _ATEN.sum, _ATEN.var, _ATEN.var_mean,
}  # fmt: skip
"""Reductions for which ``dim=[]`` means all; for `torch.any` and `torch.all` it means none."""

_OF_SOME = {
    _ATEN.amax, _ATEN.amin, _ATEN.aminmax, _ATEN.argmax, _ATEN.argmin, _ATEN.linalg_vector_norm, _ATEN.max, _ATEN.min,
}  # fmt: skip
"""Reductions that an empty array does not have."""


def joining(*arrays: Any) -> Any:
    """A context in which operations on tensors in parts are right, where one of the arrays is one, or none is given.

    Each operation takes some microseconds more inside of it.
    """
    if is_one_of_several() and (not arrays or any(map(is_dtensor, arrays))):
        mode: Any = _Joining
        return mode()
    return contextlib.nullcontext()


class _Joining(TorchDispatchMode):  # type: ignore[no-untyped-call]
    supports_higher_order_operators = True

    @classmethod
    def is_infra_mode(cls) -> bool:
        """``True``: else `torch.compile` would not compile inside of it."""
        return True

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if not any(issubclass(kind, _dtensor()) for kind in types):
            return func(*args, **kwargs)
        with torch.no_grad():
            args, kwargs = tree_map(_counted, (args, kwargs))
            packet = getattr(func, "overloadpacket", None)
            if packet is _ATEN._local_scalar_dense:
                return func(replicated(args[0]).to_local())
            if packet in _OF_SOME and _has_empty_part(args[0]):
                args = (replicated(args[0]), *args[1:])
        if packet in _ALL_BY_NONE:
            args, kwargs = _named(func, args, kwargs)
        found = func(*args, **kwargs)
        if getattr(func, "_schema", None) is None or func._schema.is_mutable:
            return found
        with torch.no_grad():
            return tree_map(_counted, found)


def _dtensor() -> Any:
    return sys.modules["torch.distributed.tensor"].DTensor


def replicated(array: Any) -> Any:
    """A tensor in parts, whole in each process."""
    from torch.distributed.tensor import Replicate

    return array.redistribute(placements=[Replicate()] * array.device_mesh.ndim)


def _counted(array: Any) -> Any:
    """The argument, or what it is made of in all processes, where it is a condition or a count of parts."""
    if not is_dtensor(array) or array.dtype.is_floating_point or array.dtype.is_complex:
        return array
    from torch.distributed.tensor import Replicate

    placements = [Replicate() if one.is_partial() else one for one in array.placements]
    if placements == list(array.placements):
        return array
    if array.dtype is torch.bool:  # not every network adds these
        return array.to(torch.int64).redistribute(placements=placements) != 0
    return array.redistribute(placements=placements)


def _named(func: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """The arguments, with all axes in place of none."""
    everything = list(range(args[0].ndim))
    names = [argument.name for argument in func._schema.arguments]
    args = tuple(
        everything if name == "dim" and isinstance(value, (list, tuple)) and not value else value
        for name, value in zip(names, args, strict=False)
    )
    if isinstance(kwargs.get("dim"), (list, tuple)) and not kwargs["dim"]:
        kwargs = {**kwargs, "dim": everything}
    return args, kwargs


def _has_empty_part(array: Any) -> bool:
    """Whether some process may hold none of the elements; every process has the same answer."""
    if not is_dtensor(array):
        return False
    for axis, size in enumerate(array.shape):
        sharding = [
            array.device_mesh.size(i) for i, one in enumerate(array.placements) if one.is_shard() and one.dim == axis
        ]
        parts = math.prod(sharding)
        if parts > 1 and (parts - 1) * -(-size // parts) >= size:  # the first ones are as large as can be
            return True
    return False
