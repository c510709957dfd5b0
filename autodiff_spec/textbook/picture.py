"""The picture of a function and its derivative."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import autodiff_spec as ad
from autodiff_spec.core.installation import installation
from autodiff_spec.textbook.exercises import sine_and_derivative


def draw(path: Path, result: dict[str, Any] | None = None) -> None:
    """Draw f and f' over x into a file; its ending chooses the format (``.png``, ``.svg``, ``.pdf``).

    Args:
        path: the file, which is overwritten.
        result: arrays called ``x``, ``f`` and ``f'``; by default those of `sine_and_derivative`.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # not pyplot, which would look for a display
    except ImportError as error:
        raise ImportError(f"the picture needs matplotlib; run: {installation('plot')}") from error
    arrays = ad.to_numpy(sine_and_derivative() if result is None else result)
    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(arrays["x"], arrays["f"], label="f(x) = sin x")
    axes.plot(arrays["x"], arrays["f'"], linestyle="--", label="f′(x), by automatic differentiation")
    axes.set_xlabel("x")
    axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    axes.margins(x=0)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    figure.savefig(path, dpi=150)
