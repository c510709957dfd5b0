"""What the namespace says of dtypes, in the standard's words."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch


class Floating(NamedTuple):
    """What `finfo` returns."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: torch.dtype


class Integral(NamedTuple):
    """What `iinfo` returns."""

    bits: int
    max: int
    min: int
    dtype: torch.dtype


def finfo(type: Any, /) -> Floating:
    """The limits of a floating dtype, or of an array's; of a complex one those of its parts (`torch.finfo`)."""
    info = torch.finfo(_dtype(type))
    return Floating(info.bits, info.eps, info.max, info.min, info.smallest_normal, getattr(torch, info.dtype))


def iinfo(type: Any, /) -> Integral:
    """The limits of an integer dtype, or of an array's (`torch.iinfo`)."""
    info = torch.iinfo(_dtype(type))
    return Integral(info.bits, info.max, info.min, getattr(torch, info.dtype))


def _dtype(type: Any) -> torch.dtype:
    found: torch.dtype = type if isinstance(type, torch.dtype) else type.dtype
    return found
