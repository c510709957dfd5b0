"""Chapter TAPE: what a tape records, and how often it answers."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST, SHOULD = Level.MUST, Level.SHOULD
TAPE = (Capability.TAPE,)
NESTED = (Capability.TAPE, Capability.HIGHER_ORDER)

CHAPTER = Chapter(
    "TAPE",
    "recording",
    (
        Clause("TAPE-01", MUST, "What was computed before a tape opened is constant for it.", TAPE),
        Clause(
            "TAPE-02",
            MUST,
            "What was computed before an inner tape opened is constant for the inner tape, although an outer one recorded it.",
            TAPE,
        ),
        Clause(
            "TAPE-03",
            MUST,
            "What was computed before an inner tape opened is still differentiated by the outer tape, in the inner gradient too.",
            NESTED,
        ),
        Clause("TAPE-04", MUST, "What is computed after a tape closed is not recorded by it.", TAPE),
        Clause("TAPE-05", MUST, "What is computed under pause() is constant for every open tape.", TAPE),
        Clause("TAPE-06", MUST, "When pause() ends, by an exception too, the open tapes record again.", TAPE),
        Clause("TAPE-07", MUST, "When an inner pause() ends inside an outer one, nothing is recorded still.", TAPE),
        Clause("TAPE-08", MUST, "Variables are watched by themselves.", TAPE),
        Clause(
            "TAPE-09",
            MUST,
            "watch() returns an array of the same value, shape and dtype that is a source of the tape.",
            TAPE,
        ),
        Clause("TAPE-10", MUST, "What is computed from the original of a watched array is not recorded.", TAPE),
        Clause("TAPE-11", MUST, "The original of a watched array as a source raises UntrackedError.", TAPE),
        Clause("TAPE-12", MUST, "watch() does not reach back to what was computed before it.", TAPE),
        Clause(
            "TAPE-13", MUST, "watch() of a recorded array or a variable leaves it connected to what it came from.", TAPE
        ),
        Clause("TAPE-14", MUST, "watch() takes a tree and returns one of the same structure.", TAPE),
        Clause(
            "TAPE-15",
            MUST,
            "Writing later into an array that was watched does not change what the watched array is, or raises.",
            TAPE,
        ),
        Clause("TAPE-16", MUST, "watch() on a tape that is not open raises TapeStateError.", TAPE),
        Clause("TAPE-17", MUST, "watch() of an integer or boolean value raises NotDifferentiableError.", TAPE),
        Clause(
            "TAPE-18",
            MUST,
            "A variable assigned while a tape records is one source, whose gradient is the sum over its reads.",
            TAPE,
        ),
        Clause(
            "TAPE-19",
            MUST,
            "Assigning a recorded value to a variable does not connect the variable to what it was computed from.",
            TAPE,
        ),
        Clause(
            "TAPE-20",
            MUST,
            "An intermediate result can be a source, alone and together with what it was computed from.",
            TAPE,
        ),
        Clause(
            "TAPE-21",
            MUST,
            "A second call on a tape that is not persistent raises TapeConsumedError, whatever was saved.",
            TAPE,
        ),
        Clause("TAPE-22", MUST, "A persistent tape gives the same answer every time.", TAPE),
        Clause("TAPE-23", MUST, "A persistent tape gives the gradients of different targets.", TAPE),
        Clause("TAPE-24", MUST, "A call that raises on its arguments does not consume the tape.", TAPE),
        Clause(
            "TAPE-25", MUST, "Tapes that overlap without nesting are right, each for what ran while it was open.", TAPE
        ),
        Clause("TAPE-26", MUST, "Taking the gradients of one of several tapes does not consume the others.", TAPE),
        Clause(
            "TAPE-27", MUST, "Entering a tape a second time raises TapeStateError, while it is open and after.", TAPE
        ),
        Clause("TAPE-28", MUST, "Asking a tape that was never entered raises TapeStateError.", TAPE),
        Clause(
            "TAPE-29",
            MUST,
            "An exception inside a tape, or a tape and a pause(), leaves no trace: the next recording is right.",
            TAPE,
        ),
        Clause("TAPE-30", MUST, "grad() inside its own `with` is right.", TAPE),
        Clause(
            "TAPE-31",
            MUST,
            "grad() inside its own `with` does not record itself: its result is constant for that tape.",
            TAPE,
        ),
        Clause("TAPE-32", MUST, "A persistent tape goes on recording after a grad() inside its own `with`.", TAPE),
        Clause(
            "TAPE-33", MUST, "An array that another tape recorded is constant for a tape that did not watch it.", TAPE
        ),
        Clause("TAPE-34", MUST, "xp.asarray of a recorded array is recorded.", TAPE),
        Clause("TAPE-35", SHOULD, "np.asarray of a recorded array raises instead of detaching silently.", TAPE),
        Clause("TAPE-36", MUST, "An in-place change of a recorded array raises or does no harm to the gradient.", TAPE),
        Clause("TAPE-37", MUST, "A variable that an inner tape reads is watched by the outer tape too.", TAPE),
    ),
)
