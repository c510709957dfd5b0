"""`vmap` by `tf.vectorized_map`: a graph of one slice, vectorized. Where it refuses, the loop does it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import tensorflow as tf

from autodiff_spec import UnsupportedError

MANY = 256
"""So many slices earn the graph, which is made at each call: about as long as 50 to 200 slices of a loop."""

_BATCHING: ContextVar[bool] = ContextVar("autodiff_tensorflow_batching", default=False)


def batched(f: Callable[..., list[Any]], arrays: list[Any], axes: list[int]) -> list[Any]:
    """The outputs of ``f`` for all slices of ``arrays`` along ``axes``, stacked in front.

    Raises:
        Exception: of any type, where ``f`` cannot run in a graph: it looks at a value, has a rule of its own, …
    """
    moved = [_to_front(array, axis) for array, axis in zip(arrays, axes, strict=True)]

    def of_slice(slices: Any) -> list[Any]:
        return [tf.convert_to_tensor(output) for output in f(*slices)]

    token = _BATCHING.set(True)
    try:
        return list(tf.vectorized_map(of_slice, moved, fallback_to_while_loop=False))
    finally:
        _BATCHING.reset(token)


def refuse_batches(what: str) -> None:
    """Raise, so that `vmap` falls back to its loop: this operation needs concrete values."""
    if _BATCHING.get():
        raise UnsupportedError(f"{what} runs on one slice at a time; vmap() sees to it")


def _to_front(array: Any, axis: int) -> Any:
    if not axis:
        return array
    order = [axis, *(k for k in range(len(array.shape)) if k != axis)]
    return tf.transpose(array, order)
