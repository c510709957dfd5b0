"""Chapter DEEP: long chains of operations."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
TAPE = (Capability.TAPE,)

CHAPTER = Chapter(
    "DEEP",
    "depth",
    (
        Clause(
            "DEEP-01",
            MUST,
            "A chain of 10⁴ operations is differentiated on a tape, whatever Python's recursion limit.",
            TAPE,
        ),
        Clause("DEEP-02", MUST, "A chain of 10⁴ operations is differentiated in the functional form."),
        Clause("DEEP-03", MUST, "A source that is read 10⁴ times gets the sum over its reads.", TAPE),
        Clause(
            "DEEP-04",
            MUST,
            "A recording of 10⁴ operations that is dropped without a gradient is freed without recursion.",
            TAPE,
        ),
        Clause(
            "DEEP-05",
            MUST,
            "A chain longer than Python's recursion limit has a second derivative.",
            (Capability.TAPE, Capability.HIGHER_ORDER),
        ),
    ),
)
