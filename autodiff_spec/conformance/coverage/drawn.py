"""What the tests of functions draw, noted while they run if anybody is listening."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec.conformance.coverage.signatures import Features, Given, given, signature


@dataclass(frozen=True)
class Drawn:
    """One derivative of one call.

    Attributes:
        function: the function that was called, ``"linalg.qr"``.
        features: for each dimension of the input (``"dtype"``, ``"layout"``, …) what of it this call drew.
    """

    function: str
    features: tuple[tuple[str, tuple[str, ...]], ...]


_NOTED: ContextVar[set[Drawn] | None] = ContextVar("autodiff_spec_drawn", default=None)


@contextmanager
def noted(sink: set[Drawn]) -> Iterator[None]:
    """Add to ``sink`` what is drawn inside the block."""
    token = _NOTED.set(sink)
    try:
        yield
    finally:
        _NOTED.reset(token)


def listening() -> bool:
    """Whether what is drawn is noted."""
    return _NOTED.get() is not None


def write(found: Iterable[Drawn], path: Path) -> None:
    """Write what was drawn as JSON, an object for each different call."""
    data = [{"function": one.function, **dict(one.features)} for one in sorted(found, key=repr)]
    path.write_text(json.dumps(data, indent=0) + "\n", "utf-8")


def read(path: Path) -> list[Drawn]:
    """The calls that a file of `write` holds."""
    return [
        Drawn(one.pop("function"), tuple((dimension, tuple(values)) for dimension, values in one.items()))
        for one in json.loads(path.read_text("utf-8"))
    ]


def note(
    function: str, mode: str, dtype: str, sources: Sequence[Any], cotangents: Sequence[Any], calls: Sequence[Given]
) -> None:
    """Add a derivative to what is drawn, if anybody is listening.

    Args:
        function: the row.
        mode: ``"pullback"``, ``"pushforward"`` or ``"second"``.
        dtype: what is computed in.
        sources: the arrays by which it is differentiated.
        cotangents: what is pulled back; nothing in forward mode.
        calls: what the program called, from `Watched`. A row that is named after no function counts for all of these.
    """
    sink = _NOTED.get()
    if sink is None:
        return
    arrays = list(map(np.asarray, sources))
    kinds = {"float32": "complex64", "float64": "complex128"}
    complex_ = any(array.dtype.kind == "c" for array in arrays)
    features: Features = {
        "mode": (mode,),
        "dtype": (kinds.get(dtype, dtype) if complex_ else dtype,),
        "layout": _all(layouts, arrays),
        "cotangent": _all(layouts, list(map(np.asarray, cotangents))),
        "shape": _all(shapes, arrays),
        "magnitude": _all(magnitudes, arrays),
    }
    named = signature(function) is not None
    for one in calls:
        if one.function == function or not named:
            sink.add(Drawn(one.function, tuple(sorted({**features, **one.features}.items()))))


def _all(feature: Callable[[NDArray[Any]], Iterator[str]], arrays: Sequence[NDArray[Any]]) -> tuple[str, ...]:
    return tuple(sorted({found for array in arrays for found in feature(array)}))


def layouts(array: NDArray[Any]) -> Iterator[str]:
    """How an array of at least two elements lies in memory."""
    steps = [step for step, size in zip(array.strides, array.shape, strict=True) if size > 1]
    if array.size < 2:
        return
    if 0 in steps:
        yield "broadcast"
    elif min(steps) < 0:
        yield "reversed"
    elif array.flags.c_contiguous:
        yield "C order"
    else:
        yield "Fortran order" if array.flags.f_contiguous else "gaps"


def shapes(array: NDArray[Any]) -> Iterator[str]:
    """How many axes and elements an array has."""
    yield f"{array.ndim}-d"
    if array.size == 0:
        yield "empty"
    if array.size > 16:
        yield "more than 16"


def magnitudes(array: NDArray[Any]) -> Iterator[str]:
    """The regions of its dtype's numbers that an array's elements lie in; of complex ones their parts."""
    parts = np.concatenate([array.real.ravel(), array.imag.ravel()]) if array.dtype.kind == "c" else array.ravel()
    if parts.dtype.kind != "f" or parts.size == 0:
        return
    limits, sizes = np.finfo(parts.dtype), np.abs(parts[np.isfinite(parts) & (parts != 0)].astype(np.float64))
    low, high = float(limits.smallest_normal) ** 0.5, float(limits.max) ** 0.5
    regions = {"tiny": (0, 2 * low), "small": (2 * low, 2.0**-6), "ordinary": (2.0**-6, 2.0**6)}
    regions |= {"large": (2.0**6, high / 2), "huge": (high / 2, np.inf)}
    for name, (least, below) in regions.items():
        if np.any((sizes >= least) & (sizes < below)):
            yield name
    if np.any(parts == 0):
        yield "zero"
    within = sizes[(sizes > 2.0**-100) & (sizes < 2.0**100)]  # of what float32 can hold
    if parts.dtype == np.float64 and np.any(within.astype(np.float32) != within):
        yield "off float32's grid"


class Watched:
    """A namespace whose calls are noted.

    Args:
        namespace: the backend's, or its ``linalg`` or ``fft``.
        calls: where to note them.
        folder: ``"linalg."`` or ``"fft."``, where it is one.
    """

    def __init__(self, namespace: Any, calls: list[Given], folder: str = "") -> None:
        self._namespace, self._calls, self._folder = namespace, calls, folder

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._namespace, name)
        if not self._folder and name in ("linalg", "fft"):
            return Watched(found, self._calls, f"{name}.")
        if (parameters := signature(function := self._folder + name)) is None:
            return found

        def noting(*args: Any, **keywords: Any) -> Any:
            value = found(*args, **keywords)
            self._calls.append(given(function, parameters, args, keywords))
            return value

        return noting
