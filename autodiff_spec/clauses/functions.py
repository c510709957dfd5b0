"""Chapter FUN: the derivative of each function of the array API standard, where the function is differentiable.

Each clause asks for first and second derivatives at finite points off the function's kinks and jumps (those are chapter
KINK), in float32 and float64, for 0-d, empty and broadcast arrays, by every argument that is differentiable. Ids are
in the order in which functions came, and are never renumbered.
"""

from __future__ import annotations

from autodiff_spec._capability import Capability
from autodiff_spec.clauses._model import MUST, Chapter, Clause

COMPLEX = (Capability.COMPLEX,)

CHAPTER = Chapter(
    "FUN",
    "derivatives of functions",
    (
        # --- elementwise ---
        Clause("FUN-01", MUST, "The derivative of abs(x) is the sign of x, away from 0."),
        Clause("FUN-02", MUST, "The derivative of acos(x) is −1/√(1 − x²)."),
        Clause("FUN-03", MUST, "The derivative of acosh(x) is 1/√(x² − 1)."),
        Clause("FUN-04", MUST, "The derivative of add(x, y) is 1 by both arguments, summed over what was broadcast."),
        Clause("FUN-05", MUST, "The derivative of asin(x) is 1/√(1 − x²)."),
        Clause("FUN-06", MUST, "The derivative of asinh(x) is 1/√(1 + x²)."),
        Clause("FUN-07", MUST, "The derivative of atan(x) is 1/(1 + x²)."),
        Clause(
            "FUN-08", MUST, "The derivatives of atan2(y, x) are x/(x² + y²) by y and −y/(x² + y²) by x, off the origin."
        ),
        Clause("FUN-09", MUST, "The derivative of atanh(x) is 1/(1 − x²)."),
        Clause("FUN-10", MUST, "The derivative of ceil(x) is 0."),
        Clause(
            "FUN-11",
            MUST,
            "The derivatives of clip(x, min, max) are 1 by what is returned, x or a bound, and 0 by the others.",
        ),
        Clause("FUN-12", MUST, "The pullback of conj(z) is the conjugate of the cotangent.", COMPLEX),
        Clause(
            "FUN-13",
            MUST,
            "The derivatives of copysign(x, y) are ±1 by x, where its sign is kept or turned, and 0 by y.",
        ),
        Clause("FUN-14", MUST, "The derivative of cos(x) is −sin(x)."),
        Clause("FUN-15", MUST, "The derivative of cosh(x) is sinh(x)."),
        Clause("FUN-16", MUST, "The derivatives of divide(x, y) are 1/y by x and −x/y² by y."),
        Clause("FUN-17", MUST, "The derivative of exp(x) is exp(x)."),
        Clause("FUN-18", MUST, "The derivative of expm1(x) is exp(x)."),
        Clause("FUN-19", MUST, "The derivative of floor(x) is 0."),
        Clause("FUN-20", MUST, "The derivatives of floor_divide(x, y) are 0."),
        Clause("FUN-21", MUST, "The derivatives of hypot(x, y) are x/hypot(x, y) and y/hypot(x, y), off the origin."),
        Clause("FUN-22", MUST, "The pullback of imag(z) is the cotangent times the imaginary unit.", COMPLEX),
        Clause("FUN-23", MUST, "The derivative of log(x) is 1/x."),
        Clause("FUN-24", MUST, "The derivative of log10(x) is 1/(x·log 10)."),
        Clause("FUN-25", MUST, "The derivative of log1p(x) is 1/(1 + x)."),
        Clause("FUN-26", MUST, "The derivative of log2(x) is 1/(x·log 2)."),
        Clause(
            "FUN-27",
            MUST,
            "The derivatives of logaddexp(x, y) are exp(x − logaddexp(x, y)) and exp(y − logaddexp(x, y)).",
        ),
        Clause("FUN-28", MUST, "The derivatives of maximum(x, y) are 1 by the larger argument and 0 by the smaller."),
        Clause("FUN-29", MUST, "The derivatives of minimum(x, y) are 1 by the smaller argument and 0 by the larger."),
        Clause("FUN-30", MUST, "The derivatives of multiply(x, y) are y by x and x by y."),
        Clause("FUN-31", MUST, "The derivative of negative(x) is −1."),
        Clause("FUN-32", MUST, "The derivative of positive(x) is 1."),
        Clause("FUN-33", MUST, "The derivatives of pow(x, y) are y·x^(y−1) by x and, for positive x, x^y·log(x) by y."),
        Clause("FUN-34", MUST, "The pullback of real(z) is the cotangent, with imaginary part 0.", COMPLEX),
        Clause("FUN-35", MUST, "The derivative of reciprocal(x) is −1/x²."),
        Clause("FUN-36", MUST, "The derivatives of remainder(x, y) are 1 by x and −floor(x/y) by y, off its jumps."),
        Clause("FUN-37", MUST, "The derivative of round(x) is 0."),
        Clause("FUN-38", MUST, "The derivative of sign(x) is 0."),
        Clause("FUN-39", MUST, "The derivative of sin(x) is cos(x)."),
        Clause("FUN-40", MUST, "The derivative of sinh(x) is cosh(x)."),
        Clause("FUN-41", MUST, "The derivative of sqrt(x) is 1/(2·√x)."),
        Clause("FUN-42", MUST, "The derivative of square(x) is 2·x."),
        Clause(
            "FUN-43", MUST, "The derivatives of subtract(x, y) are 1 by x and −1 by y, summed over what was broadcast."
        ),
        Clause("FUN-44", MUST, "The derivative of tan(x) is 1 + tan(x)²."),
        Clause("FUN-45", MUST, "The derivative of tanh(x) is 1 − tanh(x)²."),
        Clause("FUN-46", MUST, "The derivative of trunc(x) is 0."),
        Clause(
            "FUN-47", MUST, "The derivatives of where(c, x, y) are 1 by the argument that is chosen and 0 by the other."
        ),
        # --- reductions ---
        Clause(
            "FUN-48", MUST, "The derivative of sum is 1 by every element, along any axes, with and without keepdims."
        ),
        Clause("FUN-49", MUST, "The derivative of mean is one over the number of elements that are averaged."),
        Clause("FUN-50", MUST, "The derivative of prod by an element is the product of the others."),
        Clause("FUN-51", MUST, "The derivative of max is 1 by the largest element and 0 by the others."),
        Clause("FUN-52", MUST, "The derivative of min is 1 by the smallest element and 0 by the others."),
        Clause("FUN-53", MUST, "The derivative of var by x is 2·(x − mean)/(n − correction)."),
        Clause("FUN-54", MUST, "The derivative of std by x is (x − mean)/((n − correction)·std), where std is not 0."),
        # --- products ---
        Clause(
            "FUN-55",
            MUST,
            "The pullbacks of matmul(x, y) are g·yᵀ and xᵀ·g, for vectors, matrices and broadcast stacks.",
        ),
        Clause("FUN-56", MUST, "The pullbacks of vecdot(x, y) are g·y and g·x along its axis."),
        Clause(
            "FUN-57", MUST, "The pullbacks of tensordot contract the cotangent with the other argument, for any axes."
        ),
        Clause("FUN-58", MUST, "The pullback of matrix_transpose transposes the cotangent."),
        # --- shapes ---
        Clause("FUN-59", MUST, "The pullback of reshape gives the cotangent the argument's shape."),
        Clause("FUN-60", MUST, "The pullback of permute_dims applies the inverse permutation."),
        Clause("FUN-61", MUST, "The pullback of broadcast_to sums over what was broadcast."),
        Clause("FUN-62", MUST, "The pullback of broadcast_arrays sums each cotangent over what was broadcast."),
        Clause(
            "FUN-63",
            MUST,
            "The pullback of concat gives each array its part of the cotangent, for any axis and for None.",
        ),
        Clause("FUN-64", MUST, "The pullback of stack gives each array its slice of the cotangent."),
        Clause("FUN-65", MUST, "The pullback of unstack stacks the cotangents, zeros for parts that are not used."),
        Clause("FUN-66", MUST, "The pullback of expand_dims removes the axis again."),
        Clause("FUN-67", MUST, "The pullback of squeeze inserts the axes again."),
        Clause("FUN-68", MUST, "The pullback of flip flips the cotangent along the same axes."),
        Clause("FUN-69", MUST, "The pullback of roll rolls the cotangent back."),
        Clause("FUN-70", MUST, "The pullback of moveaxis moves the axes back."),
        Clause("FUN-71", MUST, "The pullback of repeat sums over the repetitions of each element."),
        Clause("FUN-72", MUST, "The pullback of tile sums over the copies of the array."),
        Clause("FUN-73", MUST, "The pullback of tril is the lower triangle of the cotangent."),
        Clause("FUN-74", MUST, "The pullback of triu is the upper triangle of the cotangent."),
        # --- indexing ---
        Clause("FUN-75", MUST, "The pullback of take adds the cotangent up at its indices, repeated ones included."),
        Clause("FUN-76", MUST, "The pullback of take_along_axis adds the cotangent up at its indices along the axis."),
        Clause(
            "FUN-77",
            MUST,
            "The pullback of indexing by integers, slices, ellipsis and None puts the cotangent among zeros.",
        ),
        Clause(
            "FUN-78",
            MUST,
            "The pullback of indexing by a mask puts the cotangent where the mask is true, zeros elsewhere.",
        ),
        Clause("FUN-79", MUST, "The pullback of indexing by integer arrays adds the cotangent up at the indices."),
        # --- types, norms, operators ---
        Clause(
            "FUN-80", MUST, "The pullback of astype between floating dtypes is the cotangent in the argument's dtype."
        ),
        Clause(
            "FUN-81",
            MUST,
            "The derivative of vector_norm is sign(x)·(|x|/norm)^(ord−1), for orders 1, 2, 3 and ±∞, off kinks.",
        ),
        Clause("FUN-82", MUST, "The derivative of the Frobenius norm by x is x/norm, off 0."),
        Clause("FUN-83", MUST, "The operators of arrays have the derivatives of the functions that they stand for."),
    ),
)
