"""The tape of the NumPy engine, and how its arrays are recorded and differentiated."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from autodiff_numpy._array import Array, Variable, copied, owned, plain
from autodiff_numpy._dask import shape_of
from autodiff_numpy._pullback import SparseCotangent, add, dense, pull_tracked, pull_values
from autodiff_numpy._tables import RECORDER, TRACKED
from autodiff_numpy._views import guarded, lock, own_handle, was_written
from autodiff_spec import MutationError
from autodiff_spec.core.current import DERIVATIVES
from autodiff_spec.recording.nodes import Node, Pull
from autodiff_spec.recording.tape import ArrayTraits, RecordedTape


class NumpyTraits(ArrayTraits):
    """Recorded arrays of NumPy."""

    add = staticmethod(add)
    dense = staticmethod(dense)

    def owned(self, value: Any) -> Any:
        return owned(value)

    def readable(self, x: Any) -> Any:
        value = self.plain(x)
        if type(x) is Array and type(value) is np.ndarray:
            value = value.view()
            value.flags.writeable = False
        return value

    def again(self, x: Any) -> Any:
        return own_handle(x)

    def guarded(self) -> AbstractContextManager[Callable[[Container[Node]], None]]:
        return guarded()

    def pull(self, recorded: bool) -> Pull:
        return pull_tracked if recorded else pull_values

    def conjugate(self, g: Any) -> Any:
        return g.conj() if g.dtype.kind == "c" else g

    def finished(self, gradients: list[Any], sources: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        """Gradients of the source's dtype, arrays even in 0-d, sharing memory with nothing."""
        seen = {id(plain(c)) for c in cotangents}
        finished: list[Any] = []
        for gradient, source in zip(gradients, sources, strict=True):
            if gradient is None:
                if was_written(source):
                    raise MutationError(
                        "a source was written in place, and what it holds now does not lead to the target; keep what "
                        "the target was computed from, and ask for the gradient by that"
                    )
                finished.append(None)
                continue
            if type(gradient) is SparseCotangent:
                gradient = gradient.dense()
            of = source._value if type(source) is Variable else plain(source)
            if type(of) is not np.ndarray and hasattr(of, "chunks"):
                gradient = TRACKED.placed(gradient, shape_of(of))
            dtype = of.dtype
            if gradient.dtype is not dtype or dtype.kind == "c":
                gradient = self.conjugate(gradient)
                if gradient.dtype != dtype:
                    gradient = gradient.astype(dtype)
            value = gradient.value if type(gradient) is Array else gradient
            if (
                type(value) is not np.ndarray
                or value.base is not None
                or id(value) in seen
                or not value.flags.writeable
            ):
                value = np.array(value) if type(value) is np.ndarray else copied(value)
                gradient = Array(value, gradient.node) if type(gradient) is Array else value
            seen.add(id(value))
            finished.append(gradient)
        return finished


TRAITS = NumpyTraits(RECORDER, Array, Variable)


ONES: dict[type[Any], Any] = {kind: kind(1) for kind in (np.float16, np.float32, np.float64)}
"""The cotangent of a number, by its type."""


class NumpyTape(RecordedTape):
    """Records operations on variables and watched arrays."""

    traits = TRAITS

    def _watch_for_user(self, array: Any) -> Any:
        return lock(self._watch(array), "a watched array")

    def _usual(self, target: Any, sources: Any) -> Any:
        """As `grad`, of one real target by a source or some in a row, when no tape is open: half of it is checks."""
        if type(target) is not Array or self._state != "closed" or RECORDER.frame().recordings:
            return None
        node, recording = target.node, self._recording
        one = ONES.get(type(target.value))
        if one is None or recording.number not in node.tapes:
            return None
        kind = type(sources)
        row = sources if kind is list or kind is tuple else (sources,)
        nodes: list[Node | None] = []
        for source in row:
            found = self._node(source)
            if found is None or found in nodes or recording.number not in found.tapes or source.dtype.kind != "f":
                return None
            nodes.append(found)
        next(DERIVATIVES)
        self._spent = not self.persistent
        try:
            gradients = self._quietly([(node, one)], nodes, outer=False, retain=self.persistent)
        except Exception as error:
            self._raise_failure(error)
        for i, gradient in enumerate(gradients := TRAITS.finished(gradients, row, (one,))):
            if gradient is None:
                gradients[i] = self._filled(None, row[i])
        return gradients if kind is list else tuple(gradients) if kind is tuple else gradients[0]

    # What is infinite or NaN is so in the result too.
    _gradients = np.errstate(all="ignore")(RecordedTape._gradients)
    _quietly = np.errstate(all="ignore")(RecordedTape._walk)
