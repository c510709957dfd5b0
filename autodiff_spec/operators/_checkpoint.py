"""``checkpoint``: time for memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec

from autodiff_spec.core import trees
from autodiff_spec.core.capability import Capability
from autodiff_spec.core.current import run
from autodiff_spec.core.engine import Engine
from autodiff_spec.core.wrapping import wraps
from autodiff_spec.operators._arguments import convert

P = ParamSpec("P")


def checkpoint(be: Engine, f: Callable[P, Any]) -> Callable[P, Any]:
    """``f`` with the same value and derivatives, of which the backward pass keeps the arguments alone.

    What ``f`` computes on the way is computed again when it is pulled back (Griewank and Walther, Evaluating
    Derivatives, 2008, chapter 12): of a chain of n operations in √n checkpoints of √n operations each, the peak is
    about 2√n residuals instead of n, for one more evaluation. Checkpoints nest.

    Args:
        f: a function of arrays (trees) and of anything else that returns an array or a tree of arrays. It may read
            variables and recorded arrays, and they are differentiated too. It has to compute the same when it runs
            again: what it reads must not change before the backward pass, and no array may leave it but in its result.

    Returns:
        A function of the same arguments, keyword arguments passed through.

    Raises:
        UnsupportedError: the backend does not declare ``CHECKPOINT``.
        BackendMismatchError: an argument is an array of another framework.
        MutationError: (by the backward pass) a variable that ``f`` read was assigned since.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> be.grad(lambda x: be.checkpoint(be.xp.sin)(x * x))(be.asarray([0.0, 1.0])).round(3)
        array([0.   , 1.081])
    """

    @wraps(f)
    def recomputed(*args: P.args, **kwargs: P.kwargs) -> Any:
        be.require(Capability.CHECKPOINT, "checkpoint()")
        leaves, structure = trees.flatten((args, kwargs), be.array_types)
        leaves = [convert(be, leaf) for leaf in leaves]
        places = [i for i, leaf in enumerate(leaves) if be.is_array(leaf)]
        seen: list[trees.Structure] = []

        def flat(*arrays: Any) -> list[Any]:
            arguments = list(leaves)
            for i, array in zip(places, arrays, strict=True):
                arguments[i] = array
            positional, named = trees.unflatten(structure, arguments)
            outputs, output_structure = trees.flatten(run(be, f, *positional, **named), be.array_types)
            seen[:] = [output_structure]
            return outputs

        outputs = be._checkpoint(flat, [leaves[i] for i in places])
        return trees.unflatten(seen[0], outputs)

    return recomputed
