"""Chapter STOP: detaching."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
TAPE = (Capability.TAPE,)

CHAPTER = Chapter(
    "STOP",
    "detaching",
    (
        Clause("STOP-01", MUST, "stop_gradient(x) has the value, shape and dtype of x."),
        Clause("STOP-02", MUST, "The derivative through stop_gradient is zero, in the tape's form.", TAPE),
        Clause("STOP-03", MUST, "The derivative through stop_gradient is zero, in the functional form."),
        Clause(
            "STOP-04", MUST, "The derivative through stop_gradient is zero in every order.", (Capability.HIGHER_ORDER,)
        ),
        Clause("STOP-05", MUST, "The argument of stop_gradient stays connected to what it was computed from.", TAPE),
        Clause("STOP-06", MUST, "stop_gradient is constant for every open tape.", TAPE),
        Clause("STOP-07", MUST, "stop_gradient of a tree gives the tree, each of its arrays detached."),
        Clause("STOP-08", MUST, "Leaves that are no arrays pass through stop_gradient as they are."),
        Clause(
            "STOP-09",
            MUST,
            "The result of stop_gradient is no mutable alias: writing into it, where that is possible, does not change x.",
        ),
        Clause("STOP-10", MUST, "stop_gradient of a variable keeps its value when the variable is assigned.", TAPE),
        Clause(
            "STOP-11",
            MUST,
            "What is computed under pause() is constant for every operator that differentiates the function around it.",
            TAPE,
        ),
    ),
)
