"""``custom_vjp``: a function whose derivative its author gives."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_spec.core import checks, trees
from autodiff_spec.core.capability import Capability
from autodiff_spec.core.current import run
from autodiff_spec.core.engine import Array, Engine
from autodiff_spec.core.errors import (
    CustomRuleError,
    DtypeError,
    NotDifferentiableError,
    ShapeMismatchError,
    named_type,
)


class CustomVJP:
    """A function with a derivative of its own; made by `Backend.custom_vjp` or `autodiff_spec.custom_vjp`.

    Args:
        backend: takes the arguments of a call and gives the backend that it means.
        f: a function of arrays (trees) and of anything else that returns an array or a tree of arrays.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> @be.custom_vjp
        ... def log1pexp(x):
        ...     return be.xp.log(1.0 + be.xp.exp(x))
        >>> log1pexp.defvjp(
        ...     lambda x: (log1pexp(x), x),
        ...     lambda x, g: (g / (1.0 + be.xp.exp(-x)),),
        ... )
        >>> be.grad(log1pexp)(be.asarray([0.0, 100.0]))
        array([0.5, 1. ])
    """

    def __init__(self, backend: Callable[..., Engine], f: Callable[..., Any]) -> None:
        self._backend, self._f = backend, f
        self._rule: tuple[Callable[..., Any], Callable[..., Any]] | None = None
        functools.update_wrapper(self, f, updated=())

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Give the function its derivative.

        Args:
            fwd: takes the function's arguments and returns ``(y, residuals)``: the function's value, and what ``bwd``
                needs, any tree.
            bwd: takes ``(residuals, cotangent)``, the cotangent a tree like ``y`` (``None`` in the place of what is
                not floating), and returns a tuple with one entry for each positional argument: a tree like the
                argument, or ``None`` for zeros in the place of any part of it. What stands in the place of an
                argument that is not differentiated (an integer, a text, a Python float) is ignored.
        """
        self._rule = fwd, bwd

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function's value, differentiated by its rule.

        Keyword arguments are passed on to the function and to ``fwd``, and are not differentiated.

        Raises:
            CustomRuleError: there is no rule yet; what ``fwd`` or ``bwd`` returns does not fit; or the value depends
                on a variable or recorded array that is no positional argument.
            UnsupportedError: the backend does not declare ``CUSTOM_RULES``.
        """
        be = self._backend(args, kwargs)
        be.require(Capability.CUSTOM_RULES, "custom_vjp()")
        if self._rule is None:
            raise CustomRuleError(f"{_name(self._f)} has no rule yet; give it one with defvjp(fwd, bwd)")
        leaves, structure = trees.flatten(args, be.array_types)
        places = [i for i, leaf in enumerate(leaves) if be.is_array(leaf)]
        arrays = [leaves[i] for i in places]
        call = CustomCall(be, (self._f, *self._rule), leaves, structure, places, kwargs)
        return call.result(be._custom_vjp(call, arrays))


def custom_vjp(be: Engine, f: Callable[..., Any]) -> CustomVJP:
    """``f`` with a derivative that its author gives by ``defvjp(fwd, bwd)``; see `CustomVJP`."""
    return CustomVJP(lambda *_: be, f)


class CustomCall:
    """One call of a custom function, seen as a function of its arrays, which it does not keep."""

    def __init__(
        self,
        be: Engine,
        functions: tuple[Callable[..., Any], ...],
        leaves: list[Any],
        structure: trees.Structure,
        places: list[int],
        kwargs: dict[str, Any],
    ) -> None:
        self._be, self._kwargs = be, kwargs
        self._f, self._fwd, self._bwd = functions
        self._structure, self._places = structure, places
        self._like = {i: (tuple(leaves[i].shape), leaves[i].dtype) for i in places if be.is_floating(leaves[i])}
        self._rest = list(leaves)
        for i in places:
            self._rest[i] = None
        self._output_structure: trees.Structure = trees.LEAF
        self._output_places: list[int] = []
        self._constants: list[Any] = []

    # --- what engines call ------------------------------------------------------------------------------------

    def value(self, *arrays: Array) -> list[Array]:
        """The arrays that the function returns, for ``arrays`` in the place of its own."""
        return self._outputs(run(self._be, self._f, *self._arguments(arrays), **self._kwargs))

    def forward(self, *arrays: Array) -> tuple[list[Array], Any]:
        """The arrays that ``fwd`` returns for ``arrays``, and its residuals."""
        found = run(self._be, self._fwd, *self._arguments(arrays), **self._kwargs)
        if not (isinstance(found, tuple) and len(found) == 2):
            raise CustomRuleError(
                f"fwd of {_name(self._f)} returned {_count(found)}; return the pair (value, residuals)"
            )
        return self._outputs(found[0]), found[1]

    def backward(self, residuals: Any, cotangents: list[Array | None]) -> list[Array | None]:
        """From a cotangent for each array that `forward` returned to those of ``arrays``; ``None`` for integers."""
        leaves: list[Any] = [None] * len(self._constants)
        for i, cotangent in zip(self._output_places, cotangents, strict=True):
            leaves[i] = cotangent
        found = run(self._be, self._bwd, residuals, trees.unflatten(self._output_structure, leaves))
        count = len(self._structure.children())
        if not isinstance(found, tuple) or len(found) != count:
            raise CustomRuleError(
                f"bwd of {_name(self._f)} returned {_count(found)}; "
                f"return a tuple with one cotangent (or None) for each of the {count} positional arguments"
            )
        shares = self._share_per_leaf(found)
        kept = {id(leaf) for leaf in trees.flatten(residuals, self._be.array_types)[0]}
        return [self._checked(shares[i], kept, i, *self._like[i]) if i in self._like else None for i in self._places]

    def depends_on_more(self) -> CustomRuleError:
        """The error for a value that is recorded although its arguments are not."""
        return CustomRuleError(
            f"the value of {_name(self._f)} depends on a variable or recorded array that is no positional argument, "
            "and its rule cannot give the derivative by that; pass it as a positional argument"
        )

    # --- trees ------------------------------------------------------------------------------------------------

    def result(self, outputs: list[Array]) -> Any:
        """The tree that the function returned last, with ``outputs`` in the place of its arrays."""
        leaves = list(self._constants)
        for i, output in zip(self._output_places, outputs, strict=True):
            leaves[i] = output
        return trees.unflatten(self._output_structure, leaves)

    def _arguments(self, arrays: tuple[Array, ...]) -> Any:
        leaves = list(self._rest)
        for i, array in zip(self._places, arrays, strict=True):
            leaves[i] = array
        return trees.unflatten(self._structure, leaves)

    def _outputs(self, result: Any) -> list[Array]:
        leaves, self._output_structure = trees.flatten(result, self._be.array_types)
        self._output_places = [i for i, leaf in enumerate(leaves) if self._be.is_array(leaf)]
        self._constants = [None if self._be.is_array(leaf) else leaf for leaf in leaves]
        return [leaves[i] for i in self._output_places]

    def _share_per_leaf(self, found: tuple[Any, ...]) -> list[Any]:
        """The prefix tree ``found`` broadcast to one share for each leaf of the arguments."""
        shares: list[Any] = []
        for i, (share, argument) in enumerate(zip(found, trees.unflatten(self._structure, self._rest), strict=True)):
            _, structure = trees.flatten(argument, self._be.array_types)
            if share is None or not self._differentiated(len(shares), structure.num_leaves):
                shares += [None] * structure.num_leaves
                continue
            spread = _broadcast(share, argument)
            if spread is None:
                given = trees.describe(trees.flatten(share, self._be.array_types)[1])
                raise CustomRuleError(
                    f"cotangent {i} that bwd of {_name(self._f)} returned has the structure {given}, its argument has "
                    f"{trees.describe(structure)}; return a tree like the argument"
                )
            shares += spread
        return shares

    def _differentiated(self, start: int, count: int) -> bool:
        return any(start <= place < start + count for place in self._like)

    def _checked(self, share: Any, kept: set[int], place: int, shape: tuple[int, ...], dtype: Any) -> Array | None:
        if share is None:
            return None
        be, path = self._be, trees.Path(self._structure, place, "args", _name(self._f))
        try:
            array = checks.cotangent(be, share, _Like(shape, dtype), f"the cotangent that bwd returned for {path}",
                                     "argument")
        except (ShapeMismatchError, NotDifferentiableError, DtypeError) as error:
            raise CustomRuleError(str(error)) from error
        return _copied(be, array, kept)


def _copied(be: Engine, array: Array, kept: set[int]) -> Array:
    """A copy of a residual: handed out itself, it would be changed by who writes into the gradient."""
    return be.xp.asarray(array, copy=True) if id(array) in kept else array


class _Like:
    """The shape and dtype of an argument, without keeping it."""

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape, self.dtype = shape, dtype


def _broadcast(share: Any, argument: Any) -> list[Any] | None:
    """For each leaf of ``argument`` that of ``share``, ``None`` below a ``None``; ``None`` where the two do not fit."""
    try:
        spread = trees.broadcast(share, argument)
    except ValueError:
        return None
    given = sum(leaf is not None for leaf in trees.flatten(share)[0])
    return spread if given == sum(leaf is not None for leaf in spread) else None  # one array for many is no tree


def _name(f: Callable[..., Any]) -> str:
    return f"{getattr(f, '__name__', type(f).__name__)}()"


def _count(found: Any) -> str:
    """Describe a wrong result of ``fwd`` or ``bwd`` for an error message."""
    if isinstance(found, tuple):
        return f"a tuple of {len(found)}"
    kind = "an array" if isinstance(found, np.ndarray) or hasattr(found, "dtype") else f"{named_type(found)}"
    return f"{kind}, no tuple"
