"""``vmap``: a function of one slice, made a function of a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec

from autodiff_spec.core import checks, trees
from autodiff_spec.core.current import run
from autodiff_spec.core.engine import Engine
from autodiff_spec.core.errors import ShapeMismatchError
from autodiff_spec.core.wrapping import wraps
from autodiff_spec.operators._arguments import constant, convert

P = ParamSpec("P")


def vmap(be: Engine, f: Callable[P, Any], in_axes: Any = 0, out_axes: Any = 0) -> Callable[P, Any]:
    """The function that applies ``f`` to each slice of its arguments and stacks the results.

    Args:
        f: a function of arrays (trees) of one slice that returns an array or a tree of arrays.
        in_axes: which axis of each array is the batch: an integer for all, or a tuple or list with one entry for each
            positional argument: an integer, ``None`` (passed whole to every slice), or a tree of these that is the
            argument's or the beginning of it.
        out_axes: where the batch stands in the results: an integer for all, or a tree of integers that is the
            result's or the beginning of it.

    Returns:
        A function of the same arguments with one axis more; keyword arguments are passed whole to every slice. It is
        differentiated like any other function.

    Raises:
        ShapeMismatchError: batches of different sizes, an axis that an array does not have, or slices whose results
            differ in tree or shape.
        ValueError: ``in_axes`` or ``out_axes`` does not fit, or no array has a batch.
        BackendMismatchError: arrays of two frameworks meet, or the result is an array of another one.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> be.vmap(lambda x, y: be.xp.sum(x * y), in_axes=(0, None))(be.asarray([[1.0, 2.0], [3.0, 4.0]]), 10.0)
        array([30., 70.])
    """

    checks.require_function(f, "vmap()")

    @wraps(f)
    def batched(*args: P.args, **kwargs: P.kwargs) -> Any:
        leaves, structure = trees.flatten(args, be.array_types)
        leaves = [convert(be, leaf) for leaf in leaves]
        axes = _axis_per_leaf(tuple(in_axes) if isinstance(in_axes, list) else in_axes, args, "in_axes")
        places = _batches(leaves, axes, structure)
        seen: list[trees.Structure] = []

        def of_slices(*slices: Any) -> list[Any]:
            arguments = list(leaves)
            for i, one in zip(places, slices, strict=True):
                arguments[i] = one
            outputs, output_structure = trees.flatten(
                run(be, f, *trees.unflatten(structure, arguments), **kwargs), be.array_types
            )
            if seen:
                trees.require_same(output_structure, seen[0], "the result of a slice in vmap()", "that of the first")
            seen[:] = [output_structure]
            return [output if be.is_array(output) else constant(be, output) for output in outputs]

        stacked = be._vmap(of_slices, [leaves[i] for i in places], [axes[i] for i in places])
        result = trees.unflatten(seen[0], stacked)
        moved = [
            array if axis == 0 else be.xp.moveaxis(array, 0, axis)
            for array, axis in zip(stacked, _out_axes(out_axes, result, stacked), strict=True)
        ]
        return trees.unflatten(seen[0], moved)

    return batched


def _axis_per_leaf(axes: Any, tree: Any, name: str) -> list[Any]:
    """The prefix tree ``axes`` broadcast to one axis for each leaf of ``tree``."""
    try:
        found = trees.broadcast(axes, tree)
    except ValueError as error:
        raise ValueError(
            f"{name}={axes!r} of vmap() does not fit the structure {trees.describe(trees.flatten(tree)[1])}; "
            "pass one integer, or one entry for each argument"
        ) from error
    for axis in found:
        if not (axis is None or (isinstance(axis, int) and not isinstance(axis, bool))):
            raise ValueError(f"{name} of vmap() holds {axis!r}; an axis is an integer or None")
    return found


def _batches(leaves: list[Any], axes: list[Any], structure: trees.Structure) -> list[int]:
    """Which leaves have a batch; their ``axes`` are made non-negative, and the sizes checked against each other."""
    places = [i for i, axis in enumerate(axes) if axis is not None]
    sizes: dict[str, int] = {}
    for i in places:
        path, shape = str(trees.Path(structure, i, "args")), tuple(getattr(leaves[i], "shape", ()))
        if not -len(shape) <= axes[i] < len(shape):
            raise ShapeMismatchError(
                f"{path} of vmap() has shape {shape}, and so no axis {axes[i]}; "
                "pass in_axes=None for what every slice gets whole"
            )
        axes[i] %= len(shape)
        sizes[path] = shape[axes[i]]
    if not places:
        raise ValueError("in_axes of vmap() gives no argument a batch; name the axis of at least one")
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{path} has {size}" for path, size in sizes.items())
        raise ShapeMismatchError(f"the batches of vmap() differ in size: {listed}; pass batches of one size")
    return places


def _out_axes(axes: Any, result: Any, stacked: list[Any]) -> list[int]:
    found = _axis_per_leaf(axes, result, "out_axes")
    for axis, array in zip(found, stacked, strict=True):
        if axis is None or not -len(array.shape) <= axis < len(array.shape):
            raise ValueError(
                f"out_axes of vmap() holds {axis}, and the stacked result has the shape {tuple(array.shape)}; "
                "name one of its axes"
            )
    return found
