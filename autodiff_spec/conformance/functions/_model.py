"""What a function to check is, as data: its arguments, where they may lie, the ways to call it, the shapes.

A function has variants (keyword arguments, or ways to call it); each is a program over a namespace. Arguments lie on a
grid of multiples of 1/32, exact in every floating dtype that the suite draws, so that one truth serves all; odd
multiples never meet even ones, which keeps ties, zeros, integers and halves out where they are kinks.

Each function has an error budget, in units in the last place of its result's scale. Budgets come from an analysis of
the computation (`EXACT` to `DECOMPOSED`), never from what was observed.
"""

from __future__ import annotations

import math
import operator
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]
Program = Callable[..., Any]
STACK = (2, 3, 3)
"""The largest stacks, of matrices or of numbers: more than 16, along three axes."""
STEPS = 32
"""The grid: all arguments are multiples of 1/32."""

EXACT = 0.0
"""Numbers are moved, chosen, multiplied by a few bits or added: on the grid no rounding occurs."""
ROUNDED = 4.0
"""Up to eight correctly rounded operations, half a unit each, on terms of the result's size."""
ELEMENTARY = 16.0
"""Two elementary functions, each good to four units as vectorised libraries are, and arithmetic around them."""
SENSITIVE = 64.0
"""The same where an intermediate number is amplified by up to four: 1 − x² near 1, powers, cancelling sums."""
SOLVED = 64.0
"""c·n·κ for elimination, with c = 4, n ≤ 3 and κ ≤ (6 + ¾)/(2 − ¾) = 5.4 on the matrices drawn here (Gershgorin)."""
DECOMPOSED = 256.0
"""c·n·(norm/gap)² ≈ 4·3·(6.75/1.5)² for eigenvectors and singular vectors: once for them, once for their derivative."""
OF_HALF = 8.0
"""At least this in 16 bits, where sums and products of numbers on the grid are rounded: up to 16 roundings."""
MORE_FOR_SECOND = 4.0
"""One differentiation more: twice the operations, and their condition once more."""


@dataclass(frozen=True)
class Arg:
    """One argument of a program: what it may be.

    Attributes:
        low: the least value.
        high: the largest value.
        grid: multiples of 1/32 that are allowed.
        hole: values nearer to 0 than this are left out.
        distinct: all elements differ in absolute value.
        kind: floating arguments are differentiated, masks and integers (``max(0, low) ≤ i < high``) are constants.
        dtype: of integers.
        rising: how much is added to each element of a vector for every element before it; beyond ``high - low`` the
            elements ascend.
        diagonal: for matrices, what is added to the elements of the diagonal: far apart in comparison to ``high``,
            it bounds condition and gaps between eigenvalues and singular values.
    """

    low: float = -3.0
    high: float = 3.0
    grid: Literal["all", "odd", "even"] = "all"
    hole: float = 0.0
    distinct: bool = False
    kind: Literal["real", "complex", "mask", "index"] = "real"
    rising: float = 0.0
    diagonal: tuple[float, ...] = ()
    dtype: str = "int64"

    @property
    def differentiable(self) -> bool:
        """Whether derivatives are taken by this argument."""
        return self.kind in ("real", "complex")

    @property
    def may_repeat(self) -> bool:
        """Whether elements may be equal."""
        return self.differentiable and not (self.distinct or self.rising or self.diagonal)

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
            return np.asarray(generator.integers(max(0, int(self.low)), int(self.high), shape), dtype=self.dtype)
        choices = self.choices()
        if self.distinct:
            sizes = sorted({abs(v) for v in choices})
            picked = generator.permutation(len(sizes))[: math.prod(shape)]
            values = [_signed(sizes[i], set(choices), bool(generator.integers(2))) for i in picked]
            return np.array(values, dtype=float).reshape(shape)
        found = generator.choice(choices, shape)
        return self.raised(found + 1j * generator.choice(choices, shape) if self.kind == "complex" else found)

    def raised(self, array: Any) -> NDArray[Any]:
        """``array`` with what belongs there added to its diagonal, or to its elements one after the other."""
        raised = np.array(array + self.rising * np.arange(array.shape[-1]) if self.rising else array)
        for k, number in enumerate(self.diagonal[: min(raised.shape[-2:], default=0)] if self.diagonal else ()):
            raised[..., k, k] += number
        return raised


def _signed(size: float, choices: set[float], negative: bool) -> float:
    """``size`` or ``-size``, whichever is allowed; where both are, as ``negative`` says."""
    return -size if (negative or size not in choices) and -size in choices else size


@dataclass(frozen=True, repr=False)
class Variant:
    """One way to call a function.

    Attributes:
        name: the case, ``"sum along axis 0"``.
        program: ``program(xp, *args)``.
        args: what each argument may be.
        shapes: for all arguments together, the first being the usual ones.
        region: drawn tests leave the variant out for a backend that lists a deviation under this name, or its own.
        native: the program uses operators or indices of arrays, the framework's own in the "spec" flavour too.
        extra: the program takes the namespace of functions beyond the standard.
        cancels: its derivatives are sums of terms that may be large and cancel: the budget counts in units of what is
            added up, which is the condition of the sum.
        linear: it is linear around each point that is drawn: its second derivatives are 0, which needs no oracle.
        by_element: its elements are by themselves, and so many in an array as `STACK` are asked without the oracle,
            which is slow there.
    """

    name: str
    program: Program
    args: tuple[Arg, ...]
    shapes: tuple[tuple[Shape, ...], ...]
    region: str = ""
    native: bool = False
    extra: bool = False
    cancels: bool = False
    linear: bool = False
    by_element: bool = False

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis prints it."""
        printer.text(repr(self))

    @property
    def members(self) -> tuple[Shape, ...]:
        """The shapes of what is by itself in a stack: of matrices drawn well conditioned, of numbers; else ()."""
        if self.by_element:
            return ((),) * len(self.args)
        return self.shapes[0] if self.args[0].diagonal and all(len(shape) == 2 for shape in self.shapes[0]) else ()

    @property
    def largest(self) -> tuple[Shape, ...]:
        """Its shapes of most numbers: those of a stack, where each member is by itself."""
        stacked = tuple((*STACK, *shape) for shape in self.members)
        return stacked or max(self.shapes, key=lambda shapes: sum(map(math.prod, shapes)))

    def called(self, name: str, *, native: bool = False, extra: bool = False) -> Variant:
        """A copy of the variant under another name."""
        return replace(self, name=name, native=native, extra=extra)

    @property
    def real(self) -> bool:
        """Whether no argument is complex."""
        return all(arg.kind != "complex" for arg in self.args)

    def on_oracle(self, xp: Any, *arrays: Any) -> Any:
        """The program on the oracle's namespace."""
        return self.program(xp.extra if self.extra else xp, *arrays)

    def arrays(self, shapes: tuple[Shape, ...]) -> list[NDArray[Any]]:
        """Arguments of these shapes, the same in every run."""
        generator = np.random.default_rng(zlib.crc32(f"{self.name} {shapes}".encode()))
        return [arg.array(shape, generator) for arg, shape in zip(self.args, shapes, strict=True)]


@dataclass(frozen=True, repr=False)
class Function:
    """A function of the namespace, the clause about it, and its variants.

    Attributes:
        name: its name in the standard, ``"linalg.qr"``, or what it stands for: ``"indexing"``.
        clause: the clause of chapter FUN.
        variants: the ways to call it.
        ulps: the error budget of values and first derivatives, in units in the last place of their scale.
        kinks: the clauses of chapter KINK about its singular points: which derivatives are legal, which recommended.
        half: whether the function takes 16-bit numbers; solvers and decompositions need not.
        drawn: the domain from which random programs draw the argument of an elementwise function (a name of
            ``programs/_table.py``); empty where that table has operations of its own for it, or none.
    """

    name: str
    clause: str
    variants: tuple[Variant, ...]
    ulps: float
    kinks: tuple[str, ...] = ()
    half: bool = True
    drawn: str = ""

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis prints it."""
        printer.text(repr(self))

    def budget(self, dtype: str, order: int = 1) -> float:
        """The budget in a dtype, of the derivative of this order (of the value for 0)."""
        ulps = max(self.ulps, OF_HALF) if dtype in ("float16", "bfloat16") else self.ulps
        return ulps * (MORE_FOR_SECOND if order == 2 else 1.0)


def call(name: str, /, **keywords: Any) -> Program:
    """The program that calls the function ``name`` (dots allowed) on its arguments."""
    return lambda xp, *args: operator.attrgetter(name)(xp)(*args, **keywords)
