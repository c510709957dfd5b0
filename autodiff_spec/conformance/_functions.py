"""What a function to check is, as data: its arguments, where they may lie, the ways to call it, the shapes.

A function has variants (keyword arguments, or ways to call it); each is a program over a namespace. Arguments lie on a
grid of multiples of 1/32, exact in every floating dtype that the suite draws, so that one truth serves all; odd
multiples never meet even ones, which keeps ties, zeros, integers and halves out where they are kinks.
"""

from __future__ import annotations

import math
import operator
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from autodiff_spec import Backend, Capability

Shape = tuple[int, ...]
Program = Callable[..., Any]
STEPS = 32
"""The grid: all arguments are multiples of 1/32."""


@dataclass(frozen=True)
class Arg:
    """One argument of a program: what it may be.

    Attributes:
        low: the least value.
        high: the largest value.
        grid: multiples of 1/32 that are allowed.
        hole: values nearer to 0 than this are left out.
        distinct: all elements differ in absolute value.
        kind: floating arguments are differentiated, masks and indices (``0 ≤ i < high``) are constants.
    """

    low: float = -3.0
    high: float = 3.0
    grid: Literal["all", "odd", "even"] = "all"
    hole: float = 0.0
    distinct: bool = False
    kind: Literal["real", "complex", "mask", "index"] = "real"

    @property
    def differentiable(self) -> bool:
        """Whether derivatives are taken by this argument."""
        return self.kind in ("real", "complex")

    def choices(self) -> list[float]:
        """Every value that an element may have."""
        steps = range(math.ceil(self.low * STEPS), math.floor(self.high * STEPS) + 1)
        parity = {"all": (0, 1), "odd": (1,), "even": (0,)}[self.grid]
        return [k / STEPS for k in steps if k % 2 in parity and abs(k / STEPS) >= self.hole]

    def array(self, shape: Shape, generator: np.random.Generator) -> NDArray[Any]:
        """An array of this kind and shape, made from a seeded generator."""
        if self.kind == "mask":
            return np.asarray(np.arange(math.prod(shape)).reshape(shape) % 2 == 0)
        if self.kind == "index":
            return np.asarray(generator.integers(0, int(self.high), shape))
        choices = self.choices()
        if self.distinct:
            sizes = sorted({abs(v) for v in choices})
            picked = generator.permutation(len(sizes))[: math.prod(shape)]
            values = [_signed(sizes[i], set(choices), bool(generator.integers(2))) for i in picked]
            return np.array(values, dtype=float).reshape(shape)
        found = generator.choice(choices, shape)
        return np.asarray(found + 1j * generator.choice(choices, shape) if self.kind == "complex" else found)


def _signed(size: float, choices: set[float], negative: bool) -> float:
    """``size`` or ``-size``, whichever is allowed; where both are, as ``negative`` says."""
    return -size if (negative or size not in choices) and -size in choices else size


@dataclass(frozen=True)
class Region:
    """Arguments at which some framework is known to deviate: drawn tests leave them out for it."""

    name: str
    contains: Callable[..., bool] = lambda *arrays: True


@dataclass(frozen=True, repr=False)
class Variant:
    """One way to call a function.

    Attributes:
        name: the case, ``"sum along axis 0"``.
        program: ``program(xp, *args)``.
        args: what each argument may be.
        shapes: for all arguments together, the first being the usual ones.
        region: what drawn tests leave out for a backend that lists it.
        native: the program uses operators or indices of arrays, the framework's own in the "spec" flavour too.
    """

    name: str
    program: Program
    args: tuple[Arg, ...]
    shapes: tuple[tuple[Shape, ...], ...]
    region: Region | None = None
    native: bool = False

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def called(self, name: str, *, native: bool) -> Variant:
        """The same under another name."""
        return replace(self, name=name, native=native)

    def arrays(self, shapes: tuple[Shape, ...]) -> list[NDArray[Any]]:
        """Arguments of these shapes, the same in every run."""
        generator = np.random.default_rng(zlib.crc32(f"{self.name} {shapes}".encode()))
        return [arg.array(shape, generator) for arg, shape in zip(self.args, shapes, strict=True)]


@dataclass(frozen=True, repr=False)
class Function:
    """A function of the namespace, the clause about it, and its variants."""

    name: str
    clause: str
    variants: tuple[Variant, ...]

    def __repr__(self) -> str:
        return f"<{self.name}>"


def call(name: str, /, **keywords: Any) -> Program:
    """The program that calls the function ``name`` (dots allowed) on its arguments."""
    return lambda xp, *args: operator.attrgetter(name)(xp)(*args, **keywords)


def require_operators(be: Backend) -> None:
    """Skip the test where the operators of arrays are not the backend's to mend."""
    if be.conventions == "spec" and Capability.SPEC_OPERATORS not in be.capabilities:
        pytest.skip(f"{be.name} leaves the operators of arrays to its framework")
