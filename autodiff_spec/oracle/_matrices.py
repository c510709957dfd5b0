"""Stacks of small matrices: what the functions of linear algebra share."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from autodiff_spec.oracle import _operators as op
from autodiff_spec.oracle._array import Array
from autodiff_spec.oracle._context import NAN, ONE, ZERO, Objects


def batched(function: Callable[[Objects], Any], values: Objects, core: int = 2) -> Any:
    """``function`` of each matrix over all leading axes: an array, or a tuple of arrays where it returns one."""
    lead, shape = values.shape[: values.ndim - core], values.shape[values.ndim - core :]
    # Of an empty stack the shape of the results is that of any matrix, none of whose numbers is kept.
    matrices = values.reshape(prod(lead), *shape) if prod(lead) else [exact_eye(*shape)]
    results = [function(matrix) for matrix in matrices]
    several = isinstance(results[0], tuple)
    columns = zip(*(r if several else (r,) for r in results), strict=True)
    stacked = [_stacked([np.asarray(part, dtype=object) for part in column], lead) for column in columns]
    return tuple(stacked) if several else stacked[0]


def _stacked(parts: list[Objects], lead: tuple[int, ...]) -> Objects:
    return np.stack(parts)[: prod(lead)].reshape((*lead, *parts[0].shape))


def floating(x: Any) -> Array:
    """``x`` as an array of matrices of floating or complex numbers."""
    x = op.asarray(x)
    if x.ndim < 2:
        raise ValueError(f"a matrix is needed, not shape {x.shape}")
    return x if op.is_inexact(x.dtype) else op.cast(x, op.FLOAT64)


def square(x: Any) -> Array:
    """``x`` as an array of square matrices of floating or complex numbers."""
    x = op.asarray(x)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"a square matrix is needed, not shape {x.shape}")
    return floating(x)


def exact_eye(rows: int, columns: int | None = None) -> Objects:
    """The identity, or its first rows or columns, in exact numbers."""
    return op.exact(np.eye(rows, columns))


def eliminate(matrix: Objects, right: Objects) -> tuple[Any, Objects]:
    """Gauss-Jordan elimination with partial pivoting: the determinant, and ``right`` solved for (nan if singular)."""
    a, b, determinant = matrix.copy(), right.copy(), ONE
    for column in range(len(a)):
        pivot = max(range(column, len(a)), key=lambda row: abs(a[row, column]))
        if a[pivot, column] == 0:
            return ZERO * determinant, np.full(b.shape, NAN, dtype=object)
        if pivot != column:
            a[[pivot, column]], b[[pivot, column]] = a[[column, pivot]], b[[column, pivot]]
            determinant = -determinant
        determinant = determinant * a[column, column]
        b[column] = b[column] / a[column, column]
        a[column] = a[column] / a[column, column]
        for row in range(len(a)):
            if row != column and a[row, column] != 0:
                b[row] = b[row] - a[row, column] * b[column]
                a[row] = a[row] - a[row, column] * a[column]
    return determinant, b
