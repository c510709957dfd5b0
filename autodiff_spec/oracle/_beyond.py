"""What numerical code needs beyond the standard, on exact numbers: padding, convolution, interpolation, matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_spec.oracle import _linalg as linalg
from autodiff_spec.oracle import _manipulation as manipulation
from autodiff_spec.oracle import _operators as op
from autodiff_spec.oracle._array import Array
from autodiff_spec.oracle._context import Objects, ctx, note
from autodiff_spec.oracle._matrices import batched, exact_eye, square


def pad(x: Any, widths: Any, /, *, mode: Any = "constant", constant_values: Any = 0) -> Array:
    """``x`` with more elements at the ends of its axes, as ``numpy.pad`` adds them."""
    x = op.asarray(x)
    constant = op.cast(op.asarray(constant_values), x.dtype)
    kept: dict[str, Any] = {"constant_values": -1} if mode == "constant" else {}  # the last of the elements below
    places = np.pad(np.arange(x.size).reshape(x.shape), widths, mode, **kept)
    return Array(np.append(x._v.ravel(), constant._v)[places], x.dtype)


def convolve(a: Any, v: Any, /, *, mode: Any = "full") -> Array:
    """The convolution of two vectors."""
    one, other, dtype = op.operands(op.asarray(a), op.asarray(v), floating=True)
    return Array(np.convolve(one, other, mode), dtype)


def segment_sum(x: Any, ids: Any, /, num_segments: int) -> Array:
    """The sums of the rows of ``x`` that have the same number."""
    x = op.asarray(x)
    total = manipulation.zeros((num_segments, *x.shape[1:]), dtype=x.dtype)._v
    np.add.at(total, op.asarray(ids)._v, x._v)
    return Array(total, x.dtype)


def interp(x: Any, xp: Any, fp: Any, /) -> Array:
    """The piecewise linear function through the knots ``(xp, fp)`` at ``x``, constant outside of them."""
    dtype = op.result_type(*(op.asarray(part) for part in (x, xp, fp)), op.FLOAT64)
    points, knots, values = (op.cast(op.asarray(part), dtype)._v for part in (x, xp, fp))
    note(np.subtract.outer(points, knots), points[..., None], knots)
    found = np.empty(points.size, dtype=object)
    found[:] = [_between(point, knots, values) for point in points.ravel()]
    return Array(found.reshape(points.shape), dtype)


def _between(x: Any, knots: Objects, values: Objects) -> Any:
    after = sum(int(knot <= x) for knot in knots)
    if after in (0, len(knots)):
        return values[max(after - 1, 0)]
    (left, right), (low, high) = knots[after - 1 : after + 1], values[after - 1 : after + 1]
    return low + (high - low) * (x - left) / (right - left)


def solve_triangular(
    a: Any, b: Any, /, *, trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False
) -> Array:
    """The solution of a system with triangular matrices."""
    a, k = square(a), int(unit_diagonal)
    a = manipulation.tril(a, k=-k) if lower else manipulation.triu(a, k=k)
    if unit_diagonal:
        a = a + manipulation.eye(a.shape[-1])
    if trans in (1, "T"):
        a = a.mT
    elif trans in (2, "C"):
        a = Array(np.conjugate(a.mT._v), a.dtype)
    return linalg.solve(a, b)


def lstsq(a: Any, b: Any, /) -> Array:
    """The shortest solution of least squares."""
    return linalg.pinv(a) @ op.asarray(b)


def expm(a: Any, /) -> Array:
    """The exponential of matrices."""
    a = square(a)
    return Array(batched(_exponential, a._v), a.dtype)


def _exponential(matrix: Objects) -> Objects:
    """The power series of a matrix halved until its elements are small, squared again."""
    largest = max((abs(v) for v in matrix.ravel()), default=0)
    halvings = max(0, int(ctx.mag(largest)) + 4) if largest else 0
    small = matrix / ctx.ldexp(1, halvings)
    term = total = exact_eye(len(matrix))
    n = 0
    while any(abs(v) > ctx.eps for v in term.ravel()):
        n += 1
        term = np.matmul(term, small) / n
        total = total + term
    for _ in range(halvings):
        total = np.matmul(total, total)
    return total
