"""Operators and methods of recorded arrays: each leads to the recording function of NumPy's function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_numpy._array import Array
from autodiff_numpy._rule import RECORDED, RULES
from autodiff_numpy._wrap import binary
from autodiff_numpy.rules.indexing import read

_BINARY = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or",
    "xor": "bitwise_xor", "lshift": "left_shift", "rshift": "right_shift", "divmod": "divmod",
}  # fmt: skip
_COMPARISONS = {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
}  # fmt: skip
_UNARY = {"neg": "negative", "pos": "positive", "abs": "absolute", "invert": "invert"}
_METHODS = ("sum", "prod", "max", "min", "mean", "var", "std", "argmax", "argmin", "all", "any", "reshape",
            "transpose", "ravel", "take", "repeat", "squeeze", "swapaxes", "dot", "conj", "trace", "diagonal",
            "clip", "cumsum", "cumprod", "argsort", "nonzero", "round", "searchsorted")  # fmt: skip


def install() -> None:
    """Give `Array` its operators and methods."""
    for operator, name in _BINARY.items():
        forward = getattr(RECORDED, name) if name != "power" else binary(pow, *RULES[np.power])  # x**2 is no power
        setattr(Array, f"__{operator}__", forward)  # a function in a class is a method: no call in between
        setattr(Array, f"__r{operator}__", _reflected(forward))
    for operator, name in _COMPARISONS.items():
        setattr(Array, f"__{operator}__", getattr(RECORDED, name))
    for operator, name in _UNARY.items():
        setattr(Array, f"__{operator}__", getattr(RECORDED, name))
    for name in _METHODS:
        setattr(Array, name, _method(name))
    others: dict[str, Callable[..., Any]] = {
        "__getitem__": read,
        "astype": lambda self, dtype, copy=True: RECORDED.astype(self, dtype),
        "copy": lambda self: RECORDED.positive(self),
        "flatten": lambda self: RECORDED.ravel(self),
    }
    for name, method in others.items():
        setattr(Array, name, method)
    for name, function in {"T": "transpose", "mT": "matrix_transpose", "real": "real", "imag": "imag"}.items():
        setattr(Array, name, property(getattr(RECORDED, function)))


def _reflected(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: function(other, self)


def _method(name: str) -> Callable[..., Any]:
    function = getattr(RECORDED, name, None) or getattr(RECORDED, {"conj": "conjugate"}.get(name, name))

    def method(self: Array, *args: Any, **kwargs: Any) -> Any:
        if name in ("reshape", "transpose") and (len(args) > 1 or (args and isinstance(args[0], int))):
            args = (args,)  # x.reshape(2, 3) as well as x.reshape((2, 3))
        return function(self, *args, **kwargs)

    return method
