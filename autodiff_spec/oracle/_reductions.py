"""Reductions, cumulations, searching and sorting."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_spec.oracle import _operators as op
from autodiff_spec.oracle import _scalars as s
from autodiff_spec.oracle._array import Array
from autodiff_spec.oracle._context import MPC, MPF, Objects, ctx, freeze, note, watching

Axis = int | tuple[int, ...] | None

_maximum = s.lift(s.maximum, 2)
_minimum = s.lift(s.minimum, 2)


def _start(dtype: Any, number: int) -> Any:
    return (MPC if dtype.kind == "c" else MPF)(number) if op.is_inexact(dtype) else number


def _axes(ndim: int, axis: Axis) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    for a in axes:
        if not -ndim <= a < ndim:
            raise ValueError(f"axis {a} is out of bounds for an array of {ndim} dimensions")
    return tuple(a % ndim for a in axes)


def count(x: Array, axis: Axis) -> int:
    """How many elements a reduction over ``axis`` combines."""
    return int(np.prod([x.shape[a] for a in _axes(x.ndim, axis)], dtype=int))


def _lanes(x: Array, axis: Axis) -> Objects:
    """The values with the reduced axes merged into the last one."""
    axes = _axes(x.ndim, axis)
    kept = [x.shape[a] for a in range(x.ndim) if a not in axes]
    moved = np.moveaxis(x._v, axes, range(x.ndim - len(axes), x.ndim))
    return moved.reshape(*kept, count(x, axis))


def _restore(values: Any, x: Array, axis: Axis, keepdims: bool, dtype: Any) -> Array:
    result = Array(values, dtype)
    if not keepdims:
        return result
    axes = _axes(x.ndim, axis)
    return Array(result._v.reshape([1 if a in axes else n for a, n in enumerate(x.shape)]), dtype)


def _accumulator(obj: Any, dtype: Any) -> Array:
    x = op.asarray(obj, dtype)
    if dtype is None and x.dtype.kind in "bi":
        return op.cast(x, np.dtype("int64"))
    return x


def _reduce(ufunc: Any, x: Array, first: int, axis: Axis, keepdims: bool) -> Any:
    return ufunc.reduce(x._v, axis=axis, keepdims=keepdims, initial=_start(x.dtype, first))


def sum(x: Any, /, *, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Array:
    """Sum over axes; 0 over nothing."""
    x = _accumulator(x, dtype)
    return Array(_reduce(np.add, x, 0, axis, keepdims), x.dtype)


def prod(x: Any, /, *, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Array:
    """Product over axes; 1 over nothing."""
    x = _accumulator(x, dtype)
    return Array(_reduce(np.multiply, x, 1, axis, keepdims), x.dtype)


def mean(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Mean over axes; nan over nothing."""
    x = op.asarray(x)
    return op.divide(sum(x, axis=axis, keepdims=keepdims), count(x, axis))


def var(x: Any, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Array:
    """Variance over axes with ``n - correction`` degrees of freedom."""
    x = op.asarray(x)
    distance = x - mean(x, axis=axis, keepdims=True)
    return op.divide(sum(distance * distance, axis=axis, keepdims=keepdims), count(x, axis) - correction)


def std(x: Any, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Array:
    """Standard deviation over axes; its kink is where all elements are equal."""
    variance = var(x, axis=axis, correction=correction, keepdims=keepdims)
    values = s.lift(s.real(ctx.sqrt))(variance._v)
    note(values, kind="round")
    return Array(values, variance.dtype)


def _note_winners(lanes: Objects, best: Any) -> None:
    """The gaps between the best element of each lane and the others; the side is the index of the best."""
    if not watching() or lanes.shape[-1] < 2:
        return
    gaps = np.abs(np.subtract(lanes, np.asarray(best, dtype=object)[..., None]))
    winners = [lane.index(sorted(lane)[0]) for lane in gaps.reshape(-1, gaps.shape[-1]).tolist()]
    others = np.ones(gaps.shape, dtype=bool)
    others.reshape(-1, gaps.shape[-1])[np.arange(len(winners)), winners] = False
    note(gaps[others], lanes[others], pattern=lambda: winners)


def _extreme(ufunc: Any, exact: Any, x: Any, axis: Axis, keepdims: bool) -> Array:
    x = op.asarray(x)
    if x.dtype.kind == "c":
        raise TypeError("complex numbers have no order")
    if x.dtype.kind != "f":
        return Array(exact.reduce(x._v, axis=axis, keepdims=keepdims), x.dtype)
    lanes = _lanes(x, axis)
    if lanes.shape[-1] == 0:
        raise ValueError("the largest or smallest element of nothing does not exist")
    best = ufunc.reduce(lanes, axis=-1)
    _note_winners(lanes, best)
    return _restore(best, x, axis, keepdims, x.dtype)


def max(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Largest element over axes."""
    return _extreme(_maximum, np.maximum, x, axis, keepdims)


def min(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Smallest element over axes."""
    return _extreme(_minimum, np.minimum, x, axis, keepdims)


def _arg(ufunc: Any, exact: Any, x: Any, axis: int | None, keepdims: bool) -> Array:
    x = op.asarray(x)
    lanes = _lanes(x, axis)
    if x.dtype.kind == "f":
        best = Array(ufunc.reduce(lanes, axis=-1), x.dtype)._v
        _note_winners(lanes, best)
        where = np.argmax(np.equal(lanes, best[..., None]).astype(bool), axis=-1)
    else:
        where = exact(lanes, axis=-1)
    return _restore(freeze(np.asarray(where)), x, axis, keepdims, np.dtype("int64"))


def argmax(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """Index of the first largest element: an integer, constant under differentiation."""
    return _arg(_maximum, np.argmax, x, axis, keepdims)


def argmin(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """Index of the first smallest element: an integer, constant under differentiation."""
    return _arg(_minimum, np.argmin, x, axis, keepdims)


def all(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether every element is non-zero."""
    return Array(np.all(_truth(x), axis=axis, keepdims=keepdims), op.BOOL)


def any(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether some element is non-zero."""
    return Array(np.any(_truth(x), axis=axis, keepdims=keepdims), op.BOOL)


def _truth(x: Any) -> Any:
    return op.cast(op.asarray(x), op.BOOL)._v


def _cumulative(ufunc: Any, first: int, x: Any, axis: int | None, dtype: Any, include_initial: bool) -> Array:
    x = _accumulator(x, dtype)
    if axis is None:
        if x.ndim > 1:
            raise ValueError("axis is needed for an array of more than one dimension")
        axis = 0
    values = ufunc.accumulate(x._v, axis=axis)
    if include_initial:
        shape = [1 if a == axis % x.ndim else n for a, n in enumerate(x.shape)]
        initial: Any = np.empty(shape, dtype=values.dtype)
        initial[...] = _start(x.dtype, first)
        values = np.concatenate([initial, values], axis=axis)
    return Array(values, x.dtype)


def cumulative_sum(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    """Running sums along an axis."""
    return _cumulative(np.add, 0, x, axis, dtype, include_initial)


def cumulative_prod(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    """Running products along an axis."""
    return _cumulative(np.multiply, 1, x, axis, dtype, include_initial)


def diff(x: Any, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Array:
    """Differences of neighbours along an axis, ``n`` times; arrays may be joined to both ends before."""
    parts = [op.asarray(part) for part in (prepend, x, append) if part is not None]
    dtype = op.result_type(*parts)
    return Array(np.diff(np.concatenate([op.cast(part, dtype)._v for part in parts], axis=axis), n=n, axis=axis), dtype)


def argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """Indices that sort: integers, constant under differentiation."""
    x = op.asarray(x)
    keys = -x if descending else x
    order = np.argsort(keys._v, axis=axis, kind="stable")
    if x.dtype.kind == "f" and watching():
        ordered = np.take_along_axis(x._v, order, axis)
        note(np.diff(ordered, axis=axis), pattern=lambda: order.ravel().tolist())
    return Array(freeze(order), np.dtype("int64"))


def sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """The elements in order along an axis; its kinks are ties."""
    x = op.asarray(x)
    argsort(x, axis=axis)  # notes the ties
    ordered = np.sort(x._v, axis=axis)
    return Array(np.flip(ordered, axis) if descending else ordered, x.dtype)


def count_nonzero(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """How many elements are not 0: an integer, constant under differentiation."""
    found = np.count_nonzero(_truth(x), axis=axis, keepdims=keepdims)
    return Array(freeze(np.asarray(found, dtype=np.int64)), np.dtype("int64"))


def nonzero(x: Any, /) -> tuple[Array, ...]:
    """The indices of the elements that are not 0."""
    return tuple(Array(freeze(index), np.dtype("int64")) for index in np.nonzero(_truth(x)))


def searchsorted(x1: Any, x2: Any, /, *, side: str = "left", sorter: Any = None) -> Array:
    """Where elements of ``x2`` belong among the ascending ``x1``: integers, constant under differentiation."""
    known, sought = op.asarray(x1)._v, op.asarray(x2)._v
    known = known if sorter is None else known[op.asarray(sorter)._v]
    before = np.less if side == "left" else np.less_equal
    found = np.sum(before(known, sought[..., None]).astype(bool), axis=-1, dtype=np.int64)
    return Array(freeze(np.asarray(found)), np.dtype("int64"))
