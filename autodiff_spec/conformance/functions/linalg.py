"""The ``linalg`` extension.

Eigenvectors, singular vectors and orthogonal factors are unique up to signs (phases, when they are complex); what is
differentiated here does not see these. Functions of symmetric matrices are given the symmetric part of their argument,
so that it does not matter which triangle an engine reads.
"""

from __future__ import annotations

import math
from typing import Any

from autodiff_spec.conformance.functions._make import ANY, SQUARE, many, of, two
from autodiff_spec.conformance.functions._model import (
    DECOMPOSED,
    EXACT,
    SOLVED,
    Function,
    Program,
    Variant,
    call,
)


def symmetric(xp: Any, x: Any) -> Any:
    """The symmetric part of a matrix; Hermitian of a complex one."""
    return (x + adjoint(xp, x)) / 2.0


def adjoint(xp: Any, x: Any) -> Any:
    """The transpose, conjugated where it is complex."""
    mirrored = xp.matrix_transpose(x)
    return xp.conj(mirrored) if xp.isdtype(x.dtype, "complex floating") else mirrored


def outer_products(xp: Any, columns: Any, rows: Any) -> Any:
    """The product of each column with the row of the same number, shape (…, m, n, k)."""
    return xp.expand_dims(columns, axis=-2) * xp.expand_dims(xp.matrix_transpose(rows), axis=-3)


def projectors(xp: Any, vectors: Any) -> Any:
    """The projectors onto the directions of orthonormal columns."""
    return outer_products(xp, vectors, adjoint(xp, vectors))


def of_symmetric(name: str, **keywords: Any) -> Program:
    """A function of the symmetric part."""
    return lambda xp, x: call(name, **keywords)(xp, symmetric(xp, x))


def eigenprojectors(xp: Any, x: Any) -> Any:
    """Eigenvalues, and the projectors onto the eigenvectors."""
    values, vectors = xp.linalg.eigh(symmetric(xp, x))
    return values, projectors(xp, vectors)


def singular_triples(xp: Any, x: Any, **keywords: Any) -> Any:
    """Singular values, and the products of the left with the right vectors that belong to them."""
    u, values, vh = xp.linalg.svd(x, **keywords)
    k = values.shape[-1]
    return values, outer_products(xp, u[..., :, :k], vh[..., :k, :])


def reduced_triples(xp: Any, x: Any) -> Any:
    """`singular_triples` of the reduced decomposition."""
    return singular_triples(xp, x, full_matrices=False)


def left_null_space(xp: Any, x: Any) -> Any:
    """The projector onto what is orthogonal to all columns, from the full matrix of left vectors."""
    u, values, _ = xp.linalg.svd(x, full_matrices=True)
    rest = u[..., :, values.shape[-1] :]
    return xp.matmul(rest, adjoint(xp, rest))


def orthogonal_terms(xp: Any, x: Any, mode: str = "reduced") -> Any:
    """The terms of ``Q @ R``, one for each column of Q."""
    q, r = xp.linalg.qr(x, mode=mode)
    return outer_products(xp, q, r)


def of_matrix(what: str, program: Program, *shapes: tuple[int, ...]) -> Variant:
    """A variant of a function of one well-conditioned matrix, or a stack of them."""
    return Variant(what, program, (SQUARE,), tuple((shape,) for shape in shapes))


LINALG: tuple[Function, ...] = (
    many(
        "FUN-90",
        "linalg.cross",
        two("", call("linalg.cross"), (3,), (3,), ((2, 3), (2, 3))),
        two("along axis 0, broadcast", call("linalg.cross", axis=0), (3, 2), (3, 1)),
        ulps=EXACT,
    ),
    many("FUN-91", "linalg.outer", two("", call("linalg.outer"), (2,), (3,), ((0,), (2,))), ulps=EXACT),
    many(
        "FUN-92",
        "linalg.diagonal",
        of("linalg.diagonal", "", ANY, (2, 3), (2, 2, 2)),
        of("linalg.diagonal", "beside the main one", ANY, (3, 3), offset=-1),
        ulps=EXACT,
    ),
    many(
        "FUN-93",
        "linalg.trace",
        of("linalg.trace", "", ANY, (2, 3), (2, 2, 2)),
        of("linalg.trace", "beside the main diagonal", ANY, (3, 3), offset=1),
        ulps=EXACT,
    ),
    many(
        "FUN-94",
        "linalg.det",
        of("linalg.det", "", SQUARE, (3, 3), (2, 2, 2), (1, 1)),
        ulps=SOLVED,
        half=False,
        kinks="KINK-59 KINK-60",
    ),
    many(
        "FUN-95",
        "linalg.slogdet",
        of_matrix("", lambda xp, x: tuple(xp.linalg.slogdet(x)), (3, 3), (2, 2, 2)),
        ulps=SOLVED,
        half=False,
    ),
    many(
        "FUN-96",
        "linalg.inv",
        of("linalg.inv", "", SQUARE, (3, 3), (2, 2, 2)),
        ulps=SOLVED,
        half=False,
        kinks="KINK-63",
    ),
    many(
        "FUN-97",
        "linalg.solve",
        two("for a vector", call("linalg.solve"), (3, 3), (3,), args=(SQUARE, ANY)),
        two("for a matrix", call("linalg.solve"), (2, 2), (2, 3), args=(SQUARE, ANY)),
        two("for stacks that broadcast", call("linalg.solve"), (2, 2), (3, 2, 1), args=(SQUARE, ANY)),
        ulps=SOLVED,
        half=False,
        kinks="KINK-63",
    ),
    many(
        "FUN-98",
        "linalg.matrix_power",
        of_matrix("3", lambda xp, x: xp.linalg.matrix_power(x, 3), (2, 2), (2, 2, 2)),
        of_matrix("1", lambda xp, x: xp.linalg.matrix_power(x, 1), (2, 2)),
        of_matrix("0", lambda xp, x: xp.linalg.matrix_power(x, 0), (2, 2)),
        of_matrix("-2", lambda xp, x: xp.linalg.matrix_power(x, -2), (2, 2)),
        ulps=SOLVED,
        half=False,
    ),
    many(
        "FUN-99",
        "linalg.cholesky",
        of_matrix("", of_symmetric("linalg.cholesky"), (3, 3), (2, 2, 2)),
        of_matrix("upper", of_symmetric("linalg.cholesky", upper=True), (2, 2)),
        ulps=SOLVED,
        half=False,
        kinks="KINK-64 KINK-82",
    ),
    many(
        "FUN-100",
        "linalg.eigvalsh",
        of_matrix("", of_symmetric("linalg.eigvalsh"), (3, 3), (2, 2, 2)),
        ulps=DECOMPOSED,
        half=False,
        kinks="KINK-65 KINK-82",
    ),
    many(
        "FUN-101",
        "linalg.eigh",
        of_matrix("", eigenprojectors, (3, 3), (2, 2, 2)),
        ulps=DECOMPOSED,
        half=False,
        kinks="KINK-65 KINK-82",
    ),
    many(
        "FUN-102",
        "linalg.svdvals",
        of_matrix("", call("linalg.svdvals"), (2, 3), (3, 2), (2, 2, 2)),
        ulps=DECOMPOSED,
        half=False,
        kinks="KINK-65",
    ),
    many(
        "FUN-103",
        "linalg.svd",
        of_matrix("of tall matrices", reduced_triples, (3, 2), (2, 3, 2)),
        of_matrix("of wide matrices", reduced_triples, (2, 3)),
        of_matrix("with full matrices", lambda xp, x: singular_triples(xp, x, full_matrices=True), (2, 2)),
        of_matrix("and the left null space", left_null_space, (3, 2)),
        ulps=DECOMPOSED,
        half=False,
        kinks="KINK-65",
    ),
    many(
        "FUN-104",
        "linalg.qr",
        of_matrix("of tall matrices", orthogonal_terms, (3, 2), (2, 2, 2)),
        of_matrix("of wide matrices", orthogonal_terms, (2, 3)),
        of_matrix("in mode complete", lambda xp, x: orthogonal_terms(xp, x, mode="complete"), (2, 2), (3, 2)),
        ulps=SOLVED,
        half=False,
    ),
    many(
        "FUN-105",
        "linalg.pinv",
        of("linalg.pinv", "of tall matrices", SQUARE, (3, 2), (2, 3, 2)),
        of("linalg.pinv", "of wide matrices", SQUARE, (2, 3)),
        of("linalg.pinv", "of square matrices", SQUARE, (2, 2)),
        ulps=DECOMPOSED,
        half=False,
    ),
    many(
        "FUN-106",
        "linalg.matrix_norm of other orders",
        of_matrix("1", call("linalg.matrix_norm", ord=1), (2, 3)),
        of_matrix("-1", call("linalg.matrix_norm", ord=-1), (2, 2)),
        of_matrix("inf", call("linalg.matrix_norm", ord=math.inf), (2, 3)),
        of_matrix("-inf", call("linalg.matrix_norm", ord=-math.inf, keepdims=True), (2, 2)),
        of_matrix("2", call("linalg.matrix_norm", ord=2), (2, 3), (2, 2, 2)),
        of_matrix("-2", call("linalg.matrix_norm", ord=-2), (2, 2)),
        of_matrix("nuc", call("linalg.matrix_norm", ord="nuc"), (2, 3)),
        ulps=DECOMPOSED,
        half=False,
        kinks="KINK-65",
    ),
    many("FUN-107", "linalg.matmul", two("", call("linalg.matmul"), (2, 3), (3, 2)), ulps=EXACT),
    many("FUN-107", "linalg.vecdot", two("", call("linalg.vecdot"), (2, 3), (3,)), ulps=EXACT),
    many("FUN-107", "linalg.tensordot", two("", call("linalg.tensordot", axes=1), (2, 3), (3, 2)), ulps=EXACT),
    many("FUN-107", "linalg.matrix_transpose", of("linalg.matrix_transpose", "", ANY, (2, 3)), ulps=EXACT),
)

FACTORS: dict[str, tuple[Variant, ...]] = {
    "linalg.eigh": (of_matrix("linalg.eigh", lambda xp, x: tuple(xp.linalg.eigh(symmetric(xp, x))), (3, 3)),),
    "linalg.qr": (
        of_matrix("linalg.qr of tall matrices", lambda xp, x: tuple(xp.linalg.qr(x)), (3, 2)),
        of_matrix("linalg.qr of tall matrices", lambda xp, x: xp.linalg.qr(x)[1], (3, 2)),
        of_matrix("linalg.qr in mode complete", lambda xp, x: tuple(xp.linalg.qr(x, mode="complete")), (3, 2)),
    ),
    "linalg.svd": (
        of_matrix("linalg.svd of tall matrices", lambda xp, x: tuple(xp.linalg.svd(x, full_matrices=False)), (3, 2)),
        of_matrix("linalg.svd and the left null space", lambda xp, x: tuple(xp.linalg.svd(x)), (3, 2)),
    ),
}
"""Decompositions as they are, whose vectors are not unique, for what does not ask which they are."""
