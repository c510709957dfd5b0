"""`autodiff_tensorflow.xp` over an array object that has the standard's operators and attributes, for measuring alone.

array-api-tests exercises a namespace through the operators and attributes of its arrays, and a `tf.Tensor` has its
own: a shape that is no tuple, ``+`` without promotion, no ``.mT``. Here each tensor is wrapped in an object whose
operators are functions of the namespace, so that what fails is the namespace's; no class of TensorFlow's is changed.
How it is used, and what came out, is in docs/array-api-tests-tensorflow.md.
"""

from __future__ import annotations

import builtins
import functools
import math
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import tensorflow as tf

from autodiff_tensorflow import extra, xp

_BINARY = {
    "add": "add", "and": "bitwise_and", "eq": "equal", "floordiv": "floor_divide", "ge": "greater_equal",
    "gt": "greater", "le": "less_equal", "lshift": "bitwise_left_shift", "lt": "less", "matmul": "matmul",
    "mod": "remainder", "mul": "multiply", "ne": "not_equal", "or": "bitwise_or", "pow": "pow",
    "rshift": "bitwise_right_shift", "sub": "subtract", "truediv": "divide", "xor": "bitwise_xor",
}  # fmt: skip
_COMPARISONS = ("eq", "ge", "gt", "le", "lt", "ne")
_UNARY = {"abs": "abs", "invert": "bitwise_invert", "neg": "negative", "pos": "positive"}


class Array:
    """A tensor with the attributes, methods and operators of the standard."""

    def __init__(self, value: Any) -> None:
        self.value = value

    dtype = property(lambda self: self.value.dtype)
    device = property(lambda self: self.value.device)
    shape = property(lambda self: tuple(self.value.shape))
    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: math.prod(self.shape))
    mT = property(lambda self: wrap(xp.matrix_transpose(self.value)))  # noqa: N815
    T = property(lambda self: wrap(xp.permute_dims(self.value, tuple(range(self.ndim))[::-1])))

    def __getitem__(self, key: Any, /) -> Array:
        return wrap(extra.index(self.value, unwrap(key)))

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        import benchmarks._standard_tensors as here

        return here

    def to_device(self, device: Any, /, *, stream: Any = None) -> Array:
        """A copy there."""
        return wrap(xp.asarray(self.value, device=device, copy=True))

    def __dlpack__(
        self, /, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> Any:
        return self.value.numpy().__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self) -> Any:
        return self.value.numpy().__dlpack_device__()

    def __bool__(self) -> bool:
        return builtins.bool(self.value.numpy())  # this module's own bool is a dtype

    def __int__(self) -> int:
        return int(self.value.numpy())

    def __index__(self) -> int:
        return self.value.numpy().__index__()

    def __float__(self) -> float:
        return float(self.value.numpy())

    def __complex__(self) -> complex:
        return complex(self.value.numpy())

    def __repr__(self) -> str:
        return f"Array({self.value.numpy()!r})"

    __hash__ = None  # type: ignore[assignment]


def unwrap(tree: Any) -> Any:
    """The tensors in it."""
    if isinstance(tree, Array):
        return tree.value
    if isinstance(tree, (tuple, list)):
        return type(tree)(map(unwrap, tree))
    if isinstance(tree, slice):
        return slice(*map(unwrap, (tree.start, tree.stop, tree.step)))
    return tree


def wrap(tree: Any) -> Any:
    """Its tensors, wrapped."""
    if isinstance(tree, tf.Tensor):
        return Array(tree)
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*map(wrap, tree))
    return type(tree)(map(wrap, tree)) if isinstance(tree, (tuple, list)) else tree


def _wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def called(*args: Any, **keywords: Any) -> Any:
        found = function(*map(unwrap, args), **{name: unwrap(value) for name, value in keywords.items()})
        return wrap(found)

    return called


def _operator(function: Callable[..., Any], name: str, *, reflected: bool = False) -> Callable[..., Any]:
    def method(self: Any, other: Any, /) -> Any:
        if not isinstance(other, (Array, builtins.bool, int, float, complex)):
            return NotImplemented
        first, second = (unwrap(other), self.value) if reflected else (self.value, unwrap(other))
        return wrap(function(first, second))

    method.__name__ = name
    return method


def _unary(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def method(self: Any, /) -> Any:
        return wrap(function(self.value))

    method.__name__ = name
    return method


def _namespace(module: ModuleType) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in module.__all__:
        thing = getattr(module, name)
        if isinstance(thing, ModuleType):
            thing = SimpleNamespace(**_namespace(thing))
        elif callable(thing) and not isinstance(thing, tf.DType) and not name.startswith("__"):
            thing = _wrapped(thing)
        found[name] = thing
    return found


for _name, _function in _BINARY.items():
    setattr(Array, f"__{_name}__", _operator(getattr(xp, _function), f"__{_name}__"))
    if _name not in _COMPARISONS:
        setattr(Array, f"__r{_name}__", _operator(getattr(xp, _function), f"__r{_name}__", reflected=True))
        setattr(Array, f"__i{_name}__", _operator(getattr(xp, _function), f"__i{_name}__"))
for _name, _function in _UNARY.items():
    setattr(Array, f"__{_name}__", _unary(getattr(xp, _function), f"__{_name}__"))
globals().update(_namespace(xp))
