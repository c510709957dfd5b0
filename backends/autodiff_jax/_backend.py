"""The JAX adapter behind the interface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np
from jax import numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec

from autodiff_jax._array import RECORDER, Array, Variable, kind_of, lies_as, plain, require_wide
from autodiff_jax._custom import RuleInForwardMode, apply_checkpoint, apply_rule, forward_mode
from autodiff_jax._functional import native_jvp, native_linearize, native_vjp, natively, refuse_pause
from autodiff_jax._lift import lift
from autodiff_jax._prepare import Compiled
from autodiff_jax._tape import JaxTape
from autodiff_spec import (
    AutodiffError,
    Backend,
    Capability,
    DeviceError,
    LostDerivativeError,
    MutationError,
    Tape,
    UnsupportedError,
)
from autodiff_spec.core.engine import Kind
from autodiff_spec.core.frameworks import is_of_keras
from autodiff_spec.core.lost import EXPLANATIONS

R = TypeVar("R")
with jax.ensure_compile_time_eval():  # the first array that asks for this backend may be a tracer
    ArrayImpl = type(jnp.zeros(()))


class JaxBackend(Backend):
    """JAX: functional operators are its own transforms on its own arrays, tapes are ours."""

    name = "jax"
    version = jax.__version__
    array_types = (Array, jax.Array)
    capabilities = frozenset(
        {
            Capability.TAPE,
            Capability.HIGHER_ORDER,
            Capability.HOST,
            Capability.DISTRIBUTED,
            Capability.CONTROL_FLOW,
            Capability.TAPE_IN_TRANSFORM,
            Capability.INTERLEAVED_CONTEXTS,
            Capability.CUSTOM_RULES,
            Capability.CHECKPOINT,
            Capability.COMPLEX,
            Capability.BFLOAT16,
        }
    )
    deviations = Path(__file__).parent / "deviations.toml"
    compiles_shapes = True

    def __init__(self, conventions: str = "native") -> None:
        super().__init__()
        self.conventions = conventions
        if conventions == "spec":
            self.capabilities = self.capabilities | {Capability.SPEC_OPERATORS}

    @cached_property
    def xp(self) -> Any:
        if self.conventions == "spec":
            from autodiff_jax import mended

            return mended.xp
        from autodiff_jax import xp

        return xp

    @cached_property
    def extra(self) -> Any:
        if self.conventions == "spec":
            from autodiff_jax import mended

            return mended.extra
        from autodiff_jax import extra

        return extra

    def lift(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """A function of plain JAX arrays, made usable on recorded ones; see `autodiff_jax._lift.lift`."""
        return lift(f)

    def is_array(self, x: Any) -> bool:
        """Whether ``x`` is an array of JAX; `MutationError` for one that was deleted."""
        if type(x) is ArrayImpl and x.is_deleted():
            raise _deleted(f"an array of shape {x.shape}")
        return isinstance(x, self.array_types)

    def is_variable(self, x: Any) -> bool:
        """Whether ``x`` is a variable, or one of Keras."""
        return type(x) is Variable or (is_of_keras(x) and self.is_array(x.value))

    # --- hooks of the contract ----------------------------------------------------------------------------------

    def _vjp(self, f: Any, primals: list[Any], *, once: bool) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
        def recorded() -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
            outputs, pullback = super(JaxBackend, self)._vjp(f, primals, once=once)
            return [unwrapped(output) for output in outputs], pullback

        if not self._forward_is_native():
            return recorded()
        return natively(lambda: native_vjp(f, [plain(primal) for primal in primals]), recorded)

    def _jvp(self, f: Any, primals: list[Any], tangents: list[Any]) -> tuple[list[Any], list[Any]]:
        def native() -> tuple[list[Any], list[Any]]:
            with forward_mode():
                return native_jvp(f, [plain(primal) for primal in primals], [plain(t) for t in tangents])

        return self._forward(native, lambda: super(JaxBackend, self)._jvp(f, primals, tangents))

    def _linearize(self, f: Any, primals: list[Any]) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
        def native() -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
            with forward_mode():
                return native_linearize(f, [plain(primal) for primal in primals])

        return self._forward(native, lambda: super(JaxBackend, self)._linearize(f, primals))

    def _forward(self, native: Callable[[], R], derived: Callable[[], R]) -> R:
        if self._forward_is_native():
            with suppress(RuleInForwardMode):  # it has a custom_vjp(), whose rule is transposed
                return natively(native, derived)
        return derived()

    def _forward_is_native(self) -> bool:
        """Not while a tape is open, which differentiates what ``f`` closes over too; nor in the spec flavour.

        That mends the operators of recorded arrays; those of JAX's tracers nobody can.
        """
        return self.conventions == "native" and not RECORDER.frame().recordings

    def _vmap(self, f: Any, arrays: list[Any], axes: list[int]) -> list[Any]:
        def plainly(*slices: Any) -> list[Any]:
            return [plain(output) for output in f(*slices)]

        if not RECORDER.frame().recordings and arrays[0].shape[axes[0]]:
            try:
                found: list[Any] = jax.vmap(plainly, in_axes=tuple(axes))(*map(plain, arrays))
                return found
            except (jax.errors.JAXTypeError, jax.errors.JAXIndexError, UnsupportedError):
                pass  # it looks at its values (`if`, `float`), which differ from slice to slice: one after the other
        return super()._vmap(f, arrays, axes)

    def _prepare(self, f: Any, arrays: list[Any]) -> Callable[[list[Any], list[Any] | None], tuple[list[Any], Any]]:
        return Compiled(f, arrays)

    def _custom_vjp(self, call: Any, arrays: list[Any]) -> list[Any]:
        return apply_rule(self, call, arrays)

    def _checkpoint(self, f: Any, arrays: list[Any]) -> list[Any]:
        return apply_checkpoint(self, f, arrays)

    def _host(self) -> Any:
        from autodiff_jax import _host

        return _host

    def _distribution(self) -> Any:
        from autodiff_jax import _distribution

        return _distribution

    def _defers(self, arrays: Sequence[Any]) -> bool:
        return any(isinstance(jax.lax.stop_gradient(plain(array)), jax.core.Tracer) for array in arrays)

    def _outside(self, function: Any, arrays: list[Any], kinds: list[Kind] | None) -> list[Any]:
        if not self._defers(arrays):
            return super()._outside(function, arrays, kinds)
        for kind in kinds or ():
            require_wide(kind.dtype, "a result")
        values = [jax.lax.stop_gradient(plain(array)) for array in arrays]
        results: list[Any] = [jax.ShapeDtypeStruct(*kind) for kind in kinds or ()]  # type: ignore[no-untyped-call]

        def of_arrays(*given: Any) -> list[Any]:
            return function(*map(np.asarray, given))  # type: ignore[no-any-return]

        found: list[Any] = jax.pure_callback(of_arrays, results, *values, vmap_method="sequential")
        return found

    def _stop_gradient(self, array: Any) -> Any:
        return jax.lax.stop_gradient(plain(array))

    def _to_numpy(self, array: Any) -> Any:
        value = jax.lax.stop_gradient(plain(array))
        if type(value) is ArrayImpl and not (value.is_fully_addressable or value.is_fully_replicated):
            raise DeviceError(
                f"an array of shape {value.shape} has parts in other processes; gather it in all of them, "
                "jax.experimental.multihost_utils.process_allgather(x, tiled=True), or take this process's parts, "
                "x.addressable_shards"
            )
        return np.array(value)

    def _asarray(self, value: Any, dtype: Any) -> Any:
        if isinstance(value, (Array, jax.Array)):
            return self.xp.asarray(value, dtype=dtype, copy=True)
        if dtype is None and not isinstance(value, (np.ndarray, np.generic)):
            kind = np.asarray(value).dtype.kind  # of Python numbers: JAX's default, which is not weak here
            dtype = {"f": jnp.result_type(float), "c": jnp.result_type(complex)}.get(kind)
        elif dtype is None:
            require_wide(value.dtype, "the value")
        else:
            require_wide(dtype, "dtype=")
            value = np.asarray(value, dtype=dtype)  # NumPy also casts from what JAX does not know
        integers = dtype is None and not isinstance(value, np.ndarray)  # Python's: JAX refuses those that overflow
        if integers or not jax.sharding.get_abstract_mesh().empty:  # on whose devices JAX lays it
            return jnp.array(value, dtype=dtype)
        # NumPy copies: JAX would compile that for every shape and dtype, and also what comes without dtype=
        copied = np.array(value, dtype=dtype)
        return jnp.asarray(copied, dtype=jax.dtypes.canonicalize_dtype(copied.dtype))

    def _units(self, like: Any) -> Any:
        units, explicit = super()._units(like), kind_of(plain(like)).sharding
        if explicit is None:
            return units
        mesh = explicit.mesh if self._defers([like]) else plain(like).sharding.mesh
        laid = NamedSharding(mesh, PartitionSpec(None, *explicit.spec))  # type: ignore[no-untyped-call]
        return jax.sharding.reshard(units, laid)  # type: ignore[no-untyped-call]

    def _explained(self, error: Exception) -> Exception | None:
        if isinstance(error, RuntimeError) and "has been deleted" in str(error):
            return _deleted("an array that the function closes over")
        return None

    def _placed(self, array: Any, device: Any) -> Any:
        return super()._placed(plain(array), device)

    def _variable(self, array: Any) -> Any:
        return Variable(_strong(array))

    def _assign(self, variable: Any, array: Any) -> None:
        if is_of_keras(variable):
            variable.assign(plain(array))
        else:
            value, before = _kept(_strong(array)), variable.value
            variable.value = value if lies_as(value, before) else jax.device_put(value, before.sharding)

    def _tape(self, persistent: bool) -> Tape:
        return JaxTape(self, persistent=persistent)

    def _pause(self) -> AbstractContextManager[Any]:
        refuse_pause()
        return RECORDER.without()


def _deleted(array: str) -> MutationError:
    return MutationError(
        f"{array} was deleted: it was donated to a compiled function (donate_argnums); pass a copy, or what the "
        "function returned in its place"
    )


def _explained(error: Exception) -> AutodiffError | None:
    """The error of ours for one of JAX's: an array was deleted, lies elsewhere, or is a recorded one."""
    if isinstance(error, RuntimeError) and "Array has been deleted" in str(error):
        return _deleted("an array that the function closes over")
    if isinstance(error, TypeError) and f"'{Array.__module__}." in str(error):
        return LostDerivativeError(
            "JAX was given a recorded array, which it cannot differentiate; make the function be.lift(f), one of "
            "jax.shard_map, jax.jit or jax.vmap too: be.lift(jax.shard_map(f, ...))"
        )
    if isinstance(error, ValueError) and "incompatible devices" in str(error):
        said = " ".join(str(error).split())[:200]
        return DeviceError(f"arrays meet of different devices: {said}; jax.device_put(x, y.sharding) lays x as y")
    if type(error).__name__ == "ShardingTypeError":  # which JAX does not export
        return UnsupportedError(
            f"JAX does not do this along an explicit axis that is cut: {' '.join(str(error).split())[:200]}; "
            "be.lift(lambda x: jax.sharding.reshard(x, P()))(x) lays x whole on each device, and in a lifted function "
            "of JAX's own out_sharding= says where a result lies"
        )
    if isinstance(error, ValueError) and any(said in str(error) for said in _OF_SHARD_MAP):
        return UnsupportedError(
            "a derivative that is recorded inside jax.shard_map does not say how its values vary over the mesh, as JAX "
            "asks of it; map first, and differentiate be.lift(jax.shard_map(f, ...)), or pass check_vma=False and "
            "compile: jax.jit(jax.shard_map(be.grad(f), ..., check_vma=False))"
        )
    return None


_OF_SHARD_MAP = ("requires varying manual axes", "pvary is a", "shard_map applied to the function 'apply'")
"""In errors of what runs inside `jax.shard_map` itself, not in those of its arguments."""


EXPLANATIONS.append(_explained)


def _strong(array: Any) -> Any:
    """The value of an array, its dtype not weak: a variable keeps its dtype, also in promotions."""
    value = plain(array)
    return jax.lax.convert_element_type(value, value.dtype) if value.weak_type else value


def _kept(value: Any) -> Any:
    """A value without a derivative, and without the transform of JAX's that it is computed in, which it outlives.

    What is being compiled has no value yet, and stays what it is.
    """
    if not isinstance(value, jax.core.Tracer):
        return value
    detached = jax.lax.stop_gradient(value)
    try:
        return jax.numpy.asarray(np.asarray(detached))
    except jax.errors.TracerArrayConversionError:
        return detached


def unwrapped(output: Any) -> Any:
    """A result of the functional form: recorded only if an outer tape tracks it, else a plain array."""
    if type(output) is Array and not RECORDER.frame().tracking(output.node.tapes):
        return output.value
    return output
