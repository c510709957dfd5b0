"""Chapter MUT: in-place changes."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
TAPE = (Capability.TAPE,)

CHAPTER = Chapter(
    "MUT",
    "in-place changes",
    (
        Clause(
            "MUT-01",
            MUST,
            "Writing into an array that an open recording captured as a constant raises, or the gradient is that of the "
            "values it had, or the gradient raises MutationError; so it is for arrays of any size.",
            TAPE,
        ),
        Clause("MUT-02", MUST, "The same holds for writing into the array that a captured constant is a view of.", TAPE),
        Clause("MUT-03", MUST, "The same holds for the pullback of vjp() and the arrays that its function captured."),
        Clause(
            "MUT-04",
            MUST,
            "Once the recordings that captured an array are spent, dropped or left by an exception, it is as writable as "
            "it was before.",
            TAPE,
        ),
        Clause(
            "MUT-05",
            MUST,
            "An array may be changed between two recordings: each gradient is that of the values its recording saw.",
            TAPE,
        ),
        Clause(
            "MUT-06",
            MUST,
            "The same holds for writing into what vjp() returned as the function's value.",
        ),
        Clause(
            "MUT-07",
            MUST,
            "The same holds for writing into what was made of recorded arrays or of variables where no tape records "
            "(under pause(), after the end of the tape, before its beginning): views, parts, the array itself.",
            TAPE,
        ),
    ),
)
