"""The variable: a ``torch.Tensor`` that stands, on each use, for an array owned by the innermost open tape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch._subclasses import FakeTensor

from autodiff_spec import UnsupportedError
from autodiff_torch._dtensor import is_dtensor
from autodiff_torch._state import OPEN


class Variable(torch.Tensor):
    """A differentiable variable; made by ``variable()``.

    Every function, method and attribute of a tensor that meets a variable comes through ``__torch_function__``, where
    the variable is replaced by the innermost open tape's alias of its value, or by the value when nothing records. So
    each tape has sources of its own, ``requires_grad`` is never switched, and results are plain tensors.

    What bypasses ``__torch_function__`` (``autograd.Function.apply``, ``torch.func``) meets the variable's own tensor,
    which shares the value's memory and requires a gradient; tapes count it as one more alias.
    """

    _value: torch.Tensor

    def __new__(cls, value: torch.Tensor) -> Variable:
        # What nn.Parameter does; as_subclass() would give a non-leaf. By way of .data it counts its own versions, so
        # that _replace() does not alarm what was recorded with the old value.
        own = torch.empty(value.shape, dtype=value.dtype, device="meta") if is_dtensor(value) else value.data
        self: Variable = torch.Tensor._make_subclass(cls, own, True)
        self._value = value
        return self

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        plain = [_resolved(argument) for argument in args]
        if kwargs:
            result = func(*plain, **{name: _resolved(argument) for name, argument in kwargs.items()})
        else:
            result = func(*plain)
        if plain and (result is None or result is plain[0]) and type(args[0]) is Variable and _writes(func):
            torch.autograd.graph.increment_version(args[0])
            return None if result is None else args[0]  # `v += 1` binds v again: to the variable, not to its value
        return result

    def _replace(self, value: torch.Tensor) -> None:
        """Another value; what was recorded keeps the old one, which nobody writes to."""
        self._value = value
        with torch._C.DisableTorchFunctionSubclass():
            if not is_dtensor(value):
                self.data = value
            # What saved the variable's own tensor must notice, for its data is another now.
            torch.autograd.graph.increment_version(self)

    # Asked for on every call of the interface, and the same for every alias: no need to resolve.
    shape = property(lambda self: self._value.shape)
    dtype = property(lambda self: self._value.dtype)
    ndim = property(lambda self: self._value.ndim)
    device = property(lambda self: self._value.device)

    def __getattr__(self, name: str) -> Any:
        # What a tensor in parts has beyond a tensor's own: placements, full_tensor(), redistribute(), …
        if name.startswith("_"):
            raise AttributeError(f"a variable has no attribute {name!r}")
        return getattr(resolve(self), name)

    def __hash__(self) -> int:
        return id(self)  # not that of an alias

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return f"variable({self._value!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        found: Variable = memo.setdefault(id(self), Variable(self._value.clone()))
        return found

    def __reduce_ex__(self, protocol: Any) -> Any:
        return Variable, (self._value,)


def require_values(array: torch.Tensor, like: torch.Tensor | None = None) -> None:
    """Raise `UnsupportedError` where a tensor has a shape alone, unless ``like``, beside which it stands, has too."""
    if not is_valueless(array) or (like is not None and is_valueless(like)):
        return
    where = "of a FakeTensorMode" if isinstance(array, FakeTensor) else "on the device 'meta'"
    raise UnsupportedError(f"a tensor {where} has a shape and no values; make it on another device")


def is_valueless(array: torch.Tensor) -> bool:
    """Whether a tensor has a shape alone."""
    return array.is_meta or isinstance(array, FakeTensor)


def _resolved(argument: Any) -> Any:
    kind = type(argument)
    if kind is Variable:
        return resolve(argument)
    if kind is tuple or kind is list:
        return kind([_resolved(item) for item in argument])
    return argument


def resolve(variable: Variable) -> torch.Tensor:
    """The tensor that ``variable`` stands for here and now."""
    tapes = OPEN.get()
    return tapes[-1].read(variable) if tapes else variable._value


def _writes(func: Callable[..., Any]) -> bool:
    """Whether a function works in place: ``add_``, ``__iadd__``, ``__setitem__``."""
    name = getattr(func, "__name__", "")
    return name.startswith(("__i", "__setitem__")) if name.endswith("__") else name.endswith("_")
