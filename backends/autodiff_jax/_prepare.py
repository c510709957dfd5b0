"""`prepare` on JAX: `jax.jit`, with the variables that a function reads as arguments that it does not see."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import jax

from autodiff_jax._array import READING, RECORDER, Array, plain
from autodiff_spec.core.trees import Structure


class Compiled:
    """A function of arrays, compiled; it runs as it is where JAX cannot trace it.

    Attributes:
        refused: why it runs as it is; empty where it is compiled.
    """

    def __init__(self, f: Callable[..., tuple[list[Any], Structure]], arrays: list[Any]) -> None:
        self._f = f
        self._variables: dict[int, Any] = {}  # ours, and those of Keras
        self._leaves: list[Any] = []  # those of the result that are no arrays, in the places of all
        self._structure: Structure | None = None
        self._jitted: Any = jax.jit(self._traced)
        self.refused = ""
        values = [plain(array) for array in arrays]
        try:
            with RECORDER.without():
                jax.eval_shape(self._found, values)
                self._jitted(self._values(), values)
        except Exception as error:  # a branch on a value, above all; the function's own errors it raises itself
            self.refused = f"{type(error).__name__}: {error}"

    def __repr__(self) -> str:
        return f"runs as it is: {self.refused.partition(chr(10))[0]}" if self.refused else "jax.jit"

    def __call__(self, arrays: list[Any], out: list[Any] | None) -> tuple[list[Any], Structure]:
        """The leaves of the result, and its structure."""
        if self.refused or RECORDER.frame().recordings or any(type(array) is Array for array in arrays):
            return self._f(*arrays)
        found = self._jitted(self._values(), [plain(array) for array in arrays])
        assert self._structure is not None
        places = iter(found)
        return [next(places) if leaf is _ARRAY else leaf for leaf in self._leaves], self._structure

    def _values(self) -> list[Any]:
        return [variable.value for variable in self._variables.values()]

    def _found(self, values: list[Any]) -> list[Any]:
        """The function once, to see which variables it reads."""
        reading = _Reading({}, self._variables)
        return self._results(reading, values)

    def _traced(self, of_variables: list[Any], values: list[Any]) -> list[Any]:
        reading = _Reading(dict(zip(self._variables, of_variables, strict=True)), None)
        return self._results(reading, values)

    def _results(self, reading: _Reading, values: list[Any]) -> list[Any]:
        token = READING.set(reading)
        try:
            with _in_keras(reading):
                leaves, self._structure = self._f(*values)
        finally:
            READING.reset(token)
        if reading.escape:
            raise TypeError(reading.escape)
        leaves = [plain(leaf) if type(leaf) is Array else leaf for leaf in leaves]
        self._leaves = [_ARRAY if isinstance(leaf, jax.Array) else leaf for leaf in leaves]
        for leaf in self._leaves:
            if leaf is not _ARRAY and not isinstance(leaf, (bool, int, float, complex, str, type(None))):
                raise TypeError(f"the result holds a {type(leaf).__name__}, in which a traced array may hide")
        return [leaf for leaf in leaves if isinstance(leaf, jax.Array)]


def _in_keras(reading: _Reading) -> AbstractContextManager[Any]:
    """A scope of Keras, where the process has it, that reads its variables as ours are read, and lets none be assigned.

    To JAX the array that such a variable holds is a constant, which a compiled function would keep.
    """
    keras: Any = sys.modules.get("keras")
    if keras is None:
        return nullcontext()

    class Scope(keras.StatelessScope):  # type: ignore[misc]
        def get_current_value(self, variable: Any) -> Any:
            return reading.read(variable, None)  # None: what it holds

        def add_update(self, update: Any) -> None:
            reading.escaped("assign() to a variable of Keras")

    return Scope()


_ARRAY = object()
"""Stands in a result for an array."""


class _Reading:
    """Stand-ins for the variables that a function reads while it is traced."""

    def __init__(self, values: dict[int, Any], seen: dict[int, Any] | None) -> None:
        self._values = values
        self._seen = seen
        self.escape = ""

    def read(self, variable: Any, value: Any) -> Any:
        """The traced value of a variable; in the first run, which only finds them, its own."""
        if self._seen is not None:
            self._seen[id(variable)] = variable
            return value
        if id(variable) not in self._values:
            self.escaped("it does not read the same variables each time")
        return self._values.get(id(variable), value)

    def escaped(self, why: str) -> None:
        """Give up."""
        self.escape = self.escape or why
        raise TypeError(why)
