"""A backend's array namespace whose functions are logged."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

from autodiff_spec.logged._log import Log

_AT = ("set", "add", "multiply", "min", "max")


class LoggedNamespace:
    """A namespace as another one, with each call logged; constants, dtypes and classes are the other's own.

    Args:
        log: where the calls go.
        inner: the namespace.
        prefix: of the names in the log, ``"linalg."``.
    """

    def __init__(self, log: Log, inner: Any, prefix: str = "") -> None:
        self._log = log
        self._inner = inner
        self._prefix = prefix

    def __repr__(self) -> str:
        return f"<logged {self._prefix.rstrip('.') or 'namespace'} of {self._log.backend.name}>"

    def __dir__(self) -> list[str]:
        return dir(self._inner)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if isinstance(found, (ModuleType, SimpleNamespace)):
            wrapped: Any = LoggedNamespace(self._log, found, f"{self._prefix}{name}.")
        elif name == "at":
            wrapped = functools.partial(LoggedAt, self._log, found)
        elif callable(found) and not isinstance(found, type) and not name.startswith("_"):
            wrapped = _logging(self._log, f"{self._prefix}{name}", found)
        else:
            return found
        self.__dict__[name] = wrapped
        return wrapped


class LoggedAt:
    """``at(x, index)``: its functional updates are operations of the log."""

    def __init__(self, log: Log, at: Callable[..., Any], x: Any, index: Any) -> None:
        self._log, self._at, self._x, self._index = log, at, x, index

    def __getattr__(self, name: str) -> Any:
        if name not in _AT:
            raise AttributeError(f"at(x, index) has {', '.join(_AT)}; not {name!r}")

        def update(x: Any, index: Any, value: Any) -> Any:
            return getattr(self._at(x, index), name)(value)

        return lambda value: self._log.call(f"at.{name}", update, self._x, self._index, value)


def _logging(log: Log, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def logged(*args: Any, **kwargs: Any) -> Any:
        return log.call(name, function, *args, **kwargs)

    return logged


def lifted(log: Log, function: Callable[..., Any], native: Callable[..., Any]) -> Callable[..., Any]:
    """A native function as one operation of the log, under its own name."""
    name = getattr(function, "__name__", "function")
    return functools.wraps(function, updated=())(lambda *args, **kwargs: log.call(name, native, *args, **kwargs))
