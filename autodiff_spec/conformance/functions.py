"""The functions whose derivatives chapter FUN checks: how to call them, where, and on which shapes.

A new function is a new row, with the clause that speaks of it.
"""

from __future__ import annotations

import math
from typing import Any

from autodiff_spec.conformance._functions import Arg, Function, Program, Region, Shape, Variant, call

Shapes = tuple[tuple[Shape, ...], ...]

# Shapes that elementwise functions of one, two and three arrays are called on; the first is the usual one.
ONE: Shapes = (((2, 3),), ((),), ((2, 0),))
TWO: Shapes = (((2, 1), (3,)), ((), (3,)), ((2, 3), (1, 1)), ((0,), (1,)), ((), ()))
THREE: Shapes = (((2, 3), (3,), (2, 1)), ((), (), ()), ((0,), (1,), ()))

ANY, ODD, EVEN = Arg(), Arg(grid="odd"), Arg(grid="even")
NONZERO = Arg(hole=0.25)
POSITIVE = Arg(0.25, 3.0)
INSIDE = Arg(-0.875, 0.875)
DISTINCT = Arg(grid="odd", hole=0.25, distinct=True)
COMPLEX = Arg(kind="complex", hole=0.25)
MASK = Arg(kind="mask")


def elementwise(clause: str, name: str, *args: Arg, region: Region | None = None) -> Function:
    """A function of one, two or three arrays that broadcast."""
    shapes = (ONE, TWO, THREE)[len(args) - 1]
    return Function(name, clause, (Variant(name, call(name), args, shapes, region),))


def many(clause: str, name: str, *variants: Variant, native: bool = False) -> Function:
    """A function with variants; each is named after the function and what is special."""
    return Function(name, clause, tuple(v.called(f"{name} {v.name}".strip(), native=native) for v in variants))


def of(name: str, what: str, arg: Arg, *shapes: Shape, **keywords: Any) -> Variant:
    """A variant of a function of one array: its keyword arguments, and the shapes to use it on."""
    return Variant(what, call(name, **keywords), (arg,), tuple((shape,) for shape in shapes))


def reduction(clause: str, name: str, arg: Arg, *more: Variant, small: tuple[Shape, ...] = ()) -> Function:
    """A reduction over all elements, one axis, several axes, with and without keepdims; ``small``: other shapes."""
    return many(
        clause,
        name,
        of(name, "of all elements", arg, (2, 3), *small),
        of(name, "of all elements with keepdims", arg, (2, 2), keepdims=True),
        of(name, "along axis 0", arg, (2, 3), (2, 0), axis=0),
        of(name, "along axis -1", arg, (2, 3), (2, 2), axis=-1),
        of(name, "along axis -1 with keepdims", arg, (2, 3), axis=-1, keepdims=True),
        of(name, "along axes 0 and -1", arg, (2, 3, 2), axis=(0, -1)),
        *more,
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
    region: Region | None = None,
) -> Variant:
    """A variant of a function of two arrays."""
    return Variant(what, program, args, ((first, second), *more), region)


def at(what: str, key: Any, *shapes: Shape, region: Region | None = None) -> Variant:
    """Indexing by a key that is written in the program."""
    return Variant(what, lambda xp, x: x[key], (ANY,), tuple((shape,) for shape in shapes), region)


GATHER = Region("x[i]: an integer array as index")

ELEMENTWISE = (
    elementwise("FUN-01", "abs", ODD),
    elementwise("FUN-02", "acos", INSIDE),
    elementwise("FUN-03", "acosh", Arg(1.25, 3.0)),
    elementwise("FUN-04", "add", ANY, ANY),
    elementwise("FUN-05", "asin", INSIDE),
    elementwise("FUN-06", "asinh", ANY),
    elementwise("FUN-07", "atan", ANY),
    elementwise("FUN-08", "atan2", NONZERO, NONZERO),
    elementwise("FUN-09", "atanh", INSIDE),
    elementwise("FUN-10", "ceil", ODD),
    many(
        "FUN-11",
        "clip",
        Variant("to numbers", lambda xp, x: xp.clip(x, -1.0, 1.0), (ODD,), ONE),
        Variant("to arrays", call("clip"), (ODD, Arg(-2.0, -0.5, "even"), Arg(0.5, 2.0, "even")), THREE),
        Variant("from below", lambda xp, x: xp.clip(x, min=-1.0), (ODD,), ONE),
        Variant("from above", lambda xp, x: xp.clip(x, max=1.0), (ODD,), ONE),
    ),
    elementwise("FUN-12", "conj", COMPLEX),
    elementwise("FUN-13", "copysign", ODD, ODD),
    elementwise("FUN-14", "cos", ANY),
    elementwise("FUN-15", "cosh", ANY),
    elementwise("FUN-16", "divide", ANY, NONZERO),
    elementwise("FUN-17", "exp", ANY),
    elementwise("FUN-18", "expm1", ANY),
    elementwise("FUN-19", "floor", ODD),
    elementwise("FUN-20", "floor_divide", ODD, Arg(grid="even", hole=0.5), region=Region("floor_divide")),
    elementwise("FUN-21", "hypot", NONZERO, NONZERO),
    elementwise("FUN-22", "imag", COMPLEX),
    elementwise("FUN-23", "log", POSITIVE),
    elementwise("FUN-24", "log10", POSITIVE),
    elementwise("FUN-25", "log1p", Arg(-0.75, 3.0)),
    elementwise("FUN-26", "log2", POSITIVE),
    elementwise("FUN-27", "logaddexp", ANY, ANY),
    elementwise("FUN-28", "maximum", ODD, EVEN),
    elementwise("FUN-29", "minimum", ODD, EVEN),
    elementwise("FUN-30", "multiply", ANY, ANY),
    elementwise("FUN-31", "negative", ANY),
    elementwise("FUN-32", "positive", ANY),
    many(
        "FUN-33",
        "pow",
        Variant("", call("pow"), (POSITIVE, ANY), TWO),
        Variant("to 3", lambda xp, x: xp.pow(x, 3), (NONZERO,), ONE),
        Variant("to 2.0", lambda xp, x: xp.pow(x, 2.0), (ANY,), ONE),
        Variant("to -1.5", lambda xp, x: xp.pow(x, -1.5), (POSITIVE,), ONE),
        Variant("of 2.5", lambda xp, y: xp.pow(xp.asarray(2.5, dtype=y.dtype), y), (ANY,), ONE),
    ),
    elementwise("FUN-34", "real", COMPLEX),
    elementwise("FUN-35", "reciprocal", NONZERO),
    elementwise("FUN-36", "remainder", ODD, Arg(grid="even", hole=0.5)),
    elementwise("FUN-37", "round", ODD),
    elementwise("FUN-38", "sign", ODD),
    elementwise("FUN-39", "sin", ANY),
    elementwise("FUN-40", "sinh", ANY),
    elementwise("FUN-41", "sqrt", POSITIVE),
    elementwise("FUN-42", "square", ANY),
    elementwise("FUN-43", "subtract", ANY, ANY),
    elementwise("FUN-44", "tan", Arg(-1.25, 1.25)),
    elementwise("FUN-45", "tanh", ANY),
    elementwise("FUN-46", "trunc", ODD),
    many(
        "FUN-47",
        "where",
        Variant("", call("where"), (MASK, ANY, ANY), THREE),
        Variant("with a number", lambda xp, c, x: xp.where(c, x, 0.5), (MASK, ANY), (((2, 3), (3,)),)),
    ),
)

REDUCTIONS = (
    reduction("FUN-48", "sum", ANY, small=((), (0,), (2, 0))),
    reduction("FUN-49", "mean", ANY, small=((),)),
    reduction("FUN-50", "prod", ANY, small=((), (0,))),
    reduction("FUN-51", "max", DISTINCT, small=((),)),
    reduction("FUN-52", "min", DISTINCT, small=((),)),
    reduction("FUN-53", "var", ANY, of("var", "with correction 1", ANY, (2, 3), axis=0, correction=1), small=((),)),
    reduction("FUN-54", "std", DISTINCT, of("std", "with correction 1", DISTINCT, (2, 3), axis=-1, correction=1)),
    reduction(
        "FUN-81",
        "linalg.vector_norm",
        NONZERO,
        norm(1, "1", NONZERO),
        norm(3, "3", NONZERO),
        norm(math.inf, "inf", DISTINCT),
        norm(-math.inf, "-inf", DISTINCT),
        small=((3,),),
    ),
    many(
        "FUN-82",
        "linalg.matrix_norm",
        of("linalg.matrix_norm", "of a matrix", NONZERO, (2, 3)),
        of("linalg.matrix_norm", "of a stack with keepdims", NONZERO, (2, 2, 3), keepdims=True),
    ),
)

PRODUCTS = (
    many(
        "FUN-55",
        "matmul",
        two("of vectors", call("matmul"), (3,), (3,), ((0,), (0,))),
        two("of matrices", call("matmul"), (2, 3), (3, 2), ((2, 0), (0, 3))),
        two("of matrix and vector", call("matmul"), (2, 3), (3,)),
        two("of vector and matrix", call("matmul"), (3,), (3, 2)),
        two("of stack and vector", call("matmul"), (2, 2, 3), (3,)),
        two("of stacks that broadcast", call("matmul"), (2, 1, 1, 2), (3, 2, 2)),
    ),
    many(
        "FUN-56",
        "vecdot",
        two("", call("vecdot"), (2, 3), (3,), ((3,), (3,)), ((2, 0), (2, 0))),
        two("along axis -2", call("vecdot", axis=-2), (3, 2), (3, 2)),
    ),
    many(
        "FUN-57",
        "tensordot",
        two("over 2 axes", call("tensordot"), (2, 2, 3), (2, 3, 2)),
        two("over 1 axis", call("tensordot", axes=1), (2, 3), (3, 2)),
        two("over no axis", call("tensordot", axes=0), (2,), (2, 3)),
        two("over named axes", call("tensordot", axes=((0, 2), (1, 0))), (2, 1, 3), (3, 2, 2)),
    ),
    many("FUN-58", "matrix_transpose", of("matrix_transpose", "", ANY, (2, 3), (2, 1, 3), (0, 2))),
)

SHAPES = (
    many(
        "FUN-59",
        "reshape",
        Variant("to another shape", lambda xp, x: xp.reshape(x, (3, 2)), (ANY,), (((2, 3),),)),
        Variant("to one axis", lambda xp, x: xp.reshape(x, (-1,)), (ANY,), (((2, 3),), ((),))),
        Variant("to a 0-d array", lambda xp, x: xp.reshape(x, ()), (ANY,), (((1, 1),),)),
    ),
    many(
        "FUN-60",
        "permute_dims",
        Variant("", lambda xp, x: xp.permute_dims(x, (2, 0, 1)), (ANY,), (((2, 3, 2),), ((0, 2, 1),))),
    ),
    many(
        "FUN-61",
        "broadcast_to",
        Variant("more axes", lambda xp, x: xp.broadcast_to(x, (2, 3)), (ANY,), (((3,),), ((),))),
        Variant("longer axes", lambda xp, x: xp.broadcast_to(x, (2, 3)), (ANY,), (((2, 1),), ((1, 1),))),
        Variant("an empty array", lambda xp, x: xp.broadcast_to(x, (0, 3)), (ANY,), (((1, 3),),)),
    ),
    many(
        "FUN-62",
        "broadcast_arrays",
        two("", lambda xp, x, y: tuple(xp.broadcast_arrays(x, y)), (2, 1), (3,), ((), (2,))),
    ),
    many(
        "FUN-63",
        "concat",
        two("along axis 0", lambda xp, x, y: xp.concat([x, y]), (2, 3), (1, 3), ((0,), (2,))),
        two("along axis -1", lambda xp, x, y: xp.concat([x, y], axis=-1), (2, 3), (2, 1)),
        two("of flattened arrays", lambda xp, x, y: xp.concat([x, y], axis=None), (2, 3), (2,)),
        two("of an array with itself", lambda xp, x, y: xp.concat([x, y, x]), (2,), (1,)),
    ),
    many(
        "FUN-64",
        "stack",
        two("along axis 0", lambda xp, x, y: xp.stack([x, y]), (2, 3), (2, 3), ((), ()), ((0,), (0,))),
        two("along axis -1", lambda xp, x, y: xp.stack([x, y, x], axis=-1), (2, 3), (2, 3)),
    ),
    many(
        "FUN-65",
        "unstack",
        Variant("along axis 0", lambda xp, x: tuple(xp.unstack(x)), (ANY,), (((2, 3),), ((2,),))),
        Variant("along axis -1", lambda xp, x: tuple(xp.unstack(x, axis=-1)), (ANY,), (((2, 3),),)),
        Variant("of which one is used", lambda xp, x: xp.unstack(x)[1] * 2.0, (ANY,), (((2, 3),),)),
    ),
    many(
        "FUN-66",
        "expand_dims",
        of("expand_dims", "at 0", ANY, (2, 3), (), axis=0),
        of("expand_dims", "at -1", ANY, (2, 3), (0,), axis=-1),
    ),
    many(
        "FUN-67",
        "squeeze",
        Variant("one axis", lambda xp, x: xp.squeeze(x, 1), (ANY,), (((2, 1),),)),
        Variant("two axes", lambda xp, x: xp.squeeze(x, (0, -1)), (ANY,), (((1, 2, 1),), ((1, 1),))),
    ),
    many(
        "FUN-68",
        "flip",
        of("flip", "along all axes", ANY, (2, 3), (0, 2)),
        of("flip", "along axis -1", ANY, (2, 3), axis=-1),
        of("flip", "along axes 0 and 2", ANY, (2, 2, 2), axis=(0, 2)),
    ),
    many(
        "FUN-69",
        "roll",
        of("roll", "of the flattened array", ANY, (2, 3), shift=1),
        of("roll", "along axis -1", ANY, (2, 3), (2, 0), shift=-1, axis=-1),
        of("roll", "along two axes", ANY, (2, 3), shift=(1, -2), axis=(0, 1)),
    ),
    many(
        "FUN-70",
        "moveaxis",
        Variant("of one axis", lambda xp, x: xp.moveaxis(x, 0, -1), (ANY,), (((2, 3, 1),),)),
        Variant("of two axes", lambda xp, x: xp.moveaxis(x, (0, 2), (1, 0)), (ANY,), (((2, 3, 1),),)),
    ),
    many(
        "FUN-71",
        "repeat",
        Variant("of all elements", lambda xp, x: xp.repeat(x, 2), (ANY,), (((2, 3),), ((0,),))),
        Variant("along axis 0", lambda xp, x: xp.repeat(x, 3, axis=0), (ANY,), (((2, 3),),)),
        Variant(
            "by different counts",
            lambda xp, x: xp.repeat(x, xp.asarray([1, 0, 2]), axis=-1),
            (ANY,),
            (((2, 3),),),
        ),
    ),
    many(
        "FUN-72",
        "tile",
        Variant("along the last axis", lambda xp, x: xp.tile(x, (2,)), (ANY,), (((2, 3),), ((0,),))),
        Variant("into more axes", lambda xp, x: xp.tile(x, (2, 1, 2)), (ANY,), (((2, 2),), ((),))),
    ),
    many(
        "FUN-73",
        "tril",
        of("tril", "", ANY, (2, 3), (0, 2)),
        of("tril", "above the diagonal", ANY, (2, 3, 3), k=1),
    ),
    many(
        "FUN-74",
        "triu",
        of("triu", "", ANY, (2, 3), (0, 2)),
        of("triu", "below the diagonal", ANY, (2, 3, 3), k=-1),
    ),
    many(
        "FUN-80",
        "astype",
        Variant("to float32", lambda xp, x: xp.astype(x, xp.float32), (ANY,), ONE),
        Variant("to float64", lambda xp, x: xp.astype(x, xp.float64), (ANY,), ONE),
    ),
)

INDEXING = (
    many(
        "FUN-75",
        "take",
        two("along axis 0", call("take", axis=0), (3, 2), (4,), args=(ANY, Arg(high=3, kind="index"))),
        two(
            "along axis -1", call("take", axis=-1), (2, 3), (4,), ((2, 3), (0,)), args=(ANY, Arg(high=3, kind="index"))
        ),
    ),
    many(
        "FUN-76",
        "take_along_axis",
        two("", call("take_along_axis"), (2, 3), (2, 4), args=(ANY, Arg(high=3, kind="index"))),
        two("along axis 0", call("take_along_axis", axis=0), (3, 2), (2, 2), args=(ANY, Arg(high=3, kind="index"))),
    ),
    many(
        "FUN-77",
        "indexing",
        at("by an integer", 1, (2, 3), (2,)),
        at("by a negative integer", -1, (2, 3)),
        at("by integers for all axes", (0, 1), (2, 3)),
        at("by a slice", slice(1, None), (3,), (2, 2)),
        at("by a slice with a step", slice(None, None, 2), (3,)),
        at("by a slice with a negative step", slice(None, None, -1), (3,), region=Region("x[::-1]")),
        at("by an empty slice", slice(2, 2), (3,)),
        at("by ellipsis and an integer", (..., 0), (2, 3), (3,)),
        at("by None", (slice(None), None), (2,)),
        at("by two slices", (slice(1, None), slice(0, 2)), (2, 3)),
        at("of a 0-d array", (), ()),
        native=True,
    ),
    many(
        "FUN-78",
        "mask",
        two("of one axis", lambda xp, x, c: x[c], (3,), (3,), args=(ANY, MASK)),
        two("of all axes", lambda xp, x, c: x[c], (2, 3), (2, 3), args=(ANY, MASK)),
        native=True,
    ),
    many(
        "FUN-79",
        "integer array",
        two("for one axis", lambda xp, x, i: x[i], (3,), (4,), args=(ANY, Arg(high=3, kind="index")), region=GATHER),
        Variant(
            "for each axis",
            lambda xp, x, i, j: x[i, j],
            (ANY, Arg(high=2, kind="index"), Arg(high=3, kind="index")),
            (((2, 3), (4,), (4,)),),
            GATHER,
        ),
        native=True,
    ),
)

OPERATORS = many(
    "FUN-83",
    "operator",
    two("+", lambda xp, x, y: x + y, (2, 1), (3,)),
    two("-", lambda xp, x, y: x - y, (2, 1), (3,)),
    two("*", lambda xp, x, y: x * y, (2, 1), (3,)),
    two("/", lambda xp, x, y: x / y, (2, 1), (3,), args=(ANY, NONZERO)),
    two("**", lambda xp, x, y: x**y, (2, 1), (3,), args=(POSITIVE, ANY)),
    two("//", lambda xp, x, y: x // y, (2, 1), (3,), args=(ODD, Arg(grid="even", hole=0.5)), region=Region("x // y")),
    two("%", lambda xp, x, y: x % y, (2, 1), (3,), args=(ODD, Arg(grid="even", hole=0.5))),
    two("@ of matrices", lambda xp, x, y: x @ y, (2, 3), (3, 2)),
    two("@ of matrix and vector", lambda xp, x, y: x @ y, (2, 3), (3,), region=Region("x @ y: y is a vector")),
    Variant("unary -", lambda xp, x: -x, (ANY,), ONE),
    Variant("unary +", lambda xp, x: +x, (ANY,), ONE, Region("+x")),
    Variant("abs", lambda xp, x: abs(x), (ODD,), ONE),
    Variant("+ and - with a number", lambda xp, x: (x + 1.5) - (2.5 + x) * 2.0 - (0.5 - x), (ANY,), ONE),
    Variant("* and / with a number", lambda xp, x: (x * 1.5) / 2.0 + 0.5 * x + 1.5 / x, (NONZERO,), ONE),
    Variant("** with a number", lambda xp, x: x**3 + x**2.0 + 1.5**x, (POSITIVE,), ONE),
    native=True,
)

FUNCTIONS: tuple[Function, ...] = (*ELEMENTWISE, *REDUCTIONS, *PRODUCTS, *SHAPES, *INDEXING, OPERATORS)
