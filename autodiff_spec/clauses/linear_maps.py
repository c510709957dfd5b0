"""Chapter LIN: the derivative as a linear map, linearize()."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
HIGHER = (Capability.HIGHER_ORDER,)
TAPES = (Capability.TAPE, Capability.HIGHER_ORDER)
COMPLEX = (Capability.COMPLEX, Capability.HIGHER_ORDER)

CHAPTER = Chapter(
    "LIN",
    "derivatives as linear maps",
    (
        Clause("LIN-01", MUST, "linearize() returns the value of the function, in its tree, and runs the function once, whatever number of products is taken.", HIGHER),
        Clause("LIN-02", MUST, "The map that linearize() returns multiplies tangents by the Jacobian, and its T cotangents by the transpose.", HIGHER),
        Clause("LIN-03", MUST, "The T of the T of a linear map is the map.", HIGHER),
        Clause("LIN-04", MUST, "A product has the tree, the shapes and the dtypes of the value, and one of the T those of the primals.", HIGHER),
        Clause("LIN-05", MUST, "A product is zeros where nothing connects, and where the value is integer or boolean.", HIGHER),
        Clause("LIN-06", MUST, "The map refuses tangents as jvp() does, and its T cotangents as a pullback does.", HIGHER),
        Clause("LIN-07", MUST, "shape, domain and codomain say how many elements, which shapes and which dtypes the map takes and gives, those of the T the other way round.", HIGHER),
        Clause("LIN-08", MUST, "vmap() of the map, or of its T, takes many at a time.", HIGHER),
        Clause("LIN-09", MUST, "A product is differentiated by the tangent, and by what an open tape recorded before: primals and variables in the closure.", TAPES),
        Clause("LIN-10", MUST, "to_scipy() gives an operator of NumPy vectors and matrices over all elements, in the order of the trees; of complex arrays it raises NotDifferentiableError.", HIGHER),
        Clause("LIN-11", MUST, "For complex numbers the map and its T are transposes of each other in the real inner product.", COMPLEX),
        Clause("LIN-12", MUST, "Products repeat, are fresh, and change neither the map nor what it was given.", HIGHER),
    ),
)
