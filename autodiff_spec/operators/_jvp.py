"""``jvp``: the value of a function and its derivative along a direction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

from autodiff_spec.core import checks, trees
from autodiff_spec.core.current import run
from autodiff_spec.core.engine import Engine
from autodiff_spec.core.errors import named_type
from autodiff_spec.operators._arguments import constant, primal_arrays

P = ParamSpec("P")


def jvp(be: Engine, f: Callable[P, Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """``f(*primals)`` and the derivative of the result along ``tangents``: the Jacobian times a vector.

    Where the backend has no forward mode of its own it is the pullback of the pullback, which is linear in the
    cotangent: the transpose of u -> Jᵀu is v -> Jv.

    Args:
        f: a function of arrays (trees) that returns an array or a tree of arrays.
        primals: a tuple or list with one argument of ``f`` each: floating arrays, Python floats, NumPy arrays
            (copied), or trees of them.
        tangents: the direction: the same structure, exactly the same shapes; floating, cast to the primals' dtypes.

    Returns:
        The value ``y``, and ``dy``, a tree like ``y`` of its shapes and dtypes: zeros where ``y`` does not depend on
        the primals, or is integer or boolean.

    Raises:
        NotDifferentiableError: a primal or tangent is integer or boolean.
        BackendMismatchError: arrays of two frameworks meet, or the result is an array of another one.
        ShapeMismatchError: the tangents do not fit the primals.
        DtypeError: a tangent is complex and its primal real.
        TypeError: ``primals`` or ``tangents`` is neither a tuple nor a list.
        UnsupportedError: the backend has no forward mode and cannot differentiate a pullback.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> y, dy = be.jvp(lambda x: x * x, (be.asarray([1.0, 2.0]),), (be.asarray([1.0, 10.0]),))
        >>> y, dy
        (array([1., 4.]), array([ 2., 40.]))
    """
    checks.require_function(f, "jvp()")
    arrays, directions, structure = directions_of(be, primals, tangents, "jvp()")
    seen: list[trees.Structure] = []

    def flat(*leaves: Any) -> list[Any]:
        outputs, output_structure = trees.flatten(run(be, f, *trees.unflatten(structure, leaves)), be.array_types)
        seen[:] = [output_structure]
        return outputs

    outputs, found = be._jvp(flat, arrays, directions)
    (output_structure,) = seen
    outputs = [output if be.is_array(output) else constant(be, output) for output in outputs]
    slopes = [
        be.xp.zeros_like(output) if slope is None else slope for output, slope in zip(outputs, found, strict=True)
    ]
    return trees.unflatten(output_structure, outputs), trees.unflatten(output_structure, slopes)


def directions_of(
    be: Engine, primals: Any, tangents: Any, operation: str
) -> tuple[list[Any], list[Any], trees.Structure]:
    """The leaves of primals and tangents, checked against each other, and their structure."""
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise TypeError(
                f"{name} of {operation} is {named_type(given)}; "
                "pass a tuple with one entry for each argument of the function"
            )
    arrays, structure = primal_arrays(be, tuple(primals), "primals", operation)
    leaves, given_structure = trees.flatten(tuple(tangents))
    trees.require_same(given_structure, structure, f"tangents of {operation}", "primals")
    directions = [
        checks.cotangent(be, leaf, array, trees.Path(structure, i, "tangents", operation), "primal")
        for i, (leaf, array) in enumerate(zip(leaves, arrays, strict=True))
    ]
    return arrays, directions, structure
