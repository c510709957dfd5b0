"""The results of a program as lines of text, the same on every backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import wrap
from typing import Any

import numpy as np

import autodiff_spec as ad

WIDTH = 74


def claim(program: Callable[[], dict[str, Any]]) -> str:
    """The claim of a program: the first sentence of its docstring."""
    return (program.__doc__ or program.__name__).partition("\n")[0]


def lines(claim: str, values: dict[str, Any]) -> Iterator[str]:
    """The claim of a program, then its results by label."""
    yield from wrap(claim, WIDTH)
    column = max(map(len, values))
    for label, value in values.items():
        first, *more = _value(value)
        yield f"  {label:{column}} = {first}"
        yield from (f"  {'':{column}}   {line}" for line in more)


def plain(value: Any) -> Any:
    """A result as JSON can hold it."""
    if isinstance(value, Exception):
        return {"error": type(value).__name__, "message": str(value)}
    return value if isinstance(value, str | bool | int) else np.asarray(ad.to_numpy(value)).tolist()


def _value(value: Any) -> list[str]:
    """Lines for one value: six digits of a number, the name of an error, its message below it."""
    if isinstance(value, Exception):
        return [f"{type(value).__name__}:", *wrap(str(value), WIDTH - 20)]
    if isinstance(value, str | bool | int):
        return [str(value)]
    array = np.asarray(ad.to_numpy(value))
    text = np.array2string(array, separator=", ", formatter={"float_kind": number}, max_line_width=WIDTH)
    return text.splitlines()


def number(value: Any) -> str:
    """Six digits, or a whole number in full, with the point that tells a float: ``28.``; zero has no sign."""
    if value == np.round(value) and abs(value) < 1e9:
        return f"{value + 0.0:.0f}."
    text = f"{value + 0.0:.6g}"
    return text if any(mark in text for mark in ".einf") else f"{text}."
