"""What a function does to its arguments, written down call by call: forward and backward passes of any order alike."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autodiff_numpy._array import Variable
from autodiff_numpy.prepare.traced import Traced, astype, values

_OF_SHAPES = frozenset((np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj,
                        np.empty_like, np.zeros_like, np.ones_like))  # fmt: skip
"""Functions that look at shapes and dtypes alone: their results are constants."""

_MAY_CHANGE_NOTHING = frozenset((np.reshape, np.ravel, np.broadcast_to, np.squeeze, np.positive, np.copy, astype))
"""Functions whose result is their argument again, if its shape and dtype are."""


def _errors() -> dict[str, Any]:
    """The settings for floating point errors, here and now."""
    return {**np.geterr()}


Kind: TypeAlias = tuple[tuple[int, ...], "np.dtype[Any]"]
"""A shape and a dtype."""


class Ref(NamedTuple):
    """Stands in a trace for an array that is computed: the number of its slot."""

    slot: int


@dataclass
class Call:
    """One call: its arguments and its result, trees in which a `Ref` stands for each array that was traced."""

    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any
    errors: dict[str, Any]


@dataclass
class Look:
    """Python looked at a value, by ``bool``, ``float``, ``item``, …: the calls that follow hold for this outcome."""

    ref: Ref
    how: Callable[[Any], Any]
    outcome: str


@dataclass
class Trace:
    """The calls of one run of a function on its arguments and on the variables that it read.

    Attributes:
        kinds: for each slot its shape and dtype; arguments come first.
        variables: those that were read, and their slots.
        steps: calls and looks, in their order.
        escape: why the trace cannot stand for the function, if so.
    """

    kinds: list[Kind] = field(default_factory=list)
    variables: dict[int, tuple[Variable, Traced]] = field(default_factory=dict)
    steps: list[Call | Look] = field(default_factory=list)
    escape: str = ""
    active: bool = True
    thread: int = field(default_factory=threading.get_ident)
    errors: dict[str, Any] = field(default_factory=_errors)
    _constants: dict[int, tuple[Any, int]] = field(default_factory=dict)

    def stand_in(self, value: Any) -> Traced:
        """A new slot for an array, and the array to go on with."""
        self.kinds.append((value.shape, value.dtype))
        return Traced(value, len(self.kinds) - 1, self)

    def read(self, variable: Variable, value: Any) -> Any:
        """The stand-in for a variable while this trace is written."""
        if not self.listens():
            return value
        if id(variable) not in self.variables:
            self.variables[id(variable)] = (variable, self.stand_in(value))
        return self.variables[id(variable)][1]

    def listens(self) -> bool:
        """Whether there is any use in writing more."""
        if self.active and threading.get_ident() != self.thread:
            self.escaped("another thread works on an array")
        return self.active and not self.escape

    def escaped(self, why: str) -> None:
        """Give up the trace; the run goes on."""
        self.escape = self.escape or why

    def call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call ``function`` on the values, and write it down."""
        result = function(*values(args), **values(kwargs))
        if not self.listens() or function in _OF_SHAPES:
            return result
        if result is None or kwargs.get("out") is not None or (function is np.nan_to_num and not kwargs.get("copy", 1)):
            self.escaped(f"{_name(function)} writes into an array")
            return result
        if _changes_nothing(function, args, kwargs, result):
            return Traced(result, args[0].slot, self)
        wrapped = self._wrapped(result)
        if _holds_python_values(result):  # np.array_equal: a value that was looked at, and no slot to look again
            self.escaped(f"{_name(function)} makes a Python value of an array")
        self.steps.append(
            Call(function, self._refs(args), self._refs(kwargs), self._refs(wrapped), _errors())
        )
        return wrapped

    def look(self, traced: Traced, how: Callable[[Any], Any]) -> Any:
        """A Python value made of an array."""
        outcome = how(traced.value)
        if self.listens():
            self.steps.append(Look(Ref(traced.slot), how, repr(outcome)))
        return outcome

    def finish(self) -> None:
        """End the trace; a constant that changed under way was no constant."""
        self.active = False
        if any(_checksum(array) != known for array, known in self._constants.values()):
            self.escaped("an array was written to that the function had used before")

    def _wrapped(self, result: Any) -> Any:
        if isinstance(result, (np.ndarray, np.generic)):
            return self.stand_in(result)
        if isinstance(result, (tuple, list)):
            parts = [self._wrapped(part) for part in result]
            return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
        return result

    def _refs(self, tree: Any) -> Any:
        """``tree`` with the slots of traced arrays in their place; other arrays are the trace's constants."""
        if type(tree) is Traced:
            return Ref(tree.slot) if tree.log is self else tree.value
        if isinstance(tree, (tuple, list)):
            parts = [self._refs(part) for part in tree]
            return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
        if isinstance(tree, dict):
            return {name: self._refs(part) for name, part in tree.items()}
        if isinstance(tree, np.ndarray) and id(tree) not in self._constants:
            self._constants[id(tree)] = (tree, _checksum(tree))
        return tree


def _changes_nothing(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> bool:
    """Whether a call gives its argument again: as nothing writes into either, they may be one array."""
    if function not in _MAY_CHANGE_NOTHING or type(args[0]) is not Traced or kwargs.get("order", "C") != "C":
        return False
    return bool(args[0].shape == result.shape and args[0].dtype == result.dtype)


def _holds_python_values(result: Any) -> bool:
    if isinstance(result, (tuple, list)):
        return any(map(_holds_python_values, result))
    return not isinstance(result, (np.ndarray, np.generic))


def _checksum(array: Any) -> int:
    if array.dtype.kind not in "biufc" or not array.size:
        return 0
    return zlib.crc32(np.ascontiguousarray(array).view(np.uint8).data)


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", function))
