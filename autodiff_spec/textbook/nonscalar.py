"""A function with many results: the gradient of their sum, or of any weighting of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autodiff_spec as ad


def sum_rule(values: Sequence[float] = (0.0, 1.0, 2.0, 3.0)) -> dict[str, Any]:
    """The gradient of y = x * x, which is no scalar, is that of the sum of its elements: 2x."""
    x = ad.variable(list(values), dtype=ad.xp().float64)
    with ad.tape() as t:
        y = x * x
    return {"x": x, "y": y, "d(sum y)/dx": t.grad(y, x)}


def explicit_cotangent(
    values: Sequence[float] = (0.0, 1.0, 2.0, 3.0), weights: Sequence[float] = (1.0, 0.5, -1.0, 2.0)
) -> dict[str, Any]:
    """A cotangent v in place of the ones weighs the elements of y: the gradient of v·y is 2vx."""
    xp = ad.xp()
    x = ad.variable(list(values), dtype=xp.float64)
    v = xp.asarray(list(weights), dtype=xp.float64)
    with ad.tape() as t:
        y = x * x
    return {"v": v, "d(v·y)/dx": t.grad(y, x, cotangent=v)}
