"""The arguments of operators: which are differentiated, as which arrays, and the function of those alone."""

from __future__ import annotations

import functools
import inspect
import operator
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff_spec.core import checks, trees
from autodiff_spec.core.current import DERIVATIVES, run
from autodiff_spec.core.engine import Engine, LinearMap
from autodiff_spec.core.errors import BackendMismatchError, IndependentWarning, named_type
from autodiff_spec.core.frameworks import framework_of, require_own

_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_CONTAINERS = (tuple, list, dict)
_OWN = ("autodiff_spec.operators", "autodiff_spec.core", "autodiff_spec._")


class Arguments:
    """One call of a function, seen as a function of the leaves of the arguments that are differentiated.

    Attributes:
        primals: those leaves, as floating arrays.
        chosen: the positions named, in their order, repetitions included; ``distinct`` without these. Arguments that
            ``argnames`` names and that are passed by name have positions behind the others.
        labels: as messages name ``distinct``: by position or by name.
        output_structure: the tree of the result (without ``aux``), once `flat` was called.
        connected: whether a map that is `noting` found a dependence; ``None`` before it was called.
    """

    connected: bool | None = None

    output_structure: trees.Structure
    _aux_structure: trees.Structure

    def __init__(
        self,
        be: Engine,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        argnums: int | Sequence[int],
        operation: str,
        *,
        argnames: str | Sequence[str] | None = None,
        has_aux: bool = False,
    ) -> None:
        self._by_name: tuple[str, ...] = ()
        by_position = len(args)
        if argnames is not None:
            args, kwargs, argnums, self._by_name = _named(f, args, kwargs, argnames, operation)
        self.single = type(argnums) is int or not _several(argnums)
        self.chosen, self.distinct = positions(argnums, len(args))
        picked = [args[i] for i in self.distinct]
        self.labels: tuple[Any, ...] = self.distinct
        if self._by_name:
            self.labels = tuple(i if i < by_position else repr(self._by_name[i - by_position]) for i in self.distinct)
        self.primals, self.structure = primal_arrays(be, picked, "args", operation, self.labels)
        self._be, self._f, self._has_aux = be, f, has_aux
        self._operation, self._number = operation, next(DERIVATIVES)
        self._kwargs = {name: convert(be, value) for name, value in kwargs.items()} if kwargs else kwargs
        self._rest = [convert(be, arg) for arg in args]

    def flat(self, *leaves: Any) -> list[Any]:
        """The leaves of the result, as a function of the primals, and behind them those of ``aux``.

        What the engine traced must not leak, so ``aux`` is an output too, of which nobody asks the derivative.
        """
        arguments, types = list(self._rest), self._be.array_types
        for i, argument in zip(self.distinct, trees.unflatten(self.structure, leaves), strict=True):
            arguments[i] = argument
        named = self._kwargs
        if self._by_name:
            count = len(arguments) - len(self._by_name)
            named = named | dict(zip(self._by_name, arguments[count:], strict=True))
            del arguments[count:]
        result = run(self._be, self._f, *arguments, **named)
        if not self._has_aux:
            outputs, self.output_structure = trees.flatten(result, types)
            return outputs
        if not (isinstance(result, tuple) and len(result) == 2):
            raise TypeError(f"with has_aux=True the function returns (result, aux), and not {named_type(result)}")
        result, aux = result
        outputs, self.output_structure = trees.flatten(result, types)
        rest, self._aux_structure = trees.flatten(aux, types)
        return outputs + rest

    def parted(self, outputs: list[Any]) -> tuple[list[Any], Any]:
        """Split the outputs of `flat` into the leaves of the result, and ``aux``."""
        if not self._has_aux:
            return outputs, None
        count = self.output_structure.num_leaves
        return outputs[:count], trees.unflatten(self._aux_structure, outputs[count:])

    def noting(self, linear: LinearMap) -> LinearMap:
        """A pullback or a pushforward that notes whether there is a dependence at all."""

        def noted(given: list[Any]) -> list[Any]:
            found = linear(given)
            self.connected = bool(self.connected) or any(one is not None for one in found)
            return found

        return noted

    def warn_independent(self, outputs: list[Any]) -> None:
        """Warn that the derivative is zero for want of a connection, unless ``f`` took derivatives itself.

        Where it did, the derivative of a derivative may well be constant, as that of a linear function is.
        """
        if not outputs or not self.primals or next(DERIVATIVES) != self._number + 1:
            return
        if not self._be._keeps_connections(self.primals):
            return
        frame, level = sys._getframe(1), 2
        while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_OWN):
            frame, level = frame.f_back, level + 1
        name = getattr(self._f, "__name__", "the function")
        warnings.warn(
            f"{self._operation} of {name} is zero, for nothing that has a derivative leads from the arguments that are "
            "differentiated to its result; if that is meant, ignore autodiff_spec.IndependentWarning",
            IndependentWarning,
            stacklevel=level,
        )

    def as_arguments(self, leaves: list[Any]) -> Any:
        """One array for each primal, in the trees of the arguments asked for: a tuple, or for one number the tree."""
        found = trees.unflatten(self.structure, leaves)
        if self.single:
            return found[0]
        if len(self.chosen) == len(self.distinct):
            return tuple(found)
        by_position = dict(zip(self.distinct, found, strict=True))
        return tuple(
            by_position[i] if i not in self.chosen[:k] else trees.map_leaves(self._copy, by_position[i])
            for k, i in enumerate(self.chosen)
        )

    def _copy(self, array: Any) -> Any:
        return self._be.xp.asarray(array, copy=True)


def require_positions(argnums: Any, operation: str) -> None:
    """Raise unless ``argnums`` is an integer or several, as soon as it is given: an argument may stand there."""
    if type(argnums) is int:  # as nearly always
        return
    several = argnums if _several(argnums) and not isinstance(argnums, str) else (argnums,)
    for number in several:
        try:
            operator.index(number)
        except TypeError:
            raise TypeError(
                f"argnums of {operation} is {named_type(argnums)}; name positions by integers; arguments go to "
                f"the function that it returns: {operation[:-2]}(f)(x)"
            ) from None


def require_names(argnums: Any, argnames: Any, operation: str) -> None:
    """Raise unless ``argnames`` is a name or several, and nothing is named by ``argnums`` then."""
    if argnames is None:
        return
    names = argnames if isinstance(argnames, Sequence) else (argnames,)
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"argnames of {operation} is {argnames!r}; name parameters: 'x', or ('x', 'y')")
    if argnums != 0:
        raise ValueError(f"{operation} got argnums={argnums!r} and argnames={argnames!r}; name all by one of them")


def _named(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], argnames: str | Sequence[str], operation: str
) -> tuple[tuple[Any, ...], dict[str, Any], int | tuple[int, ...], tuple[str, ...]]:
    """The arguments, those of ``argnames`` that are passed by name behind the rest, and the positions of all named."""
    names = (argnames,) if isinstance(argnames, str) else tuple(argnames)
    moved = tuple(name for name in dict.fromkeys(names) if name in kwargs)
    known = {name: len(args) + i for i, name in enumerate(moved)}
    if len(moved) < len(set(names)):
        parameters = [p.name for p in _signature(f, operation).parameters.values() if p.kind in _BY_POSITION]
        known |= {name: i for i, name in enumerate(parameters[: len(args)]) if name not in known}
    for name in names:
        if name not in known:
            raise ValueError(
                f"argnames={argnames!r} of {operation}: the function was called without an argument {name!r}; it was "
                f"called with {', '.join([*known, *kwargs]) or 'none'}"
            )
    numbers = tuple(known[name] for name in names)
    rest = {name: value for name, value in kwargs.items() if name not in moved}
    by_name = tuple(kwargs[name] for name in moved)
    return (*args, *by_name), rest, numbers[0] if isinstance(argnames, str) else numbers, moved


def _signature(f: Callable[..., Any], operation: str) -> inspect.Signature:
    try:
        return inspect.signature(f)
    except ValueError as error:  # a function of C
        raise ValueError(
            f"argnames of {operation}: {error}, so that names have no positions; pass the argument by name, or "
            "name it by argnums"
        ) from None


def positions(argnums: int | Sequence[int], count: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """``argnums`` as non-negative positions among ``count`` arguments, in their order, and without repetitions.

    Raises:
        ValueError: one is out of range.
        TypeError: one is no integer.
    """
    if type(argnums) is int:
        return _positions((argnums,), count)
    several: Any = argnums if _several(argnums) else (argnums,)
    return _positions(tuple(map(operator.index, several)), count)


def _several(argnums: Any) -> bool:
    return type(argnums) is tuple or isinstance(argnums, Sequence)  # which Python finds out slowly


@functools.lru_cache(maxsize=256)
def _positions(numbers: tuple[int, ...], count: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    for number in numbers:
        if not count:
            raise ValueError(
                "the function was called without positional arguments, and those alone are differentiated; pass the "
                "argument by position"
            )
        if not -count <= number < count:
            raise ValueError(
                f"argnums={number} is out of range: the function was called with {count} positional arguments; "
                f"name positions from 0 to {count - 1}"
            )
    chosen = tuple([number % count for number in numbers])
    return chosen, tuple(dict.fromkeys(chosen))


def primal_arrays(
    be: Engine, tree: Any, root: str, operation: str, positions: tuple[int, ...] = ()
) -> tuple[list[Any], trees.Structure]:
    """The leaves of ``tree`` as floating arrays of ``be`` (foreign ones copied), and its structure.

    ``root``, ``operation`` and the ``positions`` of the arguments that the tree holds name a leaf in messages.
    """
    next(DERIVATIVES)
    leaves, structure = trees.flatten(tree, be.array_types)
    arrays = [
        leaf
        if be.is_floating(leaf)
        else checks.primal(be, leaf, trees.Path(structure, i, root, operation, positions))
        for i, leaf in enumerate(leaves)
    ]
    return arrays, structure


def zeros_for_none(be: Engine, gradients: list[Any], primals: list[Any]) -> list[Any]:
    """``gradients`` with the absence of a dependence written as zeros of the primal."""
    return [
        be.xp.zeros_like(primal) if gradient is None else gradient
        for gradient, primal in zip(gradients, primals, strict=True)
    ]


def constant(be: Engine, output: Any) -> Any:
    """Convert a result that is no array of ``be`` (a Python number) to one.

    Raises:
        BackendMismatchError: it is an array of another framework, NumPy's too: what the function computed is cut off.
    """
    if isinstance(output, (np.ndarray, np.generic)):
        kind: type = output.__class__
        if framework_of(kind) == be.name:  # JAX's own constants are arrays of NumPy's by type
            return be.asarray(output)
        raise BackendMismatchError(
            f"the function returned a NumPy array on the backend {be.name!r}, where what led to it has no derivative; "
            "take functions from xp() inside, or return asarray() of what is constant"
        )
    if isinstance(output, (bool, int, float, complex)):
        return be.asarray(output)
    require_own(be.name, output, "the result of the function")
    hint = "was `return` forgotten?" if output is None else "return arrays, or use has_aux=True"
    raise TypeError(f"the function returned {named_type(output)}, which is no array; {hint}")


def convert(be: Engine, argument: Any) -> Any:
    """A NumPy array that is not differentiated as the backend's own (a copy), in a tuple, list or dict too.

    Raises:
        BackendMismatchError: it is an array of another framework, whose derivative nobody would see.
    """
    if be.is_array(argument):
        return argument
    if isinstance(argument, np.ndarray):
        return be.asarray(argument)
    if type(argument) in _CONTAINERS:
        leaves, structure = trees.flatten(argument, be.array_types, opened=False)
        converted = [convert(be, leaf) for leaf in leaves]
        changed = any(one is not leaf for one, leaf in zip(converted, leaves, strict=True))
        return trees.unflatten(structure, converted) if changed else argument
    require_own(be.name, argument, "an argument of the function")
    return argument
