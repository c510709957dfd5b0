"""Reductions: all elements, one axis, several axes, with and without keepdims; running ones, and order."""

from __future__ import annotations

import math

from autodiff_spec.conformance.functions._make import ANY, DISTINCT, NONZERO, many, norm, of, reduction
from autodiff_spec.conformance.functions._model import ELEMENTARY, EXACT, ROUNDED, SENSITIVE, Function, Variant

REDUCTIONS: tuple[Function, ...] = (
    reduction("FUN-48", "sum", ANY, small=((), (0,), (2, 0)), ulps=EXACT, kinks="KINK-55"),
    reduction("FUN-49", "mean", ANY, small=((),), ulps=ROUNDED, kinks="KINK-55"),
    reduction("FUN-50", "prod", ANY, small=((), (0,)), ulps=ELEMENTARY, kinks="KINK-34 KINK-35 KINK-55"),
    reduction("FUN-51", "max", DISTINCT, small=((),), ulps=EXACT, kinks="KINK-08"),
    reduction("FUN-52", "min", DISTINCT, small=((),), ulps=EXACT, kinks="KINK-08"),
    reduction(
        "FUN-53",
        "var",
        ANY,
        of("var", "with correction 1", ANY, (2, 3), axis=0, correction=1),
        small=((),),
        ulps=ELEMENTARY,
        kinks="KINK-26",
    ),
    reduction(
        "FUN-54",
        "std",
        DISTINCT,
        of("std", "with correction 1", DISTINCT, (2, 3), axis=-1, correction=1),
        ulps=SENSITIVE,
        kinks="KINK-24 KINK-25 KINK-70 KINK-71",
    ),
    reduction(
        "FUN-81",
        "linalg.vector_norm",
        NONZERO,
        norm(1, "1", NONZERO),
        norm(3, "3", NONZERO),
        norm(math.inf, "inf", DISTINCT),
        norm(-math.inf, "-inf", DISTINCT),
        small=((3,),),
        ulps=SENSITIVE,
        kinks="KINK-15 KINK-16 KINK-17 KINK-18 KINK-19 KINK-20",
    ),
    many(
        "FUN-82",
        "linalg.matrix_norm",
        of("linalg.matrix_norm", "of a matrix", NONZERO, (2, 3)),
        of("linalg.matrix_norm", "of a stack with keepdims", NONZERO, (2, 2, 3), keepdims=True),
        ulps=ELEMENTARY,
        kinks="KINK-15 KINK-16",
    ),
    many(
        "FUN-84",
        "cumulative_sum",
        of("cumulative_sum", "", ANY, (3,), (0,)),
        of("cumulative_sum", "along axis 0", ANY, (2, 3), axis=0),
        of("cumulative_sum", "along axis -1 with the initial 0", ANY, (2, 3), axis=-1, include_initial=True),
        ulps=EXACT,
    ),
    many(
        "FUN-85",
        "cumulative_prod",
        of("cumulative_prod", "", NONZERO, (3,), (0,)),
        of("cumulative_prod", "along axis 0", NONZERO, (2, 3), (2, 3, 3), axis=0),
        of("cumulative_prod", "along axis -1 with the initial 1", NONZERO, (2, 3), axis=-1, include_initial=True),
        ulps=ELEMENTARY,
        kinks="KINK-36",
    ),
    many(
        "FUN-86",
        "diff",
        of("diff", "", ANY, (2, 3), (1,)),
        of("diff", "along axis 0, twice", ANY, (3, 2), axis=0, n=2),
        Variant(
            "between other arrays",
            lambda xp, x, before, after: xp.diff(x, prepend=before, append=after),
            (ANY, ANY, ANY),
            (((2, 3), (2, 1), (2, 2)),),
        ),
        ulps=EXACT,
    ),
    many(
        "FUN-87",
        "sort",
        of("sort", "", DISTINCT, (2, 3), (3,), (0,)),
        of("sort", "along axis 0", DISTINCT, (3, 2), axis=0),
        of("sort", "descending", DISTINCT, (2, 3), descending=True),
        ulps=EXACT,
        kinks="KINK-61",
    ),
)
