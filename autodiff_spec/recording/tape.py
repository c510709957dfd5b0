"""The tape of engines that record on the shared `Recording`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from autodiff_spec.core.engine import Engine
from autodiff_spec.core.tape import Tape
from autodiff_spec.recording.engine import RecordingEngine
from autodiff_spec.recording.nodes import Node, Recording


class RecordedTape(Tape):
    """A tape over a `Recording`.

    Attributes:
        engine: how the engine's arrays are recorded and differentiated.
    """

    engine: ClassVar[RecordingEngine]

    def __init__(self, backend: Engine, *, persistent: bool = False) -> None:
        super().__init__(backend, persistent=persistent)
        self._recording = Recording()

    def _enter(self) -> None:
        self.engine.recorder.start(self._recording)

    def _exit(self) -> None:
        self.engine.recorder.stop(self._recording)

    def _watch(self, array: Any) -> Any:
        engine = self.engine
        parent, value = engine.node(array), engine.plain(array)
        source = engine.recorder.source(self._recording, parent)
        return engine.wrap(engine.owned(value) if parent is None else value, source)

    def _is_source(self, array: Any) -> bool:
        kind, engine = type(array), self.engine
        return kind is engine.variable or (kind is engine.array and self._recording.number in array.node.tapes)

    def _outer_is_open(self) -> bool:
        return any(recording is not self._recording for recording in self.engine.recorder.frame().recordings)

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
        for i, (target, cotangent) in enumerate(zip(targets, cotangents, strict=True)):
            node = self._node(target)
            if node is not None and self._recording.number in node.tapes:
                if cotangent is not None:
                    seeds.append((node, cotangent))
            elif strict:
                raise self.untracked(i, len(targets))
        nodes = [self._node(source) for source in sources]
        if self._state != "open":
            return self._gradients(seeds, nodes, sources, cotangents, retain)
        with self.engine.recorder.without(self._recording):  # a gradient does not record itself
            return self._gradients(seeds, nodes, sources, cotangents, retain)

    def _gradients(
        self,
        seeds: Sequence[tuple[Node, Any]],
        nodes: Sequence[Node | None],
        sources: Sequence[Any],
        cotangents: Sequence[Any],
        retain: bool,
    ) -> list[Any]:
        engine = self.engine
        # Where no other tape is open a recorded cotangent, or a variable, counts by its value.
        seen = engine.current if engine.recorder.frame().recordings else engine.plain
        inside = [(node, engine.conjugate(seen(cotangent))) for node, cotangent in seeds]
        found = engine.walk(self._recording, inside, nodes, retain=retain)
        return engine.finished(found, sources, cotangents)

    def _node(self, array: Any) -> Node | None:
        """The node that stands for ``array`` on this tape, if there is one."""
        if type(array) is self.engine.variable:  # not on the open tapes, as `RecordingEngine.node` has it
            entry = self._recording.variables.get(id(array))
            return None if entry is None else entry[1]
        return array.node if type(array) is self.engine.array else None
