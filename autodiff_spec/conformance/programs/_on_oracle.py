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
from autodiff_spec.conformance.functions.indexing import INDEXING
from autodiff_spec.conformance.functions.shapes import SHAPES

TINY = 1e-25
"""The size of one rounding in runs that err: its effect is linear, and large against the differences' own error."""

_MOVING = frozenset(f.name for f in (*SHAPES, *INDEXING)) | {"at", "asarray", "argsort", "stop_gradient"}


@cache
def _budgets() -> dict[str, float]:
    return {f.name: max(1.0, f.ulps) for f in FUNCTIONS}


class OnOracle:
    """What a program takes for a backend on the oracle.

    Args:
        seed: of the errors; None for the exact run.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.errors = None if seed is None else Errors(seed)
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
    """Random numbers by place, so that each run of a program gets the same."""

    def __init__(self, seed: int) -> None:
        self.place = 0
        self._random = random.Random(seed)
        self._seen: list[Any] = []

    def __call__(self) -> Any:
        """The next error: of either sign, between half of `TINY` and all of it."""
        if self.place == len(self._seen):
            error = self._random.choice((-TINY, TINY)) * self._random.uniform(0.5, 1.0)
            self._seen.append(oracle.xp.asarray(error).values[()])
        self.place += 1
        return self._seen[self.place - 1]

    def of(self, values: Any, units: float) -> Any:
        """As many as there are values."""
        numbers = np.empty(values.shape, dtype=object)
        numbers[...] = np.array([self() * units for _ in range(values.size)], dtype=object).reshape(values.shape)
        return numbers


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
        units = _budgets().get(self._prefix + name, 1.0)

        def erring(*args: Any, **keywords: Any) -> Any:
            result = exact(*args, **keywords)
            if isinstance(result, tuple):
                return type(result)(*(self._erred(part, args, units) for part in result))
            return self._erred(result, args, units)

        return erring

    def _erred(self, result: Any, args: tuple[Any, ...], units: float) -> Any:
        """The value with a relative error, and for each argument of its shape a path whose derivative is an error.

        Decompositions and transforms mix the elements of a matrix: what they err by has the size of its largest, an
        element that is 0 included, and depends on all of them.
        """
        if result.dtype.kind not in "fc":
            return result
        errors, mixes = self._errors, bool(self._prefix)
        size = _largest(result.values) if mixes else result.values
        values = result.values + size * errors.of(result.values, units)
        for arg in args:
            if isinstance(arg, oracle.Array) and arg.dtype.kind == "f" and arg.shape == result.shape:
                moves = arg.values - oracle.stop_gradient(arg).values
                values = values + (_total(moves) if mixes else moves) * errors.of(arg.values, units)
        return oracle.Array(values, result.dtype)


def _largest(values: Any) -> Any:
    """The magnitude of the largest element of each matrix."""
    return abs(values).max(axis=(-2, -1)[-values.ndim :], keepdims=True) if values.ndim and values.size else abs(values)


def _total(values: Any) -> Any:
    """The sum of the elements of each matrix."""
    return values.sum(axis=(-2, -1)[-values.ndim :], keepdims=True) if values.ndim and values.size else values
