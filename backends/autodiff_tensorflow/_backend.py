"""The backend: TensorFlow's own arrays, variables and gradients behind the contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from autodiff_spec import Backend, Capability, UnsupportedError
from autodiff_spec.core.engine import Array, FlatFunction, Kind
from autodiff_spec.core.frameworks import array_of, is_of_keras
from autodiff_tensorflow import extra, mended, xp
from autodiff_tensorflow._custom import apply_rule
from autodiff_tensorflow._prepare import Compiled
from autodiff_tensorflow._replicas import aggregation, require_reduction
from autodiff_tensorflow._tape import ONES, TensorFlowTape, pause
from autodiff_tensorflow._vmap import MANY, batched, refuse_batches


class TensorFlowBackend(Backend):
    """TensorFlow, eager and inside `tf.function`.

    A variable is a trainable `tf.Variable`; the user's own are as good. Tensors are immutable, so nothing recorded can
    be changed in place, and an assignment leaves what was read before as it was.
    """

    name = "tensorflow"
    version = tf.__version__
    xp: Any = xp
    extra: Any = extra
    array_types = (tf.Tensor, tf.Variable)
    # Not INTERLEAVED_CONTEXTS: the scope of a tf.GradientTape is the thread. Not CHECKPOINT: tf.recompute_grad loses
    # what is recorded in the closure of its function, silently. Not MUTABLE_OUT, MUTATION_CHECK: there are no mutable
    # tensors. Not SPEC_OPERATORS: operators are TensorFlow's.
    capabilities = frozenset(
        {
            Capability.TAPE,
            Capability.HIGHER_ORDER,
            Capability.HOST,
            Capability.CONTROL_FLOW,
            Capability.NATIVE_CALLS,
            Capability.TAPE_IN_TRANSFORM,
            Capability.CUSTOM_RULES,
            Capability.COMPLEX,
            Capability.BFLOAT16,
        }
    )
    deviations = Path(__file__).with_name("deviations.toml")

    def __init__(self, conventions: str = "native") -> None:
        super().__init__()
        self.conventions = conventions
        if conventions == "spec":
            self.xp, self.extra = mended.xp, mended.extra

    def is_variable(self, x: Any) -> bool:
        """Whether ``x`` is a `tf.Variable`, or one of Keras."""
        return isinstance(x, tf.Variable) or (is_of_keras(x) and self.is_array(x.value))

    def _vjp(
        self, f: FlatFunction, primals: list[Array], *, once: bool
    ) -> tuple[list[Array], Callable[[list[Array | None]], list[Array | None]]]:
        tape = TensorFlowTape(self, persistent=not once, functional=True)
        with tape:
            sources = tape._watch_all(primals)
            outputs = f(*sources)

        def pullback(cotangents: list[Array | None]) -> list[Array | None]:
            return tape._pullback_of(outputs, sources, cotangents, strict=False)

        return outputs, pullback

    def _vmap(self, f: FlatFunction, arrays: list[Array], axes: list[int]) -> list[Array]:
        size = arrays[0].shape[axes[0]]
        if size is None or size >= MANY:
            with suppress(Exception):  # what is wrong with f itself raises again in the loop
                return batched(f, arrays, axes)
        return super()._vmap(f, arrays, axes)

    def _prepare(
        self, f: Any, arrays: list[Array]
    ) -> Callable[[list[Array], list[Any] | None], tuple[list[Any], Any]]:
        return Compiled(f, arrays)

    def _custom_vjp(self, call: Any, arrays: list[Array]) -> list[Array]:
        refuse_batches("custom_vjp()")
        return apply_rule(self, call, arrays)

    def _host(self) -> Any:
        from autodiff_tensorflow import _host

        return _host

    def _defers(self, arrays: Sequence[Array]) -> bool:
        return not tf.executing_eagerly()

    def _outside(
        self, function: Callable[..., list[Any]], arrays: list[Array], kinds: list[Kind] | None
    ) -> list[Array]:
        if tf.executing_eagerly():
            return super()._outside(function, arrays, kinds)
        dtypes = [tf.as_dtype(kind.dtype) for kind in kinds or ()]
        found: list[Array] = tf.numpy_function(function, arrays, dtypes, stateful=False)
        return [tf.ensure_shape(one, kind.shape) for one, kind in zip(found, kinds or (), strict=True)]

    def _stop_gradient(self, array: Array) -> Array:
        return tf.stop_gradient(array)

    def _to_numpy(self, array: Array) -> Any:
        try:
            found = array.numpy()  # a copy; of a 0-d tensor a NumPy scalar
        except (AttributeError, NotImplementedError) as error:
            raise UnsupportedError(
                "a tensor has no values while a tf.function is traced; call to_numpy() and check_grad() outside of it"
            ) from error
        except tf.errors.UnimplementedError as error:
            raise UnsupportedError(
                "a DTensor in parts is no single array; take its parts, tf.experimental.dtensor.unpack(x)"
            ) from error
        return found if isinstance(found, np.ndarray) else np.array(found)

    def _asarray(self, value: Any, dtype: Any) -> Array:
        if not self.is_array(value):
            return super()._asarray(value, dtype)
        with tf.device(value.device):  # a copy where it was, not where TensorFlow likes
            return super()._asarray(value, dtype)

    def _ones_like(self, array: Array) -> Any:
        return ONES

    def _placed(self, array: Array, device: Any) -> Array:
        found = super()._placed(array, device)
        if not _is_on(device, found.device):
            raise self._no_device(device, f"TensorFlow would take {found.device} in its place")
        return found

    def _variable(self, array: Array) -> Array:
        refuse_batches("variable()")
        with tf.device(array.device):
            return tf.Variable(array, aggregation=aggregation())

    def _assign(self, variable: Array, array: Array) -> None:
        refuse_batches("assign()")
        require_reduction(array_of(variable))
        if is_of_keras(variable):
            variable.assign(array)
        else:
            variable.assign(array, read_value=False)

    def _tape(self, persistent: bool) -> TensorFlowTape:
        return TensorFlowTape(self, persistent=persistent)

    def _pause(self) -> AbstractContextManager[None]:
        return pause()


def _is_on(device: str, place: str) -> bool:
    """Whether the full name of a device is what ``device``, of which parts may be left out, asks for."""
    asked, found = map(tf.DeviceSpec.from_string, (device, place))
    return all(
        getattr(asked, part) in (None, getattr(found, part))
        for part in ("job", "replica", "task", "device_type", "device_index")
    )
