"""The tape over a recording, and what an engine says of its arrays for it."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

from autodiff_spec.core.engine import Engine
from autodiff_spec.core.errors import missing_hook
from autodiff_spec.core.tape import Tape
from autodiff_spec.recording.nodes import Node, Pull, Recorder, Recording, backward


class ArrayTraits:
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

    def readable(self, x: Any) -> Any:
        """The value of a recorded array for a user's function, which must not write into it."""
        return self.plain(x)

    def again(self, x: Any) -> Any:
        """An argument for a function that runs again: what one run writes into it the next does not see."""
        return x

    def guarded(self) -> AbstractContextManager[Callable[[Container[Node]], None]]:
        """Runs a function that will run again.

        What the context manager yields is called afterwards with the nodes that were recorded meanwhile, and raises
        `MutationError` if an array from outside was written.
        """
        return nullcontext(lambda inside: None)

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
        """Gradients as users get them: dense, in the interface's convention, each of its source's dtype and its own."""
        raise missing_hook(self, "finished")


class RecordedTape(Tape):
    """A tape over a `Recording`.

    Attributes:
        traits: how the engine's arrays are recorded and differentiated.
    """

    traits: ClassVar[ArrayTraits]

    def __init__(self, backend: Engine, *, persistent: bool = False) -> None:
        super().__init__(backend, persistent=persistent)
        self._recording = Recording()

    def _enter(self) -> None:
        self.traits.recorder.start(self._recording)

    def _exit(self) -> None:
        self.traits.recorder.stop(self._recording)

    def _watch(self, array: Any) -> Any:
        traits = self.traits
        parent, value = traits.node(array), traits.plain(array)
        source = traits.recorder.source(self._recording, parent)
        return traits.wrap(traits.owned(value) if parent is None else value, source)

    def _is_source(self, array: Any) -> bool:
        kind, traits = type(array), self.traits
        return kind is traits.variable or (kind is traits.array and self._recording.number in array.node.tapes)

    def _outer_is_open(self) -> bool:
        return any(recording is not self._recording for recording in self.traits.recorder.frame().recordings)

    def _pullback(
        self,
        targets: Sequence[Any],
        sources: Sequence[Any],
        cotangents: Sequence[Any],
        *,
        retain: bool,
        strict: bool,
    ) -> list[Any]:
        if self._state != "open":
            return self._gradients(targets, sources, cotangents, retain, strict)
        with self.traits.recorder.without(self._recording):  # a gradient does not record itself
            return self._gradients(targets, sources, cotangents, retain, strict)

    def _gradients(
        self, targets: Sequence[Any], sources: Sequence[Any], cotangents: Sequence[Any], retain: bool, strict: bool
    ) -> list[Any]:
        traits, recording = self.traits, self._recording
        outer = bool(traits.recorder.frame().recordings)
        # Where no other tape is open a recorded cotangent, or a variable, counts by its value.
        seen = traits.current if outer else traits.plain
        seeds: list[tuple[Node, Any]] = []
        for i, (target, cotangent) in enumerate(zip(targets, cotangents, strict=True)):
            node = self._node(target)
            if node is not None and recording.number in node.tapes:
                if cotangent is not None:
                    seeds.append((node, traits.conjugate(seen(cotangent))))
            elif strict:
                raise self.untracked(i)
        nodes = [self._node(source) for source in sources]
        return traits.finished(self._walk(seeds, nodes, outer=outer, retain=retain), sources, cotangents)

    def _walk(
        self, seeds: Sequence[tuple[Node, Any]], nodes: Sequence[Node | None], *, outer: bool, retain: bool
    ) -> list[Any]:
        traits = self.traits
        return backward(self._recording, seeds, nodes, traits.pull(outer), traits.add, retain=retain)

    def _node(self, array: Any) -> Node | None:
        """The node that stands for ``array`` on this tape, if there is one."""
        if type(array) is self.traits.variable:  # not on the open tapes, as `ArrayTraits.node` has it
            entry = self._recording.variables.get(id(array))
            return None if entry is None else entry[1]
        return array.node if type(array) is self.traits.array else None
