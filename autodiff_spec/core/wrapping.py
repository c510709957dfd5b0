"""What an operator returns has the name, the text and the signature of the function that it was given."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

_F = TypeVar("_F", bound=Callable[..., Any])
_BUT_THE_NAME = tuple(name for name in functools.WRAPPER_ASSIGNMENTS if name != "__name__")


def wraps(f: Callable[..., Any]) -> Callable[[_F], _F]:
    """A decorator as `functools.wraps`, but for the attributes of ``f``, and for its name where it is a lambda.

    AutoGraph takes each function that is called ``<lambda>`` for one, and looks for its text where the wrapper stands.

    Examples:
        >>> @wraps(lambda x: 2 * x)
        ... def doubled(*args):
        ...     return 0
        >>> doubled.__name__
        'doubled'
    """
    is_lambda = getattr(f, "__name__", "") == "<lambda>"
    names = _BUT_THE_NAME if is_lambda else functools.WRAPPER_ASSIGNMENTS
    return cast(Callable[[_F], _F], functools.wraps(f, names, updated=()))
