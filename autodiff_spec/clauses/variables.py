"""Chapter VAR: variables and gradient storage."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
TAPE = (Capability.TAPE,)
MUTABLE_OUT = (Capability.TAPE, Capability.MUTABLE_OUT)

CHAPTER = Chapter(
    "VAR",
    "variables and gradient storage",
    (
        Clause(
            "VAR-01",
            MUST,
            "A variable has the values and the shape of what it was made from, 0-d and empty ones included.",
            TAPE,
        ),
        Clause("VAR-02", MUST, "A variable made from a floating array has the array's dtype.", TAPE),
        Clause("VAR-03", MUST, "A variable made from Python floats has the namespace's default floating dtype.", TAPE),
        Clause("VAR-04", MUST, "The argument dtype= of variable() decides the variable's dtype.", TAPE),
        Clause(
            "VAR-05",
            MUST,
            "Writing later into the array that a variable was made from does not change the variable.",
            TAPE,
        ),
        Clause("VAR-06", MUST, "Assigning to a variable does not change another variable that was made from it.", TAPE),
        Clause(
            "VAR-07",
            MUST,
            "A variable can stand wherever an array can, in functions, operators on both sides and indexing.",
            TAPE,
        ),
        Clause(
            "VAR-08",
            MUST,
            "variable() refuses integer, boolean, text, ragged and missing values with NotDifferentiableError.",
            TAPE,
        ),
        Clause("VAR-09", MUST, "variable() refuses a dtype= that is not floating with NotDifferentiableError.", TAPE),
        Clause("VAR-10", MUST, "After assign() the variable has the new value.", TAPE),
        Clause(
            "VAR-11",
            MUST,
            "assign() leaves the variable the same object, whose gradient the next recording gives.",
            TAPE,
        ),
        Clause("VAR-12", MUST, "assign() casts the new value to the variable's dtype.", TAPE),
        Clause(
            "VAR-13", MUST, "assign() of another shape, broadcastable ones included, raises ShapeMismatchError.", TAPE
        ),
        Clause(
            "VAR-14", MUST, "assign() of integer, boolean, text or ragged values raises NotDifferentiableError.", TAPE
        ),
        Clause("VAR-15", MUST, "An assign() that raises leaves the variable's value as it was.", TAPE),
        Clause("VAR-16", MUST, "Writing later into the array that was assigned does not change the variable.", TAPE),
        Clause(
            "VAR-17",
            MUST,
            "What was recorded before an assign() is differentiated at the value it saw, or the gradient raises MutationError.",
            TAPE,
        ),
        Clause("VAR-18", MUST, "assign() to anything that is no variable raises UnsupportedError.", TAPE),
        Clause("VAR-19", MUST, "A variable named in out= receives the gradient, cast to its dtype.", TAPE),
        Clause("VAR-20", MUST, "grad() with out= returns the very tree that out= named.", TAPE),
        Clause("VAR-21", MUST, "out= is overwritten, never added to, also where a source is unconnected.", TAPE),
        Clause("VAR-22", MUST, "A mutable native array named in out= receives the gradient.", MUTABLE_OUT),
        Clause("VAR-23", MUST, "out= of another shape or tree than the sources raises ShapeMismatchError.", TAPE),
        Clause("VAR-24", MUST, "out= under another open tape raises TapeStateError.", TAPE),
        Clause("VAR-25", MUST, "out= of something that cannot be written raises UnsupportedError.", TAPE),
        Clause("VAR-26", MUST, "A grad() that refuses its out= changes no destination.", TAPE),
        Clause("VAR-27", MUST, "A variable that is read outside of tapes gives plain arrays.", TAPE),
        Clause(
            "VAR-28",
            MUST,
            "The argument device= of variable() decides where its values and its gradient lie, and nothing else.",
            TAPE,
        ),
        Clause("VAR-29", MUST, "variable() refuses a device= that the framework does not have with DeviceError.", TAPE),
        Clause("VAR-30", MUST, "A variable that is assigned inside an operator holds a value without a derivative from then on, inside and afterwards.", TAPE),
    ),
)
