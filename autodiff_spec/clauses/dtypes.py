"""Chapter DTYPE: floating dtypes, promotion and casts."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
TAPE = (Capability.TAPE,)

CHAPTER = Chapter(
    "DTYPE",
    "dtypes",
    (
        Clause("DTYPE-01", MUST, "float32 and float64 sources are differentiated in their own precision.", TAPE),
        Clause("DTYPE-02", MUST, "float16 sources are differentiated, and their gradients are float16.", TAPE),
        Clause(
            "DTYPE-03",
            MUST,
            "bfloat16 sources are differentiated, and their gradients are bfloat16.",
            (Capability.TAPE, Capability.BFLOAT16),
        ),
        Clause(
            "DTYPE-04", MUST, "A recorded operation has the result dtype of the same operation on plain arrays.", TAPE
        ),
        Clause("DTYPE-05", MUST, "Where dtypes are mixed, each gradient has its own source's dtype.", TAPE),
        Clause("DTYPE-06", MUST, "A cast between floating dtypes has derivative 1, cast to the source's dtype.", TAPE),
        Clause(
            "DTYPE-07", MUST, "A source used in two precisions gets the sum over both uses, in its own dtype.", TAPE
        ),
        Clause("DTYPE-08", MUST, "A cast to an integer dtype and back has derivative zero."),
        Clause(
            "DTYPE-09",
            MUST,
            "A NumPy dtype that the namespace cannot hold raises DtypeError and is never narrowed silently.",
            TAPE,
        ),
        Clause(
            "DTYPE-10",
            MUST,
            "A Python float that meets an array does not change the dtype of result or gradient.",
            TAPE,
        ),
        Clause("DTYPE-11", MUST, "asarray() keeps the dtype of a NumPy array."),
        Clause("DTYPE-12", MUST, "The functional form gives gradients of the arguments' dtypes, float16 included."),
        Clause(
            "DTYPE-13",
            MUST,
            "A Python float given to asarray() or to an operator has the namespace's default floating dtype.",
        ),
    ),
)
