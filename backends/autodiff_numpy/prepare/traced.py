"""The array that `prepare` runs a function on: it holds a value, and has NumPy's calls written down in a `Trace`.

It speaks NumPy's protocols, so the engine can hold it inside recorded arrays. What takes a value out of it, or writes
into it, in a way that a trace cannot say is an escape (`Trace.escaped`): the run goes on with values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from autodiff_numpy._array import Array
from autodiff_spec.core.names import BINARY, COMPARISONS, UNARY


class Log(Protocol):
    """The part of a trace that its arrays call."""

    def call(self, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """The result of a call, which is written down."""

    def look(self, traced: Traced, how: Callable[[Any], Any]) -> Any:
        """The result of ``how`` on the value, on which the program may branch."""

    def escaped(self, what: str) -> None:
        """A use of the value that cannot be replayed."""


class Traced:
    """An array of a `Trace`; see the module."""

    __slots__ = ("log", "slot", "value")
    __array_priority__ = 500

    def __init__(self, value: Any, slot: int, trace: Log) -> None:
        self.value = value
        self.slot = slot
        self.log = trace

    if TYPE_CHECKING:  # operators and methods are put in below

        def __getitem__(self, index: Any) -> Any: ...

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # a program that asks isinstance(x, np.ndarray) takes the way it takes with values
        return type(self.value)

    shape = property(lambda self: self.value.shape)
    dtype = property(lambda self: self.value.dtype)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    itemsize = property(lambda self: self.value.itemsize)
    nbytes = property(lambda self: self.value.nbytes)
    T = property(lambda self: self.log.call(np.transpose, (self,), {}))
    real = property(lambda self: self.log.call(np.real, (self,), {}))
    imag = property(lambda self: self.log.call(np.imag, (self,), {}))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # other protocols than ours
            raise AttributeError(name)
        found = getattr(self.value, name)
        self.log.escaped(f".{name} of an array")
        return found

    def __repr__(self) -> str:
        return self.log.look(self, repr)  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        iter(self.value)  # its error for 0-d arrays
        return (self[i] for i in range(len(self.value)))

    def __contains__(self, x: Any) -> bool:
        return bool(np.any(self == x))

    # --- what Python looks at -----------------------------------------------------------------------------------

    def __bool__(self) -> bool:
        return self.log.look(self, bool)  # type: ignore[no-any-return]

    def __float__(self) -> float:
        return self.log.look(self, float)  # type: ignore[no-any-return]

    def __int__(self) -> int:
        return self.log.look(self, int)  # type: ignore[no-any-return]

    def __complex__(self) -> complex:
        return self.log.look(self, complex)  # type: ignore[no-any-return]

    def __index__(self) -> int:
        return self.log.look(self, operator.index)  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        hash(self.value)  # arrays have none, NumPy's scalars have
        return hash(self.log.look(self, _item))

    def __format__(self, spec: str) -> str:
        return self.log.look(self, lambda value: format(value, spec))  # type: ignore[no-any-return]

    def item(self, *index: int) -> Any:
        """An element as a Python number, on which the program may branch."""
        return self.log.look(self, (lambda value: value.item(*index)) if index else _item)

    def tolist(self) -> Any:
        """The elements as Python numbers in nested lists."""
        return self.log.look(self, _list)

    # --- NumPy's protocols --------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(map(_others, inputs)):
            return NotImplemented
        return self.log.call(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if any(cls is not Traced and not issubclass(cls, np.ndarray) for cls in types):
            return NotImplemented
        return self.log.call(func, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        self.log.escaped("np.asarray of an array")
        return np.array(self.value, dtype=dtype, copy=copy)

    # --- writing ------------------------------------------------------------------------------------------------

    def __setitem__(self, index: Any, value: Any) -> None:
        self.log.escaped("x[...] = y writes into an array")
        self.value[values(index)] = values(value)

    def copy(self, order: str = "C") -> Traced:
        """An array of the same value; nothing is written down."""
        return Traced(np.array(self.value), self.slot, self.log)  # nothing writes into either, or it is an escape

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Traced:
        return self.copy()

    def flatten(self) -> Any:
        """A copy with one axis."""
        return np.ravel(self.copy())

    def astype(self, dtype: Any, order: str = "K", casting: Any = "unsafe", subok: Any = True, copy: Any = True) -> Any:
        """The array in another dtype."""
        if not np.can_cast(self.dtype, dtype, casting):
            return self.value.astype(dtype, casting=casting)  # an error
        return self.log.call(astype, (self, np.dtype(dtype)), {})

    def as_one(self, function: Any, *args: Any) -> Any:
        """A primitive of the engine as one call."""
        return self.log.call(function, args, {})


def astype(x: Any, dtype: Any) -> Any:
    """A call in traces: a copy in another dtype."""
    return x.astype(dtype)


def getitem(x: Any, index: Any) -> Any:
    """A call in traces: ``x[index]``."""
    return x[index]


_METHODS = ("sum", "prod", "max", "min", "mean", "var", "std", "argmax", "argmin", "all", "any", "reshape", "transpose",
            "ravel", "take", "repeat", "squeeze", "swapaxes", "dot", "conj", "conjugate", "trace", "diagonal", "clip",
            "cumsum", "cumprod", "argsort", "nonzero", "round", "searchsorted")  # fmt: skip
_NUMBERS = (bool, int, float, complex, np.ndarray, np.generic)  # a Traced counts as what it holds


def _install() -> None:
    for name, function in (BINARY | {"divmod": "divmod"}).items():
        ufunc = getattr(np, function)
        operation = getattr(operator, {"and": "and_", "or": "or_"}.get(name, name), divmod)
        forward = _power if name == "pow" else _operator(ufunc, operation)
        setattr(Traced, f"__{name}__", forward)
        setattr(Traced, f"__r{name}__", _operator(ufunc, operation, reflected=True))
        if name != "divmod":
            setattr(Traced, f"__i{name}__", _in_place(forward, getattr(operator, f"i{name}")))
    for name, function in COMPARISONS.items():
        setattr(Traced, f"__{name}__", _operator(getattr(np, function), getattr(operator, name)))
    for name, function in UNARY.items():
        setattr(Traced, f"__{name}__", _method(name, getattr(np, function)))
    Traced.mT = property(lambda self: self.log.call(np.matrix_transpose, (self,), {}))  # type: ignore[attr-defined]
    for name in _METHODS:
        setattr(Traced, name, _method(name, getattr(np, name)))
    Traced.__getitem__ = _read  # type: ignore[method-assign]


def _operator(ufunc: Any, operation: Any, *, reflected: bool = False) -> Any:
    def forward(self: Traced, other: Any) -> Any:
        if _others(other):
            return NotImplemented
        if isinstance(other, _NUMBERS):
            return self.log.call(ufunc, (other, self) if reflected else (self, other), {})
        self.log.escaped(f"an operator on an array and a {type(other).__name__}")
        return operation(other, self.value) if reflected else operation(self.value, other)

    return forward


_FAST_POWERS = {0.5: np.sqrt, 1: np.positive, 2: np.square}


def _power(self: Traced, other: Any) -> Any:
    """``x ** y`` as NumPy's operator computes it: by other functions, for some exponents."""
    if type(other) in (int, float) and self.dtype.kind in "fc":
        fast = np.reciprocal if other == -1 else _FAST_POWERS.get(other)
        if fast is not None and isinstance(self.value, np.ndarray):
            return self.log.call(fast, (self,), {})
    return _operator(np.power, operator.pow)(self, other)


def _in_place(forward: Any, operation: Any) -> Any:
    def write(self: Traced, other: Any) -> Any:
        if isinstance(self.value, np.generic):  # immutable: the name gets a new value
            return forward(self, other)
        self.log.escaped("an operator writes in place")
        return operation(self.value, values(other))

    return write


def _method(name: str, function: Any) -> Any:
    def method(self: Traced, *args: Any, **kwargs: Any) -> Any:
        if name in ("reshape", "transpose") and (len(args) > 1 or (args and isinstance(args[0], int))):
            args = (args,)  # x.reshape(2, 3) as well as x.reshape((2, 3))
        return function(self, *args, **kwargs)

    return method


def _read(self: Traced, index: Any) -> Any:
    return self.log.call(getitem, (self, _looked_up(index)), {})


def _looked_up(index: Any) -> Any:
    """An index whose slices have plain bounds."""
    if isinstance(index, tuple):
        return tuple(_looked_up(part) for part in index)
    if isinstance(index, slice):
        bounds = (index.start, index.stop, index.step)
        return slice(*(operator.index(bound) if type(bound) is Traced else bound for bound in bounds))
    return index


def _item(value: Any) -> Any:
    return value.item()


def _list(value: Any) -> Any:
    return value.tolist()


def values(tree: Any) -> Any:
    """``tree`` with values in the place of traced arrays."""
    if type(tree) is Traced:
        return tree.value
    if type(tree) in (tuple, list):
        return type(tree)([values(part) for part in tree])
    if type(tree) is dict:
        return {name: values(part) for name, part in tree.items()}
    return tree


def _others(x: Any) -> bool:
    """Whether ``x`` is an array that knows itself what to do with ours: a recorded one, another library's."""
    cls = type(x)
    return cls is not Traced and (issubclass(cls, Array) or (
        hasattr(cls, "__array_ufunc__") and not issubclass(cls, (np.ndarray, np.generic))
    ))


_install()
