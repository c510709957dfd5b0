"""The tables that recorded arrays look functions up in, and the state of a context; the rules fill the tables."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from autodiff_spec.recording.nodes import Recorder

RECORDER = Recorder("autodiff_numpy_open_tapes")

TRACE: ContextVar[Any] = ContextVar("autodiff_numpy_trace", default=None)
"""The trace that `prepare` writes in this context; it has to know which variables are read."""

VALUES = SimpleNamespace()
"""NumPy's functions, on values: what rules call in a first derivative."""

TRACKED = SimpleNamespace()
"""The same names on recorded arrays: what rules call under an outer tape, and what `autodiff_numpy.xp` offers."""

UFUNCS: dict[Any, Callable[..., Any]] = {}
"""NumPy's ufuncs, and the recording function for each: `Array.__array_ufunc__` looks here."""

UFUNC_METHODS: dict[tuple[Any, str], Callable[..., Any]] = {}
"""Reductions and running reductions by a ufunc, ``(np.add, "reduce")``, and the recording function for each."""

FUNCTIONS: dict[Any, Callable[..., Any]] = {}
"""NumPy's other functions, likewise: `Array.__array_function__` looks here."""

LATE: dict[str, Callable[[], Any]] = {}
"""By the name of a library, what loads the rules of its ufuncs: not before one of them is met."""
