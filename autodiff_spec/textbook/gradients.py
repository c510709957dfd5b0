"""A simple function: record it, ask for its gradient, and keep gradients in storage of your own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autodiff_spec as ad


def simple_function(values: Sequence[float] = (0.0, 1.0, 2.0, 3.0)) -> dict[str, Any]:
    """The gradient of y = 2 x·x is 4x."""
    xp = ad.xp()
    x = ad.variable(list(values), dtype=xp.float64)
    with ad.tape() as t:
        y = 2 * xp.vecdot(x, x)
    gradient = t.grad(y, x)
    return {"x": x, "y": y, "dy/dx": gradient, "dy/dx is 4x": xp.all(gradient == 4 * x)}


def gradient_storage(values: Sequence[float] = (0.0, 1.0, 2.0, 3.0)) -> dict[str, Any]:
    """A gradient overwrites what its storage held: nothing accumulates from one function to the next."""
    xp = ad.xp()
    x = ad.variable(list(values), dtype=xp.float64)
    storage = ad.variable(xp.zeros_like(x))
    with ad.tape() as t:
        y = 2 * xp.vecdot(x, x)
    t.grad(y, x, out=storage)
    first = ad.to_numpy(storage)  # a copy, for the storage changes below
    with ad.tape() as t:
        y = xp.sum(x)
    t.grad(y, x, out=storage)
    return {"storage after y = 2 x·x": first, "storage after y = sum(x)": storage}
