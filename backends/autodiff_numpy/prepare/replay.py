"""`prepare` on NumPy: a function is recorded, compiled and replayed; for each way that its branches go, once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff_numpy._array import Array, Variable, copied, foreign, plain
from autodiff_numpy._tables import RECORDER, TRACE
from autodiff_numpy.prepare.program import Program
from autodiff_numpy.prepare.trace import Call, Look, Ref, Trace
from autodiff_numpy.prepare.traced import Traced
from autodiff_spec.core.trees import Structure

MOST_PROGRAMS = 16
"""Ways through its branches for which a function is recorded."""

MOST_MISSES = 32
"""So many calls in a row that no program fits, and the function runs as it is from then on."""


class Replayed:
    """A function of arrays, replayed.

    Attributes:
        refused: why it runs as it is; empty where it is replayed.
        programs: one for each way through its branches, and the leaves and structure of its result there.
    """

    def __init__(self, f: Callable[..., tuple[list[Any], Structure]], arrays: list[Any]) -> None:
        self._f = f
        self._lock = threading.Lock()  # guards the buffers: who finds it taken runs the function as it is
        self._misses = 0
        self.refused = ""
        self.programs: list[tuple[Program, list[Any], Structure]] = []
        if any(foreign(plain(array)) for array in arrays):  # to be recorded it would be computed
            self.refused = "arrays of another library"
            return
        with RECORDER.without():
            self._record(arrays)

    def __repr__(self) -> str:
        if self.refused:
            return f"runs as it is: {self.refused}"
        return ", ".join(f"{program.calls} calls" for program, *_ in self.programs)

    def __str__(self) -> str:
        return "\n\n".join(program.source for program, *_ in self.programs) if not self.refused else repr(self)

    def __call__(self, arrays: list[Any], out: list[Any] | None) -> tuple[list[Any], Structure]:
        """The leaves of the result, and its structure."""
        if (
            self.refused
            or RECORDER.frame().recordings  # to be recorded, closures too
            or TRACE.get() is not None  # to be a part of another program
            or not all(map(_plain, arrays))
            or not self._lock.acquire(blocking=False)
        ):
            return self._as_it_is(arrays)
        try:
            return self._replayed(arrays, out)
        finally:
            self._lock.release()

    def quick(self, arrays: tuple[Any, ...]) -> tuple[list[Any], Structure] | None:
        """The result for arguments that nobody has checked; ``None`` where they are not as usual, or a tape is open."""
        if self.refused or RECORDER.frame().recordings or TRACE.get() is not None:
            return None
        if not self._lock.acquire(blocking=False):
            return None
        try:
            program, leaves, structure = self.programs[0]
            read = [variable.value for variable in program.variables] if program.variables else ()
            found = program.arguments((*arrays, *read) if read else arrays)
            if found is None:
                return None
            missed = program.replay(*found)
            if missed is not None:
                return self._replayed(list(arrays), None, missed)
            self._misses = 0
            return _filled(leaves, found[len(found) - len(program.results) :]), structure
        finally:
            self._lock.release()

    def _as_it_is(self, arrays: list[Any]) -> tuple[list[Any], Structure]:
        leaves, structure = self._f(*arrays)
        return [leaf if type(leaf) is Traced else _array(leaf) for leaf in leaves], structure

    def _replayed(
        self, arrays: list[Any], out: list[Any] | None, missed: tuple[int, str] | None = None
    ) -> tuple[list[Any], Structure]:
        """The result, and how the first program went astray if that is known."""
        values = [array.value if type(array) is Variable else array for array in arrays]
        chosen = 0
        while True:
            program, leaves, structure = self.programs[chosen]
            if missed is None:
                inputs = [*values, *[variable.value for variable in program.variables]]
                results = _destinations(program, leaves, out, inputs)
                missed = program.replay(*inputs, *results)
            if missed is None:
                if chosen:
                    self.programs.insert(0, self.programs.pop(chosen))
                self._misses = 0
                return _filled(leaves, results), structure
            (number, outcome), missed = missed, None
            way = [*program.outcomes[:number], outcome]
            fits = [i for i, (other, *_) in enumerate(self.programs) if other.outcomes[: number + 1] == way]
            if not fits:
                break
            chosen = fits[0]
        self._misses += 1
        if self._misses > MOST_MISSES:
            self.refused = "its branches go another way each time"
        if len(self.programs) >= MOST_PROGRAMS:
            return self._as_it_is(arrays)
        return self._record(arrays)

    def _record(self, arrays: list[Any]) -> tuple[list[Any], Structure]:
        """Run the function and keep what it did as a program, if a second run does the same."""
        try:
            leaves, structure, trace = _run(self._f, arrays)
            if not trace.escape and any(map(_unknown, leaves)):
                trace.escaped("its result is no tree of arrays")
            if not trace.escape:
                outputs = [Ref(leaf.slot) if type(leaf) is Traced else leaf for leaf in leaves]
                recorded_residuals, _, second = _run(self._f, arrays)
                outputs_again = [Ref(leaf.slot) if type(leaf) is Traced else leaf for leaf in recorded_residuals]
                if second.escape or not _alike((trace.steps, outputs), (second.steps, outputs_again)):
                    trace.escaped("it does not do the same each time")
            if not trace.escape:
                self.programs.insert(0, (Program(trace, len(arrays), outputs), outputs, structure))
        except Exception as error:  # the function's own errors are raised by the function itself
            if not self.programs:
                self.refused = f"{type(error).__name__}: {error}"
            return self._as_it_is(arrays)
        if trace.escape:
            self.refused = trace.escape
            if any(map(_unknown, leaves)):
                return self._as_it_is(arrays)
        return [_owned(leaf) for leaf in leaves], structure


def _run(f: Any, arrays: list[Any]) -> tuple[list[Any], Structure, Trace]:
    trace = Trace()
    stand_ins = [trace.stand_in(array.value if type(array) is Variable else array) for array in arrays]
    token = TRACE.set(trace)
    try:
        leaves, structure = f(*stand_ins)
    finally:
        TRACE.reset(token)
        trace.finish()
    return [leaf.value if type(leaf) is Array else leaf for leaf in leaves], structure, trace


def _plain(array: Any) -> bool:
    return type(array) is np.ndarray or type(array) is Variable or isinstance(array, np.generic)


def _array(leaf: Any) -> Any:
    return np.asarray(leaf) if isinstance(leaf, np.generic) else leaf


def _unknown(leaf: Any) -> bool:
    """Whether a leaf of the result may hide an array."""
    return not isinstance(leaf, (np.ndarray, np.generic, Variable, bool, int, float, complex, str, type(None)))


def _owned(leaf: Any) -> Any:
    """A result of a recorded run as users get it."""
    value = leaf.value if type(leaf) is Traced else leaf
    return np.array(value) if isinstance(value, (np.ndarray, np.generic)) else value


def _filled(leaves: list[Any], results: Sequence[Any]) -> list[Any]:
    """The leaves of a result: what was computed, in its places, and copies of constants."""
    if len(leaves) == len(results):
        return list(results)
    places = iter(results)
    return [
        next(places) if type(leaf) is Ref else copied(leaf) if isinstance(leaf, np.ndarray) else leaf for leaf in leaves
    ]


def _destinations(program: Program, leaves: list[Any], out: list[Any] | None, inputs: list[Any]) -> list[Any]:
    """Arrays to compute into: those of ``out`` that fit and overlap no argument and no other, else new ones."""
    if out is None or len(out) != len(leaves):
        return [np.empty(shape, dtype) for shape, dtype in program.results]
    places = [given for given, leaf in zip(out, leaves, strict=True) if type(leaf) is Ref]
    found: list[Any] = []
    for place, (shape, dtype) in zip(places, program.results, strict=True):
        fits = type(place) is np.ndarray and place.shape == shape and place.dtype == dtype and place.flags.writeable
        if not fits or any(np.may_share_memory(place, array) for array in (*inputs, *found)):
            place = np.empty(shape, dtype)
        found.append(place)
    return found


def _alike(a: Any, b: Any) -> bool:
    """Whether two recordings say the same."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Call):
        return _alike((a.function, a.args, a.kwargs, a.result), (b.function, b.args, b.kwargs, b.result))
    if isinstance(a, Look):
        return bool(a.ref == b.ref and a.outcome == b.outcome)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(_alike, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_alike(a[name], b[name]) for name in a)
    if isinstance(a, np.ndarray):
        return a is b or (a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
    return bool(a is b or a == b or repr(a) == repr(b))
