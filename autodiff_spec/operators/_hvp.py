"""``hvp``: the Hessian times a vector, without the Hessian."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

from autodiff_spec.core import trees
from autodiff_spec.core.capability import Capability
from autodiff_spec.core.engine import Engine
from autodiff_spec.operators._arguments import zeros_for_none
from autodiff_spec.operators._grad import grad
from autodiff_spec.operators._jvp import directions_of

P = ParamSpec("P")


def hvp(be: Engine, f: Callable[P, Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
    """The Hessian of ``f`` (of the sum of its result) at ``primals`` times ``tangents``.

    The Hessian is never formed. Where the backend has a forward mode of its own it is the derivative of the gradient
    along the direction (Pearlmutter, Fast exact multiplication by the Hessian, 1994); elsewhere the pullback of the
    gradient, which is the same because the Hessian is symmetric. The cost is a few gradients, whatever the size.

    Args:
        f: a function of arrays (trees) that returns an array or a tree of arrays.
        primals: a tuple or list with one argument of ``f`` each; all of them are differentiated.
        tangents: the direction: the same structure, exactly the same shapes; floating, cast to the primals' dtypes.

    Returns:
        A tuple with one tree per primal, each array of its primal's shape and dtype; zeros where nothing connects.

    Raises:
        NotDifferentiableError: a primal or tangent is integer or boolean, or the result is complex.
        BackendMismatchError: arrays of two frameworks meet, or the result is an array of another one.
        ShapeMismatchError: the tangents do not fit the primals.
        DtypeError: a tangent is complex and its primal real.
        TypeError: ``primals`` or ``tangents`` is neither a tuple nor a list.
        UnsupportedError: the backend does not declare ``HIGHER_ORDER``.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> be.hvp(lambda x: x * x * x, (be.asarray([1.0, 2.0]),), (be.asarray([1.0, 10.0]),))
        (array([  6., 120.]),)
    """
    be.require(Capability.HIGHER_ORDER, "hvp()")
    arrays, directions, structure = directions_of(be, primals, tangents, "hvp()")
    gradient: Callable[..., Any] = grad(be, f, tuple(range(len(primals))))

    def flat(*leaves: Any) -> list[Any]:
        return trees.flatten(gradient(*trees.unflatten(structure, leaves)), be.array_types)[0]

    if be._forward_is_native():
        products = be._jvp(flat, arrays, directions)[1]
    else:
        _, pull = be._vjp(flat, arrays, once=True)
        products = pull(directions)
    found: tuple[Any, ...] = trees.unflatten(structure, zeros_for_none(be, products, arrays))
    return found
