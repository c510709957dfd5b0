"""Chapter JAC: Jacobians."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
TAPE = (Capability.TAPE,)
HIGHER = (Capability.HIGHER_ORDER,)

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
        Clause("JAC-12", MUST, "jacobian() has the result's shape followed by the argument's, 0-d and empty ones included, in every mode.", HIGHER),
        Clause("JAC-13", MUST, "jacobian() has the argument's dtype, in every mode.", HIGHER),
        Clause("JAC-14", MUST, "jacobian() holds the derivative of each element of the result by each of the argument, the same in every mode.", HIGHER),
        Clause("JAC-15", MUST, "jacobian() is zeros where nothing connects, and for integer and boolean results.", HIGHER),
        Clause("JAC-16", MUST, "jacobian() of trees is a tree of trees: the arguments' tree in the place of each output.", HIGHER),
        Clause("JAC-17", MUST, "jacobian() by a sequence of argnums has a tuple of blocks in the place of each output, repetitions included.", HIGHER),
        Clause("JAC-18", MUST, "jacobian() raises ValueError for a mode that does not exist and for argnums out of range."),
        Clause("JAC-19", MUST, "jacobian() refuses integer and boolean arguments with NotDifferentiableError."),
        Clause("JAC-20", MUST, "jacobian() refuses complex arguments and results with NotDifferentiableError.", (Capability.COMPLEX,)),
        Clause("JAC-21", MUST, "Arguments of jacobian() that are not differentiated may be anything, keyword arguments included."),
        Clause("JAC-22", MUST, "Variables in the closure of a jacobian(), and recorded arguments, are differentiated by a tape that is open.", (Capability.TAPE, Capability.HIGHER_ORDER)),
        Clause("JAC-23", MUST, "jacobian() of a gradient is the Hessian, and grad() of a jacobian() is right.", HIGHER),
        Clause("JAC-24", MUST, "With has_aux the second result of the function of a jacobian() is returned as it is, in every mode, and not differentiated.", HIGHER),
        Clause("JAC-25", MUST, "jacobian() called twice gives the same, and changes no argument.", HIGHER),
        Clause("JAC-26", MUST, "argnames of jacobian() names the arguments to differentiate, as for grad()."),
    ),
)
