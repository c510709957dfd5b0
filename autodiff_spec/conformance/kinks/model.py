"""The points that chapter KINK speaks of: programs, where, and which derivatives are legal there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec.conformance.functions.beyond import largest as largest_of

Program = Callable[..., Any]
Legal = Callable[..., bool]
NEAR_ZERO = 1e-12


@dataclass(frozen=True)
class Point:
    """A program at a point.

    Attributes:
        name: the case, ``"abs at 0"``.
        program: ``program(xp, *arrays)``; of ``be.extra`` where ``extra`` says so.
        args: floats and nested lists, as float64 arrays.
        by: the arguments that are differentiated; the others are constants.
        numbers: the arguments that are passed as Python numbers.
        extra: the program takes the namespace of functions beyond the standard.
        native: the program uses operators of arrays, which are the framework's own in the "spec" flavour too.
        weights: the cotangent; ones where it is None.
        condition: how much the derivatives amplify relative errors of the arguments.
        scale: the size of the terms that cancel, where the derivatives are smaller.
        truth: what the derivatives are, where mathematics knows better than the oracle's differences; else None.
    """

    name: str
    program: Program
    args: tuple[Any, ...]
    by: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()
    extra: bool = False
    native: bool = False
    weights: Any = None
    condition: float = 1.0
    scale: float = 0.0
    truth: tuple[Any, ...] | None = None

    @property
    def arrays(self) -> list[NDArray[np.float64]]:
        """The arguments."""
        return [np.array(arg, dtype=np.float64) for arg in self.args]

    @property
    def tracked(self) -> tuple[int, ...]:
        """The arguments that are differentiated."""
        return self.by or tuple(range(len(self.args)))


@dataclass(frozen=True)
class Kink:
    """A point where more than one derivative is legal.

    Attributes:
        must: the clause that says which are legal.
        should: the clause that recommends the one of least norm; "" for none.
        legal: says whether derivatives (one for each argument) are legal, where they are a continuum; else the convex
            hull of the derivatives nearby is.
    """

    must: str
    should: str
    point: Point
    legal: Legal | None = None


def at(name: str, program: Program, *args: Any, **options: Any) -> Point:
    """A point with the arguments in a row."""
    return Point(name, program, args, **options)


def of(name: str) -> Program:
    """The program that calls a function of the namespace."""
    return lambda xp, *args: getattr(xp, name)(*args)


def ball(order: float) -> Legal:
    """The derivatives that lie, all together, in the unit ball of the norm of this order."""
    return lambda *g: bool(np.linalg.norm(np.concatenate([np.ravel(part) for part in g]), order) <= 1 + NEAR_ZERO)


def deviations(free: float) -> Legal:
    """The derivatives that std has around equal elements, with ``free`` degrees of freedom."""
    return lambda g: bool(abs(np.sum(g)) <= NEAR_ZERO and np.linalg.norm(g) <= 1 / math.sqrt(free) + NEAR_ZERO)


def norm(**keywords: Any) -> Program:
    """A vector norm."""
    return lambda xp, x: xp.linalg.vector_norm(x, **keywords)


def largest(count: int) -> Program:
    """The largest elements."""
    return lambda extra, x: largest_of(extra, x, count)


MAXIMUM, MINIMUM, CLIP, INTERP = of("maximum"), of("minimum"), of("clip"), of("interp")

KINKS: tuple[Kink, ...] = (
    Kink("KINK-01", "KINK-02", at("abs at 0", of("abs"), 0.0)),
    Kink("KINK-01", "KINK-02", at("abs at -0", of("abs"), -0.0)),
    Kink("KINK-01", "KINK-02", at("abs of a vector with zeros", of("abs"), [0.0, -2.0, 0.0])),
    Kink("KINK-01", "KINK-02", at("the operator abs at 0", lambda xp, x: abs(x), 0.0, native=True)),
    Kink("KINK-03", "KINK-04", at("relu at 0", of("relu"), 0.0, extra=True)),
    Kink("KINK-05", "KINK-06", at("maximum of equal numbers", MAXIMUM, 2.0, 2.0)),
    Kink("KINK-05", "KINK-06", at("minimum of equal numbers", MINIMUM, 2.0, 2.0)),
    Kink("KINK-05", "KINK-06", at("maximum of vectors with a tie", MAXIMUM, [1.0, 3.0], [1.0, 2.0])),
    # Element by element ½ is recommended; least in norm is another derivative of what was broadcast.
    Kink("KINK-05", "", at("minimum of a vector with a scalar that ties", MINIMUM, [1.0, 3.0], 1.0)),
    Kink("KINK-05", "KINK-06", at("maximum with an equal constant", MAXIMUM, 0.0, 0.0, by=(0,))),
    Kink("KINK-05", "KINK-06", at("minimum of a constant with an equal array", MINIMUM, 0.0, 0.0, by=(1,))),
    Kink("KINK-05", "KINK-06", at("maximum with an equal number", MAXIMUM, 0.0, 0.0, by=(0,), numbers=(1,))),
    Kink("KINK-09", "KINK-10", at("clip at the lower bound", CLIP, 0.0, 0.0, 1.0, by=(0,))),
    Kink("KINK-09", "KINK-10", at("clip at the upper bound", CLIP, 1.0, 0.0, 1.0, by=(0,))),
    Kink("KINK-09", "KINK-10", at("clip at a bound that is a number", CLIP, 0.0, 0.0, 1.0, by=(0,), numbers=(1, 2))),
    Kink("KINK-09", "KINK-10", at("clip at its only bound", lambda xp, x, low: xp.clip(x, min=low), 1.0, 1.0, by=(0,))),
    Kink("KINK-11", "KINK-12", at("clip by x and bounds at the lower", CLIP, 0.0, 0.0, 1.0)),
    Kink("KINK-11", "KINK-12", at("clip by x and bounds at the upper", CLIP, 1.0, 0.0, 1.0)),
    Kink("KINK-13", "KINK-14", at("copysign(0, -1)", of("copysign"), 0.0, -1.0)),
    Kink("KINK-13", "KINK-14", at("copysign(0, 2)", of("copysign"), 0.0, 2.0)),
    Kink("KINK-15", "KINK-16", at("2-norm at 0", norm(), [0.0, 0.0]), ball(2)),
    Kink("KINK-15", "KINK-16", at("2-norm of one zero", norm(), [0.0]), ball(2)),
    Kink("KINK-15", "KINK-16", at("3-norm at 0", norm(ord=3), [0.0, 0.0]), ball(1.5)),
    Kink(
        "KINK-15",
        "KINK-16",
        at("Frobenius norm at 0", lambda xp, x: xp.linalg.matrix_norm(x), [[0.0, 0.0], [0.0, 0.0]]),
        ball(2),
    ),
    Kink("KINK-17", "KINK-18", at("maximum norm of [2, -2, 1]", norm(ord=math.inf), [2.0, -2.0, 1.0])),
    Kink("KINK-17", "KINK-18", at("maximum norm of [-1, -1]", norm(ord=math.inf), [-1.0, -1.0])),
    Kink("KINK-19", "KINK-20", at("1-norm of [0, 2]", norm(ord=1), [0.0, 2.0])),
    Kink("KINK-21", "KINK-22", at("hypot(0, 0)", of("hypot"), 0.0, 0.0), ball(2)),
    Kink("KINK-24", "KINK-25", at("std of equal elements", of("std"), [1.5, 1.5, 1.5]), deviations(3)),
    Kink(
        "KINK-24",
        "KINK-25",
        at("std of equal elements with correction 1", lambda xp, x: xp.std(x, correction=1), [1.5, 1.5, 1.5]),
        deviations(2),
    ),
    Kink(
        "KINK-24",
        "KINK-25",
        at("std of equal elements with correction 0.5", lambda xp, x: xp.std(x, correction=0.5), [1.5, 1.5, 1.5]),
        deviations(2.5),
    ),
    Kink("KINK-24", "KINK-25", at("std of zeros", of("std"), [0.0, 0.0]), deviations(2)),
    Kink(
        "KINK-24", "KINK-25", at("std of one element", of("std"), [2.5]), lambda g: bool(np.all(np.abs(g) <= NEAR_ZERO))
    ),
    Kink("KINK-61", "", at("sort of [2, 1, 2]", of("sort"), [2.0, 1.0, 2.0], weights=[1.0, 2.0, 4.0])),
    Kink("KINK-61", "", at("sort of equal elements", of("sort"), [3.0, 3.0, 3.0], weights=[1.0, 2.0, 4.0])),
    Kink("KINK-61", "", at("median of [2, 2, 1]", of("median"), [2.0, 2.0, 1.0], extra=True)),
    Kink("KINK-61", "", at("median of [1, 2, 2, 3]", of("median"), [1.0, 2.0, 2.0, 3.0], extra=True)),
    Kink("KINK-61", "", at("median of [1, 1, 1, 3]", of("median"), [1.0, 1.0, 1.0, 3.0], extra=True)),
    Kink("KINK-61", "", at("topk of [3, 1, 3], the first", largest(1), [3.0, 1.0, 3.0], extra=True)),
    Kink("KINK-61", "", at("topk of [3, 3, 3]", largest(2), [3.0, 3.0, 3.0], extra=True, weights=[1.0, 2.0])),
    *(
        Kink("KINK-80", "KINK-81", at(f"interp at {where}", INTERP, x, knots, values, extra=True))
        for where, x, knots, values in (
            ("a knot that is a peak", 1.0, [0.0, 1.0, 3.0], [0.0, 2.0, 1.0]),
            ("a knot of a rising line", 1.0, [0.0, 1.0, 3.0], [0.0, 2.0, 3.0]),
            ("a knot of a falling line", 1.0, [0.0, 1.0, 3.0], [3.0, 2.5, 0.5]),
            ("a knot where it gets flat", 1.0, [0.0, 1.0, 3.0], [1.0, 2.0, 2.0]),
            ("the first knot", 0.0, [0.0, 1.0], [1.0, 3.0]),
            ("the last knot", 1.0, [0.0, 1.0], [1.0, 3.0]),
        )
    ),
    Kink(
        "KINK-80",
        "KINK-81",
        at("interp at and between constant knots", INTERP, [1.0, 0.5], [0.0, 1.0], [1.0, 3.0], by=(0,), extra=True),
    ),
)
"""Points with more than one legal derivative."""
