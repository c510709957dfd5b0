"""The recorded array: a value and the node that stands for it on the tapes."""

from __future__ import annotations

import functools
import inspect
import sys
from types import FrameType
from typing import Any

import numpy as np

from autodiff_numpy._dask import refuse
from autodiff_numpy._others import require_kinds, speaks
from autodiff_numpy._substitutes import substitute
from autodiff_numpy._tables import FUNCTIONS, LATE, RECORDER, TRACE, UFUNC_METHODS, UFUNCS
from autodiff_spec import UnsupportedError
from autodiff_spec.recording.array import RecordedArray, RecordedVariable


class Array(RecordedArray):
    """A NumPy array that a tape tracks; whatever NumPy does to it is recorded.

    Operators, the methods of the array API and NumPy's protocols lead to the same recording functions, so code
    written for NumPy runs unchanged.
    """

    __slots__ = ("__weakref__", "_link", "_views", "_written", "node", "value")  # see `_views`
    __array_priority__ = 1000
    recorder = RECORDER
    instead = "np.stack, or np.zeros_like(x) filled in place, for an array of its elements, and np.exp for math.exp"
    _link: Any
    _views: Any
    _written: bool

    def __init__(self, value: Any, node: Any) -> None:
        self.value = value
        self.node = node
        self._views = None

    @property
    def device(self) -> str:
        """NumPy's only device."""
        return "cpu"

    def to_device(self, device: str, /, *, stream: Any = None) -> Array:
        """The array itself, for there is one device."""
        if device != "cpu" or stream is not None:
            raise ValueError(f"NumPy arrays live on the device 'cpu', not {device!r}")
        return self

    def __repr__(self) -> str:
        inside = repr(self.value) if foreign(self.value) else np.array2string(np.asarray(self.value), separator=", ")
        return f"{type(self).__name__}({inside}, dtype={self.dtype})"

    # --- Dask's ------------------------------------------------------------------------------------------------

    def __dask_tokenize__(self) -> Any:
        """Refuse to be put into a graph of Dask's, which asks this of everything in it."""
        refuse(self)
        return id(self)

    def __dask_graph__(self) -> None:
        """Refuse `dask.compute` and `dask.delayed`; a recorded array is no collection of Dask's."""
        refuse(self)

    def _substitute(self, caller: FrameType) -> str:
        return substitute(caller)

    # --- NumPy's protocols ------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        recording = UFUNCS.get(ufunc)
        if recording is not None and method == "__call__" and not kwargs:
            return recording(*inputs)
        if "out" in kwargs or method == "at":
            return self._write_ufunc(ufunc, method, inputs, kwargs)
        if (ufunc, method) in UFUNC_METHODS:
            return UFUNC_METHODS[ufunc, method](*inputs, **kwargs)
        if recording is None and _loaded_late(ufunc):
            return self.__array_ufunc__(ufunc, method, *inputs, **kwargs)
        if recording is None or method not in ("__call__", "outer"):
            how = "" if method == "__call__" else f".{method}"
            raise UnsupportedError(
                f"{library_of(ufunc)}.{ufunc.__name__}{how} has no derivative rule here; "
                "write it with other functions, or detach its arguments with stop_gradient() and to_numpy()"
            )
        if method == "outer":
            first, second = inputs
            inputs = FUNCTIONS[np.reshape](first, (*np.shape(first), *[1] * np.ndim(second))), second
        return self._computed_as_told(ufunc, inputs, kwargs) if kwargs else recording(*inputs)

    def __array_function__(self, func: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        recording = FUNCTIONS.get(func)
        if recording is None:
            raise UnsupportedError(
                f"{func.__module__}.{func.__name__} has no derivative rule here; write it with other functions, "
                "or detach its arguments with stop_gradient() and to_numpy()"
            )
        if not _OURS.issuperset(types):
            require_kinds(types)
        if len(args) > 1 and len(args) > (place := _place_of_out(func)[0]):
            names = _place_of_out(func)[1]
            args, kwargs = args[:place], {**kwargs, **dict(zip(names, args[place:], strict=False))}
            if kwargs["out"] is None:
                del kwargs["out"]
        if kwargs and kwargs.get("out") is not None:
            return self._write_function(func, args, kwargs)
        return recording(*args, **kwargs)

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> Any:
        value = np.array(self._released("from_dlpack()"))  # a copy: whoever takes it may write into it
        return value.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self) -> Any:
        return np.asarray(self.value).__dlpack_device__()


@functools.cache
def _place_of_out(function: Any) -> tuple[int, list[str]]:
    """At which place a function of NumPy takes ``out`` by position, and the names from there on."""
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:  # nothing is known
        return sys.maxsize, []
    names = [p.name for p in parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return (place := names.index("out") if "out" in names else sys.maxsize), names[place:]


def library_of(ufunc: Any) -> str:
    """Where a ufunc comes from: SciPy, as far as that is loaded, or else NumPy."""
    name = ufunc.__name__
    scipys: Any = getattr(sys.modules.get("scipy.special"), name, None)  # under $SCIPY_ARRAY_API it is wrapped
    return "scipy.special" if inspect.unwrap(scipys) is ufunc and getattr(np, name, None) is not ufunc else "np"


def _loaded_late(ufunc: Any) -> bool:
    """Load the rules that wait until a ufunc of their library is met; whether ``ufunc`` has one now."""
    load = LATE.get(library_of(ufunc))
    if load is not None:
        load()
    return ufunc in UFUNCS


class Variable(RecordedVariable, Array):
    """A variable: an array whose value `assign` replaces; each open tape reads it under a node of its own."""

    __slots__ = ("_read", "_value")  # the array that the last read gave, and the value
    observer, array = TRACE, Array
    _read: Array | None

    def __init__(self, value: Any) -> None:
        self._hold(value)
        self.node = None

    def _hold(self, value: Any) -> None:
        self._value = _locked(value)
        self._read = None

    def read(self) -> Any:
        known = RECORDER.frame().variables.get(id(self))
        node = RECORDER.node_of(self) if known is None else known[1]
        if node is None:
            return self.value
        array, observer = self._read, TRACE.get()
        if observer is not None or array is None or array.node is not node or array.value is not self._value:
            array = Array(self._value if observer is None else observer.read(self, self._value), node)
            array._link = "a variable"  # which is not written, nor through its views; so all reads may share it
            if observer is None:
                self._read = array
        return array

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        return Variable(copied(self.value))

    def __reduce__(self) -> Any:
        return Variable, (self.value,)


def _locked(value: Any) -> Any:
    """``value`` as what only `assign` replaces: NumPy refuses to write into it, and into views of it."""
    if type(value) is np.ndarray:
        value.flags.writeable = False
    return value


_OURS = frozenset((np.ndarray, Array, Variable))


def resolve(x: Any) -> Any:
    """A variable as the open tapes see it; anything else as it is."""
    return x.read() if type(x) is Variable else x


def plain(x: Any) -> Any:
    """The value of a recorded array or a variable; anything else as it is."""
    return x.value if isinstance(x, Array) else x


def foreign(x: Any) -> bool:
    """Whether it is another library's array that NumPy's functions dispatch to: Dask's, CuPy's, …"""
    return type(x) is not np.ndarray and not issubclass(type(x), (Array, np.ndarray, np.generic)) and speaks(type(x))


def lazy(x: Any) -> bool:
    """Whether it is another library's array that would have to compute its values before one can look at them."""
    return foreign(x) and not hasattr(type(x), "as_one")


def copied(value: Any) -> Any:
    """A copy of a value, of which NumPy makes views where it does of the value.

    Another library's array copies itself, for NumPy would compute it.
    """
    if foreign(value):
        return value.copy()
    found = np.array(value)
    if type(value) is not np.ndarray or found.strides == value.strides or value.flags.forc:
        return found
    spaced = _with_gaps(value)
    spaced[...] = value
    return spaced


def _with_gaps(value: np.ndarray) -> np.ndarray:
    """An empty array like ``value``, with a gap of one element where that has a gap: no view can run across it."""
    steps, end, new_end = [0] * value.ndim, value.itemsize, value.itemsize
    for i in sorted(range(value.ndim), key=lambda i: (abs(value.strides[i]), -i)):
        size, step = value.shape[i], value.strides[i]
        if size != 1:
            steps[i] = new_end if step == end else (abs(new_end) + value.itemsize) * (-1 if step < 0 else 1)
            end, new_end = step * size, steps[i] * size
    reach = [abs(step) * (size - 1) for step, size in zip(steps, value.shape, strict=True)]
    start = sum(length for length, step in zip(reach, steps, strict=True) if step < 0)
    memory = np.empty(sum(reach) + value.itemsize, np.uint8)
    return np.ndarray(value.shape, value.dtype, memory, start, steps)


def owned(value: Any) -> Any:
    """A value that nobody else writes into: a copy, but of NumPy's scalars, which are immutable."""
    return value if isinstance(value, np.generic) else copied(value)
