"""Arrays in parts on NumPy, for the clauses of chapter DIST: Dask's, on whatever scheduler there is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import cloudpickle
import dask
import numpy as np
from dask import array as da

from autodiff_numpy._array import plain
from autodiff_spec import ComputationError

Function = Callable[[Any], Any]

OWN: dict[str, Function] = {
    "rechunk": lambda x: x.rechunk((2, 1)),
    "persist": lambda x: x.persist(),
    "compute": lambda x: x.compute(),
    "da.asarray": da.asarray,
    "da.concatenate": lambda x: da.concatenate([x]),
    "da.where": lambda x: da.where(True, x, x),
    "da.einsum": lambda x: da.einsum("ij->ij", x),
    "da.clip": lambda x: da.clip(x, -100.0, 100.0),
    "da.stack": lambda x: da.stack([x])[0],
    "da.dot": lambda x: da.dot(x, np.eye(2)),
    "da.tensordot": lambda x: da.tensordot(x, np.eye(2), 1),
    "da.map_blocks": lambda x: da.map_blocks(np.positive, x, dtype=x.dtype),
    "da.blockwise": lambda x: da.blockwise(np.positive, "ij", x, "ij", dtype=x.dtype),
    "da.apply_gufunc": lambda x: da.apply_gufunc(np.positive, "()->()", x, output_dtypes=x.dtype),
}
UNKNOWN: dict[str, Function] = {"elements by their values": lambda x: x[x > 0.0]}


def _fail(block: Any) -> Any:
    raise OSError("the worker is gone")


GONE: dict[str, Function] = {"a block that fails": lambda x: x.map_blocks(_fail, meta=np.empty((0, 0)))}


def spread(array: Any, axis: int = 0) -> Any:
    """A Dask array of two chunks along an axis."""
    value = plain(array)
    return da.from_array(value, chunks=[size // 2 if i == axis else size for i, size in enumerate(value.shape)])


def whole(array: Any) -> Any:
    """The array as it is, which Dask cuts as it cuts what it meets."""
    return array


def ones(size: int) -> Any:
    """Ones that workers make, in two chunks."""
    return da.ones(size, chunks=size // 2)


def placement(array: Any) -> object:
    """The chunks; None of a NumPy array."""
    return getattr(plain(array), "chunks", None)


def held(array: Any) -> int:
    """The bytes of the graph, which is all that the client holds and sends."""
    value = plain(array)
    return len(cloudpickle.dumps(dict(value.dask))) if hasattr(value, "dask") else int(value.nbytes)


def untouched() -> AbstractContextManager[None]:
    """A context in which nothing lazy may be computed."""

    def refuse(graph: Any, keys: Any, **_: Any) -> Any:
        raise ComputationError("a lazy array was computed")

    found: AbstractContextManager[None] = dask.config.set(scheduler=refuse)
    return found
