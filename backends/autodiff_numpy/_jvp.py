"""How a rule gets its ``jvp``: ``lambda xp, t, <residuals>: …``, from the tangent of one argument to the result's.

Most rules need not write one:

- **elementwise** functions are multiplied by their slope in both directions, so ``vjp`` is ``jvp`` too. What a pullback
  sums over, broadcasting repeats: `broadcast_tangent` in place of `unbroadcast`. NumPy's ufuncs have it untold.
- **linear** functions are their own derivative: the function itself, with the tangent in the place of its argument.
  Of several arguments that is done for each, which is the product rule.
- **any other** function writes a line. Without one ``vjp`` is transposed (`_pullback.transposed`): right always, and at
  about three times the cost.

A ``jvp`` may name what its ``vjp`` names, and besides only what can be kept without an array (shapes, dtypes, axes):
both use the same slopes, and a recording keeps nothing for a mode that is not used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autodiff_numpy._options import UNRECORDED
from autodiff_numpy._parameters import REQUIRED, names_of, parameters_of

elementwise = "elementwise"
linear = "linear"


class Jvp(NamedTuple):
    """A function from an argument's tangent to the result's, and the names of its residuals."""

    function: Callable[..., Any]
    names: tuple[str, ...]


def given_jvp(jvp: Any, vjps: tuple[Any, ...], argnum: int, function: Any, name: str) -> Jvp | None:
    """The `Jvp` of argument ``argnum`` of a rule for ``function``, which rules call ``name``."""
    if isinstance(jvp, tuple):
        jvp = jvp[argnum]
    if jvp is None and isinstance(function, np.ufunc) and function.signature is None:
        jvp = elementwise
    if jvp is None:
        return None
    vjp = vjps[argnum]
    if jvp is elementwise:
        return _written(vjp)
    parameters = _parameters(function)
    found = _itself(parameters, argnum, name) if jvp is linear else _written(jvp)
    kept = {*found.names} - {*_written(vjp).names}
    if arrays := kept & {"ans", *list(parameters)[: len(vjps)]}:
        raise TypeError(f"the jvp of {name} asks for {', '.join(arrays)}, which its vjp does not keep")
    return found


def _parameters(function: Any) -> dict[str, bool]:
    """The names of a function's parameters, and whether each is required."""
    return {p.name: p.default is REQUIRED for p in parameters_of(function)}


def _written(function: Callable[..., Any]) -> Jvp:
    return Jvp(function, tuple(names_of(function)[2:]))


def _itself(parameters: dict[str, bool], argnum: int, name: str) -> Jvp:
    """The function itself, as one of its argument ``argnum``: required arguments by position, others by name."""
    others = [key for i, (key, required) in enumerate(parameters.items()) if required and i != argnum]
    optional = [key for key, required in parameters.items() if not required and key not in UNRECORDED]

    def jvp(xp: Any, t: Any, *residuals: Any) -> Any:
        positional, given = list(residuals[: len(others)]), residuals[len(others) :]
        positional.insert(argnum, t)
        keywords = {key: value for key, value in zip(optional, given, strict=True) if value is not None}
        return getattr(xp, name)(*positional, **keywords)

    return Jvp(jvp, (*others, *optional))


def broadcast_tangent(xp: Any, t: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """A tangent broadcast as its array was, and cast: the one place where that is done."""
    if t.dtype != dtype:
        if t.dtype.kind == "c" and np.dtype(dtype).kind != "c":
            t = xp.real(t)
        t = xp.astype(t, dtype)
    return t if t.shape == shape else xp.broadcast_to(t, shape)
