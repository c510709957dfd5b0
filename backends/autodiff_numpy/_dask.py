"""Dask arrays inside recorded ones: what NumPy's protocols leave out, and what they would do without a word.

Dask computes NumPy's functions that it has itself, block by block and when it is asked. A recorded array of one goes
through these; what the engine makes beside it has its blocks, so that no block has to move. Dask's own functions see no
derivative: given a recorded array they would take its values, so they are refused.
"""

from __future__ import annotations

import operator
import sys
import types
from collections.abc import Iterable, Sequence
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


def _lost(name: str) -> Any:
    """A function of a recorded array that refuses, by name, what Dask does without a derivative."""

    def of_value(array: Any) -> Any:
        refuse(array, name)
        return getattr(array.value, name)

    return of_value


_LOST = ("map_blocks", "map_overlap", "to_delayed", "to_backend", "blocks", "partitions", "vindex", "topk", "argtopk",
         "store", "to_zarr", "to_hdf5", "to_tiledb", "to_dask_dataframe")  # fmt: skip

OF_DASK: dict[str, Any] = {
    **{name: _lost(name) for name in _LOST},
    **{name: operator.attrgetter(f"value.{name}") for name in ("chunks", "chunksize", "npartitions", "numblocks")},
    **{name: _method(name) for name in ("rechunk", "persist", "compute", "compute_chunk_sizes")},
}
"""What recorded arrays of Dask's have beside NumPy's attributes and methods, each a function of the recorded array."""


_BY_VALUES = frozenset((
    np.sort, np.partition, np.median, np.nanmedian, np.quantile, np.percentile, np.nanquantile, np.nanpercentile,
    np.unique, np.unique_all, np.unique_counts, np.unique_inverse, np.unique_values, np.intersect1d, np.setdiff1d,
    np.setxor1d, np.histogram, np.histogram_bin_edges, np.histogram2d, np.histogramdd, np.trim_zeros, np.piecewise,
    np.choose, np.insert, np.interp, np.searchsorted, np.unwrap, np.convolve, np.correlate, np.polyfit, np.roots,
    np.linalg.det, np.linalg.slogdet, np.linalg.pinv, np.linalg.lstsq, np.linalg.qr, np.linalg.eig, np.linalg.eigh,
    np.linalg.eigvals, np.linalg.eigvalsh, np.linalg.svd, np.linalg.svdvals, np.linalg.cond,
    np.emath.sqrt, np.emath.log, np.emath.log2, np.emath.log10, np.emath.logn,
    np.emath.power, np.emath.arccos, np.emath.arcsin, np.emath.arctanh,
))  # fmt: skip
"""Functions whose rules look at values, and which NumPy or Dask would compute all of a Dask array for."""

_BY_SHAPES = frozenset(
    (np.size, np.isrealobj, np.common_type, np.can_cast, np.min_scalar_type, np.diag_indices_from, np.einsum_path)
)
"""Functions that Dask lacks and that look at shapes and dtypes alone."""


def by_values(function: Any) -> bool:
    """Whether a function of a Dask array is refused, for it would be computed at once."""
    return function in _BY_VALUES


def refuse_values(function: Any, arguments: Iterable[Any]) -> None:
    """Refuse a function that looks at values, before it does.

    Raises:
        UnsupportedError: a Dask array, recorded or not, is among the arguments, in lists and tuples too.
    """
    for argument in arguments:
        if isinstance(argument, (list, tuple)):
            refuse_values(function, argument)
        elif hasattr(getattr(argument, "value", argument), "chunks"):
            raise _computing(function)


def known_to_dask(function: Any, arguments: Sequence[Any]) -> Sequence[Any]:
    """The arguments that a function is called with, so that Dask computes none of them for it.

    A function that reads shapes and dtypes gets arrays without memory in place of Dask's.

    Raises:
        UnsupportedError: Dask has no such function, and would compute its arguments.
    """
    if isinstance(function, np.ufunc) or all(type(argument) is np.ndarray for argument in arguments):
        return arguments
    if function in _BY_SHAPES:
        return [_without_memory(argument) if hasattr(argument, "chunks") else argument for argument in arguments]
    if not _has(function):
        refuse_values(function, arguments)
    return arguments


def _without_memory(x: Any) -> Any:
    return np.broadcast_to(np.zeros((), x.dtype), shape_of(x))


def _has(function: Any) -> bool:
    """Whether Dask finds a function of its own where NumPy dispatches this one: by its name, in the same module."""
    found: Any = sys.modules.get("dask.array")
    for name in (*function.__module__.split(".")[1:], function.__name__):
        found = getattr(found, name, None)
    return found not in (None, function) or function in (np.shape, np.ndim, np.iscomplexobj)


def _computing(function: Any) -> UnsupportedError:
    name = function.__name__.removeprefix("_")
    return UnsupportedError(
        f"{name} is no function of Dask's that stays lazy: it would compute the whole argument; say x.compute() where "
        "that is meant, or write it with functions that Dask has"
    )


def require_lazy(value: Any, arguments: Sequence[Any], function: Any) -> None:
    """Refuse the result of a function of the engine that computed its arguments at once.

    It is the net under `refuse_values`, which asks before.

    Raises:
        UnsupportedError: an argument is a Dask array, and the result is none.
    """
    if hasattr(function, "may_compute") or hasattr(value, "chunks"):
        return
    if any(hasattr(argument, "chunks") for argument in arguments):
        raise _computing(function)


def refuse(array: Any, name: str = "") -> None:
    """Refuse a recorded array that Dask is about to take the values of; ``name`` is the function, where it is known.

    Raises:
        LostDerivativeError: a tape or a direction records the array.
    """
    if array._is_asked():
        name = name or _asked()
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
    one_chunk = f"{RECHUNK}, and " if "chunk" in said else ""  # of what Dask lacks altogether it would help nothing
    return UnsupportedError(
        f"Dask cannot do this operation of a recorded array: {said[:200]}; {one_chunk}x.compute() makes a NumPy array"
    )
