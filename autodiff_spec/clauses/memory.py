"""Chapter MEM: memory."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
TAPE = (Capability.TAPE,)

CHAPTER = Chapter(
    "MEM",
    "memory",
    (
        Clause("MEM-01", MUST, "Differentiating the same variable a thousand times leaves no objects behind.", TAPE),
        Clause("MEM-02", MUST, "Differentiating the same variable a thousand times does not grow the process.", TAPE),
        Clause("MEM-03", MUST, "A spent tape holds no residuals, although the tape and its target are kept.", TAPE),
        Clause("MEM-04", MUST, "A recording that is dropped is freed without the garbage collector.", TAPE),
        Clause(
            "MEM-05", MUST, "A persistent tape that was asked and dropped is freed without the garbage collector.", TAPE
        ),
        Clause("MEM-06", MUST, "What does not depend on a source is not kept by an open tape.", TAPE),
        Clause("MEM-07", MUST, "A pullback that is dropped is freed without the garbage collector."),
        Clause(
            "MEM-08",
            MUST,
            "A tape that is spent inside its own `with` keeps nothing of what is computed afterwards.",
            TAPE,
        ),
        Clause("MEM-09", MUST, "A recording left by an exception is freed.", TAPE),
        Clause("MEM-10", MUST, "A variable that is dropped after it was differentiated is freed.", TAPE),
    ),
)
