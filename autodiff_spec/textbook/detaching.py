"""Detaching: a computed value can be used as a constant, and stays differentiable where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autodiff_spec as ad


def detached_factor(values: Sequence[float] = (0.0, 1.0, 2.0, 3.0)) -> dict[str, Any]:
    """With u = stop_gradient(y), z = u * x has the derivative u, as if u had not come from x."""
    x = ad.variable(list(values), dtype=ad.xp().float64)
    with ad.tape(persistent=True) as t:
        y = x * x
        u = ad.stop_gradient(y)
        z = u * x
    # The tape is persistent, for it is asked twice; y itself is still connected to x.
    return {"u": u, "dz/dx": t.grad(z, x), "dy/dx on the same tape": t.grad(y, x)}
