"""``vjp``: the value of a function and its pullback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec

from autodiff_spec.core import checks, trees
from autodiff_spec.core.current import run
from autodiff_spec.core.engine import Engine, LinearMap
from autodiff_spec.operators._arguments import constant, primal_arrays, zeros_for_none

P = ParamSpec("P")


def vjp(be: Engine, f: Callable[P, Any], *primals: Any) -> tuple[Any, Callable[[Any], Any]]:
    """``f(*primals)`` and the pullback that maps a cotangent of the result to the primals' cotangents.

    Args:
        f: a function of arrays (trees) that returns an array or a tree of arrays.
        primals: floating arrays, Python floats, NumPy arrays (copied), or trees of them.

    Returns:
        The value ``y``, and ``pullback(cotangent)``, which takes a tree like ``y`` with exactly its shapes and returns
        a tuple with one tree per primal, each array of its primal's shape and dtype. It can be called any number of
        times; where ``y`` does not depend on a primal it gives zeros.

    Raises:
        NotDifferentiableError: a primal or cotangent is integer or boolean.
        BackendMismatchError: arrays of two frameworks meet, or the result is an array of another one.
        ShapeMismatchError: the cotangent does not fit ``y``.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> y, pullback = be.vjp(lambda x: x * x, be.asarray([1.0, 2.0]))
        >>> pullback(be.asarray([1.0, 10.0]))
        (array([ 2., 40.]),)
    """
    arrays, structure, outputs, output_structure, pull = pulled(be, f, primals, "vjp()")

    def pullback(cotangent: Any) -> Any:
        leaves, given = trees.flatten(cotangent, be.array_types)
        trees.require_same(given, output_structure, "cotangent of the pullback", "the value")
        cotangents = [
            checks.cotangent(be, leaf, output, trees.Path(given, i, "cotangent", "the pullback"))
            if be.kind(output.dtype) != "other"
            else None
            for i, (leaf, output) in enumerate(zip(leaves, outputs, strict=True))
        ]
        return trees.unflatten(structure, zeros_for_none(be, pull(cotangents), arrays))

    return trees.unflatten(output_structure, outputs), pullback


def pulled(
    be: Engine, f: Callable[P, Any], primals: tuple[Any, ...], operation: str
) -> tuple[list[Any], trees.Structure, list[Any], trees.Structure, LinearMap]:
    """The leaves of the primals and of ``f(*primals)``, each with their structure, and the pullback between them."""
    checks.require_function(f, operation)
    arrays, structure = primal_arrays(be, primals, "primals", operation)
    results: list[trees.Structure] = []

    def flat(*leaves: Any) -> list[Any]:
        outputs, output_structure = trees.flatten(run(be, f, *trees.unflatten(structure, leaves)), be.array_types)
        results.append(output_structure)
        return outputs

    outputs, pull = be._vjp(flat, arrays, once=False)
    outputs = [output if be.is_array(output) else constant(be, output) for output in outputs]
    return arrays, structure, outputs, results[-1], pull
