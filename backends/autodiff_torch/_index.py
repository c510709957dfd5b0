"""Indexing as in NumPy: what PyTorch's own lacks are slices that run backwards, lists, and all kinds of integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def read(x: Any, index: Any) -> Any:
    """``x[index]`` for every index that NumPy knows."""
    parts = [_part(part, x.device) for part in (index if isinstance(index, tuple) else (index,))]
    taken = sum(map(_axes, parts))
    axis = 0
    for i, part in enumerate(parts):
        if part is Ellipsis:
            axis += x.ndim - taken
        elif isinstance(part, slice) and part.step is not None and part.step < 0:
            x = _backwards(x, part, axis)
            parts[i] = slice(None)
        axis += _axes(part)
    return x[tuple(parts)]


def places(x: Any, index: Any) -> Any:
    """The positions in the flattened ``x`` of the elements ``x[index]``."""
    return read(torch.arange(x.numel(), device=x.device).reshape(tuple(x.shape)), index)


def _backwards(x: Any, part: slice, axis: int) -> Any:
    """One axis by a slice with a negative step: its elements, turned around."""
    rising = range(*part.indices(x.shape[axis]))[::-1]
    if not rising:
        return x.narrow(axis, 0, 0)
    ahead = (slice(None),) * axis
    return torch.flip(x[(*ahead, slice(rising[0], rising[-1] + 1, rising.step))], (axis,))


def _part(part: Any, device: Any) -> Any:
    if isinstance(part, (list, np.ndarray)):
        part = torch.as_tensor(np.asarray(part), device=device)
        if not part.numel() and part.dtype.is_floating_point:  # NumPy's dtype for an empty list
            part = part.to(torch.int64)
    if isinstance(part, torch.Tensor):
        part = part.detach()
        if part.dtype.is_floating_point or part.dtype.is_complex:
            raise IndexError(f"an index of dtype {part.dtype}; indices are integers or truth values")
        return part if part.dtype is torch.bool else part.to(torch.int64)  # PyTorch takes uint8 for a mask
    return part


def _axes(part: Any) -> int:
    """How many axes of the array a part of an index takes up."""
    if part is None or part is Ellipsis or isinstance(part, (bool, np.bool_)):
        return 0
    return part.ndim if isinstance(part, torch.Tensor) and part.dtype is torch.bool else 1
