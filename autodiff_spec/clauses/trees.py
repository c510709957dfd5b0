"""Chapter TREE: structures of arrays."""

from __future__ import annotations

from autodiff_spec.clauses import Chapter, Clause, Level
from autodiff_spec.core.capability import Capability

MUST = Level.MUST
TAPE = (Capability.TAPE,)

CHAPTER = Chapter(
    "TREE",
    "structures",
    (
        Clause(
            "TREE-01",
            MUST,
            "Sources may be any nesting of tuples, lists and dicts, and the gradients come in the same.",
            TAPE,
        ),
        Clause(
            "TREE-02", MUST, "Namedtuples and dataclasses are trees, and the gradients are of the same class.", TAPE
        ),
        Clause(
            "TREE-03",
            MUST,
            "A frozen dataclass, or one whose constructor checks its fields, is rebuilt without its constructor.",
            TAPE,
        ),
        Clause("TREE-04", MUST, "Targets may be trees, with a cotangent of the same tree.", TAPE),
        Clause("TREE-05", MUST, "Arguments of the functional form may be trees, and the gradients come in the same."),
        Clause(
            "TREE-06",
            MUST,
            "Results of the functional form may be trees, whose pullback takes a cotangent of the same tree.",
        ),
        Clause(
            "TREE-07",
            MUST,
            "Each gradient belongs to the leaf in whose place it stands, whatever the order of a dict.",
            TAPE,
        ),
        Clause("TREE-08", MUST, "An empty tree of sources gives an empty tree of gradients.", TAPE),
        Clause("TREE-09", MUST, "None is a leaf: as a source it raises NotDifferentiableError.", TAPE),
        Clause("TREE-10", MUST, "out= is a tree like the sources, each leaf of which receives its gradient.", TAPE),
        Clause("TREE-11", MUST, "to_numpy() of a tree gives the tree of detached NumPy copies."),
        Clause("TREE-16", MUST, "What unconnected= asks for holds for each leaf of the sources, however deep it lies.", TAPE),
    ),
)
