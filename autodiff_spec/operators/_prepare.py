"""``prepare``: a function compiled, or recorded to be replayed, for arguments of certain shapes."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable
from typing import Any, ParamSpec

import numpy as np

from autodiff_spec.core import checks, trees
from autodiff_spec.core.capability import Capability
from autodiff_spec.core.current import run
from autodiff_spec.core.engine import Engine, TreeFunction, Unprepared
from autodiff_spec.core.errors import PreparationError, ShapeMismatchError, UnsupportedError, named_type
from autodiff_spec.core.frameworks import array_of
from autodiff_spec.operators._arguments import convert

P = ParamSpec("P")
MOST_STATICS = 8
"""For so many combinations of values of what is no array a function is prepared; for more it runs unprepared."""


def prepare(be: Engine, f: Callable[P, Any], *example_args: Any, **example_kwargs: Any) -> Prepared:
    """A function with the answers of ``f``, made faster for arguments like the examples.

    ``f`` runs on the examples, once or more, or is traced with stand-ins for them. What it closes over, variables apart,
    counts as constant from then on, and what it does besides computing its result (printing, appending to a list)
    happens when it is prepared, not on every call. Python control flow on values is safe: when a branch would go the
    other way the function is prepared again, or runs as it is. Where a backend has nothing faster to offer, or a
    function cannot be prepared, it runs as it is, always.

    Args:
        f: a function of arrays (trees) that returns an array or a tree of arrays: a user's own, or one made by `grad`,
            `value_and_grad`, `jacobian`, `hessian`, `vmap`, …; `hvp` and `jvp` inside a ``lambda``.
        example_args: arguments of the tree structure, shapes and dtypes to prepare for; NumPy arrays are copied. Leaves
            that are no arrays (numbers, strings, ``None``) count by their values: `f` is prepared for each new one,
            up to `MOST_STATICS` of them.
        example_kwargs: keyword arguments likewise.

    Returns:
        The prepared function, `Prepared`. A variable that ``f`` reads is read on every call. While a tape is open, or
        on recorded arrays, the call is recorded and differentiated like one of ``f``.

    Raises:
        PreparationError: from a call whose arguments have another structure, shape or dtype than the examples.
        BackendMismatchError: an argument is an array of another framework.

    Examples:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("numpy")
        >>> x = be.asarray([1.0, 2.0])
        >>> gradient = be.prepare(be.grad(lambda x: x * x * x), x)
        >>> gradient(x)
        array([ 3., 12.])
        >>> gradient(be.asarray([1.0, 2.0, 3.0]))
        Traceback (most recent call last):
            ...
        autodiff_spec.PreparationError: the prepared function was called with other arguments than it was prepared for:
          args[0] has shape (3,), prepared for (2,)
        call prepare() with arguments of these shapes, or the function itself
    """  # noqa: E501  (an error message is shown as it is)
    checks.require_function(f, "prepare()")
    return Prepared(be, f, example_args, example_kwargs)


class Prepared:
    """A prepared function, made by `prepare`: call it as the function itself.

    Calls from several threads at once are safe.
    """

    def __init__(self, be: Engine, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        functools.update_wrapper(self, f, updated=())
        self._be, self._f = be, f
        leaves, self._structures = _flat(be, args, kwargs)
        self._expected = [_kind(be, leaf) for leaf in leaves]
        self._places = [i for i, kind in enumerate(self._expected) if kind[0] == "array"]
        self._arrays_alone = len(self._places) == len(args) == len(leaves)
        self._runs: dict[Any, Callable[..., Any]] = {}
        self._growing = threading.Lock()
        run = self._run(leaves)
        self._quick = getattr(run, "quick", None) if self._arrays_alone else None

    def __repr__(self) -> str:
        how = "; ".join(repr(run) for run in self._runs.values())
        return f"<prepared {getattr(self._f, '__name__', self._f)}: {how}>"

    def explain(self) -> str:
        """Describe the prepared function for people: on NumPy the source that is replayed, or why there is none."""
        return "\n\n".join(str(run) for run in self._runs.values())

    def __call__(self, *args: Any, out: Any = None, **kwargs: Any) -> Any:
        """The answer of the function for these arguments.

        Args:
            args: as the examples, in structure, shapes and dtypes.
            out: a tree like the result, of variables or of mutable arrays, that receives it and is returned.
            kwargs: as the examples.

        Returns:
            The result, which no later call changes.

        Raises:
            PreparationError: another structure, shape or dtype, with a line for each argument that differs.
            ShapeMismatchError: ``out`` does not fit the result.
            ValueError: two arrays of ``out`` share memory.
        """
        if self._quick is not None and out is None and not kwargs:
            quick = self._quick(args)
            if quick is not None:
                return trees.unflatten(quick[1], quick[0])
        arrays = list(args)
        run = None if kwargs else self._fast_path(args)
        if run is None:
            run, arrays = self._checked(args, kwargs)
        if out is None:
            found, structure = run(arrays, None)
            return trees.unflatten(structure, found)
        destinations, given = trees.flatten(out, self._be.array_types, opened=False)
        _require_apart(destinations, given)
        found, structure = run(arrays, destinations)
        trees.require_same(given, structure, "out of the prepared function", "its result")
        for i, (destination, result) in enumerate(zip(destinations, found, strict=True)):
            if result is not destination:
                _store(self._be, destination, result, trees.Path(given, i, "out"))
        return out

    def _fast_path(self, args: tuple[Any, ...]) -> Callable[..., Any] | None:
        """The program for arrays as it was prepared for; ``None`` for other arguments, which have to be checked."""
        if self._arrays_alone and len(args) == len(self._expected):
            is_array = self._be.is_array
            for array, (_, shape, dtype) in zip(args, self._expected, strict=True):
                if not (is_array(array) and array.shape == shape and array.dtype == dtype):
                    return None
            return self._runs[()]
        return None

    def _checked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Callable[..., Any], list[Any]]:
        """The program for checked arguments, and the arrays that it takes."""
        leaves, structures = _flat(self._be, args, kwargs)
        if structures != self._structures:
            raise self._other_structure(structures)
        for leaf, expected in zip(leaves, self._expected, strict=True):
            if _kind(self._be, leaf) != expected:
                raise self._other_arguments(leaves)
        return self._run(leaves), [leaves[i] for i in self._places]

    def _run(self, leaves: list[Any]) -> Callable[..., Any]:
        """The program for the leaves of ``leaves`` that are no arrays; prepared at the first call with them."""
        key = tuple([_static(leaf) for i, leaf in enumerate(leaves) if i not in self._places])
        found = self._runs.get(key)
        if found is not None:
            return found
        function = self._of_arrays(leaves)
        with self._growing:
            if len(self._runs) >= MOST_STATICS:
                return Unprepared(function)
            made = self._be._prepare(function, [leaves[i] for i in self._places])
            return self._runs.setdefault(key, made)

    def _of_arrays(self, leaves: list[Any]) -> TreeFunction:
        """The function of those leaves alone that are arrays; gives the leaves of the result, and its structure."""
        be, f, places, (positional, by_name) = self._be, self._f, self._places, self._structures
        others = [None if i in places else leaf for i, leaf in enumerate(leaves)]

        def function(*arrays: Any) -> tuple[list[Any], trees.Structure]:
            filled = list(others)
            for i, array in zip(places, arrays, strict=True):
                filled[i] = array
            args = trees.unflatten(positional, filled[: positional.num_leaves])
            kwargs = trees.unflatten(by_name, filled[positional.num_leaves :])
            return trees.flatten(run(be, f, *args, **kwargs), be.array_types)

        return function

    def _other_structure(self, structures: tuple[trees.Structure, trees.Structure]) -> PreparationError:
        lines = [
            f"{name} has the structure {trees.describe(given)}, prepared for {trees.describe(expected)}"
            for name, given, expected in zip(("args", "kwargs"), structures, self._structures, strict=True)
            if given != expected
        ]
        return _refused(lines)

    def _other_arguments(self, leaves: list[Any]) -> PreparationError:
        positional, by_name = self._structures
        lines = []
        for i, (leaf, expected) in enumerate(zip(leaves, self._expected, strict=True)):
            k = i - positional.num_leaves
            path = trees.Path(positional, i, "args") if k < 0 else trees.Path(by_name, k, "kwargs")
            given = _kind(self._be, leaf)
            if given[0] != expected[0]:
                lines.append(f"{path} is {_named(given)}, prepared for {_named(expected)}")
            elif given[1:] != expected[1:]:
                for what, one, other in zip(("shape", "dtype"), given[1:], expected[1:], strict=True):
                    if one != other:
                        lines.append(f"{path} has {what} {one}, prepared for {other}")
        return _refused(lines)


def _refused(lines: list[str]) -> PreparationError:
    differences = "\n  ".join(lines)
    return PreparationError(
        f"the prepared function was called with other arguments than it was prepared for:\n  {differences}\n"
        "call prepare() with arguments of these shapes, or the function itself"
    )


def _flat(
    be: Engine, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[list[Any], tuple[trees.Structure, trees.Structure]]:
    """The leaves of all arguments, NumPy's arrays among them converted, and the structures of both parts."""
    leaves, positional = trees.flatten(args)
    named, by_name = trees.flatten(kwargs)
    leaves += named
    converted = [convert(be, leaf) for leaf in leaves]
    return converted, (positional, by_name)


def _kind(be: Engine, leaf: Any) -> tuple[Any, ...]:
    """The signature that a leaf must keep from call to call: shape and dtype of an array, the type of anything else."""
    return ("array", tuple(leaf.shape), leaf.dtype) if be.is_array(leaf) else (type(leaf).__name__,)


def _named(kind: tuple[Any, ...]) -> str:
    return f"an array of shape {kind[1]} and dtype {kind[2]}" if kind[0] == "array" else f"a {kind[0]}"


def _static(leaf: Any) -> Any:
    """A key for a leaf that is no array: for numbers and texts how they are written, else the object itself."""
    if isinstance(leaf, (bool, int, float, complex, str, bytes, type(None))):
        return type(leaf), repr(leaf)
    return _Same(leaf)


class _Same:
    """A key that is equal only for the same object, which it keeps alive."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def _require_apart(destinations: list[Any], structure: trees.Structure) -> None:
    """Raise where one result would be written over another."""
    for (i, one), (k, other) in itertools.combinations(enumerate(destinations), 2):
        arrays = isinstance(one, np.ndarray) and isinstance(other, np.ndarray)
        if one is other or (arrays and np.shares_memory(one, other)):
            names = " and ".join(str(trees.Path(structure, place, "out")) for place in (i, k))
            raise ValueError(f"{names} of the prepared function share memory; pass an array for each result")


def _store(be: Engine, destination: Any, result: Any, path: trees.Path) -> None:
    """Write a result where ``out=`` says."""
    if not (be.is_variable(destination) or (be.is_array(destination) and Capability.MUTABLE_OUT in be.capabilities)):
        raise UnsupportedError(
            f"{path} of the prepared function is {named_type(destination)}, which the backend {be.name!r} "
            "cannot write into; pass a variable()"
        )
    if not be.is_array(result) or tuple(destination.shape) != tuple(result.shape):
        raise ShapeMismatchError(
            f"{path} of the prepared function has shape {tuple(destination.shape)}, the result "
            f"{tuple(result.shape) if be.is_array(result) else 'is no array'}; pass one of that shape"
        )
    if be.is_variable(destination):
        be._assign(destination, checks.floating(be, result, path, dtype=array_of(destination).dtype, nested=True))
    else:
        be._write(destination, result)
