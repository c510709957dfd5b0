"""Which backend: by name, by entry point, by ``module:attribute``, by ``$AUTODIFF_SPEC_BACKEND``."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import threading
from contextlib import AbstractContextManager
from types import FunctionType
from typing import Any, NamedTuple, cast

import numpy as np

from autodiff_spec._backend import Backend
from autodiff_spec.core.current import CHOSEN, using
from autodiff_spec.core.errors import BackendMismatchError, BackendNotFoundError, BackendNotInstalledError, named_type
from autodiff_spec.core.frameworks import framework_of
from autodiff_spec.core.installation import installation
from autodiff_spec.core.trees import flatten

BACKEND_VARIABLE = "AUTODIFF_SPEC_BACKEND"
CONVENTIONS_VARIABLE = "AUTODIFF_SPEC_CONVENTIONS"
ENTRY_POINTS = "autodiff_spec.backends"
CONVENTIONS = ("native", "spec")


class _BuiltIn(NamedTuple):
    module: str
    framework: str


_BUILT_IN = {
    "numpy": _BuiltIn("autodiff_numpy", "numpy"),
    "torch": _BuiltIn("autodiff_torch", "torch"),
    "tensorflow": _BuiltIn("autodiff_tensorflow", "tensorflow"),
    "jax": _BuiltIn("autodiff_jax", "jax"),
}
_CONTAINERS = (tuple, list, dict)
_ANYBODYS = frozenset((float, int, complex, bool, str, bytes, type(None), np.ndarray, FunctionType))
_loaded: dict[tuple[str, str], Backend] = {}  # a registry: one backend object per name and flavour
_loading = threading.RLock()


def backend(name: str | None = None, conventions: str | None = None) -> Backend:
    """The current backend, or the one called ``name``, loaded and not made current.

    Args:
        name: ``"numpy"``, ``"torch"``, ``"tensorflow"``, ``"jax"``, the name of an entry point of the group
            ``autodiff_spec.backends``, or ``"package.module:attribute"``. Without it the innermost `use_backend`
            counts, then ``$AUTODIFF_SPEC_BACKEND``, then ``"numpy"``.
        conventions: ``"native"`` or ``"spec"``; by default ``$AUTODIFF_SPEC_CONVENTIONS``, else ``"native"``.

    Returns:
        The backend; the same object each time.

    Raises:
        BackendNotFoundError: no such name.
        BackendNotInstalledError: its framework is missing; the message says how to install it.

    Examples:
        >>> import autodiff_spec as ad
        >>> ad.backend("numpy").name
        'numpy'
    """
    if name is not None and not isinstance(name, str):
        raise TypeError(
            f"backend() takes the name of one, not {named_type(name)}; for the backend of an array write backend_of(x)"
        )
    if name is None and conventions is None:
        chosen = CHOSEN.get()
        if chosen is not None:
            return cast(Backend, chosen)
    name = name or os.environ.get(BACKEND_VARIABLE) or "numpy"
    conventions = conventions or os.environ.get(CONVENTIONS_VARIABLE) or "native"
    found = _loaded.get((name, conventions))
    if found is None:
        if conventions not in CONVENTIONS:
            raise ValueError(f"conventions={conventions!r}; choose one of {', '.join(CONVENTIONS)}")
        with _loading:
            found = _loaded.get((name, conventions)) or _load(name, conventions)
            _loaded[name, conventions] = found
    return found


def backend_of(*trees: Any) -> Backend:
    """The backend whose arrays are among the leaves of ``trees``; without any, the current one.

    NumPy arrays and Python numbers belong to the current backend, which converts them. A type is recognised by its
    package, so no framework is imported.

    Args:
        trees: arrays, plain or recorded, variables, and trees of them; leaves of other kinds are passed over.

    Returns:
        The current backend where it has such arrays itself, else the built-in one of that framework, in the current
        one's flavour.

    Raises:
        BackendMismatchError: two frameworks meet; the message names both.
        TypeError: the name of a backend is given in place of arrays.

    Examples:
        >>> import autodiff_spec as ad
        >>> with ad.use_backend("numpy"):
        ...     ad.backend_of(3.0, {"w": ad.variable([1.0])}).name
        'numpy'
    """
    current = backend()
    if len(trees) == 1 and type(trees[0]) is str and trees[0] in _BUILT_IN:
        raise TypeError(f"{trees[0]!r} is the name of a backend, and no array; write backend({trees[0]!r})")
    found: Backend | None = None
    for tree in trees:
        leaves = (tree,) if type(tree) not in _CONTAINERS and current.is_array(tree) else flatten(tree)[0]
        for leaf in leaves:
            owner = None if type(leaf) in _ANYBODYS else _owner(current, leaf)
            if owner is None or owner is found:
                continue
            if found is not None:
                raise BackendMismatchError(
                    f"arrays of two backends meet in one call: {found.name!r} and {owner.name!r}; convert those of one "
                    "of them, for example by to_numpy()"
                )
            found = owner
    return found or current


Backend._backend_of = staticmethod(backend_of)  # host() needs it, which stands below


def _owner(current: Backend, leaf: Any) -> Backend | None:
    """The backend that an array belongs to; ``None`` for what is no array."""
    if current.is_array(leaf):
        return current
    if isinstance(leaf, (np.ndarray, np.generic)):
        return None
    name = framework_of(leaf.__class__)
    if name is not None:
        named = backend(name, current.conventions)
        return named if named.is_array(leaf) else None
    return next((other for other in list(_loaded.values()) if other.is_array(leaf)), None)


def use_backend(name: str | Backend, conventions: str | None = None) -> AbstractContextManager[Backend]:
    """Make a backend the current one inside a ``with`` block, in this context (thread, task) only.

    Args:
        name: a `Backend`, or the name of one, as ``"torch"``.
        conventions: ``"native"`` or ``"spec"``; by default ``$AUTODIFF_SPEC_CONVENTIONS``, else ``"native"``.

    Raises:
        BackendNotFoundError: no such name.
        BackendNotInstalledError: its framework is missing; the message says how to install it.

    Examples:
        >>> import autodiff_spec as ad
        >>> with ad.use_backend("numpy") as be:
        ...     ad.backend() is be
        True
    """
    return using(name if isinstance(name, Backend) else backend(name, conventions))


def available_backends() -> tuple[str, ...]:
    """The names of the backends whose framework is installed, found without importing any.

    Examples:
        >>> import autodiff_spec as ad
        >>> "numpy" in ad.available_backends()
        True
    """
    built_in = [name for name, entry in _BUILT_IN.items() if importlib.util.find_spec(entry.framework) is not None]
    return (*built_in, *sorted(set(_entry_points()) - set(_BUILT_IN)))


def _entry_points() -> dict[str, Any]:
    from importlib.metadata import entry_points  # 10 ms that only a search for foreign backends pays

    return {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}


@functools.lru_cache(maxsize=0)  # no cache: AutoGraph converts what a tf.function calls, but for what this decorates
def _load(name: str, conventions: str) -> Backend:
    if name in _BUILT_IN:
        made = _load_built_in(name, _BUILT_IN[name])
    elif ":" in name:
        made = _load_attribute(name)
    else:
        entry = _entry_points().get(name)
        if entry is None:
            raise BackendNotFoundError(
                f"there is no backend called {name!r}; choose one of {', '.join(available_backends())}, "
                "or name one of your own as 'package.module:attribute'"
            )
        made = entry.load()
    made = made(conventions=conventions) if callable(made) else made
    if not isinstance(made, Backend):
        raise BackendNotFoundError(
            f"{name!r} is {named_type(made)}, not a Backend; make it an instance of autodiff_spec.Backend, "
            "or a function that returns one"
        )
    if made.conventions != conventions:
        raise BackendNotFoundError(
            f"the backend {name!r} offers conventions={made.conventions!r} only, not {conventions!r}; "
            "leave out conventions="
        )
    return made


def _load_built_in(name: str, entry: _BuiltIn) -> Any:
    if importlib.util.find_spec(entry.framework) is None:
        raise BackendNotInstalledError(
            f"the backend {name!r} needs {entry.framework}, which is not installed; "
            f"run: {installation(entry.framework)}"
        )
    return importlib.import_module(entry.module).backend


def _load_attribute(name: str) -> Any:
    """``package.module:attribute``; what goes wrong inside that module is its own error, and stays so."""
    module, _, attribute = name.partition(":")
    remedy = "the form is 'package.module:attribute', importable from here"
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if f"{module}.".startswith(f"{error.name}."):
            raise BackendNotFoundError(f"no backend at {name!r}: {error}; {remedy}") from error
        raise
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise BackendNotFoundError(f"no backend at {name!r}: {module} has no attribute {attribute!r}; {remedy}")
        found = getattr(found, part)
    return found
