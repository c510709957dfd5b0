"""Chapter CKPT: checkpoint()."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
CHECK = (Capability.CHECKPOINT,)
TAPE = (Capability.CHECKPOINT, Capability.TAPE)
HIGHER = (Capability.CHECKPOINT, Capability.HIGHER_ORDER)
BRANCHES = (Capability.CHECKPOINT, Capability.TAPE, Capability.CONTROL_FLOW)

CHAPTER = Chapter(
    "CKPT",
    "recomputing instead of keeping",
    (
        Clause("CKPT-01", MUST, "A checkpoint() has the value and the gradient of its function, in the functional form.", CHECK),
        Clause("CKPT-02", MUST, "A checkpoint() has the value and the gradient of its function, in the tape's form.", TAPE),
        Clause("CKPT-03", MUST, "A checkpoint() has the second derivatives of its function.", HIGHER),
        Clause("CKPT-04", MUST, "Forward mode goes through a checkpoint().", HIGHER),
        Clause("CKPT-05", MUST, "Variables and recorded arrays in the closure of a checkpoint() are differentiated.", TAPE),
        Clause("CKPT-06", MUST, "Checkpoints nest.", CHECK),
        Clause("CKPT-07", MUST, "A checkpoint() takes the branches that Python takes.", BRANCHES),
        Clause("CKPT-08", MUST, "Arguments and results of a checkpoint() may be trees; keyword arguments and what is no array are passed on.", CHECK),
        Clause("CKPT-09", MUST, "The function of a checkpoint() runs again in the backward pass, and not where nothing is differentiated.", TAPE),
        Clause("CKPT-10", MUST, "A recording holds no residuals of what a checkpoint() computed: the memory at the end of a chain of checkpoints does not grow with the operations in them.", TAPE),
        Clause("CKPT-11", MUST, "A variable that is assigned between a checkpoint() that read it and the gradient keeps its value there, or the gradient raises MutationError.", TAPE),
        Clause("CKPT-12", MUST, "A persistent tape gives the same gradient through a checkpoint() every time.", TAPE),
        Clause("CKPT-13", MUST, "An exception in the function of a checkpoint() reaches the caller, and the next gradient is right.", TAPE),
        Clause("CKPT-14", MUST, "An argument of a checkpoint() without influence on its result has gradient zero.", CHECK),
        Clause("CKPT-15", MUST, "A prepared gradient of a checkpoint() is that of its function, also for other values than the examples.", CHECK),
        Clause("CKPT-16", MUST, "The function of a checkpoint() may take derivatives of other functions, by operators and by tapes.", HIGHER),
    ),
)
