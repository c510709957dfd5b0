"""Chapter ERR: errors and their remedies."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
TAPE = (Capability.TAPE,)

CHAPTER = Chapter(
    "ERR",
    "errors",
    (
        Clause("ERR-01", MUST, "Every error is an AutodiffError and the built-in error of its table."),
        Clause("ERR-02", MUST, "Every refusal of a bad argument raises the error of its table.", TAPE),
        Clause("ERR-03", MUST, "Every refusal names the operation.", TAPE),
        Clause("ERR-04", MUST, "Every refusal names the argument, by its path in the tree.", TAPE),
        Clause("ERR-05", MUST, "Every refusal says what to do instead.", TAPE),
        Clause("ERR-06", MUST, "After a refusal the variable has the value it had.", TAPE),
        Clause("ERR-07", MUST, "After a refusal the same tape still answers.", TAPE),
        Clause("ERR-08", MUST, "After a refusal the next recording is right.", TAPE),
        Clause(
            "ERR-09", MUST, "A capability that the backend does not declare raises UnsupportedError, which names it."
        ),
        Clause("ERR-10", MUST, "A consumed tape raises TapeConsumedError, which names persistent=True.", TAPE),
        Clause(
            "ERR-11",
            MUST,
            "A functional form called with a bad argument raises the error of its table, with operation, argument and remedy.",
        ),
        Clause(
            "ERR-12",
            MUST,
            "A derived operator called with a bad argument raises the error of its table, with operation, argument and remedy.",
            (Capability.HIGHER_ORDER,),
        ),
        Clause(
            "ERR-17",
            MUST,
            "An array of another framework is refused with BackendMismatchError wherever it stands among the arguments, and by conversions.",
        ),
    ),
)
