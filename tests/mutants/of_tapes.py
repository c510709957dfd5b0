"""Mutants whose backward pass or tape is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy import NumpyBackend
from autodiff_spec import Tape
from tests.mutants._mutant import mutant
from tests.mutants._seams import at


@mutant("the second share of a node that is used twice overwrites the first", "GRAD-29", "CHAP-02")
def lost_fan_out() -> None:
    at.add = lambda a, b, owned: b


@mutant("gradients accumulate from call to call", "GRAD-03", "CHAP-03")
def accumulated() -> None:
    right = at.finished
    kept: dict[int, Any] = {}

    def finished(gradients: Any, sources: Any, cotangents: Any) -> Any:
        total = []
        for source, gradient in zip(sources, right(gradients, sources, cotangents), strict=True):
            before = kept.get(id(source))
            if before is not None and gradient is not None and before[0] is source:
                gradient = gradient + before[1]
            kept[id(source)] = (source, gradient)
            total.append(gradient)
        return total

    at.finished = finished


@mutant("a spent tape answers again", "TAPE-21", "CHAP-12")
def stale_tape() -> None:
    right = NumpyBackend._tape
    NumpyBackend._tape = lambda self, persistent: right(self, True)


@mutant("a persistent tape is spent after all", "TAPE-22", "CHAP-07")
def forgetful_tape() -> None:
    right = NumpyBackend._tape
    NumpyBackend._tape = lambda self, persistent: right(self, False)


@mutant("a refused call spends the tape", "TAPE-24", "ERR-07")
def spent_by_refusal() -> None:
    right = Tape._arguments

    def arguments(self: Tape, *args: Any) -> Any:
        self._spent = not self.persistent
        return right(self, *args)

    Tape._arguments = arguments


@mutant("a gradient is the cotangent itself, not a copy", "GRAD-23", "GRAD-22")
def aliased() -> None:
    at.finished = lambda gradients, sources, cotangents: gradients


@mutant("a gradient has the dtype of the computation, not of its source", "GRAD-01", "DTYPE-05")
def wrong_dtype() -> None:
    right = at.finished

    def finished(gradients: Any, sources: Any, cotangents: Any) -> Any:
        found = right(gradients, sources, cotangents)
        return [g if g is None or g.dtype.kind == "c" else np.asarray(at.plain(g), np.float64) for g in found]

    at.finished = finished


@mutant("a 0-d gradient comes back as a NumPy scalar", "GRAD-02")
def scalar_gradient() -> None:
    right = at.finished

    def finished(gradients: Any, sources: Any, cotangents: Any) -> Any:
        found = right(gradients, sources, cotangents)
        return [g[()] if type(g) is np.ndarray and g.ndim == 0 else g for g in found]

    at.finished = finished


@mutant("a Jacobian has its axes the wrong way round", "JAC-03")
def transposed_jacobian() -> None:
    right = Tape.jacobian

    def jacobian(self: Tape, target: Any, sources: Any) -> Any:
        return at.map_leaves(lambda block: block.T, right(self, target, sources))

    Tape.jacobian = jacobian


@mutant("an inner gradient is not recorded by the outer tape", "NEST-01", "CHAP-11")
def lost_second_derivative() -> None:
    at.pull_tracked = at.pull_values


@mutant("a gradient records itself on its own tape", "TAPE-31")
def records_itself() -> None:
    right = at.tape._pullback

    def pullback(self: Any, *args: Any, **kwargs: Any) -> Any:
        state, self._state = self._state, "closed"
        try:
            return right(self, *args, **kwargs)
        finally:
            self._state = state

    at.tape._pullback = pullback


@mutant("a tape sees what was recorded before it opened", "TAPE-02")
def no_cut() -> None:
    right = at.recorder_class.start

    def start(self: Any, recording: Any) -> None:
        for outer in self.frame().recordings:
            for node in outer.nodes:
                node.tapes = (*node.tapes, recording.number)
            recording.nodes.extend(outer.nodes)
            recording.variables.update(outer.variables)
        right(self, recording)

    at.recorder_class.start = start


@mutant("pause() does not pause", "TAPE-05")
def no_pause() -> None:
    import contextlib

    NumpyBackend._pause = lambda self: contextlib.nullcontext()


@mutant("a tape left by an exception stays open", "TAPE-29")
def left_open() -> None:
    right = Tape.__exit__

    def leave(self: Tape, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            right(self, kind, error, trace)

    Tape.__exit__ = leave


@mutant("what another thread's tape records is a constant", "THREAD-10")
def constant_elsewhere() -> None:
    at.tracking = lambda self, tapes: tuple(number for number in self.tapes if number in tapes)


@mutant("tapes are shared by all threads", "THREAD-04")
def mixed_threads() -> None:
    class Shared:
        def __init__(self) -> None:
            self.value = at.nothing_open

        def get(self) -> Any:
            return self.value

        def set(self, value: Any) -> None:
            self.value = value

    shared = Shared()
    at.recorder._frame = shared
    original = at.recorder.frame

    def frame() -> Any:
        return shared.value

    at.recorder.frame = frame
    for function in at.functions.values():
        _rebind(function, original, frame)
    for function in at.ufuncs.values():
        _rebind(function, original, frame)


def _rebind(function: Any, old: Any, new: Any, depth: int = 2) -> None:
    """Replace a value in the closure of a recording function (they bind `RECORDER.frame` when they are made)."""
    for cell in function.__closure__ or ():
        if cell.cell_contents == old:
            cell.cell_contents = new
        elif depth and callable(cell.cell_contents) and getattr(cell.cell_contents, "__closure__", None):
            _rebind(cell.cell_contents, old, new, depth - 1)


@mutant("the backward pass recurses", "DEEP-01")
def recursive() -> None:
    def visit(node: Any, seen: set[Any]) -> None:
        seen.add(node)
        for parent, _, _ in node.edges:
            if parent not in seen:
                visit(parent, seen)

    right = at.backward

    def backward(recording: Any, seeds: Any, *args: Any, **kwargs: Any) -> Any:
        for node, _ in seeds:
            visit(node, set())
        return right(recording, seeds, *args, **kwargs)

    at.backward = backward


@mutant("every recording is kept for ever", "MEM-01", "MEM-04")
def leak() -> None:
    kept: list[Any] = []
    right = at.recorder_class.start

    def start(self: Any, recording: Any) -> None:
        kept.append(recording)
        right(self, recording)

    at.recorder_class.start = start
    at.recording.release = lambda self: None
    backward = at.walk_back
    at.backward = lambda *args, retain, beyond: backward(*args, retain=True, beyond=beyond)


@mutant("captured constants are neither copied nor locked", "MUT-01", "MUT-02", "MUT-03")
def captured_by_reference() -> None:
    at.frozen_copy = lambda constant: constant


@mutant("a captured array stays locked for ever", "MUT-04")
def never_unlocked() -> None:
    at.lock_released = lambda owner: None


@mutant("what vjp() returns as the value is what its pullback reads", "MUT-06")
def value_shared_with_residuals() -> None:
    at.fresh_output = at.unwrapped


@mutant("what is read of a recorded array where no tape records shares its memory", "MUT-07")
def residuals_in_reach() -> None:
    at.unrecorded = lambda value, *arguments: value
    at.sealed = lambda value, argument: value


@mutant("a variable can be written to through its views", "MUT-07")
def variables_in_reach() -> None:
    at.locked = lambda value: value
