"""``vjp``: the value of a function and its pullback."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff_spec import _check, _trees

if TYPE_CHECKING:
    from autodiff_spec._backend import Backend


def vjp(be: Backend, f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], Any]]:
    """``f(*primals)`` and the pullback that maps a cotangent of the result to the primals' cotangents.

    Args:
        be: the backend.
        f: a function of arrays (trees) that returns an array or a tree of arrays.
        primals: floating arrays, Python floats, NumPy arrays (copied), or trees of them.

    Returns:
        The value ``y``, and ``pullback(cotangent)``, which takes a tree like ``y`` with exactly its shapes and returns
        a tuple with one tree per primal, each array of its primal's shape and dtype. It can be called any number of
        times; where ``y`` does not depend on a primal it gives zeros.

    Raises:
        NotDifferentiableError: a primal or cotangent is integer or boolean.
        ShapeMismatchError: the cotangent does not fit ``y``.

    Example:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> y, pullback = be.vjp(lambda x: x * x, be.asarray([1.0, 2.0]))
        >>> pullback(be.asarray([1.0, 10.0]))
        (array([ 2., 40.]),)
    """
    arrays, structure = primal_arrays(be, primals, "primals", "vjp()")
    results: list[_trees.Structure] = []

    def flat(*leaves: Any) -> list[Any]:
        outputs, output_structure = _trees.flatten(f(*_trees.unflatten(structure, leaves)), be.array_types)
        results.append(output_structure)
        return outputs

    outputs, pull = be._vjp(flat, arrays, once=False)
    output_structure = results[-1]
    outputs = [output if be.is_array(output) else constant(be, output) for output in outputs]

    def pullback(cotangent: Any) -> Any:
        leaves, given = _trees.flatten(cotangent, be.array_types)
        _trees.require_same(given, output_structure, "cotangent of the pullback", "the value")
        cotangents = [
            _check.cotangent(be, leaf, output, _trees.Path(given, i, "cotangent", "the pullback"))
            if be.kind(output.dtype) != "other"
            else None
            for i, (leaf, output) in enumerate(zip(leaves, outputs, strict=True))
        ]
        return _trees.unflatten(structure, zeros_for_none(be, pull(cotangents), arrays))

    return _trees.unflatten(output_structure, outputs), pullback


def primal_arrays(
    be: Backend, tree: Any, root: str, operation: str, positions: tuple[int, ...] = ()
) -> tuple[list[Any], _trees.Structure]:
    """The leaves of ``tree`` as floating arrays of ``be`` (foreign ones copied), and its structure.

    ``root``, ``operation`` and the ``positions`` of the arguments that the tree holds name a leaf in messages.
    """
    leaves, structure = _trees.flatten(tree, be.array_types)
    arrays = [
        leaf
        if be.is_floating(leaf)
        else _check.floating(be, leaf, _trees.Path(structure, i, root, operation, positions))
        for i, leaf in enumerate(leaves)
    ]
    return arrays, structure


def zeros_for_none(be: Backend, gradients: list[Any], primals: list[Any]) -> list[Any]:
    """``gradients`` with the absence of a dependence written as zeros of the primal."""
    return [
        be.xp.zeros_like(primal) if gradient is None else gradient
        for gradient, primal in zip(gradients, primals, strict=True)
    ]


def constant(be: Backend, output: Any) -> Any:
    """What a function returned that is no array (a Python number, a NumPy array), as an array of ``be``."""
    if isinstance(output, (bool, int, float, complex, np.ndarray, np.generic)):
        return be.asarray(output)
    raise TypeError(
        f"the function returned a {type(output).__name__}, which is no array; return arrays, or use has_aux=True"
    )
