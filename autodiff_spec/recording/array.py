"""What arrays that are recorded have in common, whatever engine made their values."""

from __future__ import annotations

import copy
import operator
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from autodiff_spec.core.errors import MutationError
from autodiff_spec.core.lost import lost
from autodiff_spec.recording.nodes import Recorder

if TYPE_CHECKING:
    from typing import Self


class RecordedArray:
    """A value and the node that stands for it on the open tapes; an engine adds operators and methods.

    ``bool()``, comparisons and what is printed have plain values. Conversions to numbers, or to arrays of another
    library, raise `LostDerivativeError` while a tape or a direction records the array.

    Attributes:
        value: the framework's array; not to be written to.
        node: its place in the recording.
        namespace: the engine's array namespace.
        recorder: the engine's open tapes.
        instead: what to write in place of a conversion to go on computing, for messages.
    """

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]
    namespace: ClassVar[Any]
    recorder: ClassVar[Recorder]
    instead: ClassVar[str]

    if TYPE_CHECKING:  # slots of the engine's class, and what it installs
        value: Any
        node: Any

        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, index: Any) -> Any: ...

    # --- what it looks like -----------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of its axes."""
        return self.value.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> Any:
        """The dtype of its elements."""
        return self.value.dtype

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return self.value.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        """How many elements it has."""
        return self.value.size  # type: ignore[no-any-return]

    @property
    def device(self) -> Any:
        """Where its value is."""
        return self.value.device

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("iteration over, or len() of, a 0-d array")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if self.ndim == 0 else repr(self)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        versions = self.namespace.SUPPORTED_API_VERSIONS
        if api_version not in (None, *versions):
            raise ValueError(f"api_version={api_version!r} is not one of {', '.join(versions)}")
        return self.namespace

    # --- what Python looks at: plain values, which choose a branch --------------------------------------------

    def __bool__(self) -> bool:
        return bool(self.value)

    def __index__(self) -> int:
        return operator.index(self.value)

    # --- what would lose the derivative -----------------------------------------------------------------------

    def __float__(self) -> float:
        return float(self._released("float()"))

    def __int__(self) -> int:
        return int(self._released("int()"))

    def __complex__(self) -> complex:
        return complex(self._released("complex()"))

    def __trunc__(self) -> int:
        return int(self._released("trunc()"))

    def as_integer_ratio(self) -> tuple[int, int]:
        """The element as a fraction, which ``statistics`` computes with."""
        return float(self._released("as_integer_ratio()")).as_integer_ratio()

    def tolist(self) -> Any:
        """The elements as Python numbers in nested lists.

        Raises:
            LostDerivativeError: a tape or a direction records the array.
        """
        return self._released("tolist()").tolist()

    def item(self, *index: Any) -> Any:
        """One element: recorded like the array, and a Python number where nothing records that."""
        if not self._is_asked():
            return self.value.item(*index)
        return self.reshape((-1,))[np.arange(self.size).reshape(self.shape).item(*index)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise lost(self._loss("a conversion to a NumPy array", sys._getframe(1)), depth=1)

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> Any:
        value = self._released("from_dlpack()")
        return value.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)

    def __reduce__(self) -> Any:
        return copy.copy, (self._released("pickling"),)  # for another process; there it is an array of the user's own

    def __copy__(self) -> Any:
        return self.copy()

    def _is_asked(self) -> bool:
        """Whether an open tape or direction may be asked for a derivative by way of this array.

        Raises:
            LostDerivativeError: one that is open in another thread or context.
        """
        frame = self.recorder.frame()
        tapes = frame.tracking(self.node.tapes)
        return any(recording.asked and recording.number in tapes for recording in frame.recordings)

    def _released(self, conversion: str) -> Any:
        """The value for a conversion that its own method of this class makes, unless that would lose a derivative."""
        if self._is_asked():
            raise lost(self._loss(conversion), depth=2)
        return self.value

    def _loss(self, conversion: str, caller: FrameType | None = None) -> str:
        shown = "float(ad.to_numpy(x))" if self.ndim == 0 else "ad.to_numpy(x)"
        fitting = [] if caller is None else [*filter(None, (self._substitute(caller), _operand(caller)))]
        return (
            f"{conversion} would lose the derivative of a recorded array; use {shown} for what is only looked at, "
            f"f'{{x}}' to print it, and to go on computing {', or '.join(fitting) or self.instead}"
        )

    def _substitute(self, caller: FrameType) -> str:
        """The engine's own function for that of a library which ``caller`` runs; nothing if there is none."""
        return ""

    def __dlpack_device__(self) -> Any:
        return self.value.__dlpack_device__()

    def __setitem__(self, index: Any, value: Any) -> None:
        raise MutationError(
            "a recorded array cannot be written in place; build a new one with xp.where(mask, new, x), "
            "or with at(x, index).set(value)"
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


_OPERANDS = {
    "numpy.ma": "m.filled(0.0), or np.where(m.mask, …, m.data), for the masked array",
    "scipy.sparse": "A.toarray() for the sparse array",
    "pandas": "its to_numpy() for what is of pandas",
}
"""By the library that converts a recorded array that stands right of its own: what to write for that."""


def _operand(caller: FrameType) -> str:
    """The remedy for an array of the library that ``caller`` belongs to, if that is one in the table."""
    module = caller.f_globals.get("__name__", "") + "."
    return next((remedy for library, remedy in _OPERANDS.items() if module.startswith(library + ".")), "")


class RecordedVariable(RecordedArray):
    """A recorded array whose value `assign` replaces; each open tape reads it under a node of its own.

    Attributes:
        observer: what `prepare` traces with in this context, which has to know the variables that are read.
        array: the engine's class of recorded arrays.
    """

    __slots__ = ()
    observer: ClassVar[ContextVar[Any]]
    array: ClassVar[type[RecordedArray]]

    if TYPE_CHECKING:
        _value: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of its axes, which no assignment changes."""
        return self._value.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> Any:
        """The dtype of its elements, which no assignment changes."""
        return self._value.dtype

    @property
    def value(self) -> Any:
        """The value that it holds now."""
        observer = self.observer.get()
        return self._value if observer is None else observer.read(self, self._value)

    @value.setter
    def value(self, value: Any) -> None:
        observer = self.observer.get()
        if observer is not None:
            observer.escaped("assign() to a variable")
        self._hold(value)

    def _hold(self, value: Any) -> None:
        self._value = value

    def read(self) -> Any:
        """The recorded array that stands for it on the open tapes, or its plain value when none is open."""
        node = self.recorder.node_of(self)
        return self.value if node is None else self.array(self.value, node)  # type: ignore[call-arg]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self._is_asked():
            raise lost(self._loss("a conversion to a NumPy array", sys._getframe(1)), depth=1)
        return np.array(self.value, dtype=dtype)

    def _is_asked(self) -> bool:
        return any(recording.asked for recording in self.recorder.frame().recordings)  # each open tape reads it
