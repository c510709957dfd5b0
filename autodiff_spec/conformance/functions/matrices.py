"""Kinds of matrices: negative determinants, pivots that have to be sought, no symmetry, many rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec.conformance.functions import FUNCTIONS
from autodiff_spec.conformance.functions._model import DECOMPOSED, SOLVED, Function, Variant
from autodiff_spec.conformance.functions.linalg import symmetric

Matrix = NDArray[Any]

NEGATIVE = [[0.5, 2.0, -1.0], [1.5, 1.0, 0.25], [-0.75, 0.5, 2.5]]
PIVOTS = [[0.0, 2.0, 0.5], [1.5, 0.25, 1.0], [0.5, -1.0, 2.0]]
ASYMMETRIC = [[1.0, 4.0, -3.0], [0.125, 2.0, 2.5], [-0.25, 0.0625, 3.0]]
FOUR = [[0.0, 2.0, 0.5, -1.0], [1.5, 0.25, 1.0, 0.5], [0.5, -1.0, 2.0, 0.25], [1.0, 0.5, -0.5, 3.0]]

SQUARE: dict[str, Any] = {
    "of negative determinant": NEGATIVE,
    "that needs pivots": PIVOTS,
    "far from symmetric": ASYMMETRIC,
    "4 by 4": FOUR,
    "in a stack of kinds": [[[0.0, 2.0], [1.5, 0.5]], [[-1.0, 3.0], [0.25, 2.0]]],
}
SMALL: dict[str, Any] = {
    "of negative determinant": [[0.5, 2.0], [1.5, 1.0]],
    "that needs pivots": [[0.0, 2.0], [1.5, 0.5]],
    "far from symmetric": [[1.0, 4.0], [-0.125, 2.0]],
    "in a stack of kinds": SQUARE["in a stack of kinds"],
}
POSITIVE: dict[str, Any] = {
    "with large elements beside the diagonal": [[2.0, 1.5, -0.5], [1.5, 2.0, 0.5], [-0.5, 0.5, 1.5]],
    "4 by 4": [[3.0, 1.0, -0.5, 1.0], [1.0, 2.0, 0.5, 0.0], [-0.5, 0.5, 2.5, 1.0], [1.0, 0.0, 1.0, 4.0]],
    "in a stack": [[[2.0, 1.5], [1.5, 2.0]], [[4.0, -1.0], [-1.0, 1.0]]],
}
TALL: dict[str, Any] = {
    "tall": [[0.0, 2.0], [1.5, 0.25], [0.5, -1.0], [-1.0, 0.5]],
    "in a stack of tall ones": [[[0.0, 2.0], [1.5, 0.5], [1.0, 1.0]], [[-1.0, 3.0], [0.25, 2.0], [0.5, -1.5]]],
}
WIDE: dict[str, Any] = {
    "wide": np.transpose(TALL["tall"]).tolist(),
    "in a stack of wide ones": np.swapaxes(TALL["in a stack of tall ones"], -1, -2).tolist(),
}

OF_KINDS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("linalg.det", "linalg.slogdet", "linalg.inv", "linalg.matrix_power 3"), SQUARE),
    "linalg.solve for a vector": SQUARE,
    "linalg.cholesky": POSITIVE,
    "linalg.cholesky upper": POSITIVE,
    **dict.fromkeys(("linalg.eigvalsh", "linalg.eigh"), SMALL),
    **dict.fromkeys(("linalg.svd with full matrices", "linalg.pinv of square matrices"), SMALL),
    "linalg.svdvals": SMALL | TALL | WIDE,
    "linalg.svd of tall matrices": TALL,
    "linalg.svd of wide matrices": WIDE,
    "linalg.qr of tall matrices": SMALL | TALL,
    "linalg.qr of wide matrices": WIDE,
    "linalg.qr in mode complete": SMALL | TALL,
    "linalg.pinv of tall matrices": TALL,
    "linalg.pinv of wide matrices": WIDE,
    **{f"linalg.matrix_norm of other orders {ord}": SMALL | WIDE for ord in ("2", "nuc")},
    "lstsq overdetermined": TALL,
    "lstsq underdetermined": WIDE,
}
"""The variants of functions of one matrix, and the kinds that each is given."""


def of_kinds() -> list[tuple[Function, Variant, str, list[Matrix]]]:
    """Each variant with each kind that it is given; the budget is that of the function at the matrix's condition."""
    found = []
    for function in FUNCTIONS:
        for variant in function.variants:
            for kind, elements in OF_KINDS.get(variant.name, {}).items():
                matrix = np.array(elements)
                budget = replace(function, ulps=max(function.ulps, _ulps(function, matrix)))
                found.append((budget, variant, kind, [matrix, *_right_sides(variant, matrix)]))
    return found


def _right_sides(variant: Variant, matrix: Matrix) -> list[Matrix]:
    """A vector, or one column for each matrix of a stack, where the variant takes one."""
    shape = matrix.shape[:-1] if matrix.ndim == 2 else (*matrix.shape[:-1], 1)
    return [(np.arange(math.prod(shape)).reshape(shape) * 3 % 7 - 2.5) / 2 for _ in variant.args[1:]]


def _ulps(function: Function, matrix: Matrix) -> float:
    """`SOLVED` and `DECOMPOSED` as they are derived: 4·n·κ², and 4·n·(norm/gap)²."""
    n = max(matrix.shape[-2:])
    if function.ulps == SOLVED:
        return float(4 * n * np.linalg.cond(matrix).max() ** 2)
    if function.ulps == DECOMPOSED:
        values = np.linalg.svdvals(matrix)
        symmetrical = (matrix + np.swapaxes(matrix, -1, -2)) / 2 if matrix.shape[-1] == matrix.shape[-2] else None
        spectra = [values, *([] if symmetrical is None else [np.linalg.eigvalsh(symmetrical)])]
        gap = min(float(np.abs(np.diff(each, axis=-1)).min()) for each in spectra)
        return float(4 * n * (values.max() / min(gap, float(values.min()))) ** 2)
    return function.ulps


# --- many rows ----------------------------------------------------------------------------------------------------

ROWS = 53
"""More than any block that an implementation works by."""


def large(kind: str) -> Any:
    """A matrix of `ROWS` rows with a condition below 10, the same in every run."""
    generator = np.random.default_rng(20261130)
    noise = generator.standard_normal((ROWS, ROWS)) / np.sqrt(ROWS)
    if kind == "tall":
        return np.vstack([np.eye(ROWS - 5), np.zeros((5, ROWS - 5))]) * 3.0 + noise[:, : ROWS - 5]
    matrix = np.eye(ROWS) * 3.0 + noise
    matrix[[0, 7]] = matrix[[7, 0]]  # the pivot of the first column is in another row
    return matrix @ matrix.T / 4.0 if kind == "positive" else matrix


def _power_of_symmetric(xp: Any, x: Any) -> Any:
    """A function of all eigenvectors that their signs do not change."""
    values, vectors = xp.linalg.eigh(symmetric(xp, x))
    return xp.matmul(vectors * xp.exp(-values), xp.matrix_transpose(vectors))


def _polar(xp: Any, x: Any) -> Any:
    u, values, vh = xp.linalg.svd(x, full_matrices=False)
    return xp.matmul(u * xp.log(values), vh)


def _unsigned(xp: Any, x: Any) -> Any:
    q, r = xp.linalg.qr(x)
    return xp.matmul(q * xp.abs(xp.linalg.diagonal(r)), xp.matrix_transpose(q))


LARGE: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "linalg.slogdet": ("FUN-95", "square", lambda xp, x: xp.linalg.slogdet(x)[1]),
    "linalg.det": ("FUN-94", "square", lambda xp, x: xp.linalg.det(x / 3.0)),
    "linalg.inv": ("FUN-96", "square", lambda xp, x: xp.linalg.inv(x)),
    "linalg.solve": ("FUN-97", "square", lambda xp, x: xp.linalg.solve(x, x[:, :3] + 1.0)),
    "linalg.cholesky": ("FUN-99", "positive", lambda xp, x: xp.linalg.cholesky(symmetric(xp, x))),
    "linalg.cholesky upper": ("FUN-99", "positive", lambda xp, x: xp.linalg.cholesky(symmetric(xp, x), upper=True)),
    "linalg.eigvalsh": ("FUN-100", "positive", lambda xp, x: xp.exp(-xp.linalg.eigvalsh(symmetric(xp, x)))),
    "linalg.eigh": ("FUN-101", "positive", _power_of_symmetric),
    "linalg.svdvals": ("FUN-102", "square", lambda xp, x: xp.linalg.svdvals(x)),
    "linalg.svd": ("FUN-103", "tall", _polar),
    "linalg.qr": ("FUN-104", "tall", _unsigned),
    "linalg.pinv": ("FUN-105", "tall", lambda xp, x: xp.linalg.pinv(x)),
    "matmul": ("FUN-55", "square", lambda xp, x: xp.matmul(x, xp.matmul(x, x))),
}
"""A function of a matrix of many rows: its clause, the kind of matrix, the program."""
