"""An engine on the shared recording, as the tape, whole calls and the recorded namespace see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff_spec.core.errors import missing_hook
from autodiff_spec.recording.nodes import Node, Pull, Recorder, Recording, backward


class RecordingEngine:
    """How an engine's arrays are recorded, and how its rules pull a cotangent back; a subclass says the rest.

    Args:
        recorder: the engine's open tapes.
        array: the class of its recorded arrays, which have a ``value`` and a ``node``.
        variable: that of its variables, a subclass.
    """

    def __init__(self, recorder: Recorder, array: type[Any], variable: type[Any]) -> None:
        self.recorder, self.array, self.variable = recorder, array, variable

    # --- arrays -----------------------------------------------------------------------------------------------

    def node(self, x: Any) -> Node | None:
        """The node of a recorded array, that of a variable on the open tapes; ``None`` for everything else."""
        if type(x) is self.variable:
            return self.recorder.node_of(x)
        return x.node if type(x) is self.array else None

    def plain(self, x: Any) -> Any:
        """The value of a recorded array or a variable; anything else unchanged."""
        return x.value if isinstance(x, self.array) else x

    def current(self, x: Any) -> Any:
        """A variable as the open tapes see it; anything else unchanged."""
        return x.read() if type(x) is self.variable else x

    def wrap(self, value: Any, node: Node) -> Any:
        """The recorded array of ``value`` under ``node``."""
        return self.array(value, node)

    def owned(self, value: Any) -> Any:
        """A plain array that nobody else writes into; immutable ones are returned unchanged."""
        return value

    # --- derivatives ------------------------------------------------------------------------------------------

    def pull(self, recorded: bool) -> Pull:
        """The function that evaluates an edge of the recording: on values, or on recorded arrays."""
        raise missing_hook(self, "pull")

    def add(self, a: Any, b: Any, owned: bool) -> Any:
        """The sum of two cotangents, in place into ``a`` where it is ``owned`` by the backward pass."""
        return a + b

    def dense(self, cotangent: Any) -> Any:
        """A cotangent as an array, where the engine has other forms of it; ``None`` stays ``None``."""
        return cotangent

    def conjugate(self, g: Any) -> Any:
        """Between the convention of the interface, ∂L/∂x + i∂L/∂y, and that inside recordings, its conjugate."""
        raise missing_hook(self, "conjugate")

    def finished(self, gradients: list[Any], sources: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        """Gradients as users get them: in the interface's convention, of the source's dtype, sharing no memory."""
        raise missing_hook(self, "finished")

    def walk(
        self,
        recording: Recording,
        seeds: Sequence[tuple[Node, Any]],
        sources: Sequence[Node | None],
        *,
        retain: bool = False,
        beyond: bool = True,
    ) -> list[Any]:
        """`backward` over ``recording`` by the engine's rules; on recorded arrays while another tape is open."""
        pull = self.pull(bool(self.recorder.frame().recordings))
        found = backward(recording, seeds, sources, pull, self.add, retain=retain, beyond=beyond)
        return list(map(self.dense, found))
