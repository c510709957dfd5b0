"""``jacobian``: the derivative of each element of a result by each element of an argument."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

from autodiff_spec.core import checks, trees
from autodiff_spec.core.engine import Engine
from autodiff_spec.core.errors import NotDifferentiableError
from autodiff_spec.core.wrapping import wraps
from autodiff_spec.operators._arguments import Arguments, constant, require_names, require_positions

P = ParamSpec("P")
MODES = ("auto", "forward", "reverse")

_DERIVED_COST = 2
"""A pushforward derived from two pullbacks runs backward over what a pullback recorded: about twice the work."""


def jacobian(
    be: Engine,
    f: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    mode: str = "auto",
    *,
    argnames: str | Sequence[str] | None = None,
    has_aux: bool = False,
) -> Callable[P, Any]:
    """The function whose value is the Jacobian of ``f``, the result's shape followed by the argument's.

    Args:
        f: a function of arrays (trees) that returns an array or a tree of arrays; with ``has_aux`` a pair
            ``(result, aux)``.
        argnums: the positions to differentiate, one or several: with a sequence there is a tuple of blocks in the place
            of each output, and a position named twice gets its blocks twice.
        mode: ``"reverse"`` (one pullback for each element of the result), ``"forward"`` (one pushforward for each
            element of the arguments), or ``"auto"``: whichever is less work for these sizes.
        argnames: in place of ``argnums`` the names of parameters, passed by position or by name.
        has_aux: return ``(jacobian, aux)``; ``aux`` is any tree, and is not differentiated.

    Returns:
        A function of the same arguments, keyword arguments passed through. Its value is a tree of trees: the tree of
        the result, with the tree of the arguments in the place of each output. A block has shape
        ``output.shape + argument.shape`` and the argument's dtype; it is zeros where nothing connects, and where an
        output is integer or boolean.

    Raises:
        NotDifferentiableError: a differentiated argument is integer or boolean, or an argument or result is complex
            (its derivative is not one number; use `vjp` or `jvp`).
        BackendMismatchError: arrays of two frameworks meet, or the result is an array of another one.
        ValueError: a ``mode`` that does not exist, an ``argnums`` out of range, or an argument of ``argnames`` that is
            not passed.
        UnsupportedError: ``"forward"`` on a backend that has no forward mode and cannot differentiate a pullback; or a
            compilation does not know the shape of an argument or of the result.

    Warns:
        IndependentWarning: nothing leads from any of the differentiated arguments to the result.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> be.jacobian(lambda x: x[1:] * x[0])(be.asarray([2.0, 3.0, 4.0]))
        array([[3., 2., 0.],
               [4., 0., 2.]])
    """
    checks.require_function(f, "jacobian()")
    require_positions(argnums, "jacobian()")
    require_names(argnums, argnames, "jacobian()")
    if mode not in MODES:
        raise ValueError(f"mode={mode!r} of jacobian(); choose one of {', '.join(map(repr, MODES))}")

    @wraps(f)
    def jacobian_of(*args: P.args, **kwargs: P.kwargs) -> Any:
        call = Arguments(be, f, args, kwargs, argnums, "jacobian()", argnames=argnames, has_aux=has_aux)
        paths = [trees.Path(call.structure, i, "args", "", call.labels) for i in range(len(call.primals))]
        _require_rows(be, call.primals, paths)
        blocks, aux = _blocks(be, call, mode)
        if call.connected is False:
            call.warn_independent(blocks)
        found = trees.unflatten(call.output_structure, [call.as_arguments(row) for row in blocks])
        return (found, aux) if has_aux else found

    return jacobian_of


def _blocks(be: Engine, call: Arguments, mode: str) -> tuple[list[list[Any]], Any]:
    """For each output a list with one block for each primal; and ``aux``."""
    if mode == "forward":
        return _forward(be, call)
    found, pull = be._vjp(call.flat, call.primals, once=False)
    pull = call.noting(pull)
    outputs, aux = call.parted(found)
    arrays = _outputs(be, outputs, call)
    if mode == "auto":
        rows = sum(math.prod(array.shape) for array in arrays if be.kind(array.dtype) != "other")
        columns = sum(math.prod(primal.shape) for primal in call.primals)
        if be._forward_is_native():
            if columns < rows:
                return _forward(be, call)
        elif be._has_forward() and columns * _DERIVED_COST < rows:
            push = be._transposed(outputs, lambda given: pull(given + [None] * (len(found) - len(outputs))), once=False)
            return _by_columns(be, push, arrays, call.primals), aux
    return _by_rows(be, pull, arrays, call.primals, len(found)), aux


def _forward(be: Engine, call: Arguments) -> tuple[list[list[Any]], Any]:
    found, push = be._linearize(call.flat, call.primals)
    outputs, aux = call.parted(found)
    push = call.noting(push)
    return _by_columns(be, lambda given: push(given)[: len(outputs)], _outputs(be, outputs, call), call.primals), aux


def _outputs(be: Engine, outputs: list[Any], call: Arguments) -> list[Any]:
    arrays = [output if be.is_array(output) else constant(be, output) for output in outputs]
    paths = [trees.Path(call.output_structure, i, "the result") for i in range(len(arrays))]
    _require_rows(be, arrays, paths)
    return arrays


def _require_rows(be: Engine, arrays: list[Any], paths: list[trees.Path]) -> None:
    for array, path in zip(arrays, paths, strict=True):
        checks.require_sizes(array, f"{path} of jacobian()")
        if be.kind(array.dtype) == "complex":
            raise NotDifferentiableError(
                f"{path} of jacobian() is complex, and the derivative of a complex number is not one number; "
                "use vjp() or jvp(), or pass real and imaginary parts"
            )


def _by_rows(
    be: Engine, pull: Callable[[list[Any]], list[Any]], outputs: list[Any], primals: list[Any], count: int
) -> list[list[Any]]:
    """With the pullback, which takes ``count`` cotangents, those of ``outputs`` first."""
    blocks = []
    for k, output in enumerate(outputs):
        rows: list[Any] = [None] * len(primals)
        if be.kind(output.dtype) != "other" and math.prod(output.shape):
            rows = _each(be, pull, output, k, count, primals)
        blocks.append([_block(be, row, output, primal) for row, primal in zip(rows, primals, strict=True)])
    return blocks


def _by_columns(
    be: Engine, push: Callable[[list[Any]], list[Any]], outputs: list[Any], primals: list[Any]
) -> list[list[Any]]:
    blocks: list[list[Any]] = [[] for _ in outputs]
    for i, primal in enumerate(primals):
        columns: list[Any] = [None] * len(outputs)
        if math.prod(primal.shape):
            columns = _each(be, push, primal, i, len(primals), outputs)
        for k, (column, output) in enumerate(zip(columns, outputs, strict=True)):
            discrete = be.kind(output.dtype) == "other"
            found = None if column is None or discrete else be.xp.moveaxis(column, 0, -1)
            blocks[k].append(_block(be, found, output, primal))
    return blocks


def _each(
    be: Engine, linear: Callable[[list[Any]], list[Any]], at: Any, index: int, count: int, results: list[Any]
) -> list[Any]:
    """Apply ``linear`` to each unit vector like ``at``, as argument ``index`` of ``count``; results are stacked."""

    def of_unit(unit: Any) -> list[Any]:
        arguments: list[Any] = [None] * count
        arguments[index] = unit
        found = linear(arguments)
        return [be.xp.zeros_like(like) if one is None else one for one, like in zip(found, results, strict=True)]

    return be._vmap(of_unit, [be._units(at)], [0])


def _block(be: Engine, found: Any, output: Any, primal: Any) -> Any:
    shape = (*output.shape, *primal.shape)
    if found is None:
        return be._beside(be.xp.zeros(shape, dtype=primal.dtype), primal)
    return checks.cast(be, be.xp.reshape(found, shape), primal.dtype)
