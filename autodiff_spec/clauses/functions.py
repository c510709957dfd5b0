"""Chapter FUN: the derivative of each function of the array API standard, where the function is differentiable.

Each clause asks for first and second derivatives at finite points off the function's kinks and jumps (those are chapter
KINK), by pullback and by pushforward, in every floating dtype in which the function has a value, for 0-d, empty,
broadcast and strided arrays, by every argument that is differentiable, within the row's error budget. Ids are in the
order in which functions came, and are never renumbered.
"""

from __future__ import annotations

from autodiff_spec.clauses._model import MUST, SHOULD, Chapter, Clause
from autodiff_spec.core.capability import Capability

COMPLEX = (Capability.COMPLEX,)
HIGHER = (Capability.HIGHER_ORDER,)

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
        # --- running reductions, order, creation ---
        Clause("FUN-84", MUST, "The pullback of cumulative_sum sums the cotangent from each element to the end."),
        Clause(
            "FUN-85",
            MUST,
            "The derivative of cumulative_prod by an element is the product of the others up to each place.",
        ),
        Clause(
            "FUN-86",
            MUST,
            "The pullback of diff is the negative difference of the cotangent, by what is joined to the ends too.",
        ),
        Clause("FUN-87", MUST, "The pullback of sort puts the cotangent back where the elements came from."),
        Clause(
            "FUN-88",
            MUST,
            "The pullbacks of meshgrid sum the cotangents over the axes along which an array is repeated.",
        ),
        Clause("FUN-89", MUST, "The pullback of asarray of an array is the cotangent."),
        # --- linear algebra ---
        Clause("FUN-90", MUST, "The pullbacks of cross(x, y) are the cross products y × g and g × x."),
        Clause("FUN-91", MUST, "The pullbacks of outer(x, y) are g·y and gᵀ·x."),
        Clause("FUN-92", MUST, "The pullback of diagonal puts the cotangent on that diagonal, among zeros."),
        Clause("FUN-93", MUST, "The pullback of trace puts the cotangent on each element of that diagonal."),
        Clause("FUN-94", MUST, "The derivative of det(x) is det(x) times the transposed inverse."),
        Clause(
            "FUN-95",
            MUST,
            "The derivative of slogdet(x) is the transposed inverse by the logarithm and 0 by the sign.",
        ),
        Clause("FUN-96", MUST, "The pullback of inv(x) is −inv(x)ᵀ·g·inv(x)ᵀ."),
        Clause("FUN-97", MUST, "The pullbacks of solve(a, b) are inv(a)ᵀ·g by b and −(inv(a)ᵀ·g)·solve(a, b)ᵀ by a."),
        Clause(
            "FUN-98",
            MUST,
            "The derivative of matrix_power is that of the product of its factors, for exponents of any sign.",
        ),
        Clause(
            "FUN-99",
            MUST,
            "The derivative of cholesky of the symmetric part of x is that of the factor, lower or upper.",
        ),
        Clause(
            "FUN-100",
            MUST,
            "The derivative of the eigenvalues of the symmetric part of x is that of distinct eigenvalues.",
        ),
        Clause(
            "FUN-101",
            MUST,
            "The derivatives of eigh are right for functions that do not see the eigenvectors' signs.",
        ),
        Clause("FUN-102", MUST, "The derivative of a singular value is the product of its left and right vectors."),
        Clause(
            "FUN-103",
            MUST,
            "The derivatives of svd are right for functions that do not see the singular vectors' signs.",
        ),
        Clause(
            "FUN-104",
            MUST,
            "The derivatives of qr are right for functions that do not see the signs of the columns of Q.",
        ),
        Clause("FUN-105", MUST, "The derivative of pinv is right for matrices of full rank: tall, wide and square."),
        Clause(
            "FUN-106",
            MUST,
            "The derivatives of matrix_norm of the orders ±1, ±2, ±∞ and nuc are right off their kinks.",
        ),
        Clause("FUN-107", MUST, "The functions of linalg that the main namespace has too have the same derivatives."),
        # --- Fourier transforms ---
        Clause(
            "FUN-108",
            MUST,
            "The pullback of fft is the transform with the opposite sign, for any length, axis and norm.",
            COMPLEX,
        ),
        Clause(
            "FUN-109",
            MUST,
            "The pullback of ifft is the transform with the opposite sign, for any length, axis and norm.",
            COMPLEX,
        ),
        Clause("FUN-110", MUST, "The pullback of fftn is that of fft along each of its axes.", COMPLEX),
        Clause("FUN-111", MUST, "The pullback of ifftn is that of ifft along each of its axes.", COMPLEX),
        Clause("FUN-112", MUST, "The pullback of rfft is the real part of the pullback of fft.", COMPLEX),
        Clause(
            "FUN-113",
            MUST,
            "The pullback of irfft counts inner frequencies twice, and has no imaginary part at the outer ones.",
            COMPLEX,
        ),
        Clause(
            "FUN-114",
            MUST,
            "The pullback of rfftn is that of rfft along the last and of fft along the other axes.",
            COMPLEX,
        ),
        Clause(
            "FUN-115",
            MUST,
            "The pullback of irfftn is that of irfft along the last and of ifft along the other axes.",
            COMPLEX,
        ),
        Clause(
            "FUN-116",
            MUST,
            "The pullback of hfft counts inner elements twice, and has no imaginary part at the outer ones.",
            COMPLEX,
        ),
        Clause("FUN-117", MUST, "The pullback of ihfft is the real part of the transform of the cotangent.", COMPLEX),
        Clause("FUN-118", MUST, "The pullback of fftshift is ifftshift."),
        Clause("FUN-119", MUST, "The pullback of ifftshift is fftshift."),
        # --- complex arrays ---
        Clause(
            "FUN-120",
            MUST,
            "The pullback of a holomorphic function multiplies by the conjugate of its derivative.",
            COMPLEX,
        ),
        Clause("FUN-121", MUST, "The pullback of abs(z) of a complex z is the cotangent times z/abs(z).", COMPLEX),
        Clause(
            "FUN-122",
            MUST,
            "The pullback of sign(z) of a complex z is the cotangent's part across z, over abs(z).",
            COMPLEX,
        ),
        Clause(
            "FUN-123",
            MUST,
            "Reductions, products and selections of complex arrays have the conjugated pullbacks.",
            COMPLEX,
        ),
        Clause(
            "FUN-124",
            MUST,
            "The derivatives of linear algebra are right for complex matrices, up to the vectors' phases.",
            COMPLEX,
        ),
        # --- functions beyond the standard ---
        Clause("FUN-125", MUST, "The derivative of relu(x) is 1 for positive and 0 for negative x."),
        Clause("FUN-126", MUST, "The derivative of sigmoid(x) is sigmoid(x)·sigmoid(−x)."),
        Clause("FUN-127", MUST, "The derivative of softplus(x) is sigmoid(x)."),
        Clause("FUN-128", MUST, "The derivative of erf(x) is 2·exp(−x²)/√π."),
        Clause("FUN-129", MUST, "The derivative of sinc(x) is (cos(πx) − sinc(x))/x, off 0."),
        Clause("FUN-130", MUST, "The derivatives of xlogy(x, y) are log(y) by x and x/y by y."),
        Clause("FUN-131", MUST, "The pullback of softmax is s·(g − Σ g·s) for the result s, along its axis."),
        Clause("FUN-132", MUST, "The derivative of logsumexp is the softmax of its argument."),
        Clause(
            "FUN-133",
            MUST,
            "The derivative of median is 1 by the middle element, or ½ by each of the two middle ones.",
        ),
        Clause("FUN-134", MUST, "The pullback of topk puts the cotangent back where the largest elements came from."),
        Clause("FUN-135", MUST, "The pullbacks of einsum are sums of products of the cotangent with the other arrays."),
        Clause(
            "FUN-136",
            MUST,
            "The derivatives of at(x, i).set, add, multiply, min and max are right by x and by the values.",
        ),
        Clause("FUN-137", MUST, "The derivative of silu(x) = x·sigmoid(x) is sigmoid(x)·(1 + x·sigmoid(−x))."),
        Clause("FUN-138", MUST, "The derivative of gelu(x) = x·Φ(x) is Φ(x) + x·φ(x); that of its approximation is its own."),
        Clause("FUN-139", MUST, "The pullback of log_softmax is g − softmax(x)·Σ g along its axis."),
        Clause(
            "FUN-140",
            MUST,
            "one_hot(x, n) is 1 at the place that each integer of x names, else 0, of the dtype asked for, and constant.",
        ),
        Clause("FUN-141", MUST, "The derivative of lgamma(x) is digamma(x), for negative x too."),
        Clause("FUN-142", MUST, "The derivatives of digamma(x) are the polygamma functions, for negative x too."),
        Clause("FUN-143", MUST, "The derivative of erfinv(x) is ½·√π·exp(erfinv(x)²)."),
        Clause("FUN-144", MUST, "The derivative of gammainc(a, x) by x is x^(a−1)·exp(−x)/Γ(a)."),
        Clause("FUN-145", MUST, "The derivative of gammaincc(a, x) by x is −x^(a−1)·exp(−x)/Γ(a)."),
        Clause(
            "FUN-146",
            MUST,
            "The derivatives of gammainc(a, x) and gammaincc(a, x) by a are right, or asking for them raises UnsupportedError.",
        ),
        Clause(
            "FUN-147",
            MUST,
            "In their tails lgamma, digamma, erfinv, gammainc, gammaincc and their derivatives are right to relative precision.",
        ),
        Clause("FUN-150", MUST, "The pullback of pad sums the cotangent over the copies of each element and of the constant."),
        Clause(
            "FUN-151",
            MUST,
            "The derivatives of convolve(a, v) in each mode are the correlations of the cotangent with the other vector.",
        ),
        Clause("FUN-152", MUST, "The pullback of segment_sum gives each row the cotangent of its segment."),
        Clause(
            "FUN-153",
            MUST,
            "The derivatives of interp(x, xp, fp) are those of the line between the knots around x, and outside of all those of a constant.",
        ),
        Clause(
            "FUN-154",
            MUST,
            "The derivatives of solve_triangular(a, b) are those of the solution by b and by the triangle, transposed or with a diagonal of ones too.",
        ),
        Clause(
            "FUN-155",
            MUST,
            "The derivatives of lstsq(a, b) are those of the shortest solution of least squares by both, with more rows than columns or fewer.",
        ),
        Clause(
            "FUN-156", MUST, "The derivative of expm at A along E is the upper right block of expm of the matrix [[A, E], [0, A]]."
        ),
        Clause(
            "FUN-157",
            MUST,
            "The pullbacks of pad, convolve, segment_sum, solve_triangular, lstsq and expm by complex arrays are adjoint to their derivatives.",
            COMPLEX,
        ),
        Clause("FUN-158", MUST, "The derivatives of expm are right along cotangents and tangents of any size."),
        Clause(
            "FUN-159",
            MUST,
            "lstsq of a matrix whose rows and columns are dependent is the shortest solution, and its derivatives are those at constant rank.",
        ),
        Clause(
            "FUN-160",
            MUST,
            "What solve_triangular is told not to read, NaN too, changes neither its value nor its derivatives, and has the derivative 0.",
        ),
        Clause(
            "FUN-161",
            MUST,
            "Arguments of pad, convolve, segment_sum, interp, solve_triangular, lstsq or expm whose shapes do not fit raise ShapeMismatchError.",
        ),
        Clause("FUN-162", MUST, "An id of segment_sum that is out of bounds raises IndexError, where ids can be looked at."),
        # --- far out, and of extreme numbers ---
        Clause("FUN-170", SHOULD, "The derivatives of tanh and sigmoid keep their digits where these level off."),
        Clause(
            "FUN-171",
            SHOULD,
            "The derivatives of softmax and log_softmax by the largest element keep their digits where it outweighs all.",
        ),
        Clause(
            "FUN-172",
            SHOULD,
            "The derivatives of vector_norm, matrix_norm and std are right where squares overflow or underflow.",
        ),
        Clause(
            "FUN-173",
            MUST,
            "The second derivatives of cumulative_prod are right where a factor is much smaller than others.",
            HIGHER,
        ),
        Clause("FUN-178", MUST, "The first and second derivatives of sinc keep their digits near 0."),
        # --- arguments of every magnitude ---
        Clause(
            "FUN-180",
            MUST,
            "Values and first derivatives have the digits of their dtype: one of float64 is not computed in float32.",
        ),
        Clause(
            "FUN-181",
            MUST,
            "Values and first derivatives are right relative to their own size at tiny, small, large and huge arguments.",
        ),
        Clause("FUN-182", MUST, "Where a function levels off its small first derivatives are right relative to their own size."),
        Clause("FUN-183", MUST, "Next to the ends of a function's domain its first derivatives are right, on each side."),
        Clause(
            "FUN-184",
            MUST,
            "Values and first derivatives of two arguments are right relative to their size where these are equal, alike or far apart.",
        ),
        Clause(
            "FUN-185",
            MUST,
            "Values and first derivatives of reductions are right relative to their size, of numbers of one magnitude or of several.",
        ),
        Clause(
            "FUN-186",
            MUST,
            "Second derivatives are right relative to their own size where arguments, and their squares, are far from overflow.",
            HIGHER,
        ),
        Clause(
            "FUN-187",
            SHOULD,
            "Second derivatives are right relative to their own size at tiny and huge arguments.",
            HIGHER,
        ),
        Clause(
            "FUN-188", SHOULD, "In float16 values and first derivatives are right relative to their own size at every argument."
        ),
        # --- whatever the array is like ---
        Clause(
            "FUN-230",
            MUST,
            "The derivatives of a function are the same however its arguments, tangents and cotangents lie in memory: reversed, by columns, with gaps, or with elements that share a place.",
        ),
        Clause(
            "FUN-231",
            MUST,
            "Where a function of a floating array and one of integers or booleans has a value, its derivative by the floating array is that of the same function of the same numbers.",
        ),
        Clause("FUN-232", MUST, "A program's numbers 0.0 and −0.0 are two numbers: derivatives that tell them apart do."),
        Clause(
            "FUN-233",
            MUST,
            "The derivatives of a function are right for each value of each of its keywords, and for any two of them together, on arrays of one to four axes.",
        ),
        Clause(
            "FUN-234",
            MUST,
            "The derivatives of a function of a matrix are right whatever its determinant's sign, its pivots, its symmetry and its shape, in stacks too.",
        ),
        Clause(
            "FUN-235",
            MUST,
            "The derivatives of a function of a matrix of many rows are those of its values, as differences of these show.",
        ),
        Clause(
            "FUN-236",
            MUST,
            "An index of integer arrays or masks, with negative entries, of several axes, of any integer dtype, beside integers, slices, new axes and ellipses, is differentiated as the selection that it is; elements that it names repeatedly get a share for each time.",
        ),
        # --- complex numbers of every magnitude ---
        Clause(
            "FUN-237",
            MUST,
            "First derivatives of abs and sign of complex numbers are right relative to their size at every magnitude, however far apart the parts are.",
            COMPLEX,
        ),
        Clause(
            "FUN-238",
            MUST,
            "First derivatives of products, quotients, reciprocals and squares of complex numbers are right relative to their size where squares of these are far from overflow.",
            COMPLEX,
        ),
        Clause(
            "FUN-239",
            MUST,
            "First derivatives of sqrt, exp, log and the other elementary functions of complex numbers are right relative to their size where squares of these are far from overflow.",
            COMPLEX,
        ),
        Clause(
            "FUN-240",
            SHOULD,
            "First derivatives of functions of complex numbers are right relative to their size at tiny and huge numbers, with parts of such sizes, and where a function levels off.",
            COMPLEX,
        ),
        Clause(
            "FUN-250",
            SHOULD,
            "Values of functions of complex numbers are right relative to their size at every magnitude, however far apart the parts are.",
            COMPLEX,
        ),
        Clause(
            "FUN-251",
            MUST,
            "Second derivatives of functions of complex numbers are right relative to their size where squares of these are far from overflow.",
            (*COMPLEX, *HIGHER),
        ),
        Clause(
            "FUN-252",
            SHOULD,
            "Second derivatives of functions of complex numbers are right relative to their size at tiny and huge numbers, with parts of such sizes, and where a function levels off.",
            (*COMPLEX, *HIGHER),
        ),
        Clause(
            "FUN-253",
            MUST,
            "First derivatives of complex powers are right relative to their size where squares of base and exponent are far from overflow.",
            COMPLEX,
        ),
    ),
)
