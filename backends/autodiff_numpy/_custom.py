"""What the shared recording of whole calls asks of this engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy._array import RECORDER, Array, Variable, plain
from autodiff_numpy._pullback import add, pull_raw, pull_recorded
from autodiff_numpy._sparse import full
from autodiff_spec.recording.nodes import Node, Recorder, Recording, backward


class NumpyCalls:
    """Recorded arrays of NumPy, for `autodiff_spec.recording.calls`."""

    recorder: Recorder = RECORDER

    def node(self, array: Any) -> Node | None:
        if type(array) is Variable:
            return RECORDER.node_of(array)
        return array.node if type(array) is Array else None

    def plain(self, array: Any) -> Any:
        return plain(array)

    def wrap(self, value: Any, node: Node) -> Array:
        return Array(value, node)

    @np.errstate(all="ignore")
    def walk(self, recording: Recording, seeds: list[tuple[Node, Any]], sources: list[Node]) -> list[Any]:
        pull = pull_recorded if RECORDER.frame().recordings else pull_raw
        return list(map(full, backward(recording, seeds, sources, pull, add, retain=False, beyond=False)))


CALLS = NumpyCalls()
