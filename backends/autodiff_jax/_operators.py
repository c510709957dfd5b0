"""Operators and methods of recorded arrays: each is a function of the namespace."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from autodiff_jax._array import RECORDER, Array, SpecRecording
from autodiff_jax._index import read
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
    }
    for name, method in methods.items():
        setattr(Array, name, method)


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
