"""What the namespace says of dtypes, in the standard's words."""

from __future__ import annotations

from typing import Any

import torch

from autodiff_spec._shared import FloatLimits, IntegerLimits


def finfo(type: Any, /) -> FloatLimits:
    """The limits of a floating dtype, or of an array's; of a complex one those of its parts (`torch.finfo`)."""
    info = torch.finfo(_dtype(type))
    return FloatLimits(info.bits, info.eps, info.max, info.min, info.smallest_normal, getattr(torch, info.dtype))


def iinfo(type: Any, /) -> IntegerLimits:
    """The limits of an integer dtype, or of an array's (`torch.iinfo`)."""
    info = torch.iinfo(_dtype(type))
    return IntegerLimits(info.bits, info.max, info.min, getattr(torch, info.dtype))


def _dtype(type: Any) -> torch.dtype:
    found: torch.dtype = type if isinstance(type, torch.dtype) else type.dtype
    return found
