"""The workloads, as data: each a scalar function of arrays, written once over the few functions of an `Ops`.

Only the gradient with respect to all its arrays is measured, the forward pass included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Ops:
    """The functions that workloads call: a framework's own, or those of a namespace of ours."""

    sin: Callable[[Any], Any]
    exp: Callable[[Any], Any]
    tanh: Callable[[Any], Any]
    sigmoid: Callable[[Any], Any]
    sum: Callable[..., Any]
    dot: Callable[[Any, Any], Any]
    matmul: Callable[[Any, Any], Any]
    norm: Callable[[Any], Any]
    logsumexp: Callable[..., Any]


@dataclass(frozen=True)
class Workload:
    """A function of an `Ops` and arrays, and the arrays it is differentiated at."""

    name: str
    function: Callable[..., Any]
    inputs: Callable[[], tuple[Any, ...]]
    data: Callable[[], tuple[Any, ...]] = tuple
    """Constants of the framework, which the function takes before its inputs."""


def _dot4(ops: Ops, x: Any) -> Any:
    return 2 * ops.dot(x, x)


def _chain300(ops: Ops, b: Any) -> Any:
    for _ in range(100):
        b = ops.sin(b * 1.01) + 0.1
    return ops.sum(b)


def _elem1m(ops: Ops, b: Any) -> Any:
    for _ in range(10):
        b = ops.sin(b) * 1.01 + 0.1
    return ops.sum(b)


def _control_flow(ops: Ops, a: Any) -> Any:
    b = a * 2
    while ops.norm(b) < 1000:
        b = b * 2
    c = b if ops.sum(b) > 0 else 100 * b
    return ops.sum(c)


def _mlp(ops: Ops, x: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    hidden = ops.tanh(ops.matmul(x, w1) + b1)
    y = ops.matmul(hidden, w2) + b2
    return ops.sum(y * y)


def _rosenbrock(ops: Ops, x: Any) -> Any:
    return ops.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def _lstm(ops: Ops, x: Any, h: Any, c: Any, w: Any, u: Any, b: Any) -> Any:
    """One step of a cell: gates i, f, o and the candidate in one product, 32 columns each."""
    gates = ops.matmul(x, w) + ops.matmul(h, u) + b
    i, f, o = (ops.sigmoid(gates[:, k : k + 32]) for k in (0, 32, 64))
    c = f * c + i * ops.tanh(gates[:, 96:])
    return ops.sum(o * ops.tanh(c))


def _mixture(ops: Ops, x: Any, alphas: Any, means: Any, logs: Any, lower: Any) -> Any:
    """The log likelihood of points in the plane; component k has the precision factor [[e^logs0, 0], [lower, e^logs1]].

    It is the function of the ADBench benchmark (Šrajer, Kukelova, Fitzgibbon 2018) without its constants and prior.
    """
    scale = ops.exp(logs)
    first = x[:, None, 0] - means[:, 0]
    second = x[:, None, 1] - means[:, 1]
    first, second = scale[:, 0] * first, scale[:, 1] * second + lower * first
    inner = alphas + ops.sum(logs, axis=1) - 0.5 * (first * first + second * second)
    return ops.sum(ops.logsumexp(inner, axis=1)) - x.shape[0] * ops.logsumexp(alphas, axis=0)


def _normal(seed: int, *shapes: tuple[int, ...], scale: float = 1.0) -> tuple[Any, ...]:
    draw = np.random.default_rng(seed)
    return tuple((scale * draw.normal(size=shape)).astype(np.float32) for shape in shapes)


def _batch() -> Any:
    return _normal(0, (128, 784))[0]


def _parameters() -> tuple[Any, ...]:
    return _normal(1, (784, 256), (256,), (256, 10), (10,), scale=1 / 16)


DOT4 = Workload("dot4", _dot4, lambda: (np.arange(4, dtype=np.float32),))
CHAIN300 = Workload("chain300", _chain300, lambda: (np.linspace(0.1, 0.4, 4, dtype=np.float32),))
ELEM1M = Workload("elem1M", _elem1m, lambda: (np.linspace(-1, 1, 1_000_000, dtype=np.float32),))
CONTROL_FLOW = Workload("control flow", _control_flow, lambda: (np.array([0.5, -0.25, 0.125], np.float32),))
ROSENBROCK = Workload("Rosenbrock-10", _rosenbrock, lambda: (np.linspace(-1, 1, 10, dtype=np.float32),))
LSTM = Workload(
    "LSTM cell of 32",
    _lstm,
    lambda: _normal(3, (1, 32), (32, 128), (32, 128), (128,), scale=0.2),
    lambda: _normal(2, (1, 32), (1, 32)),
)
MIXTURE = Workload(
    "GMM 2, 5, 100",
    _mixture,
    lambda: _normal(5, (5,), (5, 2), (5, 2), (5,)),
    lambda: _normal(4, (100, 2)),
)
MLP = Workload("mlp", _mlp, _parameters, lambda: (_batch(),))


def bind(workload: Workload, ops: Ops, to_array: Callable[[Any], Any]) -> Callable[..., Any]:
    """The workload as a function of the arrays it is differentiated with respect to."""
    data = [to_array(value) for value in workload.data()]
    return lambda *arrays: workload.function(ops, *data, *arrays)
