"""The tape of the JAX adapter: a `Recording`, and one backward walk over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jax import numpy as jnp

from autodiff_jax._array import RECORDER, Array, SpecRecording, Variable, fresh, kind_of, plain, resolve
from autodiff_jax._operation import Operation, Pull, add
from autodiff_spec import Backend
from autodiff_spec.recording.nodes import Node, backward
from autodiff_spec.recording.tape import RecordedTape


class JaxTape(RecordedTape):
    """Records operations on variables and watched arrays."""

    recorder, recorded, variable = RECORDER, Array, Variable

    def __init__(self, backend: Backend, *, persistent: bool = False) -> None:
        super().__init__(backend, persistent=persistent)
        if backend.conventions == "spec":
            self._recording = SpecRecording()

    def _watch(self, array: Any) -> Any:
        array = resolve(array)
        if type(array) is Array:
            return Array(array.value, RECORDER.source(self._recording, array.node), array.kind)
        return Array(array, RECORDER.source(self._recording, None), kind_of(array))

    def _pullback(
        self,
        targets: Sequence[Any],
        sources: Sequence[Any],
        cotangents: Sequence[Any],
        *,
        retain: bool,
        strict: bool,
    ) -> list[Any]:
        with RECORDER.without(self._recording) as frame:
            recorded = bool(frame.recordings)
            seeds: list[tuple[Node, Any]] = []
            for i, (target, cotangent) in enumerate(zip(targets, cotangents, strict=True)):
                node = self._node(target)
                if node is None or not self._records(node):
                    if strict:
                        raise self.untracked(i, len(targets))
                elif cotangent is not None:
                    seeds.append((node, _conjugate(resolve(cotangent) if recorded else plain(cotangent))))
            nodes = [self._node(source) for source in sources]
            known = list({id(node): node for node in nodes if node is not None}.values())
            gradients = backward(self._recording, seeds, known, Pull(recorded), add, retain=retain)
            found = dict(zip(known, gradients, strict=True))
            shares = [None if node is None else found[node] for node in nodes]
            return fresh([share if share is None else _conjugate(share) for share in shares], cotangents)


_conj = Operation(jnp.conj)


def _conjugate(g: Any) -> Any:
    """Between the two conventions for complex cotangents: ∂L/∂x + i∂L/∂y outside, its conjugate inside JAX."""
    return _conj(g) if g.dtype.kind == "c" else g
