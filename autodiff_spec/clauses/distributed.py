"""Chapter DIST: arrays that lie in parts, on several devices or in several processes."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
DIST = (Capability.DISTRIBUTED,)
TAPE = (Capability.DISTRIBUTED, Capability.TAPE)

CHAPTER = Chapter(
    "DIST",
    "arrays in parts",
    (
        Clause(
            "DIST-01",
            MUST,
            "Derivatives of functions of a distributed array are those of the same functions of a whole one, in every mode and order.",
            DIST,
        ),
        Clause(
            "DIST-02",
            MUST,
            "The gradient by a distributed array lies as that array does, from every operator that gives one.",
            DIST,
        ),
        Clause(
            "DIST-03",
            MUST,
            "Where distributed parameters meet distributed data, the gradient by the parameters lies as the parameters do.",
            DIST,
        ),
        Clause("DIST-04", MUST, "A derivative forward, and a batch, lie as the value that they belong to.", DIST),
        Clause(
            "DIST-05",
            MUST,
            "assign() leaves a variable where it lies, whatever the value is and wherever that lies.",
            TAPE,
        ),
        Clause("DIST-06", MUST, "out= leaves the variables that it names where they lie.", TAPE),
        Clause(
            "DIST-07",
            MUST,
            "Taking a derivative computes nothing of a lazy array, and gathers nothing of a distributed one.",
            DIST,
        ),
        Clause(
            "DIST-08",
            MUST,
            "Of a gradient no device and no process holds more than of the array that it belongs to, but for a few kilobytes whatever the size.",
            DIST,
        ),
        Clause(
            "DIST-09",
            MUST,
            "A cotangent of ones lies as its target, and zeros as what they are the derivative by.",
            DIST,
        ),
        Clause(
            "DIST-10",
            MUST,
            "A function of the framework's own that moves or computes a recorded array is differentiated, or refused by an error.",
            DIST,
        ),
        Clause(
            "DIST-11",
            MUST,
            "An operation of arrays that lie differently has the derivatives of whole ones, each where its array lies, or is refused by an error of this interface.",
            DIST,
        ),
        Clause(
            "DIST-12",
            MUST,
            "An array whose parts are not known is refused by an error of this interface that names the remedy.",
            DIST,
        ),
        Clause("DIST-13", MUST, "What is asked of an array whose parts are gone is an error of this interface.", DIST),
        Clause(
            "DIST-14",
            MUST,
            "to_numpy() gives the whole of a distributed array, or an error of this interface where other processes hold a part.",
            DIST,
        ),
        Clause(
            "DIST-15",
            MUST,
            "check_grad() finds a right derivative by a distributed array right, and a wrong one wrong.",
            DIST,
        ),
        Clause(
            "DIST-16",
            MUST,
            "What stop_gradient(), variable() and asarray() make of a distributed array lies as that does.",
            DIST,
        ),
    ),
)
