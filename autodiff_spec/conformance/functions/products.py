"""Products of vectors, matrices and stacks of them."""

from __future__ import annotations

from autodiff_spec.conformance.functions._make import ANY, many, of, two
from autodiff_spec.conformance.functions._model import EXACT, Function, call

PRODUCTS: tuple[Function, ...] = (
    many(
        "FUN-55",
        "matmul",
        two("of vectors", call("matmul"), (3,), (3,), ((0,), (0,))),
        two("of matrices", call("matmul"), (2, 3), (3, 2), ((2, 0), (0, 3))),
        two("of matrix and vector", call("matmul"), (2, 3), (3,)),
        two("of vector and matrix", call("matmul"), (3,), (3, 2)),
        two("of stack and vector", call("matmul"), (2, 2, 3), (3,)),
        two("of stacks that broadcast", call("matmul"), (2, 1, 1, 2), (3, 2, 2)),
        ulps=EXACT,
    ),
    many(
        "FUN-56",
        "vecdot",
        two("", call("vecdot"), (2, 3), (3,), ((3,), (3,)), ((2, 0), (2, 0)), ((2, 3, 3, 2), (3, 2))),
        two("along axis -2", call("vecdot", axis=-2), (3, 2), (3, 2)),
        ulps=EXACT,
    ),
    many(
        "FUN-57",
        "tensordot",
        two("over 2 axes", call("tensordot"), (2, 2, 3), (2, 3, 2)),
        two("over 1 axis", call("tensordot", axes=1), (2, 3), (3, 2)),
        two("over no axis", call("tensordot", axes=0), (2,), (2, 3)),
        two("over named axes", call("tensordot", axes=((0, 2), (1, 0))), (2, 1, 3), (3, 2, 2)),
        ulps=EXACT,
    ),
    many("FUN-58", "matrix_transpose", of("matrix_transpose", "", ANY, (2, 3), (2, 1, 3), (0, 2)), ulps=EXACT),
)
