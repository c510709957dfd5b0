"""The operators of arrays."""

from __future__ import annotations

from autodiff_spec.conformance.functions._make import ANY, NONZERO, ODD, ONE, POSITIVE, many, two
from autodiff_spec.conformance.functions._model import SENSITIVE, Arg, Function, Variant

OPERATORS: Function = many(
    "FUN-83",
    "operator",
    two("+", lambda xp, x, y: x + y, (2, 1), (3,)),
    two("-", lambda xp, x, y: x - y, (2, 1), (3,)),
    two("*", lambda xp, x, y: x * y, (2, 1), (3,)),
    two("/", lambda xp, x, y: x / y, (2, 1), (3,), args=(ANY, NONZERO), cancels=True),
    two("**", lambda xp, x, y: x**y, (2, 1), (3,), args=(POSITIVE, NONZERO)),
    two("//", lambda xp, x, y: x // y, (2, 1), (3,), args=(ODD, Arg(grid="even", hole=0.5)), region="x // y"),
    two("%", lambda xp, x, y: x % y, (2, 1), (3,), args=(ODD, Arg(grid="even", hole=0.5))),
    two("@ of matrices", lambda xp, x, y: x @ y, (2, 3), (3, 2)),
    two("@ of matrix and vector", lambda xp, x, y: x @ y, (2, 3), (3,), region="x @ y: y is a vector"),
    Variant("unary -", lambda xp, x: -x, (ANY,), ONE),
    Variant("unary +", lambda xp, x: +x, (ANY,), ONE, "+x"),
    Variant("abs", lambda xp, x: abs(x), (ODD,), ONE),
    Variant("+ and - with a number", lambda xp, x: (x + 1.5) - (2.5 + x) * 2.0 - (0.5 - x), (ANY,), ONE),
    Variant("* and / with a number", lambda xp, x: (x * 1.5) / 2.0 + 0.5 * x + 1.5 / x, (NONZERO,), ONE),
    Variant("** with a number", lambda xp, x: x**3 + x**2.0 + 1.5**x, (POSITIVE,), ONE),
    ulps=SENSITIVE,
    native=True,
)
