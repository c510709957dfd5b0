"""What an expert would write in NumPy without any engine: value and gradients by hand, in place where it helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from _workloads import CHAIN300, CONTROL_FLOW, ELEM1M, MLP, Workload

Gradients = Callable[[], Any]


def by_hand(workload: Workload) -> Gradients:
    """A program without arguments that computes all gradients of a workload once."""
    function, data, inputs = _PROGRAMS[workload.name], workload.data(), workload.inputs()
    return lambda: function(*data, *inputs)


def _chain300(b: Any) -> Any:
    arguments = []
    for _ in range(100):
        a = b * 1.01
        arguments.append(a)
        b = np.sin(a)
        b += 0.1
    b.sum()
    g = np.ones_like(b)
    for a in reversed(arguments):
        g *= np.cos(a)
        g *= 1.01
    return g


def _control_flow(a: Any) -> Any:
    slope = 2.0
    b = a * 2
    while np.sqrt(b.dot(b)) < 1000:
        b = b * 2
        slope *= 2
    if not b.sum() > 0:
        b = 100 * b
        slope *= 100
    b.sum()
    return np.full_like(a, slope)


def _mlp(x: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    hidden = x @ w1
    hidden += b1
    np.tanh(hidden, out=hidden)
    y = hidden @ w2
    y += b2
    (y * y).sum()
    y *= 2
    g_w2, g_b2 = hidden.T @ y, y.sum(axis=0)
    g = y @ w2.T
    np.square(hidden, out=hidden)
    np.subtract(1, hidden, out=hidden)
    g *= hidden
    return x.T @ g, g.sum(axis=0), g_w2, g_b2


def _elem1m(b: Any) -> Any:
    arguments = []
    for _ in range(10):
        arguments.append(b)
        b = np.sin(b)
        b *= 1.01
        b += 0.1
    b.sum()
    g = np.ones_like(b)
    for a in reversed(arguments):
        g *= np.cos(a)
        g *= 1.01
    return g


_PROGRAMS = {
    CHAIN300.name: _chain300,
    CONTROL_FLOW.name: _control_flow,
    MLP.name: _mlp,
    ELEM1M.name: _elem1m,
}
