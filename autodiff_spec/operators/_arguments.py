"""What operators by position share: the arguments that are differentiated, and the function of their leaves alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff_spec import _check, _trees
from autodiff_spec.operators._grad import convert
from autodiff_spec.operators._vjp import primal_arrays

if TYPE_CHECKING:
    from autodiff_spec._backend import Backend


class Arguments:
    """One call of a function, seen as a function of the leaves of the arguments that ``argnums`` names.

    Attributes:
        primals: those leaves, as floating arrays.
        chosen: the positions named, in their order, repetitions included; ``distinct`` without these.
        output_structure: the tree of the result (without ``aux``), once `flat` was called.
    """

    def __init__(
        self,
        be: Backend,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        argnums: int | Sequence[int],
        operation: str,
        *,
        has_aux: bool = False,
    ) -> None:
        self.single = not isinstance(argnums, (tuple, list))
        self.chosen = _check.positions(argnums, len(args))
        self.distinct = list(dict.fromkeys(self.chosen))
        picked = tuple(args[i] for i in self.distinct)
        self.primals, self.structure = primal_arrays(be, picked, "args", operation, tuple(self.distinct))
        self.output_structure: _trees.Structure = _trees.LEAF
        self._aux_structure: _trees.Structure = _trees.LEAF
        self._be, self._f, self._kwargs, self._has_aux = be, f, kwargs, has_aux
        self._rest = [convert(be, arg) if isinstance(arg, np.ndarray) else arg for arg in args]

    def flat(self, *leaves: Any) -> list[Any]:
        """The leaves of the result, as a function of the primals, and behind them those of ``aux``.

        What the engine traced must not leak, so ``aux`` is an output too, of which nobody asks the derivative.
        """
        arguments = list(self._rest)
        for i, argument in zip(self.distinct, _trees.unflatten(self.structure, leaves), strict=True):
            arguments[i] = argument
        result, aux = self._f(*arguments, **self._kwargs), ()
        if self._has_aux:
            result, aux = result
        outputs, self.output_structure = _trees.flatten(result, self._be.array_types)
        rest, self._aux_structure = _trees.flatten(aux, self._be.array_types)
        return outputs + rest

    def parted(self, outputs: list[Any]) -> tuple[list[Any], Any]:
        """What `flat` gave as the leaves of the result, and ``aux``."""
        count = self.output_structure.num_leaves
        return outputs[:count], _trees.unflatten(self._aux_structure, outputs[count:])

    def as_arguments(self, leaves: list[Any]) -> Any:
        """One array for each primal, in the trees of the arguments asked for: a tuple, or for one number the tree."""
        trees = dict(zip(self.distinct, _trees.unflatten(self.structure, leaves), strict=True))
        if self.single:
            return trees[self.chosen[0]]
        return tuple(
            trees[i] if i not in self.chosen[:k] else _trees.map_leaves(self._copy, trees[i])
            for k, i in enumerate(self.chosen)
        )

    def _copy(self, array: Any) -> Any:
        return self._be.xp.asarray(array, copy=True)
