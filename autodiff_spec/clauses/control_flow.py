"""Chapter FLOW: gradients through Python's control flow."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST, SHOULD = Level.MUST, Level.SHOULD
TAPE = (Capability.TAPE,)
FLOW = (Capability.CONTROL_FLOW,)

CHAPTER = Chapter(
    "FLOW",
    "Python control flow",
    (
        Clause("FLOW-01", MUST, "A while loop whose length depends on the data is differentiated as it ran.", TAPE),
        Clause(
            "FLOW-02", MUST, "An if whose branch depends on the data is differentiated along the branch it took.", TAPE
        ),
        Clause("FLOW-03", MUST, "Recursion is differentiated as it ran.", TAPE),
        Clause("FLOW-04", MUST, "An early return is differentiated up to where it returned.", TAPE),
        Clause("FLOW-05", MUST, "An exception that the program raises and catches leaves the gradient right.", TAPE),
        Clause("FLOW-06", MUST, "Functions that take and return functions are differentiated through.", TAPE),
        Clause(
            "FLOW-07", MUST, "for loops, comprehensions and exhausted generators are differentiated as they ran.", TAPE
        ),
        Clause("FLOW-08", MUST, "bool() of a recorded array works on a tape, and detaches.", TAPE),
        # FLOW-09 is withdrawn: it let float() detach what a tape records.
        Clause("FLOW-10", MUST, "A comparison of recorded arrays has the value of the plain comparison.", TAPE),
        Clause("FLOW-11", MUST, "A program called with many inputs gives each its own branch and gradient.", TAPE),
        Clause(
            "FLOW-12",
            MUST,
            "In the functional form a loop or branch that depends on bool() of an array is differentiated as it ran.",
            FLOW,
        ),
        Clause(
            "FLOW-13",
            SHOULD,
            "A number that float(), int(), complex(), item() or tolist() makes of a recorded array on a tape is never "
            "detached silently: they raise, or it stays recorded.",
            TAPE,
        ),
        Clause(
            "FLOW-14",
            SHOULD,
            "A number that float(), int(), complex(), item() or tolist() makes of an array inside a functional operator "
            "is never detached silently: they raise, or it is differentiated.",
            FLOW,
        ),
        Clause("FLOW-15", MUST, "str(), repr() and format() of a recorded array work on a tape, and show it.", TAPE),
    ),
)
