"""The ``linalg`` extension of the standard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff_numpy._array import plain
from autodiff_numpy._tables import TRACKED

_SAME_NAMES = (
    "det", "eigh", "eigvalsh", "inv", "matmul", "matrix_norm", "matrix_power", "matrix_transpose", "outer", "slogdet",
    "solve", "svd", "svdvals", "tensordot", "vecdot", "vector_norm",
)  # fmt: skip
globals().update({name: getattr(TRACKED, name) for name in _SAME_NAMES})


def cholesky(x: Any, /, *, upper: bool = False) -> Any:
    """The lower triangle ``l`` with ``x = l @ l.mT``, or the upper one."""
    return TRACKED.cholesky(x, upper=upper)


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The products of vectors of length 3, which broadcast along the other axes."""
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError(f"cross needs length 3 along axis {axis}; the shapes are {x1.shape} and {x2.shape}")
    return TRACKED.cross(x1, x2, axis=axis)


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonals of the last two axes."""
    return TRACKED.diagonal(x, offset, -2, -1)


def matrix_rank(x: Any, /, *, rtol: Any = None) -> Any:
    """The number of singular values above ``rtol`` times the largest; a constant."""
    x, rtol = plain(x), plain(rtol)
    if x.ndim < 2:
        raise np.linalg.LinAlgError(f"matrix_rank needs two dimensions or more, not {x.ndim}")
    return np.linalg.matrix_rank(x) if rtol is None else np.linalg.matrix_rank(x, rtol=rtol)


def pinv(x: Any, /, *, rtol: Any = None) -> Any:
    """The pseudo-inverse; singular values up to ``rtol`` times the largest count as 0."""
    if rtol is None:  # NumPy's own default is 1e-15, whatever the dtype and the shape
        rtol = max(x.shape[-2:]) * np.finfo(x.dtype).eps
    return TRACKED.pinv(x, rtol=rtol)


def qr(x: Any, /, *, mode: str = "reduced") -> Any:
    """An orthonormal and a triangular factor."""
    return TRACKED.qr(x, mode=mode)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sums of the diagonals of the last two axes."""
    return TRACKED.trace(x, offset, -2, -1, dtype)


if TYPE_CHECKING:  # the names that come from the tables

    def __getattr__(name: str) -> Any: ...


__all__ = [*_SAME_NAMES, "cholesky", "cross", "diagonal", "matrix_rank", "pinv", "qr", "trace"]
