"""``hessian_diag`` and ``laplacian``: the second derivatives by each element alone, without the Hessian."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

from autodiff_spec.core import checks, trees
from autodiff_spec.core.capability import Capability
from autodiff_spec.core.engine import Engine, LinearMap
from autodiff_spec.core.errors import NotDifferentiableError
from autodiff_spec.core.wrapping import wraps
from autodiff_spec.operators._arguments import Arguments, positions, require_names, require_positions
from autodiff_spec.operators._grad import grad

P = ParamSpec("P")
BATCH = 2**22
"""How many elements of products with the Hessian there may be at a time, where a batch is one call of the framework."""


def hessian_diag(
    be: Engine,
    f: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    *,
    argnames: str | Sequence[str] | None = None,
) -> Callable[P, Any]:
    """The function whose value is the diagonal of the Hessian of ``f`` (of the sum of its result).

    The gradient is recorded once; each element costs a product of the Hessian with a unit vector, of which it is one
    element. The time is that of the Hessian; the memory that of some products.

    Args:
        f: a function of arrays (trees) that returns an array or a tree of arrays.
        argnums: the positions to differentiate, one or several; with a sequence the value is a tuple.
        argnames: in place of ``argnums`` the names of parameters, passed by position or by name.

    Returns:
        A function of the same arguments, keyword arguments passed through. Its value has the arguments' trees, shapes
        and dtypes: ∂²f/∂x² for each element x.

    Raises:
        NotDifferentiableError: a differentiated argument is integer, boolean or complex, or the result complex.
        BackendMismatchError: arrays of two frameworks meet, or the result is an array of another one.
        ValueError: an ``argnums`` out of range, or an argument of ``argnames`` that is not passed.
        UnsupportedError: the backend does not declare ``HIGHER_ORDER``.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> be.hessian_diag(lambda x: x[0] * x[1] * x[1])(be.asarray([2.0, 3.0]))
        array([0., 4.])
    """
    return _of_diagonal(be, f, argnums, argnames, "hessian_diag()", Arguments.as_arguments)


def laplacian(
    be: Engine,
    f: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    *,
    argnames: str | Sequence[str] | None = None,
) -> Callable[P, Any]:
    """The function whose value is the Laplacian of ``f``: the sum of the diagonal of its Hessian, a number.

    Args:
        f: a function of arrays (trees) that returns an array or a tree of arrays.
        argnums: the positions to differentiate, one or several: the sum is over all their elements.
        argnames: in place of ``argnums`` the names of parameters, passed by position or by name.

    Returns:
        A function of the same arguments, keyword arguments passed through; its value is an array of shape ``()``.

    Raises:
        NotDifferentiableError: a differentiated argument is integer, boolean or complex, or the result complex.
        BackendMismatchError: arrays of two frameworks meet, or the result is an array of another one.
        ValueError: an ``argnums`` out of range, or an argument of ``argnames`` that is not passed.
        UnsupportedError: the backend does not declare ``HIGHER_ORDER``.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> be.laplacian(lambda x: x[0] * x[1] * x[1])(be.asarray([2.0, 3.0]))
        array(4.)
    """

    def total(call: Arguments, diagonal: list[Any]) -> Any:
        dtype = be.xp.result_type(*(part.dtype for part in diagonal)) if diagonal else None
        return be.xp.asarray(sum((be.xp.sum(checks.cast(be, part, dtype)) for part in diagonal), 0.0), dtype=dtype)

    return _of_diagonal(be, f, argnums, argnames, "laplacian()", total)


def _of_diagonal(
    be: Engine,
    f: Callable[P, Any],
    argnums: int | Sequence[int],
    argnames: str | Sequence[str] | None,
    operation: str,
    finished: Callable[[Arguments, list[Any]], Any],
) -> Callable[P, Any]:
    be.require(Capability.HIGHER_ORDER, operation)
    checks.require_function(f, operation)
    require_positions(argnums, operation)
    require_names(argnums, argnames, operation)

    @wraps(f)
    def of_diagonal(*args: P.args, **kwargs: P.kwargs) -> Any:
        if argnames is None:
            gradient = grad(be, f, positions(argnums, len(args))[1])
        else:
            gradient = grad(be, f, argnames=tuple(dict.fromkeys([argnames] if isinstance(argnames, str) else argnames)))
        call = Arguments(be, gradient, args, kwargs, argnums, operation, argnames=argnames)
        for i, primal in enumerate(call.primals):
            path = trees.Path(call.structure, i, "args", operation, call.labels)
            checks.require_sizes(primal, str(path))
            if be.kind(primal.dtype) == "complex":
                raise NotDifferentiableError(
                    f"{path} is complex, and has no second derivative that is one number; pass real and imaginary parts"
                )
        # The Hessian is symmetric, so the pullback of the gradient gives the same products as its pushforward.
        forward = be._forward_is_native()
        _, product = be._linearize(call.flat, call.primals) if forward else be._vjp(call.flat, call.primals, once=False)
        return finished(call, [_diagonal(be, product, call.primals, i) for i in range(len(call.primals))])

    return of_diagonal


def _diagonal(be: Engine, product: LinearMap, primals: list[Any], i: int) -> Any:
    """The diagonal of the block of the Hessian that belongs to one primal, in its shape."""
    xp, like = be.xp, primals[i]
    size = math.prod(like.shape)
    if not size:
        return xp.zeros_like(like)
    numbers = xp.reshape(xp.arange(size), like.shape)

    def of_element(number: Any) -> list[Any]:
        here, directions = numbers == number, [None] * len(primals)
        directions[i] = be._beside(xp.astype(here, like.dtype), like)
        column = product(directions)[i]
        if column is None:
            return [xp.zeros((), dtype=like.dtype)]
        return [xp.sum(xp.where(here, column, xp.zeros_like(column)), dtype=like.dtype)]

    step = max(1, BATCH // size)
    batches = [xp.arange(start, min(start + step, size)) for start in range(0, size, step)]
    return xp.reshape(xp.concat([be._vmap(of_element, [batch], [0])[0] for batch in batches]), like.shape)
