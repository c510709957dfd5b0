"""The numbers of a plot: a function and its derivatives at many points, by a backend."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec._discovery import backend as find
from autodiff_spec._discovery import use_backend
from autodiff_spec.core.errors import IndependentWarning
from autodiff_spec.core.names import MAIN
from autodiff_spec.programs.file import ProgramError, load


@dataclass(frozen=True)
class Curves:
    """A function and its derivatives.

    Attributes:
        name: of the function.
        backend: who computed.
        x: float64 of shape (points,).
        y: the function, its first derivative, …: float64 of the same shape each; NaN outside the domain.
    """

    name: str
    backend: str
    x: NDArray[np.float64]
    y: tuple[NDArray[np.float64], ...]


def curves(
    f: Callable[[Any], Any] | str,
    low: float,
    high: float,
    *,
    order: int = 1,
    backend: str | None = None,
    points: int = 400,
) -> Curves:
    """Evaluate a function and its derivatives at equal steps.

    The function works element by element, so the gradient of the sum of its values holds the derivative at each point:
    one backward pass for all points, and again for the next order.

    Args:
        f: a function of one array that works element by element, ``"FILE.py:function"``, or a function of the
            namespace or of ``extra`` by its name, ``"sin(x)"``.
        low: the first point.
        high: the last one.
        order: of the highest derivative.
        backend: its name; the current one by default.
        points: how many, at least 2.

    Raises:
        ProgramError: there is no such file or function.
        ValueError: an empty or infinite interval, a negative order, too few points.

    Examples:
        >>> import autodiff_spec as ad
        >>> found = curves(lambda x: x**3, 0.0, 2.0, order=2, backend="numpy", points=3)
        >>> [y.tolist() for y in found.y]
        [[0.0, 1.0, 8.0], [0.0, 3.0, 12.0], [0.0, 6.0, 12.0]]
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"the interval from {low} to {high} is empty or infinite; give two numbers, the smaller first")
    if not 0 <= order <= 8 or points < 2:
        raise ValueError(f"order={order}, points={points}: the order is 0 to 8, points at least 2")
    name, function = _named(f)
    be = find() if backend is None else find(backend)
    xs = np.linspace(low, high, points)
    constant = warnings.catch_warnings(action="ignore", category=IndependentWarning)  # is drawn as what it is
    with use_backend(be), np.errstate(all="ignore"), constant:
        x = be.asarray(xs)
        stages: list[Callable[[Any], Any]] = [lambda x: _full(be, function(x), x)]
        for _ in range(order):
            stages.append(be.grad(stages[-1]))
        y = tuple(np.asarray(be.to_numpy(stage(x)), dtype=np.float64) for stage in stages)
    return Curves(name, be.name, xs, y)


def _named(f: Callable[[Any], Any] | str) -> tuple[str, Callable[[Any], Any]]:
    if not isinstance(f, str):
        return getattr(f, "__name__", "f"), f
    if not f.endswith("(x)"):
        return f.rpartition(":")[2], load(f)
    name = f.removesuffix("(x)").strip()

    def of_namespace(x: Any) -> Any:
        be = find()
        found = getattr(be.xp if name in MAIN else be.extra, name, None)
        if not name.isidentifier() or name.startswith("_") or found is None:
            raise ProgramError(f"the namespace has no function {name!r}; write one into a file: FILE.py:function")
        return found(x)

    return f, of_namespace


def _full(be: Any, y: Any, x: Any) -> Any:
    """A value for each x, also where the function does not depend on it; truth values as 0 and 1."""
    if not be.is_array(y):
        return be.xp.full_like(x, y)
    if be.kind(y.dtype) == "other":
        y = be.xp.astype(y, x.dtype)
    return y if tuple(y.shape) == tuple(x.shape) else be.xp.broadcast_to(y, tuple(x.shape))
