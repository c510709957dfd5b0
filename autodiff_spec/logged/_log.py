"""The log, the operations of a program in their order; and the arrays whose operations go to it."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff_spec._backend import Backend
from autodiff_spec.core import trees
from autodiff_spec.core.engine import Array
from autodiff_spec.core.errors import MutationError
from autodiff_spec.core.names import BINARY, COMPARISONS, UNARY, install_operators
from autodiff_spec.core.tape import Tape
from autodiff_spec.logged._entry import Operation, Place, Slot, Static, Use, shape_of

GUARDS = frozenset({"bool", "int", "float", "complex", "index", "item", "tolist"})
"""What Python takes out of an array: here its own control flow can begin to depend on values."""

_DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "bfloat16", "float16", "float32", "float64", "longdouble", "complex64", "complex128", "clongdouble",
)  # fmt: skip


_PLAIN = frozenset({"shape", "dtype", "ndim", "size", "device", "nbytes", "itemsize"})
"""Attributes that are no operations."""

@dataclass(eq=False)
class Log:
    """The operations of a program on a backend, in the order of the calls.

    Attributes:
        backend: whose arrays the values are.
        tape: an open tape of it, if cotangents are wanted: each use of an array is then an alias, a source of it.
        alias: called with each such alias before it is used; what it returns is used in its place.
        operations: in the order of the calls.
        namespace: the namespace of its arrays, whose functions are logged; `LoggedBackend` sets it.
    """

    backend: Backend
    tape: Tape | None = None
    alias: Callable[[Array], Array] | None = None
    operations: list[Operation] = field(default_factory=list)
    namespace: Any = None
    _bottom: FrameType | None = None

    def __str__(self) -> str:
        return "\n".join(f"#{op.index} {op.call()} -> {', '.join(map(shape_of, op.outputs))}" for op in self.operations)

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
        index, place = len(self.operations), _place(self._bottom)
        operation = Operation(index, name, tuple(uses), tuple(args), kwargs, outputs, place, tracked, label)
        self.operations.append(operation)
        return [Logged(self, operation, k, output) for k, output in enumerate(outputs)]

    def _taken(self, value: Any, uses: list[Use]) -> tuple[Any, Any]:
        """An argument with the values of logged arrays in it, and the same with slots, to be kept."""
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


class Logged:
    """An array of a backend whose operations are logged; it has all operators, and the array's own methods.

    ``bool()``, ``float()`` and ``item()`` give Python values and are logged as guards: a program may branch on them.

    Attributes:
        log: where its operations go.
        operation: the one that made it.
        output: as which of its outputs.
        value: the backend's array.
    """

    __slots__ = ("__weakref__", "log", "operation", "output", "value")
    __array_ufunc__ = None  # NumPy's operators hand over to ours
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, log: Log, operation: Operation, output: int, value: Any) -> None:
        self.log = log
        self.operation = operation
        self.output = output
        self.value = value

    def __getattr__(self, name: str) -> Any:
        """An attribute of the backend's array; a method is logged under its own name."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name in _PLAIN:
            return getattr(self.value, name)
        found = getattr(self.value, name)
        if callable(found):
            return lambda *args, **kwargs: self.log.call(name, _method(name), self, *args, **kwargs)
        if self.log.backend.is_array(found):
            return self.log.call(name, lambda array: getattr(array, name), self)
        return found

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return self.log.namespace

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeError("a logged array would leave the log in np.asarray; use to_numpy(x) for a detached copy")

    def __repr__(self) -> str:
        return f"Logged(#{self.operation.index} {self.operation.name}, {self.value!r})"

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        if not self.value.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        return self.log.call("getitem", operator.getitem, self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise MutationError(
            "a logged array cannot be written in place; build a new one with xp.where(mask, new, x), "
            "or with at(x, index).set(value)"
        )

    # --- what Python takes out: plain values --------------------------------------------------------------------

    def __bool__(self) -> bool:
        return bool(self.log.guard("bool", self, bool))

    def __float__(self) -> float:
        return float(self.log.guard("float", self, float))

    def __int__(self) -> int:
        return int(self.log.guard("int", self, int))

    def __complex__(self) -> complex:
        return complex(self.log.guard("complex", self, complex))

    def __index__(self) -> int:
        return int(self.log.guard("index", self, operator.index))

    def item(self, *index: int) -> Any:
        """One element as a Python number."""
        be = self.log.backend
        return self.log.guard("item", self, lambda array: be.to_numpy(array).item(*index))

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return self.log.guard("tolist", self, lambda array: self.log.backend.to_numpy(array).tolist())

    if TYPE_CHECKING:  # set below

        def __add__(self, other: Any) -> Logged: ...
        def __mul__(self, other: Any) -> Logged: ...


def _method(name: str) -> Callable[..., Any]:
    return lambda array, *args, **kwargs: getattr(array, name)(*args, **kwargs)


def _operator(name: str) -> Callable[..., Any]:
    """Python's operator for a function of the standard, logged under the function's name."""
    function = _PYTHONS[name]
    return lambda *args: next(x for x in args if isinstance(x, Logged)).log.call(name, function, *args)


_PYTHONS = {name: getattr(operator, f"__{short}__") for short, name in (BINARY | COMPARISONS | UNARY).items()}

install_operators(Logged, _operator)


def plain(x: Any) -> Any:
    """The backend's array behind a logged one; anything else unchanged."""
    return x.value if isinstance(x, Logged) else x


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
    return top.startswith("autodiff_") and not rest.startswith("textbook")  # that holds programs
