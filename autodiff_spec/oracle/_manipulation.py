"""Creation, shapes, indexing and joining: functions that move values and compute nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff_spec.oracle import _operators as op
from autodiff_spec.oracle._array import Array

Shape = int | tuple[int, ...]
INT64 = np.dtype("int64")


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Array:
    """An array of Python numbers, nested lists, a NumPy array or an oracle array."""
    found = op.asarray(obj, dtype)
    return Array(found._v.copy("K"), found.dtype) if copy else found  # laid out as NumPy does, for reshape may view it


def full(shape: Shape, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Array:
    """An array of one value; its dtype follows the value's kind (float64, complex128, int64, bool)."""
    fill = op.asarray(fill_value, dtype)
    return Array(np.full(shape, fill._v, dtype=fill._v.dtype), fill.dtype)


def zeros(shape: Shape, *, dtype: Any = None, device: Any = None) -> Array:
    """An array of zeros."""
    return full(shape, 0.0, dtype=dtype or op.FLOAT64)


def ones(shape: Shape, *, dtype: Any = None, device: Any = None) -> Array:
    """An array of ones."""
    return full(shape, 1.0, dtype=dtype or op.FLOAT64)


empty = zeros


def full_like(x: Any, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Array:
    """An array of one value with the shape and dtype of ``x``."""
    x = op.asarray(x)
    return full(x.shape, fill_value, dtype=dtype or x.dtype)


def zeros_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Array:
    """Zeros with the shape and dtype of ``x``."""
    return full_like(x, 0, dtype=dtype)


def ones_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Array:
    """Ones with the shape and dtype of ``x``."""
    return full_like(x, 1, dtype=dtype)


empty_like = zeros_like


def arange(start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None) -> Array:
    """``start, start + step, …`` below ``stop``."""
    if stop is None:
        start, stop = 0, start
    count = len(np.arange(start, stop, step))
    index = Array(np.arange(count), INT64)
    result = index * step + start
    return result if dtype is None else op.cast(result, np.dtype(dtype))


def linspace(
    start: Any, stop: Any, /, num: int, *, dtype: Any = None, device: Any = None, endpoint: bool = True
) -> Array:
    """``num`` evenly spaced numbers from ``start`` to ``stop``."""
    first, last = op.asarray(start) * 1.0, op.asarray(stop) * 1.0
    index = op.cast(Array(np.arange(num), INT64), op.FLOAT64)
    intervals = num - 1 if endpoint else num
    result = first + index * (last - first) / intervals if intervals else first + index
    return result if dtype is None else op.cast(result, np.dtype(dtype))


def eye(n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None, device: Any = None) -> Array:
    """Ones on the ``k``-th diagonal, zeros elsewhere."""
    return op.cast(Array(np.eye(n_rows, n_cols, k=k, dtype=int), INT64), np.dtype(dtype or op.FLOAT64))


def meshgrid(*arrays: Any, indexing: str = "xy") -> list[Array]:
    """Coordinate matrices of coordinate vectors."""
    xs = [op.asarray(x) for x in arrays]
    grids = np.meshgrid(*(x._v for x in xs), indexing=indexing)  # type: ignore[call-overload]
    return [Array(grid, x.dtype) for grid, x in zip(grids, xs, strict=True)]


def _triangle(x: Any, keep: Any) -> Array:
    x = op.asarray(x)
    return where(Array(keep(np.ones(x.shape[-2:], dtype=bool)), op.BOOL), x, zeros_like(x))


def tril(x: Any, /, *, k: int = 0) -> Array:
    """The lower triangle."""
    return _triangle(x, lambda mask: np.tril(mask, k))


def triu(x: Any, /, *, k: int = 0) -> Array:
    """The upper triangle."""
    return _triangle(x, lambda mask: np.triu(mask, k))


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Array:
    """``x`` under another dtype; between floats only the label changes, a cast to integers is constant."""
    return op.cast(op.asarray(x), np.dtype(dtype))


def _moved(function: Any, x: Any, *args: Any, **kwargs: Any) -> Array:
    x = op.asarray(x)
    return Array(function(x._v, *args, **kwargs), x.dtype)


def reshape(x: Any, /, shape: Shape, *, copy: bool | None = None) -> Array:
    """Return the elements of ``x`` in another shape."""
    return _moved(np.reshape, x, shape)


def permute_dims(x: Any, /, axes: tuple[int, ...]) -> Array:
    """Axes in another order."""
    return _moved(np.transpose, x, axes)


def matrix_transpose(x: Any, /) -> Array:
    """The last two axes exchanged."""
    return op.asarray(x).mT


def broadcast_to(x: Any, /, shape: tuple[int, ...]) -> Array:
    """``x`` repeated to a shape."""
    return _moved(np.broadcast_to, x, shape)


def broadcast_arrays(*arrays: Any) -> list[Array]:
    """All arrays repeated to their common shape."""
    xs = [op.asarray(x) for x in arrays]
    shape = np.broadcast_shapes(*(x.shape for x in xs))
    return [broadcast_to(x, shape) for x in xs]


def _together(arrays: Sequence[Any]) -> tuple[list[Any], Any]:
    xs = [op.asarray(x) for x in arrays]
    dtype = op.result_type(*xs)
    return [op.cast(x, dtype)._v for x in xs], dtype


def concat(arrays: Sequence[Any], /, *, axis: int | None = 0) -> Array:
    """Arrays joined along an axis; flattened first when it is None."""
    values, dtype = _together(arrays)
    return Array(np.concatenate(values, axis=axis), dtype)


def stack(arrays: Sequence[Any], /, *, axis: int = 0) -> Array:
    """Arrays joined along a new axis."""
    values, dtype = _together(arrays)
    return Array(np.stack(values, axis=axis), dtype)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Array, ...]:
    """The slices along an axis."""
    return tuple(moveaxis(x, axis, 0))


def expand_dims(x: Any, /, *, axis: int | tuple[int, ...] = 0) -> Array:
    """A new axis of length 1."""
    return _moved(np.expand_dims, x, axis)


def squeeze(x: Any, /, axis: int | tuple[int, ...]) -> Array:
    """Without the named axes of length 1."""
    return _moved(np.squeeze, x, axis)


def flip(x: Any, /, *, axis: int | tuple[int, ...] | None = None) -> Array:
    """Reversed along axes."""
    return _moved(np.flip, x, axis)


def roll(x: Any, /, shift: Any, *, axis: Any = None) -> Array:
    """Shifted cyclically."""
    return _moved(np.roll, x, shift, axis)


def moveaxis(x: Any, source: Any, destination: Any, /) -> Array:
    """Axes moved to other places."""
    return _moved(np.moveaxis, x, source, destination)


def repeat(x: Any, repeats: Any, /, *, axis: int | None = None) -> Array:
    """Each element repeated."""
    return _moved(np.repeat, x, repeats._v if isinstance(repeats, Array) else repeats, axis)


def tile(x: Any, repetitions: tuple[int, ...], /) -> Array:
    """The whole array repeated."""
    return _moved(np.tile, x, repetitions)


def where(condition: Any, x1: Any, x2: Any, /) -> Array:
    """``x1`` where the condition holds, else ``x2``."""
    a, b, dtype = op.operands(x1, x2)
    boxed = (Array(v, dtype)._v if not isinstance(v, np.ndarray) else v for v in (a, b))
    return Array(np.where(op.asarray(condition)._v, *boxed), dtype)


def _indices(indices: Any) -> Any:
    return op.asarray(indices)._v


def take(x: Any, indices: Any, /, *, axis: int | None = None) -> Array:
    """Elements at integer positions along an axis."""
    return _moved(np.take, x, _indices(indices), axis)


def take_along_axis(x: Any, indices: Any, /, *, axis: int = -1) -> Array:
    """Elements at integer positions, one set for each lane."""
    return _moved(np.take_along_axis, x, _indices(indices), axis)


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a dtype is of a kind (``"real floating"``, ``"integral"``, …) or one of several."""
    return bool(np.isdtype(np.dtype(dtype), kind))


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The dtype of a combination."""
    return op.result_type(*arrays_and_dtypes)


def can_cast(from_: Any, to: Any, /) -> bool:
    """Whether NumPy's promotion allows the cast."""
    return bool(np.can_cast(from_.dtype if isinstance(from_, Array) else from_, to))


def finfo(dtype: Any, /) -> Any:
    """The limits of the floating-point format that a dtype stands for."""
    return np.finfo(dtype.dtype if isinstance(dtype, Array) else dtype)


def iinfo(dtype: Any, /) -> Any:
    """The limits of an integer dtype."""
    return np.iinfo(dtype.dtype if isinstance(dtype, Array) else dtype)
