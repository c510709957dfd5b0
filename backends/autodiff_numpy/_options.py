"""Arguments that say how a function computes, and not of what.

A rule reads them as plain numbers. A recorded array there would count as a constant, and its derivative be lost; so it
is refused. Which parameters these are is known by position, where a rule is of the first ones alone, and by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from autodiff_numpy._array import Array, library_of
from autodiff_numpy._parameters import names_of, positional_of, takes_any_keyword
from autodiff_spec import NotDifferentiableError, UnsupportedError

OPTIONS = frozenset((
    "N", "UPLO", "axes", "axis", "axis1", "axis2", "axisa", "axisb", "axisc", "bias", "casting", "compute_uv", "copy",
    "correction", "ddof", "decimals", "deg", "destination", "device", "dtype", "edge_order", "endpoint", "equal_nan",
    "full_matrices", "hermitian", "include_initial", "increasing", "ind", "indexing", "indices_or_sections", "k",
    "keepdims", "kind", "kth", "method", "minlength", "mode", "n", "new_shape", "norm", "num", "offset",
    "optimize", "ord", "order", "out", "overwrite_input", "pad_width", "rcond", "reflect_type", "repeats", "reps",
    "retstep", "return_counts", "return_index", "return_inverse", "returned", "rowvar", "rtol", "s", "shape", "shift",
    "sorted", "source", "sparse", "stable", "stat_length", "subok", "trim", "upper", "where", "window_shape",
    "writeable",
    "assume_a", "blocksize", "check_finite", "d", "disp", "driver", "eigvals_only", "lower", "overwrite_a",
    "overwrite_b", "subset_by_index", "subset_by_value", "trans", "transposed", "type", "unit_diagonal",
))  # fmt: skip
"""By these names functions of NumPy, and from "assume_a" on of SciPy, take what is no array to differentiate."""

UNRECORDED = frozenset(("out", "where", "initial", "casting", "subok"))
"""Keywords of NumPy's functions that recorded arrays do without."""


def called(function: Any) -> str:
    """A function as a user writes it."""
    module, name = getattr(function, "__module__", None) or "", function.__name__.removeprefix("_")
    if module.startswith("scipy."):
        return f"{'.'.join(module.split('.')[:2])}.{name}"
    if isinstance(function, np.ufunc):
        return f"{library_of(function)}.{name}"
    owner = getattr(function, "__self__", None)  # of np.add.reduce
    within = f".{owner.__name__}" if isinstance(owner, np.ufunc) else module[5:] if module.startswith("numpy.") else ""
    return f"np{within}.{name}"


def refuse_option(function: Any, parameter: str) -> NoReturn:
    """Raise `NotDifferentiableError` for a recorded array where a rule reads a plain number."""
    raise NotDifferentiableError(
        f"{called(function)} has no derivative by {parameter}, and what it was given there is recorded; "
        "give a plain number, to_numpy(x) of a recorded one"
    )


def refuse_unread(function: Any, parameter: str) -> NoReturn:
    """Raise `UnsupportedError` for a keyword that no rule reads."""
    raise UnsupportedError(
        f"{called(function)} of a recorded array takes no {parameter}=; "
        "use the returned value, and xp.where in place of a mask"
    )


def has_derivative(option: Any) -> bool:
    """Whether an option is a recorded array, other than of integers or booleans, which are constants."""
    return isinstance(option, Array) and option.dtype.kind in "fc"


def option_check(function: Any, definition: Callable[..., Any]) -> tuple[int, Callable[..., dict[str, Any]]]:
    """How many leading arguments are arrays, and what refuses options of a call that ``definition`` does not read.

    ``function`` is NumPy's, which the definition stands for. The second returns the keywords that it reads.
    """
    names = positional_of(definition)
    lead = next((i for i, name in enumerate(names) if name in OPTIONS), len(names))
    read = None if takes_any_keyword(definition) else names_of(definition)

    def check(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        for name, arg in zip(names[lead:], args[lead:], strict=False):
            if name in OPTIONS and has_derivative(arg):
                refuse_option(function, name)
        given = {}
        for name, arg in kwargs.items():
            if name in OPTIONS and has_derivative(arg):
                refuse_option(function, name)
            if read is None or name in read:
                given[name] = arg
            elif arg is not None and arg is not np._NoValue:
                refuse_unread(function, name)
        return given

    return lead, check
