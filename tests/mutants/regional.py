"""Mutants of every rule that are wrong in one region of its inputs, and right elsewhere.

What a rule gives to an argument has the wrong sign where the cotangent lies in memory in some way, has a
dtype, three axes or more, more than 16 elements, or where a number is tiny or huge. Such a mutant is killed
when any test of its clauses fails. One that survives is *unnoticed* if those tests came into its region, and
*unreached* if none did: then it is the drawing that has to change.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import autodiff_numpy
from autodiff_spec import Backend
from autodiff_spec.conformance.coverage.drawn import layouts, magnitudes
from tests.mutants._mutant import Mutant
from tests.mutants._seams import at
from tests.mutants.mechanical import constant_rules, key_of, mechanical

Region = Callable[[Any, tuple[Any, ...]], Any]
"""Takes the cotangent and the residuals to a flag, or to a flag for each element of the cotangent."""


def _laid_out(layout: str) -> Region:
    return lambda g, residuals: layout in layouts(g)


def _of(dtype: str) -> Region:
    return lambda g, residuals: g.dtype == dtype


def _sized(magnitude: str) -> Region:
    def where(g: Any, residuals: tuple[Any, ...]) -> Any:
        inside = np.zeros(g.shape, bool)
        for x in residuals:
            if isinstance(x, (np.ndarray, np.inexact)) and x.dtype.kind in "fc" and np.shape(x) == g.shape:
                found = [magnitude in magnitudes(one) for one in np.reshape(x, (-1, 1))]
                inside |= np.array(found, bool).reshape(g.shape)
        return inside

    return where


REGIONS: dict[str, tuple[str, Region]] = {
    "broadcast": ("for cotangents whose elements share memory", _laid_out("broadcast")),
    "reversed": ("for cotangents that run backwards in memory", _laid_out("reversed")),
    "Fortran": ("for cotangents in Fortran order", _laid_out("Fortran order")),
    "float32": ("in float32", _of("float32")),
    "float16": ("in float16", _of("float16")),
    "complex64": ("in complex64", _of("complex64")),
    "axes": ("for cotangents of three axes and more", lambda g, residuals: g.ndim > 2),
    "size": ("for cotangents of more than 16 elements", lambda g, residuals: g.size > 16),
    "tiny": ("where a number is tiny", _sized("tiny")),
    "huge": ("where a number is huge", _sized("huge")),
}
MORE = {
    **dict.fromkeys(("tiny", "huge"), ("FUN-147", *(f"FUN-{number}" for number in range(180, 189)))),
    "complex64": tuple(f"FUN-{number}" for number in range(120, 125)),
}
"""Region -> the clauses whose tests are about it, besides those of the functions."""
OF_COMPLEX = {"FUN-121": "FUN-237", "FUN-122": "FUN-237"}
"""The clause of a function of complex numbers -> that about it where these are tiny or huge."""


@dataclass
class Reached:
    """Whether a mutant's region was met in this process."""

    region: Region
    met: bool = field(default=False)

    def wrong(self, share: Any, g: Any, residuals: tuple[Any, ...]) -> Any:
        """The share with the wrong sign in the region."""
        if share is None or not isinstance(at.plain(g), (np.ndarray, np.generic)):
            return share
        inside = self.region(np.asarray(at.plain(g)), tuple(map(at.plain, residuals)))
        if not np.any(inside):
            return share
        if np.shape(inside) != np.shape(share):
            inside = np.True_
        self.met |= bool(np.any(at.plain(share)[inside]))
        return np.where(inside, -share, share)


def regional() -> dict[str, Mutant]:
    """Name -> mutant, for each rule that is ever asked for a derivative that is not zero, and each region."""
    cited = {name.rpartition(":")[0]: mutant.clauses for name, mutant in mechanical().items()}
    made = {}
    for function, pullbacks in at.rules.items():
        for argument, pullback in enumerate(pullbacks):
            key = key_of(function, argument)
            if pullback is None or key in constant_rules() or not cited[key]:
                continue
            for name, (words, region) in REGIONS.items():
                bug = f"the derivative of {function.__name__} by argument {argument} has the wrong sign {words}"
                reached = Reached(region)
                factory = _factory(function, argument, reached)
                clauses = tuple(dict.fromkeys((*cited[key], *MORE.get(name, ()), *_of_complex(cited[key], name))))
                made[f"{key}:{name}"] = Mutant(f"{key}:{name}", __name__, bug, clauses, factory, region=reached)
    return made


def _of_complex(cited: tuple[str, ...], region: str) -> list[str]:
    return [OF_COMPLEX[one] for one in cited if one in OF_COMPLEX and region in ("tiny", "huge")]


def _factory(function: Any, argument: int, reached: Reached) -> Callable[[], Backend]:
    def factory() -> Backend:
        pullback = at.rules[function][argument]
        assert pullback is not None
        right = pullback.vjp
        pullback.vjp = lambda xp, g, *residuals: reached.wrong(right(xp, g, *residuals), g, residuals)
        return autodiff_numpy.backend()

    return factory


@cache
def excuses(kind: str = "unreached") -> list[tuple[str, str, str]]:
    """Patterns of rules and of regions, and why no test comes there, or why none has to notice: unreached.toml."""
    listed = tomllib.loads(Path(__file__).with_name("unreached.toml").read_text("utf-8"))[kind]
    return [
        (rule, region, entry["reason"]) for entry in listed for rule in entry["rules"] for region in entry["regions"]
    ]


def excuse(name: str, kind: str = "unreached") -> str | None:
    """Why no test may come into a mutant's region (or, ``"unnoticed"``, notice it there); None where one has to."""
    rule, _, region = name.rpartition(":")
    found = (why for rules, regions, why in excuses(kind) if fnmatch(rule, rules) and fnmatch(region, regions))
    return next(found, None)
