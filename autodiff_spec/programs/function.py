"""A user's function for the tools that run it: its arguments as NumPy arrays, and the names of its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff_spec._discovery import backend
from autodiff_spec.core import trees


def plain_arguments(args: Sequence[Any], dtype: str | None) -> tuple[Any, ...]:
    """Arguments as trees of NumPy arrays, which every backend can copy."""

    def plain(leaf: Any) -> Any:
        array = np.array(_detached(leaf))
        return array.astype(dtype) if dtype is not None and array.dtype.kind in "fc" else array

    return tuple(plain(arg) if _numbers(arg) else trees.map_leaves(plain, arg) for arg in args)


def _numbers(arg: Any) -> bool:
    """Whether an argument is a nested list of numbers, which stands for one array."""
    if isinstance(arg, list):
        return bool(arg) and all(isinstance(part, (int, float)) or _numbers(part) for part in arg)
    return False


def _detached(leaf: Any) -> Any:
    """An array of a framework as NumPy's, its derivative left behind."""
    try:
        return np.asarray(leaf)
    except (TypeError, RuntimeError):  # recorded: it refuses to lose its derivative silently
        return backend().to_numpy(leaf.detach() if hasattr(leaf, "detach") else leaf)


def argument_names(f: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the positional parameters of a function."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))
