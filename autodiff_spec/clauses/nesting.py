"""Chapter NEST: derivatives of derivatives."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
HIGHER = (Capability.HIGHER_ORDER,)
TAPES = (Capability.TAPE, Capability.HIGHER_ORDER)

CHAPTER = Chapter(
    "NEST",
    "higher order",
    (
        Clause("NEST-01", MUST, "A gradient taken while an outer tape is open is recorded by the outer tape.", TAPES),
        Clause("NEST-02", MUST, "Three nested tapes give third derivatives.", TAPES),
        Clause("NEST-03", MUST, "grad() of a grad() is the second derivative, and so on.", HIGHER),
        Clause("NEST-04", MUST, "Mixed second partial derivatives are symmetric.", HIGHER),
        Clause(
            "NEST-05",
            MUST,
            "The second derivatives of a program are its second derivatives, in the tape's form.",
            TAPES,
        ),
        Clause(
            "NEST-06",
            MUST,
            "The second derivatives of a program are its second derivatives, in the functional form.",
            HIGHER,
        ),
        Clause(
            "NEST-07",
            MUST,
            "An inner derivative does not confuse its variable with the outer one (no perturbation confusion).",
            HIGHER,
        ),
        Clause(
            "NEST-08",
            MUST,
            "A gradient that was taken after the outer tape closed raises UntrackedError as the outer tape's target.",
            TAPES,
        ),
        Clause(
            "NEST-09",
            MUST,
            "An inner gradient may be taken after the inner tape closed, as long as the outer one is open.",
            TAPES,
        ),
        Clause(
            "NEST-10",
            MUST,
            "grad() called while a tape is open is recorded by it, its argument's path included.",
            TAPES,
        ),
        Clause(
            "NEST-11",
            MUST,
            "Variables in the closure of a grad() called while a tape is open are differentiated by the tape.",
            TAPES,
        ),
        Clause("NEST-12", MUST, "A tape inside a function that grad() differentiates composes with it.", TAPES),
        Clause("NEST-13", MUST, "A cotangent that an outer tape recorded is differentiated by it.", TAPES),
        Clause(
            "NEST-14",
            MUST,
            "The gradients of a persistent inner tape, taken several times, are each recorded by the outer one.",
            TAPES,
        ),
        Clause("NEST-15", MUST, "The pullback of vjp() called while a tape is open is recorded by it.", TAPES),
        Clause(
            "NEST-16",
            MUST,
            "Where an inner gradient does not depend on an outer source, the outer gradient is zero.",
            HIGHER,
        ),
        Clause("NEST-17", MUST, "A gradient taken inside a pause() is constant for the outer tape.", TAPES),
        Clause("NEST-18", MUST, "A recorded gradient has the shape and dtype of its source.", TAPES),
    ),
)
