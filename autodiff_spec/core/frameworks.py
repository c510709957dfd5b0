"""Whose array something is, by the package of its type: no framework is imported to find out."""

from __future__ import annotations

import functools

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
