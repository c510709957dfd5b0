"""The current backend of this context (thread, task): by `use_backend`, or while an operator runs a function."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from autodiff_spec.core.engine import Engine
from autodiff_spec.core.lost import raise_replaced
from autodiff_spec.core.mixed import raise_mixed

CHOSEN: ContextVar[Engine | None] = ContextVar("autodiff_spec_backend", default=None)


class _Numbers(threading.local):
    """Whole numbers from 0 on, of each thread its own."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def __next__(self) -> int:
        return next(self._numbers)


DERIVATIVES = _Numbers()
"""One number for each derivative that a thread asks for: a function that took some itself has used them up."""

_E = TypeVar("_E", bound=Engine)


@contextmanager
def using(engine: _E) -> Iterator[_E]:
    """Make ``engine`` the current backend inside a ``with`` block."""
    token = CHOSEN.set(engine)
    try:
        yield engine
    finally:
        CHOSEN.reset(token)


def run(engine: Engine, f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``f(*args, **kwargs)`` with ``engine`` as the current backend: what operators do with a user's function."""
    token = CHOSEN.set(engine)
    try:
        return f(*args, **kwargs)
    except Exception as error:
        raise_explained(engine, error)
        raise
    finally:
        CHOSEN.reset(token)


def raise_explained(engine: Engine, error: BaseException | None) -> None:
    """Raise, from what a user's function or a tape's block ended with, the error of ours that it stands for."""
    raise_replaced(error)
    raise_mixed(engine, error)
