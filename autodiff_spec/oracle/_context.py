"""The private mpmath context, and what one run of a program remembers.

Nothing here touches ``mpmath.mp``: whoever changes the global precision changes nothing here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

import mpmath
import numpy as np
from numpy.typing import NDArray

DIGITS = 120

ctx: Any = mpmath.MPContext()
ctx.dps = DIGITS
MPF: Any = ctx.mpf
MPC: Any = ctx.mpc
ZERO, ONE, INF, NAN = MPF(0), MPF(1), ctx.inf, ctx.nan

# The precision of a context is one number for all threads, so differentiation takes turns.
_PRECISION_LOCK = threading.RLock()

Objects = NDArray[Any]
Kind = Literal["kink", "round", "edge"]


@contextmanager
def digits(count: int) -> Iterator[None]:
    """Work with ``count`` decimal digits inside the block; the default is 120.

    Args:
        count: decimal digits, at least 50.

    Raises:
        ValueError: for fewer than 50, where differences at a step of 1e-30 mean nothing.

    Examples:
        >>> from autodiff_spec import oracle
        >>> with oracle.digits(400):  # the derivative at 500 is e**-500, far below 1e-120
        ...     (slope,) = oracle.gradient(lambda xp, x: 1 / (1 + xp.exp(-x)), 500.0)
        >>> print(f"{float(slope[()]):.3e}")
        7.125e-218
    """
    if count < 50:
        raise ValueError(f"digits({count}): the oracle needs at least 50")
    with _PRECISION_LOCK:
        before = ctx.dps
        ctx.dps = count
        try:
            yield
        finally:
            ctx.dps = before


@dataclass(slots=True)
class Kink:
    """How near one operation came to a point where its derivative is not unique.

    ``kink`` is a corner with finitely many gradients around it, ``round`` one with a continuum (norms at 0), ``edge``
    a boundary of the domain or a pole. ``pattern`` says on which side of each corner the run went.
    """

    kind: Kind
    differences: list[Any]
    scales: list[Any]
    pattern: tuple[int, ...]

    def distance(self, index: int) -> Any:
        """The distance of one element, relative to the operands when they exceed 1."""
        return abs(self.differences[index]) / max(ONE, self.scales[index])


@dataclass(slots=True)
class Run:
    """The state of one program at one base point: frozen values, memoised scalars and kinks.

    What is constant by definition (``stop_gradient``) or by convention (floor, sign, argmax, casts to int) is
    recorded at the base point and replayed, in the order of the calls, in the runs beside it. ``fineness`` is for
    the differences that the program takes itself.
    """

    frozen: list[NDArray[Any]] = field(default_factory=list)
    cursor: int = 0
    replaying: bool = False
    kinks: list[Kink] | None = None
    memo: dict[str, dict[Any, Any]] = field(default_factory=dict)
    fineness: int = 1


RUN: ContextVar[Run | None] = ContextVar("autodiff_spec_oracle_run", default=None)


_FINER = 3


def fineness() -> int:
    """How many times smaller, in digits, the steps of differences are here, and how many times more digits they need.

    Differences inside a program err by the square of their step, and not smoothly, for the step depends on the value:
    to differences of the program that is noise, divided by their own step, or its square.
    """
    run = RUN.get()
    return 1 if run is None else _FINER * run.fineness


def freeze(values: NDArray[Any]) -> NDArray[Any]:
    """``values`` in a base run, what the base run saw in a shifted one."""
    run = RUN.get()
    if run is None:
        return values
    if not run.replaying:
        run.frozen.append(values.copy())  # a program may write into the array afterwards
        return values
    run.cursor += 1
    if run.cursor <= len(run.frozen):
        seen = run.frozen[run.cursor - 1]
        if seen.shape == values.shape and seen.dtype == values.dtype:
            return seen
    return values  # the shifted run took another branch: nothing to replay


def watching() -> bool:
    """Whether kinks are being recorded: callers compute distances only then."""
    run = RUN.get()
    return run is not None and run.kinks is not None


def note(difference: Any, *operands: Any, kind: Kind = "kink", pattern: Callable[[], list[int]] | None = None) -> None:
    """Record the distances ``|difference|`` (an array of mp numbers) of one operation from its kinks."""
    run = RUN.get()
    if run is None or run.kinks is None:
        return
    flat = np.asarray(difference, dtype=object)
    differences = flat.ravel().tolist()
    scales = [ZERO] * len(differences)
    for operand in operands:
        spread = np.broadcast_to(np.asarray(operand, dtype=object), flat.shape).ravel().tolist()
        scales = [max(scale, abs(value)) for scale, value in zip(scales, spread, strict=True)]
    if pattern is not None:
        sides = pattern()
    else:
        sides = [0 if kind != "kink" else int(value > 0) - int(value < 0) for value in differences]
    run.kinks.append(Kink(kind, differences, scales, tuple(sides)))
