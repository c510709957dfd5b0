"""The error for a derivative that a conversion would lose, found again where a library put another in its place.

When ``__float__`` raises, NumPy answers ``out[i] = x``, ``fill`` and ``flat`` with an error of its own, and so does
SciPy. Some name ours as the cause, some do not; so the instruction that asked for the number is noted. Where a user's
function or a tape's block ends with such an error, `LostDerivativeError` is raised from it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import ContextVar
from types import CodeType

from autodiff_spec.core.errors import AutodiffError, LostDerivativeError

_ASKED: ContextVar[tuple[CodeType, int, str] | None] = ContextVar("autodiff_spec_lost", default=None)


def lost(message: str, depth: int) -> LostDerivativeError:
    """The error to raise; the instruction that asked is ``depth`` frames above the caller."""
    frame = sys._getframe(depth + 1)
    _ASKED.set((frame.f_code, frame.f_lasti, message))
    return LostDerivativeError(message)


EXPLANATIONS: list[Callable[[Exception], AutodiffError | None]] = []
"""What engines make of errors that a library inside their arrays raised: one of ours with a remedy, or None."""


def raise_replaced(error: BaseException | None) -> None:
    """Raise the error of ours that ``error`` took the place of, if there was one."""
    if isinstance(error, Exception) and not isinstance(error, AutodiffError):
        for explained in filter(None, (explain(error) for explain in EXPLANATIONS)):
            raise explained from error
    asked = _ASKED.get()
    if asked is None or not isinstance(error, Exception) or isinstance(error, AutodiffError):
        return
    if isinstance(error.__cause__, LostDerivativeError) or _place_of(error) == asked[:2]:
        raise LostDerivativeError(asked[2]) from error


def _place_of(error: BaseException) -> tuple[CodeType, int] | None:
    """The instruction that raised ``error``."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return None if trace is None else (trace.tb_frame.f_code, trace.tb_lasti)
