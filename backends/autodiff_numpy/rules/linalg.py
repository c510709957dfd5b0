"""Products and norms."""

from __future__ import annotations

import math

import numpy as np

from autodiff_numpy._array import lazy, plain
from autodiff_numpy._jvp import linear
from autodiff_numpy._pullback import unbroadcast
from autodiff_numpy._rule import computed_by, defined_by, rule
from autodiff_numpy._tables import FUNCTIONS, TRACKED, UFUNC_METHODS
from autodiff_numpy._views import Viewing, view_of
from autodiff_numpy._wrap import as_array
from autodiff_numpy.rules.indexing import number
from autodiff_numpy.rules.reductions import along_slopes, no_out


def _matmul_left(xp, g, x, y):
    """g·yᵀ, with vectors as one-row and one-column matrices and batches summed where they were broadcast."""
    if x.ndim == y.ndim == 2:
        return xp.matmul(g, y.T)
    if x.ndim == 1 and y.ndim == 1:
        return g * y
    columns = y if y.ndim > 1 else xp.reshape(y, (-1, 1))
    g = g if y.ndim > 1 else xp.expand_dims(g, -1)
    g = g if x.ndim > 1 else xp.expand_dims(g, -2)
    share = xp.matmul(g, xp.swapaxes(columns, -1, -2))
    rows = x.shape if x.ndim > 1 else (1, *x.shape)
    return _shaped(xp, unbroadcast(xp, share, rows, x.dtype), x.shape)


def _matmul_right(xp, g, x, y):
    """xᵀ·g, likewise."""
    if x.ndim == y.ndim == 2:
        return x.T * g if x.shape[0] == 1 else xp.matmul(x.T, g)
    if x.ndim == 1 and y.ndim == 1:
        return g * x
    rows = x if x.ndim > 1 else xp.reshape(x, (1, -1))
    g = g if y.ndim > 1 else xp.expand_dims(g, -1)
    g = g if x.ndim > 1 else xp.expand_dims(g, -2)
    share = xp.matmul(xp.swapaxes(rows, -1, -2), g)
    columns = y.shape if y.ndim > 1 else (*y.shape, 1)
    return _shaped(xp, unbroadcast(xp, share, columns, y.dtype), y.shape)


def _shaped(xp, share, shape):
    return share if share.shape == shape else xp.reshape(share, shape)  # a view would have to be copied at the end


rule(np.matmul, _matmul_left, _matmul_right, jvp=linear, also=(np.linalg.matmul,))


@defined_by(np.dot)
def dot(a, b, out=None):
    """`np.dot`."""
    no_out(out)
    a, b = as_array(a), as_array(b)
    if not np.ndim(a) or not np.ndim(b):
        return TRACKED.multiply(a, b)
    if b.ndim > 2:
        return TRACKED.tensordot(a, b, axes=((-1,), (-2,)))
    return TRACKED.matmul(a, b)


def _conjugate(xp, x):
    return xp.conjugate(x) if x.dtype.kind == "c" else x


def _column(g):
    return g[..., None] if g.ndim else g


rule(
    np.vecdot,
    lambda xp, g, y, x_shape, x_dtype: unbroadcast(xp, _conjugate(xp, _column(g) * y), x_shape, x_dtype),
    lambda xp, g, x, y_shape, y_dtype: unbroadcast(xp, _column(g) * _conjugate(xp, x), y_shape, y_dtype),
    jvp=linear,
    name="vecdot_of_last",
)


@defined_by()
def vecdot(x1, x2, /, *, axis=-1):
    """`np.vecdot`: the sum of ``conj(x1) * x2`` along an axis."""
    x1, x2 = as_array(x1), as_array(x2)
    if axis != -1:
        x1, x2 = TRACKED.moveaxis(x1, axis, -1), TRACKED.moveaxis(x2, axis, -1)
    return TRACKED.vecdot_of_last(x1, x2)


@defined_by(np.vdot)
def vdot(a, b):
    """`np.vdot`."""
    return vecdot(TRACKED.reshape(a, (-1,)), TRACKED.reshape(b, (-1,)))


@defined_by(np.matvec, valued=True)
def matvec(x1, x2, /):
    """`np.matvec`."""
    x1, x2 = as_array(x1), as_array(x2)
    return TRACKED.matmul(x1, TRACKED.expand_dims(x2, -1))[..., 0]


@defined_by(np.vecmat, valued=True)
def vecmat(x1, x2, /):
    """`np.vecmat`: the vector counts conjugated."""
    x1, x2 = as_array(x1), as_array(x2)
    row = TRACKED.expand_dims(TRACKED.conjugate(x1) if x1.dtype.kind == "c" else x1, -2)
    return TRACKED.matmul(row, x2)[..., 0, :]


@defined_by(np.inner)
def inner(a, b):
    """`np.inner`."""
    a, b = as_array(a), as_array(b)
    if not np.ndim(a) or not np.ndim(b):
        return TRACKED.multiply(a, b)
    return number(TRACKED.tensordot(a, b, axes=((-1,), (-1,))))


@defined_by(np.outer, np.linalg.outer)
def outer(a, b, out=None):
    """`np.outer`."""
    return TRACKED.reshape(a, (-1, 1)) * TRACKED.reshape(b, (1, -1))


@defined_by(np.kron)
def kron(a, b):
    """`np.kron`: each element of ``a`` times the whole of ``b``."""
    a, b = as_array(a), as_array(b)
    ndim = max(np.ndim(a), np.ndim(b))
    first = (1,) * (ndim - np.ndim(a)) + np.shape(a)
    second = (1,) * (ndim - np.ndim(b)) + np.shape(b)
    apart = TRACKED.reshape(a, tuple(n for size in first for n in (size, 1)))
    inside = TRACKED.reshape(b, tuple(n for size in second for n in (1, size)))
    return TRACKED.reshape(apart * inside, tuple(n * m for n, m in zip(first, second, strict=True)))


@defined_by(np.cross)
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """`np.cross` of vectors of length 3."""
    a, b = as_array(a), as_array(b)
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = TRACKED.moveaxis(a, axisa, -1), TRACKED.moveaxis(b, axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError(f"cross needs vectors of length 3, not {a.shape[-1]} and {b.shape[-1]}")
    after, before = np.array([1, 2, 0]), np.array([2, 0, 1])
    return TRACKED.moveaxis(a[..., after] * b[..., before] - a[..., before] * b[..., after], -1, axisc)


def _convolve_full(a, v):
    return np.convolve(a, v)


rule(
    _convolve_full,
    lambda xp, g, a_shape, v: xp.convolve_full(g, v[::-1])[v.shape[0] - 1 :][: a_shape[0]],
    lambda xp, g, a, v_shape: xp.convolve_full(g, a[::-1])[a.shape[0] - 1 :][: v_shape[0]],
    jvp=linear,
)


_MODES = {0: "valid", 1: "same", 2: "full"}
"""Numbers that NumPy takes for the names."""


@defined_by(np.convolve)
def convolve(a, v, mode="full"):
    """`np.convolve`."""
    a, v = _vector(a), _vector(v)
    n, m = max(len(a), len(v)), min(len(a), len(v))
    mode = _MODES.get(mode, mode)
    parts = {"full": (0, n + m - 1), "same": ((m - 1) // 2, n), "valid": (m - 1, n - m + 1)}
    if mode not in parts:
        np.convolve([1.0], [1.0], mode)  # its error
    start, length = parts[mode]
    full = TRACKED.convolve_full(a, v)
    return full if mode == "full" else full[start : start + length]


@defined_by(np.correlate)
def correlate(a, v, mode="valid"):
    """`np.correlate`: the convolution with the conjugate of ``v``, reversed."""
    a, v = _vector(a), _vector(v)
    v = TRACKED.conjugate(v)[::-1]
    if len(v) <= len(a) or mode == "full":
        return convolve(a, v, mode)
    return convolve(v[::-1], a[::-1], mode)[::-1]  # as NumPy, which swaps the two and reverses


def _vector(x):
    return TRACKED.atleast_1d(as_array(x))


@defined_by(np.tensordot, np.linalg.tensordot)
def tensordot(a, b, axes=2):
    """`np.tensordot`, as one matrix product."""
    a, b = as_array(a), as_array(b)
    if isinstance(axes, int):
        left, right = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        left, right = ([x % n for x in (v if isinstance(v, (tuple, list)) else (v,))]
                       for v, n in zip(axes, (a.ndim, b.ndim), strict=True))  # fmt: skip
    if [a.shape[i] for i in left] != [b.shape[i] for i in right]:
        raise ValueError(f"tensordot cannot contract axes {left} of {a.shape} with axes {right} of {b.shape}")
    for axes, name in ((left, "first"), (right, "second")):
        if len(set(axes)) != len(axes):
            raise ValueError(f"tensordot got an axis of its {name} array twice")
    rest_a = [i for i in range(a.ndim) if i not in left]
    rest_b = [i for i in range(b.ndim) if i not in right]
    inside = math.prod(a.shape[i] for i in left)
    shape_a, shape_b = [a.shape[i] for i in rest_a], [b.shape[i] for i in rest_b]
    rows = TRACKED.reshape(TRACKED.transpose(a, (*rest_a, *left)), (math.prod(shape_a), inside))
    columns = TRACKED.reshape(TRACKED.transpose(b, (*right, *rest_b)), (inside, math.prod(shape_b)))
    return TRACKED.reshape(TRACKED.matmul(rows, columns), (*shape_a, *shape_b))


@defined_by(np.trace, valued=True)
def trace(a, offset=0, axis1=0, axis2=1, dtype=None, out=None):
    """`np.trace`."""
    return TRACKED.sum(TRACKED.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


@defined_by(np.diagonal)
def diagonal(a, offset=0, axis1=0, axis2=1):
    """`np.diagonal`, by integer indices; NumPy has it as a view that is read-only."""
    return view_of(_diagonal(a, offset, axis1, axis2), a, _READ_ONLY, (offset, axis1, axis2))


def _diagonal(a, offset, axis1, axis2):
    moved = TRACKED.moveaxis(a, (axis1, axis2), (-2, -1))
    rows = np.arange(moved.shape[-2])
    columns = rows + offset
    ok = (columns >= 0) & (columns < moved.shape[-1])
    return moved[..., rows[ok], columns[ok]]


_READ_ONLY = Viewing(np.diagonal, _diagonal, None)


@defined_by(np.linalg.diagonal)
def diagonal_of_last(x, /, *, offset=0):
    """`np.linalg.diagonal`."""
    return diagonal(x, offset, -2, -1)


@defined_by(np.linalg.trace, valued=True)
def trace_of_last(x, /, *, offset=0, dtype=None):
    """`np.linalg.trace`."""
    return trace(x, offset, -2, -1, dtype)


@defined_by(np.linalg.cross, valued=True)
def cross_of_last(x1, x2, /, *, axis=-1):
    """`np.linalg.cross`."""
    return cross(x1, x2, axis=axis)


FUNCTIONS[np.linalg.vecdot] = computed_by(np.linalg.vecdot, vecdot)
UFUNC_METHODS[np.vecdot, "__call__"] = computed_by(np.vecdot, vecdot)  # with axis=


# --- norms ----------------------------------------------------------------------------------------------------


def _vector_norm(x, axis=None, keepdims=False, ord=2):
    if ord == 2 and x.ndim and x.dtype.char in "fd":  # the usual case, several times as fast as NumPy's own function
        if axis is None and x.ndim == 1 and not keepdims:
            return np.sqrt(np.dot(x, x))
        return np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims))
    if lazy(x):
        return _lazy_norm(np.abs(x), axis, keepdims, ord)
    return np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)


def _lazy_norm(size, axis, keepdims, ord):
    """The norm by functions that Dask has."""
    if ord in (math.inf, -math.inf):
        return (np.max if ord > 0 else np.min)(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return np.sum((size != 0).astype(size.dtype), axis=axis, keepdims=keepdims)
    return np.sum(size**ord, axis=axis, keepdims=keepdims) ** (1 / ord)


def _norm_share(xp, g, x, ans, axis, keepdims, ord):
    """The derivative of a vector norm of any order; 0 where the norm is 0 (KINK-16)."""
    shape = x.shape
    if ord == 2 and _ordinary(plain(ans)):
        return xp.spread(g / ans, shape, axis, keepdims) * (xp.conjugate(x) if x.dtype.kind == "c" else x)
    total = xp.spread(ans, shape, axis, keepdims) if _ordinary(plain(ans)) else _rescaled(xp, x, axis, ord)
    g = xp.spread(g, shape, axis, keepdims)
    zero = xp.equal(total, 0)
    total = xp.where(zero, 1, total)
    if ord == 2:
        return xp.where(zero, 0, g * ((xp.conjugate(x) if x.dtype.kind == "c" else x) / total))
    if ord == 0:
        return None
    size = xp.absolute(x)
    sign = xp.sign(x) if x.dtype.kind != "c" else xp.conjugate(x) / xp.where(xp.equal(size, 0), 1, size)
    if ord in (math.inf, -math.inf):
        here = xp.equal(size, xp.spread(ans, shape, axis, keepdims)).astype(total.dtype)
        return g * sign * (here / np.sum(here, axis=axis, keepdims=True))
    if ord == 1:
        return g * sign
    base = xp.where(xp.equal(size, 0), 1, size) if ord < 1 else size
    return xp.where(zero, 0, g * sign * xp.power(base / total, ord - 1))


def _ordinary(norm):
    """Whether no sum of squares can have overflowed, or lost by underflow what it shows."""
    if lazy(norm):
        return True
    limits = np.finfo(norm.dtype)
    return bool(np.all(norm > math.sqrt(limits.tiny / limits.eps)) and np.all(norm < np.inf))


def _rescaled(xp, x, axis, ord):
    """The norms of vectors whose powers overflow or underflow, by their largest elements; one for each of ``x``."""
    largest = np.max(np.abs(plain(x)), axis=axis, keepdims=True, initial=0)
    scale = np.where((largest > 0) & (largest < np.inf), largest, 1)
    return xp.broadcast_to(xp.vector_norm(x / scale, axis, True, ord) * scale, x.shape)


rule(
    _vector_norm,
    _norm_share,
    jvp=lambda xp, t, x, ans, axis, keepdims, ord: along_slopes(xp, t, _norm_share, x, ans, axis, keepdims, ord),
    also=(np.linalg.vector_norm,),
)


@defined_by(np.linalg.matrix_norm, valued=True)
def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    """`np.linalg.matrix_norm`."""
    if ord is None or ord == "fro" or (0 in x.shape[-2:] and ord in ("nuc", 1, 2, math.inf)):  # without elements 0
        return TRACKED.vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord in (2, -2, "nuc"):
        s = TRACKED.svdvals(x)
        found = TRACKED.sum(s, axis=-1) if ord == "nuc" else (TRACKED.max if ord > 0 else TRACKED.min)(s, axis=-1)
        return TRACKED.expand_dims(found, (-2, -1)) if keepdims else found
    if ord not in (1, -1, math.inf, -math.inf):
        raise ValueError(f"matrix_norm has the orders 'fro', 'nuc', 1, -1, 2, -2, inf, -inf, not {ord!r}")
    columns, rows = (-2, -1) if ord in (1, -1) else (-1, -2)
    sums = TRACKED.sum(TRACKED.absolute(x), axis=columns, keepdims=True)
    found = (TRACKED.max if ord > 0 else TRACKED.min)(sums, axis=rows, keepdims=True)
    return found if keepdims else number(TRACKED.reshape(found, found.shape[:-2]))


@defined_by(np.linalg.norm, valued=True)
def norm(x, ord=None, axis=None, keepdims=False):
    """`np.linalg.norm`: a vector norm, or a matrix norm where two axes are meant."""
    if ord is None:
        return TRACKED.vector_norm(x, axis, keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axis
    if isinstance(axes, int) or len(axes) == 1:
        return TRACKED.vector_norm(x, axes, keepdims, ord)
    found = matrix_norm(TRACKED.moveaxis(x, axes, (-2, -1)), ord=ord)
    return TRACKED.expand_dims(found, tuple(sorted(a % x.ndim for a in axes))) if keepdims else found
