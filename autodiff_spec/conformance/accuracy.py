"""How far results are from the truth, in units in the last place of the result's scale, noted while a test runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from autodiff_spec.report import Errors

_NOTED: ContextVar[list[Errors] | None] = ContextVar("autodiff_spec_errors", default=None)


@contextmanager
def noted() -> Iterator[list[Errors]]:
    """The errors that are measured inside the block."""
    found: list[Errors] = []
    token = _NOTED.set(found)
    try:
        yield found
    finally:
        _NOTED.reset(token)


def note(errors: Errors) -> None:
    """Add to what is measured, if anybody is listening."""
    sink = _NOTED.get()
    if sink is not None and errors.ulps:
        sink.append(errors)
