"""The logged array: a backend's array, and the operation that made it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from autodiff_spec.core.errors import MutationError

if TYPE_CHECKING:
    from autodiff_spec.logged._log import Log, Operation

_BINARY = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "pow": operator.pow,
    "matmul": operator.matmul,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "lshift": operator.lshift,
    "rshift": operator.rshift,
}
_COMPARE = {name: getattr(operator, name) for name in ("lt", "le", "gt", "ge", "eq", "ne")}
_UNARY: dict[str, Callable[..., Any]] = {
    "neg": operator.neg,
    "pos": operator.pos,
    "abs": abs,
    "invert": operator.invert,
}
_NAMES = {
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
    "neg": "negative",
    "pos": "positive",
    "invert": "bitwise_invert",
}
_PLAIN = frozenset({"shape", "dtype", "ndim", "size", "device", "nbytes", "itemsize"})


class Logged:
    """An array of a backend whose operations are logged; it has all operators, and the array's own methods.

    ``bool()``, ``float()`` and ``item()`` give Python values and are logged as guards: a program may branch on them.

    Attributes:
        log: where its operations go.
        operation: the one that made it.
        output: as which of its outputs.
        value: the backend's array.
    """

    __slots__ = ("__weakref__", "log", "operation", "output", "value")
    __array_ufunc__ = None  # NumPy's operators hand over to ours
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, log: Log, operation: Operation, output: int, value: Any) -> None:
        self.log = log
        self.operation = operation
        self.output = output
        self.value = value

    def __getattr__(self, name: str) -> Any:
        """What the backend's array has: its methods are logged under their own names."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name in _PLAIN:
            return getattr(self.value, name)
        found = getattr(self.value, name)
        if callable(found):
            return lambda *args, **kwargs: self.log.call(name, _method(name), self, *args, **kwargs)
        if self.log.backend.is_array(found):
            return self.log.call(name, lambda array: getattr(array, name), self)
        return found

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        from autodiff_spec.logged._namespace import LoggedNamespace

        return LoggedNamespace(self.log, self.log.backend.xp)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeError("a logged array would leave the log in np.asarray; use to_numpy(x) for a detached copy")

    def __repr__(self) -> str:
        return f"Logged(#{self.operation.index} {self.operation.name}, {self.value!r})"

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        if not self.value.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        return self.log.call("getitem", operator.getitem, self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise MutationError(
            "a logged array cannot be written in place; build a new one with xp.where(mask, new, x), "
            "or with at(x, index).set(value)"
        )

    # --- what Python takes out: plain values --------------------------------------------------------------------

    def __bool__(self) -> bool:
        return bool(self.log.guard("bool", self, bool))

    def __float__(self) -> float:
        return float(self.log.guard("float", self, float))

    def __int__(self) -> int:
        return int(self.log.guard("int", self, int))

    def __complex__(self) -> complex:
        return complex(self.log.guard("complex", self, complex))

    def __index__(self) -> int:
        return int(self.log.guard("index", self, operator.index))

    def item(self, *index: int) -> Any:
        """One element as a Python number."""
        be = self.log.backend
        return self.log.guard("item", self, lambda array: be.to_numpy(array).item(*index))

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return self.log.guard("tolist", self, lambda array: self.log.backend.to_numpy(array).tolist())

    if TYPE_CHECKING:  # set below

        def __add__(self, other: Any) -> Logged: ...
        def __mul__(self, other: Any) -> Logged: ...


def _method(name: str) -> Callable[..., Any]:
    return lambda array, *args, **kwargs: getattr(array, name)(*args, **kwargs)


def _set_operators() -> None:
    def unary(name: str, function: Callable[..., Any]) -> Any:
        return lambda x: x.log.call(name, function, x)

    def binary(name: str, function: Callable[..., Any]) -> Any:
        return lambda x, y: x.log.call(name, function, x, y)

    def reflected(name: str, function: Callable[..., Any]) -> Any:
        return lambda x, y: x.log.call(name, function, y, x)

    for short, function in {**_BINARY, **_COMPARE}.items():
        setattr(Logged, f"__{short}__", binary(_NAMES.get(short, short), function))
        if short in _BINARY:
            setattr(Logged, f"__r{short}__", reflected(_NAMES.get(short, short), function))
    for short, function in _UNARY.items():
        setattr(Logged, f"__{short}__", unary(_NAMES.get(short, short), function))


_set_operators()


def plain(x: Any) -> Any:
    """The backend's array behind a logged one; anything else as it is."""
    return x.value if isinstance(x, Logged) else x
