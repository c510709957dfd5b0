"""Functions of complex arrays.

A holomorphic function's pullback multiplies by the conjugate of its derivative. Elements keep a distance from the real
axis, and so from branch cuts.
"""

from __future__ import annotations

from dataclasses import replace

from autodiff_spec.conformance.functions._make import COMPLEX, HERMITIAN, many, of, two
from autodiff_spec.conformance.functions._model import DECOMPOSED, SENSITIVE, Function, Program, Variant, call
from autodiff_spec.conformance.functions.indexing import INDEXING
from autodiff_spec.conformance.functions.linalg import (
    eigenprojectors,
    left_null_space,
    of_symmetric,
    orthogonal_terms,
    reduced_triples,
)
from autodiff_spec.conformance.functions.shapes import SHAPES

OF_ONE = (
    *("acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp", "expm1", "log", "log10", "log1p"),
    *("log2", "negative", "positive", "reciprocal", "sin", "sinh", "sqrt", "square", "tan", "tanh"),
)
OF_TWO = ("add", "divide", "multiply", "pow", "subtract")
BOTH = (COMPLEX, COMPLEX)


MOVING = frozenset(
    (
        *(function.name for function in (*SHAPES, *INDEXING) if function.name != "astype"),
        *("add", "subtract", "negative", "positive", "where", "sum", "mean", "cumulative_sum", "diff", "at", "pad"),
        *("matrix_transpose", "linalg.matrix_transpose", "linalg.diagonal", "linalg.trace", "segment_sum"),
        *("fft.fftshift", "fft.ifftshift"),
    )
)
"""Functions that move or add up numbers, whatever these are."""
_UPDATES = ("at multiply", "at min", "at max")


def moves(function: Function) -> list[Variant]:
    """The variants of a function of `MOVING` that do the same to each part of complex numbers."""
    return [v for v in function.variants if function.name in MOVING and v.real and v.name not in _UPDATES]


def of_matrix(what: str, program: Program, *shapes: tuple[int, ...]) -> Variant:
    """A variant of a function of one well-conditioned complex matrix."""
    return Variant(what, program, (HERMITIAN,), tuple((shape,) for shape in shapes))


COMPLEXES: tuple[Function, ...] = (
    many(
        "FUN-120",
        "holomorphic",
        *(replace(of(name, name, COMPLEX, (3,)), by_element=True) for name in OF_ONE),
        *(two(name, call(name), (2, 1), (2,), args=BOTH) for name in OF_TWO),
        ulps=SENSITIVE,
    ),
    many("FUN-121", "abs of complex numbers", of("abs", "", COMPLEX, (2, 3), ()), ulps=SENSITIVE),
    many(
        "FUN-122",
        "sign of complex numbers",
        replace(of("sign", "", COMPLEX, (3,)), by_element=True),
        ulps=SENSITIVE,
    ),
    many(
        "FUN-123",
        "complex",
        of("sum", "sum", COMPLEX, (2, 3), axis=0),
        of("mean", "mean", COMPLEX, (2, 3)),
        of("prod", "prod", COMPLEX, (3,)),
        of("cumulative_sum", "cumulative_sum", COMPLEX, (3,)),
        of("cumulative_prod", "cumulative_prod", COMPLEX, (3,)),
        two("matmul", call("matmul"), (2, 3), (3, 2), args=BOTH),
        two("vecdot", call("vecdot"), (2, 3), (3,), args=BOTH),
        two("tensordot", call("tensordot", axes=1), (2, 3), (3,), args=BOTH),
        two("where", lambda xp, x, y: xp.where(xp.real(x) > xp.real(y) + 0.01, x, y), (3,), (3,), args=BOTH),
        of("linalg.vector_norm", "linalg.vector_norm", COMPLEX, (3,)),
        of("linalg.trace", "linalg.trace", COMPLEX, (2, 2)),
        ulps=SENSITIVE,
    ),
    many(
        "FUN-124",
        "complex matrices",
        of_matrix("linalg.det", call("linalg.det"), (2, 2)),
        of_matrix("linalg.slogdet", lambda xp, x: tuple(xp.linalg.slogdet(x)), (2, 2)),
        of_matrix("linalg.inv", call("linalg.inv"), (2, 2)),
        two("linalg.solve", call("linalg.solve"), (2, 2), (2,), args=(HERMITIAN, COMPLEX)),
        of_matrix("linalg.cholesky", of_symmetric("linalg.cholesky"), (2, 2)),
        of_matrix("linalg.cholesky upper", of_symmetric("linalg.cholesky", upper=True), (2, 2)),
        of_matrix("linalg.eigvalsh", of_symmetric("linalg.eigvalsh"), (2, 2)),
        of_matrix("linalg.eigh", eigenprojectors, (2, 2)),
        of_matrix("linalg.svdvals", call("linalg.svdvals"), (2, 2)),
        of_matrix("linalg.svd", reduced_triples, (3, 2)),
        of_matrix("linalg.qr", orthogonal_terms, (3, 2)),
        of_matrix("linalg.pinv", call("linalg.pinv"), (3, 2)),
        of_matrix("linalg.svd and the left null space", left_null_space, (3, 2)),
        ulps=DECOMPOSED,
    ),
)
