"""The tape of the NumPy engine: a `Recording`, and one backward walk over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff_numpy._array import RECORDER, Array, Variable, copied, plain
from autodiff_numpy._pullback import add, pull_raw, pull_recorded
from autodiff_numpy._sparse import full
from autodiff_spec.recording.nodes import Node, backward
from autodiff_spec.recording.tape import RecordedTape


class NumpyTape(RecordedTape):
    """Records operations on variables and watched arrays."""

    recorder, recorded, variable = RECORDER, Array, Variable

    def _watch(self, array: Any) -> Any:
        if type(array) is Variable:
            array = array.read()
        if type(array) is Array:
            return Array(array.value, RECORDER.source(self._recording, array.node))
        return Array(copied(array), RECORDER.source(self._recording, None))

    def _pullback(
        self,
        targets: Sequence[Any],
        sources: Sequence[Any],
        cotangents: Sequence[Any],
        *,
        retain: bool,
        strict: bool,
    ) -> list[Any]:
        seeds: list[tuple[Node, Any]] = []
        for i, target in enumerate(targets):
            node = self._node(target)
            if node is not None and self._recording.number in node.tapes:
                seeds.append((node, _conjugate(cotangents[i])))
            elif strict:
                raise self.untracked(i, len(targets))
        nodes = [self._node(source) for source in sources]
        if self._state != "open":
            return self._walk(seeds, nodes, sources, cotangents, retain)
        with RECORDER.without(self._recording):
            return self._walk(seeds, nodes, sources, cotangents, retain)

    @np.errstate(all="ignore")
    def _walk(self, seeds: Any, nodes: list[Node | None], sources: Any, cotangents: Any, retain: bool) -> list[Any]:
        pull = pull_recorded if RECORDER.frame().recordings else pull_raw
        found = backward(self._recording, seeds, nodes, pull, add, retain=retain)
        return _finished(list(map(full, found)), sources, cotangents)


def _conjugate(g: Any) -> Any:
    """Between the two conventions for complex cotangents: ∂L/∂x + i∂L/∂y outside, its conjugate inside."""
    return g.conj() if g.dtype.kind == "c" else g


def _finished(gradients: list[Any], sources: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
    """Gradients as users get them: the source's dtype, an array even in 0-d, sharing memory with nothing."""
    seen = {id(plain(c)) for c in cotangents}
    finished: list[Any] = []
    for gradient, source in zip(gradients, sources, strict=True):
        if gradient is None:
            finished.append(None)
            continue
        dtype = source.dtype
        if gradient.dtype is not dtype or dtype.kind == "c":
            gradient = _conjugate(gradient)
            if gradient.dtype != dtype:
                gradient = gradient.astype(dtype)
        value = gradient.value if type(gradient) is Array else gradient
        if type(value) is not np.ndarray or value.base is not None or id(value) in seen or not value.flags.writeable:
            value = copied(value)
            gradient = Array(value, gradient.node) if type(gradient) is Array else value
        seen.add(id(value))
        finished.append(gradient)
    return finished
