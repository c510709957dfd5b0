"""Selections of elements: by functions, and by the index expressions of arrays."""

from __future__ import annotations

from typing import Any

from autodiff_spec.conformance.functions._make import ANY, MASK, many, two
from autodiff_spec.conformance.functions._model import EXACT, Arg, Function, Shape, Variant, call


def at(what: str, key: Any, *shapes: Shape, region: str = "") -> Variant:
    """Indexing by a key that is written in the program."""
    return Variant(what, lambda xp, x: x[key], (ANY,), tuple((shape,) for shape in shapes), region)


GATHER = "x[i]: an integer array as index"


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
)
