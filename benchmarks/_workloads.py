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
    tanh: Callable[[Any], Any]
    sum: Callable[[Any], Any]
    dot: Callable[[Any, Any], Any]
    matmul: Callable[[Any, Any], Any]
    norm: Callable[[Any], Any]


@dataclass(frozen=True)
class Workload:
    """A function of an `Ops` and arrays, and the arrays it is differentiated at."""

    name: str
    function: Callable[..., Any]
    inputs: Callable[[], tuple[Any, ...]]


def _dot4(ops: Ops, x: Any) -> Any:
    return 2 * ops.dot(x, x)


def _chain300(ops: Ops, b: Any) -> Any:
    for _ in range(100):
        b = ops.sin(b * 1.01) + 0.1
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


def _batch() -> Any:
    return np.random.default_rng(0).normal(size=(128, 784)).astype(np.float32)


def _parameters() -> tuple[Any, ...]:
    draw = np.random.default_rng(1)
    shapes = ((784, 256), (256,), (256, 10), (10,))
    return tuple((draw.normal(size=shape) / 16).astype(np.float32) for shape in shapes)


def with_batch(ops: Ops, to_array: Callable[[Any], Any]) -> Callable[..., Any]:
    """The network as a function of its parameters alone; the data are a constant of the framework."""
    x = to_array(_batch())
    return lambda *parameters: _mlp(ops, x, *parameters)


DOT4 = Workload("dot4", _dot4, lambda: (np.arange(4, dtype=np.float32),))
CHAIN300 = Workload("chain300", _chain300, lambda: (np.linspace(0.1, 0.4, 4, dtype=np.float32),))
CONTROL_FLOW = Workload("control flow", _control_flow, lambda: (np.array([0.5, -0.25, 0.125], np.float32),))
MLP = Workload("mlp", _mlp, _parameters)


def bind(workload: Workload, ops: Ops, to_array: Callable[[Any], Any]) -> Callable[..., Any]:
    """The workload as a function of the arrays it is differentiated with respect to."""
    if workload is MLP:
        return with_batch(ops, to_array)
    return lambda *arrays: workload.function(ops, *arrays)
