"""The derivatives of functions, a family a file: a new function goes into the table of its family.

It gets both modes from one line. ``rule(np.sin, lambda xp, g, x: g * xp.cos(x))`` is complete, for elementwise ufuncs
push a tangent as they pull a cotangent; a primitive of ours says ``jvp=elementwise``. A linear function says
``jvp=linear``, of several arguments too where it is linear in each. Any other writes ``jvp=lambda xp, t, …`` beside the
``vjp``, or leaves it out and is transposed, at about three times the cost. A function that can be made of others needs
no rule: ``@defined_by(np.thing)`` over ``TRACKED``. Then a row in ``tests/numpy_rules.py``, for a rule that no row uses
fails ``tests/test_numpy_rules.py``.
"""

import importlib

from autodiff_numpy._tables import LATE
from autodiff_numpy.rules import (
    arranging,
    beyond,
    cumulative,
    determinants,
    eigenvalues,
    einsum,
    elementwise,
    factorisations,
    fft,
    indexing,
    joining,
    linalg,
    nans,
    numpys,
    placement,
    polynomials,
    reductions,
    sampled,
    shapes,
    singular,
    solvers,
    sorting,
    statistics,
    ufuncs,
    writing,
)

LATE["scipy.special"] = lambda: importlib.import_module("autodiff_numpy.rules.special")

__all__ = [
    "arranging", "beyond", "cumulative", "determinants", "eigenvalues", "einsum", "elementwise", "factorisations",
    "fft", "indexing", "joining", "linalg", "nans", "numpys", "placement", "polynomials", "reductions", "sampled",
    "shapes", "singular", "solvers", "sorting", "statistics", "ufuncs", "writing",
]  # fmt: skip
