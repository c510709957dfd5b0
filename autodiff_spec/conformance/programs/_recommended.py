"""The chain rule over recommended values: what a program's gradient should be when operations are at their kinks.

Only for programs of operations that are exact on the grid of the arguments (`EXACT`), or a tie would be none after
rounding. Each statement's derivative is the oracle's, of least norm where more than one is legal.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec import oracle
from autodiff_spec.conformance.programs._draw import _function_of
from autodiff_spec.conformance.programs._model import Case
from autodiff_spec.conformance.programs._on_oracle import OnOracle
from autodiff_spec.conformance.programs._table import OPERATIONS, Operation

_NAMES = frozenset(
    {
        "square", "negative", "multiply", "add", "subtract", "positive", "sum", "abs", "relu", "sign", "floor", "ceil",
        "round", "trunc", "maximum", "minimum", "max", "min", "copysign", "cumulative_sum", "diff", "stop_gradient",
        "matmul", "vecdot", "linalg.trace", "linalg.diagonal",
    }
)  # fmt: skip
EXACT: list[Operation] = [
    operation
    for operation in OPERATIONS
    if (operation.group in ("view", "shape") and operation.name != "at") or operation.name in _NAMES
]
"""Operations that do not round multiples of 1/64 of moderate size, and have a recommended derivative at each kink."""


def recommended(case: Case) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """The gradient of the sum of a program's results, and the sizes of what was added up for it."""
    be, values = OnOracle(), [oracle.xp.asarray(a) for a in case.args]
    program = case.program
    for statement in program.statements:
        function = _function_of(statement.operation)
        values.append(function(be, be.xp, *(values[i] for i in statement.arguments)))
    gradients = [np.zeros(v.shape) for v in values]
    sizes = [np.zeros(v.shape) for v in values]
    for i in program.results:
        gradients[i], sizes[i] = np.ones(values[i].shape), np.ones(values[i].shape)
    first = len(case.args)
    for number, statement in reversed(list(enumerate(program.statements, first))):
        local = _local(statement.operation, [oracle.to_numpy(values[i]) for i in statement.arguments])
        for i, jacobian in zip(statement.arguments, local, strict=True):
            gradients[i] = gradients[i] + np.tensordot(gradients[number], jacobian, gradients[number].ndim)
            sizes[i] = sizes[i] + np.tensordot(sizes[number], np.abs(jacobian), sizes[number].ndim)
    return gradients[:first], sizes[:first]


def _local(operation: Operation, args: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """The recommended Jacobian of one operation: rows are outputs, each with its own least norm."""
    be, function = OnOracle(), _function_of(operation)

    def program(xp: Any, *arrays: Any) -> Any:
        return function(be, xp, *arrays)

    if oracle.kink_distance(program, *args) > 0:
        return [oracle.to_numpy(block).astype(float) for block in oracle.jacobian(program, *args)]
    shape = oracle.value(program, *args).shape
    rows = []
    for k in range(int(np.prod(shape))):
        cotangent = np.zeros(shape)
        cotangent.reshape(-1)[k] = 1.0
        rows.append(oracle.permitted(program, *args, cotangent=cotangent).minimal_norm())
    return [np.array([row[i] for row in rows]).reshape((*shape, *arg.shape)) for i, arg in enumerate(args)]
