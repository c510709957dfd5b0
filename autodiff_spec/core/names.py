"""The names of the array API standard, and which of its functions Python's operators are.

Source of the names: Python array API standard, version 2024.12.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

BINARY = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "pow", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or",
    "xor": "bitwise_xor", "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift",
}  # fmt: skip
"""Python's binary operators, by the names of their methods without underscores; each has a reflected form."""

COMPARISONS = {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
}  # fmt: skip

UNARY = {"neg": "negative", "pos": "positive", "abs": "abs", "invert": "bitwise_invert"}


def install_operators(cls: type, function_of: Callable[[str], Callable[..., Any]]) -> None:
    """Give ``cls`` Python's operators: ``function_of`` takes a name of the standard to the function to call.

    A plain function in a class is a method, so there is no call between an operator and its function.
    """

    def reflected(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda self, other: function(other, self)

    for operator, name in (BINARY | COMPARISONS | UNARY).items():
        function = function_of(name)
        setattr(cls, f"__{operator}__", function)
        if operator in BINARY:
            setattr(cls, f"__r{operator}__", reflected(function))
