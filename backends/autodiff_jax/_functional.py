"""JAX's own transforms on its own arrays, for functions that return anything."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any, TypeVar

import jax
from jax import numpy as jnp

from autodiff_jax._array import Array, fresh, plain
from autodiff_jax._lift import lift

R = TypeVar("R")

_DEPTH: ContextVar[int] = ContextVar("autodiff_jax_native_transforms", default=0)


class PausedInside(BaseException):
    """pause() inside a transform of JAX's own, which cannot leave out a part of a function; the recording can."""


def refuse_pause() -> None:
    """Raise `PausedInside` inside `natively`."""
    if _DEPTH.get():
        raise PausedInside


def natively(transform: Callable[[], R], otherwise: Callable[[], R]) -> R:
    """Run ``transform``, one of JAX's own transforms; where its function pauses, give it up and run ``otherwise``.

    Of nested ones the outermost begins anew, for what is paused is constant for all of them.
    """
    token = _DEPTH.set(_DEPTH.get() + 1)
    try:
        return transform()
    except PausedInside:
        if token.old_value is not Token.MISSING and token.old_value:
            raise
    finally:
        _DEPTH.reset(token)
    return otherwise()


class _Floating:
    """A function of which JAX sees the floating outputs alone: others, and what is no array, are put back later."""

    def __init__(self, f: Any) -> None:
        self._f = f
        self._everything: list[Any] = []
        self.places: list[int] = []

    def __call__(self, *leaves: Any) -> tuple[list[Any], dict[int, Any]]:
        everything = self._everything = [plain(output) for output in self._f(*leaves)]
        arrays = [i for i, output in enumerate(everything) if isinstance(output, jax.Array)]
        self.places = [i for i in arrays if jnp.issubdtype(everything[i].dtype, jnp.inexact)]
        rest = {i: everything[i] for i in arrays if i not in self.places}
        return [everything[i] for i in self.places], rest

    def outputs(self, found: list[Any], rest: dict[int, Any]) -> list[Any]:
        """All outputs; those that were tracers of a trace that has ended are replaced."""
        outputs = list(self._everything)
        for i, array in (*zip(self.places, found, strict=True), *rest.items()):
            outputs[i] = array
        return outputs

    def spread(self, slopes: list[Any]) -> list[Any]:
        """One tangent for each output, ``None`` where it is not floating."""
        spread: list[Any] = [None] * len(self._everything)
        for i, slope in zip(self.places, slopes, strict=True):
            spread[i] = slope
        return spread


def native_jvp(f: Any, primals: list[Any], tangents: list[Any]) -> tuple[list[Any], list[Any]]:
    """`jax.jvp`."""
    flat = _Floating(f)
    found, slopes, rest = jax.jvp(flat, primals, tangents, has_aux=True)
    return flat.outputs(found, rest), flat.spread(fresh(list(slopes), tangents))


def native_linearize(f: Any, primals: list[Any]) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
    """`jax.linearize`."""
    flat = _Floating(f)
    found, push, rest = jax.linearize(flat, *primals, has_aux=True)
    outputs = flat.outputs(found, rest)

    def pushforward(tangents: list[Any]) -> list[Any]:
        given = [
            jnp.zeros_like(primal) if tangent is None else plain(tangent)
            for tangent, primal in zip(tangents, primals, strict=True)
        ]
        return flat.spread(fresh(list(push(*given)), given))

    return outputs, pushforward


def native_vjp(f: Any, primals: list[Any]) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
    """`jax.vjp`."""
    flat = _Floating(f)
    found, back, rest = jax.vjp(flat, *primals, has_aux=True)
    outputs, places = flat.outputs(found, rest), tuple(flat.places)

    def pullback(cotangents: list[Any]) -> list[Any]:
        given = [cotangents[i] for i in places]
        if all(cotangent is None for cotangent in given):
            return [None] * len(primals)
        filled = [
            jnp.zeros_like(array) if cotangent is None else cotangent
            for cotangent, array in zip(given, found, strict=True)
        ]
        if any(isinstance(cotangent, Array) for cotangent in filled):
            return list(lift(pull)(*filled))  # linear in its cotangents, and recorded as such
        return fresh(list(pull(*filled)), filled)

    def pull(*filled: Any) -> tuple[Any, ...]:
        return tuple(conjugate(g) for g in back([conjugate(cotangent) for cotangent in filled]))

    return outputs, pullback


def conjugate(g: Any) -> Any:
    """Between the two conventions for complex cotangents: ∂L/∂x + i∂L/∂y outside, its conjugate inside JAX."""
    return jnp.conj(g) if g.dtype.kind == "c" else g
