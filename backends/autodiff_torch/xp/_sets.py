"""Distinct elements. ``torch.unique`` refuses complex numbers, counts no NaN, and knows no places."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch


class AllUnique(NamedTuple):
    """What `unique_all` returns."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class CountedUnique(NamedTuple):
    """What `unique_counts` returns."""

    values: Any
    counts: Any


class InvertibleUnique(NamedTuple):
    """What `unique_inverse` returns."""

    values: Any
    inverse_indices: Any


def unique_all(x: Any, /) -> AllUnique:
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
    return AllUnique(x.reshape(-1)[first], first, inverse.reshape(tuple(x.shape)), counts)


def unique_counts(x: Any, /) -> CountedUnique:
    """The distinct elements, and how often each stands there; without order."""
    found = unique_all(x)
    return CountedUnique(found.values, found.counts)


def unique_inverse(x: Any, /) -> InvertibleUnique:
    """The distinct elements, without order, and which of them stands where."""
    found = unique_all(x)
    return InvertibleUnique(found.values, found.inverse_indices)


def unique_values(x: Any, /) -> Any:
    """The distinct elements; without order."""
    return unique_all(x).values


def _keys(x: Any) -> Any:
    """What to compare in place of ``x``: of complex numbers a row each, of which those of NaN are all different."""
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
