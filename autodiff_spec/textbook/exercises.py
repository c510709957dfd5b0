"""The chapter's exercises, answered by programs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autodiff_spec as ad
from autodiff_spec.textbook.control_flow import agrees, gradient_of_f, random_inputs

# --- 1. the second derivative, and what it costs -----------------------------------------------------------------


def second_derivative(values: Sequence[float] = (1.0, 2.0, 3.0)) -> dict[str, Any]:
    """The second derivative of y = x³ is 6x: the outer tape records how the inner one differentiates."""
    x = ad.variable(list(values), dtype=ad.xp().float64)
    with ad.tape() as outer:
        with ad.tape() as inner:
            y = x * x * x
        first = inner.grad(y, x)  # inside the outer tape, which records it
    return {"x": x, "first derivative": first, "second derivative": outer.grad(first, x)}


def cost_of_the_second_derivative(repeats: int = 10) -> dict[str, Any]:
    """The second derivative costs several times the first: it also differentiates each step back of the first."""
    xp = ad.xp()
    x = ad.variable(np.linspace(0.1, 1.0, 1000))

    def function() -> Any:
        return xp.sum(xp.exp(xp.sin(x)) / (1 + x * x))

    def first() -> Any:
        with ad.tape() as t:
            y = function()
        return t.grad(y, x)

    def second() -> Any:
        with ad.tape() as outer:
            with ad.tape() as inner:
                y = function()
            slope = inner.grad(y, x)
        return outer.grad(slope, x)

    times = [best_time(program, repeats) for program in (function, first, second)]
    names = ("the function", "its first derivative", "its second derivative")
    return {
        f"measured, {name}": f"{1e6 * seconds:.0f} µs ({seconds / times[0]:.1f} ×)"
        for name, seconds in zip(names, times, strict=True)
    }


def best_time(program: Callable[[], Any], repeats: int) -> float:
    """The shortest of some runs in seconds, after one that is not counted (it may compile)."""
    best = float("inf")
    for run in range(repeats + 1):
        start = time.perf_counter()
        ad.to_numpy(program())  # waits for the result, where the framework computes in the background
        if run:
            best = min(best, time.perf_counter() - start)
    return best


# --- 2. the gradient asked for twice -----------------------------------------------------------------------------


def asked_twice(values: Sequence[float] = (0.0, 1.0, 2.0, 3.0)) -> dict[str, Any]:
    """A tape gives its gradients once, for it frees on the way back what it recorded; the second call raises."""
    xp = ad.xp()
    x = ad.variable(list(values), dtype=xp.float64)
    with ad.tape() as t:
        y = 2 * xp.vecdot(x, x)
    first = t.grad(y, x)
    try:
        second = t.grad(y, x)
    except ad.TapeConsumedError as error:
        second = error
    return {"first call": first, "second call": second}


def asked_twice_persistently(values: Sequence[float] = (0.0, 1.0, 2.0, 3.0)) -> dict[str, Any]:
    """A persistent tape keeps its recording, and answers each call with the same gradient."""
    xp = ad.xp()
    x = ad.variable(list(values), dtype=xp.float64)
    with ad.tape(persistent=True) as t:
        y = 2 * xp.vecdot(x, x)
    return {"first call": t.grad(y, x), "second call": t.grad(y, x)}


# --- 3. control flow with vectors and matrices -------------------------------------------------------------------


def many_vectors(count: int = 6) -> dict[str, Any]:
    """The function f at vectors: the result is no scalar, the gradient that of its sum, and still f(a) / a."""
    return _last_of(count, (3,))


def many_matrices(count: int = 6) -> dict[str, Any]:
    """The function f at matrices: the same."""
    return _last_of(count, (2, 3))


def _last_of(count: int, shape: tuple[int, ...]) -> dict[str, Any]:
    results = [ad.to_numpy(gradient_of_f(a)) for a in random_inputs(count, shape)]
    return {
        "the last a": results[-1]["a"],
        "gradient": results[-1]["gradient"],
        "gradient is f(a) / a": all(agrees(result) for result in results),
    }


# --- 4. control flow of one's own --------------------------------------------------------------------------------


def signed_root(a: Any) -> Any:
    """√a for a > 0 and -√-a for a < 0, by Newton's iteration until it has converged.

    The tape sees the steps that ran, and knows nothing of roots; yet the derivative of the steps converges to that of
    the root, 1 / (2 √|a|), one step behind the value. (Not for a = 0, where the root has no finite slope.)
    """
    if a < 0:
        return -signed_root(-a)
    x = 1 + a  # not below the root, so that the steps descend to it
    while x * x - a > 1e-12 * a:
        x = (x + a / x) / 2
    return (x + a / x) / 2  # for the sake of the derivative


def redesigned_control_flow(values: Sequence[float] = (-100.0, -0.25, 4.0, 1e6)) -> dict[str, Any]:
    """A loop of one's own, with recursion for negative numbers: a root whose derivative is 1 / (2 √|a|)."""
    roots, gradients = [], []
    for value in values:
        a = ad.variable(value, dtype=ad.xp().float64)
        with ad.tape() as t:
            root = signed_root(a)
        roots.append(ad.to_numpy(root))
        gradients.append(ad.to_numpy(t.grad(root, a)))
    return {"a": np.array(values), "signed root": np.stack(roots), "gradient": np.stack(gradients)}


# --- 5. sin and its derivative, drawn ----------------------------------------------------------------------------


def sine_and_derivative(low: float = -2 * np.pi, high: float = 2 * np.pi, points: int = 401) -> dict[str, Any]:
    """The derivative of sin at every point of an interval, from one gradient and without any cos.

    Each result depends on its own x alone, so the gradient of their sum holds the derivative at each x.
    """
    xp = ad.xp()
    x = ad.variable(np.linspace(low, high, points), dtype=xp.float64)
    with ad.tape() as t:
        y = xp.sin(x)
    return {"x": x, "f": y, "f'": t.grad(y, x)}


def sine_at_quarters() -> dict[str, Any]:
    """The derivative of sin at the eighths of a turn, from one gradient and without any cos."""
    x = np.arange(8) * np.pi / 4
    result = ad.to_numpy(sine_and_derivative(0.0, float(x[-1]), len(x)))
    # Rounded, for at multiples of pi the last bits differ from library to library.
    return {"x / pi": x / np.pi, "sin(x)": np.round(result["f"], 6), "its derivative": np.round(result["f'"], 6)}
