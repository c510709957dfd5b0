"""The tape of engines that record on the shared `Recording`: all of it but how arrays are made and pulled back."""

from __future__ import annotations

from typing import Any, ClassVar

from autodiff_spec.core.engine import Engine
from autodiff_spec.core.tape import Tape
from autodiff_spec.recording.nodes import Node, Recorder, Recording


class RecordedTape(Tape):
    """A tape over a `Recording`; an engine adds ``_watch`` and ``_pullback``.

    Attributes:
        recorder: the engine's open tapes.
        recorded: the type of its recorded arrays, which have a ``node``.
        variable: the type of its variables.
    """

    recorder: ClassVar[Recorder]
    recorded: ClassVar[type[Any]]
    variable: ClassVar[type[Any]]

    def __init__(self, backend: Engine, *, persistent: bool = False) -> None:
        super().__init__(backend, persistent=persistent)
        self._recording = Recording()

    def _enter(self) -> None:
        self.recorder.start(self._recording)

    def _exit(self) -> None:
        self.recorder.stop(self._recording)

    def _is_source(self, array: Any) -> bool:
        kind = type(array)
        return kind is self.variable or (kind is self.recorded and self._recording.number in array.node.tapes)

    def _outer_is_open(self) -> bool:
        return any(recording is not self._recording for recording in self.recorder.frame().recordings)

    def _node(self, array: Any) -> Node | None:
        """The node that stands for ``array`` on this tape, if there is one."""
        if type(array) is self.variable:
            entry = self._recording.variables.get(id(array))
            return None if entry is None else entry[1]
        return array.node if type(array) is self.recorded else None

    def _records(self, node: Node | None) -> bool:
        """Whether this tape tracks a node."""
        return node is not None and self._recording.number in node.tapes
