"""The functions of `autodiff_spec.beyond` on PyTorch."""

from __future__ import annotations

from typing import Any

import torch

from autodiff_spec.beyond import Beyond
from autodiff_torch import xp


class TorchBeyond(Beyond):
    """On the device of the arguments."""

    def _array(self, value: Any, dtype: Any, like: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value.to(device=like.device, dtype=dtype)
        return torch.as_tensor(value, dtype=dtype, device=like.device)

    def _taken(self, x: Any, places: Any, axis: int = 0) -> Any:
        return torch.index_select(x, axis, torch.as_tensor(places, device=x.device))

    def _segment(self, x: Any, knots: Any, side: Any) -> Any:
        return torch.searchsorted(knots.detach().contiguous(), x.detach().contiguous(), side=side)

    def _convolved(self, a: Any, v: Any) -> Any:
        a, v = (a, v) if len(v) <= len(a) else (v, a)  # the shorter is the filter
        return torch.nn.functional.conv1d(a[None, None], v.flip(0)[None, None], padding=len(v) - 1)[0, 0]

    def _known(self, ids: Any) -> Any:
        seen = ids.device.type == "cpu" and not torch._C._are_functorch_transforms_active()
        return ids.numpy() if seen and not torch.compiler.is_compiling() else None

    def _segments(self, x: Any, ids: Any, count: int) -> Any:
        return x.new_zeros((count, *x.shape[1:])).index_add(0, ids.to(x.device, torch.int64), x)

    def _triangular(self, a: Any, b: Any, lower: bool, unit_diagonal: bool) -> Any:
        return torch.linalg.solve_triangular(a, b, upper=not lower, unitriangular=unit_diagonal)

    def _exponential(self, a: Any) -> Any:
        return torch.matrix_exp(a)


BEYOND = TorchBeyond(xp)
