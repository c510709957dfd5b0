"""The NumPy engine behind the interface."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property
from importlib.util import find_spec
from operator import methodcaller
from typing import TYPE_CHECKING, Any

import numpy as np

import autodiff_numpy._beyond  # noqa: F401  (rules of NumPy's functions that are made of it)
from autodiff_numpy._array import Array, Variable, copied, foreign, lazy, plain
from autodiff_numpy._dask import computed, explained, placed
from autodiff_numpy._forward import jvp, linearize
from autodiff_numpy._tables import RECORDER, TRACKED
from autodiff_numpy._tape import ONES, TRAITS, NumpyTape
from autodiff_numpy._views import own_handle
from autodiff_spec import Backend, Capability, NotDifferentiableError, Tape
from autodiff_spec.core.lost import EXPLANATIONS
from autodiff_spec.recording.calls import record_checkpoint, run_rule

if TYPE_CHECKING:
    from pathlib import Path

EXPLANATIONS.append(explained)


class NumpyBackend(Backend):
    """The reference engine; its derivatives obey every clause, so both conventions are the same."""

    name = "numpy"
    version = np.__version__
    array_types = (Array, np.ndarray, np.generic)
    capabilities = frozenset(
        {
            Capability.TAPE,
            Capability.HIGHER_ORDER,
            Capability.CONTROL_FLOW,
            Capability.NATIVE_CALLS,
            Capability.INTERLEAVED_CONTEXTS,
            Capability.CUSTOM_RULES,
            Capability.CHECKPOINT,
            Capability.COMPLEX,
            Capability.MUTABLE_OUT,
            Capability.IN_PLACE,
            Capability.SPEC_OPERATORS,
        }
    )

    def __init__(self, conventions: str = "native") -> None:
        super().__init__()
        self.conventions = conventions
        if find_spec("dask"):  # arrays in parts are Dask's
            self.capabilities = self.capabilities | {Capability.DISTRIBUTED}

    @cached_property
    def deviations(self) -> Path:  # type: ignore[override]
        from pathlib import Path  # which a program may never need, and takes a tenth as long as all the rules

        return Path(__file__).parent / "deviations.toml"

    @cached_property
    def xp(self) -> Any:
        from autodiff_numpy import xp

        return xp

    @cached_property
    def extra(self) -> Any:
        from autodiff_numpy import extra

        return extra

    def is_array(self, x: Any) -> bool:
        """Whether ``x`` is an array that this engine can hold: NumPy's, or one that speaks NumPy's protocols."""
        return type(x) is np.ndarray or isinstance(x, self.array_types) or foreign(x)

    def is_floating(self, x: Any) -> bool:
        value = x.value if isinstance(x, Array) else x
        return (isinstance(value, (np.ndarray, np.generic)) or foreign(value)) and value.dtype.kind in "fc"

    def is_variable(self, x: Any) -> bool:
        return type(x) is Variable

    def _vjp(self, f: Any, primals: list[Any], *, once: bool) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
        outputs, pullback = super()._vjp(f, primals, once=once)
        if once:  # the pullback was called before anybody can write into the outputs
            return [unwrapped(output) for output in outputs], pullback
        return [own_handle(_fresh(output)) for output in outputs], pullback  # whoever writes into one writes not ours

    def _jvp(self, f: Any, primals: list[Any], tangents: list[Any]) -> tuple[list[Any], list[Any]]:
        outputs, slopes = jvp(f, primals, tangents)
        return [unwrapped(output) for output in outputs], slopes

    def _linearize(self, f: Any, primals: list[Any]) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
        outputs, push = linearize(f, primals)
        return [_fresh(output) for output in outputs], push

    def _forward_is_native(self) -> bool:
        return True

    def _vmap(self, f: Any, arrays: list[Any], axes: list[int]) -> list[Any]:
        stacked = super()._vmap(f, arrays, axes)
        for array, axis in zip(arrays, axes, strict=True):
            if hasattr(plain(array), "chunks"):  # the slices were made one by one, and are a chunk each
                batch = {0: plain(array).chunks[axis]}
                return [TRACKED.moved(output, methodcaller("rechunk", batch)) for output in stacked]
        return stacked

    def _prepare(self, f: Any, arrays: list[Any]) -> Callable[[list[Any], list[Any] | None], tuple[list[Any], Any]]:
        from autodiff_numpy.prepare.replay import Replayed

        return Replayed(f, arrays)

    def _custom_vjp(self, call: Any, arrays: list[Any]) -> list[Any]:
        return run_rule(self, TRAITS, call, arrays)

    def _checkpoint(self, f: Any, arrays: list[Any]) -> list[Any]:
        return record_checkpoint(self, TRAITS, f, arrays)

    def _distribution(self) -> Any:
        from autodiff_numpy import _distribution

        return _distribution

    def _stop_gradient(self, array: Any) -> Any:
        return copied(plain(array))

    def _to_numpy(self, array: Any) -> Any:
        value = plain(array)
        return computed(value) if lazy(value) else np.array(value)

    def _asarray(self, value: Any, dtype: Any) -> Any:
        if isinstance(value, Array):
            return self.xp.asarray(value, dtype=dtype, copy=True)
        if foreign(value):
            return copied(value) if dtype is None else value.astype(dtype)
        return np.array(value, dtype=dtype)

    def _handed(self, sources: list[Any]) -> list[Any]:
        return [Array(source.value, source.node) for source in sources]  # handles of the function's own

    def _of_number(self, array: Any) -> Any:
        return array[()]  # NumPy's scalars are as immutable as Python's numbers: `y = x; y += 1` leaves x alone

    def _ones_like(self, array: Any) -> Any:
        value = array.value if isinstance(array, Array) else array
        one = ONES.get(type(value))
        if one is not None:
            return one
        if value.ndim or (foreign(value) and not hasattr(value, "chunks")):
            return np.ones_like(value)
        return value.dtype.type(1)  # of Dask too: what it is multiplied by need not wait for it

    def _kind(self, dtype: Any) -> str:
        return {"f": "real", "c": "complex"}.get(np.dtype(dtype).kind, "other")

    def _placed(self, array: Any, device: Any) -> Any:
        own = plain(array).device
        if device != own:
            raise self._no_device(device, f"the array is on {own!r}")
        return array

    def _variable(self, array: Any) -> Any:
        return Variable(copied(plain(array)))

    def _assign(self, variable: Any, array: Any) -> None:
        value, before = plain(array), variable.value
        if lazy(before):
            value = placed(value, before)
        elif lazy(value):
            value = computed(value)  # a variable that became lazy would keep the graph of every step
        variable.value = copied(value).astype(variable.dtype, copy=False)

    def _tape(self, persistent: bool) -> Tape:
        return NumpyTape(self, persistent=persistent)

    def _pause(self) -> AbstractContextManager[Any]:
        return RECORDER.without()

    def _write(self, destination: Any, gradient: Any) -> None:
        np.copyto(destination, gradient)


def unwrapped(output: Any) -> Any:
    """A result of the functional form: recorded only if an outer tape tracks it, else a plain array."""
    if type(output) is Variable:
        return output
    if type(output) is Array:
        if output.value.dtype.kind == "O":
            raise NotDifferentiableError(
                "the function returned an array of objects, which have no derivative; return y.astype(float)"
            )
        if RECORDER.frame().tracking(output.node.tapes):
            return output
        output = output.value
    return np.asarray(output) if isinstance(output, np.generic) and not foreign(output) else output


def _fresh(output: Any) -> Any:
    """An unwrapped result that shares no memory with a residual."""
    settled = unwrapped(output)
    return settled.copy() if type(output) is Array and type(settled) is np.ndarray else settled
