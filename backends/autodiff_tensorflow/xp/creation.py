"""The creation functions of the array API standard."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import tensorflow as tf

from autodiff_tensorflow.xp.convert import asarray, cast, is_array, length, lengths, operands, scalar, tensor
from autodiff_tensorflow.xp.dtypes import DEFAULT_COMPLEX, DEFAULT_FLOAT, DEFAULT_INT, Array, DType, default_dtype

__all__ = [
    "arange", "asarray", "empty", "empty_like", "eye", "from_dlpack", "full", "full_like", "linspace", "meshgrid",
    "ones", "ones_like", "tril", "triu", "zeros", "zeros_like",
]  # fmt: skip


def _on(device: Any) -> AbstractContextManager[Any]:
    """``tf.device(None)`` would undo the device that the caller chose."""
    return nullcontext() if device is None else tf.device(device)


def _shape(shape: Any) -> Any:
    if is_array(shape):
        return tf.reshape(shape, [-1])
    return tuple(shape) if hasattr(shape, "__iter__") else (operator.index(shape),)


def _made(value: Any, dtype: DType | None, device: Any) -> Array:
    """A tensor of a NumPy array that was computed here, in ``dtype``."""
    return asarray(value, dtype=dtype or DEFAULT_FLOAT, device=device)


def zeros(shape: Any, *, dtype: DType | None = None, device: Any = None) -> Array:
    """An array of zeros."""
    with _on(device):
        return tf.zeros(_shape(shape), dtype or DEFAULT_FLOAT)


def ones(shape: Any, *, dtype: DType | None = None, device: Any = None) -> Array:
    """An array of ones."""
    with _on(device):
        return tf.ones(_shape(shape), dtype or DEFAULT_FLOAT)


def full(shape: Any, fill_value: Any, *, dtype: DType | None = None, device: Any = None) -> Array:
    """An array of one value, which may be a 0-d array (and stays tracked)."""
    with _on(device):
        if is_array(fill_value) or isinstance(fill_value, np.generic):
            return tf.fill(_shape(shape), asarray(fill_value, dtype=dtype))
        return tf.fill(_shape(shape), scalar(fill_value, dtype or default_dtype(fill_value)))


def empty(shape: Any, *, dtype: DType | None = None, device: Any = None) -> Array:
    """An array of unspecified values: zeros."""
    return zeros(shape, dtype=dtype, device=device)


def zeros_like(x: Any, /, *, dtype: DType | None = None, device: Any = None) -> Array:
    """Zeros of the shape (and dtype) of ``x``."""
    with _on(device):
        return tf.zeros_like(x, dtype)


def ones_like(x: Any, /, *, dtype: DType | None = None, device: Any = None) -> Array:
    """Ones of the shape (and dtype) of ``x``."""
    with _on(device):
        return tf.ones_like(x, dtype)


def full_like(x: Any, /, fill_value: Any, *, dtype: DType | None = None, device: Any = None) -> Array:
    """An array of one value, of the shape (and dtype) of ``x``."""
    return full(lengths(x), fill_value, dtype=dtype or x.dtype, device=device)


def empty_like(x: Any, /, *, dtype: DType | None = None, device: Any = None) -> Array:
    """An array of unspecified values, zeros, of the shape (and dtype) of ``x``."""
    return zeros_like(x, dtype=dtype, device=device)


def arange(
    start: float, /, stop: float | None = None, step: float = 1, *, dtype: DType | None = None, device: Any = None
) -> Array:
    """The numbers from ``start`` (0 when only one bound is given) to below ``stop``."""
    if stop is None:
        start, stop = 0, start
    if dtype is None:
        dtype = DEFAULT_INT if all(isinstance(bound, int) for bound in (start, stop, step)) else DEFAULT_FLOAT
    return _made(np.arange(start, stop, step), dtype, device)


def linspace(
    start: Any, stop: Any, /, num: int, *, dtype: DType | None = None, device: Any = None, endpoint: bool = True
) -> Array:
    """``num`` numbers at equal distances from ``start`` to ``stop``, which may be 0-d arrays (and stay tracked)."""
    if is_array(start) or is_array(stop):
        with _on(device):
            first, last = operands(start, stop)
            weights = _made(np.linspace(0.0, 1.0, num, endpoint=endpoint), dtype or first.dtype, None)
            return cast(first, weights.dtype) * (1 - weights) + cast(last, weights.dtype) * weights
    if dtype is None and (isinstance(start, complex) or isinstance(stop, complex)):
        dtype = DEFAULT_COMPLEX
    return _made(np.linspace(start, stop, num, endpoint=endpoint), dtype, device)


def eye(
    n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: DType | None = None, device: Any = None
) -> Array:
    """Ones on the diagonal ``k`` of zeros."""
    return _made(np.eye(n_rows, n_cols, k=k), dtype, device)


def tril(x: Any, /, *, k: int = 0) -> Array:
    """The triangle of ``x`` on and below its diagonal ``k``; zeros above."""
    x = tensor(x)
    return tf.where(_diagonals(x) <= k, x, tf.zeros((), x.dtype))


def triu(x: Any, /, *, k: int = 0) -> Array:
    """The triangle of ``x`` on and above its diagonal ``k``; zeros below."""
    x = tensor(x)
    return tf.where(_diagonals(x) >= k, x, tf.zeros((), x.dtype))


def _diagonals(x: Array) -> Array:
    """For each element of a matrix the number of its diagonal."""
    return tf.range(length(x, -1)) - tf.range(length(x, -2))[:, tf.newaxis]


def meshgrid(*arrays: Any, indexing: str = "xy") -> list[Array]:
    """Coordinate grids of one-dimensional arrays."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing={indexing!r}; choose 'xy' or 'ij'")
    axes = list(range(len(arrays)))
    if indexing == "xy" and len(axes) > 1:
        axes[:2] = [1, 0]
    vectors = [tensor(array) for array in arrays]
    shape: list[Any] = [0] * len(axes)
    for vector, axis in zip(vectors, axes, strict=True):
        shape[axis] = length(vector, 0)
    return [
        tf.broadcast_to(tf.reshape(vector, _along(axis, len(axes))), shape)
        for vector, axis in zip(vectors, axes, strict=True)
    ]


def _along(axis: int, count: int) -> Sequence[int]:
    return [-1 if i == axis else 1 for i in range(count)]


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Array:
    """An array from another library's, by DLPack; a copy, for tensors are immutable and that array may not be."""
    if is_array(x):
        return asarray(x, device=device, copy=copy)
    return asarray(np.array(np.from_dlpack(x)), device=device, copy=copy)
