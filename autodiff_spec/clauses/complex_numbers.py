"""Chapter CPLX: complex sources and targets."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
COMPLEX = (Capability.COMPLEX,)
TAPE = (Capability.TAPE, Capability.COMPLEX)

CHAPTER = Chapter(
    "CPLX",
    "complex numbers",
    (
        Clause(
            "CPLX-01", MUST, "The gradient of a real target by z = x + iy is ∂L/∂x + i∂L/∂y, in the tape's form.", TAPE
        ),
        Clause(
            "CPLX-02",
            MUST,
            "The gradient of a real target by z = x + iy is ∂L/∂x + i∂L/∂y, in the functional form.",
            COMPLEX,
        ),
        Clause(
            "CPLX-03",
            MUST,
            "The gradient of a real target by a complex source is its direction of steepest ascent.",
            COMPLEX,
        ),
        Clause("CPLX-04", MUST, "A complex target without a cotangent raises NotDifferentiableError, on a tape.", TAPE),
        Clause(
            "CPLX-05", MUST, "A complex result without a cotangent raises NotDifferentiableError, in grad().", COMPLEX
        ),
        Clause(
            "CPLX-06",
            MUST,
            "With the cotangent v, the gradient of a complex target f is that of the sum of Re(conj(v)·f).",
            COMPLEX,
        ),
        Clause("CPLX-07", MUST, "A real cotangent of a complex target is cast.", COMPLEX),
        Clause("CPLX-08", MUST, "A complex cotangent of a real target raises DtypeError.", COMPLEX),
        Clause("CPLX-09", MUST, "The gradient of a real source through complex intermediates is real.", COMPLEX),
        Clause("CPLX-10", MUST, "A gradient has its complex source's dtype, complex64 or complex128.", TAPE),
        Clause("CPLX-11", MUST, "Variables may be complex, and keep their dtype in assign().", TAPE),
        Clause(
            "CPLX-12",
            MUST,
            "Second derivatives through complex gradients follow the same convention.",
            (Capability.COMPLEX, Capability.HIGHER_ORDER),
        ),
        Clause(
            "CPLX-13",
            MUST,
            "jvp() is linear over the real numbers, and <u, Jv> = <Jᵀu, v> in the real inner product, for complex programs.",
            (Capability.COMPLEX, Capability.HIGHER_ORDER),
        ),
    ),
)
