"""What a program is, as data: statements over earlier values; run on any namespace, printed as Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from autodiff_spec.conformance.programs._table import Operation

Shape = tuple[int, ...]
_NAMES = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Statement:
    """One value of a program: an operation, and the numbers of the values that it takes."""

    operation: Operation
    arguments: tuple[int, ...]

    def lines(self, names: Sequence[str], result: str) -> list[str]:
        """The statement as Python."""
        text = self.operation.template.format(*(names[i] for i in self.arguments), r=result)
        return text.split("\n") if "{r}" in self.operation.template else [f"{result} = {text}"]


@dataclass(frozen=True)
class Program:
    """A program: arguments of these shapes, statements, and which values it returns.

    Values are numbered, arguments first. Nothing is dead: what no statement takes is returned.
    """

    shapes: tuple[Shape, ...]
    statements: tuple[Statement, ...]

    def __repr__(self) -> str:
        return "\n".join(self.lines)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis prints it."""
        printer.text(repr(self))

    @property
    def results(self) -> tuple[int, ...]:
        """The values that no statement takes; arguments that nothing takes are returned by no one."""
        taken = {i for statement in self.statements for i in statement.arguments}
        first = len(self.shapes)
        return tuple(i for i in range(first, first + len(self.statements)) if i not in taken)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The program as Python, a function of the backend, its namespace and the arguments."""
        names = _NAMES[: len(self.shapes) + len(self.statements)]
        body = []
        for name, statement in zip(names[len(self.shapes) :], self.statements, strict=True):
            body += statement.lines(names, name)
        results = ", ".join(names[i] for i in self.results)
        head = f"def program({', '.join(['be', 'xp', *names[: len(self.shapes)]])}):"
        return (head, *(f"    {line}" for line in body), f"    return {results}")

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The program as a function: ``function(be, xp, *arrays)``."""
        scope: dict[str, Any] = {}
        exec("\n".join(self.lines), scope)  # the text is made of the table's templates
        made: Callable[..., Any] = scope["program"]
        return made

    @property
    def operations(self) -> list[Operation]:
        """The operations of its statements."""
        return [statement.operation for statement in self.statements]


@dataclass(frozen=True)
class Case:
    """A program, its arguments, and the dtype to compute in."""

    program: Program
    args: tuple[NDArray[Any], ...]
    dtype: str

    def __repr__(self) -> str:
        return self.reproducer("grad", "numpy")

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis prints it."""
        printer.text(f"{self.program}\n# {self.dtype}: {', '.join(map(_literal, self.args))}")

    def reproducer(self, mode: str, backend: str, conventions: str = "native", expected: Any = None) -> str:
        """A Python program that repeats the check of this case."""
        flavour = "" if conventions == "native" else f", conventions={conventions!r}"
        arguments = ", ".join(map(_literal, self.args))
        told = "" if expected is None else f", {_pairs(expected)}"
        numpy = ["import numpy as np"] if "np." in arguments + told else []
        return "\n".join(
            [
                *numpy,
                "from autodiff_spec import backend",
                "from autodiff_spec.conformance.programs import check",
                "",
                *self.program.lines,
                "",
                f"check({mode!r}, backend({backend!r}{flavour}), program, [{arguments}], {self.dtype!r}{told})",
            ]
        )


def _literal(array: NDArray[Any]) -> str:
    """An array as nested lists; one that has no elements needs its shape."""
    return f"np.zeros({array.shape})" if not array.size and array.ndim > 1 else str((array + 0.0).tolist())


def _pairs(expected: Any) -> str:
    """Gradients, and the sizes of what was added up for them."""
    return f"[{', '.join(f'({_literal(right)}, {_literal(size)})' for right, size in expected)}]"
