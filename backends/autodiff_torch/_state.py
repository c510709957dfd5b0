"""What records in this context: the open tapes, and the `pause` that sets them aside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

import torch

Tapes: TypeAlias = tuple[Any, ...]
"""Several `TorchTape`s, which are not named here because their module reads this state."""

OPEN: ContextVar[Tapes] = ContextVar("autodiff_torch_open", default=())
"""The tapes that record, outermost first; immutable, replaced whole."""

BATCHING: ContextVar[bool] = ContextVar("autodiff_torch_batching", default=False)
"""Whether a function runs on a whole batch, inside `torch.func.vmap`."""

PROBING: ContextVar[bool] = ContextVar("autodiff_torch_probing", default=False)
"""Whether a pullback is recorded only to see what the backward of a function in Python closes over."""

ONES: Any = object()
"""The cotangent of a single number that stands for a one, which autograd makes faster than it takes one."""


@contextmanager
def pause() -> Iterator[None]:
    """Record nothing on the tapes that are open; one that is opened inside records."""
    before, start = OPEN.get(), torch.autograd._get_sequence_nr()  # type: ignore[attr-defined]
    OPEN.set(())
    try:
        with torch.no_grad():
            yield
    finally:
        end = torch.autograd._get_sequence_nr()  # type: ignore[attr-defined]
        if end > start:  # by a tape that was opened inside, or under enable_grad()
            for tape in before:
                tape._holes.append((start, end))
        opened = OPEN.get()
        OPEN.set((*(tape for tape in before if tape.is_open), *opened))
