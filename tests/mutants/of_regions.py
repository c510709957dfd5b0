"""Mutants of a region: the right engine, but for arguments of one size, or for shares that are small.

They are made from the rules: each is one rule of one argument with one of a few bugs, restricted to where an argument,
or the result, has a certain size. Only a test that draws such numbers, and compares relatively, can notice one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.mutants._mutant import mutant, rule_of
from tests.mutants._seams import at

SLIGHTLY = 1 + 2.0**-20
"""A factor that no tolerance of float64 or float32 lets pass, and that is no rounding."""

Region = Callable[[Any], Any]
REGIONS: dict[str, tuple[str, Region]] = {
    "tiny": ("below 2^-100", lambda x: np.abs(x) < 2.0**-100),
    "small": ("below 2^-10", lambda x: np.abs(x) < 2.0**-10),
    "large": ("beyond 2^10", lambda x: np.abs(x) > 2.0**10),
    "huge": ("beyond 2^100", lambda x: np.abs(x) > 2.0**100),
    "tail": ("from 20 to 2^10", lambda x: (np.abs(x) > 20) & (np.abs(x) < 2.0**10)),
    "near_one": ("within 2^-20 of 1 and -1", lambda x: np.abs(np.abs(x) - 1) < 2.0**-20),
}


def _wrong(function: Any, argument: int, how: Callable[[Any, Any], Any]) -> None:
    """Let ``how`` change the share of an argument, given what the rule keeps of its function's first array."""
    pullback = at.rules[function][argument]
    assert pullback is not None
    right = pullback.vjp
    kept = next(i for i, source in enumerate(pullback.sources) if source is not None)

    def vjp(xp: Any, g: Any, *residuals: Any) -> Any:
        return how(right(xp, g, *residuals), at.plain(residuals[kept]))

    pullback.vjp = vjp


def _slightly_within(region: Region) -> Callable[[Any, Any], Any]:
    def how(share: Any, x: Any) -> Any:
        factor = np.where(region(x), SLIGHTLY, 1.0)
        if factor.shape != share.shape:  # of rows, all of which are of one size
            factor = np.float64(SLIGHTLY if np.any(region(x)) else 1.0)
        return share * factor.astype(share.dtype)

    return how


def _single(share: Any, x: Any) -> Any:
    return share.astype(np.float32).astype(share.dtype) if share.dtype == np.float64 else share


def _flushed(share: Any, x: Any) -> Any:
    return share * (np.abs(at.plain(share)) > 1e-17).astype(share.dtype)


def _enter(name: str, argument: int, kind: str, *clauses: str) -> None:
    """Enter the mutant of a rule: of a region, of single precision or of shares that are flushed."""
    key = f"{name}_{argument}_{kind}"
    where, region = REGIONS.get(kind, ("", lambda x: x))
    bug = {
        "single": f"the derivative of {name} by argument {argument} is computed in float32",
        "flushed": f"small derivatives of {name} by argument {argument} are 0",
    }.get(kind, f"the derivative of {name} by argument {argument} is wrong by a millionth where numbers are {where}")
    how = {"single": _single, "flushed": _flushed}.get(kind) or _slightly_within(region)

    def break_engine() -> None:
        function = getattr(np, name, None) or getattr(np.linalg, name, None)
        _wrong(function if function in at.rules else rule_of(f"_{name}"), argument, how)

    break_engine.__name__, break_engine.__module__ = key, __name__
    globals()[key] = mutant(bug, *clauses)(break_engine)


for rule, kind in (
    ("cos", "tiny"), ("sin", "small"), ("log", "tiny"), ("log", "huge"), ("sqrt", "large"),
    ("expm1", "small"), ("log1p", "large"), ("arctan", "large"), ("arcsinh", "huge"), ("arccosh", "large"),
    ("sinh", "small"), ("reciprocal", "huge"), ("sigmoid", "small"), ("erf", "tiny"), ("square", "huge"),
):  # fmt: skip
    _enter(rule, 0, kind, "FUN-181")
for rule in ("sin", "exp", "tanh", "log", "sqrt", "erf", "arctan"):
    _enter(rule, 0, "single", "FUN-180")
for rule, kind in (("tanh", "flushed"), ("sigmoid", "flushed"), ("erf", "flushed"), ("tanh", "tail"), ("exp", "tiny")):
    _enter(rule, 0, kind, "FUN-182")
for rule in ("arcsin", "arccos", "arctanh", "arccosh"):
    _enter(rule, 0, "near_one", "FUN-183")
for rule, argument, kind in (
    ("divide", 0, "huge"), ("divide", 1, "tiny"), ("divide", 1, "flushed"), ("power", 0, "large"),
    ("power", 1, "small"), ("arctan2", 0, "huge"), ("arctan2", 1, "small"), ("hypot", 0, "huge"), ("hypot", 1, "tiny"),
    ("logaddexp", 0, "flushed"), ("logaddexp", 1, "tail"), ("multiply", 0, "single"),
):  # fmt: skip
    _enter(rule, argument, kind, "FUN-184")
for rule, kind in (
    ("prod", "small"), ("vector_norm", "huge"), ("vector_norm", "tiny"), ("probabilities", "flushed"),
    ("log_sum_exp", "tail"), ("running_product", "large"), ("determinant", "small"), ("mean", "single"),
):  # fmt: skip
    _enter(rule, 0, kind, "FUN-185")
for rule, argument, kind in (
    ("sech_squared", 0, "small"), ("sech_squared", 0, "flushed"), ("exp_of_square", 0, "small"),
    ("over_square", 0, "small"), ("slope_of_power", 0, "large"), ("cosine", 0, "small"),
):  # fmt: skip
    _enter(rule, argument, kind, "FUN-186")
for rule, argument, kind, clause in (
    ("absolute", 0, "tiny", "FUN-237"), ("divide", 1, "large", "FUN-238"), ("sqrt", 0, "small", "FUN-239"),
    ("hypotenuse", 0, "small", "FUN-251"), ("power", 1, "large", "FUN-253"),
):  # fmt: skip
    _enter(rule, argument, kind, clause)
