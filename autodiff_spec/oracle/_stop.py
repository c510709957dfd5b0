"""``stop_gradient``: the same values, constant under differencing."""

from __future__ import annotations

from typing import Any

from autodiff_spec.oracle._array import Array
from autodiff_spec.oracle._context import freeze


def stop_gradient(x: Any, /) -> Any:
    """``x`` as a constant: shifted runs see the values that the base run saw, by the order of the calls.

    Args:
        x: array, or a tuple, list or dict of such; anything else is returned as it is.

    Returns:
        The same structure with the same values.

    Examples:
        >>> from autodiff_spec import oracle
        >>> (slope,) = oracle.gradient(lambda xp, x: xp.stop_gradient(x * x) * x, 3.0)
        >>> float(slope[()])
        9.0
    """
    if isinstance(x, Array):
        return Array(freeze(x._v), x.dtype)
    if isinstance(x, dict):
        return {key: stop_gradient(value) for key, value in x.items()}
    if isinstance(x, (tuple, list)):
        parts = [stop_gradient(value) for value in x]
        if hasattr(x, "_fields"):
            return type(x)(*parts)
        return type(x)(parts)
    return x
