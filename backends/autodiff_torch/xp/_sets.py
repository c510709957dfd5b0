"""Distinct elements. ``torch.unique`` refuses complex numbers, counts no NaN, and knows no places."""

from __future__ import annotations

from typing import Any

import torch

from autodiff_spec._shared import UniqueAll, shorter_forms


def unique_all(x: Any, /) -> UniqueAll:
    """The distinct elements, the place of the first of each, which of them stands where, and how often; without order.

    Each NaN is distinct.
    """
    _, inverse, counts = torch.unique(
        _keys(x), return_inverse=True, return_counts=True, dim=0 if x.dtype.is_complex and x.numel() else None
    )
    if not x.dtype.is_complex:
        counts = torch.bincount(inverse.reshape(-1), minlength=len(counts))
    order = torch.argsort(inverse.reshape(-1), stable=True)
    first = order[torch.cumsum(counts, 0) - counts]
    return UniqueAll(x.reshape(-1)[first], first, inverse.reshape(tuple(x.shape)), counts)


unique_counts, unique_inverse, unique_values = shorter_forms(unique_all)


def _keys(x: Any) -> Any:
    """Keys to compare in place of ``x``: complex numbers as rows, of which those with NaN are all different."""
    flat = x.detach().reshape(-1)
    if not x.dtype.is_complex:
        return x.detach()
    if not x.numel():
        return flat.real
    missing = torch.isnan(flat)
    rows = [torch.where(missing, torch.cumsum(missing, 0), 0), *(
        torch.where(missing, 0.0, part) for part in (flat.real, flat.imag)
    )]  # fmt: skip
    return torch.stack([row.to(torch.float64) for row in rows], -1)
