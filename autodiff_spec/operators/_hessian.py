"""``hessian``: the Jacobian of the gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

from autodiff_spec.core import checks
from autodiff_spec.core.capability import Capability
from autodiff_spec.core.engine import Engine
from autodiff_spec.core.wrapping import wraps
from autodiff_spec.operators._arguments import require_names, require_positions
from autodiff_spec.operators._grad import grad
from autodiff_spec.operators._jacobian import jacobian

P = ParamSpec("P")


def hessian(
    be: Engine,
    f: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    *,
    argnames: str | Sequence[str] | None = None,
    has_aux: bool = False,
) -> Callable[P, Any]:
    """The function whose value is the Hessian of ``f`` (of the sum of its result, when that is no scalar).

    It is the Jacobian of the gradient: forward over reverse where the backend has a forward mode of its own, else
    reverse over reverse. For n elements it costs about n products with a vector; where a product is enough use `hvp`.

    Args:
        f: a function of arrays (trees) that returns an array or a tree of arrays; with ``has_aux`` a pair
            ``(result, aux)``.
        argnums: the positions to differentiate, one or several; with a sequence the value is a tuple of tuples.
        argnames: in place of ``argnums`` the names of parameters, passed by position or by name.
        has_aux: return ``(hessian, aux)``; ``aux`` is any tree, and is not differentiated.

    Returns:
        A function of the same arguments, keyword arguments passed through. Its value is a tree of trees: the tree of
        the arguments, with the same tree again in the place of each array. A block has shape ``first.shape +
        second.shape`` and the second's dtype; it is zeros where nothing connects.

    Raises:
        NotDifferentiableError: a differentiated argument is integer, boolean or complex, or the result complex.
        BackendMismatchError: arrays of two frameworks meet, or the result is an array of another one.
        ValueError: an ``argnums`` out of range, or an argument of ``argnames`` that is not passed.
        UnsupportedError: the backend does not declare ``HIGHER_ORDER``.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> be.hessian(lambda x: x[0] * x[1] * x[1])(be.asarray([2.0, 3.0]))
        array([[0., 6.],
               [6., 4.]])
    """
    be.require(Capability.HIGHER_ORDER, "hessian()")
    checks.require_function(f, "hessian()")
    require_positions(argnums, "hessian()")
    require_names(argnums, argnames, "hessian()")

    @wraps(f)
    def hessian_of(*args: P.args, **kwargs: P.kwargs) -> Any:
        mode = "forward" if be._forward_is_native() else "reverse"
        gradient = grad(be, f, argnums, argnames=argnames, has_aux=has_aux)
        return jacobian(be, gradient, argnums, mode, argnames=argnames, has_aux=has_aux)(*args, **kwargs)

    return hessian_of
