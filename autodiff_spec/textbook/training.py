"""A training loop: thousands of gradient steps on variables that keep their identity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import autodiff_spec as ad

WEIGHTS = np.array([[1.5], [-2.0], [0.25]])
BIAS = 4.0


def data(rows: int = 128, seed: int = 0) -> tuple[Any, Any]:
    """Random features, and the targets that the known weights and bias give for them."""
    features = np.random.default_rng(seed).normal(size=(rows, len(WEIGHTS)))
    return features, features @ WEIGHTS + BIAS


def train(w: Any, b: Any, steps: int, batch: int = 32, rate: float = 0.05) -> Iterator[float]:
    """Fit the variables ``w`` and ``b`` to the data, step by step; each step yields the loss before it."""
    xp = ad.xp()
    features, targets = data()
    dw, db = ad.variable(xp.zeros_like(w)), ad.variable(xp.zeros_like(b))  # storage, made once
    for step in range(steps):
        start = step * batch % len(features)
        x, y = xp.asarray(features[start : start + batch]), xp.asarray(targets[start : start + batch])
        with ad.tape() as t:
            error = xp.matmul(x, w) + b - y
            loss = xp.mean(error * error)
        t.grad(loss, (w, b), out=(dw, db))
        ad.assign(w, w - rate * dw)
        ad.assign(b, b - rate * db)
        yield float(ad.to_numpy(loss))


def linear_regression(steps: int = 2000) -> dict[str, Any]:
    """Linear regression finds the weights and the bias that made the data, in thousands of small steps."""
    w = ad.variable(np.zeros_like(WEIGHTS))
    b = ad.variable(0.0, dtype=ad.xp().float64)
    losses = list(train(w, b, steps))
    return {
        "steps": steps,
        "loss after 0, 10 and 100": np.array([losses[0], losses[10], losses[100]]),
        "weights": w,
        "bias": b,
    }
