"""Selections of elements: by functions, and by the index expressions of arrays."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from autodiff_spec.conformance.functions._make import ANY, MASK, many, two
from autodiff_spec.conformance.functions._model import EXACT, Arg, Function, Shape, Variant, call


def at(what: str, key: Any, *shapes: Shape, region: str = "") -> Variant:
    """Indexing by a key that is written in the program."""
    return Variant(what, lambda xp, x: x[key], (ANY,), tuple((shape,) for shape in shapes), region)


GATHER = "x[i]: an integer array as index"
MASKS = "x[:, m]: a mask beside other indices"
THREE = Arg(high=3, kind="index")
THREE_32 = Arg(high=3, kind="index", dtype="int32")
Get = Callable[[Any, Any], Any]

BY_ARRAYS: dict[str, tuple[Callable[..., Any], tuple[Arg, ...], tuple[Shape, ...]]] = {
    "negative entries": (lambda get, x, i: get(x, i - 3), (ANY, THREE), ((3,), (5,))),
    "an array of two axes": (lambda get, x, i: get(x, i), (ANY, THREE), ((3, 2), (2, 3))),
    "an array of int32": (lambda get, x, i: get(x, i), (ANY, THREE_32), ((3,), (7,))),
    "an integer and an array": (lambda get, x, i: get(x, (1, i)), (ANY, THREE), ((2, 3), (4,))),
    "a new axis and an array": (lambda get, x, i: get(x, (None, i)), (ANY, THREE), ((3, 2), (4,))),
    "arrays around a slice": (
        lambda get, x, i, j: get(x, (i, slice(None), j)),
        (ANY, THREE, THREE),
        ((3, 2, 3), (5,), (5,)),
    ),
    "arrays around a new axis": (lambda get, x, i, j: get(x, (i, None, j)), (ANY, THREE, THREE), ((3, 3), (4,), (4,))),
    "arrays that broadcast": (lambda get, x, i, j: get(x, (i, j)), (ANY, THREE, THREE), ((3, 3), (2, 1), (3,))),
    "a slice and an array": (lambda get, x, i: get(x, (slice(1, None), i)), (ANY, THREE), ((3, 3), (4,))),
    "an array and a slice": (lambda get, x, i: get(x, (i, slice(1, None, 2))), (ANY, THREE), ((3, 5), (4,))),
    "an ellipsis and an array": (lambda get, x, i: get(x, (..., i)), (ANY, THREE), ((2, 2, 3), (4,))),
    "a slice and a mask": (lambda get, x, m: get(x, (slice(None), m)), (ANY, MASK), ((2, 3), (3,))),
    "a mask of the first axis": (lambda get, x, m: get(x, m), (ANY, MASK), ((3, 2), (3,))),
    "a mask of two axes of three": (lambda get, x, m: get(x, m), (ANY, MASK), ((3, 2, 2), (3, 2))),
    "an integer and a mask": (lambda get, x, m: get(x, (1, m)), (ANY, MASK), ((2, 3), (3,))),
}
"""Indices with arrays, ``program(get, x, *indices)``; the entries of an index repeat."""


def by_arrays(get: Callable[[Any], Get], **regions: str) -> list[Variant]:
    """A variant for each of `BY_ARRAYS`; ``get`` finds in a namespace how to read an array at an index."""
    return [
        Variant(
            f"by {what}",
            lambda xp, *args, program=program: program(get(xp), *args),
            args,
            (shapes,),
            regions.get("masks" if what in ("a slice and a mask", "an integer and a mask") else args[1].kind, ""),
        )
        for what, (program, args, shapes) in BY_ARRAYS.items()
    ]


INDEXING: tuple[Function, ...] = (
    many(
        "FUN-75",
        "take",
        two("along axis 0", call("take", axis=0), (3, 2), (4,), args=(ANY, Arg(high=3, kind="index"))),
        two(
            "along axis -1", call("take", axis=-1), (2, 3), (4,), ((2, 3), (0,)), args=(ANY, Arg(high=3, kind="index"))
        ),
        ulps=EXACT,
        kinks="KINK-57",
    ),
    many(
        "FUN-76",
        "take_along_axis",
        two("", call("take_along_axis"), (2, 3), (2, 4), args=(ANY, Arg(high=3, kind="index"))),
        two("along axis 0", call("take_along_axis", axis=0), (3, 2), (2, 2), args=(ANY, Arg(high=3, kind="index"))),
        ulps=EXACT,
        kinks="KINK-57",
    ),
    many(
        "FUN-77",
        "indexing",
        at("by an integer", 1, (2, 3), (2,)),
        at("by a negative integer", -1, (2, 3)),
        at("by integers for all axes", (0, 1), (2, 3)),
        at("by a slice", slice(1, None), (3,), (2, 2)),
        at("by a slice with a step", slice(None, None, 2), (3,)),
        at("by a slice with a negative step", slice(None, None, -1), (3,), region="x[::-1]"),
        at("by an empty slice", slice(2, 2), (3,)),
        at("by ellipsis and an integer", (..., 0), (2, 3), (3,)),
        at("by None", (slice(None), None), (2,)),
        at("by two slices", (slice(1, None), slice(0, 2)), (2, 3)),
        at("of a 0-d array", (), ()),
        at("by a step from an offset", slice(1, None, 3), (7,)),
        at("by a negative step from an offset", slice(-2, 0, -2), (7,), region="x[::-1]"),
        at("by new axes, integers and an ellipsis", (None, 1, ..., None, slice(None, None, 2)), (2, 2, 3)),
        at("by negative slices of a middle axis", (slice(None), slice(-3, -1), -1), (2, 4, 3)),
        ulps=EXACT,
        native=True,
    ),
    many(
        "FUN-78",
        "mask",
        two("of one axis", lambda xp, x, c: x[c], (3,), (3,), args=(ANY, MASK)),
        two("of all axes", lambda xp, x, c: x[c], (2, 3), (2, 3), args=(ANY, MASK)),
        ulps=EXACT,
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
        ulps=EXACT,
        native=True,
    ),
    many(
        "FUN-236",
        "x[index]",
        *by_arrays(lambda xp: operator.getitem, index=GATHER, masks=MASKS),
        ulps=EXACT,
        native=True,
    ),
    many("FUN-236", "index", *by_arrays(lambda extra: extra.index), ulps=EXACT, extra=True),
)
