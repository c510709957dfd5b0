"""The interface as functions of the module: each means the current backend at the time it is called."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from autodiff_spec._backend import Array
from autodiff_spec._discovery import backend
from autodiff_spec._tape import Tape


def xp() -> Any:
    """The array namespace of the current backend, after the Python array API standard.

    Example:
        >>> import autodiff_spec as ad
        >>> float(ad.xp().sum(ad.xp().asarray([1.0, 2.0])))
        3.0
    """
    return backend().xp


def extra() -> Any:
    """The few functions beyond the standard that every backend has: ``relu``, ``softmax``, ``logsumexp``, …

    Example:
        >>> import autodiff_spec as ad
        >>> float(ad.extra().relu(ad.xp().asarray(-1.0)))
        0.0
    """
    return backend().extra


def variable(value: Any, *, dtype: Any = None) -> Array:
    """A differentiable variable of the current backend; see `Backend.variable`."""
    return backend().variable(value, dtype=dtype)


def assign(variable: Array, value: Any) -> None:
    """Give a variable of the current backend a new value; see `Backend.assign`."""
    backend().assign(variable, value)


def tape(*, persistent: bool = False) -> Tape:
    """A recording on the current backend; see `Backend.tape` and `Tape`."""
    return backend().tape(persistent=persistent)


def pause() -> AbstractContextManager[None]:
    """Record nothing for a while on the current backend; see `Backend.pause`."""
    return backend().pause()


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of ``f`` on the backend that is current when the result is called; see `Backend.grad`.

    Example:
        >>> import autodiff_spec as ad
        >>> float(ad.grad(lambda x: x * x)(3.0))
        6.0
    """

    @functools.wraps(f, updated=())
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return backend().grad(f, argnums, has_aux=has_aux)(*args, **kwargs)

    return gradient


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """Value and gradient on the backend that is current when the result is called; see `Backend.value_and_grad`."""

    @functools.wraps(f, updated=())
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        return backend().value_and_grad(f, argnums, has_aux=has_aux)(*args, **kwargs)

    return value_and_gradient


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], Any]]:
    """``f(*primals)`` and its pullback on the current backend; see `Backend.vjp`."""
    return backend().vjp(f, *primals)


def stop_gradient(x: Any) -> Any:
    """The same value without a derivative, on the current backend; see `Backend.stop_gradient`."""
    return backend().stop_gradient(x)


def lift(f: Callable[..., Any]) -> Callable[..., Any]:
    """A native function made usable on recorded arrays of the current backend; see `Backend.lift`."""
    return backend().lift(f)


def to_numpy(x: Any) -> Any:
    """A detached NumPy copy, from the current backend; see `Backend.to_numpy`."""
    return backend().to_numpy(x)
