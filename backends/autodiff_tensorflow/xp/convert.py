"""From what a caller passes to tensors: conversion, and operands of a common dtype."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from autodiff_spec import DtypeError
from autodiff_spec.core.frameworks import require_own
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
        BackendMismatchError: it is an array of another framework, or a list that holds one.
    """
    if device is not None:
        with tf.device(device):
            found = asarray(obj, dtype=dtype, copy=copy)
            placed = tf.identity(found)
        if copy is False and placed.device != found.device:
            raise ValueError(f"asarray(copy=False) cannot move a tensor to {device}; leave out copy=")
        return placed
    dtype = None if dtype is None else tf.as_dtype(dtype)
    if is_array(obj):
        if dtype is None or obj.dtype == dtype:
            return tf.identity(obj) if copy else tf.convert_to_tensor(obj)
        if copy is False:
            raise ValueError(f"asarray(copy=False) cannot cast {obj.dtype.name} to {dtype.name}; leave out copy=")
        return cast(obj, dtype)
    if copy is False:
        raise ValueError(f"asarray(copy=False) cannot convert a {type(obj).__name__} without a copy; leave out copy=")
    require_own("tensorflow", obj, "the value of asarray()")
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
    if value == 0 or isinstance(value, bool) or dtype is tf.bool:  # see _constant; a bool is no constant of numbers
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
        return cast(x1, dtype), scalar(x2, dtype)
    if weak1:
        x2 = x2 if is_array(x2) else asarray(x2)
        dtype = with_scalar(x2.dtype, x1)
        return scalar(x1, dtype), cast(x2, dtype)
    x1 = x1 if is_array(x1) else asarray(x1)
    x2 = x2 if is_array(x2) else asarray(x2)
    if x1.dtype == x2.dtype:
        return x1, x2
    dtype = promote(x1.dtype, x2.dtype)
    return cast(x1, dtype), cast(x2, dtype)


def common(arrays: Any) -> list[Array]:
    """Arrays as tensors of their common dtype."""
    found = [tensor(array) for array in arrays]
    if not found:
        raise ValueError("an empty list of arrays has no dtype; pass at least one array")
    dtype = result_type(*found)
    return [cast(array, dtype) for array in found]


def length(x: Array, axis: int) -> Any:
    """The size of an axis: an integer, or inside `tf.function` where it is unknown a tensor."""
    size = x.shape[axis]
    return tf.shape(x)[axis] if size is None else size


def lengths(x: Array) -> list[Any]:
    """The sizes of all axes."""
    return [length(x, axis) for axis in range(x.shape.rank)]


def joint_shape(*shapes: Sequence[Any]) -> list[Any]:
    """The shape to which these shapes, of integers and tensors, broadcast."""
    if all(isinstance(size, int) for shape in shapes for size in shape):
        return list(np.broadcast_shapes(*map(tuple, shapes)))
    shape = functools.reduce(tf.broadcast_dynamic_shape, map(tf.convert_to_tensor, shapes))
    return list(tf.unstack(shape))


_SAME_BITS = {tf.uint8: tf.int8, tf.uint16: tf.int16, tf.uint32: tf.int32, tf.uint64: tf.int64}


def as_signed(function: Callable[[Array], Array], x: Array) -> Array:
    """``function``, which moves elements, of unsigned integers: by the signed ones of the same bits, for kernels."""
    if not x.dtype.is_unsigned:
        return function(x)
    return tf.bitcast(function(tf.bitcast(x, _SAME_BITS[x.dtype])), x.dtype)


def as_int64(function: Callable[..., Array], *arrays: Array) -> Array:
    """``function``, of sums and products, of integers: in 64 bits, for kernels; it wraps around as theirs would."""
    dtype = arrays[0].dtype
    if not dtype.is_integer or dtype in (tf.int32, tf.int64):
        return function(*arrays)
    if dtype == tf.uint64:
        return tf.bitcast(function(*(tf.bitcast(x, tf.int64) for x in arrays)), dtype)
    return tf.cast(function(*(tf.cast(x, tf.int64) for x in arrays)), dtype)


def cast(x: Array, dtype: DType) -> Array:
    """``x`` in another dtype, differentiable.

    TensorFlow's own cast from real to complex warns of a lost part whenever it is differentiated.

    Raises:
        TypeError: from complex to real, which would lose a part; take `real` or `imag`.
    """
    if x.dtype == dtype:
        return x
    if x.dtype.is_complex and not dtype.is_complex and dtype != tf.bool:
        raise TypeError(f"a cast from {x.dtype.name} to {dtype.name} would lose a part; take real() or imag() first")
    if x.dtype.is_complex or not dtype.is_complex:
        return tf.cast(x, dtype)
    part = tf.cast(x, dtype.real_dtype)
    return tf.complex(part, tf.zeros_like(part))
