"""Operators and methods of recorded arrays: each leads to the recording function of NumPy's function."""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from autodiff_numpy._array import Array
from autodiff_numpy._rule import RULES
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._views import base_of
from autodiff_numpy._wrap import binary
from autodiff_numpy.rules.indexing import read
from autodiff_numpy.rules.writing import METHODS, PROPERTIES
from autodiff_spec.core.names import install_operators

_METHODS = ("sum", "prod", "max", "min", "mean", "var", "std", "argmax", "argmin", "all", "any", "reshape",
            "transpose", "ravel", "take", "repeat", "squeeze", "swapaxes", "dot", "trace", "diagonal",
            "clip", "cumsum", "cumprod", "argsort", "nonzero", "round", "searchsorted")  # fmt: skip


def install(xp: ModuleType) -> None:
    """Give `Array` the operators, methods and namespace of ``xp``."""
    Array.namespace = xp
    install_operators(Array, lambda name: getattr(xp, name))
    own: dict[str, Callable[..., Any]] = {
        "__pow__": binary(pow, *RULES[np.power]),  # x**2 is no power
        "__divmod__": TRACKED.divmod,
        "__getitem__": read,
        "astype": lambda self, dtype, **kwargs: TRACKED.astype(self, dtype, **kwargs),
        "__round__": _rounded,
        "compress": lambda self, condition, axis=None, out=None: TRACKED.compress(condition, self, axis, out),
        "copy": lambda self, order="C": TRACKED.copied(self, order),
        "flatten": lambda self, order="C": TRACKED.copied(TRACKED.ravel(self, order)),
        "view": lambda self: TRACKED.getitem(self, ...),
        "conj": _conjugated,
        "conjugate": _conjugated,
        "__copy__": lambda self: TRACKED.copied(self),
        "__deepcopy__": lambda self, memo: TRACKED.copied(self),
    }
    own["__rpow__"] = lambda self, other: own["__pow__"](other, self)
    own["__rdivmod__"] = lambda self, other: TRACKED.divmod(other, self)
    for name, method in ({name: _method(name) for name in _METHODS} | own | METHODS).items():
        setattr(Array, name, method)
    for name, function in {"T": "transpose", "mT": "matrix_transpose"}.items():
        setattr(Array, name, property(getattr(TRACKED, function)))
    for name in ("nbytes", "itemsize", "strides", "flags"):
        setattr(Array, name, property(operator.attrgetter(f"value.{name}")))
    setattr(Array, "base", property(base_of))  # noqa: B010  (what only views have)
    for name, (read_it, write_it) in PROPERTIES.items():
        setattr(Array, name, property(read_it, write_it))


def _rounded(self: Array, ndigits: int | None = None) -> Any:
    """As Python's ``round``: without ``ndigits`` an integer, which is constant as rounded numbers are."""
    return round(self.value[()]) if ndigits is None else TRACKED.round(self, ndigits)


def _conjugated(self: Array) -> Any:
    """The conjugate; a real array is its own, as in NumPy."""
    return TRACKED.conjugate(self) if self.dtype.kind == "c" else self


def _method(name: str) -> Callable[..., Any]:
    function = getattr(TRACKED, name)
    numpys = getattr(np, name)

    def method(self: Array, *args: Any, **kwargs: Any) -> Any:
        if name in ("reshape", "transpose") and (len(args) > 1 or (args and isinstance(args[0], int))):
            args = (args,)  # x.reshape(2, 3) as well as x.reshape((2, 3))
        if kwargs.get("out") is not None:
            return METHODS["_write_function"](self, numpys, (self, *args), kwargs)
        return function(self, *args, **kwargs)

    return method
