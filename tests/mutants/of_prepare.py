"""Mutants whose prepared functions are stale, or hand out what they keep."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from autodiff_numpy._array import RECORDER
from autodiff_numpy.prepare import program, replay, trace
from autodiff_spec import operators
from tests.mutants._mutant import mutant


@mutant("a prepared function stays in the branch that it was prepared in", "PREP-04")
def stale_branch() -> None:
    right = program._Writer._look

    def look(self: Any, step: Any) -> None:
        if step.how is not bool:
            right(self, step)

    program._Writer._look = look  # type: ignore[method-assign, assignment]


@mutant("what Python computed from a value is kept", "PREP-06")
def stale_number() -> None:
    right = program._Writer._look

    def look(self: Any, step: Any) -> None:
        if step.how is bool:
            right(self, step)

    program._Writer._look = look  # type: ignore[method-assign, assignment]


@mutant("a prepared function keeps the values of variables", "PREP-07")
def stale_variable() -> None:
    trace.Trace.read = lambda self, variable, value: value  # type: ignore[method-assign]


@mutant("an assignment happens when the function is prepared, and no more", "PREP-09")
def lost_assignment() -> None:
    right = trace.Trace.escaped

    def escaped(self: Any, why: str) -> None:
        if "assign" not in why:
            right(self, why)

    trace.Trace.escaped = escaped  # type: ignore[method-assign]


@mutant("shapes and dtypes of prepared functions are not checked", "PREP-10")
def unchecked_shapes() -> None:
    prepared = sys.modules[operators.prepare.__module__].Prepared
    prepared._plainly = lambda self, args: self._runs.get(())


@mutant("a number counts by the value it was prepared with", "PREP-14")
def stale_static() -> None:
    sys.modules[operators.prepare.__module__]._static = type  # type: ignore[attr-defined]


@mutant("every call returns the same arrays", "PREP-15")
def kept_results() -> None:
    right = replay._destinations
    kept: dict[int, Any] = {}

    def destinations(program: Any, leaves: Any, out: Any, inputs: Any) -> Any:
        return kept.setdefault(id(program), right(program, leaves, out, inputs))

    replay._destinations = destinations


@mutant("a prepared function is not recorded by tapes that are open", "PREP-16")
def detached_replay() -> None:
    right = replay.Replayed.__call__

    def call(self: Any, arrays: Any, out: Any) -> Any:
        with RECORDER.without():
            return right(self, arrays, out)

    replay.Replayed.__call__ = call  # type: ignore[method-assign]


@mutant("results are written into out= while the arguments are still read", "PREP-23")
def overwritten_arguments() -> None:
    right = replay._destinations

    def destinations(program: Any, leaves: Any, out: Any, inputs: Any) -> Any:
        mutable = out and all(type(leaf) is np.ndarray for leaf in out)
        return list(out) if mutable else right(program, leaves, out, inputs)

    replay._destinations = destinations
