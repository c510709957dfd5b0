"""The functions beyond the standard that every backend offers under ``extra``."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_spec.oracle import _elementwise as elementwise
from autodiff_spec.oracle import _operators as op
from autodiff_spec.oracle import _reductions as reductions
from autodiff_spec.oracle import _scalars as s
from autodiff_spec.oracle._array import Array, plain_index
from autodiff_spec.oracle._beyond import convolve as convolve
from autodiff_spec.oracle._beyond import expm as expm
from autodiff_spec.oracle._beyond import interp as interp
from autodiff_spec.oracle._beyond import lstsq as lstsq
from autodiff_spec.oracle._beyond import pad as pad
from autodiff_spec.oracle._beyond import segment_sum as segment_sum
from autodiff_spec.oracle._beyond import solve_triangular as solve_triangular
from autodiff_spec.oracle._context import ZERO, ctx, freeze, note, watching

sigmoid = elementwise.unary("sigmoid", s.sigmoid)
softplus = elementwise.unary("softplus", s.softplus)
silu = elementwise.unary("silu", lambda x: x * s.sigmoid(x))
_gelu = elementwise.unary("gelu", s.gelu)
_gelu_by_tanh = elementwise.unary(
    "gelu", lambda x: x / 2 * (1 + ctx.tanh(ctx.sqrt(2 / ctx.pi) * (x + ctx.mpf("0.044715") * x**3)))
)
sinc = elementwise.unary("sinc", s.sinc)
erf = elementwise.unary("erf", ctx.erf)
xlogy = elementwise.binary("xlogy", s.xlogy, lambda x, y: note(y, kind="edge"))
lgamma = elementwise.unary("lgamma", s.lgamma, edge=s.distance_to_poles)
digamma = elementwise.unary("digamma", s.digamma, edge=s.distance_to_poles)
erfinv = elementwise.unary("erfinv", s.erfinv, edge=lambda x: [np.subtract(1, np.absolute(x))])
gammainc = elementwise.binary("gammainc", s.gammainc, lambda a, x: note(x, kind="edge"))
gammaincc = elementwise.binary("gammaincc", s.gammaincc, lambda a, x: note(x, kind="edge"))


def gelu(x: Any, /, *, approximate: bool = False) -> Array:
    """``x·Φ(x)``, or its approximation by ``tanh``."""
    return (_gelu_by_tanh if approximate else _gelu)(x)


def relu(x: Any, /) -> Array:
    """``max(x, 0)``, a function of one argument."""
    return elementwise.maximum(op.asarray(x), 0)


def logsumexp(x: Any, /, *, axis: reductions.Axis = None, keepdims: bool = False) -> Array:
    """``log(sum(exp(x)))``; shifted by the largest element, for huge ones have no exponential here."""
    top = _top(x, axis)
    total = elementwise.log(reductions.sum(elementwise.exp(elementwise.subtract(x, top)), axis=axis, keepdims=keepdims))
    return elementwise.add(total, top if keepdims else Array(top._v.reshape(total.shape), top.dtype))


def _top(x: Any, axis: Any) -> Array:
    """The largest element, as it is at the base point, or 0 where it is infinite: a shift that changes nothing."""
    x = op.asarray(x)
    top = np.maximum.reduce(x._v, axis=axis, keepdims=True)
    return Array(freeze(s.lift(lambda v: v if s.is_finite(v) else ZERO)(top)), x.dtype)


def softmax(x: Any, /, *, axis: int = -1) -> Array:
    """``exp(x) / sum(exp(x))`` along an axis."""
    powers = elementwise.exp(elementwise.subtract(x, _top(x, axis)))
    return op.divide(powers, reductions.sum(powers, axis=axis, keepdims=True))


def log_softmax(x: Any, /, *, axis: int = -1) -> Array:
    """``x - log(sum(exp(x)))`` along an axis."""
    return elementwise.subtract(x, logsumexp(x, axis=axis, keepdims=True))


def median(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """The middle of the sorted elements, or the mean of the two middle ones."""
    x = op.asarray(x)
    flat = Array(x._v.reshape(-1), x.dtype) if axis is None else x
    along = 0 if axis is None else axis
    ordered = reductions.sort(flat, axis=along)
    n = ordered.shape[along]
    middle = Array(ordered._v.take([(n - 1) // 2, n // 2], axis=along), x.dtype)
    result = reductions.mean(middle, axis=along, keepdims=keepdims and axis is not None)
    return Array(result._v.reshape((1,) * x.ndim), x.dtype) if keepdims and axis is None else result


def topk(x: Any, k: int, /, *, axis: int = -1) -> Array:
    """The ``k`` largest elements along an axis, in descending order."""
    ordered = reductions.sort(x, axis=axis, descending=True)
    return Array(ordered._v.take(range(k), axis=axis), ordered.dtype)


def one_hot(x: Any, num_classes: int, /, *, dtype: Any = None) -> Array:
    """1 at the place along a new last axis that each element names, 0 elsewhere."""
    classes = op.asarray(np.arange(num_classes))
    return op.cast(op.compare(np.equal, op.asarray(x)[..., None], classes), op.FLOAT64 if dtype is None else dtype)


def einsum(subscripts: str, /, *arrays: Any) -> Array:
    """Einstein's summation, with explicit or implied output."""
    xs = [op.asarray(x) for x in arrays]
    dtype = op.result_type(*xs)
    values = np.asarray(np.einsum(subscripts, *(op.cast(x, dtype)._v for x in xs), optimize=False))
    return Array(values, dtype) if values.size else op.cast(op.asarray(np.zeros(values.shape)), dtype)


def index(x: Any, idx: Any, /) -> Array:
    """``x[idx]``."""
    return op.asarray(x)[idx]


class At:
    """Updates of some elements, returning a new array: ``at(x, index).add(values)``.

    Args:
        x: array.
        index: anything that ``x[index]`` takes; elements named repeatedly are updated repeatedly, except by ``set``.
    """

    def __init__(self, x: Any, index: Any) -> None:
        self._x, self._index = op.asarray(x), plain_index(index)

    def _update(self, values: Any, ufunc: Any) -> Array:
        old, new, dtype = op.operands(self._x, values)
        result = old.copy()
        if isinstance(new, np.ndarray) and new.ndim == 0:
            new = new.item()  # an object array would take the 0-d array itself for an element
        if ufunc is None:
            result[self._index] = new
        else:
            ufunc.at(result, self._index, new)
        return Array(result, dtype)

    def _extreme(self, values: Any, scalar: Any, ufunc: Any) -> Array:
        old, new, dtype = op.operands(self._x, values)
        if dtype.kind == "f" and watching():
            there = old[self._index]
            note(np.subtract(there, new), there, new)
        return self._update(values, s.lift(scalar, 2) if dtype.kind == "f" else ufunc)

    def set(self, values: Any) -> Array:
        """The elements replaced."""
        return self._update(values, None)

    def add(self, values: Any) -> Array:
        """Values added to the elements."""
        return self._update(values, np.add)

    def multiply(self, values: Any) -> Array:
        """The elements multiplied by values."""
        return self._update(values, np.multiply)

    def min(self, values: Any) -> Array:
        """The lesser of the elements and the values."""
        return self._extreme(values, s.minimum, np.minimum)

    def max(self, values: Any) -> Array:
        """The greater of the elements and the values."""
        return self._extreme(values, s.maximum, np.maximum)


def at(x: Any, index: Any, /) -> At:
    """Updates of the elements ``x[index]``; see ``At``."""
    return At(x, index)
