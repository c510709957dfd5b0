"""How rows are written: the usual arguments and shapes, and functions that make variants."""

from __future__ import annotations

from typing import Any

from autodiff_spec.conformance.functions._model import Arg, Function, Program, Shape, Variant, call

Shapes = tuple[tuple[Shape, ...], ...]

# Shapes that elementwise functions of one, two and three arrays are called on; the first is the usual one.
ONE: Shapes = (((2, 3),), ((),), ((2, 0),), ((2, 3, 4),))
TWO: Shapes = (((2, 1), (3,)), ((), (3,)), ((2, 3), (1, 1)), ((0,), (1,)), ((), ()), ((2, 3, 4), (3, 1)))
THREE: Shapes = (((2, 3), (3,), (2, 1)), ((), (), ()), ((0,), (1,), ()))

ANY, ODD, EVEN = Arg(), Arg(grid="odd"), Arg(grid="even")
NONZERO = Arg(hole=0.25)
POSITIVE = Arg(0.25, 3.0)
INSIDE = Arg(-0.875, 0.875)
DISTINCT = Arg(grid="odd", hole=0.25, distinct=True)
COMPLEX = Arg(kind="complex", hole=0.25)
SQUARE = Arg(-0.25, 0.25, "odd", diagonal=(2.0, 4.0, 6.0))
HERMITIAN = Arg(-0.25, 0.25, "odd", kind="complex", diagonal=(2.0, 4.0, 6.0))
MASK = Arg(kind="mask")


def elementwise(
    clause: str, name: str, *args: Arg, ulps: float, kinks: str = "", region: str = "", cancels: bool = False
) -> Function:
    """A function of one, two or three arrays that broadcast."""
    shapes = (ONE, TWO, THREE)[len(args) - 1]
    variant = Variant(name, call(name), args, shapes, region, cancels=cancels)
    return Function(name, clause, (variant,), ulps, tuple(kinks.split()))


def many(
    clause: str,
    name: str,
    *variants: Variant,
    ulps: float,
    kinks: str = "",
    half: bool = True,
    native: bool = False,
    extra: bool = False,
    drawn: str = "",
) -> Function:
    """A function with variants; each is named after the function and what is special."""
    named = tuple(v.called(f"{name} {v.name}".strip(), native=native, extra=extra) for v in variants)
    return Function(name, clause, named, ulps, tuple(kinks.split()), half, drawn)


def of(name: str, what: str, arg: Arg, *shapes: Shape, **keywords: Any) -> Variant:
    """A variant of a function of one array: its keyword arguments, and the shapes to use it on."""
    return Variant(what, call(name, **keywords), (arg,), tuple((shape,) for shape in shapes))


def reduction(
    clause: str, name: str, arg: Arg, *more: Variant, small: tuple[Shape, ...] = (), ulps: float, kinks: str = ""
) -> Function:
    """A reduction over all elements, one axis, several axes, with and without keepdims; ``small``: other shapes."""
    return many(
        clause,
        name,
        of(name, "of all elements", arg, (2, 3), *small),
        of(name, "of all elements with keepdims", arg, (2, 2), keepdims=True),
        of(name, "along axis 0", arg, (2, 3), (2, 0), axis=0),
        of(name, "along axis -1", arg, (2, 3), (2, 2), (2, 3, 3, 2), axis=-1),
        of(name, "along axis -1 with keepdims", arg, (2, 3), axis=-1, keepdims=True),
        of(name, "along axes 0 and -1", arg, (2, 3, 2), axis=(0, -1)),
        *more,
        ulps=ulps,
        kinks=kinks,
    )


def norm(ord: float, what: str, arg: Arg) -> Variant:
    """The vector norm of one order along the last axis."""
    return of("linalg.vector_norm", f"of order {what}", arg, (2, 3), axis=-1, ord=ord)


def two(
    what: str,
    program: Program,
    first: Shape,
    second: Shape,
    *more: tuple[Shape, ...],
    args: tuple[Arg, Arg] = (ANY, ANY),
    region: str = "",
    cancels: bool = False,
) -> Variant:
    """A variant of a function of two arrays."""
    return Variant(what, program, args, ((first, second), *more), region, cancels=cancels)
