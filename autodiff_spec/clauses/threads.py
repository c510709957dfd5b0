"""Chapter THREAD: threads and contexts."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
TAPE = (Capability.TAPE,)
NESTED = (Capability.TAPE, Capability.HIGHER_ORDER)
INTERLEAVED = (Capability.TAPE, Capability.INTERLEAVED_CONTEXTS)

CHAPTER = Chapter(
    "THREAD",
    "threads and contexts",
    (
        Clause("THREAD-01", MUST, "Tapes that two threads fill in turns give each thread its own gradient.", TAPE),
        Clause("THREAD-02", MUST, "Nested gradients that two threads take in turns are right in both.", NESTED),
        Clause(
            "THREAD-03",
            MUST,
            "A variable that two threads read at the same time is a source of both their tapes.",
            TAPE,
        ),
        Clause("THREAD-04", MUST, "pause() in one thread does not stop the recording in another.", TAPE),
        Clause(
            "THREAD-05",
            MUST,
            "A tape that is open in one thread does not record what another thread's tape records.",
            TAPE,
        ),
        Clause(
            "THREAD-06",
            MUST,
            "An exception inside a tape in one thread does not disturb the recording in another.",
            TAPE,
        ),
        Clause("THREAD-07", MUST, "grad() called in two threads in turns is right in both."),
        Clause("THREAD-08", MUST, "Tapes of two tasks of one thread that take turns do not mix.", INTERLEAVED),
        Clause(
            "THREAD-09",
            MUST,
            "pause() in one task does not stop the recording in another task of the thread.",
            INTERLEAVED,
        ),
        Clause(
            "THREAD-10",
            MUST,
            "What a thread computes, with or without a tape of its own, of an array that another thread's tape records "
            "has the derivative of that tape, or is refused; it is no constant in silence.",
            TAPE,
        ),
    ),
)
