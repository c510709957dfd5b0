"""Chapter KINK: which derivative a function has at kinks, at the edges of its domain, and where engines go wrong.

At a kink a derivative must be the product of the cotangent with one generalised Jacobian (the convex hull of the limits
of Jacobians at nearby smooth points: F. H. Clarke, Optimization and Nonsmooth Analysis, 1983, section 2.6), and should
be the one of least norm, jointly over all arguments of the operation, tracked or constant.
"""

from __future__ import annotations

from autodiff_spec.clauses._model import MUST, SHOULD, Chapter, Clause
from autodiff_spec.core.capability import Capability

HIGHER = (Capability.HIGHER_ORDER,)
TAPE = (Capability.TAPE,)

CHAPTER = Chapter(
    "KINK",
    "conventions at kinks and boundaries",
    (
        # --- kinks ---
        Clause("KINK-01", MUST, "The derivative of abs at 0 lies in [−1, 1]."),
        Clause("KINK-02", SHOULD, "The derivative of abs at 0 is 0."),
        Clause("KINK-03", MUST, "The derivative of relu at 0 lies in [0, 1]."),
        Clause("KINK-04", SHOULD, "The derivative of relu at 0 is 0."),
        Clause(
            "KINK-05",
            MUST,
            "Where arguments of maximum or minimum tie, its derivatives are not negative and add up to 1.",
        ),
        Clause(
            "KINK-06",
            SHOULD,
            "The derivative of maximum or minimum by each of two equal arguments is ½, also by one of them alone.",
        ),
        Clause("KINK-07", MUST, "The derivative of maximum(x, x) and of minimum(x, x) by x is 1."),
        Clause(
            "KINK-08",
            MUST,
            "Where elements tie for the extremum of max or min, all that tie share its derivative equally.",
        ),
        Clause("KINK-09", MUST, "The derivative of clip by x where x equals a bound lies in [0, 1]."),
        Clause(
            "KINK-10",
            SHOULD,
            "The derivative of clip by x where x equals a bound is ½, also when the bounds are constant.",
        ),
        Clause(
            "KINK-11",
            MUST,
            "Where x equals a bound of clip, its derivatives by x and bounds are not negative and add up to 1.",
        ),
        Clause(
            "KINK-12",
            SHOULD,
            "Where x equals a bound of clip, its derivative is ½ by x, ½ by that bound, 0 by the other.",
        ),
        Clause("KINK-13", MUST, "The derivative of copysign(x, y) by x at 0 lies in [−1, 1]."),
        Clause("KINK-14", SHOULD, "The derivative of copysign(x, y) by x at 0 is 0."),
        Clause(
            "KINK-15",
            MUST,
            "The derivative of a vector norm or the Frobenius norm at 0 lies in the unit ball of the dual norm.",
        ),
        Clause("KINK-16", SHOULD, "The derivative of a vector norm or the Frobenius norm at 0 is 0."),
        Clause(
            "KINK-17",
            MUST,
            "The weights with which elements that tie share the maximum norm's derivative add up to 1.",
        ),
        Clause(
            "KINK-18",
            SHOULD,
            "Elements that tie for the maximum norm share its derivative equally, with their signs.",
        ),
        Clause("KINK-19", MUST, "The derivative of the 1-norm by an element that is 0 lies in [−1, 1]."),
        Clause("KINK-20", SHOULD, "The derivative of the 1-norm by an element that is 0 is 0."),
        Clause("KINK-21", MUST, "The derivative of hypot at (0, 0) lies in the unit ball."),
        Clause("KINK-22", SHOULD, "The derivative of hypot at (0, 0) is 0."),
        Clause("KINK-23", MUST, "hypot and its derivatives are right where the squares of its arguments overflow."),
        Clause(
            "KINK-24",
            MUST,
            "The derivative of std where elements are equal adds up to 0, with norm at most 1/√(n − correction).",
        ),
        Clause("KINK-25", SHOULD, "The derivative of std where all elements are equal is 0."),
        Clause("KINK-26", MUST, "The first and second derivatives of var are right where all elements are equal."),
        # --- powers ---
        Clause("KINK-27", MUST, "The derivative of x⁰ is 0, at 0 too, whether the exponent is a number or an array."),
        Clause(
            "KINK-28", MUST, "The derivatives of x¹ at 0 are 1 and 0, whether the exponent is a number or an array."
        ),
        Clause("KINK-29", MUST, "The first and second derivatives of x² and x³ are right at 0."),
        Clause(
            "KINK-30", MUST, "The derivatives of x^½ and x^1.5 at 0 are their one-sided limits, finite or infinite."
        ),
        Clause("KINK-31", MUST, "The derivative of pow(x, y) by x at (0, 0) is 0."),
        Clause("KINK-32", MUST, "The derivative of pow(x, y) by x is y·x^(y−1) at negative x and integral y."),
        Clause(
            "KINK-33",
            MUST,
            "The derivatives of pow(x, y) by y are 0 to the first and second order at x = 0 and positive y.",
        ),
        # --- products and sums of exponentials ---
        Clause(
            "KINK-34", MUST, "The derivative of prod by an element is the product of the others where factors are 0."
        ),
        Clause("KINK-35", MUST, "The second derivative of prod is right where factors are 0.", HIGHER),
        Clause("KINK-36", MUST, "The derivative of cumulative_prod is right where factors are 0."),
        Clause(
            "KINK-37", MUST, "The derivatives of logaddexp are right where its arguments are equal: ½ and ½, then ±¼."
        ),
        Clause("KINK-38", MUST, "The derivatives of logaddexp are 0 and 1 where its first argument is −∞."),
        # --- edges of domains, extremes ---
        Clause("KINK-39", MUST, "The derivative of sqrt at 0 is +∞."),
        Clause("KINK-40", MUST, "The derivatives of log, log2 and log10 at 0, and of log1p at −1, are +∞."),
        Clause("KINK-41", MUST, "The derivatives of asin and acos at −1 and 1 are +∞ and −∞."),
        Clause("KINK-42", MUST, "The derivatives of acosh at 1 and of atanh at −1 and 1 are +∞."),
        Clause("KINK-43", MUST, "The derivative of tan is right at the floating numbers next to its poles."),
        Clause("KINK-44", MUST, "The derivatives of exp and expm1 go to 0 and to +∞ with the argument, never to NaN."),
        Clause("KINK-45", MUST, "The derivative of tanh goes to 0 with large arguments, infinite ones included."),
        Clause(
            "KINK-46", MUST, "The derivatives of sigmoid and softplus go to 0 or 1 with large arguments, never to NaN."
        ),
        Clause("KINK-47", MUST, "The derivatives of logsumexp and softmax are right where one element is −∞."),
        Clause(
            "KINK-48",
            MUST,
            "A branch of where that is not chosen, and finite there, adds nothing and no NaN to a derivative.",
        ),
        # --- steps ---
        Clause("KINK-49", MUST, "The derivatives of floor, ceil, round, trunc and sign are zeros at their jumps too."),
        Clause("KINK-50", MUST, "The derivatives of floor_divide are zeros at its jumps too."),
        Clause("KINK-51", MUST, "The derivatives of remainder are 1 and −floor(x/y) for every combination of signs."),
        Clause("KINK-52", MUST, "The gradient of a function with integer or boolean values is zeros."),
        Clause("KINK-53", MUST, "An integer or boolean target of a tape raises NotDifferentiableError.", TAPE),
        Clause("KINK-54", MUST, "A cast to an integer dtype and back has the derivative 0."),
        # --- empty arrays, indexing ---
        Clause("KINK-55", MUST, "The gradient of sum, mean, prod and the norm of an empty array is an empty array."),
        Clause(
            "KINK-56",
            MUST,
            "Products and broadcasts over empty axes have gradients of the arguments' shapes, zeros or empty.",
        ),
        Clause("KINK-57", MUST, "Elements that are gathered more than once get the sum of their cotangents."),
        Clause("KINK-58", MUST, "Elements that an index, mask or slice does not select get zero."),
        # --- linear algebra ---
        Clause("KINK-59", MUST, "The derivative of det at a singular matrix is its transposed adjugate."),
        Clause("KINK-60", MUST, "The second derivative of det is right at a singular matrix.", HIGHER),
        Clause(
            "KINK-61",
            MUST,
            "Where elements tie in sort, median or topk, their weights in each result are not negative and add up to 1.",
        ),
        Clause("KINK-62", MUST, "The first and second derivatives of sinc at 0 are 0 and −π²/3."),
        Clause("KINK-63", MUST, "inv, solve and solve_triangular with a singular matrix raise, or give no finite value and gradient."),
        Clause(
            "KINK-64",
            MUST,
            "cholesky of a matrix that is not positive definite raises, or gives no finite value and gradient.",
        ),
        Clause(
            "KINK-65",
            MUST,
            "The derivatives of symmetric functions of eigenvalues or singular values are right where these repeat.",
        ),
        # --- zeros and repetitions ---
        Clause("KINK-67", MUST, "The derivatives of xlogy(x, y) at x = 0 and positive y are log(y) and 0."),
        Clause("KINK-68", MUST, "Values that at(x, i).add adds to the same element all get its cotangent."),
        Clause("KINK-69", MUST, "The second derivative of cumulative_prod is right where factors are 0.", HIGHER),
        # --- spreads of nothing ---
        Clause(
            "KINK-70", MUST, "The derivatives of std of one element are 0, in products with others to the second order too."
        ),
        Clause("KINK-71", MUST, "In forward mode too the derivative of std where elements are equal is a legal one."),
        # --- what a masked exponent hides ---
        Clause(
            "KINK-72", MUST, "The second derivatives of pow(x, y) at positive x and y = 0 are 0, 1/x and log(x)².", HIGHER
        ),
        # --- poles and ends of special functions ---
        Clause("KINK-73", MUST, "At 0 and at negative integers lgamma is +∞, and no derivative of it or of digamma is finite."),
        Clause(
            "KINK-74",
            MUST,
            "The derivatives of gammainc and gammaincc by x are their one-sided limits at x = 0, and 0 at x = +∞.",
        ),
        Clause("KINK-75", MUST, "The derivative of erfinv at −1 and 1 is +∞."),
        # --- where lines meet ---
        Clause(
            "KINK-80",
            MUST,
            "At a knot the derivative of interp(x, xp, fp) by x lies between the slopes on its sides, and that by the knot is its negative.",
        ),
        Clause(
            "KINK-81",
            SHOULD,
            "At a knot the derivative of interp(x, xp, fp) by x is, of the numbers between the slopes on its sides, the one nearest to 0.",
        ),
        # --- functions that read one triangle, or both ---
        Clause(
            "KINK-82",
            MUST,
            "The derivatives of eigvalsh, eigh and cholesky are those of the values that are computed, by the elements "
            "that are read, of a symmetric matrix and of one whose other triangle is not filled.",
        ),
    ),
)
