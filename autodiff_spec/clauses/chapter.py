"""Chapter CHAP: the programs of the textbook chapter."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
TAPE = (Capability.TAPE,)
NESTED = (Capability.TAPE, Capability.HIGHER_ORDER)

CHAPTER = Chapter(
    "CHAP",
    "the textbook chapter's programs",
    (
        Clause("CHAP-01", MUST, "For x = [0, 1, 2, 3], y = 2 x·x is 28.", TAPE),
        Clause("CHAP-02", MUST, "The gradient of y = 2 x·x is 4x, for x = [0, 1, 2, 3] it is [0, 4, 8, 12].", TAPE),
        Clause("CHAP-03", MUST, "The gradient of sum(x), ones, overwrites the gradient that its storage held.", TAPE),
        Clause("CHAP-04", MUST, "The gradient of y = x * x, which is no scalar, is that of the sum of y, 2x.", TAPE),
        Clause("CHAP-05", MUST, "The gradient of y = x * x with an explicit cotangent v is 2vx.", TAPE),
        Clause("CHAP-06", MUST, "For u = stop_gradient(x * x) and z = u * x, dz/dx is u.", TAPE),
        Clause("CHAP-07", MUST, "After dz/dx, the same persistent tape gives dy/dx = 2x for the y that z detached.", TAPE),
        Clause("CHAP-08", MUST, "The gradient through the chapter's control flow f is f(a) / a for scalars of both signs.", TAPE),
        Clause("CHAP-09", MUST, "The gradient through f is f(a) / a, element by element, for vectors.", TAPE),
        Clause("CHAP-10", MUST, "The gradient through f is f(a) / a, element by element, for matrices.", TAPE),
        Clause("CHAP-11", MUST, "The second derivative of y = x³ by nested tapes is 6x.", NESTED),
        Clause("CHAP-12", MUST, "A second gradient of a tape that is not persistent raises TapeConsumedError.", TAPE),
        Clause("CHAP-13", MUST, "A persistent tape answers the second call with the gradient of the first.", TAPE),
        Clause(
            "CHAP-14", MUST, "The gradient through Newton's iteration for a square root converges to that of the root.", TAPE
        ),
        Clause("CHAP-15", MUST, "One gradient gives the derivative of sin at every point of an interval.", TAPE),
        Clause("CHAP-16", MUST, "Linear regression, trained by gradients into storage, finds the weights of its data.", TAPE),
        Clause("CHAP-17", MUST, "A thousand training steps leave no objects behind.", TAPE),
    ),
)
