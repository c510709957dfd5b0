"""From what a caller passes to tensors: conversion, and operands of a common dtype."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from autodiff_spec import DtypeError
from autodiff_tensorflow.xp.dtypes import (
    DEFAULT_COMPLEX,
    DEFAULT_FLOAT,
    DEFAULT_INT,
    Array,
    DType,
    promote,
    result_type,
    with_scalar,
)

_SCALARS = (bool, int, float, complex)
_DEFAULTS = {"f": DEFAULT_FLOAT, "c": DEFAULT_COMPLEX, "i": DEFAULT_INT}


def is_array(x: Any) -> bool:
    """Whether ``x`` is a tensor or a variable."""
    return isinstance(x, (tf.Tensor, tf.Variable))


def asarray(
    obj: Any, /, *, dtype: DType | None = None, device: Any = None, copy: bool | None = None
) -> Array:
    """A tensor of ``obj``: a Python scalar, nested lists, a NumPy array (copied), a tensor (which stays tracked).

    Args:
        obj: what to convert; lists may hold tensors.
        dtype: of the result; by default Python floats become float32, and NumPy arrays and tensors keep theirs.
        device: a TensorFlow device name, or ``None``.
        copy: ``True`` for a tensor of its own, ``False`` to refuse a copy.

    Raises:
        DtypeError: TensorFlow has no such dtype (``numpy.longdouble``).
        ValueError: ``copy=False``, and a copy is needed.
    """
    if device is not None:
        with tf.device(device):
            return asarray(obj, dtype=dtype, copy=copy)
    dtype = None if dtype is None else tf.as_dtype(dtype)
    if is_array(obj):
        if dtype is None or obj.dtype == dtype:
            return tf.identity(obj) if copy else tf.convert_to_tensor(obj)
        if copy is False:
            raise ValueError(f"asarray(copy=False) cannot cast {obj.dtype.name} to {dtype.name}; leave out copy=")
        return tf.cast(obj, dtype)
    if copy is False:
        raise ValueError(f"asarray(copy=False) cannot convert a {type(obj).__name__} without a copy; leave out copy=")
    if isinstance(obj, (list, tuple)):
        leaves = list(_leaves(obj))
        if any(is_array(leaf) for leaf in leaves):  # NumPy would detach them
            return _stack(obj, dtype or result_type(*leaves))
        weak = not any(isinstance(leaf, np.generic | np.ndarray) for leaf in leaves)
        return _constant(np.asarray(obj), dtype, weak=weak)
    return _constant(np.array(obj), dtype, weak=not isinstance(obj, np.generic) and isinstance(obj, _SCALARS))


def _leaves(obj: Any) -> Iterator[Any]:
    if isinstance(obj, (list, tuple)):
        for item in obj:
            yield from _leaves(item)
    else:
        yield obj


def _stack(obj: Any, dtype: DType) -> Array:
    if isinstance(obj, (list, tuple)):
        return tf.stack([_stack(item, dtype) for item in obj])
    return asarray(obj, dtype=dtype)


def _constant(array: Any, dtype: DType | None, *, weak: bool) -> Array:
    """A tensor of a NumPy array. Scalars come this way too: ``tf.constant`` keeps a cache in which -0.0 is 0.0."""
    if dtype is None:
        try:
            dtype = tf.as_dtype(array.dtype)
        except TypeError as error:
            raise DtypeError(f"TensorFlow has no dtype {array.dtype.name}; pass dtype=") from error
        if weak:
            dtype = _DEFAULTS.get(array.dtype.kind, dtype)
    return tf.constant(array.astype(tf.as_dtype(dtype).as_numpy_dtype))


def scalar(value: Any, dtype: DType) -> Array:
    """A 0-d tensor of a Python scalar."""
    if value == 0 or isinstance(value, bool):  # see _constant; True is no tf.constant of a number dtype
        return tf.constant(np.asarray(value, dtype.as_numpy_dtype))
    return tf.constant(value, dtype)


def tensor(x: Any) -> Array:
    """``x`` as an array of TensorFlow's: a tensor or a variable, which operations read by themselves, as it is."""
    return x if isinstance(x, (tf.Tensor, tf.Variable)) else asarray(x)


def operands(x1: Any, x2: Any) -> tuple[Array, Array]:
    """Two operands as arrays of the common dtype; one of them may be a Python scalar."""
    weak1 = isinstance(x1, _SCALARS) and not isinstance(x1, np.generic)
    weak2 = isinstance(x2, _SCALARS) and not isinstance(x2, np.generic)
    if weak1 and weak2:
        dtype = result_type(x1, x2)
        return scalar(x1, dtype), scalar(x2, dtype)
    if weak2:
        x1 = x1 if is_array(x1) else asarray(x1)
        dtype = with_scalar(x1.dtype, x2)
        return _cast(x1, dtype), scalar(x2, dtype)
    if weak1:
        x2 = x2 if is_array(x2) else asarray(x2)
        dtype = with_scalar(x2.dtype, x1)
        return scalar(x1, dtype), _cast(x2, dtype)
    x1 = x1 if is_array(x1) else asarray(x1)
    x2 = x2 if is_array(x2) else asarray(x2)
    if x1.dtype == x2.dtype:
        return x1, x2
    dtype = promote(x1.dtype, x2.dtype)
    return _cast(x1, dtype), _cast(x2, dtype)


def common(arrays: Any) -> list[Array]:
    """Arrays as tensors of their common dtype."""
    found = [tensor(array) for array in arrays]
    if not found:
        raise ValueError("an empty list of arrays has no dtype; pass at least one array")
    dtype = result_type(*found)
    return [_cast(array, dtype) for array in found]


def _cast(x: Array, dtype: DType) -> Array:
    return x if x.dtype == dtype else tf.cast(x, dtype)
