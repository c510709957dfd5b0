"""The derivatives of functions, a family a file: a new function goes into the table of its family."""

from autodiff_numpy.rules import elementwise, indexing, linalg, reductions, shapes

__all__ = ["elementwise", "indexing", "linalg", "reductions", "shapes"]
