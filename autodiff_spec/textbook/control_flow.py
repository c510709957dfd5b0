"""Gradients through Python's own control flow: loops and branches that depend on the values."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff_spec as ad


def f(a: Any) -> Any:
    """Double ``a`` until its norm reaches 1000; then multiply by 100 unless the sum is positive.

    Which operations run depends on the values, and only those that ran are recorded. They only ever multiply, so
    f(a) = k·a for a factor k that is constant near ``a``: the derivative is k = f(a) / a. (Not for a = 0: the loop
    would never end.)
    """
    xp = ad.xp()
    b = 2 * a
    while xp.linalg.vector_norm(b) < 1000:
        b = 2 * b
    return b if xp.sum(b) > 0 else 100 * b


def gradient_of_f(value: Any) -> dict[str, Any]:
    """The function at one ``a``, and its derivative there."""
    a = ad.variable(value, dtype=ad.xp().float64)
    with ad.tape() as t:
        d = f(a)
    return {"a": a, "f(a)": d, "gradient": t.grad(d, a), "f(a) / a": d / a}


def random_inputs(count: int, shape: tuple[int, ...] = (), seed: int = 1) -> Any:
    """``count`` NumPy arrays of a shape, without a zero: positive and negative numbers from 0.001 to 1000 in size."""
    draw = np.random.default_rng(seed)
    size = 10.0 ** draw.uniform(-3, 3, (count, *shape))
    return size * draw.choice([-1.0, 1.0], (count, *shape))


def many_scalars(count: int = 6) -> dict[str, Any]:
    """The function f at random numbers of both signs: each has its own loop and branch, and gradient = f(a) / a."""
    results = [ad.to_numpy(gradient_of_f(a)) for a in random_inputs(count)]
    return {
        "a": np.stack([result["a"] for result in results]),
        "gradient": np.stack([result["gradient"] for result in results]),
        "gradient is f(a) / a": all(agrees(result) for result in results),
    }


def agrees(result: dict[str, Any]) -> bool:
    """Whether a result of `gradient_of_f` obeys gradient = f(a) / a; the quotient itself is rounded."""
    return np.allclose(result["gradient"], result["f(a) / a"], rtol=4 * np.finfo(np.float64).eps, atol=0)
