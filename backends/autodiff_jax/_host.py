"""JAX's own ways of differentiating and running a function ``F(c, a)``, for the clauses of chapter HOST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
from jax import numpy as jnp

F = Callable[[Any, Any], Any]


def _loss(y: Any) -> Any:
    return jnp.sum(y * y)


def _by_both(f: F, a: Any, c: Any) -> Any:
    return jax.grad(lambda x, k: _loss(f(k, x)), (0, 1))(a, c)


def _twice(f: F, a: Any, c: Any) -> Any:
    def total(x: Any, k: Any) -> Any:
        by_x, by_k = jax.grad(lambda x, k: _loss(f(k, x)), (0, 1))(x, k)
        return jnp.sum(by_x) + _loss(by_k)

    return jax.grad(total, (0, 1))(a, c)


def _linearized(f: F, a: Any, c: Any) -> Any:
    value, push = jax.linearize(lambda x, k: f(k, x), a, c)
    return value, push(a, c)


def _pulled_back(f: F, a: Any, c: Any) -> Any:
    value, pull = jax.vjp(lambda x, k: f(k, x), a, c)
    return value, pull(jnp.ones_like(value))


def _scanned(f: F, a: Any, c: Any) -> Any:
    return jax.lax.scan(lambda total, x: (total + jnp.sum(f(c, x)), f(c, x)), 0.0 * a[0], _stacked(a))


def _looped(f: F, a: Any, c: Any) -> Any:
    def step(state: Any) -> Any:
        return state[0] + 1, state[1] + jnp.sum(f(c, a * state[1]))

    return jax.lax.while_loop(lambda state: state[0] < 2, step, (0, 0.5 + 0.0 * a[0]))[1]


def _stacked(array: Any) -> Any:
    return jnp.stack([array, array + 1.0])


TRANSFORMS: dict[str, dict[str, Callable[[F, Any, Any], Any]]] = {
    "reverse": {
        "grad": _by_both,
        "grad by the closure": lambda f, a, c: jax.grad(lambda k: _loss(f(k, a)))(c),
        "vjp": _pulled_back,
        "jacrev": lambda f, a, c: jax.jacrev(lambda x: f(c, x))(a),
    },
    "second": {
        "grad twice": _twice,
        "hessian": lambda f, a, c: jax.hessian(lambda x: jnp.sum(f(c, x)))(a),
    },
    "forward": {
        "jvp": lambda f, a, c: jax.jvp(lambda x, k: f(k, x), (a, c), (a, c)),
        "jacfwd": lambda f, a, c: jax.jacfwd(lambda x: f(c, x))(a),
        "linearize": _linearized,
    },
    "batched": {
        "vmap over the argument": lambda f, a, c: jax.vmap(lambda x: f(c, x))(_stacked(a)),
        "vmap over the closure": lambda f, a, c: jax.vmap(lambda k: f(k, a))(_stacked(c)),
        "grad of vmap": lambda f, a, c: jax.grad(lambda z: _loss(jax.vmap(lambda x: f(c, x))(z)))(_stacked(a)),
    },
    "compiled": {
        "jit": lambda f, a, c: jax.jit(f)(c, a),
        "grad of jit": lambda f, a, c: _by_both(jax.jit(f), a, c),
        "jit of grad": lambda f, a, c: jax.jit(lambda x, k: _by_both(f, x, k))(a, c),
        "scan": _scanned,
        "while_loop": _looped,
    },
    "recomputed": {"checkpoint": lambda f, a, c: _by_both(jax.checkpoint(f), a, c)},
}
"""Kind -> name -> transform: it takes the function, its argument and its closure, and gives a tree of arrays."""


def gradient(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """JAX's own gradient of ``f``, as a function that can be differentiated."""
    return jax.grad(f)
