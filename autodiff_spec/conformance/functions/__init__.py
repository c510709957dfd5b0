"""The functions whose derivatives chapter FUN checks: how to call them, where, on which shapes, how exactly.

A new function is a new row in the file of its family, with the clause that speaks of it.
"""

from __future__ import annotations

from autodiff_spec.conformance.functions._model import Arg, Function, Shape, Variant
from autodiff_spec.conformance.functions.beyond import BEYOND
from autodiff_spec.conformance.functions.complexes import COMPLEXES
from autodiff_spec.conformance.functions.elementwise import ELEMENTWISE
from autodiff_spec.conformance.functions.fft import FFT
from autodiff_spec.conformance.functions.indexing import INDEXING
from autodiff_spec.conformance.functions.linalg import LINALG
from autodiff_spec.conformance.functions.operators import OPERATORS
from autodiff_spec.conformance.functions.products import PRODUCTS
from autodiff_spec.conformance.functions.reductions import REDUCTIONS
from autodiff_spec.conformance.functions.shapes import SHAPES

__all__ = ["FUNCTIONS", "Arg", "Function", "Shape", "Variant"]

FUNCTIONS: tuple[Function, ...] = (
    *ELEMENTWISE,
    *REDUCTIONS,
    *PRODUCTS,
    *SHAPES,
    *INDEXING,
    OPERATORS,
    *LINALG,
    *FFT,
    *COMPLEXES,
    *BEYOND,
)
