"""A namespace like another one, with some of its functions in a version of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any


def overlaid(base: ModuleType, name: str, functions: Mapping[str, Any]) -> ModuleType:
    """The namespace ``base`` with other ``functions`` under some of its names; the rest are the very same objects.

    Args:
        base: a namespace that lists its public names in ``__all__``.
        name: what the new one is called.
        functions: by their names in ``base``; for ``linalg`` and ``fft`` a namespace.

    Returns:
        A module, which is not importable by its name.

    Raises:
        ValueError: ``base`` has no such name, so that nobody would find the function.

    Example:
        >>> from types import ModuleType
        >>> base = ModuleType("base")
        >>> base.__dict__.update(zero=0.0, one=1.0, __all__=["one", "zero"])
        >>> changed = overlaid(base, "changed", {"one": 1.5})
        >>> changed.one, changed.zero
        (1.5, 0.0)
    """
    unknown = sorted(set(functions) - set(base.__all__))
    if unknown:
        raise ValueError(f"{base.__name__} has no {', '.join(unknown)}; replace what it has")
    found = ModuleType(name, base.__doc__)
    vars(found).update({each: getattr(base, each) for each in base.__all__} | dict(functions))
    vars(found)["__all__"] = list(base.__all__)
    return found
