"""`prepare` on TensorFlow: `tf.function`, which reads variables itself, and is differentiated by tapes itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from autodiff_spec.core.trees import Structure


class Compiled:
    """A function of arrays as a graph; it runs as it is where TensorFlow cannot trace it.

    Without AutoGraph: a branch on a value is an error of the trace, and then the function runs as it is.

    Attributes:
        refused: why it runs as it is; empty where it is compiled.
    """

    def __init__(self, f: Callable[..., tuple[list[Any], Structure]], arrays: list[Any]) -> None:
        self._f = f
        self._leaves: list[Any] = []  # those of the result that are no arrays, in the places of all
        self._structure: Structure | None = None
        self._graph: Any = tf.function(self._traced, autograph=False)
        self.refused = ""
        try:
            self._graph.get_concrete_function(*[tf.TensorSpec(array.shape, array.dtype) for array in arrays])
        except Exception as error:  # the function's own errors it raises itself
            self.refused = f"{type(error).__name__}: {error}"

    def __repr__(self) -> str:
        return f"runs as it is: {self.refused.partition(chr(10))[0]}" if self.refused else "tf.function"

    def __call__(self, arrays: list[Any], out: list[Any] | None) -> tuple[list[Any], Structure]:
        """The leaves of the result, and its structure."""
        if self.refused:
            return self._f(*arrays)
        found = iter(self._graph(*[tf.convert_to_tensor(array) for array in arrays]))
        assert self._structure is not None
        return [next(found) if leaf is _ARRAY else leaf for leaf in self._leaves], self._structure

    def _traced(self, *arrays: Any) -> list[Any]:
        leaves, self._structure = self._f(*arrays)
        leaves = [leaf.read_value() if isinstance(leaf, tf.Variable) else leaf for leaf in leaves]
        self._leaves = [_ARRAY if isinstance(leaf, tf.Tensor) else leaf for leaf in leaves]
        for leaf in self._leaves:
            if leaf is not _ARRAY and not isinstance(leaf, (bool, int, float, complex, str, type(None))):
                raise TypeError(f"the result holds a {type(leaf).__name__}, in which a traced array may hide")
        return [leaf for leaf in leaves if isinstance(leaf, tf.Tensor)]


_ARRAY = object()
"""Stands in a result for an array."""
