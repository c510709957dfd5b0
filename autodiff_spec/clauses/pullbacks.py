"""Chapter VJP: the functional form, vjp(), grad() and value_and_grad()."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
TAPE = (Capability.TAPE, Capability.HIGHER_ORDER)

CHAPTER = Chapter(
    "VJP",
    "pullbacks and gradients of functions",
    (
        Clause("VJP-01", MUST, "vjp() returns the value of the function, in its tree."),
        Clause("VJP-02", MUST, "The pullback multiplies by the transposed Jacobian."),
        Clause("VJP-03", MUST, "The pullback is linear in the cotangent."),
        Clause("VJP-04", MUST, "The pullback returns a tuple with one tree for each primal, also for one primal."),
        Clause("VJP-05", MUST, "The pullback's results have the shapes and dtypes of the primals."),
        Clause("VJP-06", MUST, "The pullback can be called any number of times, with different cotangents."),
        Clause("VJP-07", MUST, "A primal that the function does not use gets zeros."),
        Clause(
            "VJP-08",
            MUST,
            "A function that is constant has gradient zero, whatever it returns: an array, a Python number, an integer array.",
        ),
        Clause("VJP-09", MUST, "Comparisons, argmax and casts to integers have gradient zero in the functional form."),
        Clause(
            "VJP-10", MUST, "Primals may be Python floats and NumPy arrays, and the results are arrays of the backend."
        ),
        Clause("VJP-11", MUST, "Writing later into a NumPy array that was a primal does not change the pullback."),
        Clause("VJP-12", MUST, "An integer, boolean or text primal raises NotDifferentiableError."),
        Clause("VJP-13", MUST, "A function that returns something that is no array raises TypeError."),
        Clause("VJP-14", MUST, "grad() of a result that is no scalar is the gradient of the sum of its elements."),
        Clause(
            "VJP-15", MUST, "grad() differentiates the argument that argnums names, counted from the end when negative."
        ),
        Clause("VJP-16", MUST, "A sequence of argnums gives a tuple of gradients in its order."),
        Clause(
            "VJP-17", MUST, "A position that argnums names twice gets the full gradient twice, in memory of its own."
        ),
        Clause("VJP-18", MUST, "argnums out of range raise ValueError."),
        Clause("VJP-19", MUST, "argnums that are no integers raise TypeError."),
        Clause(
            "VJP-20",
            MUST,
            "With has_aux the second result of the function is returned as it is, and not differentiated.",
        ),
        Clause("VJP-21", MUST, "Keyword arguments are passed through and not differentiated."),
        Clause("VJP-22", MUST, "Arguments that are not differentiated may be anything."),
        Clause("VJP-23", MUST, "value_and_grad() returns the value of the function and what grad() gives."),
        Clause(
            "VJP-24",
            MUST,
            "A variable in the closure of a vjp() is differentiated by a tape that is open, through the value.",
            TAPE,
        ),
        Clause(
            "VJP-25",
            MUST,
            "A primal that a tape recorded is differentiated by that tape, through the value and the pullback.",
            TAPE,
        ),
        Clause(
            "VJP-26", MUST, "An exception that the function raises reaches the caller, and the next gradient is right."
        ),
        Clause("VJP-27", MUST, "The tape's form and the functional form agree.", (Capability.TAPE,)),
        Clause(
            "VJP-28",
            MUST,
            "Results of the functional form are arrays that no later gradient mistakes for recorded ones.",
            (Capability.TAPE,),
        ),
        Clause(
            "VJP-29",
            MUST,
            "A pullback refuses a cotangent of another shape than the value's, broadcastable ones included, with ShapeMismatchError.",
        ),
        Clause(
            "VJP-30", MUST, "A pullback refuses a cotangent of another tree than the value's with ShapeMismatchError."
        ),
        Clause("VJP-31", MUST, "A pullback casts a cotangent of another floating dtype to the value's."),
        Clause("VJP-32", MUST, "A pullback refuses an integer or boolean cotangent with NotDifferentiableError."),
        Clause(
            "VJP-33",
            MUST,
            "Results of the functional form are fresh: writing into one, where that is possible, changes no other result.",
        ),
        Clause(
            "VJP-34",
            MUST,
            "Results of the functional form are fresh: writing into one, where that is possible, changes no cotangent, argument or later result.",
        ),
        Clause(
            "VJP-35", MUST, "The functional form gives 0-d arrays for 0-d arguments, never Python or NumPy scalars."
        ),
        Clause(
            "VJP-36",
            MUST,
            "argnames of grad() and value_and_grad() names the arguments to differentiate, passed by position or by name; one that is not passed, and argnums beside it, raise ValueError.",
        ),
    ),
)
