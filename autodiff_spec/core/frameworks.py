"""Whose array something is, by the package of its type, and what Keras wraps: nothing is imported to find out."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from autodiff_spec.core.errors import BackendMismatchError, UnsupportedError, named_type

_OF_PACKAGE = {
    "torch": "torch", "autodiff_torch": "torch",
    "tensorflow": "tensorflow", "autodiff_tensorflow": "tensorflow",
    "jax": "jax", "jaxlib": "jax", "autodiff_jax": "jax",
    "autodiff_numpy": "numpy",
}  # fmt: skip


@functools.lru_cache(maxsize=1024)
def framework_of(kind: type) -> str | None:
    """The built-in backend whose framework defines a type, or a class above it; ``None`` for everything else.

    Examples:
        >>> framework_of(float) is None
        True
    """
    for base in kind.__mro__:
        found = _OF_PACKAGE.get(base.__module__.partition(".")[0])
        if found is not None:
            return found
    return None


HOLDERS: list[Callable[[Any], str | None]] = []
"""What adapters say to write in place of an object that holds arrays of theirs and is none, or None."""


def require_own(name: str, value: Any, what: object) -> None:
    """Raise `BackendMismatchError` where ``value``, or a part of a list, is an array of another framework.

    What converts one silently would lose its derivative, or read its memory as other numbers. An object that holds
    several arrays, and is none, is an `UnsupportedError`.

    Args:
        name: the backend whose arrays are its own.
        value: anything; what belongs to no framework passes, NumPy's arrays among it.
        what: names the value in the message.

    Examples:
        >>> require_own("numpy", [1.0, 2.0], "the value of asarray()")
    """
    kinds = set(map(type, value)) if type(value) in (list, tuple) else ()
    for kind in kinds:
        if kind in (list, tuple) or framework_of(kind) is not None:
            for part in value:
                require_own(name, part, what)
            return
    framework = framework_of(value.__class__)
    if framework is not None:
        for remedy in filter(None, (holder(value) for holder in HOLDERS)):
            raise UnsupportedError(f"{what} is {named_type(value)}, {remedy}")
    if framework not in (None, name):
        raise BackendMismatchError(
            f"{what} is an array of {framework} ({type(value).__name__}), and the backend asked is {name!r}; "
            "call the operators, or open the tape, of autodiff_spec.backend_of(that array), or pass its to_numpy()"
        )


def array_of(x: Any) -> Any:
    """The array that a variable of Keras holds here and now, on whichever backend Keras has; anything else as it is.

    Examples:
        >>> array_of(1.0)
        1.0
    """
    return x.value if is_of_keras(x) else x


def is_of_keras(x: Any) -> bool:
    """Whether ``x`` is a variable of Keras, which no process has that did not import it."""
    return isinstance(x, getattr(sys.modules.get("keras"), "Variable", ()))
