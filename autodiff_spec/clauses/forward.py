"""Chapter JVP: the functional form, jvp()."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
HIGHER = (Capability.HIGHER_ORDER,)
TAPES = (Capability.TAPE, Capability.HIGHER_ORDER)
COMPLEX = (Capability.COMPLEX, Capability.HIGHER_ORDER)
BRANCHES = (Capability.CONTROL_FLOW, Capability.HIGHER_ORDER)

CHAPTER = Chapter(
    "JVP",
    "derivatives along a direction",
    (
        Clause("JVP-01", MUST, "jvp() returns the value of the function, in its tree.", HIGHER),
        Clause("JVP-02", MUST, "jvp() multiplies the tangents by the Jacobian.", HIGHER),
        Clause("JVP-03", MUST, "jvp() is linear in the tangents.", HIGHER),
        Clause("JVP-04", MUST, "jvp() and the pullback are transposes of each other: <u, Jv> = <Jᵀu, v>.", HIGHER),
        Clause("JVP-05", MUST, "The derivative that jvp() gives has the tree, the shapes and the dtypes of the value.", HIGHER),
        Clause("JVP-06", MUST, "jvp() gives zeros where the value does not depend on the primals.", HIGHER),
        Clause("JVP-07", MUST, "jvp() gives zeros in their own dtype for comparisons, argmax and casts to integers.", HIGHER),
        Clause("JVP-08", MUST, "Primals and tangents of jvp() may be Python floats and NumPy arrays, and the results are arrays of the backend.", HIGHER),
        Clause("JVP-09", MUST, "Primals and tangents of jvp() may be trees.", HIGHER),
        Clause("JVP-10", MUST, "jvp() refuses tangents of another number or tree than the primals' with ShapeMismatchError.", HIGHER),
        Clause("JVP-11", MUST, "jvp() refuses a tangent of another shape than its primal's, broadcastable ones included, with ShapeMismatchError.", HIGHER),
        Clause("JVP-12", MUST, "jvp() casts a tangent of another floating dtype to its primal's.", HIGHER),
        Clause("JVP-13", MUST, "jvp() refuses an integer or boolean primal or tangent with NotDifferentiableError.", HIGHER),
        Clause("JVP-14", MUST, "jvp() refuses primals or tangents that are neither a tuple nor a list with TypeError.", HIGHER),
        Clause("JVP-15", MUST, "A variable in the closure of a jvp() is differentiated by a tape that is open, through the value and the derivative.", TAPES),
        Clause("JVP-16", MUST, "A primal or tangent that a tape recorded is differentiated by that tape.", TAPES),
        Clause("JVP-17", MUST, "An inner jvp() does not confuse its direction with that of an outer derivative (no perturbation confusion).", HIGHER),
        Clause("JVP-18", MUST, "jvp() composes with grad(), and with itself, in every order.", HIGHER),
        Clause("JVP-19", MUST, "The derivative of stop_gradient() along any direction is zero.", HIGHER),
        Clause("JVP-20", MUST, "jvp() refuses a complex tangent of a real primal with DtypeError.", COMPLEX),
        Clause("JVP-21", MUST, "jvp() follows the branches that Python takes.", BRANCHES),
        Clause("JVP-22", MUST, "An exception that the function raises in jvp() reaches the caller, and the next derivative is right.", HIGHER),
        Clause("JVP-23", MUST, "For complex numbers jvp() and the pullback are transposes of each other in the real inner product.", COMPLEX),
        Clause("JVP-24", MUST, "Results of jvp() are fresh: writing into the derivative, where that is possible, changes no tangent.", HIGHER),
        Clause("JVP-25", MUST, "The derivative of a program along a direction is its gradient times the direction.", HIGHER),
        Clause("JVP-26", MUST, "jvp() called twice gives the same, and changes no argument.", HIGHER),
    ),
)
