"""Chapter GRAD: what comes back from a gradient."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
TAPE = (Capability.TAPE,)

CHAPTER = Chapter(
    "GRAD",
    "what comes back",
    (
        Clause("GRAD-01", MUST, "A gradient has the shape and the dtype of its source.", TAPE),
        Clause("GRAD-02", MUST, "The gradient of a 0-d source is a 0-d array, never a Python or NumPy scalar.", TAPE),
        Clause(
            "GRAD-03",
            MUST,
            "A gradient overwrites and never accumulates: it does not depend on gradients taken before.",
            TAPE,
        ),
        Clause("GRAD-04", MUST, "The gradient of a target that is no scalar is that of the sum of its elements.", TAPE),
        Clause("GRAD-05", MUST, "The gradient of several targets is the sum over all of them.", TAPE),
        Clause(
            "GRAD-06",
            MUST,
            "With a cotangent, the gradient is that of the sum of the target's elements weighted by it.",
            TAPE,
        ),
        Clause(
            "GRAD-07",
            MUST,
            "A cotangent of another shape than the target's, broadcastable ones included, raises ShapeMismatchError.",
            TAPE,
        ),
        Clause(
            "GRAD-08",
            MUST,
            "A cotangent of another tree than the target's, a list for an array included, raises ShapeMismatchError.",
            TAPE,
        ),
        Clause("GRAD-09", MUST, "A cotangent of another floating dtype is cast to the target's.", TAPE),
        Clause("GRAD-10", MUST, "An integer or boolean cotangent raises NotDifferentiableError.", TAPE),
        Clause("GRAD-11", MUST, "The derivative of a source by itself is the cotangent.", TAPE),
        Clause("GRAD-12", MUST, "A source named twice gets the full gradient twice.", TAPE),
        Clause(
            "GRAD-13", MUST, "A watched source without a path to the target gets zeros of its shape and dtype.", TAPE
        ),
        Clause(
            "GRAD-14",
            MUST,
            'With unconnected="none" a source without a path gets None, the others their gradients.',
            TAPE,
        ),
        Clause("GRAD-15", MUST, 'With unconnected="raise" a source without a path raises UntrackedError.', TAPE),
        Clause("GRAD-16", MUST, "Another value of unconnected= raises ValueError.", TAPE),
        Clause(
            "GRAD-17",
            MUST,
            "A target without any history on the tape raises UntrackedError, also when another target has one.",
            TAPE,
        ),
        Clause(
            "GRAD-18",
            MUST,
            "A source that was not watched raises UntrackedError, also when it is plainly constant.",
            TAPE,
        ),
        Clause("GRAD-19", MUST, "A target that is no array raises UntrackedError.", TAPE),
        Clause("GRAD-20", MUST, "An integer or boolean target raises NotDifferentiableError.", TAPE),
        Clause("GRAD-21", MUST, "An integer or boolean source raises NotDifferentiableError.", TAPE),
        Clause(
            "GRAD-22",
            MUST,
            "Results are fresh: writing into one, where that is possible, changes no other result.",
            TAPE,
        ),
        Clause(
            "GRAD-23",
            MUST,
            "Results are fresh: writing into one, where that is possible, does not change the cotangent.",
            TAPE,
        ),
        Clause(
            "GRAD-24",
            MUST,
            "Results are fresh: writing into one, where that is possible, changes no source, target or constant.",
            TAPE,
        ),
        Clause("GRAD-25", MUST, "Writing into a result of a persistent tape does not change its next answer.", TAPE),
        Clause(
            "GRAD-26",
            MUST,
            "Results are dense: each element of a result has memory of its own, or the result is immutable.",
            TAPE,
        ),
        Clause(
            "GRAD-27", MUST, "The gradient through indexing with repeated positions adds up, into a dense array.", TAPE
        ),
        Clause(
            "GRAD-28", MUST, "Where an argument was broadcast, its gradient is summed over the repeated axes.", TAPE
        ),
        Clause("GRAD-29", MUST, "Where a value is used several times, its gradient is the sum over the uses.", TAPE),
        Clause("GRAD-30", MUST, "The gradient of a program is its derivative, in the tape's form.", TAPE),
        Clause("GRAD-31", MUST, "The gradient of a program is its derivative, in the functional form."),
        Clause(
            "GRAD-32", MUST, "A gradient is an array of the backend, whatever the array the source was made from.", TAPE
        ),
        Clause(
            "GRAD-33", MUST, "The gradient of one source does not depend on what other sources are asked for.", TAPE
        ),
    ),
)
