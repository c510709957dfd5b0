"""Mutants whose prepared functions are stale, or hand out what they keep."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.mutants._mutant import mutant
from tests.mutants._seams import at


@mutant("a prepared function stays in the branch that it was prepared in", "PREP-04")
def stale_branch() -> None:
    right = at.program_look

    def look(self: Any, step: Any) -> None:
        if step.how is not bool:
            right(self, step)

    at.program_look = look


@mutant("what Python computed from a value is kept", "PREP-06")
def stale_number() -> None:
    right = at.program_look

    def look(self: Any, step: Any) -> None:
        if step.how is bool:
            right(self, step)

    at.program_look = look


@mutant("a prepared function keeps the values of variables", "PREP-07")
def stale_variable() -> None:
    at.trace_read = lambda self, variable, value: value


@mutant("an assignment happens when the function is prepared, and no more", "PREP-09")
def lost_assignment() -> None:
    right = at.trace_escaped

    def escaped(self: Any, why: str) -> None:
        if "assign" not in why:
            right(self, why)

    at.trace_escaped = escaped


@mutant("shapes and dtypes of prepared functions are not checked", "PREP-10")
def unchecked_shapes() -> None:
    at.plain_call = lambda self, args: self._runs.get(())


@mutant("a number counts by the value it was prepared with", "PREP-14")
def stale_static() -> None:
    at.static = type


@mutant("every call returns the same arrays", "PREP-15")
def kept_results() -> None:
    right, right_quick = at.destinations, at.quick_replay
    kept: dict[int, Any] = {}

    def destinations(program: Any, leaves: Any, out: Any, inputs: Any) -> Any:
        return kept.setdefault(id(program), right(program, leaves, out, inputs))

    def quick(self: Any, arrays: Any) -> Any:
        found = right_quick(self, arrays)
        return None if found is None else kept.setdefault(id(self), found)

    at.destinations, at.quick_replay = destinations, quick


@mutant("a prepared function is not recorded by tapes that are open", "PREP-16")
def detached_replay() -> None:
    right = at.replay

    def call(self: Any, arrays: Any, out: Any) -> Any:
        with at.recorder.without():
            return right(self, arrays, out)

    at.replay = call


@mutant("results are written into out= while the arguments are still read", "PREP-23")
def overwritten_arguments() -> None:
    right = at.destinations

    def destinations(program: Any, leaves: Any, out: Any, inputs: Any) -> Any:
        mutable = out and all(type(leaf) is np.ndarray for leaf in out)
        return list(out) if mutable else right(program, leaves, out, inputs)

    at.destinations = destinations
