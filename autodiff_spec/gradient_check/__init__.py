"""`check_grad`: derivatives by a backend against those found from values; its parts are loaded when it is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec

from autodiff_spec.core.engine import Engine

if TYPE_CHECKING:
    from autodiff_spec.gradient_check.report import GradientReport


P = ParamSpec("P")


def check_grad(
    be: Engine,
    f: Callable[P, Any],
    *args: Any,
    order: int = 1,
    modes: Sequence[str] | None = None,
    directions: int = 3,
    roundings: float = 64.0,
    seed: int = 0,
    raises: bool = False,
) -> GradientReport:
    """Whether ``be`` differentiates ``f`` rightly at ``args``, found from values of ``f`` alone.

    Where ``f`` runs on exact numbers (it takes its namespace from ``ad.xp()``) the reference is the oracle, else
    extrapolated central differences in float64 (in the arguments' dtype where the backend has none), with an estimate
    of their error. Up to 48 elements the whole Jacobian is compared, entry by entry; beyond, products with drawn
    directions, in which each single entry counts.

    An entry may differ by ``roundings`` roundings of its dtype, relative to the larger of itself and the smaller of the
    largest in its row and in its column; as many times by what a rounding of the arguments changes it (its condition,
    measured on the reference); by the estimate, to which the noise of the values counts; and by what the computation
    itself amplifies its roundings to, seen where the derivative is taken again a few roundings away. The tolerance does
    not grow with the size.

    The second order compares derivatives of the gradient with differences of the gradient, which the first order has
    checked. A complex number counts as its real and its imaginary part, and the second order is that of the sum of both
    in the result. The report names what is wrong by the function's parameters and by paths in their trees.

    Args:
        f: a function of arrays (trees) that returns an array or a tree of them. It runs on this backend as the
            current one.
        args: where: floating arrays, Python floats, NumPy arrays, or trees of them; away from kinks.
        order: 1, or 2 for second derivatives besides.
        modes: of ``"reverse"`` and ``"forward"``; all that the backend has by default.
        directions: how many are drawn where the Jacobian is large.
        roundings: how much a computation of good condition may be off.
        seed: of the drawn directions.
        raises: raise instead of reporting that something is wrong.

    Returns:
        A `GradientReport`: prints as a table, ``passed`` says whether all is right.

    Raises:
        GradientCheckError: with ``raises``, when the check did not pass.
        NotDifferentiableError: an argument is integer or boolean.
        ValueError: an ``order`` or mode that does not exist.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> report = be.check_grad(lambda x: ad.xp().sin(x) * x, be.asarray([1.0, 2.0]), order=2)
        >>> report.passed
        True
        >>> wrong = be.check_grad(lambda x: 2 * x * x - be.stop_gradient(x * x), be.asarray([1.0, 2.0]))
        >>> wrong.rows[0].wrong
        2
    """
    from autodiff_spec.gradient_check.check import checked

    return checked(be, f, args, order, modes, directions, roundings, seed, raises)
