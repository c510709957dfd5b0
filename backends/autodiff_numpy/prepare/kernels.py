"""What is known of the calls in a trace: which compute into an array that they are given, which give views."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

from autodiff_numpy.prepare.trace import Call, Kind, Ref
from autodiff_numpy.prepare.traced import astype, getitem
from autodiff_numpy.rules.indexing import _replaced, _scatter

KindOf: TypeAlias = Callable[[Ref], Kind]

_REDUCTIONS = {
    np.sum: np.add, np.prod: np.multiply, np.max: np.maximum, np.min: np.minimum, np.amax: np.maximum,
    np.amin: np.minimum, np.any: np.logical_or, np.all: np.logical_and,
}  # fmt: skip
_INTO = frozenset((np.cumsum, np.cumprod, np.dot, np.mean, np.round, np.outer, np.trace, np.clip, np.concatenate,
                   np.stack))  # fmt: skip
"""Functions with a parameter ``out`` that they compute into without a copy."""

VIEWS = frozenset((np.reshape, np.ravel, np.transpose, np.permute_dims, np.matrix_transpose, np.swapaxes, np.moveaxis,
                    np.expand_dims, np.squeeze, np.broadcast_to, np.flip, np.diagonal, np.real, np.imag))  # fmt: skip
"""Functions that give a view, where memory allows it."""

_BASIC = (int, slice, type(None), type(Ellipsis))


def computes(step: Call, kind: KindOf) -> bool:
    """Whether a call's result is one array, which it can compute into memory that is given to it."""
    if type(step.result) is not Ref or kind(step.result)[1].kind not in "biufc":
        return False
    function, args = step.function, step.args
    if isinstance(function, np.ufunc):
        return not step.kwargs and function.nout == 1 and all(map(_simple, args))
    if function is np.where:
        return len(args) == 3 and not step.kwargs and _is_mask(args[0], kind) and all(map(_simple, args))
    if function in (_scatter, _replaced, astype):
        return True
    return reduction(step) is not None or (function in _INTO and "out" not in step.kwargs)


def is_fresh(function: Any) -> bool:
    """Whether the result of another call is known to share no memory with its arguments."""
    module = getattr(function, "__module__", None)
    return module in ("numpy.linalg", "numpy.fft") and function not in (np.linalg.matrix_transpose, np.linalg.diagonal)


def is_elementwise(step: Call) -> bool:
    """Whether a call can fail by floating point errors alone, and does nothing but to compute elements or move them."""
    function = step.function
    if isinstance(function, np.ufunc):
        return function.signature is None
    return function in VIEWS or function in (np.where, _scatter, _replaced, astype, getitem)


def _is_mask(x: Any, kind: KindOf) -> bool:
    return bool((kind(x)[1] if type(x) is Ref else getattr(x, "dtype", type(x))) == np.bool_)


def reduction(step: Call) -> tuple[Any, dict[str, Any]] | None:
    """The ufunc that reduces, and its arguments by name; ``None`` for other calls, or where it does more."""
    function: Any = step.function
    ufunc: Any
    if function in _REDUCTIONS:
        ufunc, given = _REDUCTIONS[function], inspect.signature(function).bind(*step.args, **step.kwargs).arguments
        given = {name: value for name, value in given.items() if value is not np._NoValue}
    elif isinstance(owner := getattr(function, "__self__", None), np.ufunc) and function.__name__ == "reduce":
        names = ("a", "axis", "dtype", "out", "keepdims")
        ufunc, given = owner, {"axis": 0, **dict(zip(names, step.args, strict=False)), **step.kwargs}
    else:
        return None
    if given.get("out", ()) is None:
        del given["out"]
    plain = set(given) <= {"a", "axis", "dtype", "keepdims"} and type(given["a"]) is Ref
    return (ufunc, given) if plain else None


def refs(tree: Any) -> Iterator[Ref]:
    """The references in a tree of arguments or results."""
    if type(tree) is Ref:
        yield tree
    elif isinstance(tree, (tuple, list)):
        for part in tree:
            yield from refs(part)
    elif isinstance(tree, dict):
        yield from refs(list(tree.values()))


def _simple(x: Any) -> bool:
    """Whether an operand is one array or number."""
    return type(x) is Ref or isinstance(x, (bool, int, float, complex, np.ndarray, np.generic))


def is_basic(index: Any) -> bool:
    """Whether an index gives a view: integers, slices, new axes."""
    parts = index if type(index) is tuple else (index,)
    return all(isinstance(part, _BASIC) and not isinstance(part, bool) for part in parts)


def with_ellipsis(index: Any) -> Any:
    """A basic index that gives a view where a single element is asked for, too."""
    parts = index if type(index) is tuple else (index,)
    return parts if Ellipsis in parts else (*parts, Ellipsis)


def converted(ufunc: Any, args: tuple[Any, ...], kind: Callable[[Ref], Any]) -> list[Any]:
    """The operands, Python's numbers as the arrays that NumPy would make of them each time."""
    found = [np.asarray(arg) if isinstance(arg, np.generic) else arg for arg in args]
    numbers = [i for i, arg in enumerate(args) if type(arg) in (int, float, complex)]
    if not numbers:
        return found
    given = [kind(arg)[1] if type(arg) is Ref else type(arg) if i in numbers else np.asarray(arg).dtype
             for i, arg in enumerate(args)]  # fmt: skip
    try:
        used = ufunc.resolve_dtypes((*given, *[None] * ufunc.nout))
    except TypeError:
        return found
    for i in numbers:
        if used[i].kind in "fc":
            found[i] = np.asarray(args[i], used[i])
    return found


def cast_number(x: Any, dtype: Any) -> Any:
    """A Python number as an array of ``dtype``; other operands as they are."""
    return np.asarray(x, dtype) if type(x) in (int, float, complex) else x
