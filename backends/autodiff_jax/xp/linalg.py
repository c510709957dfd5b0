"""The ``linalg`` extension of the namespace."""

from __future__ import annotations

from jax.numpy import linalg

from autodiff_jax._wrap import general

_OF_TWO = ("cross", "matmul", "outer", "solve", "tensordot", "vecdot")
_OF_ONE = (
    "cholesky", "det", "diagonal", "eigh", "eigvalsh", "inv", "matrix_norm", "matrix_power", "matrix_rank",
    "matrix_transpose", "pinv", "qr", "slogdet", "svd", "svdvals", "trace", "vector_norm",
)  # fmt: skip

globals().update({name: general(getattr(linalg, name), arrays=2) for name in _OF_TWO})
globals().update({name: general(getattr(linalg, name)) for name in _OF_ONE})

__all__ = sorted((*_OF_ONE, *_OF_TWO))
