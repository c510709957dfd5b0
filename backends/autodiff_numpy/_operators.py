"""Operators and methods of recorded arrays: each leads to the recording function of NumPy's function."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from autodiff_numpy._array import Array, foreign, plain
from autodiff_numpy._dask import OF_DASK
from autodiff_numpy._options import has_derivative, refuse_option
from autodiff_numpy._rule import RULES
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._views import base_of
from autodiff_numpy._wrap import binary
from autodiff_numpy.rules.indexing import read
from autodiff_numpy.rules.ufuncs import computed_as_told
from autodiff_numpy.rules.writing import METHODS, PROPERTIES
from autodiff_spec import UnsupportedError
from autodiff_spec.core.names import install_operators

_METHODS = ("sum", "prod", "max", "min", "mean", "var", "std", "argmax", "argmin", "all", "any", "reshape",
            "transpose", "ravel", "take", "repeat", "squeeze", "swapaxes", "dot", "trace", "diagonal",
            "cumsum", "cumprod", "argsort", "argpartition", "nonzero", "round", "searchsorted")  # fmt: skip


def install(xp: ModuleType) -> None:
    """Give `Array` the operators, methods and namespace of ``xp``."""
    Array.namespace = xp
    install_operators(Array, lambda name: getattr(xp, name))
    own: dict[str, Callable[..., Any]] = {
        "__pow__": binary(pow, *RULES[np.power]),  # x**2 is no power
        "__divmod__": TRACKED.divmod,
        "__getitem__": read,
        "astype": _cast,
        "clip": lambda self, min=None, max=None, out=None, **more: np.clip(self, min, max, out=out, **more),
        "__round__": _rounded,
        "compress": lambda self, condition, axis=None, out=None: TRACKED.compress(condition, self, axis, out),
        "copy": lambda self, order="C": TRACKED.copied(self, order),
        "flatten": lambda self, order="C": TRACKED.copied(TRACKED.ravel(self, order)),
        "view": _viewed,
        "conj": _conjugated,
        "conjugate": _conjugated,
        "__contains__": lambda self, value: bool(np.any(plain(self == value))),
        "setflags": _set_flags,
        "__copy__": lambda self: TRACKED.copied(self),
        "_computed_as_told": computed_as_told,
        "__deepcopy__": lambda self, memo: TRACKED.copied(self),
    }
    own["__rpow__"] = lambda self, other: own["__pow__"](other, self)
    own["__rdivmod__"] = lambda self, other: TRACKED.divmod(other, self)
    for name, method in ({name: _method(name) for name in _METHODS} | own | METHODS).items():
        setattr(Array, name, method)
    for name, function in {"T": "transpose", "mT": "matrix_transpose"}.items():
        setattr(Array, name, property(getattr(TRACKED, function)))
    for name in ("tobytes", "tofile", "dump", "dumps"):
        setattr(Array, name, _releasing(name))
    for name in ("nbytes", "itemsize", "strides"):
        setattr(Array, name, property(operator.attrgetter(f"value.{name}")))
    setattr(Array, "flags", property(Flags))  # noqa: B010
    setattr(Array, "base", property(base_of))  # noqa: B010  (what only views have)
    for name, read_it in OF_DASK.items():  # properties, for with a __getattr__ Python reads every attribute slowly
        setattr(Array, name, property(functools.partial(_of_dask, name, read_it)))
    for name, (read_it, write_it) in PROPERTIES.items():
        setattr(Array, name, property(read_it, write_it))


def _of_dask(name: str, read_it: Callable[[Array], Any], self: Array) -> Any:
    if not foreign(self.value):
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
    return read_it(self)


def _rounded(self: Array, ndigits: int | None = None) -> Any:
    """As Python's ``round``: without ``ndigits`` an integer, which is constant as rounded numbers are."""
    return round(self.value[()]) if ndigits is None else TRACKED.round(self, ndigits)


def _cast(
    self: Array,
    dtype: Any,
    order: str = "K",
    casting: Any = "unsafe",
    subok: bool = True,
    copy: bool = True,
    **of_xp: Any,
) -> Any:
    """As NumPy's ``x.astype``."""
    for name, option in {"subok": subok, "copy": copy}.items():
        if has_derivative(option):
            refuse_option(np.astype, name)
    np.empty(0, self.dtype).astype(dtype, casting=casting)  # NumPy's error
    found = TRACKED.astype(self, dtype, copy=copy, **of_xp)
    return found if order in ("K", "A") else TRACKED.copied(found, order)


def _viewed(self: Array, dtype: Any = None, type: Any = None) -> Any:
    """As NumPy's ``x.view()``, of the same dtype."""
    if type not in (None, np.ndarray) or dtype not in (None, np.ndarray, self.dtype):
        raise UnsupportedError(
            "x.view(…) of a recorded array gives an array of the same dtype and class, for bytes that are read as "
            "other numbers have no derivative; use x.astype(dtype), x.real and x.imag, or x.view()"
        )
    return TRACKED.getitem(self, ...)


def _releasing(name: str) -> Callable[..., Any]:
    """A method that hands the elements out as bytes: they have no derivative."""

    def method(self: Array, *args: Any, **kwargs: Any) -> Any:
        return getattr(self._released(f"{name}()"), name)(*args, **kwargs)

    return method


class Flags:
    """``x.flags``: NumPy's for the value, to be read; a recorded array cannot be made read-only."""

    __slots__ = ("_flags",)

    def __init__(self, x: Array) -> None:
        object.__setattr__(self, "_flags", x.value.flags)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._flags, name)

    def __getitem__(self, name: str) -> Any:
        return self._flags[name]

    def __setattr__(self, name: str, value: Any) -> None:
        _set_flags(None)

    def __setitem__(self, name: str, value: Any) -> None:
        _set_flags(None)

    def __repr__(self) -> str:
        return repr(self._flags)


def _set_flags(self: Any, *args: Any, **kwargs: Any) -> None:
    raise UnsupportedError(
        "the flags of a recorded array cannot be set; hand out a copy, x.copy(), that others may write"
    )


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
