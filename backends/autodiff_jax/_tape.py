"""The tape of the JAX adapter, and how its arrays are recorded and differentiated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
from jax import numpy as jnp

from autodiff_jax._array import RECORDER, Array, SpecRecording, Variable, fresh, kind_of, lies_as, plain
from autodiff_jax._lift import lift
from autodiff_jax._operation import Operation, Pull, add
from autodiff_spec import Backend
from autodiff_spec.recording.nodes import Node
from autodiff_spec.recording.tape import ArrayTraits, RecordedTape

_conj = Operation(jnp.conj)


def _placed(gradient: Any, source: Any) -> Any:
    """The gradient where its source lies; that it moved is recorded where the gradient is."""
    if lies_as(plain(gradient), source):
        return gradient
    return lift(lambda g: jax.device_put(g, source.sharding))(gradient)


class JaxTraits(ArrayTraits):
    """Recorded arrays of JAX."""

    add = staticmethod(add)

    def wrap(self, value: Any, node: Node) -> Array:
        return Array(value, node, kind_of(value))

    def pull(self, recorded: bool) -> Pull:
        return Pull(recorded)

    def conjugate(self, g: Any) -> Any:
        return _conj(g) if g.dtype.kind == "c" else g

    def finished(self, gradients: list[Any], sources: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        laid = [
            None if gradient is None else _placed(self.conjugate(gradient), plain(source))
            for gradient, source in zip(gradients, sources, strict=True)
        ]
        return fresh(laid, cotangents)


TRAITS = JaxTraits(RECORDER, Array, Variable)


class JaxTape(RecordedTape):
    """Records operations on variables and watched arrays."""

    traits = TRAITS

    def __init__(self, backend: Backend, *, persistent: bool = False) -> None:
        super().__init__(backend, persistent=persistent)
        if backend.conventions == "spec":
            self._recording = SpecRecording()
