"""What gradients cost: seconds of a function, of its gradient, and of the framework's own gradient."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """The times of one workload on one backend, in seconds.

    Attributes:
        backend: its name.
        version: of its framework.
        workload: what was computed.
        function: the time of the function alone.
        gradient: of its gradient through this interface.
        native: of the same gradient by the framework's own means; None where it has none.
    """

    backend: str
    version: str
    workload: str
    function: float
    gradient: float
    native: float | None
