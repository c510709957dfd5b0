"""The log: the operations of a program in their order, each with the arrays that it used and made."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autodiff_spec.core import trees

if TYPE_CHECKING:
    from autodiff_spec._backend import Backend
    from autodiff_spec.core.engine import Array
    from autodiff_spec.core.tape import Tape

GUARDS = frozenset({"bool", "int", "float", "complex", "index", "item", "tolist"})
"""What Python takes out of an array: here its own control flow can begin to depend on values."""

_DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "bfloat16", "float16", "float32", "float64", "longdouble", "complex64", "complex128", "clongdouble",
)  # fmt: skip


class Slot(NamedTuple):
    """In the arguments of an operation: array ``number`` of those that it used."""

    number: int

    def __repr__(self) -> str:
        return f"%{self.number}"


class Static(NamedTuple):
    """In the arguments of an operation: what is no array and no plain Python value, as text (a dtype: its name)."""

    text: str

    def __repr__(self) -> str:
        return self.text


class Place(NamedTuple):
    """Where a program called an operation; ``depth`` counts the program's own functions above it."""

    file: str
    line: int
    function: str
    depth: int

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}" if self.file else ""


@dataclass(slots=True, eq=False)
class Use:
    """One array that an operation used.

    Attributes:
        source: the operation that made it; ``output`` says as which of its outputs.
        array: the backend's array.
        alias: whether it is an alias for this use alone, so that its cotangent is this use's share.
    """

    source: Operation
    output: int
    array: Array
    alias: bool = False


@dataclass(slots=True, eq=False)
class Operation:
    """One entry of a log.

    Attributes:
        index: its place in the log.
        name: of the function, ``"maximum"``, ``"linalg.vector_norm"``; operators have their function's, sources
            (``"input"``, ``"variable"``, ``"constant"``) what they are.
        uses: the arrays that it used, its parents in the graph.
        args: the positional arguments, arrays as `Slot`, dtypes and foreign objects as text.
        kwargs: the keyword arguments, likewise.
        outputs: the backend's arrays that it made, or for a guard the Python value.
        place: where the program called it.
        tracked: whether it depends on a source through operations that are differentiated.
        label: a name that the program gave it, for sources.
        error: what it raised, in one line, when it did.
    """

    index: int
    name: str
    uses: tuple[Use, ...]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[Any, ...]
    place: Place
    tracked: bool
    label: str = ""
    error: str = ""

    def call(self, name_of: Callable[[Use], str] = lambda use: f"#{use.source.index}") -> str:
        """The call as text: ``maximum(#3, 0.0)``."""
        given = [spelled(arg, self.uses, name_of) for arg in self.args]
        given += [f"{name}={spelled(arg, self.uses, name_of)}" for name, arg in self.kwargs.items()]
        return f"{self.name}({', '.join(given)})"


@dataclass(eq=False)
class Log:
    """What a program computed on a backend.

    Attributes:
        backend: whose arrays the values are.
        tape: an open tape of it, if cotangents are wanted: each use of an array is then an alias, a source of it.
        alias: called with each such alias before it is used; what it returns is used in its place.
        operations: in the order of the calls.
    """

    backend: Backend
    tape: Tape | None = None
    alias: Callable[[Array], Array] | None = None
    operations: list[Operation] = field(default_factory=list)
    _bottom: FrameType | None = None

    def __str__(self) -> str:
        return "\n".join(f"#{op.index} {op.call()} -> {', '.join(map(_shape, op.outputs))}" for op in self.operations)

    def run(self, f: Callable[..., Any], *args: Any) -> Any:
        """``f(*args)``, so that `Place.depth` counts from ``f``."""
        self._bottom = sys._getframe()
        try:
            return f(*args)
        finally:
            self._bottom = None

    def source(self, name: str, array: Array, label: str = "", *, tracked: bool = True) -> Any:
        """The logged array for ``array``, which no operation of the log made."""
        return self._add(name, (), (), {}, (array,), tracked, label)[0]

    def call(self, name: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """``function(*args, **kwargs)`` on the values of logged arrays; its arrays come back logged.

        A call without an array in its result (``finfo``, ``result_type``) leaves no entry.
        """
        uses: list[Use] = []
        native = [self._taken(arg, uses) for arg in args]
        named = {key: self._taken(arg, uses) for key, arg in kwargs.items()}
        try:
            result = function(*(value for value, _ in native), **{key: value for key, (value, _) in named.items()})
        except Exception as error:
            self._add(name, uses, [p for _, p in native], {k: p for k, (_, p) in named.items()}, (), False)
            self.operations[-1].error = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise
        leaves, structure = trees.flatten(result, self.backend.array_types)
        arrays = [leaf for leaf in leaves if self.backend.is_array(leaf)]
        if not arrays:
            return result
        tracked = name != "stop_gradient" and any(use.source.tracked for use in uses)
        portable = [p for _, p in native], {k: p for k, (_, p) in named.items()}
        logged = iter(self._add(name, uses, *portable, tuple(arrays), tracked))
        return trees.unflatten(structure, [next(logged) if self.backend.is_array(x) else x for x in leaves])

    def guard(self, name: str, array: Any, function: Callable[[Any], Any]) -> Any:
        """A Python value of a logged array; Python's control flow may depend on it from here on."""
        value = function(array.value)
        use = Use(array.operation, array.output, array.value)
        self._add(name, (use,), (Slot(0),), {}, (value,), False)
        return value

    def pull(self, targets: Sequence[Array], sources: Sequence[Array] = ()) -> tuple[list[list[Any]], list[Any]]:
        """The cotangents that come back from ones for the targets; spends the tape.

        Args:
            targets: floating arrays (not logged ones).
            sources: watched arrays.

        Returns:
            For each operation one cotangent for each of its uses, and one for each source; ``None``: nothing came back.
        """
        if self.tape is None:
            raise ValueError("this log has no tape; cotangents need Log(backend, tape)")
        aliases = [use.array for op in self.operations for use in op.uses if use.alias]
        wanted = [*sources, *aliases]
        ones = [self.backend.xp.ones_like(target) for target in targets]
        found = self.tape._pullback_of(targets, wanted, ones, strict=False)
        by_id = {id(array): gradient for array, gradient in zip(wanted, found, strict=True)}
        back = [[by_id.get(id(use.array)) for use in op.uses] for op in self.operations]
        return back, [by_id[id(source)] for source in sources]

    # --- steps ------------------------------------------------------------------------------------------------

    def _add(
        self, name: str, uses: Sequence[Use], args: Sequence[Any], kwargs: dict[str, Any], outputs: tuple[Any, ...],
        tracked: bool, label: str = "",
    ) -> list[Any]:  # fmt: skip
        from autodiff_spec.logged._array import Logged  # each needs the other

        index, place = len(self.operations), _place(self._bottom)
        operation = Operation(index, name, tuple(uses), tuple(args), kwargs, outputs, place, tracked, label)
        self.operations.append(operation)
        return [Logged(self, operation, k, output) for k, output in enumerate(outputs)]

    def _taken(self, value: Any, uses: list[Use]) -> tuple[Any, Any]:
        """An argument with the values of logged arrays in it, and the same with slots, to be kept."""
        from autodiff_spec.logged._array import Logged

        if isinstance(value, Logged):
            return self._used(value, uses), Slot(len(uses) - 1)
        if isinstance(value, (list, tuple)):
            parts = [self._taken(part, uses) for part in value]
            native, kept = [part for part, _ in parts], [part for _, part in parts]
            if isinstance(value, list):
                return native, kept
            return (type(value)(*native) if hasattr(value, "_fields") else tuple(native)), tuple(kept)
        if isinstance(value, slice):
            ends = [self._taken(end, uses) for end in (value.start, value.stop, value.step)]
            return slice(*(end for end, _ in ends)), slice(*(end for _, end in ends))
        return value, self._portable(value)

    def _used(self, logged: Any, uses: list[Use]) -> Array:
        """The array behind a logged one, as an operation is to use it."""
        source, array = logged.operation, logged.value
        if self.tape is None or not source.tracked or self.backend.kind(array.dtype) == "other":
            uses.append(Use(source, logged.output, array))
            return array
        alias = self.tape.watch(array)
        uses.append(Use(source, logged.output, alias, alias=True))
        return alias if self.alias is None else self.alias(alias)

    def _portable(self, value: Any) -> Any:
        """An argument that is no logged array, as something that another process and framework understands."""
        if value is None or value is Ellipsis or isinstance(value, (bool, int, float, complex, str)):
            return value
        if isinstance(value, np.ndarray):
            return value.copy()
        if self.backend.is_array(value):
            return self.backend.to_numpy(value)
        return Static(self._dtype_name(value) or getattr(value, "__name__", type(value).__name__))

    def _dtype_name(self, value: Any) -> str:
        return next((name for name in _DTYPES if getattr(self.backend.xp, name, None) is value), "")


def spelled(argument: Any, uses: Sequence[Use], name_of: Callable[[Use], str]) -> str:
    """An argument of an operation as text."""
    if isinstance(argument, Slot):
        return name_of(uses[argument.number])
    if isinstance(argument, slice):
        ends = ["" if end is None else spelled(end, uses, name_of) for end in (argument.start, argument.stop)]
        return ":".join(ends if argument.step is None else [*ends, spelled(argument.step, uses, name_of)])
    if isinstance(argument, (list, tuple)) and not isinstance(argument, Static):
        inside = ", ".join(spelled(part, uses, name_of) for part in argument)
        return f"[{inside}]" if isinstance(argument, list) else f"({inside}{',' if len(argument) == 1 else ''})"
    if isinstance(argument, np.ndarray):
        return repr(argument.item()) if argument.ndim == 0 else f"array{argument.shape}"
    return "..." if argument is Ellipsis else repr(argument)


def _shape(output: Any) -> str:
    return str(tuple(output.shape)) if hasattr(output, "shape") else repr(output)


def _place(bottom: FrameType | None) -> Place:
    """The innermost line of the program itself: the first frame that is not of this project."""
    frame: FrameType | None = sys._getframe(2)
    found, depth = Place("", 0, "", 0), 0
    while frame is not None and frame is not bottom:
        if not _ours(frame.f_globals.get("__name__", "")):
            if not found.file:
                found = Place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, 0)
                if bottom is None:
                    break
            depth += 1
        frame = frame.f_back
    return found._replace(depth=max(depth - 1, 0))


def _ours(module: str) -> bool:
    top, _, rest = module.partition(".")
    return top.startswith("autodiff_") and not rest.startswith("chapter")  # the chapter holds programs
