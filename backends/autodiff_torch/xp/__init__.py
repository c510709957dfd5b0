"""The array namespace of PyTorch after the Python array API standard, 2024.12.

It is ``array_api_compat.torch``, completed where that falls short of the standard or of differentiation.
"""

from __future__ import annotations

import builtins
import math as _math
from typing import Any

import array_api_compat.torch as _base
import numpy as _np
import torch as _torch

from autodiff_spec.core.frameworks import require_own as _require_own
from autodiff_spec.core.names import DTYPES as _DTYPES
from autodiff_spec.core.names import MAIN as _MAIN
from autodiff_torch.xp import fft as fft
from autodiff_torch.xp import linalg as linalg
from autodiff_torch.xp._info import finfo as finfo
from autodiff_torch.xp._info import iinfo as iinfo
from autodiff_torch.xp._sets import unique_all as unique_all
from autodiff_torch.xp._sets import unique_counts as unique_counts
from autodiff_torch.xp._sets import unique_inverse as unique_inverse
from autodiff_torch.xp._sets import unique_values as unique_values

__array_api_version__ = "2024.12"

_MORE = ("e", "inf", "nan", "newaxis", "pi", "bfloat16", "float16")

_FOUND = (*_MORE, *_DTYPES, *_MAIN)

for _name in _FOUND:
    if _name not in globals():
        globals()[_name] = getattr(_base, _name)


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Any:
    """An array of PyTorch; a recorded one stays recorded, and NumPy's memory is shared only with ``copy=False``."""
    if isinstance(obj, _torch.Tensor):
        if copy is False and dtype not in (None, obj.dtype):
            raise ValueError(f"a change of dtype from {obj.dtype} to {dtype} needs a copy; leave out copy=False")
        if copy:
            return obj.to(device=device, dtype=dtype, copy=True) if dtype or device else obj.clone()
        return obj.to(device=device, dtype=dtype) if dtype or device else obj
    if isinstance(obj, (_np.ndarray, _np.generic)):
        if copy is not False:  # its own memory layout and byte order; writes to it must not reach a recording
            obj = _np.array(obj, dtype=obj.dtype.newbyteorder("="), order="C", copy=True)
        if obj.dtype.name == "bfloat16":  # which NumPy has from ml_dtypes, as JAX and TensorFlow give it
            bits = _torch.from_numpy(_np.array(obj).view(_np.int16))
            return bits.view(_torch.bfloat16).to(dtype=dtype, device=device)
        return _torch.as_tensor(obj, dtype=dtype, device=device)
    _require_own("torch", obj, "the value of asarray()")
    joined = _joined(obj)
    if isinstance(joined, _torch.Tensor):
        return asarray(joined, dtype=dtype, device=device)
    return _torch.asarray(joined, dtype=dtype, device=device, copy=copy)


def _joined(obj: Any) -> Any:
    """Nested lists that hold arrays, as an array that stays recorded; others as they are."""
    nested = isinstance(obj, (list, tuple))
    if nested and builtins.any(isinstance(item, (list, tuple, _torch.Tensor)) for item in obj):
        items = [_joined(item) for item in obj]
        if builtins.any(isinstance(item, _torch.Tensor) for item in items):  # `any` is the namespace's here
            return _torch.stack([item if isinstance(item, _torch.Tensor) else _torch.tensor(item) for item in items])
    return obj


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    """``x`` in another dtype; from complex to real is refused, as the standard asks."""
    if x.dtype.is_complex and not dtype.is_complex and dtype is not _torch.bool:
        raise TypeError(f"astype from {x.dtype} to {dtype} would drop the imaginary part; take real(x) first")
    return x.to(dtype=dtype, device=device, copy=copy)


def eye(n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None, device: Any = None) -> Any:
    """Ones on diagonal ``k``; not filled in place, for `torch.func.linearize` leaves such writes out."""
    n_cols = n_rows if n_cols is None else n_cols
    if k == 0:
        return _torch.eye(n_rows, n_cols, dtype=dtype, device=device)
    rows, columns = (_torch.arange(n, device=device) for n in (n_rows, n_cols))
    return (rows[:, None] + k == columns).to(dtype or _torch.get_default_dtype())


moveaxis = _torch.movedim  # its other name, and the one that torch.func.vmap knows


def sign(x: Any, /) -> Any:
    """The sign, NaN where ``x`` is NaN, ``x/|x|`` for complex numbers."""
    if x.dtype.is_complex:
        return _torch.sgn(x)
    found = _torch.sign(x)
    if not x.dtype.is_floating_point:
        return found
    return _torch.add(found, x.detach().clamp(-1, 1), alpha=0)  # 0 times a finite number, or NaN


def clip(x: Any, /, min: Any = None, max: Any = None) -> Any:
    """``x`` held between two bounds, Python numbers or arrays; broadcast, and of the dtype of ``x``."""
    bounds = [b.to(x.dtype) if isinstance(b, _torch.Tensor) else b for b in (min, max)]
    return _base.clip(x, *bounds)


def floor_divide(x1: Any, x2: Any, /) -> Any:
    """The quotient rounded down; ``torch.floor_divide`` has no derivative, where this has zeros."""
    dtype = _base.result_type(x1, x2)
    x1, x2 = (x.to(dtype) if isinstance(x, _torch.Tensor) else x for x in (x1, x2))
    if not isinstance(x1, _torch.Tensor):
        x1 = _torch.as_tensor(x1, dtype=dtype, device=x2.device)
    return _torch.div(x1, x2, rounding_mode="floor")


def cumulative_sum(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """The sums of the first elements along an axis."""
    axis = _only_axis(x, axis)
    found = _torch.cumsum(x, axis, dtype=dtype)
    return _with_initial(found, axis, 0) if include_initial else found


def cumulative_prod(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """The products of the first elements along an axis."""
    axis = _only_axis(x, axis)
    found = _torch.cumprod(x, axis, dtype=dtype)
    return _with_initial(found, axis, 1) if include_initial else found


def _only_axis(x: Any, axis: int | None) -> int:
    if axis is None and x.ndim > 1:
        raise ValueError(f"axis= is needed for an array of {x.ndim} dimensions")
    return 0 if axis is None else axis


def _with_initial(x: Any, axis: int, value: int) -> Any:
    shape = list(x.shape)
    shape[axis] = 1
    return _torch.cat([x.new_full(shape, value), x], axis)


def std(x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """The standard deviation; ``correction`` may be fractional."""
    if float(correction).is_integer():
        return _base.std(x, axis=axis, correction=correction, keepdims=keepdims)
    found = _base.std(x, axis=axis, correction=0, keepdims=keepdims)  # a root of var would have no derivative at 0
    count = x.numel() // builtins.max(found.numel(), 1)
    freedom = builtins.max(count - correction, 0.0)
    return found * (_math.sqrt(count / freedom) if freedom else _math.inf)


def take(x: Any, indices: Any, /, *, axis: int | None = None) -> Any:
    """The elements at one-dimensional ``indices`` along an axis."""
    if isinstance(indices, (list, tuple)):
        indices = _torch.as_tensor(indices, device=x.device)
    return _base.take(x, indices, axis=axis)


def matmul(x1: Any, x2: Any, /) -> Any:
    """The matrix product; dtypes are promoted where they differ."""
    return _torch.matmul(x1, x2) if x1.dtype is x2.dtype else _base.matmul(x1, x2)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The sums of products along an axis of the two, the first conjugated."""
    dtype = x1.dtype
    if dtype is x2.dtype and (dtype.is_floating_point or dtype.is_complex) and x1.shape[axis] == x2.shape[axis]:
        return _torch.linalg.vecdot(x1, x2, dim=axis)
    return _base.vecdot(x1, x2, axis=axis)


__all__ = sorted(("__array_api_version__", "fft", "linalg", *_FOUND))
