"""Conversions and operators of oracle arrays: dtypes are promoted, values stay exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec.oracle import _scalars as s
from autodiff_spec.oracle._array import Array, DType
from autodiff_spec.oracle._context import INF, MPC, MPF, ZERO, ctx, freeze, note, watching

FLOAT64: DType = np.dtype("float64")
BOOL: DType = np.dtype("bool")
_PYTHON = (bool, int, float, complex)

divide_real = s.lift(s.divide_real, 2)
divide_complex = s.lift(s.divide_complex, 2)
pow_real = s.lift(s.pow_real, 2)
pow_complex = s.lift(s.pow_complex, 2)
floor_real = s.lift(ctx.floor)
_to_mpf = s.lift(lambda value: MPF(int(value)))
_to_mpc = s.lift(MPC)
_to_real = s.lift(lambda value: value.real if isinstance(value, MPC) else value)


def result_type(*operands: Any) -> DType:
    """The dtype of a combination, after NumPy's promotion; Python scalars are weak."""
    return np.result_type(*(x.dtype if isinstance(x, Array) else x for x in operands))


def is_inexact(dtype: DType) -> bool:
    return dtype.kind in "fc"


def real_dtype(dtype: DType) -> DType:
    """The dtype of the parts of a complex one."""
    return np.empty(0, dtype).real.dtype


def exact(values: NDArray[Any]) -> NDArray[Any]:
    """A NumPy array of floats or complex numbers as an object array of mp numbers, without rounding."""
    number = MPC if values.dtype.kind == "c" else MPF
    out = np.empty(values.size, dtype=object)
    out[:] = [number(value) for value in values.ravel().tolist()]
    return out.reshape(values.shape)


def asarray(obj: Any, dtype: Any = None) -> Array:
    """Array of anything numeric: an oracle array, a Python scalar, nested lists, a NumPy array."""
    if not isinstance(obj, Array):
        plain = np.asarray(obj)
        if plain.dtype.kind == "O":  # mp numbers
            return _of_numbers(plain, dtype)
        if plain.dtype.kind not in "biufc":  # bfloat16 and its kin: NumPy knows them only as opaque bytes
            plain = plain.astype(np.float32)
        obj = Array(exact(plain) if is_inexact(plain.dtype) else plain, plain.dtype)
    return obj if dtype is None else cast(obj, np.dtype(dtype))


def _of_numbers(values: NDArray[Any], dtype: Any) -> Array:
    imaginary = any(isinstance(v, MPC) for v in values.ravel().tolist())
    label = np.dtype(dtype or ("complex128" if imaginary else "float64"))
    return Array(
        (_to_mpc if label.kind == "c" else s.lift(lambda v: v if v.__class__ is MPF else MPF(v)))(values), label
    )


def cast(x: Array, dtype: DType) -> Array:
    """``x`` under another label; values change only between kinds (truncation to integers is constant)."""
    if dtype == x.dtype:
        return x
    if is_inexact(dtype):
        if dtype.kind == "f" and x.dtype.kind == "c":
            raise TypeError("a complex array has no real cast; use real(x) or abs(x)")
        return Array(values_as(x, dtype), dtype)
    if not is_inexact(x.dtype):
        return Array(x._v.astype(dtype), dtype)
    if dtype == BOOL:
        return compare(np.not_equal, x, 0)
    if watching():
        note_steps(x._v, s.trunc, s.nearest_jump_of_trunc)
    whole = np.array([int(value) if s.is_finite(value) else 0 for value in x._v.ravel().tolist()], dtype=dtype)
    return Array(freeze(whole.reshape(x.shape)), dtype)


def to_kind(values: NDArray[Any], dtype: DType) -> NDArray[Any]:
    """Exact numbers, real and complex ones mixed, as those of the kind of ``dtype``; imaginary parts are dropped."""
    return np.asarray((_to_mpc if dtype.kind == "c" else _to_real)(values), dtype=object)


def values_as(x: Any, dtype: DType) -> Any:
    """The values of an operand in the representation of ``dtype``'s kind; a Python scalar stays a scalar."""
    if not isinstance(x, Array):
        if isinstance(x, _PYTHON):
            number: Any = MPC if dtype.kind == "c" else MPF
            return number(x) if is_inexact(dtype) else x
        x = asarray(x)
    if x.dtype.kind == dtype.kind or not is_inexact(dtype):
        return x._v if is_inexact(dtype) else x._v.astype(dtype)
    values = x._v if is_inexact(x.dtype) else _to_mpf(x._v)
    return _to_mpc(values) if dtype.kind == "c" else values


def operands(x: Any, y: Any, floating: bool = False) -> tuple[Any, Any, DType]:
    """Both operands' values in one representation, and the dtype of the result."""
    if x.__class__ is Array and y.__class__ is Array and x.dtype is y.dtype and x.dtype.kind in "fc":
        return x._v, y._v, x.dtype
    x, y = (v if isinstance(v, (Array, *_PYTHON)) else asarray(v) for v in (x, y))
    dtype = result_type(x, y)
    if floating and not is_inexact(dtype):
        dtype = FLOAT64
    return values_as(x, dtype), values_as(y, dtype), dtype


def binary(ufunc: Any, x: Any, y: Any) -> Array:
    a, b, dtype = operands(x, y)
    return Array(ufunc(a, b), dtype)


def compare(ufunc: Any, x: Any, y: Any) -> Array:
    a, b, dtype = operands(x, y)
    if watching() and dtype.kind == "f":
        note(np.subtract(a, b), a, b)
    return Array(ufunc(a, b), BOOL)


def divide(x: Any, y: Any) -> Array:
    a, b, dtype = operands(x, y, floating=True)
    if watching():
        note(np.absolute(b), kind="edge")
    return Array((divide_real if dtype.kind == "f" else divide_complex)(a, b), dtype)


def note_steps(values: Any, step: Callable[[Any], Any] = ctx.floor, jump: Callable[[Any], Any] = s.nint) -> None:
    """Record the distances from the nearest jumps of a step function; the side is the step."""
    numbers = np.asarray(values, dtype=object).ravel().tolist()
    distances = [v - jump(v) if s.is_finite(v) else INF for v in numbers]
    # Steps can have more digits than memory: their hashes tell them apart.
    note(distances, numbers, pattern=lambda: [hash(step(v)) for v in numbers])


def floor_divide(x: Any, y: Any) -> Array:
    a, b, dtype = operands(x, y)
    if not is_inexact(dtype):
        return Array(np.floor_divide(a, b), dtype)
    quotient = divide_real(a, b)
    if watching():
        note_steps(quotient)
    return Array(freeze(Array(floor_real(quotient), dtype)._v), dtype)


def _remainder(x: Any, quotient: Any, y: Any) -> Any:
    return x if quotient == 0 else x - quotient * y


_remainder_real = s.lift(_remainder, 3)


def remainder(x: Any, y: Any) -> Array:
    a, b, dtype = operands(x, y)
    if not is_inexact(dtype):
        return Array(np.remainder(a, b), dtype)
    return Array(_remainder_real(a, floor_divide(x, y)._v, b), dtype)


def _is_whole(y: Any) -> bool:
    """Whether an exponent is a constant whole number, at which powers are smooth everywhere."""
    return isinstance(y, int) or (isinstance(y, float) and y.is_integer())


def power(x: Any, y: Any) -> Array:
    a, b, dtype = operands(x, y)
    if not is_inexact(dtype):
        return Array(np.power(a, b), dtype)
    if watching() and not (_is_whole(y) and y >= 0):
        note(np.add(np.absolute(a), np.multiply(b, ZERO)), kind="edge")
    return Array((pow_real if dtype.kind == "f" else pow_complex)(a, b), dtype)


def absolute(x: Any) -> Array:
    x = asarray(x)
    if x.dtype.kind == "c":
        values = np.absolute(x._v)
        note(values, kind="round")
        return Array(values, real_dtype(x.dtype))
    if x.dtype.kind == "f":
        note(x._v)
    return Array(np.absolute(x._v), x.dtype)


def matmul(x: Any, y: Any) -> Array:
    a, b, dtype = operands(x, y)
    if is_inexact(dtype) and 0 in (np.shape(a)[-1:] or (1,)):  # NumPy leaves None in empty object products
        shape = np.matmul(np.zeros(np.shape(a)), np.zeros(np.shape(b))).shape
        empty = np.empty(shape, dtype=object)
        empty[...] = MPC(0) if dtype.kind == "c" else ZERO
        return Array(empty, dtype)
    return Array(np.matmul(a, b), dtype)
