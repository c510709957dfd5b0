"""The parameters of functions, read from their code: rules are declared by the hundred, and `inspect` takes long."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

import numpy as np

REQUIRED = inspect.Parameter.empty
"""The default of a parameter that has none."""


class Parameter(NamedTuple):
    """A parameter of a function: its name, its default, and whether it can be given by name alone."""

    name: str
    default: Any = REQUIRED
    by_name: bool = False


def parameters_of(function: Any) -> list[Parameter]:
    """The parameters of a function in their order, but for those that take any number of arguments."""
    if isinstance(function, np.ufunc):
        return [Parameter(name) for name in "xyz"[: function.nin]]
    function = inspect.unwrap(function)  # NumPy's dispatch to their implementations
    code = getattr(function, "__code__", None)
    if code is None:  # of functions in C
        given = inspect.signature(function).parameters.values()
        return [Parameter(p.name, p.default, p.kind is p.KEYWORD_ONLY) for p in given]
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    defaults, by_name = function.__defaults__ or (), function.__kwdefaults__ or {}
    required = code.co_argcount - len(defaults)
    return [
        *map(Parameter, names[:required]),
        *map(Parameter, names[required : code.co_argcount], defaults),
        *[Parameter(name, by_name.get(name, REQUIRED), True) for name in names[code.co_argcount :]],
    ]


def names_of(function: Any) -> list[str]:
    """The names of these parameters."""
    code = getattr(function, "__code__", None)
    if code is None or hasattr(function, "__wrapped__"):
        return [parameter.name for parameter in parameters_of(function)]
    return list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def positional_of(function: Any) -> list[str]:
    """The names of those that can be given by position, of a function of Python's."""
    code = inspect.unwrap(function).__code__
    return list(code.co_varnames[: code.co_argcount])


def takes_any_keyword(function: Any) -> bool:
    """Whether a function of Python's takes keywords of any name."""
    return bool(inspect.unwrap(function).__code__.co_flags & inspect.CO_VARKEYWORDS)
