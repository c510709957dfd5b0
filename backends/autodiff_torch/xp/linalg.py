"""The ``linalg`` extension of the array API standard on PyTorch."""

from __future__ import annotations

from typing import Any

import array_api_compat.torch.linalg as _base
import torch as _torch

from autodiff_spec.core.names import LINALG as _LINALG

for _name in _LINALG:
    globals()[_name] = getattr(_base, _name)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """The norm of the matrices in the last two dimensions."""
    return _torch.linalg.matrix_norm(x, ord=ord, keepdim=keepdims)


def vector_norm(x: Any, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """The norm of order ``ord`` along axes."""
    if axis == () or (axis is None and x.ndim == 0):  # PyTorch reduces all axes then, and refuses 0-d for some orders
        return (x != 0).to(abs(x).dtype) if ord == 0 else abs(x)
    return _torch.linalg.vector_norm(x, ord=ord, dim=axis, keepdim=keepdims)


__all__ = sorted(_LINALG)
