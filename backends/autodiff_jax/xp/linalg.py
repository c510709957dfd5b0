"""The ``linalg`` extension of the namespace."""

from __future__ import annotations

from typing import Any

from jax.numpy import linalg

from autodiff_jax._wrap import detached, general

_OF_TWO = ("cross", "matmul", "outer", "solve", "tensordot", "vecdot")
_OF_ONE = (
    "cholesky", "det", "diagonal", "eigh", "eigvalsh", "inv", "matrix_norm", "matrix_power", "matrix_transpose",
    "qr", "slogdet", "svd", "svdvals", "trace", "vector_norm",
)  # fmt: skip

globals().update({name: general(getattr(linalg, name), arrays=2) for name in _OF_TWO})
globals().update({name: general(getattr(linalg, name)) for name in _OF_ONE})

matrix_rank = detached(linalg.matrix_rank)
_pinv = general(linalg.pinv)
_pinv_of_two = general(lambda x, rtol: linalg.pinv(x, rtol=rtol), arrays=2)


def pinv(x: Any, /, *, rtol: Any = None) -> Any:
    """`jax.numpy.linalg.pinv`; singular values up to ``rtol``, a number or an array, times the largest count as 0."""
    return _pinv(x) if rtol is None else _pinv_of_two(x, rtol)


__all__ = sorted((*_OF_ONE, *_OF_TWO, "matrix_rank", "pinv"))
