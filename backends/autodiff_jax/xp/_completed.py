"""Where ``jax.numpy`` falls short of the array API standard, and a line mends it: limits, dtypes of results, axes."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from autodiff_spec._shared import FloatLimits, IntegerLimits


def finfo(type: Any, /) -> FloatLimits:
    """The limits of a floating dtype, or of an array's, as Python numbers; of a complex one, those of its parts."""
    found: Any = jnp.finfo(getattr(type, "dtype", type))  # type: ignore[no-untyped-call]
    eps, largest, smallest, normal = map(float, (found.eps, found.max, found.min, found.smallest_normal))
    return FloatLimits(int(found.bits), eps, largest, smallest, normal, found.dtype)


def iinfo(type: Any, /) -> IntegerLimits:
    """The limits of an integer dtype, or of an array's."""
    found: Any = jnp.iinfo(getattr(type, "dtype", type))  # type: ignore[no-untyped-call]
    return IntegerLimits(int(found.bits), int(found.max), int(found.min), found.dtype)


def searchsorted(x1: Any, x2: Any, /, *, side: str = "left", sorter: Any = None) -> Any:
    """`jax.numpy.searchsorted`, its indices of the default integer dtype."""
    return jnp.searchsorted(x1, x2, side=side, sorter=sorter).astype(_default(np.int64))


def cumulative_prod(x: Any, /, *, axis: Any = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """`jax.numpy.cumulative_prod`; small integers are widened, as a sum widens them."""
    x = jnp.asarray(x)
    if dtype is None and jnp.isdtype(x.dtype, "integral"):
        wide = _default(np.uint64 if jnp.isdtype(x.dtype, "unsigned integer") else np.int64)
        dtype = wide if wide.itemsize > x.dtype.itemsize else x.dtype
    return jnp.cumulative_prod(x, axis=axis, dtype=dtype, include_initial=include_initial)


def expand_dims(x: Any, /, axis: Any = 0) -> Any:
    """`jax.numpy.expand_dims`; an axis that is not there is an `IndexError`."""
    try:
        return jnp.expand_dims(x, axis)
    except ValueError as error:
        if isinstance(axis, int) and not -x.ndim - 2 < axis <= x.ndim:
            bounds = f"{-x.ndim - 1} to {x.ndim}"
            raise IndexError(f"expand_dims() of {x.ndim} axes got axis={axis}; pass {bounds}") from error
        raise


def permute_dims(x: Any, /, axes: Any) -> Any:
    """`jax.numpy.permute_dims`; negative axes count from the end, of an array without elements too."""
    return jnp.permute_dims(x, tuple(axis + x.ndim if axis < 0 else axis for axis in axes))


def _default(dtype: Any) -> np.dtype[Any]:
    found: np.dtype[Any] = jax.dtypes.canonicalize_dtype(dtype)
    return found
