"""What an expert would write in NumPy without any engine: value and gradients by hand, in place where it helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from _workloads import CHAIN300, CONTROL_FLOW, DOT4, ELEM1M, LSTM, MIXTURE, MLP, ROSENBROCK, Workload

Gradients = Callable[[], Any]


def by_hand(workload: Workload) -> Gradients:
    """A program without arguments that computes all gradients of a workload once."""
    function, data, inputs = _PROGRAMS[workload.name], workload.data(), workload.inputs()
    return lambda: function(*data, *inputs)


def _dot4(x: Any) -> Any:
    2 * x.dot(x)
    return 4 * x


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


def _rosenbrock(x: Any) -> Any:
    first, height = x[:-1], x[1:] - x[:-1] * x[:-1]
    rest = 1 - first
    100 * height.dot(height) + rest.dot(rest)
    g = np.zeros_like(x)
    height *= 200
    g[1:] = height
    height *= first
    height += rest
    height *= 2
    g[:-1] -= height
    return g


def _lstm(x: Any, h: Any, c: Any, w: Any, u: Any, b: Any) -> Any:
    gates = x @ w
    gates += h @ u
    gates += b
    sigmoids, candidate = gates[:, :96], gates[:, 96:]
    np.negative(sigmoids, sigmoids)
    np.exp(sigmoids, sigmoids)
    sigmoids += 1
    np.reciprocal(sigmoids, sigmoids)
    np.tanh(candidate, candidate)
    i, f, o = gates[:, :32], gates[:, 32:64], gates[:, 64:96]
    inside = np.tanh(f * c + i * candidate)
    (o * inside).sum()
    g_inside = o * (1 - inside * inside)
    g = np.empty_like(gates)
    np.multiply(g_inside, candidate, g[:, :32])
    np.multiply(g_inside, c, g[:, 32:64])
    g[:, 64:96] = inside
    g[:, :96] *= sigmoids * (1 - sigmoids)
    np.multiply(g_inside * i, 1 - candidate * candidate, g[:, 96:])
    return g_inside * f, x.T * g, h.T * g, g[0]


def _mixture(x: Any, alphas: Any, means: Any, logs: Any, lower: Any) -> Any:
    """With a row for each component: sums over the points are then products of rows."""
    scale = np.exp(logs.T)[:, :, None]
    apart_1, apart_2 = x.T[:, None] - means.T[:, :, None]
    first, second = scale[0] * apart_1, scale[1] * apart_2
    third = lower[:, None] * apart_1
    third += second
    weights = first * first
    weights += third * third
    weights *= -0.5
    weights += (alphas + logs.sum(axis=1))[:, None]
    top = weights.max(axis=0)
    weights -= top
    np.exp(weights, weights)
    total = weights.sum(axis=0)
    shares = np.exp(alphas - alphas.max())
    (np.log(total) + top).sum() - len(x) * (np.log(shares.sum()) + alphas.max())
    weights /= total
    counts = weights.sum(axis=1)
    of_first, of_third = weights * first, weights * third
    g_means, g_logs = np.empty_like(means), np.empty_like(logs)
    sums = of_third.sum(axis=1)
    g_means[:, 0] = of_first.sum(axis=1) * scale[0, :, 0] + sums * lower
    g_means[:, 1] = sums * scale[1, :, 0]
    g_logs[:, 0] = counts - np.vecdot(of_first, first)
    g_logs[:, 1] = counts - np.vecdot(of_third, second)
    return counts - len(x) / shares.sum() * shares, g_means, g_logs, -np.vecdot(of_third, apart_1)


_PROGRAMS = {
    DOT4.name: _dot4,
    CHAIN300.name: _chain300,
    CONTROL_FLOW.name: _control_flow,
    ROSENBROCK.name: _rosenbrock,
    LSTM.name: _lstm,
    MIXTURE.name: _mixture,
    MLP.name: _mlp,
    ELEM1M.name: _elem1m,
}
