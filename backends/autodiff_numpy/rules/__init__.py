"""The derivatives of functions, a family a file: a new function goes into the table of its family."""

from autodiff_numpy.rules import (
    cumulative,
    determinants,
    einsum,
    elementwise,
    factorisations,
    fft,
    indexing,
    joining,
    linalg,
    nans,
    numpys,
    reductions,
    shapes,
    solvers,
    sorting,
)

__all__ = [
    "cumulative", "determinants", "einsum", "elementwise", "factorisations", "fft", "indexing",
    "joining", "linalg", "nans", "numpys", "reductions", "shapes", "solvers", "sorting",
]  # fmt: skip
