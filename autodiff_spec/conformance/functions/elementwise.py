"""Elementwise functions of one, two and three arrays."""

from __future__ import annotations

from autodiff_spec.conformance.functions._make import (
    ANY,
    COMPLEX,
    EVEN,
    INSIDE,
    MASK,
    NONZERO,
    ODD,
    ONE,
    POSITIVE,
    THREE,
    TWO,
    elementwise,
    many,
    two,
)
from autodiff_spec.conformance.functions._model import (
    ELEMENTARY,
    EXACT,
    ROUNDED,
    SENSITIVE,
    Arg,
    Function,
    Variant,
    call,
)

COUNT = Arg(low=1, high=4, kind="index")
_BY_INTEGERS = (
    *(("add", ANY, COUNT), ("subtract", ANY, COUNT), ("multiply", ANY, COUNT), ("divide", NONZERO, COUNT)),
    *(("pow", POSITIVE, COUNT), ("maximum", ODD, COUNT), ("minimum", ODD, COUNT), ("hypot", NONZERO, COUNT)),
    *(("atan2", NONZERO, COUNT), ("logaddexp", ANY, COUNT), ("copysign", ODD, COUNT), ("remainder", ODD, COUNT)),
    *(("add", ANY, MASK), ("multiply", ANY, MASK), ("pow", POSITIVE, MASK), ("maximum", ODD, MASK)),
)
"""A function of two arrays, its floating argument, and what the other one is: integers, or booleans."""


def _by(name: str, arg: Arg, count: Arg, first: bool = False) -> Variant:
    """A function of a floating array and one of integers or booleans, which has another shape."""
    what = f"{name} {'of' if first else 'by'} {'booleans' if count is MASK else 'integers'}"
    if first:
        return two(what, call(name), (3,), (2, 1), args=(count, arg))
    return two(what, call(name), (2, 1), (3,), args=(arg, count))


ELEMENTWISE: tuple[Function, ...] = (
    elementwise("FUN-01", "abs", ODD, ulps=EXACT, kinks="KINK-01 KINK-02"),
    elementwise("FUN-02", "acos", INSIDE, ulps=SENSITIVE, kinks="KINK-41"),
    elementwise("FUN-03", "acosh", Arg(1.25, 3.0), ulps=SENSITIVE, kinks="KINK-42"),
    elementwise("FUN-04", "add", ANY, ANY, ulps=EXACT),
    elementwise("FUN-05", "asin", INSIDE, ulps=SENSITIVE, kinks="KINK-41"),
    elementwise("FUN-06", "asinh", ANY, ulps=ELEMENTARY),
    elementwise("FUN-07", "atan", ANY, ulps=ELEMENTARY),
    elementwise("FUN-08", "atan2", NONZERO, NONZERO, ulps=ELEMENTARY),
    elementwise("FUN-09", "atanh", INSIDE, ulps=SENSITIVE, kinks="KINK-42"),
    elementwise("FUN-10", "ceil", ODD, ulps=EXACT, kinks="KINK-49"),
    many(
        "FUN-11",
        "clip",
        Variant("to numbers", lambda xp, x: xp.clip(x, -1.0, 1.0), (ODD,), ONE),
        Variant("to arrays", call("clip"), (ODD, Arg(-2.0, -0.5, "even"), Arg(0.5, 2.0, "even")), THREE),
        Variant("from below", lambda xp, x: xp.clip(x, min=-1.0), (ODD,), ONE),
        Variant("from above", lambda xp, x: xp.clip(x, max=1.0), (ODD,), ONE),
        ulps=EXACT,
        kinks="KINK-09 KINK-10 KINK-11 KINK-12",
    ),
    elementwise("FUN-12", "conj", COMPLEX, ulps=EXACT),
    elementwise("FUN-13", "copysign", ODD, ODD, ulps=EXACT, kinks="KINK-13 KINK-14"),
    elementwise("FUN-14", "cos", ANY, ulps=ELEMENTARY),
    elementwise("FUN-15", "cosh", ANY, ulps=ELEMENTARY),
    # By the divisor: up to six terms g·x/y² of four roundings each, and five additions.
    elementwise("FUN-16", "divide", ANY, NONZERO, ulps=2 * ROUNDED, cancels=True),
    elementwise("FUN-17", "exp", ANY, ulps=ELEMENTARY, kinks="KINK-44"),
    elementwise("FUN-18", "expm1", ANY, ulps=ELEMENTARY, kinks="KINK-44"),
    elementwise("FUN-19", "floor", ODD, ulps=EXACT, kinks="KINK-49"),
    elementwise(
        "FUN-20",
        "floor_divide",
        ODD,
        Arg(grid="even", hole=0.5),
        region="floor_divide",
        ulps=EXACT,
        kinks="KINK-50",
    ),
    elementwise("FUN-21", "hypot", NONZERO, NONZERO, ulps=ELEMENTARY, kinks="KINK-21 KINK-22 KINK-23"),
    elementwise("FUN-22", "imag", COMPLEX, ulps=EXACT),
    elementwise("FUN-23", "log", POSITIVE, ulps=ELEMENTARY, kinks="KINK-40"),
    elementwise("FUN-24", "log10", POSITIVE, ulps=ELEMENTARY, kinks="KINK-40"),
    elementwise("FUN-25", "log1p", Arg(-0.75, 3.0), ulps=ELEMENTARY, kinks="KINK-40"),
    elementwise("FUN-26", "log2", POSITIVE, ulps=ELEMENTARY, kinks="KINK-40"),
    elementwise("FUN-27", "logaddexp", ANY, ANY, ulps=ELEMENTARY, kinks="KINK-37 KINK-38"),
    elementwise("FUN-28", "maximum", ODD, EVEN, ulps=EXACT, kinks="KINK-05 KINK-06 KINK-07"),
    elementwise("FUN-29", "minimum", ODD, EVEN, ulps=EXACT, kinks="KINK-05 KINK-06 KINK-07"),
    elementwise("FUN-30", "multiply", ANY, ANY, ulps=EXACT),
    elementwise("FUN-31", "negative", ANY, ulps=EXACT),
    elementwise("FUN-32", "positive", ANY, ulps=EXACT),
    many(
        "FUN-33",
        "pow",
        Variant("", call("pow"), (POSITIVE, NONZERO), TWO),
        Variant("to 3", lambda xp, x: xp.pow(x, 3), (NONZERO,), ONE),
        Variant("to 2.0", lambda xp, x: xp.pow(x, 2.0), (ANY,), ONE),
        Variant("to -1.5", lambda xp, x: xp.pow(x, -1.5), (POSITIVE,), ONE),
        Variant("of 2.5", lambda xp, y: xp.pow(xp.asarray(2.5, dtype=y.dtype), y), (ANY,), ONE),
        ulps=SENSITIVE,
        kinks="KINK-27 KINK-28 KINK-29 KINK-30 KINK-31 KINK-32 KINK-33 KINK-72",
    ),
    elementwise("FUN-34", "real", COMPLEX, ulps=EXACT),
    elementwise("FUN-35", "reciprocal", NONZERO, ulps=ROUNDED),
    elementwise("FUN-36", "remainder", ODD, Arg(grid="even", hole=0.5), ulps=EXACT, kinks="KINK-51"),
    elementwise("FUN-37", "round", ODD, ulps=EXACT, kinks="KINK-49"),
    elementwise("FUN-38", "sign", ODD, ulps=EXACT, kinks="KINK-49"),
    elementwise("FUN-39", "sin", ANY, ulps=ELEMENTARY),
    elementwise("FUN-40", "sinh", ANY, ulps=ELEMENTARY),
    elementwise("FUN-41", "sqrt", POSITIVE, ulps=ROUNDED, kinks="KINK-39"),
    elementwise("FUN-42", "square", ANY, ulps=EXACT, kinks="KINK-29"),
    elementwise("FUN-43", "subtract", ANY, ANY, ulps=EXACT),
    elementwise("FUN-44", "tan", Arg(-1.25, 1.25), ulps=SENSITIVE, kinks="KINK-43"),
    elementwise("FUN-45", "tanh", ANY, ulps=ELEMENTARY, kinks="KINK-45"),
    elementwise("FUN-46", "trunc", ODD, ulps=EXACT, kinks="KINK-49"),
    many(
        "FUN-47",
        "where",
        Variant("", call("where"), (MASK, ANY, ANY), THREE),
        Variant("with a number", lambda xp, c, x: xp.where(c, x, 0.5), (MASK, ANY), (((2, 3), (3,)),)),
        ulps=EXACT,
        kinks="KINK-48",
    ),
    many(
        "FUN-231",
        "with integers",
        *(_by(name, arg, count) for name, arg, count in _BY_INTEGERS),
        *(_by(*row, first=True) for row in _BY_INTEGERS if row[0] in ("subtract", "divide", "pow")),
        two("matmul", call("matmul"), (2, 3), (3, 2), args=(ANY, COUNT)),
        two("matmul by booleans", call("matmul"), (2, 3), (3,), args=(ANY, MASK)),
        two("vecdot", call("vecdot"), (2, 3), (3,), args=(ANY, COUNT)),
        two("where", lambda xp, x, n: xp.where(n > 1, x, n), (2, 1), (3,), args=(ANY, COUNT)),
        two("concat", lambda xp, x, n: xp.concat([n, x, n]), (2,), (1,), args=(ANY, COUNT)),
        ulps=SENSITIVE,
    ),
)
