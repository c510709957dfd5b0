"""Chapter VMAP: vmap()."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
HIGHER = (Capability.HIGHER_ORDER,)
TAPE = (Capability.TAPE,)
BRANCHES = (Capability.CONTROL_FLOW,)

CHAPTER = Chapter(
    "VMAP",
    "functions of batches",
    (
        Clause("VMAP-01", MUST, "vmap() applies the function to each slice: a batch is a loop."),
        Clause("VMAP-02", MUST, "in_axes and out_axes say where the batch stands, counted from the end when negative."),
        Clause("VMAP-03", MUST, "An argument whose entry of in_axes is None is passed whole to every slice."),
        Clause("VMAP-04", MUST, "Arguments and results of vmap() may be trees, and so may in_axes and out_axes."),
        Clause("VMAP-05", MUST, "Batches of different sizes raise ShapeMismatchError, whose message names the size of each argument."),
        Clause("VMAP-06", MUST, "An axis that an array does not have raises ShapeMismatchError."),
        Clause("VMAP-07", MUST, "in_axes or out_axes that do not fit, or that give no argument a batch, raise ValueError."),
        Clause("VMAP-08", MUST, "grad() of a vmap() and vmap() of a grad() are right."),
        Clause("VMAP-09", MUST, "jvp(), hvp() and jacobian() compose with vmap().", HIGHER),
        Clause("VMAP-10", MUST, "A variable in the closure of a vmap() is differentiated by a tape that is open, and so is a recorded batch.", TAPE),
        Clause("VMAP-11", MUST, "A batch of none has results of the right shape and dtype."),
        Clause("VMAP-12", MUST, "Each slice takes its own branch of Python control flow.", BRANCHES),
        Clause("VMAP-13", MUST, "vmap() of a vmap() has two batches."),
        Clause("VMAP-14", MUST, "Slices whose results differ in shape raise ShapeMismatchError.", BRANCHES),
        Clause("VMAP-15", MUST, "Integer and boolean arrays may be batches."),
        Clause("VMAP-16", MUST, "vmap() called twice gives the same, and changes no argument."),
        Clause("VMAP-21", MUST, "in_axes and out_axes may name any axis of arrays of three axes and more, of each argument its own."),
    ),
)
