"""Mutants whose custom rules and checkpoints are wrong."""

from __future__ import annotations

import contextlib
from typing import Any

from autodiff_numpy import _custom
from autodiff_numpy._array import RECORDER, Array, plain
from autodiff_numpy._tape import NumpyTape
from autodiff_spec.operators import _custom_vjp
from autodiff_spec.recording import calls as calls
from tests.mutants._mutant import mutant


@mutant("forward mode passes over custom rules", "RULE-04")
def rule_passed_over_in_forward_mode() -> None:
    right = calls.run_rule

    def run(be: Any, engine: Any, call: Any, arrays: Any) -> Any:
        if any(type(recording.nodes) is not list for recording in RECORDER.frame().recordings):
            return call.value(*arrays)
        return right(be, engine, call, arrays)

    from autodiff_numpy import _backend

    _backend.run_rule = run  # type: ignore[attr-defined]


@mutant("the rule is used for the first derivative alone", "RULE-05")
def constant_residuals() -> None:
    calls._bound = lambda engine, array: plain(array)


@mutant("surplus and missing cotangents of a rule are not counted", "RULE-13")
def uncounted_cotangents() -> None:
    right = _custom_vjp.CustomCall.backward

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

    _custom_vjp.CustomCall.backward = backward  # type: ignore[method-assign]


@mutant("cotangents of a rule are broadcast", "RULE-14")
def broadcast_cotangents() -> None:
    right = _custom_vjp.CustomCall._checked

    def checked(self: Any, share: Any, kept: Any, place: Any, shape: Any, dtype: Any) -> Any:
        with contextlib.suppress(TypeError, ValueError):
            share = self._be.xp.broadcast_to(share, shape)
        return right(self, share, kept, place, shape, dtype)

    _custom_vjp.CustomCall._checked = checked  # type: ignore[method-assign]


@mutant("a residual is handed out as a gradient", "RULE-24")
def shared_residual() -> None:
    _custom_vjp._copied = lambda be, array, kept: array


@mutant("a variable in the closure of a custom function is a constant", "RULE-19")
def silent_closure() -> None:
    calls.require_constant = lambda engine, call, outputs: None


@mutant("complex cotangents of a rule are conjugate", "RULE-25")
def conjugate_rule() -> None:
    calls._conjugate = lambda be, g: g


@mutant("a checkpoint loses the gradient of its closure", "CKPT-05")
def lost_closure() -> None:
    right = calls._Segment.pull

    def pull(self: Any, given: Any) -> Any:
        arguments = [array.node for array in self.arrays if type(array) is Array]
        return calls.Parts({i: s for i, s in right(self, given).items() if self.outside[i] in arguments})

    calls._Segment.pull = pull  # type: ignore[method-assign]


@mutant("a checkpoint keeps its residuals", "CKPT-10")
def kept_residuals() -> None:
    from autodiff_numpy import _backend

    _backend.NumpyBackend._checkpoint = lambda self, f, arrays: f(*arrays)  # type: ignore[method-assign]


@mutant("a checkpoint walks on behind its closure", "CKPT-05")
def counted_twice() -> None:
    def walk(self: Any, recording: Any, seeds: Any, sources: Any) -> Any:
        return calls_backward(recording, seeds, sources, _custom.pull_raw, _custom.add, retain=True)

    calls_backward = _custom.backward
    _custom.NumpyCalls.walk = walk  # type: ignore[method-assign]


@mutant("a checkpoint computes again with what was assigned since", "CKPT-11")
def assigned_since() -> None:
    right = calls._Segment.__init__

    def init(self: Any, *arguments: Any) -> None:
        right(self, *arguments)
        self.variables = [(node, _Now(variable), None) for node, variable, _ in self.variables]

    class _Now:
        value = None

        def __init__(self, variable: Any) -> None:
            self.variable = variable

    calls._Segment.__init__ = init  # type: ignore[method-assign]


@mutant("a custom function that takes a derivative is said to depend on more than its arguments", "RULE-29")
def refused_derivative_inside() -> None:
    calling = _during(_custom_vjp.CustomCall, "value")
    right = NumpyTape._watch

    def watch(self: Any, array: Any) -> Any:
        if calling:
            raise calling[-1].depends_on_more()
        return right(self, array)

    NumpyTape._watch = watch  # type: ignore[method-assign]


@mutant("derivatives in a checkpoint are constant when it runs again", "CKPT-16")
def constant_derivative_inside() -> None:
    again = _during(calls._Segment, "pull")
    right = NumpyTape._watch
    NumpyTape._watch = (  # type: ignore[method-assign]
        lambda self, array: right(self, plain(array) if again and len(RECORDER.frame().recordings) > 1 else array)
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
    from autodiff_numpy import _backend

    right = _backend.NumpyBackend._checkpoint

    def checkpoint(self: Any, f: Any, arrays: Any) -> Any:
        return right(self, f, [*arrays[:1], *map(plain, arrays[1:])])

    _backend.NumpyBackend._checkpoint = checkpoint  # type: ignore[method-assign]
