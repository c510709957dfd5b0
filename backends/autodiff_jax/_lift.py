"""A function of plain JAX arrays as one recorded operation."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.extend.core import jaxpr_as_fun

from autodiff_jax._array import Array, constant, resolve
from autodiff_jax._operation import Operation
from autodiff_spec.core import trees


def lift(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function of plain JAX arrays, made usable on recorded ones: one operation, whatever it calls.

    Args:
        f: takes trees of arrays (other leaves are passed on as they are), returns an array or a tree of arrays. One
            that is compiled (``jax.jit``) is recorded compiled, any other runs operation by operation, with Python
            control flow on its values if it likes; then, as for all of JAX's transforms, it has to be pure.

    Returns:
        A function of the same arguments, recorded or plain.
    """
    compiled = hasattr(f, "lower")  # as `jax.jit` makes it; another function may read what changes between two calls
    operations: dict[Any, Operation] = {}

    @functools.wraps(f, updated=())
    def lifted(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = trees.flatten((args, kwargs))
        leaves = [resolve(leaf) for leaf in leaves]
        dynamic = [i for i, leaf in enumerate(leaves) if isinstance(leaf, (Array, jax.Array, np.ndarray))]
        if not any(type(leaves[i]) is Array for i in dynamic):
            args, kwargs = trees.unflatten(structure, leaves)
            return f(*args, **kwargs)
        static = tuple((i, leaf) for i, leaf in enumerate(leaves) if i not in dynamic)

        def of_arrays(*arrays: Any) -> Any:
            everything = dict(static) | dict(zip(dynamic, arrays, strict=True))
            args, kwargs = trees.unflatten(structure, [everything[i] for i in range(len(leaves))])
            return f(*args, **kwargs)

        arrays = [leaves[i] for i in dynamic]
        if not compiled:
            return Operation(_frozen(of_arrays, arrays), compiled=False)(*arrays)
        key = (structure, static, tuple(type(leaf) for _, leaf in static))
        if key not in operations:
            operations[key] = Operation(of_arrays)
        return operations[key](*arrays)

    return lifted


def _frozen(function: Callable[..., Any], arrays: list[Any]) -> Callable[..., Any]:
    """Freeze ``function`` as it computes now: later changes of its closure do not reach it.

    A function that looks at its values (``if``, ``float``) has no such form, and is returned as it is.
    """
    abstract = [(array.kind if type(array) is Array else constant(array)[1]).abstract() for array in arrays]
    try:
        closed, shape = jax.make_jaxpr(function, return_shape=True)(*abstract)
    except jax.errors.JAXTypeError:
        return function
    run, structure = jaxpr_as_fun(closed), jax.tree.structure(shape)
    return lambda *values: jax.tree.unflatten(structure, run(*values))
