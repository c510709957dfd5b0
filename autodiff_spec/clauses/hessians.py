"""Chapter HESS: hessian(), hvp(), hessian_diag() and laplacian()."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
HIGHER = (Capability.HIGHER_ORDER,)
TAPES = (Capability.TAPE, Capability.HIGHER_ORDER)

CHAPTER = Chapter(
    "HESS",
    "second derivatives of functions",
    (
        Clause("HESS-01", MUST, "hessian() holds the second derivatives of the function.", HIGHER),
        Clause("HESS-02", MUST, "hessian() is symmetric.", HIGHER),
        Clause("HESS-03", MUST, "hessian() of trees is a tree of trees of blocks, each of the first array's shape followed by the second's.", HIGHER),
        Clause("HESS-04", MUST, "hessian() by a sequence of argnums is a tuple of tuples, mixed derivatives included.", HIGHER),
        Clause("HESS-05", MUST, "hessian() is zeros for arguments that the gradient does not depend on.", HIGHER),
        Clause("HESS-06", MUST, "hessian() of a result that is no scalar is that of the sum of its elements.", HIGHER),
        Clause("HESS-07", MUST, "hessian() and hvp() have the dtypes of the arguments.", HIGHER),
        Clause("HESS-08", MUST, "hvp() is the Hessian times the tangents.", HIGHER),
        Clause("HESS-09", MUST, "hvp() returns a tuple with one tree for each primal, of its shapes.", HIGHER),
        Clause("HESS-10", MUST, "hvp() does not form the Hessian: it works where the Hessian would not fit into memory.", HIGHER),
        Clause("HESS-11", MUST, "hvp() is linear in the tangents, and symmetric: <u, Hv> = <Hu, v>.", HIGHER),
        Clause("HESS-12", MUST, "hvp() refuses tangents as jvp() does.", HIGHER),
        Clause("HESS-13", MUST, "Variables in the closure of hessian() and hvp() are differentiated by a tape that is open.", TAPES),
        Clause("HESS-14", MUST, "hessian() and hvp() are differentiated by grad() like any function: third derivatives.", HIGHER),
        Clause("HESS-15", MUST, "Forward over reverse, reverse over forward, forward over forward and reverse over reverse give one Hessian.", HIGHER),
        Clause("HESS-16", MUST, "hessian() raises the errors of grad() for argnums and arguments that are not floating.", HIGHER),
        Clause("HESS-17", MUST, "With has_aux the second result of the function of a hessian() is returned as it is, and not differentiated.", HIGHER),
        Clause("HESS-18", MUST, "hessian() and hvp() called twice give the same, and change no argument.", HIGHER),
        Clause("HESS-19", MUST, "hessian_diag() is the diagonal of the Hessian, in the trees, shapes and dtypes of the arguments, and laplacian() its sum.", HIGHER),
        Clause("HESS-20", MUST, "hessian_diag() and laplacian() are differentiated like any function, by open tapes too.", TAPES),
        Clause("HESS-21", MUST, "hessian_diag() and laplacian() raise the errors of hessian().", HIGHER),
        Clause("HESS-22", MUST, "argnames of hessian(), hessian_diag() and laplacian() names the arguments to differentiate, as for grad().", HIGHER),
    ),
)
