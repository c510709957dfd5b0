"""Chapter PREP: prepare()."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
HIGHER = (Capability.HIGHER_ORDER,)
TAPE = (Capability.TAPE,)
BRANCHES = (Capability.CONTROL_FLOW,)

CHAPTER = Chapter(
    "PREP",
    "prepared functions",
    (
        Clause("PREP-01", MUST, "A prepared function gives the answers of the function itself for every argument of the shapes and dtypes that it was prepared for."),
        Clause("PREP-02", MUST, "grad(), value_and_grad() and jacobian() can be prepared."),
        Clause("PREP-03", MUST, "hvp(), jvp(), hessian() and a gradient of a gradient can be prepared.", HIGHER),
        Clause("PREP-04", MUST, "When a branch on a value goes another way than when it was prepared, the answer is that of the branch that is taken now, and again when it goes back.", BRANCHES),
        Clause("PREP-05", MUST, "A loop on values runs as often as the arguments ask for.", BRANCHES),
        Clause("PREP-06", MUST, "What Python computes from a value by float(), int() or an index counts anew on every call.", BRANCHES),
        Clause("PREP-07", MUST, "A variable that the function reads is read on every call.", TAPE),
        Clause("PREP-08", MUST, "A gradient with respect to a variable in the closure can be prepared, tape included.", TAPE),
        Clause("PREP-09", MUST, "A function that assigns to a variable does so on every call, once.", TAPE),
        Clause("PREP-10", MUST, "Arguments of another shape or dtype raise PreparationError with a line for each that names it by its path."),
        Clause("PREP-11", MUST, "Arguments of another tree structure, number or name raise PreparationError."),
        Clause("PREP-12", MUST, "After a refused call the prepared function answers as before."),
        Clause("PREP-13", MUST, "Arguments and results may be trees, and keyword arguments pass through."),
        Clause("PREP-14", MUST, "Arguments that are no arrays count by their values."),
        Clause("PREP-15", MUST, "What a call computes shares no memory with what an earlier or a later call returns, and arguments keep their values."),
        Clause("PREP-16", MUST, "While a tape is open a prepared function is recorded like the function itself, closures included.", TAPE),
        Clause("PREP-17", MUST, "A prepared function composes with grad(), vmap() and prepare()."),
        Clause("PREP-18", MUST, "A prepared function composes with jvp() and hessian().", HIGHER),
        Clause("PREP-19", MUST, "Calls from several threads at once give each its own answer."),
        Clause("PREP-20", MUST, "out=, a tree of variables, receives the result and is returned.", TAPE),
        Clause("PREP-21", MUST, "An error of the function itself is raised on the call whose arguments cause it.", BRANCHES),
        Clause("PREP-22", MUST, "NumPy arrays among the arguments are taken as the backend's own."),
        Clause("PREP-23", MUST, "out= may be mutable arrays, the arguments themselves among them.", (Capability.MUTABLE_OUT,)),
        Clause("PREP-28", MUST, "A prepared function tells −0.0 from 0.0, among its constants, its arguments and their elements."),
        Clause("PREP-29", MUST, "out= may share its memory with a part of an argument: the result is that of the argument as it was.", (Capability.MUTABLE_OUT,)),
    ),
)
