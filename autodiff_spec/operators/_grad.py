"""``grad`` and ``value_and_grad``: the derivative of the sum of a function's result."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff_spec import _check, _trees
from autodiff_spec.operators._vjp import constant, primal_arrays, zeros_for_none

if TYPE_CHECKING:
    from autodiff_spec._backend import Backend


def grad(
    be: Backend, f: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """The function whose value is the gradient of ``f`` (of the sum of its result, when that is no scalar).

    Args:
        be: the backend.
        f: a function of arrays (trees) that returns an array or a tree of arrays; with ``has_aux`` a pair
            ``(result, aux)``.
        argnums: the positions to differentiate; with a sequence the result is a tuple, and a position named twice gets
            the full gradient twice.
        has_aux: return ``(gradient, aux)``; ``aux`` is any tree, and is not differentiated.

    Returns:
        A function of the same arguments. Its results have the arguments' trees, shapes and dtypes; where ``f`` does not
        depend on an argument they are zeros. Keyword arguments pass through.

    Raises:
        NotDifferentiableError: a differentiated argument is integer or boolean, or the result complex.
        ValueError: an ``argnums`` out of range.

    Example:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> be.grad(lambda x: 2 * x * x)(be.asarray([0.0, 1.0, 2.0, 3.0]))
        array([ 0.,  4.,  8., 12.])
    """
    both = value_and_grad(be, f, argnums, has_aux=has_aux)

    @functools.wraps(f, updated=())
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def value_and_grad(
    be: Backend, f: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """The function whose value is ``(f(*args), gradient)``; arguments, results and errors as for `grad`.

    With ``has_aux`` it is ``((result, aux), gradient)``.

    Example:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> value, gradient = be.value_and_grad(lambda x: x * x)(be.asarray(3.0))
        >>> float(value), float(gradient)
        (9.0, 6.0)
    """
    single = not isinstance(argnums, (tuple, list))

    @functools.cache
    def positions(count: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        chosen = _check.positions(argnums, count)
        return chosen, tuple(dict.fromkeys(chosen))

    @functools.wraps(f, updated=())
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        chosen, distinct = positions(len(args))
        primals, structure = primal_arrays(be, [args[i] for i in distinct], "args", "grad()", distinct)
        given = [convert(be, arg) if isinstance(arg, np.ndarray) else arg for arg in args]
        seen: list[Any] = []

        def flat(*leaves: Any) -> list[Any]:
            arguments = list(given)
            for i, argument in zip(distinct, _trees.unflatten(structure, leaves), strict=True):
                arguments[i] = argument
            result = f(*arguments, **kwargs)
            if not has_aux:
                outputs, output_structure = _trees.flatten(result, be.array_types)
                seen[:] = output_structure, _trees.LEAF
                return outputs
            result, aux = result
            outputs, output_structure = _trees.flatten(result, be.array_types)
            aux_leaves, aux_structure = _trees.flatten(aux, be.array_types)
            seen[:] = output_structure, aux_structure
            return outputs + aux_leaves  # aux is an output without a cotangent: what the engine traced must not leak

        outputs, pull = be._vjp(flat, primals, once=True)
        output_structure, aux_structure = seen
        count = output_structure.num_leaves
        rest, outputs = outputs[count:], outputs[:count]
        cotangents: list[Any] = [None] * count
        for i, output in enumerate(outputs):
            if not be.is_array(output):
                outputs[i] = output = constant(be, output)
            if be.kind(output.dtype) != "other":
                cotangents[i] = _check.default_cotangent(be, output, output_structure, i, "grad()")
        pulled = pull(cotangents + [None] * len(rest))
        gradients = _trees.unflatten(structure, zeros_for_none(be, pulled, primals))
        found = gradients[0] if single else _replicated(be, gradients, distinct, chosen)
        value = _trees.unflatten(output_structure, outputs)
        return ((value, _trees.unflatten(aux_structure, rest)) if has_aux else value), found

    return value_and_gradient


def _replicated(
    be: Backend, gradients: Any, distinct: tuple[int, ...], chosen: tuple[int, ...]
) -> tuple[Any, ...]:
    """One gradient for each position asked for; a position's second mention gets a copy."""
    if len(chosen) == len(distinct):
        return tuple(gradients)
    first = dict(zip(distinct, gradients, strict=True))
    again = {i: k for k, i in reversed(list(enumerate(chosen)))}
    return tuple(
        first[i] if again[i] == k else _trees.map_leaves(lambda g: be.xp.asarray(g, copy=True), first[i])
        for k, i in enumerate(chosen)
    )


def convert(be: Backend, argument: Any) -> Any:
    """A NumPy array that is not differentiated, as the backend's own (a copy)."""
    return argument if be.is_array(argument) else be.asarray(argument)
