"""TensorFlow's own ways of differentiating and running a function ``F(c, a)``, for the clauses of chapter HOST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

F = Callable[[Any, Any], Any]


def _loss(y: Any) -> Any:
    return tf.reduce_sum(y * y)


def _by_both(f: F, a: Any, c: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch([a, c])
        loss = _loss(f(c, a))
    return tape.gradient(loss, [a, c], unconnected_gradients="zero")


def _by_variable(f: F, a: Any, c: Any) -> Any:
    variable, closure = tf.Variable(a), tf.Variable(c)
    with tf.GradientTape() as tape:
        loss = _loss(f(2.0 * closure, 1.5 * variable))
    return tape.gradient(loss, [variable, closure], unconnected_gradients="zero")


def _jacobian(f: F, a: Any, c: Any) -> Any:
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(a)
        y = f(c, a)
    return tape.jacobian(y, a, unconnected_gradients="zero", experimental_use_pfor=False)


def _twice(f: F, a: Any, c: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch([a, c])
        by_a, by_c = _by_both(f, a, c)
        total = tf.reduce_sum(by_a) + _loss(by_c)
    return tape.gradient(total, [a, c], unconnected_gradients="zero")


def _accumulated(f: F, a: Any, c: Any) -> Any:
    with tf.autodiff.ForwardAccumulator([a, c], [a, c]) as forward:
        y = f(c, a)
    return y, forward.jvp(y, unconnected_gradients="zero")


def _stacked(array: Any) -> Any:
    return tf.stack([array, array + 1.0])


def _compiled(f: F, a: Any, c: Any, *, autograph: bool) -> Any:
    return tf.function(lambda x, k: f(k, x), autograph=autograph)(a, c)


TRANSFORMS: dict[str, dict[str, Callable[[F, Any, Any], Any]]] = {
    "reverse": {
        "GradientTape": _by_both,
        "GradientTape by variables": _by_variable,
        "GradientTape.jacobian": _jacobian,
    },
    "second": {"GradientTape twice": _twice},
    "forward": {"ForwardAccumulator": _accumulated},
    "batched": {
        "vectorized_map": lambda f, a, c: tf.vectorized_map(
            lambda x: f(c, x), _stacked(a), fallback_to_while_loop=False
        ),
        "map_fn": lambda f, a, c: tf.map_fn(lambda x: f(c, x), _stacked(a), fn_output_signature=f(c, a).dtype),
    },
    "compiled": {
        "function": lambda f, a, c: _compiled(f, a, c, autograph=False),
        "function by AutoGraph": lambda f, a, c: _compiled(f, a, c, autograph=True),
        "GradientTape of function": lambda f, a, c: _by_both(tf.function(f, autograph=False), a, c),
        "function of GradientTape": lambda f, a, c: tf.function(
            lambda x, k: _by_both(f, x, k), autograph=False
        )(a, c),
    },
    "recomputed": {"recompute_grad": lambda f, a, c: _by_both(tf.recompute_grad(f), a, c)},
}  # fmt: skip
"""Kind -> name -> transform: it takes the function, its argument and its closure, and gives a tree of tensors."""


def gradient(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """TensorFlow's own gradient of ``f``, as a function that can be differentiated."""

    def of(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, x, unconnected_gradients="zero")

    return of
