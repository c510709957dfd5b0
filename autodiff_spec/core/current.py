"""The backend that `use_backend` made current in this context (thread, task)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from autodiff_spec.core.engine import Engine

CHOSEN: ContextVar[Engine | None] = ContextVar("autodiff_spec_backend", default=None)

_E = TypeVar("_E", bound=Engine)


@contextmanager
def using(engine: _E) -> Iterator[_E]:
    """Make ``engine`` the current backend inside a ``with`` block."""
    token = CHOSEN.set(engine)
    try:
        yield engine
    finally:
        CHOSEN.reset(token)
