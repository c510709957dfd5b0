"""What gradients cost: seconds, and ratios to the function and to the framework's own gradient."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """The time of the gradient of one workload on one backend.

    Attributes:
        backend: its name.
        version: of its framework.
        workload: what was computed.
        seconds: the best time of the gradient through this interface.
        to_function: how many times as long as the function alone, measured by turns.
        to_native: how many times as long as the framework's own gradient; None where it has none.
    """

    backend: str
    version: str
    workload: str
    seconds: float
    to_function: float
    to_native: float | None
