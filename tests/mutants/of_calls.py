"""Mutants whose custom rules and checkpoints are wrong."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

from autodiff_numpy import Array, NumpyBackend
from tests.mutants._mutant import mutant
from tests.mutants._seams import at


@mutant("forward mode passes over custom rules", "RULE-04")
def rule_passed_over_in_forward_mode() -> None:
    right = at.run_rule

    def run(be: Any, engine: Any, call: Any, arrays: Any) -> Any:
        if any(type(recording.nodes) is not list for recording in at.recorder.frame().recordings):
            return call.value(*arrays)
        return right(be, engine, call, arrays)


    at.run_rule = run


@mutant("the rule is used for the first derivative alone", "RULE-05")
def constant_residuals() -> None:
    at.bound = lambda engine, array: at.plain(array)


@mutant("surplus and missing cotangents of a rule are not counted", "RULE-13")
def uncounted_cotangents() -> None:
    right = at.custom_call.backward

    def backward(self: Any, residuals: Any, cotangents: Any) -> Any:
        bwd, count = self._bwd, len(self._structure.children())

        def padded(*arguments: Any) -> Any:
            found = bwd(*arguments)
            found = tuple(found) if isinstance(found, (tuple, list)) else (found,)
            return (*found, *[None] * count)[:count]

        self._bwd = padded
        try:
            return right(self, residuals, cotangents)
        finally:
            self._bwd = bwd

    at.custom_call.backward = backward


@mutant("cotangents of a rule are broadcast", "RULE-14")
def broadcast_cotangents() -> None:
    right = at.custom_call._checked

    def checked(self: Any, share: Any, kept: Any, place: Any, shape: Any, dtype: Any) -> Any:
        with contextlib.suppress(TypeError, ValueError):
            share = self._be.xp.broadcast_to(share, shape)
        return right(self, share, kept, place, shape, dtype)

    at.custom_call._checked = checked


@mutant("a residual is handed out as a gradient", "RULE-24")
def shared_residual() -> None:
    at.residual_copied = lambda be, array, kept: array


@mutant("a variable in the closure of a custom function is a constant", "RULE-19")
def silent_closure() -> None:
    at.require_constant = lambda engine, call, outputs: None


@mutant("complex cotangents of a rule are conjugate", "RULE-25")
def conjugate_rule() -> None:
    right = at.run_rule

    def run_rule(be: Any, engine: Any, call: Any, arrays: Any) -> Any:
        unconjugated = copy.copy(engine)
        unconjugated.conjugate = lambda g: g
        return right(be, unconjugated, call, arrays)

    at.run_rule = run_rule


@mutant("a checkpoint loses the gradient of its closure", "CKPT-05")
def lost_closure() -> None:
    right = at.segment.pull

    def pull(self: Any, given: Any) -> Any:
        arguments = [array.node for array in self.arrays if type(array) is Array]
        return at.cotangents_of_call({i: s for i, s in right(self, given).items() if self.outside[i] in arguments})

    at.segment.pull = pull


@mutant("a checkpoint keeps its residuals", "CKPT-10")
def kept_residuals() -> None:

    NumpyBackend._checkpoint = lambda self, f, arrays: f(*arrays)


@mutant("a checkpoint walks on behind its closure", "CKPT-05")
def counted_twice() -> None:
    right = at.backward_of_segment

    def further(recording: Any, seeds: Any, sources: Any, _: Any, add: Any, **options: Any) -> Any:
        return right(recording, seeds, sources, at.pull_values, add, retain=True)

    at.backward_of_segment = further


@mutant("a checkpoint computes again with what was assigned since", "CKPT-11")
def assigned_since() -> None:
    right = at.segment.__init__

    def init(self: Any, *arguments: Any) -> None:
        right(self, *arguments)
        self.variables = [(node, _Now(variable), None) for node, variable, _ in self.variables]

    class _Now:
        value = None

        def __init__(self, variable: Any) -> None:
            self.variable = variable

    at.segment.__init__ = init


@mutant("a custom function that takes a derivative is said to depend on more than its arguments", "RULE-29")
def refused_derivative_inside() -> None:
    calling = _during(at.custom_call, "value")
    right = at.tape._watch

    def watch(self: Any, array: Any) -> Any:
        if calling:
            raise calling[-1].depends_on_more()
        return right(self, array)

    at.tape._watch = watch


@mutant("derivatives in a checkpoint are constant when it runs again", "CKPT-16")
def constant_derivative_inside() -> None:
    again = _during(at.segment, "pull")
    right = at.tape._watch
    at.tape._watch = (
        lambda self, array: right(self, at.plain(array) if again and len(at.recorder.frame().recordings) > 1 else array)
    )


def _during(owner: Any, name: str) -> list[Any]:
    """The objects whose method of this name is running."""
    right, running = getattr(owner, name), list[Any]()

    def noted(self: Any, *arguments: Any) -> Any:
        running.append(self)
        try:
            return right(self, *arguments)
        finally:
            running.pop()

    setattr(owner, name, noted)
    return running


@mutant("a checkpoint is constant in all arguments but the first", "CKPT-01")
def first_argument_of_checkpoints() -> None:

    right = NumpyBackend._checkpoint

    def checkpoint(self: Any, f: Any, arrays: Any) -> Any:
        return right(self, f, [*arrays[:1], *map(at.plain, arrays[1:])])

    NumpyBackend._checkpoint = checkpoint
