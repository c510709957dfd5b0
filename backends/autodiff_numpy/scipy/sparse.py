"""`scipy.sparse` with recorded arrays: the product with a constant sparse matrix. All other names are SciPy's own.

Example:
    >>> import numpy as np
    >>> import autodiff_spec as ad
    >>> from autodiff_numpy.scipy import sparse
    >>> matrix = sparse.csr_array([[1.0, 0.0], [2.0, 3.0]])
    >>> ad.backend("numpy").grad(lambda x: np.sum(sparse.matmul(matrix, x)))(np.zeros(2))
    array([3., 3.])
"""

from __future__ import annotations

from typing import Any

import scipy.sparse

from autodiff_numpy._jvp import linear
from autodiff_numpy._rule import rule
from autodiff_numpy._tables import TRACKED

__all__ = ["matmul"]


def __getattr__(name: str) -> Any:
    return getattr(scipy.sparse, name)


def _sparse_product(x: Any, matrix: Any) -> Any:
    return matrix @ x


rule(_sparse_product, lambda xp, g, matrix: xp.sparse_product(g, matrix.T), jvp=linear)


def matmul(matrix: Any, x: Any) -> Any:
    """``matrix @ x``: SciPy's own operator cannot see a recorded array.

    Args:
        matrix: a sparse array or matrix of SciPy, which is constant, of shape (n, m).
        x: a dense array of shape (m,) or (m, k), recorded or plain.

    Returns:
        A dense array of shape (n,) or (n, k).
    """
    return TRACKED.sparse_product(x, matrix)
