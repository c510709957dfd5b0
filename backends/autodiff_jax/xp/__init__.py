"""The array namespace of the JAX adapter, after the Python array API standard, for plain and recorded arrays.

Plain arrays and tracers go straight through to ``jax.numpy``; recorded ones are recorded.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax import numpy as jnp

from autodiff_jax._array import Array, lasts, plain, require_wide, resolve
from autodiff_jax._operators import install
from autodiff_jax._wrap import (
    binary,
    clip,
    comparison,
    detached,
    general,
    holds_recorded,
    of_list,
    power,
    unary,
    variadic,
    where,
)
from autodiff_jax.xp import _completed, fft, linalg
from autodiff_jax.xp._completed import finfo, iinfo
from autodiff_spec.core.frameworks import require_own
from autodiff_spec.core.names import DTYPES, MAIN

SUPPORTED_API_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")
__array_api_version__ = "2024.12"

_AS_IN_JAX = (
    *DTYPES, "__array_namespace_info__", "arange", "bfloat16", "e", "empty", "eye", "float16", "inf", "isdtype", "nan",
    "newaxis", "ones", "pi", "zeros",
)  # fmt: skip
_UNARY = (
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "conj", "cos", "cosh", "exp", "expm1", "floor",
    "imag", "log", "log10", "log1p", "log2", "negative", "positive", "real", "reciprocal", "round", "sign", "sin",
    "sinh", "sqrt", "square", "tan", "tanh", "trunc",
)  # fmt: skip
_BINARY = (
    "add", "atan2", "copysign", "divide", "floor_divide", "hypot", "logaddexp", "maximum", "minimum", "multiply",
    "nextafter", "remainder", "subtract",
)  # fmt: skip
_COMPARISONS = (
    "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "equal", "greater",
    "greater_equal", "less", "less_equal", "logical_and", "logical_or", "logical_xor", "not_equal",
)  # fmt: skip
_DETACHED = (
    "all", "any", "argmax", "argmin", "argsort", "bitwise_invert", "can_cast", "count_nonzero", "empty_like",
    "isfinite", "isinf", "isnan", "logical_not", "nonzero", "result_type", "searchsorted", "signbit", "unique_all",
    "unique_counts", "unique_inverse", "unique_values", "zeros_like",
)  # fmt: skip
_OF_ONE = (
    "broadcast_to", "cumulative_prod", "cumulative_sum", "expand_dims", "flip", "matrix_transpose", "max",
    "mean", "min", "moveaxis", "permute_dims", "prod", "reshape", "roll", "sort", "squeeze", "std", "sum", "tile",
    "tril", "triu", "unstack", "var",
)  # fmt: skip
_OF_TWO = ("linspace", "matmul", "tensordot", "vecdot")
_VARIADIC = ("broadcast_arrays", "meshgrid")
_OF_LIST = ("concat", "stack")



def _ours(name: str) -> Any:
    return getattr(_completed, name, None) or getattr(jnp, name)


globals().update({name: getattr(jnp, name) for name in _AS_IN_JAX})
globals().update({name: unary(getattr(jnp, name)) for name in _UNARY})
globals().update({name: binary(getattr(jnp, name)) for name in _BINARY})
globals().update({name: comparison(getattr(jnp, name)) for name in _COMPARISONS})
globals().update({name: detached(_ours(name)) for name in _DETACHED})
globals().update({name: general(_ours(name)) for name in _OF_ONE})
globals().update({name: general(getattr(jnp, name), arrays=2) for name in _OF_TWO})
globals().update({name: variadic(getattr(jnp, name)) for name in _VARIADIC})
globals().update({name: of_list(getattr(jnp, name)) for name in _OF_LIST})
pow = power

_astype = general(jnp.astype)
_broadcast_to = general(jnp.broadcast_to)
_diff = general(lambda x, n, axis: jnp.diff(x, n, axis))
_repeat = general(lambda x, repeats, axis: jnp.repeat(x, np.asarray(repeats), axis=axis))
_take = general(lambda x, indices, axis, mode: jnp.take(x, indices, axis=axis, mode=mode), arrays=2)
_take_along_axis = general(lambda x, indices, axis: jnp.take_along_axis(x, indices, axis), arrays=2)
_small = 4096  # elements; JAX needs 30 µs to make ones, and a gradient asks for them


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: Any = None) -> Any:
    """`jax.numpy.asarray`; a recorded array stays recorded, and lists may hold recorded arrays."""
    if isinstance(obj, Array):
        obj = resolve(obj)
        if dtype is not None and obj.dtype != dtype:
            return astype(obj, dtype)
        if type(obj) is Array:
            return Array(obj.value, obj.node, obj.kind) if copy else obj
    elif isinstance(obj, (list, tuple)) and holds_recorded(obj):
        stacked = globals()["stack"]([asarray(part) for part in obj])
        return stacked if dtype is None else astype(stacked, dtype)
    elif dtype is not None:
        require_wide(dtype, "dtype=")
    elif isinstance(obj, (np.ndarray, np.generic)):
        require_wide(obj.dtype, "the value")
    require_own("jax", obj, "the value of asarray()")
    if isinstance(obj, np.ndarray) and copy is None:
        copy = True  # a later write into the NumPy array must not change the result
    return jnp.asarray(obj, dtype=dtype, device=device, copy=copy)


def astype(x: Any, dtype: Any, /, *, copy: Any = True, device: Any = None) -> Any:
    """`jax.numpy.astype`."""
    x = resolve(x)
    if type(x) is not Array:
        return jnp.astype(x, dtype, copy=copy, device=device)
    return x if x.dtype == dtype else _astype(x, jnp.dtype(dtype))


def diff(x: Any, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Any:
    """`jax.numpy.diff`."""
    parts = [part for part in (prepend, x, append) if part is not None]
    if not holds_recorded(parts):
        return jnp.diff(x, n, axis, prepend, append)
    return _diff(globals()["concat"](parts, axis=axis) if len(parts) > 1 else x, n, axis)


def from_dlpack(x: Any, /, *, device: Any = None, copy: Any = None) -> Any:
    """`jax.numpy.from_dlpack`; a recorded array stays recorded."""
    if isinstance(x, Array):
        return asarray(x, device=device, copy=copy)
    return jnp.from_dlpack(x, device=device, copy=copy)


def full(shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """`jax.numpy.full`."""
    if not isinstance(fill_value, Array):
        return jnp.full(shape, fill_value, dtype=dtype, device=device)
    filled = _broadcast_to(fill_value, shape)
    return filled if dtype is None else astype(filled, dtype)


def full_like(x: Any, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """`jax.numpy.full_like`."""
    return full(x.shape, fill_value, dtype=x.dtype if dtype is None else dtype, device=device)


def ones_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Any:
    """`jax.numpy.ones_like`."""
    if type(x) is not Array or dtype is not None or device is not None or x.size > _small or x.kind.sharding:
        return jnp.ones_like(plain(x), dtype=dtype, device=device)
    if x.kind.ones is None:
        with jax.ensure_compile_time_eval():  # shared: inside a transform, a tracer would outlive it
            ones = jnp.ones(x.shape, x.dtype)
        if not lasts(ones):
            return ones
        x.kind.ones = ones
    return x.kind.ones


def repeat(x: Any, repeats: Any, /, *, axis: Any = None) -> Any:
    """`jax.numpy.repeat`; how often is static."""
    return _repeat(x, repeats, axis) if isinstance(x, Array) else jnp.repeat(x, repeats, axis=axis)


def take(x: Any, indices: Any, /, *, axis: Any = None, mode: Any = None) -> Any:
    """`jax.numpy.take`."""
    return _take(x, indices, axis, mode)


def take_along_axis(x: Any, indices: Any, /, *, axis: int = -1) -> Any:
    """`jax.numpy.take_along_axis`, which had no default axis before JAX 0.7."""
    return _take_along_axis(x, indices, axis)


install(sys.modules[__name__])

if TYPE_CHECKING:  # the names that come from the tables

    def __getattr__(name: str) -> Any: ...


__all__ = ["clip", "fft", "finfo", "iinfo", "linalg", "where"]
__all__ += sorted({*_AS_IN_JAX, *MAIN} - {*__all__})
