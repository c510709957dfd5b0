"""The recorded array: a value and the node that stands for it on the tapes."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff_spec import MutationError, UnsupportedError
from autodiff_spec.recording.nodes import Recorder

RECORDER = Recorder("autodiff_numpy_open_tapes")

TRACE: ContextVar[Any] = ContextVar("autodiff_numpy_trace", default=None)
"""What `prepare` writes down in this context; it has to know which variables are read."""

RAW = SimpleNamespace()
"""What rules call in a first derivative: NumPy's functions, on values."""

RECORDED = SimpleNamespace()
"""The same names on recorded arrays: what rules call under an outer tape, and what `autodiff_numpy.xp` offers."""

UFUNCS: dict[Any, Callable[..., Any]] = {}
"""NumPy's ufuncs, and the recording function for each: `Array.__array_ufunc__` looks here."""

UFUNC_METHODS: dict[tuple[Any, str], Callable[..., Any]] = {}
"""Reductions and running reductions by a ufunc, ``(np.add, "reduce")``, and the recording function for each."""

FUNCTIONS: dict[Any, Callable[..., Any]] = {}
"""NumPy's other functions, likewise: `Array.__array_function__` looks here."""


class Array:
    """A NumPy array that a tape tracks; whatever NumPy does to it is recorded.

    Operators, the methods of the array API and NumPy's protocols lead to the same recording functions, so code
    written for NumPy runs unchanged. ``float()``, ``bool()`` and comparisons give plain values: they detach.

    Attributes:
        value: what NumPy computed; not to be written to.
        node: its place in the recording.
    """

    __slots__ = ("node", "value")
    __array_priority__ = 1000

    def __init__(self, value: Any, node: Any) -> None:
        self.value = value
        self.node = node

    if TYPE_CHECKING:  # operators and methods come from _operators.py

        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, index: Any) -> Any: ...

    # --- what it looks like -----------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> Any:
        return self.value.dtype

    @property
    def ndim(self) -> int:
        return self.value.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        return self.value.size  # type: ignore[no-any-return]

    @property
    def device(self) -> str:
        return "cpu"

    def to_device(self, device: str, /, *, stream: Any = None) -> Array:
        if device != "cpu" or stream is not None:
            raise ValueError(f"NumPy arrays live on the device 'cpu', not {device!r}")
        return self

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self.value)))

    def __repr__(self) -> str:
        inside = repr(self.value) if foreign(self.value) else np.array2string(np.asarray(self.value), separator=", ")
        return f"{type(self).__name__}({inside}, dtype={self.dtype})"

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if self.ndim == 0 else repr(self)

    # --- what Python looks at: plain values, detached ---------------------------------------------------------

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __complex__(self) -> complex:
        return complex(self.value)

    def __index__(self) -> int:
        return self.value.__index__()  # type: ignore[no-any-return]

    def item(self, *index: int) -> Any:
        return self.value.item(*index)

    def tolist(self) -> Any:
        return self.value.tolist()

    __hash__ = None  # type: ignore[assignment]

    # --- NumPy's protocols ------------------------------------------------------------------------------------

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        from autodiff_numpy import xp

        if api_version not in (None, *xp.SUPPORTED_API_VERSIONS):
            raise ValueError(f"api_version={api_version!r} is not one of {', '.join(xp.SUPPORTED_API_VERSIONS)}")
        return xp

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        recording = UFUNCS.get(ufunc)
        if recording is not None and method == "__call__" and not kwargs:
            return recording(*inputs)
        if (ufunc, method) in UFUNC_METHODS:
            return UFUNC_METHODS[ufunc, method](*inputs, **kwargs)
        if recording is None and _loaded_from_scipy(ufunc):
            return self.__array_ufunc__(ufunc, method, *inputs, **kwargs)
        if recording is None or method != "outer" or kwargs:
            how = "" if method == "__call__" else f".{method}"
            told = f" with {', '.join(kwargs)}=" if kwargs else ""
            raise UnsupportedError(
                f"{_library(ufunc)}.{ufunc.__name__}{how}{told} has no derivative rule here; "
                "write it with other functions, or detach its arguments with stop_gradient() and to_numpy()"
            )
        first, second = inputs
        apart = FUNCTIONS[np.reshape](first, (*np.shape(first), *[1] * np.ndim(second)))
        return recording(apart, second)

    def __array_function__(self, func: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        recording = FUNCTIONS.get(func)
        if recording is None:
            raise UnsupportedError(
                f"{func.__module__}.{func.__name__} has no derivative rule here; write it with other functions, "
                "or detach its arguments with stop_gradient() and to_numpy()"
            )
        return recording(*args, **kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeError(
            "a recorded array would lose its derivative in np.asarray; use to_numpy(x) for a detached copy, "
            "or a function of the namespace to combine arrays (xp.stack, xp.concat)"
        )

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> Any:
        value = np.array(self.value)  # a copy: whoever takes it may write into it
        return value.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self) -> Any:
        return np.asarray(self.value).__dlpack_device__()

    # --- immutability -----------------------------------------------------------------------------------------

    def __setitem__(self, index: Any, value: Any) -> None:
        raise MutationError(
            "a recorded array cannot be written in place; build a new one with xp.where(mask, new, x), "
            "or with at(x, index).set(value)"
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> Array:
        return self


def _library(ufunc: Any) -> str:
    """Where a ufunc comes from: SciPy, as far as that is loaded, or else NumPy."""
    name = ufunc.__name__
    scipys = getattr(sys.modules.get("scipy.special"), name, None)
    return "scipy.special" if scipys is ufunc and getattr(np, name, None) is not ufunc else "np"


def _loaded_from_scipy(ufunc: Any) -> bool:
    """Load the rules of SciPy's ufuncs when one of them is met, never before; whether ``ufunc`` has a rule now."""
    if _library(ufunc) == "scipy.special":
        importlib.import_module("autodiff_numpy.rules.special")
    return ufunc in UFUNCS


class Variable(Array):
    """A variable: an array whose value `assign` replaces; each open tape reads it under a node of its own."""

    __slots__ = ("__weakref__", "_value")

    def __init__(self, value: Any) -> None:
        self._value = _locked(value)
        self.node = None

    @property
    def value(self) -> Any:
        """What it holds now."""
        trace = TRACE.get()
        return self._value if trace is None else trace.read(self, self._value)

    @value.setter
    def value(self, value: Any) -> None:
        trace = TRACE.get()
        if trace is not None:
            trace.escaped("assign() to a variable")
        self._value = _locked(value)

    def read(self) -> Any:
        """The recorded array that stands for it on the open tapes, or its plain value when none is open."""
        node = RECORDER.node_of(self)
        return self.value if node is None else Array(self.value, node)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if RECORDER.frame().recordings:
            return super().__array__(dtype, copy)
        return np.array(self.value, dtype=dtype)

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        return Variable(copied(self.value))

    def __reduce__(self) -> Any:
        return Variable, (self.value,)


def _locked(value: Any) -> Any:
    """``value`` as what only `assign` replaces: NumPy refuses to write into it, and into views of it."""
    if type(value) is np.ndarray:
        value.flags.writeable = False
    return value


def resolve(x: Any) -> Any:
    """A variable as the open tapes see it; anything else as it is."""
    return x.read() if type(x) is Variable else x


def plain(x: Any) -> Any:
    """The value of a recorded array or a variable; anything else as it is."""
    return x.value if isinstance(x, Array) else x


def foreign(x: Any) -> bool:
    """Whether it is another library's array that NumPy's functions dispatch to: Dask's, CuPy's, …"""
    return type(x) is not np.ndarray and not issubclass(type(x), (Array, np.ndarray, np.generic)) and _speaks(type(x))


def lazy(x: Any) -> bool:
    """Whether it is another library's array that would have to compute its values before one can look at them."""
    return foreign(x) and not hasattr(type(x), "as_one")


def _speaks(cls: type) -> bool:
    return hasattr(cls, "__array_function__") and getattr(cls, "__array_ufunc__", None) is not None


def copied(value: Any) -> Any:
    """A copy of a value; another library's array copies itself, for NumPy would compute it."""
    return value.copy() if foreign(value) else np.array(value)
