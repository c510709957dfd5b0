"""Chapter JAC: Jacobians."""

from __future__ import annotations

from autodiff_spec._capability import Capability
from autodiff_spec.clauses import Chapter, Clause, Level

MUST = Level.MUST
TAPE = (Capability.TAPE,)

CHAPTER = Chapter(
    "JAC",
    "Jacobians",
    (
        Clause(
            "JAC-01",
            MUST,
            "t.jacobian() has the target's shape followed by the source's, 0-d and empty ones included.",
            TAPE,
        ),
        Clause("JAC-02", MUST, "t.jacobian() has the source's dtype.", TAPE),
        Clause(
            "JAC-03",
            MUST,
            "t.jacobian() holds the derivative of each element of the target by each of the source.",
            TAPE,
        ),
        Clause("JAC-04", MUST, "t.jacobian() is zeros for a source without a path to the target.", TAPE),
        Clause("JAC-05", MUST, "t.jacobian() of a tree of sources is a tree of Jacobians.", TAPE),
        Clause("JAC-06", MUST, "t.jacobian() consumes a tape that is not persistent, and only such a one.", TAPE),
        Clause(
            "JAC-07",
            MUST,
            "t.jacobian() of several targets raises ShapeMismatchError and does not consume the tape.",
            TAPE,
        ),
        Clause(
            "JAC-08",
            MUST,
            "t.jacobian() raises the errors of grad(): UntrackedError, NotDifferentiableError, TapeStateError.",
            TAPE,
        ),
        Clause("JAC-09", MUST, "t.jacobian() contracted with a cotangent is the gradient with that cotangent.", TAPE),
        Clause(
            "JAC-10",
            MUST,
            "t.jacobian() of a gradient that an outer tape recorded is the Hessian.",
            (Capability.TAPE, Capability.HIGHER_ORDER),
        ),
        Clause("JAC-11", MUST, "t.jacobian() by an intermediate result is the Jacobian from there on.", TAPE),
    ),
)
