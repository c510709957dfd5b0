"""What a mutant is: an engine with one plausible bug, NumPy's as a rule, and the clauses that must notice it.

Each is a function that breaks the engine of its own process and returns it, so that a mutant is a backend like any
other: ``AUTODIFF_SPEC_BACKEND=tests.mutants.of_tapes:stale_tape``.
"""

from __future__ import annotations

import functools
import importlib
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autodiff_spec import Backend
from tests.mutants._seams import at


@dataclass(frozen=True)
class Mutant:
    """A bug in words, the function that makes it, and the clauses of each of which a test must fail.

    Those it is about, and those that `also` notice it (noticed.toml). Without clauses: the bug is in a function that
    only NumPy has, and the tests of the engine's rules must notice it. `of` is the backend that is broken: another than
    NumPy's only for clauses about what that one does not have. `region` is of a bug in a region of inputs (`Reached`):
    a test of any of the clauses must fail.
    """

    name: str
    module: str
    bug: str
    clauses: tuple[str, ...]
    make: Callable[[], Backend] = field(compare=False)
    also: tuple[str, ...] = ()
    of: str = "numpy"
    region: Any = field(default=None, compare=False)


def _noticed() -> dict[str, tuple[str, ...]]:
    """Mutant -> the clauses that noticed.toml gives it."""
    tables = tomllib.loads(Path(__file__).with_name("noticed.toml").read_text("utf-8"))
    found: dict[str, tuple[str, ...]] = {}
    for table in tables.values():
        for clause, name in table.items():
            found[name] = (*found.get(name, ()), clause)
    return found


ALSO = _noticed()
MUTANTS: dict[str, Mutant] = {}


def mutant(bug: str, *clauses: str, of: str = "numpy") -> Callable[[Callable[[], None]], Callable[..., Backend]]:
    """Enter a bug into the catalogue; the decorated function becomes a factory of the broken backend."""

    def decorate(break_engine: Callable[[], None]) -> Callable[..., Backend]:
        name = break_engine.__name__

        @functools.wraps(break_engine)
        def factory(conventions: str = "native") -> Backend:
            break_engine()
            broken: Backend = importlib.import_module(f"autodiff_{of}").backend(conventions)
            return broken

        MUTANTS[name] = Mutant(name, break_engine.__module__, bug, clauses, factory, ALSO.get(name, ()), of)
        return factory

    return decorate


def change(function: Any, argument: int, how: Callable[[Any], Any]) -> None:
    """Let ``how`` change the share that one argument of a rule gets."""
    pullback = at.rules[function][argument]
    assert pullback is not None
    right = pullback.vjp
    pullback.vjp = lambda xp, g, *residuals: how(right(xp, g, *residuals))


def rule_of(name: str) -> Any:
    """The function under which a primitive of the engine's own is registered."""
    return next(function for function in at.rules if function.__name__ == name)
