"""``jvp``: the value of a function and its derivative along a direction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from autodiff_spec import _check, _trees
from autodiff_spec.operators._vjp import constant, primal_arrays

if TYPE_CHECKING:
    from autodiff_spec._backend import Backend


def jvp(be: Backend, f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """``f(*primals)`` and the derivative of the result along ``tangents``: the Jacobian times a vector.

    Where the backend has no forward mode of its own it is the pullback of the pullback, which is linear in the
    cotangent: the transpose of u -> Jᵀu is v -> Jv.

    Args:
        be: the backend.
        f: a function of arrays (trees) that returns an array or a tree of arrays.
        primals: a tuple or list with one argument of ``f`` each: floating arrays, Python floats, NumPy arrays
            (copied), or trees of them.
        tangents: the direction: the same structure, exactly the same shapes; floating, cast to the primals' dtypes.

    Returns:
        The value ``y``, and ``dy``, a tree like ``y`` of its shapes and dtypes: zeros where ``y`` does not depend on
        the primals, or is integer or boolean.

    Raises:
        NotDifferentiableError: a primal or tangent is integer or boolean.
        ShapeMismatchError: the tangents do not fit the primals.
        DtypeError: a tangent is complex and its primal real.
        TypeError: ``primals`` or ``tangents`` is neither a tuple nor a list.
        UnsupportedError: the backend has no forward mode and cannot differentiate a pullback.

    Example:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> y, dy = be.jvp(lambda x: x * x, (be.asarray([1.0, 2.0]),), (be.asarray([1.0, 10.0]),))
        >>> y, dy
        (array([1., 4.]), array([ 2., 40.]))
    """
    arrays, directions, structure = directions_of(be, primals, tangents, "jvp()")
    seen: list[_trees.Structure] = []

    def flat(*leaves: Any) -> list[Any]:
        outputs, output_structure = _trees.flatten(f(*_trees.unflatten(structure, leaves)), be.array_types)
        seen[:] = [output_structure]
        return outputs

    outputs, found = be._jvp(flat, arrays, directions)
    (output_structure,) = seen
    outputs = [output if be.is_array(output) else constant(be, output) for output in outputs]
    slopes = [
        be.xp.zeros_like(output) if slope is None else slope for output, slope in zip(outputs, found, strict=True)
    ]
    return _trees.unflatten(output_structure, outputs), _trees.unflatten(output_structure, slopes)


def directions_of(
    be: Backend, primals: Any, tangents: Any, operation: str
) -> tuple[list[Any], list[Any], _trees.Structure]:
    """The leaves of primals and tangents, checked against each other, and their structure."""
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise TypeError(
                f"{name} of {operation} is a {type(given).__name__}; "
                "pass a tuple with one entry for each argument of the function"
            )
    arrays, structure = primal_arrays(be, tuple(primals), "primals", operation)
    leaves, given_structure = _trees.flatten(tuple(tangents))
    _trees.require_same(given_structure, structure, f"tangents of {operation}", "primals")
    directions = [
        _check.cotangent(be, leaf, array, _trees.Path(structure, i, "tangents", operation), "primal")
        for i, (leaf, array) in enumerate(zip(leaves, arrays, strict=True))
    ]
    return arrays, directions, structure


def transposed(
    be: Backend, outputs: list[Any], pull: Callable[[list[Any]], list[Any]], *, once: bool
) -> Callable[[list[Any]], list[Any]]:
    """The pushforward from tangents to the outputs' (``None``: no dependence), from the pullback ``pull``."""
    places = [i for i, output in enumerate(outputs) if be.is_floating(output)]
    if not places:
        return lambda tangents: [None] * len(outputs)

    def of_cotangents(*given: Any) -> list[Any]:
        cotangents = [None] * len(outputs)
        for i, cotangent in zip(places, given, strict=True):
            cotangents[i] = cotangent
        return pull(cotangents)

    # The map is linear, so any cotangents do: only its derivative is used.
    shares, back = be._vjp(of_cotangents, [be.xp.zeros_like(outputs[i]) for i in places], once=once)

    def push(tangents: list[Any]) -> list[Any]:
        given = [None if share is None else tangent for share, tangent in zip(shares, tangents, strict=True)]
        slopes = [None] * len(outputs)
        for i, slope in zip(places, back(given), strict=True):
            slopes[i] = slope
        return slopes

    return push
