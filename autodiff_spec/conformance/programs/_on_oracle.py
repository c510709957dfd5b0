"""The oracle as what programs run on: its namespace, and the few operators that programs call.

Operators inside programs are differences of 120 digits too. With errors, every function of the namespace errs as much
as its budget allows, at random: how far that moves a derivative is the condition of the program, and so its tolerance.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from autodiff_spec import oracle
from autodiff_spec.conformance.functions import FUNCTIONS
from autodiff_spec.conformance.functions._model import SENSITIVE
from autodiff_spec.conformance.functions.indexing import INDEXING
from autodiff_spec.conformance.functions.shapes import SHAPES

TINY = 1e-25
"""The size of one rounding in runs that err: its effect is linear, and large against the differences' own error."""

_I = oracle.xp.asarray(1j).values[()]
_MOVING = frozenset(f.name for f in (*SHAPES, *INDEXING)) | {"at", "asarray", "argsort", "stop_gradient"}


@cache
def _budgets() -> dict[str, float]:
    # The budget of what cancels is in units of what is added up, which has another size in a program.
    return {f.name: max(f.ulps, SENSITIVE if f.variants[0].cancels else 0.0) for f in FUNCTIONS}


class OnOracle:
    """A stand-in for a backend, on which a program runs on the oracle.

    Args:
        seed: of the errors; None for the exact run.
        order: of the derivatives that have errors, 1 or 2.
        least: the budget of every function, in units in the last place, at least.
    """

    def __init__(self, seed: int | None = None, order: int = 1, least: float = 1.0) -> None:
        self.errors = None if seed is None else Errors(seed, order, least)
        self.xp: Any = oracle.xp if self.errors is None else _Erring(oracle.xp, "", self.errors)
        self.extra: Any = oracle.xp.extra if self.errors is None else _Erring(oracle.xp.extra, "", self.errors)

    def stop_gradient(self, x: Any) -> Any:
        """Constant under differencing."""
        return oracle.stop_gradient(x)

    def grad(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """The gradient of a smooth function of one array, by differences."""
        f = self._repeatable(f)

        def gradient(x: Any) -> Any:
            return _array(oracle.gradient(lambda xp, t: f(t), x)[0], x)

        return gradient

    def vjp(self, f: Callable[..., Any], x: Any) -> tuple[Any, Callable[[Any], tuple[Any]]]:
        """The value and the pullback of a smooth function of one array."""
        f = self._repeatable(f)
        return f(x), lambda g: (_array(oracle.gradient(lambda xp, t: f(t), x, cotangent=g)[0], x),)

    def jvp(self, f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
        """The value and the derivative along a direction."""
        f = self._repeatable(f)
        return f(*primals), _array(oracle.jvp(lambda xp, *t: f(*t), tuple(primals), tuple(tangents)), primals[0])

    def vmap(self, f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """A loop over the first axis."""
        return lambda x: oracle.xp.stack([f(row) for row in x])

    def checkpoint(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself."""
        return f

    def custom_vjp(self, f: Callable[[Any], Any]) -> _Custom:
        """An elementwise function with a derivative of its own."""
        return _Custom(f)

    def _repeatable(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """``f`` with the same errors in each of its runs."""
        if (errors := self.errors) is None:
            return f
        place = errors.place

        def repeated(*args: Any) -> Any:
            errors.place = place
            return f(*args)

        return repeated


class _Custom:
    """An elementwise function that changes as its rule says: f(s) + (x - s)·slope((x + s)/2), where s is x, stopped.

    The value at s is f's, the first derivative there the slope, the second the slope's derivative.
    """

    def __init__(self, f: Callable[[Any], Any]) -> None:
        self._f = f

    def defvjp(self, fwd: Callable[[Any], Any], bwd: Callable[[Any, Any], Any]) -> None:
        """Take the rule."""
        self._fwd, self._bwd = fwd, bwd

    def __call__(self, x: Any) -> Any:
        stopped = oracle.stop_gradient(x)
        value, residuals = self._fwd((x + stopped) * 0.5)
        (slope,) = self._bwd(residuals, oracle.xp.ones_like(value))
        return oracle.stop_gradient(self._f(x)) + (x - stopped) * slope


def _array(numbers: Any, like: Any) -> Any:
    return oracle.Array(np.asarray(numbers, dtype=object), like.dtype)


class Errors:
    """Random numbers by place, so that each run of a program gets the same.

    Args:
        seed: of the numbers.
        order: of the derivatives that have errors, 1 or 2.
        least: the budget of every function, at least.
    """

    def __init__(self, seed: int, order: int = 1, least: float = 1.0) -> None:
        self.place, self.order, self.least = 0, order, least
        self._random = random.Random(seed)
        self._seen: list[Any] = []

    def __call__(self, like: Any) -> Any:
        """The next errors, one for each element of ``like``: between a half and 1, of either sign or any phase."""
        numbers = np.empty(like.shape, dtype=object)
        for index in np.ndindex(like.shape):
            numbers[index] = self._next() if like.dtype.kind != "c" else self._next() + self._next() * _I
        return numbers

    def _next(self) -> Any:
        if self.place == len(self._seen):
            error = self._random.choice((-1.0, 1.0)) * self._random.uniform(0.5, 1.0)
            self._seen.append(oracle.xp.asarray(error).values[()])
        self.place += 1
        return self._seen[self.place - 1]


class _Erring:
    """A namespace whose functions err in value and derivative."""

    def __init__(self, exact: Any, prefix: str, errors: Errors) -> None:
        self._exact, self._prefix, self._errors = exact, prefix, errors

    def __getattr__(self, name: str) -> Any:
        exact = getattr(self._exact, name)
        if not self._prefix and name in ("linalg", "fft"):
            return _Erring(exact, f"{name}.", self._errors)
        if not callable(exact) or name in _MOVING:
            return exact
        units = max(self._errors.least, _budgets().get(self._prefix + name, 1.0))

        def erring(*args: Any, **keywords: Any) -> Any:
            result = exact(*args, **keywords)
            if isinstance(result, tuple):
                return type(result)(*(self._erred(part, args, units) for part in result))
            return self._erred(result, args, units)

        return erring

    def _erred(self, result: Any, args: tuple[Any, ...], units: float) -> Any:
        """The value with a relative error; along every argument errors of first and second derivatives.

        The errors of derivatives are of the size of 1 at least, as budgets are. Decompositions and transforms mix the
        elements of a matrix: what they err by has the size of its largest, an element that is 0 included.
        """
        if result.dtype.kind not in "fc":
            return result
        errors, mixes = self._errors, bool(self._prefix)
        change = errors(result) * (_largest(result.values) if mixes else result.values)
        floating = [arg for arg in args if isinstance(arg, oracle.Array) and arg.dtype.kind in "fc"]
        paths = [self._path(arg, result, mixes) for arg in floating]
        for i, path in enumerate(paths):
            change = change + path * errors(result)
            for other in paths[: i + 1] if errors.order > 1 else ():
                change = change + path * other * errors(result)
        return oracle.Array(result.values + change * (TINY * units), result.dtype)

    def _path(self, arg: Any, result: Any, mixes: bool) -> Any:
        """How far an argument is from the base point, for each element of the result; 0 there.

        Element by element where the function may work so, else the sum of all elements' ways, with random signs.
        """
        moves = arg.values - oracle.stop_gradient(arg).values
        if arg.dtype.kind == "c":  # a derivative by z and one by its conjugate
            moves = moves * self._errors(arg) + np.conjugate(moves) * self._errors(arg)
            moves = moves if result.dtype.kind == "c" else _real(moves)
        if not mixes and _broadcasts(arg.shape, result.shape):
            return moves
        return np.asarray(moves * _real(self._errors(arg)), dtype=object).sum()


_real = np.frompyfunc(lambda number: number.real, 1, 1)


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    return len(shape) <= len(to) and all(
        a in (1, b) for a, b in zip(shape[::-1], to[::-1], strict=False)
    )


def _largest(values: Any) -> Any:
    """The magnitude of the largest element of each matrix."""
    return abs(values).max(axis=(-2, -1)[-values.ndim :], keepdims=True) if values.ndim and values.size else abs(values)
