"""``grad`` and ``value_and_grad``: the derivative of the sum of a function's result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

from autodiff_spec.core import checks, trees
from autodiff_spec.core.engine import Engine
from autodiff_spec.core.wrapping import wraps
from autodiff_spec.operators._arguments import Arguments, constant, require_names, require_positions, zeros_for_none

P = ParamSpec("P")


def grad(
    be: Engine,
    f: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    *,
    argnames: str | Sequence[str] | None = None,
    has_aux: bool = False,
) -> Callable[P, Any]:
    """The function whose value is the gradient of ``f`` (of the sum of its result, when that is no scalar).

    Args:
        f: a function of arrays (trees) that returns an array or a tree of arrays; with ``has_aux`` a pair
            ``(result, aux)``.
        argnums: the positions to differentiate; with a sequence the result is a tuple, and a position named twice gets
            the full gradient twice.
        argnames: in place of ``argnums`` the names of parameters, passed by position or by name.
        has_aux: return ``(gradient, aux)``; ``aux`` is any tree, and is not differentiated.

    Returns:
        A function of the same arguments. Its results have the arguments' trees, shapes and dtypes; where ``f`` does not
        depend on an argument they are zeros. Keyword arguments pass through.

    Raises:
        NotDifferentiableError: a differentiated argument is integer or boolean, or the result complex.
        BackendMismatchError: arrays of two frameworks meet, or the result is an array of another one.
        ValueError: an ``argnums`` out of range, or an argument of ``argnames`` that is not passed.

    Warns:
        IndependentWarning: nothing leads from any of the differentiated arguments to the result.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> be.grad(lambda x: 2 * x * x)(be.asarray([0.0, 1.0, 2.0, 3.0]))
        array([ 0.,  4.,  8., 12.])
    """
    both = _value_and_grad(be, f, argnums, argnames, has_aux, "grad()")

    @wraps(f)
    def gradient(*args: P.args, **kwargs: P.kwargs) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def value_and_grad(
    be: Engine,
    f: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    *,
    argnames: str | Sequence[str] | None = None,
    has_aux: bool = False,
) -> Callable[P, tuple[Any, Any]]:
    """The function whose value is ``(f(*args), gradient)``, the gradient that of the sum of the result.

    Args:
        f: a function of arrays (trees) that returns an array or a tree of arrays; with ``has_aux`` a pair
            ``(result, aux)``.
        argnums: the positions to differentiate; with a sequence the gradient is a tuple, and a position named twice
            gets the full gradient twice.
        argnames: in place of ``argnums`` the names of parameters, passed by position or by name.
        has_aux: return ``((result, aux), gradient)``; ``aux`` is any tree, and is not differentiated.

    Returns:
        A function of the same arguments. The gradient has the arguments' trees, shapes and dtypes; where ``f`` does not
        depend on an argument it is zeros. Keyword arguments pass through.

    Raises:
        NotDifferentiableError: a differentiated argument is integer or boolean, or the result complex.
        BackendMismatchError: arrays of two frameworks meet, or the result is an array of another one.
        ValueError: an ``argnums`` out of range, or an argument of ``argnames`` that is not passed.

    Warns:
        IndependentWarning: nothing leads from any of the differentiated arguments to the result.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> value, gradient = be.value_and_grad(lambda x: x * x)(be.asarray(3.0))
        >>> float(value), float(gradient)
        (9.0, 6.0)
    """
    return _value_and_grad(be, f, argnums, argnames, has_aux, "value_and_grad()")


def _value_and_grad(
    be: Engine,
    f: Callable[P, Any],
    argnums: int | Sequence[int],
    argnames: str | Sequence[str] | None,
    has_aux: bool,
    operation: str,
) -> Callable[P, tuple[Any, Any]]:
    checks.require_function(f, operation)
    require_positions(argnums, operation)
    require_names(argnums, argnames, operation)

    @wraps(f)
    def value_and_gradient(*args: P.args, **kwargs: P.kwargs) -> tuple[Any, Any]:
        call = Arguments(be, f, args, kwargs, argnums, operation, argnames=argnames, has_aux=has_aux)
        found, pull = be._vjp(call.flat, call.primals, once=True)
        outputs, aux = call.parted(found)
        cotangents: list[Any] = [None] * len(found)  # none for aux
        for i, output in enumerate(outputs):
            if not be.is_array(output):
                outputs[i] = output = constant(be, output)
            if be.kind(output.dtype) != "other":
                cotangents[i] = checks.default_cotangent(be, output, call.output_structure, i, operation)
        gradients = pull(cotangents)
        if not any(gradient is not None for gradient in gradients):
            call.warn_independent(outputs)
        gradient = call.as_arguments(zeros_for_none(be, gradients, call.primals))
        value = trees.unflatten(call.output_structure, outputs)
        return ((value, aux) if has_aux else value), gradient

    return value_and_gradient
