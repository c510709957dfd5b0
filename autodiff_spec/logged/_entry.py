"""The entries of a log: operations, the arrays that they used, and where a program called them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autodiff_spec.core.engine import Array


class Slot(NamedTuple):
    """In the arguments of an operation: array ``number`` of those that it used."""

    number: int

    def __repr__(self) -> str:
        return f"%{self.number}"


class Static(NamedTuple):
    """In the arguments of an operation: what is no array and no plain Python value, as text (a dtype: its name)."""

    text: str

    def __repr__(self) -> str:
        return self.text


class Place(NamedTuple):
    """Where a program called an operation; ``depth`` counts the program's own functions above it."""

    file: str
    line: int
    function: str
    depth: int

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}" if self.file else ""


@dataclass(slots=True, eq=False)
class Use:
    """One array that an operation used.

    Attributes:
        source: the operation that made it; ``output`` says as which of its outputs.
        array: the backend's array.
        alias: whether it is an alias for this use alone, so that its cotangent is this use's share.
    """

    source: Operation
    output: int
    array: Array
    alias: bool = False


@dataclass(slots=True, eq=False)
class Operation:
    """One entry of a log.

    Attributes:
        index: its place in the log.
        name: of the function, ``"maximum"``, ``"linalg.vector_norm"``; operators have their function's, sources
            (``"input"``, ``"variable"``, ``"constant"``) what they are.
        uses: the arrays that it used, its parents in the graph.
        args: the positional arguments, arrays as `Slot`, dtypes and foreign objects as text.
        kwargs: the keyword arguments, likewise.
        outputs: the backend's arrays that it made, or for a guard the Python value.
        place: where the program called it.
        tracked: whether it depends on a source through operations that are differentiated.
        label: a name that the program gave it, for sources.
        error: what it raised, in one line, when it did.
    """

    index: int
    name: str
    uses: tuple[Use, ...]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[Any, ...]
    place: Place
    tracked: bool
    label: str = ""
    error: str = ""

    def call(self, name_of: Callable[[Use], str] = lambda use: f"#{use.source.index}") -> str:
        """The call as text: ``maximum(#3, 0.0)``."""
        given = [spelled(arg, self.uses, name_of) for arg in self.args]
        given += [f"{name}={spelled(arg, self.uses, name_of)}" for name, arg in self.kwargs.items()]
        return f"{self.name}({', '.join(given)})"


def spelled(argument: Any, uses: Sequence[Use], name_of: Callable[[Use], str]) -> str:
    """An argument of an operation as text."""
    if isinstance(argument, Slot):
        return name_of(uses[argument.number])
    if isinstance(argument, slice):
        ends = ["" if end is None else spelled(end, uses, name_of) for end in (argument.start, argument.stop)]
        return ":".join(ends if argument.step is None else [*ends, spelled(argument.step, uses, name_of)])
    if isinstance(argument, (list, tuple)) and not isinstance(argument, Static):
        inside = ", ".join(spelled(part, uses, name_of) for part in argument)
        return f"[{inside}]" if isinstance(argument, list) else f"({inside}{',' if len(argument) == 1 else ''})"
    if isinstance(argument, np.ndarray):
        return repr(argument.item()) if argument.ndim == 0 else f"array{argument.shape}"
    return "..." if argument is Ellipsis else repr(argument)


def shape_of(output: Any) -> str:
    return str(tuple(output.shape)) if hasattr(output, "shape") else repr(output)
