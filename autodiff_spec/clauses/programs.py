"""Chapter PROG: derivatives of whole programs, drawn at random."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST, SHOULD = Level.MUST, Level.SHOULD
TAPE = (Capability.TAPE,)
HIGHER = (Capability.HIGHER_ORDER,)
TAPES = (Capability.TAPE, Capability.HIGHER_ORDER)

CHAPTER = Chapter(
    "PROG",
    "derivatives of programs",
    (
        Clause("PROG-01", MUST, "grad() of a program that is at no kink is the gradient of the function that the program computes."),
        Clause("PROG-02", MUST, "vjp() of a program multiplies a cotangent for each of its results by the Jacobian."),
        Clause("PROG-03", MUST, "jvp() of a program multiplies the Jacobian by a tangent.", HIGHER),
        Clause("PROG-04", MUST, "jacobian() of a program in forward mode is its Jacobian.", HIGHER),
        Clause("PROG-05", MUST, "jacobian() of a program in reverse mode is its Jacobian."),
        Clause("PROG-06", MUST, "hessian() of a program has its second derivatives.", HIGHER),
        Clause("PROG-07", MUST, "hvp() of a program multiplies its second derivatives by a direction.", HIGHER),
        Clause("PROG-08", MUST, "vmap() of the gradient of a program is a batch of its gradients."),
        Clause("PROG-09", MUST, "A tape gives the gradient of a program.", TAPE),
        Clause("PROG-10", MUST, "A persistent tape gives the gradients of a program for every cotangent.", TAPE),
        Clause("PROG-11", MUST, "Nested tapes give the second derivatives of a program.", TAPES),
        Clause("PROG-12", MUST, "The prepared gradient of a program is its gradient, also where its branches go another way."),
        Clause("PROG-13", SHOULD, "The gradient of a program with operations at their kinks, in reverse and in forward mode, is the chain rule over their recommended derivatives.", HIGHER),
        Clause("PROG-14", MUST, "A custom rule that pulls a program back as the program would has its gradient.", (Capability.CUSTOM_RULES,)),
        Clause("PROG-15", MUST, "The gradient of a checkpointed program is that of the program.", (Capability.CHECKPOINT,)),
        Clause("PROG-16", MUST, "The gradient of a program of complex numbers with a real result is ∂L/∂x + i∂L/∂y, and its pushforward the derivative along a complex tangent.", (Capability.COMPLEX, Capability.TAPE, Capability.HIGHER_ORDER)),
        Clause("PROG-17", MUST, "Where a program has a value in 16 bits, float16 or bfloat16, its derivatives are right there too.", TAPES),
        Clause("PROG-18", MUST, "hvp() of a program of complex numbers with a real result, the gradient of its gradient, and nested tapes give the derivative of ∂L/∂x + i∂L/∂y along a complex direction.", (Capability.COMPLEX, Capability.TAPE, Capability.HIGHER_ORDER)),
    ),
)  # fmt: skip
"""One clause for each way to differentiate a program."""
