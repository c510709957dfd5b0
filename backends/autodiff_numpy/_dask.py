"""Dask arrays inside recorded ones: what NumPy's protocols leave out, and what they would do without a word.

Dask computes NumPy's functions that it has itself, block by block and when it is asked. A recorded array of one goes
through these; what the engine makes beside it has its blocks, so that no block has to move. Dask's own functions see no
derivative: given a recorded array they would take its values, so they are refused.
"""

from __future__ import annotations

import operator
import sys
import types
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff_numpy._tables import TRACKED
from autodiff_spec import ComputationError, LostDerivativeError, UnsupportedError

HERE = "autodiff_numpy"
RECHUNK = "x.rechunk({axis: -1}) makes one chunk of an axis"


class ChunkedShape(tuple[int, ...]):
    """The shape of a lazy array, and its chunks."""

    chunks: tuple[tuple[int, ...], ...]


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of any array; of a Dask array it knows the chunks."""
    chunks = getattr(x, "chunks", None)
    if chunks is None:
        shape: tuple[int, ...] = x.shape
        return shape
    _require_known(x)
    found = ChunkedShape(x.shape)
    found.chunks = chunks
    return found


def _require_known(x: Any) -> None:
    if any(np.isnan(size) for size in x.shape):
        raise UnsupportedError(
            f"the chunks of a Dask array of shape {x.shape} have unknown sizes; call compute_chunk_sizes() on it"
        )


def spread(g: Any, shape: tuple[int, ...]) -> Any:
    """``g`` repeated to a shape, in the chunks of the array that has it: nothing that large is made as a whole."""
    if not isinstance(shape, ChunkedShape):
        return np.broadcast_to(g, shape)
    array = sys.modules["dask.array"]
    if not np.ndim(g) and not hasattr(g, "chunks"):
        return array.full(shape, g, chunks=shape.chunks)  # each block makes its own, and waits for none
    g = array.asarray(g)
    own = (1,) * (len(shape) - g.ndim) + g.shape
    kept = {axis - len(shape): chunks for axis, chunks in enumerate(shape.chunks) if own[axis] != 1}
    return array.broadcast_to(g.rechunk({axis % g.ndim: chunks for axis, chunks in kept.items()}), shape, shape.chunks)


def computed(x: Any) -> Any:
    """The values of a lazy array.

    Raises:
        ComputationError: its cluster is gone, or a block of it failed.
    """
    try:
        return np.array(x)
    except Exception as error:  # of whatever type a scheduler raises
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise ComputationError(
            f"a Dask array could not be computed: {said[:200]}; if its cluster is gone, connect another "
            "distributed.Client and make the array again"
        ) from error


def placed(value: Any, like: Any) -> Any:
    """An array in the chunks of ``like``, an array of Dask's or its shape."""
    if hasattr(value, "chunks"):
        return value.rechunk(like.chunks)
    return sys.modules["dask.array"].from_array(np.asarray(value), chunks=like.chunks)


def by_blocks(function: Any, args: Sequence[Any]) -> Any:
    """An elementwise function of Dask arrays, called for each of their blocks."""
    dtype = next(arg.dtype for arg in args if hasattr(arg, "chunks"))
    return sys.modules["dask.array"].map_blocks(function, *args, dtype=dtype)


def cholesky(a: Any) -> Any:
    """The lower factor; `np.linalg.cholesky` of a Dask array is the upper one."""
    return sys.modules["dask.array"].linalg.cholesky(a, lower=True) if hasattr(a, "chunks") else np.linalg.cholesky(a)


def _method(name: str) -> Any:
    """A method that changes where the values are, and not what they are; recorded as such."""
    return lambda array: lambda *args, **kwargs: TRACKED.moved(array, operator.methodcaller(name, *args, **kwargs))


OF_DASK: dict[str, Any] = {
    **{name: operator.attrgetter(f"value.{name}") for name in ("chunks", "chunksize", "npartitions", "numblocks")},
    **{name: _method(name) for name in ("rechunk", "persist", "compute", "compute_chunk_sizes")},
}
"""What recorded arrays of Dask's have beside NumPy's attributes and methods, each a function of the recorded array."""


def require_lazy(value: Any, arguments: Sequence[Any], function: Any) -> None:
    """Refuse the result of a function that Dask does not have, and for which it computed its arguments at once.

    Raises:
        UnsupportedError: an argument is a Dask array, and the result is none.
    """
    if hasattr(function, "may_compute") or hasattr(value, "chunks"):
        return
    if any(hasattr(argument, "chunks") for argument in arguments):
        raise UnsupportedError(
            f"{function.__name__.removeprefix('_')} is no function of Dask's, which computes its whole argument for it;"
            " say x.compute() where that is meant, or write it with functions that Dask has"
        )


def refuse(array: Any) -> None:
    """Refuse a recorded array that Dask is about to take the values of.

    Raises:
        LostDerivativeError: a tape or a direction records the array.
    """
    if array._is_asked():
        name = _asked()
        instead = f"np.{name}" if callable(getattr(np, name, None)) else "NumPy's functions, which stay lazy"
        raise LostDerivativeError(
            f"Dask's {name} would lose the derivative of a recorded array, whose values it takes; use {instead}, "
            "or stop_gradient(x) if the derivative is to end here"
        )


def _asked() -> str:
    """The function of Dask that the program called."""
    frame: types.FrameType | None = sys._getframe(2)
    name = ""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("dask."):
            name = frame.f_code.co_name.strip("_")
            if name == "call":
                name = getattr(frame.f_locals["self"], "__name__", "delayed")
        elif name:
            break
        frame = frame.f_back
    return name


def explained(error: Exception) -> UnsupportedError | None:
    """An error with a remedy for what Dask cannot do that the engine asked of it; None of other errors."""
    trace, inside, asked = error.__traceback__, "", False
    while trace is not None:
        inside = str(trace.tb_frame.f_globals.get("__name__", ""))
        asked |= inside.startswith(HERE)
        trace = trace.tb_next
    if not asked or not inside.startswith("dask."):
        return None
    said = " ".join(str(error).split())
    return UnsupportedError(
        f"Dask cannot do this operation of a recorded array: {said[:200]}; {RECHUNK}, and x.compute() a NumPy array"
    )
