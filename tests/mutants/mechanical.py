"""Three mutants of every rule's every argument: the wrong sign, the factor 1.01, no derivative at all.

They are made from the engine's table of rules. Which clauses must notice one is found by running chapter FUN once and
noting which rules the gradients of each of its functions use.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff_numpy.extra  # its rules are mutated too
from autodiff_spec import Backend
from autodiff_spec.conformance._calls import Call
from autodiff_spec.conformance.functions import FUNCTIONS
from tests.mutants._mutant import ALSO, Mutant, change
from tests.mutants._seams import at

KINDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "sign": ("has the wrong sign", lambda share: None if share is None else -share),
    "factor": ("is one per cent too large", lambda share: None if share is None else share * 1.01),
    "zero": ("is lost", lambda share: None),
}
MOST_CLAUSES = 3

Rule = tuple[str, int]


def mechanical() -> dict[str, Mutant]:
    """Name -> mutant, for each rule that is ever asked for a derivative that is not zero."""
    clauses = _used()
    made = {}
    for function, pullbacks in at.rules.items():
        for argument, pullback in enumerate(pullbacks):
            key = key_of(function, argument)
            if pullback is None or key in constant_rules():
                continue
            for kind, (words, how) in KINDS.items():
                name = f"{key}:{kind}"
                bug = f"the derivative of {function.__name__} by argument {argument} {words}"
                cited, also = tuple(clauses.get(key, ())), ALSO.get(name, ())
                made[name] = Mutant(name, __name__, bug, cited, _factory(function, argument, how), also)
    return made


def key_of(function: Any, argument: int) -> str:
    """The name of a rule's argument, as rules call its function: ``"sin:0"``, ``"special_log1p:0"`` of SciPy's."""
    called = next((name for name, one in vars(at.values).items() if one is function), function.__name__)
    return f"{called.removeprefix('_')}:{argument}"


def _factory(function: Any, argument: int, how: Callable[[Any], Any]) -> Callable[[], Backend]:
    def factory() -> Backend:
        change(function, argument, how)
        return autodiff_numpy.backend()

    return factory


def constant_rules() -> set[str]:
    """The rules that never give a share, as those of step functions: none of their mutants would differ from them."""
    never = (at.no_share, at.no_share_of_steps)
    return {
        key_of(function, argument)
        for function, pullbacks in at.rules.items()
        for argument, pullback in enumerate(pullbacks)
        if pullback is not None and pullback.vjp in never
    }


def _used() -> dict[str, list[str]]:
    """Rule -> the clauses of the functions that use it in a pullback, those first that use few; found in a child."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(read)
            with os.fdopen(write, "w") as pipe:
                json.dump(_noted(), pipe)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        found: dict[str, list[str]] = json.load(pipe)
    os.waitpid(child, 0)
    return found


def _noted() -> dict[str, list[str]]:
    seen: Counter[str] = Counter()
    for function, pullbacks in at.rules.items():
        for argument, pullback in enumerate(pullbacks):
            if pullback is not None:
                _note(pullback, key_of(function, argument), seen)
    used: dict[str, set[str]] = defaultdict(set)
    be = autodiff_numpy.backend()
    for row in FUNCTIONS:
        for variant in row.variants:
            seen.clear()
            Call(be, row, variant, variant.shapes[0]).assert_pullback()
            used[row.clause] |= {key for key, times in seen.items() if times % 2}  # two wrong signs are none
    return _shared_out(used)


def _shared_out(used: dict[str, set[str]]) -> dict[str, list[str]]:
    """Each rule's clauses: those that use fewest rules, and those that use none more seldom used."""
    users = Counter(key for keys in used.values() for key in keys)
    clauses: dict[str, list[str]] = defaultdict(list)
    for clause in sorted(used, key=lambda one: len(used[one])):
        rarest = min(used[clause], key=lambda key: (users[key], key), default="")
        for key in sorted(used[clause]):
            if len(clauses[key]) < MOST_CLAUSES or key == rarest:
                clauses[key].append(clause)
    return clauses


def _note(pullback: Any, key: str, seen: Counter[str]) -> None:
    right = pullback.vjp

    def noting(xp: Any, g: Any, *residuals: Any) -> Any:
        share = right(xp, g, *residuals)
        if share is not None and np.any(share):
            seen[key] += 1
        return share

    pullback.vjp = noting
