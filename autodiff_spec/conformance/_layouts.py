"""How the elements of an array lie in memory: forwards or backwards, by rows or by columns, with gaps, on one another.

Where a framework's arrays are views, functions of the standard make each of these; where they are not, the elements
are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Make = Callable[[NDArray[Any]], Any]
Layout = Callable[[Any, Make, NDArray[Any]], Any]


def _reversed(xp: Any, make: Make, exact: NDArray[Any]) -> Any:
    return xp.flip(make(np.flip(exact)))


def _by_columns(xp: Any, make: Make, exact: NDArray[Any]) -> Any:
    return xp.permute_dims(make(np.ascontiguousarray(exact.T)), tuple(range(exact.ndim))[::-1])


def _with_gaps(xp: Any, make: Make, exact: NDArray[Any]) -> Any:
    """A view of an array that has the axes in the opposite order and each element twice."""
    return xp.permute_dims(make(np.repeat(exact.T, 2, axis=-1))[..., ::2], tuple(range(exact.ndim))[::-1])


def _of_stride_0(xp: Any, make: Make, exact: NDArray[Any]) -> Any:
    axis = _first_long_axis(exact)
    return xp.broadcast_to(make(exact.take([0], axis=axis)), exact.shape)


def _of_one_number(xp: Any, make: Make, exact: NDArray[Any]) -> Any:
    return xp.broadcast_to(make(exact.ravel()[0]), exact.shape)


LAYOUTS: dict[str, Layout] = {
    "reversed": _reversed,
    "by columns": _by_columns,
    "with gaps": _with_gaps,
    "of stride 0": _of_stride_0,
    "of one number": _of_one_number,
}
"""A layout's name -> ``layout(xp, make, exact)``: the array of ``exact``'s elements that lie so."""

IN_ORDER = "in order"
"""The layout of an array that is no view."""


def laid(xp: Any, layout: str, make: Make, exact: NDArray[Any]) -> Any:
    """The array of ``exact``'s elements, made by ``make``, in a layout; ``exact`` is as `elements` gives it."""
    return LAYOUTS[layout](xp, make, exact) if layout != IN_ORDER and exact.ndim and exact.size else make(exact)


def elements(layout: str, exact: NDArray[Any]) -> NDArray[Any]:
    """``exact``, or what is left of it where a layout gives some elements the same place."""
    if layout == "of stride 0" and exact.ndim and exact.size:
        return np.repeat(exact.take([0], axis=(axis := _first_long_axis(exact))), exact.shape[axis], axis=axis)
    if layout == "of one number" and exact.size:
        return np.full(exact.shape, exact.ravel()[0])
    return exact


def shares_places(layout: str) -> bool:
    """Whether elements of an array share a place in this layout, and so are equal."""
    return layout in ("of stride 0", "of one number")


def _first_long_axis(exact: NDArray[Any]) -> int:
    return next((axis for axis, length in enumerate(exact.shape) if length > 1), 0)
