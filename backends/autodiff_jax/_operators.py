"""Operators and methods of recorded arrays: each is a function of the namespace."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from types import ModuleType
from typing import Any

from autodiff_jax._array import RECORDER, Array, SpecRecording
from autodiff_jax._index import read
from autodiff_spec import UnsupportedError
from autodiff_spec.core.names import BINARY, UNARY, install_operators

_METHODS = ("sum", "prod", "max", "min", "mean", "var", "std", "argmax", "argmin", "all", "any", "take", "repeat",
            "squeeze", "conj", "astype", "clip")  # fmt: skip
_PROPERTIES = {"mT": "matrix_transpose", "real": "real", "imag": "imag"}


def install(xp: ModuleType) -> None:
    """Give `Array` the operators, methods and namespace of ``xp``."""
    Array.namespace = xp
    install_operators(Array, lambda name: getattr(xp, name))
    for name in _METHODS:
        setattr(Array, name, getattr(xp, name))
    for name, function in _PROPERTIES.items():
        setattr(Array, name, property(getattr(xp, function)))
    methods: dict[str, Any] = {
        "__getitem__": read,
        "T": property(lambda self: xp.permute_dims(self, tuple(reversed(range(self.ndim))))),
        "transpose": lambda self, *axes: xp.permute_dims(self, _shape(axes) or tuple(reversed(range(self.ndim)))),
        "reshape": lambda self, *shape: xp.reshape(self, _shape(shape)),
        "ravel": lambda self: xp.reshape(self, (-1,)),
        "flatten": lambda self: xp.reshape(self, (-1,)),
        "copy": lambda self: xp.asarray(self, copy=True),
        "block_until_ready": _ready,
        "at": property(_refuse_at),
    }
    for name in ("sharding", "committed", "is_fully_addressable", "is_fully_replicated", "devices"):
        methods[name] = property(attrgetter(f"value.{name}"))
    for name in ("addressable_shards", "global_shards", "addressable_data"):
        methods[name] = property(partial(_parts, name))
    for name, method in methods.items():
        setattr(Array, name, method)


def _ready(self: Array) -> Array:
    """As JAX's ``x.block_until_ready()``."""
    self.value.block_until_ready()
    return self


def _parts(name: str, self: Array) -> Any:
    """The parts of the array, which have no derivative: they are the user's own once no tape asks for one."""
    return getattr(self._released(f"x.{name}"), name)


def _refuse_at(self: Array) -> Any:
    raise UnsupportedError(
        "x.at of a recorded array is not recorded; lift the function that updates it, be.lift(lambda x, v: "
        "x.at[i].set(v)), or choose with xp.where(mask, new, x)"
    )


def install_mended(xp: ModuleType, mended: ModuleType) -> None:
    """Under a tape of the spec flavour take the functions that it mends from its namespace."""
    of_namespace = {f"__{operator}__": name for operator, name in (*BINARY.items(), *UNARY.items())}
    for method, name in (of_namespace | {name: name for name in _METHODS}).items():
        if getattr(mended, name) is not getattr(xp, name):
            setattr(Array, method, _chosen(getattr(xp, name), getattr(mended, name)))
    for operator, name in BINARY.items():
        if getattr(mended, name) is not getattr(xp, name):
            setattr(Array, f"__r{operator}__", _reflected(_chosen(getattr(xp, name), getattr(mended, name))))


def _chosen(native: Callable[..., Any], mended: Callable[..., Any]) -> Callable[..., Any]:
    """The function of the flavour that the innermost open tape belongs to."""

    def chosen(*args: Any, **kwargs: Any) -> Any:
        recordings = RECORDER.frame().recordings
        return (mended if recordings and type(recordings[-1]) is SpecRecording else native)(*args, **kwargs)

    return chosen


def _reflected(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: function(other, self)


def _shape(shape: tuple[Any, ...]) -> Any:
    """``x.reshape(2, 3)`` as well as ``x.reshape((2, 3))``."""
    return shape[0] if len(shape) == 1 else shape
