"""The functions of `autodiff_spec.beyond` on JAX: hooks run on native arrays, and each is recorded as one operation."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax import numpy as jnp
from jax.scipy import linalg

from autodiff_jax import xp
from autodiff_jax._wrap import general
from autodiff_spec.beyond import Beyond


class NativeBeyond(Beyond):
    """On native arrays."""

    def _convolved(self, a: Any, v: Any) -> Any:
        return jnp.convolve(a, v, precision=jax.lax.Precision.HIGHEST)

    def _segments(self, x: Any, ids: Any, count: int) -> Any:
        return jax.ops.segment_sum(x, ids, count)

    def _triangular(self, a: Any, b: Any, lower: bool, unit_diagonal: bool) -> Any:
        stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = (jnp.broadcast_to(matrix, (*stack, *matrix.shape[-2:])) for matrix in (a, b))
        return jax.lax.linalg.triangular_solve(a, b, left_side=True, lower=lower, unit_diagonal=unit_diagonal)

    def _exponential(self, a: Any) -> Any:
        return linalg.expm(a)


_native = NativeBeyond(jnp)


class JaxBeyond(Beyond):
    """On recorded arrays."""

    _framed = staticmethod(general(_native._framed, arrays=2))
    _repeated = staticmethod(general(_native._repeated))
    _interpolated = staticmethod(general(_native._interpolated, arrays=3))
    _convolved = staticmethod(general(_native._convolved, arrays=2))
    _segments = staticmethod(general(_native._segments, arrays=2))
    _triangular = staticmethod(general(_native._triangular, arrays=2))
    _least_squares = staticmethod(general(_native._least_squares, arrays=2))
    _exponential = staticmethod(general(_native._exponential))

    def _known(self, ids: Any) -> Any:
        return None if isinstance(ids, jax.core.Tracer) else np.asarray(ids)


BEYOND = JaxBeyond(xp)
