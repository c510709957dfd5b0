"""Chapter MUT: in-place changes."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
TAPE = (Capability.TAPE,)
WRITES = (Capability.IN_PLACE,)
HIGHER = (Capability.IN_PLACE, Capability.HIGHER_ORDER)

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
        Clause(
            "MUT-08",
            MUST,
            "Writing into a recorded array, by any index, is differentiated as the program computes it, or raises.",
        ),
        Clause(
            "MUT-09",
            MUST,
            "Elements that are written have the derivative of what they were made of, those that are overwritten none.",
            WRITES,
        ),
        Clause("MUT-10", MUST, "An in-place operator is seen under every name of the array.", WRITES),
        Clause(
            "MUT-11",
            MUST,
            "Writing through a view (a part, a part of a part, transposed, reshaped) writes into the array.",
            WRITES,
        ),
        Clause("MUT-12", MUST, "A view that was read before sees what is written into its array.", WRITES),
        Clause(
            "MUT-13",
            MUST,
            "What was computed from an array before it was written has the derivative of its old value, or the gradient "
            "raises MutationError.",
            WRITES,
        ),
        Clause("MUT-14", MUST, "An array like a recorded one can be filled with recorded elements.", WRITES),
        Clause(
            "MUT-15",
            MUST,
            "A function that writes into its argument is differentiated as it computes, or raises; the caller's array "
            "keeps its value.",
            WRITES,
        ),
        Clause(
            "MUT-16",
            MUST,
            "Writing into a watched array or a variable raises, or the gradient by it is right, or raises MutationError.",
            TAPE,
        ),
        Clause(
            "MUT-17",
            MUST,
            "Writing under pause() into what a tape records raises, or what is written is constant.",
            TAPE,
        ),
        Clause(
            "MUT-18",
            MUST,
            "An inner function that writes into an array of an outer recording is differentiated as it computes, by both, "
            "or raises.",
            HIGHER,
        ),
        Clause(
            "MUT-19",
            MUST,
            "The gradient by an array that was written since the target was computed from it raises, and is not zero.",
            TAPE,
        ),
        Clause("MUT-20", MUST, "A program that writes in place has its second derivatives.", HIGHER),
        Clause("MUT-21", MUST, "A program that writes in place has its pushforward.", HIGHER),
        Clause("MUT-22", MUST, "The prepared gradient of a program that writes in place is its gradient.", WRITES),
        Clause(
            "MUT-23",
            MUST,
            "A checkpoint whose function writes into an array from outside, or into its argument, is right or raises.",
            (Capability.IN_PLACE, Capability.CHECKPOINT),
        ),
        Clause("MUT-24", MUST, "vmap() of the gradient of a program that writes in place is a batch of gradients.", WRITES),
        Clause(
            "MUT-25",
            MUST,
            "Complex numbers that are written, and real ones into a complex array, have their derivatives.",
            (Capability.IN_PLACE, Capability.COMPLEX),
        ),
        Clause(
            "MUT-30",
            MUST,
            "No pullback, pushforward or gradient changes an argument, a tangent or a cotangent that it was given.",
        ),
        Clause(
            "MUT-31",
            MUST,
            "No function's pullback changes what else is made of the same cotangent, nor what the same pullback gives the next time.",
        ),
    ),
)
