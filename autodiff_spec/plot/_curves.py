"""The numbers of a plot: a function and its derivatives at many points, by a backend."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec._discovery import backend as find
from autodiff_spec._discovery import use_backend
from autodiff_spec.plot._expression import parse


@dataclass(frozen=True)
class Curves:
    """A function and its derivatives.

    Attributes:
        expression: the function.
        backend: who computed.
        x: float64 of shape (points,).
        y: the function, its first derivative, …: float64 of the same shape each; NaN outside the domain.
    """

    expression: str
    backend: str
    x: NDArray[np.float64]
    y: tuple[NDArray[np.float64], ...]


def curves(
    expression: str, low: float, high: float, *, order: int = 1, backend: str | None = None, points: int = 400
) -> Curves:
    """Evaluate an expression and its derivatives at equal steps.

    The function works element by element, so the gradient of the sum of its values holds the derivative at each point:
    one backward pass for all points, and again for the next order.

    Args:
        expression: in ``x``.
        low: the first point.
        high: the last one.
        order: of the highest derivative.
        backend: its name; the current one by default.
        points: how many, at least 2.

    Raises:
        ExpressionError: the expression is not one of the namespace's functions.
        ValueError: an empty or infinite interval, a negative order, too few points.

    Examples:
        >>> import autodiff_spec as ad
        >>> found = curves("x**3", 0.0, 2.0, order=2, backend="numpy", points=3)
        >>> [y.tolist() for y in found.y]
        [[0.0, 1.0, 8.0], [0.0, 3.0, 12.0], [0.0, 6.0, 12.0]]
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"the interval from {low} to {high} is empty or infinite; give two numbers, the smaller first")
    if not 0 <= order <= 8 or points < 2:
        raise ValueError(f"order={order}, points={points}: the order is 0 to 8, points at least 2")
    f = parse(expression)
    be = find() if backend is None else find(backend)
    xs = np.linspace(low, high, points)
    with use_backend(be), np.errstate(all="ignore"):
        x = be.asarray(xs)
        stages: list[Callable[[Any], Any]] = [lambda x: _full(be, f(be, x), x)]
        for _ in range(order):
            stages.append(be.grad(stages[-1]))
        y = tuple(np.asarray(be.to_numpy(stage(x)), dtype=np.float64) for stage in stages)
    return Curves(expression, be.name, xs, y)


def _full(be: Any, y: Any, x: Any) -> Any:
    """A value for each x, also where the expression does not mention it; truth values as 0 and 1."""
    if not be.is_array(y):
        return be.xp.full_like(x, y)
    if be.kind(y.dtype) == "other":
        y = be.xp.astype(y, x.dtype)
    return y if tuple(y.shape) == tuple(x.shape) else be.xp.broadcast_to(y, tuple(x.shape))
