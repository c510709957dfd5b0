"""Indexing by NumPy's rules, which a tensor's own ``[]`` follows for integers and slices alone.

An index is taken apart: what TensorFlow knows is done first, integer arrays (masks are the indices of their true
elements) then by `tf.gather_nd`. So it is differentiable, and runs in graphs where sizes and indices are unknown.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from autodiff_tensorflow.xp.convert import asarray, length
from autodiff_tensorflow.xp.dtypes import Array

_FULL = slice(None)


def at_index(x: Array, idx: Any) -> Array:
    """``x[idx]``.

    Raises:
        IndexError: it does not fit the axes, or is out of bounds (inside `tf.function` TensorFlow's own error).
    """
    parts = [_part(part) for part in (idx if isinstance(idx, tuple) else (idx,))]
    x, parts = _without_masks(x, _without_ellipsis(parts, x.shape.rank))
    _check_integers(parts, x)
    if not any(isinstance(part, tf.Tensor) and part.shape.rank != 0 for part in parts):
        return x[tuple(parts)]
    parts = [tf.constant(part, tf.int64) if isinstance(part, int) else part for part in parts]  # it broadcasts too
    x = x[tuple(_FULL if isinstance(part, tf.Tensor) else part for part in parts)]
    chosen = [axis for axis, part in enumerate(parts) if isinstance(part, tf.Tensor)]
    counted = [_from_start(parts[axis], length(x, axis)) for axis in chosen]
    if len(chosen) == 1:
        return tf.gather(x, counted[0], axis=chosen[0])
    indices = _together(counted)
    others = [axis for axis in range(x.shape.rank) if axis not in chosen]
    found = tf.gather_nd(tf.transpose(x, [*chosen, *others]), indices)
    return _in_place(found, chosen, indices.shape.rank - 1)


def _part(part: Any) -> Any:
    """A part of an index as TensorFlow takes it: a Python integer, a slice of them, ``None``, ``...`` or a tensor."""
    if part is None or part is Ellipsis:
        return part
    if isinstance(part, slice):
        return slice(*map(_bound, (part.start, part.stop, part.step)))
    if isinstance(part, (int, np.integer)) and not isinstance(part, bool):
        return int(part)
    empty = isinstance(part, list) and np.size(part) == 0  # NumPy takes it for floats
    part = asarray(part, dtype=tf.int64 if empty else None)
    if not (part.dtype.is_integer or part.dtype == tf.bool):
        raise IndexError(f"an index is of integers or of bools, not {part.dtype.name}; cast it with astype()")
    if part.dtype == tf.bool:
        return part
    return int(part) if part.shape.rank == 0 and tf.executing_eagerly() else tf.cast(part, tf.int64)


def _bound(bound: Any) -> Any:
    """A bound of a slice; inside `tf.function` it may be unknown."""
    if bound is None or (isinstance(bound, tf.Tensor) and not tf.executing_eagerly()):
        return bound
    return int(bound)


def _check_integers(parts: list[Any], x: Array) -> None:
    sizes = iter(x.shape)
    for part in parts:
        size = None if part is None else next(sizes)
        if isinstance(part, int) and size is not None and not -size <= part < size:
            raise IndexError(f"the index {part} is out of bounds for an axis of size {size}")


def _without_ellipsis(parts: list[Any], rank: int) -> list[Any]:
    """``...`` as slices; a part for each axis."""
    used = sum(_axes_taken(part) for part in parts)
    filling = [_FULL] * (rank - used)
    places = [i for i, part in enumerate(parts) if part is Ellipsis]
    if used > rank or len(places) > 1:
        raise IndexError(f"an index of {used} axes with {len(places)} '...' does not fit an array of {rank} axes")
    at = places[0] if places else len(parts)
    return [*parts[:at], *filling, *parts[at + 1 :]]


def _axes_taken(part: Any) -> int:
    if part is None or part is Ellipsis:
        return 0
    return int(part.shape.rank) if isinstance(part, tf.Tensor) and part.dtype == tf.bool else 1


def _without_masks(x: Array, parts: list[Any]) -> tuple[Array, list[Any]]:
    """A mask as the indices of its true elements, one array for each of its axes; one without axes gets a new axis."""
    found: list[Any] = []
    for part in parts:
        if not (isinstance(part, tf.Tensor) and part.dtype == tf.bool):
            found.append(part)
            continue
        axis = sum(each is not None for each in found)
        if part.shape.rank == 0:
            x, part = tf.expand_dims(x, axis), tf.reshape(part, [1])
        here = x.shape[axis : axis + part.shape.rank]
        known = [(size, other) for size, other in zip(part.shape, here, strict=True) if None not in (size, other)]
        if any(size not in (0, other) for size, other in known):
            raise IndexError(f"a mask of shape {tuple(part.shape)} does not fit axes of the sizes {tuple(here)}")
        found += tf.unstack(tf.where(part), num=part.shape.rank, axis=1)
    return x, found


def _from_start(indices: Array, size: Any) -> Array:
    if tf.executing_eagerly() and bool(tf.reduce_any((indices < -size) | (indices >= size))):
        raise IndexError(f"an index array goes out of bounds for an axis of size {size}")
    return tf.where(indices < 0, indices + tf.cast(size, tf.int64), indices)


def _together(indices: list[Array]) -> Array:
    """The indices, broadcast, along a new last axis."""
    shape = functools.reduce(tf.broadcast_dynamic_shape, map(tf.shape, indices))
    return tf.stack([tf.broadcast_to(each, shape) for each in indices], axis=-1)


def _in_place(found: Array, chosen: list[int], count: int) -> Array:
    """The ``count`` axes of the indices, which come first, where the axes were if these were neighbours."""
    first = chosen[0]
    if first == 0 or chosen != list(range(first, first + len(chosen))):
        return found
    order = list(range(found.shape.rank))
    return tf.transpose(found, order[count : count + first] + order[:count] + order[count + first :])
