"""How a function was called: its keyword arguments and its axes, by its signature in the standard."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff_spec.core import beyond, namespace

Features = Mapping[str, tuple[str, ...]]

AXES = ("axis", "axes")
PROTOCOLS: dict[str, tuple[type, ...]] = {
    "": (namespace.Namespace, beyond.Extra),
    "linalg": (namespace.Linalg,),
    "fft": (namespace.Fft,),
}
PLACING = ("device", "copy", "out", "stable")
"""Parameters that choose no derivative."""


@functools.cache
def signature(function: str) -> inspect.Signature | None:
    """The signature of a function of the standard or beyond it, without ``self``; None where there is none."""
    folder, _, name = function.rpartition(".")
    for protocol in PROTOCOLS.get(folder, ()):
        if name in vars(protocol):
            found = inspect.signature(vars(protocol)[name])
            return found.replace(parameters=list(found.parameters.values())[1:])
    return None


def keywords_of(parameters: inspect.Signature) -> list[inspect.Parameter]:
    """The optional parameters that choose what is computed, those for axes left out."""
    optional = [one for one in parameters.parameters.values() if one.default is not inspect.Parameter.empty]
    return [one for one in optional if one.name not in (*AXES, *PLACING)]


@dataclass(frozen=True)
class Given:
    """One call: the function's name, and for each dimension of its arguments what of it was given."""

    function: str
    features: Features


def given(function: str, parameters: inspect.Signature, args: tuple[Any, ...], keywords: Mapping[str, Any]) -> Given:
    """A call as it is told apart from others; parameters that were left out have their defaults."""
    bound = parameters.bind(*args, **keywords)
    bound.apply_defaults()
    first = next(iter(bound.arguments.values()), None)
    first = first[0] if isinstance(first, (tuple, list)) and first else first
    rank = len(getattr(first, "shape", ()))
    names = [one.name for one in keywords_of(parameters)]
    keywords_given = {f"{name}=": (_value(bound.arguments[name]),) for name in names}
    axes = [tuple(_axis(bound.arguments[name], rank)) for name in AXES if name in bound.arguments]
    return Given(function, keywords_given | ({"axis": axes[0]} if axes else {}))


def _axis(axis: Any, rank: int) -> Iterator[str]:
    """The kinds of an axis: where it is among ``rank``, how it is written, whether there are several."""
    if axis is None:
        yield "all"
    elif isinstance(axis, (tuple, list)):
        yield "several"
        if list(axis) != sorted(axis, key=lambda one: one if isinstance(one, int) else 0):
            yield "several, falling"
    elif isinstance(axis, (int, np.integer)):
        place = int(axis) % rank if rank else 0
        yield "first" if place == 0 else "last" if place == rank - 1 else "middle"
        if axis < 0:
            yield "negative"


def _value(value: Any) -> str:
    """A keyword's value as it is printed: numbers and words by themselves, all else by its kind."""
    if value is None or isinstance(value, (bool, int, float, complex, str)):
        return repr(value)
    if hasattr(value, "shape"):
        return "an array"
    return "a tuple" if isinstance(value, (tuple, list)) else "a dtype"
