"""The part of the ``linalg`` extension that this version has: products and norms."""

from autodiff_numpy._record import RECORDED

_NAMES = ("diagonal", "matmul", "matrix_norm", "matrix_transpose", "outer", "tensordot", "trace", "vecdot", "vector_norm")
globals().update({name: getattr(RECORDED, name) for name in _NAMES})

__all__ = list(_NAMES)
