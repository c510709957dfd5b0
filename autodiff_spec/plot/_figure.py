"""``plot``: a function and its derivatives over an interval, as a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from autodiff_spec.core.installation import installation
from autodiff_spec.plot._curves import Curves, curves

_FORMATS = (".png", ".svg", ".pdf")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_STYLES = ("-", "--", "-.", ":")


def plot(
    f: Callable[[Any], Any] | str,
    low: float,
    high: float,
    *,
    order: int = 1,
    backend: str | None = None,
    points: int = 400,
    path: str | Path | None = None,
) -> Any:
    """Draw f and its derivatives up to an order over an interval, all computed by a backend.

    Args:
        f: a function of one array that works element by element, ``"FILE.py:function"``, or ``"sin(x)"``.
        low: where the interval begins.
        high: where it ends.
        order: of the last derivative drawn.
        backend: its name; the current one by default.
        points: how many values of x.
        path: write the picture there, ``.png``, ``.svg`` or ``.pdf``.

    Returns:
        A matplotlib ``Figure``, which shows itself in a notebook.

    Raises:
        ProgramError: there is no such file or function.
        ImportError: matplotlib is not installed.
        ValueError: an empty interval, a negative order, another ending.
    """
    if path is not None and Path(path).suffix.lower() not in _FORMATS:
        raise ValueError(f"{path} ends in none of {', '.join(_FORMATS)}")
    try:
        from matplotlib.figure import Figure  # not pyplot, which would look for a display
    except ImportError as error:
        raise ImportError(f"plot needs matplotlib; run: {installation('plot')}") from error
    found = curves(f, low, high, order=order, backend=backend, points=points)
    figure = Figure(figsize=(7, 4), layout="constrained")
    _drawn(figure.add_subplot(), found)
    figure.legend(loc="outside upper center", ncols=min(order + 1, 4), frameon=False)
    if path is not None:
        figure.savefig(path, dpi=150)
    return figure


def _drawn(axes: Any, found: Curves) -> None:
    for k, y in enumerate(found.y):
        label = f"f(x) = {found.name}" if k == 0 else _name(k)
        axes.plot(found.x, y, linestyle=_STYLES[k % len(_STYLES)], label=label.replace("$", r"\$"))
    axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    axes.set_xlabel("x")
    axes.set_title(f"derivatives by {found.backend}", loc="right", fontsize=9, color="0.4")
    axes.margins(x=0)


def _name(order: int) -> str:
    if order <= 3:
        return f"f{'′' * order}(x)"
    return f"f⁽{str(order).translate(_RAISED)}⁾(x)"
