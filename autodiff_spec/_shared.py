"""What backends share, for they may not import each other: limits of dtypes, set functions, indices, namespaces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from autodiff_spec.core.errors import DtypeError, missing_hook


@dataclass(frozen=True)
class FloatLimits:
    """The limits of a floating dtype, as Python numbers (NumPy's, for ``longdouble``)."""

    bits: int
    eps: Any
    max: Any
    min: Any
    smallest_normal: Any
    dtype: Any

    @property
    def tiny(self) -> Any:
        """NumPy's name for ``smallest_normal``."""
        return self.smallest_normal


@dataclass(frozen=True)
class IntegerLimits:
    """The limits of an integer dtype, as Python integers."""

    bits: int
    max: int
    min: int
    dtype: Any


class UniqueAll(NamedTuple):
    """The result of `unique_all`."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCounts(NamedTuple):
    """The result of `unique_counts`."""

    values: Any
    counts: Any


class UniqueInverse(NamedTuple):
    """The result of `unique_inverse`."""

    values: Any
    inverse_indices: Any


def shorter_forms(
    unique_all: Callable[[Any], UniqueAll],
) -> tuple[Callable[[Any], UniqueCounts], Callable[[Any], UniqueInverse], Callable[[Any], Any]]:
    """``unique_counts``, ``unique_inverse`` and ``unique_values``: each a part of what ``unique_all`` returns.

    Args:
        unique_all: a namespace's own; the elements come in its order, and each NaN is distinct if it is there.
    """

    def unique_counts(x: Any, /) -> UniqueCounts:
        """The distinct elements, and how often each occurs."""
        found = unique_all(x)
        return UniqueCounts(found.values, found.counts)

    def unique_inverse(x: Any, /) -> UniqueInverse:
        """The distinct elements, and which of them each element of ``x`` is."""
        found = unique_all(x)
        return UniqueInverse(found.values, found.inverse_indices)

    def unique_values(x: Any, /) -> Any:
        """The distinct elements."""
        return unique_all(x).values

    return unique_counts, unique_inverse, unique_values


def occurrences(places: Any) -> Any:
    """For each of some integers, a flat NumPy array, how often it has occurred before.

    Examples:
        >>> import numpy as np
        >>> occurrences(np.array([7, 3, 7, 7]))
        array([0, 0, 1, 2])
    """
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    first = np.searchsorted(ordered, ordered)
    found = np.empty_like(order)
    found[order] = np.arange(len(order)) - first
    return found


def require_integers(x: Any) -> Any:
    """``x``, the argument of ``one_hot``, if its dtype is an integer one.

    Raises:
        DtypeError: it is not.
    """
    if "int" not in str(getattr(x, "dtype", "")):
        found = getattr(x, "dtype", type(x).__name__)
        raise DtypeError(
            f"one_hot() takes an array of class numbers, of an integer dtype, not {found}; "
            "cast it: xp.astype(x, xp.int64)"
        )
    return x


class IndexedUpdate:
    """``at(x, idx).set(values)``: a new array like ``x``; also ``add``, ``multiply``, ``min`` and ``max``.

    Values broadcast, and are cast to the dtype of ``x``. An index that occurs twice is added (multiplied, …) twice; for
    ``set`` which value stays is unspecified. A backend implements ``_updated``.

    Args:
        x: an array.
        idx: an index: integers, slices, ``None``, ``...``, a boolean or integer array, or a tuple of these.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> be.extra.at(be.asarray([1.0, 2.0, 3.0]), [0, 0, 2]).add(10.0)
        array([21.,  2., 13.])
    """

    def __init__(self, x: Any, idx: Any, /) -> None:
        self._x, self._idx = x, idx

    def set(self, values: Any, /) -> Any:
        """The array with the values in place of the elements."""
        return self._updated("set", values)

    def add(self, values: Any, /) -> Any:
        """The array with the values added to the elements."""
        return self._updated("add", values)

    def multiply(self, values: Any, /) -> Any:
        """The array with the elements multiplied by the values."""
        return self._updated("multiply", values)

    def min(self, values: Any, /) -> Any:
        """The array with the smaller of each element and its value."""
        return self._updated("min", values)

    def max(self, values: Any, /) -> Any:
        """The array with the larger of each element and its value."""
        return self._updated("max", values)

    def _updated(self, how: str, values: Any) -> Any:
        raise missing_hook(self, "_updated")


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

    Examples:
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
