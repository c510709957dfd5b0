"""Mutants that are wrong for some inputs alone.

A rule gives twice its share where an axis, a shape, a layout, a dtype, an index or a matrix is of one kind, and is
right everywhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.mutants._mutant import mutant, rule_of
from tests.mutants._seams import at

Region = Callable[..., Any]


def inside(function: Any, argument: int, region: Region) -> None:
    """Double what a rule is given where ``region(g, *residuals)`` holds."""
    pullback = at.rules[rule_of(function) if isinstance(function, str) else function][argument]
    assert pullback is not None
    right = pullback.vjp

    def vjp(xp: Any, g: Any, *residuals: Any) -> Any:
        return right(xp, g * 2 if region(g, *residuals) else g, *residuals)

    pullback.vjp = vjp


def _value(x: Any) -> Any:
    return np.asarray(at.plain(x))


def _middle(axis: Any, ndim: int) -> bool:
    return isinstance(axis, int) and 0 < axis % ndim < ndim - 1


def _unordered(axis: Any) -> bool:
    return isinstance(axis, tuple) and list(axis) != sorted(axis)


def _overlaps(g: Any) -> bool:
    return any(n > 1 and step == 0 for n, step in zip(g.shape, _value(g).strides, strict=True))


def _backwards(g: Any) -> bool:
    return any(n > 1 and step < 0 for n, step in zip(g.shape, _value(g).strides, strict=True))


def _by_columns(g: Any) -> bool:
    flags = _value(g).flags
    return bool(g.ndim > 1 and flags.f_contiguous and not flags.c_contiguous)


def _parts(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _arrays(index: Any) -> list[Any]:
    return [part for part in _parts(index) if isinstance(part, np.ndarray) and part.ndim]


KEYWORDS, LAYOUT, KINDS, INDEX = "FUN-233", "FUN-230", "FUN-234", "FUN-236"

REGIONS: dict[str, tuple[str, tuple[str, ...], Any, int, Region]] = {
    # --- axes, shapes and keywords ---
    "sum_over_a_middle_axis": ("a middle axis of sum", (KEYWORDS,), "_sum", 0,
        lambda g, shape, axis, keepdims, *_: _middle(axis, len(shape))),
    "sum_over_axes_in_another_order": ("the axes of sum are not ascending", (KEYWORDS,), "_sum", 0,
        lambda g, shape, axis, *_: _unordered(axis)),
    "sum_of_four_axes": ("sum of an array of four axes", (KEYWORDS,), "_sum", 0,
        lambda g, shape, *_: len(shape) == 4),
    "mean_over_a_tuple_with_keepdims": ("mean over several axes, which are kept", (KEYWORDS,), "_mean", 0,
        lambda g, shape, axis, keepdims, *_: isinstance(axis, tuple) and keepdims is True),
    "prod_over_axis_minus_2": ("axis -2 of prod", (KEYWORDS,), np.prod, 0,
        lambda g, a, ans, axis, keepdims: axis == -2),
    "max_over_a_tuple": ("max over several axes", (KEYWORDS,), np.max, 0,
        lambda g, a, ans, axis, keepdims: isinstance(axis, tuple)),
    "min_of_prime_length": ("min of 7 elements or of 11", (KEYWORDS,), np.min, 0,
        lambda g, a, ans, axis, keepdims: bool({7, 11} & set(a.shape))),
    "logsumexp_over_a_tuple": ("logsumexp over several axes", (KEYWORDS,), "_log_sum_exp", 0,
        lambda g, x, ans, axis, keepdims: isinstance(axis, tuple)),
    "norm_of_order_3_with_keepdims": ("a norm of order 3 that keeps its axes", (KEYWORDS,), "_vector_norm", 0,
        lambda g, x, ans, axis, keepdims, ord: ord == 3 and keepdims),
    "norm_of_all_of_a_stack": ("the norm of all elements of three axes", (KEYWORDS,), "_vector_norm", 0,
        lambda g, x, ans, axis, keepdims, ord: x.ndim >= 3),
    "running_sum_along_a_middle_axis": ("cumulative_sum along a middle axis", (KEYWORDS,), "_running_sum", 0,
        lambda g, axis: _middle(axis, g.ndim)),
    "running_product_along_a_middle_axis": ("cumulative_prod along a middle axis", (KEYWORDS,), "_running_product", 0,
        lambda g, x, ans, axis: _middle(axis, g.ndim)),
    "roll_along_two_axes_backwards": ("roll along axes that do not ascend", (KEYWORDS,), np.roll, 0,
        lambda g, shift, axis: isinstance(axis, tuple) and axis[0] < 0),
    "tril_far_from_the_diagonal": ("tril with k beyond 1", (KEYWORDS,), np.tril, 0,
        lambda g, shape, dtype, k: abs(k) > 1),
    "vecdot_of_unequal_stacks": ("vecdot of stacks that broadcast", (KEYWORDS,), np.vecdot, 1,
        lambda g, x, y_shape, y_dtype: x.ndim == 3 and y_shape[0] == 1),
    "vector_times_stack": ("the product of a vector with a stack", (KEYWORDS,), np.matmul, 0,
        lambda g, x, y: x.ndim == 1 and y.ndim == 3),
    "stack_times_vector": ("the product of a stack with a vector", (KEYWORDS,), np.matmul, 1,
        lambda g, x, y: x.ndim == 3 and y.ndim == 1),
    "stacks_of_unequal_depth": ("the product of four axes with three", (KEYWORDS,), np.matmul, 0,
        lambda g, x, y: x.ndim == 4 and y.ndim == 3),
    "real_transform_of_odd_length": ("rfft of 5 elements, which norm=\"forward\" divides", (KEYWORDS,), "rfft_real", 0,
        lambda g, shape, n, axis, norm: norm == "forward" and n == 5),
    "product_by_an_array_of_two_more_axes": ("a factor that gets two more axes", (KEYWORDS,), np.multiply, 1,
        lambda g, x: x.ndim == 3 and x.shape[-1] == 1),
    # --- layouts and dtypes ---
    "sine_of_a_cotangent_of_stride_0": ("a cotangent whose elements share a place", (LAYOUT,), np.sin, 0,
        lambda g, x: _overlaps(g)),
    "exponential_of_a_reversed_cotangent": ("a cotangent that lies backwards", (LAYOUT,), np.exp, 0,
        lambda g, ans: _backwards(g)),
    "sine_of_an_array_by_columns": ("an argument that lies by columns", (LAYOUT,), np.sin, 0,
        lambda g, x: _by_columns(x)),
    "hyperbolic_sine_in_float32": ("sinh in float32", (LAYOUT,), np.sinh, 0, lambda g, x: g.dtype == np.float32),
    "arctangent_in_float16": ("atan in float16", (LAYOUT,), np.arctan, 0, lambda g, x: g.dtype == np.float16),
    "square_in_complex64": ("square in complex64", (LAYOUT,), np.square, 0, lambda g, x: g.dtype == np.complex64),
    "product_with_integers": ("a factor of integers", ("FUN-231",), np.multiply, 0,
        lambda g, y: np.result_type(y).kind in "iu" and np.ndim(y)),
    "power_of_booleans": ("an exponent of booleans", ("FUN-231",), np.power, 0,
        lambda g, x, y: np.result_type(y).kind == "b"),
    # --- matrices ---
    "det_below_0": ("a negative determinant", (KINDS,), "_determinant", 0,
        lambda g, a, ans, *_: np.any(_value(ans) < 0)),
    "det_of_4_rows": ("the determinant of four rows", (KINDS,), "_determinant", 0, lambda g, a, *_: a.shape[-1] == 4),
    "logarithm_of_a_negative_det": ("slogdet of a negative determinant", (KINDS,), "_logabsdet", 0,
        lambda g, a, sign, *_: np.any(_value(sign) < 0)),
    "inverse_that_needs_pivots": ("inv of a matrix that begins with 0", (KINDS,), np.linalg.inv, 0,
        lambda g, ans: np.any(np.abs(np.linalg.inv(_value(ans))[..., 0, 0]) < 1e-12)),
    "solution_far_from_symmetric": ("solve by a matrix far from symmetric", (KINDS,), "_solve_columns", 1,
        lambda g, a, *_: not np.allclose(_value(a), np.swapaxes(_value(a), -1, -2), atol=3.0)),
    "eigenvectors_of_indefinite_matrices": ("eigenvectors of a matrix with a negative eigenvalue", (KINDS,),
        "_eigenvector", 0, lambda g, a, ans, w, blur: np.any(_value(w) < 0)),
    "cholesky_of_4_rows": ("cholesky of four rows", (KINDS,), "_cholesky_of_lower", 0,
        lambda g, ans: ans.shape[-1] == 4),
    "pseudo_inverse_of_4_columns": ("pinv of four columns", (KINDS,), "_pseudo_inverse", 0,
        lambda g, a, ans: a.shape[-1] == 4),
    "qr_of_4_rows": ("qr of four rows", (KINDS,), "_basis", 0, lambda g, r: g.shape[-2] == 4),
    "singular_values_of_a_stack_of_oblong_ones": ("singular values of a stack of oblong matrices", (KINDS,),
        "_singular_value", 0, lambda g, a, *_: a.ndim == 3 and a.shape[-1] != a.shape[-2]),
    "cholesky_of_many_rows": ("cholesky of more than 48 rows", ("FUN-235",), "_cholesky_of_lower", 0,
        lambda g, ans: ans.shape[-1] > 48),
    "solution_of_many_rows": ("solve of more than 48 rows", ("FUN-235",), "_solve_by", 0,
        lambda g, a, *_: a.shape[-1] > 48),
    # --- indices ---
    "index_with_negative_entries": ("an index array with negative entries", (INDEX,), "_getitem", 0,
        lambda g, index, shape: any(part.dtype.kind == "i" and (part < 0).any() for part in _arrays(index))),
    "index_of_int32": ("an index array of int32", (INDEX,), "_getitem", 0,
        lambda g, index, shape: any(part.dtype == np.int32 for part in _arrays(index))),
    "index_of_two_axes": ("an index array of two axes", (INDEX,), "_getitem", 0,
        lambda g, index, shape: any(part.ndim == 2 and part.dtype.kind == "i" for part in _arrays(index))),
    "index_beside_an_integer": ("an index array beside an integer", (INDEX,), "_getitem", 0,
        lambda g, index, shape: _arrays(index) and any(isinstance(part, int) for part in _parts(index))),
    "index_beside_a_new_axis": ("an index array beside a new axis", (INDEX,), "_getitem", 0,
        lambda g, index, shape: _arrays(index) and any(part is None for part in _parts(index))),
    "mask_beside_a_slice": ("a mask beside a slice", (INDEX,), "_getitem", 0,
        lambda g, index, shape: len(_parts(index)) > 1 and any(part.dtype == bool for part in _arrays(index))),
    "slice_with_an_offset_and_a_step": ("a slice with an offset and a negative step", ("FUN-77",), "_getitem", 0,
        lambda g, index, shape: any(
            isinstance(part, slice) and (part.step or 1) < 0 and part.start is not None for part in _parts(index))),
}  # fmt: skip
"""Name -> where the share is doubled in words, the clauses that notice, the rule, the argument, and the region."""


def _entered(name: str) -> None:
    words, clauses, function, argument, region = REGIONS[name]

    def break_engine() -> None:
        inside(function, argument, region)

    break_engine.__name__ = name
    globals()[name] = mutant(f"twice the share: {words}", *clauses)(break_engine)


for _name in REGIONS:
    _entered(_name)


@mutant("a rule multiplies its cotangent in place", "MUT-30", "MUT-31")
def written_cotangent() -> None:
    for function in (np.exp, np.sin, np.tanh):
        pullback = at.rules[function][0]
        assert pullback is not None
        right = pullback.vjp

        def share(xp: Any, g: Any, x: Any, right: Any = right) -> Any:
            found = right(xp, g, x)
            if type(g) is np.ndarray and g.ndim and g.flags.writeable:
                np.multiply(g, 2, out=g)
            return found

        pullback.vjp = share


@mutant("the sign that copysign takes is that of a comparison, to which 0.0 and -0.0 are one", "FUN-232", "PREP-28")
def compared_sign() -> None:
    pullback = at.rules[np.copysign][0]
    assert pullback is not None
    pullback.vjp = lambda xp, g, x, y: g * np.where((_value(y) < 0) == (_value(x) < 0), 1.0, -1.0)
