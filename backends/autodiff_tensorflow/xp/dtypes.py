"""Dtypes of the array API standard, their kinds, limits and promotion, over TensorFlow's dtype objects."""

from __future__ import annotations

import functools
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from autodiff_spec._shared import FloatLimits, IntegerLimits

Array: TypeAlias = Any
DType: TypeAlias = Any

bool_ = tf.bool
int8, int16, int32, int64 = tf.int8, tf.int16, tf.int32, tf.int64
uint8, uint16, uint32, uint64 = tf.uint8, tf.uint16, tf.uint32, tf.uint64
float16, bfloat16, float32, float64 = tf.float16, tf.bfloat16, tf.float32, tf.float64
complex64, complex128 = tf.complex64, tf.complex128

DEFAULT_FLOAT, DEFAULT_COMPLEX = float32, complex64  # TensorFlow's own
DEFAULT_INT = int64  # TensorFlow's is int32, its indices are int64, and sums of int32 overflow early

SIGNED = (int8, int16, int32, int64)
UNSIGNED = (uint8, uint16, uint32, uint64)
_KINDS = {
    "bool": (bool_,),
    "signed integer": SIGNED,
    "unsigned integer": UNSIGNED,
    "real floating": (float16, bfloat16, float32, float64),
    "complex floating": (complex64, complex128),
}
_KINDS["integral"] = SIGNED + UNSIGNED
_KINDS["numeric"] = _KINDS["integral"] + _KINDS["real floating"] + _KINDS["complex floating"]


def finfo(type: DType | Array, /) -> FloatLimits:
    """The limits of a floating dtype (of a complex one, its parts'), or of the dtype of an array."""
    dtype = tf.as_dtype(getattr(type, "dtype", type)).real_dtype
    if dtype == bfloat16:  # unknown to numpy.finfo: the exponents of float32, 8 bits of precision
        single, limit = np.finfo(np.float32), (2.0 - 2.0**-7) * 2.0**127
        return FloatLimits(16, 2.0**-7, limit, -limit, float(single.smallest_normal), dtype)
    found = np.finfo(dtype.as_numpy_dtype)
    return FloatLimits(
        found.bits, float(found.eps), float(found.max), float(found.min), float(found.smallest_normal), dtype
    )


def iinfo(type: DType | Array, /) -> IntegerLimits:
    """The limits of an integer dtype, or of the dtype of an array."""
    dtype = tf.as_dtype(getattr(type, "dtype", type))
    found = np.iinfo(dtype.as_numpy_dtype)
    return IntegerLimits(found.bits, int(found.max), int(found.min), dtype)


def isdtype(dtype: DType, kind: DType | str | tuple[DType | str, ...]) -> bool:
    """Whether ``dtype`` is of this kind: a dtype, a name such as ``"real floating"``, or a tuple of those."""
    if isinstance(kind, tuple):
        return any(isdtype(dtype, each) for each in kind)
    if isinstance(kind, str):
        if kind not in _KINDS:
            raise ValueError(f"isdtype() knows no kind {kind!r}; choose one of {', '.join(map(repr, _KINDS))}")
        return dtype in _KINDS[kind]
    return bool(dtype == kind)


def can_cast(from_: DType | Array, to: DType, /) -> bool:
    """Whether promotion could turn ``from_`` into ``to``."""
    try:
        return bool(promote(tf.as_dtype(getattr(from_, "dtype", from_)), tf.as_dtype(to)) == to)
    except TypeError:
        return False


def result_type(*arrays_and_dtypes: Any) -> DType:
    """The dtype of an operation on these arrays, dtypes and Python scalars (which are weak)."""
    strong = [getattr(x, "dtype", x) for x in arrays_and_dtypes if not isinstance(x, (bool, int, float, complex))]
    weak = [x for x in arrays_and_dtypes if isinstance(x, (bool, int, float, complex)) and not hasattr(x, "dtype")]
    strong += [x.dtype for x in arrays_and_dtypes if isinstance(x, np.generic) and isinstance(x, (float, complex))]
    if not strong:
        if not weak:
            raise ValueError("result_type() needs an argument")
        return functools.reduce(promote, map(default_dtype, weak))
    found = functools.reduce(promote, map(tf.as_dtype, strong))
    for scalar in weak:
        found = with_scalar(found, scalar)
    return found


def default_dtype(scalar: Any) -> DType:
    """The dtype of a Python scalar where no array gives it one."""
    if isinstance(scalar, bool):
        return bool_
    if isinstance(scalar, int):
        return DEFAULT_INT
    return DEFAULT_FLOAT if isinstance(scalar, float) else DEFAULT_COMPLEX


def complex_of(dtype: DType) -> DType:
    """The complex dtype whose parts hold numbers of this one; itself, for a complex one."""
    if dtype.is_complex:
        return dtype
    return complex64 if dtype in (float16, bfloat16, float32) else complex128


def with_scalar(dtype: DType, scalar: Any) -> DType:
    """The dtype of an operation between an array of ``dtype`` and a Python scalar."""
    if isinstance(scalar, bool) or (isinstance(scalar, int) and dtype != bool_):
        return dtype
    if dtype.is_complex or (dtype.is_floating and not isinstance(scalar, complex)):
        return dtype
    if isinstance(scalar, complex) and dtype.is_floating:
        return complex128 if dtype == float64 else complex64
    return default_dtype(scalar)


@functools.cache
def promote(first: DType, second: DType) -> DType:
    """The dtype of an operation between arrays of two dtypes: the standard's table.

    Beyond the table an integer (or bool) takes on the floating dtype it meets, and bfloat16 with float16 is float32.

    Raises:
        TypeError: no dtype holds both (int64 and uint64).
    """
    if first == second:
        return first
    inexact = [dtype for dtype in (first, second) if dtype.is_floating or dtype.is_complex]
    if len(inexact) == 1:
        return inexact[0]
    if bfloat16 in inexact:
        other = second if first == bfloat16 else first
        return float32 if other == float16 else promote(float32, other)
    found = tf.as_dtype(np.result_type(first.as_numpy_dtype, second.as_numpy_dtype))
    if not inexact and found.is_floating:
        raise TypeError(f"no integer dtype holds both {first.name} and {second.name}; cast one with astype()")
    return found
