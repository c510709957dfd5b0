"""What an everyday program is: a function of NumPy and of one vector, and the point where it is differentiated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy

ValueAndGradient = Callable[[Callable[[Any], Any], Any], tuple[Any, Any]]
"""How a library differentiates: a function of one vector and the vector in, a number and its gradient out."""


@dataclass(frozen=True)
class Program:
    """A program as NumPy's users write it.

    Attributes:
        name: of the function.
        run: takes NumPy (or what another library puts in its place) and a float64 vector, and returns a number.
        start: where it is differentiated, away from kinks.
    """

    name: str
    run: Callable[[Any, Any], Any]
    start: tuple[float, ...]

    def value(self, x: Any) -> float:
        """The value on plain NumPy."""
        return float(self.run(numpy, numpy.array(x)))

    def differences(self) -> Any:
        """The gradient by central differences of two steps, extrapolated: off by O(h⁴)."""
        x = numpy.array(self.start)

        def central(h: float) -> Any:
            steps = h * numpy.eye(x.size)
            return numpy.array([(self.value(x + step) - self.value(x - step)) / (2.0 * h) for step in steps])

        h = 2.0**-11
        return (4.0 * central(h / 2.0) - central(h)) / 3.0

    def verdict(self, differentiate: ValueAndGradient, np: Any = numpy) -> str:
        """``"right"``, ``"wrong"``, or the name of the error by which a library refuses the program."""
        try:
            value, gradient = differentiate(lambda x: self.run(np, x), numpy.array(self.start))
        except Exception as error:
            return type(error).__name__
        expected = self.differences()
        room = 1e-7 * max(1.0, numpy.abs(expected).max())  # what differences are off by
        right = numpy.allclose(value, self.value(self.start), rtol=1e-12, atol=1e-12)
        return "right" if right and numpy.allclose(gradient, expected, rtol=1e-5, atol=room) else "wrong"


def at(*start: float) -> Callable[[Callable[[Any, Any], Any]], Callable[[Any, Any], Any]]:
    """Say where a program is differentiated."""

    def decorate(run: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        run.start = start  # type: ignore[attr-defined]
        return run

    return decorate


def programs_of(module: ModuleType) -> dict[str, Program]:
    """The programs of a module, by their names."""
    return {name: Program(name, run, run.start) for name, run in vars(module).items() if hasattr(run, "start")}
