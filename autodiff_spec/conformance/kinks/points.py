"""The points where exactly one derivative is right and engines go wrong: edges, extremes, zeros, empty arrays.

The truth is the oracle's, to the first or second order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_spec.conformance.kinks.model import Point, Program, at, norm, of

INF = math.inf

Row = tuple[str, Point]


def rows(clause: str, *points: Point) -> list[Row]:
    """Each point with the clause about it."""
    return [(clause, point) for point in points]


def to_the(exponent: float) -> Program:
    """A power with a Python number as its exponent."""
    return lambda xp, x: xp.pow(x, exponent)


def unchosen(xp: Any, x: Any, f: Any) -> Any:
    """``f(x)`` for positive elements and 0 for the others, with 1 in their place inside ``f``."""
    positive = x > 0
    return xp.where(positive, f(xp.where(positive, x, 1.0)), 0.0)


def symmetric(function: Callable[[Any, Any], Any]) -> Program:
    """A function of the symmetric part of a matrix, so that it does not matter which triangle an engine reads."""
    return lambda xp, x: function(xp, (x + xp.matrix_transpose(x)) / 2.0)


def cubes(xp: Any, values: Any) -> Any:
    """The sum of cubes: a symmetric function of the values."""
    return xp.sum(values * values * values)


POW, SUM = of("pow"), of("sum")
NEAR_0 = (1e-6, -1e-6, 1e-3)
SINGULAR = [[1.0, 2.0], [2.0, 4.0]]


def spread(xp: Any, x: Any) -> Any:
    """The standard deviation, times what varies."""
    return xp.std(x) * xp.exp(xp.sum(x))


def det(xp: Any, x: Any) -> Any:
    """The determinant."""
    return xp.linalg.det(x)


FIRST: list[Row] = [
    *rows(
        "KINK-07",
        at("maximum(x, x)", lambda xp, x: xp.maximum(x, x), 2.0),
        at("minimum(x, x)", lambda xp, x: xp.minimum(x, x), [2.0, -1.0]),
    ),
    *rows(
        "KINK-23",
        at("hypot(1e200, 1e200)", of("hypot"), 1e200, 1e200),
        at("hypot(3e200, -4e200)", of("hypot"), 3e200, -4e200),
        at("hypot(0, 1e200)", of("hypot"), 0.0, 1e200),
    ),
    *rows(
        "KINK-26", at("var of equal elements", of("var"), [1.5, 1.5, 1.5]), at("var of one element", of("var"), [2.5])
    ),
    *rows(
        "KINK-27",
        at("x**0 at 0", to_the(0), 0.0),
        at("x**0.0 at 0", to_the(0.0), 0.0),
        at("pow(x, 0) at 0 with an array", POW, [0.0, 2.0], 0.0, by=(0,)),
        at("the operator ** 0.0 at 0", lambda xp, x: x**0.0, 0.0, native=True),
    ),
    *rows(
        "KINK-28",
        at("x**1 at 0", to_the(1), 0.0),
        at("x**1.0 at 0", to_the(1.0), 0.0),
        at("pow(x, 1) at 0 with an array", POW, [0.0, 2.0], 1.0, by=(0,)),
    ),
    *rows(
        "KINK-29",
        at("x**2 at 0", to_the(2), 0.0),
        at("x**2.0 at 0", to_the(2.0), 0.0),
        at("x**3.0 at 0", to_the(3.0), 0.0),
        at("square at 0", of("square"), 0.0),
        at("pow(x, [2, 3]) at 0 with an array", POW, 0.0, [2.0, 3.0], by=(0,)),
    ),
    *rows(
        "KINK-30",
        at("x**0.5 at 0", to_the(0.5), 0.0),
        at("x**1.5 at 0", to_the(1.5), 0.0),
        at("pow(x, 0.5) at 0 with an array", POW, 0.0, 0.5, by=(0,)),
    ),
    *rows("KINK-31", at("pow(0, 0) by x", POW, 0.0, 0.0, by=(0,))),
    *rows(
        "KINK-32",
        at("pow(-2, 2) by x", POW, -2.0, 2.0, by=(0,)),
        at("pow(-2, 3) by x", POW, -2.0, 3.0, by=(0,)),
        at("(-2)**3 with a number", to_the(3), -2.0),
    ),
    *rows("KINK-33", at("pow(0, 2)", POW, 0.0, 2.0), at("pow(0, 1)", POW, 0.0, 1.0)),
    *rows(
        "KINK-34",
        at("prod of [2, 0, 3]", of("prod"), [2.0, 0.0, 3.0]),
        at("prod of [0, 0, 3]", of("prod"), [0.0, 0.0, 3.0]),
        at("prod along an axis with zeros", lambda xp, x: xp.prod(x, axis=0), [[2.0, 0.0], [0.0, 0.0], [3.0, 4.0]]),
    ),
    *rows(
        "KINK-36",
        at("cumulative_prod of [2, 0, 3]", of("cumulative_prod"), [2.0, 0.0, 3.0]),
        at("cumulative_prod of [0, 0, 3]", of("cumulative_prod"), [0.0, 0.0, 3.0]),
        at(
            "cumulative_prod along axis 0 with zeros",
            lambda xp, x: xp.cumulative_prod(x, axis=0),
            [[2.0, 0.0], [0.0, 5.0], [3.0, 4.0]],
        ),
        at(
            "cumulative_prod with the initial 1",
            lambda xp, x: xp.cumulative_prod(x, include_initial=True),
            [2.0, 0.0, 3.0],
            weights=[1.0, 2.0, 3.0, 4.0],
        ),
    ),
    *rows(
        "KINK-37",
        at("logaddexp(0, 0)", of("logaddexp"), 0.0, 0.0),
        at("logaddexp(700, 700)", of("logaddexp"), 700.0, 700.0, condition=350.0),
    ),
    *rows("KINK-38", at("logaddexp(-inf, 0)", of("logaddexp"), -INF, 0.0, truth=(0.0, 1.0))),
    *rows("KINK-39", at("sqrt at 0", of("sqrt"), 0.0)),
    *rows(
        "KINK-40",
        at("log at 0", of("log"), 0.0),
        at("log2 at 0", of("log2"), 0.0),
        at("log10 at 0", of("log10"), 0.0),
        at("log1p at -1", of("log1p"), -1.0),
    ),
    *rows(
        "KINK-41",
        at("asin at 1", of("asin"), 1.0),
        at("asin at -1", of("asin"), -1.0),
        at("acos at 1", of("acos"), 1.0),
        at("acos at -1", of("acos"), -1.0),
    ),
    *rows(
        "KINK-42",
        at("acosh at 1", of("acosh"), 1.0),
        at("atanh at 1", of("atanh"), 1.0),
        at("atanh at -1", of("atanh"), -1.0),
    ),
    *rows("KINK-43", at("tan near pi/2", of("tan"), math.pi / 2), at("tan near -pi/2", of("tan"), -math.pi / 2)),
    *rows(
        "KINK-44",
        at("exp at 1000", of("exp"), 1000.0),
        at("exp at -1000", of("exp"), -1000.0),
        at("exp at -inf", of("exp"), -INF),
        at("expm1 at -1000", of("expm1"), -1000.0),
        at("expm1 at 1000", of("expm1"), 1000.0),
    ),
    *rows(
        "KINK-45",
        at("tanh at 1000", of("tanh"), 1000.0),
        at("tanh at -1000", of("tanh"), -1000.0),
        at("tanh at inf", of("tanh"), INF),
    ),
    *rows(
        "KINK-46",
        at("sigmoid at 1000", of("sigmoid"), 1000.0, extra=True),
        at("sigmoid at -1000", of("sigmoid"), -1000.0, extra=True),
        at("softplus at 1000", of("softplus"), 1000.0, extra=True),
        at("softplus at -1000", of("softplus"), -1000.0, extra=True),
        at("softplus at 0", of("softplus"), 0.0, extra=True),
    ),
    *rows(
        "KINK-47",
        at("logsumexp of [-inf, 0]", of("logsumexp"), [-INF, 0.0], extra=True, truth=([0.0, 1.0],)),
        at("softmax of [-inf, 0]", of("softmax"), [-INF, 0.0], extra=True, weights=[1.0, 0.0], truth=([0.0, 0.0],)),
        at("logsumexp of [1000, 1000]", of("logsumexp"), [1000.0, 1000.0], extra=True, condition=500.0),
    ),
    *rows(
        "KINK-48",
        at("sqrt inside where", lambda xp, x: unchosen(xp, x, xp.sqrt), [0.0, 4.0], truth=([0.0, 0.25],)),
        at("1/x inside where", lambda xp, x: unchosen(xp, x, xp.reciprocal), [0.0, 2.0], truth=([0.0, -0.25],)),
        at("log inside where", lambda xp, x: unchosen(xp, x, xp.log), [0.0, 1.0], truth=([0.0, 1.0],)),
    ),
    *(
        row
        for name in ("floor", "ceil", "round", "trunc", "sign")
        for row in rows(
            "KINK-49", at(f"{name} at 0, 0.5, 1 and 1.3", of(name), [0.0, 0.5, 1.0, 1.3], truth=([0.0] * 4,))
        )
    ),
    *rows("KINK-50", at("floor_divide(4, 2)", of("floor_divide"), 4.0, 2.0, truth=(0.0, 0.0))),
    *rows(
        "KINK-51",
        at("remainder(5.5, 2)", of("remainder"), 5.5, 2.0),
        at("remainder(-5.5, 2)", of("remainder"), -5.5, 2.0),
        at("remainder(5.5, -2)", of("remainder"), 5.5, -2.0),
        at("remainder(-5.5, -2)", of("remainder"), -5.5, -2.0),
    ),
    *rows(
        "KINK-54",
        at("int and back", lambda xp, x: xp.astype(xp.astype(x, xp.int64), x.dtype), [1.75, -2.5], truth=([0.0, 0.0],)),
        at("x plus int and back", lambda xp, x: x + xp.astype(xp.astype(x, xp.int32), x.dtype), 1.75, truth=(1.0,)),
        at("comparison and back", lambda xp, x: x * xp.astype(x > 0, x.dtype), [1.75, -2.5], truth=([1.0, 0.0],)),
    ),
    *rows(
        "KINK-55",
        at("sum of nothing", SUM, []),
        at("mean of nothing", of("mean"), []),
        at("prod of nothing", of("prod"), []),
        at("2-norm of nothing", norm(), []),
    ),
    *rows(
        "KINK-56",
        at("matmul of (2, 0) and (0, 3)", of("matmul"), [[], []], np.zeros((0, 3))),
        at("product of (1,) and (0,)", of("multiply"), [2.0], []),
        at("sum along an axis of length 0", lambda xp, x: xp.sum(x, axis=1), [[], []]),
    ),
    *rows(
        "KINK-57",
        at(
            "take [0, 0, 1]",
            lambda xp, x: xp.take(x, xp.asarray([0, 0, 1]), axis=0),
            [5.0, 6.0, 7.0],
            weights=[1.0, 2.0, 3.0],
        ),
        at(
            "take_along_axis [0, 0, 1]",
            lambda xp, x: xp.take_along_axis(x, xp.asarray([0, 0, 1]), axis=0),
            [5.0, 6.0, 7.0],
            weights=[1.0, 2.0, 3.0],
        ),
        at("repeat", lambda xp, x: xp.repeat(x, 2), [5.0, 6.0], weights=[1.0, 2.0, 3.0, 4.0]),
    ),
    *rows(
        "KINK-58",
        at("a mask", lambda xp, x: x[xp.asarray([True, False, True])], [1.0, 2.0, 3.0]),
        at("a mask that selects nothing", lambda xp, x: x[x > 5.0], [1.0, 2.0, 3.0]),
        at("a slice", lambda xp, x: x[1:], [1.0, 2.0, 3.0]),
        at("an empty slice", lambda xp, x: x[2:1], [1.0, 2.0, 3.0]),
    ),
    *rows(
        "KINK-59",
        at("det of [[1, 2], [2, 4]]", det, SINGULAR),
        at("det of a stack with a singular matrix", det, [SINGULAR, [[2.0, 1.0], [1.0, 3.0]]]),
        # Multipliers that are powers of two: elimination is exact, and the determinant 0, also with fused multiply-add.
        at("det of a 3 by 3 matrix of rank 2", det, [[8.0, 16.0, 8.0], [4.0, 12.0, 12.0], [2.0, 5.0, 4.0]], scale=32.0),
        at("det of a 3 by 3 matrix of rank 1", det, [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [3.0, 6.0, 9.0]], scale=36.0),
        at("det of zeros", det, [[0.0, 0.0], [0.0, 0.0]]),
    ),
    *rows("KINK-62", at("sinc at 0", of("sinc"), 0.0, extra=True), at("sinc at 1", of("sinc"), 1.0, extra=True)),
    *rows(
        "KINK-65",
        at(
            "cubes of repeated eigenvalues",
            symmetric(lambda xp, x: cubes(xp, xp.linalg.eigvalsh(x))),
            [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 5.0]],
            condition=8.0,
        ),
        at(
            "cubes of repeated eigenvalues, rotated",
            symmetric(lambda xp, x: cubes(xp, xp.linalg.eigvalsh(x))),
            [[2.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 1.0, 2.0]],
            condition=8.0,
        ),
        at(
            "cubes of repeated singular values",
            lambda xp, x: cubes(xp, xp.linalg.svdvals(x)),
            [[0.0, 2.0], [2.0, 0.0]],
            condition=8.0,
        ),
        at(
            "nuclear norm with repeated singular values",
            lambda xp, x: xp.linalg.matrix_norm(x, ord="nuc"),
            [[3.0, 4.0], [-4.0, 3.0]],
            condition=8.0,
        ),
        at(
            "the matrix function x² from repeated eigenvalues",
            symmetric(lambda xp, x: xp.sum(xp.linalg.eigvalsh(x) ** 2)),
            [[3.0, 0.0], [0.0, 3.0]],
            condition=8.0,
        ),
    ),
    *rows(
        "KINK-70",
        at("std of one element", of("std"), [2.5]),
        at("std of one element, times its exp", spread, [0.5]),
    ),
    *rows(
        "KINK-74",
        *(
            at(f"{name}({a}, {x})", of(name), a, x, by=(1,), extra=True)
            for name in ("gammainc", "gammaincc")
            for a, x in ((0.5, 0.0), (1.0, 0.0), (2.0, 0.0), (60.0, 0.0), (1.0, INF), (2.5, INF))
        ),
    ),
    *rows("KINK-75", *(at(f"erfinv at {end}", of("erfinv"), end, extra=True) for end in (1.0, -1.0))),
    *rows("KINK-67", at("xlogy(0, 2)", of("xlogy"), 0.0, 2.0, extra=True)),
    *rows(
        "KINK-68",
        at(
            "at add [0, 0, 2]",
            lambda extra, x, y: extra.at(x, np.asarray([0, 0, 2])).add(y),
            [5.0, 6.0, 7.0],
            [1.0, 2.0, 3.0],
            extra=True,
            weights=[1.0, 2.0, 3.0],
        ),
    ),
    *rows(
        "FUN-170",
        at("tanh(20)", of("tanh"), 20.0),
        at("tanh(-20)", of("tanh"), -20.0),
        at("sigmoid(40)", of("sigmoid"), 40.0, extra=True),
        at("sigmoid(-40)", of("sigmoid"), -40.0, extra=True),
    ),
    *rows(
        "FUN-171",
        at("softmax of [40, 0, 1]", of("softmax"), [40.0, 0.0, 1.0], weights=[1.0, 0.0, 0.0], extra=True),
        at("log_softmax of [40, 0, 1]", of("log_softmax"), [40.0, 0.0, 1.0], weights=[1.0, 0.0, 0.0], extra=True),
    ),
    *rows(
        "FUN-172",
        *(
            at(f"{name} of {size:g} times [3, 4]", program, [[3.0 * size, 4.0 * size]])
            for name, program in {
                "vector_norm": lambda xp, x: xp.linalg.vector_norm(x),
                "matrix_norm": lambda xp, x: xp.linalg.matrix_norm(x),
                "std": of("std"),
            }.items()
            for size in (1e170, 1e-170)
        ),
    ),
    *rows("FUN-178", *(at(f"sinc({x:g})", of("sinc"), x, extra=True) for x in NEAR_0)),
]
"""First derivatives."""

SHARED: list[Row] = rows(
    "KINK-08",
    at("max of [1, 3, 3]", of("max"), [1.0, 3.0, 3.0]),
    at("max of equal elements", of("max"), [3.0, 3.0, 3.0]),
    at("min of [1, 1, 2]", of("min"), [1.0, 1.0, 2.0]),
    at("max along an axis with ties", lambda xp, x: xp.max(x, axis=1), [[1.0, 3.0, 3.0], [2.0, 0.0, 2.0]]),
    at("min along an axis with ties", lambda xp, x: xp.min(x, axis=-1, keepdims=True), [[1.0, 1.0, 2.0]]),
    at("max along two axes with ties", lambda xp, x: xp.max(x, axis=(0, 1)), [[1.0, 3.0], [3.0, 3.0]]),
)
"""Ties whose shares are not free: the legal derivative of least norm is asked for."""

SECOND: list[Row] = [
    *rows("KINK-26", at("var of equal elements", of("var"), [1.5, 1.5, 1.5])),
    *rows(
        "KINK-27",
        at("x**0 at 0", to_the(0), 0.0),
        at("x**0.0 at 0", to_the(0.0), 0.0),
        at("pow(x, 0) at 0 with an array", POW, 0.0, 0.0, by=(0,)),
    ),
    *rows(
        "KINK-28",
        at("x**1 at 0", to_the(1), 0.0),
        at("x**1.0 at 0", to_the(1.0), 0.0),
        at("pow(x, 1) at 0 with an array", POW, 0.0, 1.0, by=(0,)),
    ),
    *rows(
        "KINK-29",
        at("x**2 at 0", to_the(2), 0.0),
        at("x**2.0 at 0", to_the(2.0), 0.0),
        at("x**3.0 at 0", to_the(3.0), 0.0),
        at("square at 0", of("square"), 0.0),
    ),
    *rows("KINK-30", at("x**1.5 at 0", to_the(1.5), 0.0, truth=(INF,))),
    *rows("KINK-33", at("pow(0, 2) by y", POW, 0.0, 2.0, by=(1,)), at("pow(0, 1) by y", POW, 0.0, 1.0, by=(1,))),
    *rows(
        "KINK-35",
        at("prod of [2, 0, 3]", of("prod"), [2.0, 0.0, 3.0]),
        at("prod of [0, 0, 3]", of("prod"), [0.0, 0.0, 3.0]),
        at("prod of [2, 3]", of("prod"), [2.0, 3.0]),
    ),
    *rows("KINK-37", at("logaddexp(0, 0)", of("logaddexp"), 0.0, 0.0)),
    *rows("KINK-60", at("det of [[1, 2], [2, 4]]", det, SINGULAR), at("det of zeros", det, [[0.0, 0.0], [0.0, 0.0]])),
    *rows("KINK-62", at("sinc at 0", of("sinc"), 0.0, extra=True)),
    *rows(
        "KINK-69",
        at("cumulative_prod of [2, 0, 3]", of("cumulative_prod"), [2.0, 0.0, 3.0]),
        at("cumulative_prod of [0, 0, 3]", of("cumulative_prod"), [0.0, 0.0, 3.0]),
    ),
    *rows("FUN-173", at("cumulative_prod of [2.3, 1e-12, 3.1, -1.7]", of("cumulative_prod"), [2.3, 1e-12, 3.1, -1.7])),
    *rows("FUN-178", *(at(f"sinc({x:g})", of("sinc"), x, extra=True) for x in NEAR_0)),
    *rows(
        "KINK-70",
        at("std of one element", of("std"), [2.5]),
        at("std of one element, times its exp", spread, [0.5]),
    ),
    *rows("KINK-72", at("pow(2, 0)", POW, 2.0, 0.0), at("pow(0.5, 0)", POW, 0.5, 0.0)),
]
"""Second derivatives."""


def compared(name: str) -> Point:
    """A comparison of two arrays."""
    return at(name, of(name), [1.0, 3.0], [1.0, 2.0])


INTEGER_VALUED: list[Row] = rows(
    "KINK-52",
    *(at(name, of(name), [1.0, 3.0, 2.0]) for name in ("all", "any", "argmax", "argmin", "argsort", "count_nonzero")),
    *(at(name, of(name), [1.0, -3.0]) for name in ("isfinite", "isinf", "isnan", "signbit")),
    *map(compared, ("equal", "greater", "greater_equal", "less", "less_equal", "not_equal", "searchsorted")),
    at("nonzero", lambda xp, x: xp.nonzero(x)[0], [1.0, 0.0, 2.0]),
    at("linalg.matrix_rank", lambda xp, x: xp.linalg.matrix_rank(x), [[1.0, 0.0], [0.0, 2.0]]),
    at("x > 1", lambda xp, x: x > 1.0, [1.0, 3.0, 2.0]),
    at("a cast to int64", lambda xp, x: xp.astype(x, xp.int64), [1.75, -2.5]),
)
"""Functions whose values have no derivative; each is named as the standard names it, where it does."""

NOT_REGULAR: list[Row] = [
    *rows(
        "KINK-63",
        at("inv of a singular matrix", lambda xp, x: xp.linalg.inv(x), SINGULAR),
        at("solve with a singular matrix", lambda xp, x, y: xp.linalg.solve(x, y), SINGULAR, [1.0, 0.0]),
        at(
            "solve_triangular with a zero on the diagonal",
            of("solve_triangular"),
            [[2.0, 1.0], [0.0, 0.0]],
            [1.0, 1.0],
            extra=True,
        ),
    ),
    *rows(
        "KINK-64",
        at("cholesky of an indefinite matrix", lambda xp, x: xp.linalg.cholesky(x), [[1.0, 2.0], [2.0, 1.0]]),
        at("cholesky of a negative matrix", lambda xp, x: xp.linalg.cholesky(x), [[-1.0, 0.0], [0.0, 2.0]]),
    ),
    *rows(
        "KINK-73",
        *(at(f"lgamma at {pole}", of("lgamma"), pole, extra=True) for pole in (0.0, -3.0)),
        *(at(f"digamma at {pole}", of("digamma"), pole, extra=True) for pole in (0.0, -3.0)),
    ),
]
"""Where there is no value."""

_FACTORS: dict[str, tuple[Program, Any]] = {
    "eigvalsh": (lambda xp, x: xp.linalg.eigvalsh(x), [1.0, 3.0]),
    "eigh": (lambda xp, x: xp.linalg.eigh(x)[1] ** 2, [[1.0, 3.0], [2.0, -1.0]]),
    "cholesky": (lambda xp, x: xp.linalg.cholesky(x), [[1.0, 0.0], [2.0, 3.0]]),
    "cholesky, upper": (lambda xp, x: xp.linalg.cholesky(x, upper=True), [[1.0, 2.0], [0.0, 3.0]]),
}
_FILLED = {
    "a symmetric matrix": [[2.0, 1.0], [1.0, 5.0]],
    "a lower triangle": [[2.0, 0.0], [1.0, 5.0]],
    "an upper triangle": [[2.0, 1.0], [0.0, 5.0]],
}
OF_TRIANGLES: list[Row] = rows(
    "KINK-82",
    *(
        at(f"{name} of {filled}", program, matrix, weights=weights)
        for name, (program, weights) in _FACTORS.items()
        for filled, matrix in _FILLED.items()
    ),
)
"""Functions of symmetric matrices, and cotangents that do not make the gradient a multiple of 1."""
