"""The recorded array: a `jax.Array` and the node that stands for it on the tapes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from autodiff_spec import DtypeError
from autodiff_spec.core.errors import named_type
from autodiff_spec.recording.array import RecordedArray, RecordedVariable
from autodiff_spec.recording.nodes import Node, Recorder, Recording

RECORDER = Recorder("autodiff_jax_open_tapes")

READING: ContextVar[Any] = ContextVar("autodiff_jax_reading", default=None)
"""What variables are, while `prepare` traces a function in this context."""
_abstract: Any = jax.ShapeDtypeStruct


class SpecRecording(Recording):
    """The recording of a tape of the flavour ``conventions="spec"``: operators of arrays obey its clauses."""

    __slots__ = ()


class Kind:
    """A shape, a dtype, whether JAX holds it weakly, and its explicit sharding, which is part of its type to JAX.

    There is one object for each, so that a kind is its own key.
    """

    __slots__ = ("dtype", "floating", "ones", "shape", "sharding", "weak")

    def __init__(self, shape: tuple[int, ...], dtype: Any, weak: bool, sharding: Any) -> None:
        self.shape = shape
        self.dtype = dtype
        self.weak = weak
        self.sharding = sharding
        self.floating = jnp.issubdtype(dtype, jnp.inexact)
        self.ones: Any = None

    def abstract(self) -> Any:
        """The abstract value that JAX traces in place of an array of this kind."""
        return _abstract(self.shape, self.dtype, weak_type=self.weak, sharding=self.sharding)

    def strong(self) -> Any:
        """The abstract value of a cotangent: this kind with a dtype that is not weak."""
        return _abstract(self.shape, self.dtype, sharding=self.sharding)

    def zeros(self) -> Any:
        """Zeros of this kind, as a cotangent."""
        return jax.lax.full(self.shape, 0, self.dtype, sharding=self.sharding)


_KINDS: dict[Any, Kind] = {}
"""Kinds by what they say, and by JAX's abstract values."""


def kind_of(value: Any) -> Kind:
    """The kind of a `jax.Array`, a tracer, or an abstract array."""
    aval = getattr(value, "aval", value)
    kind = _KINDS.get(aval)
    if kind is None:
        key = (value.shape, value.dtype, value.weak_type, _explicit(aval.sharding))
        kind = _KINDS[aval] = _KINDS.setdefault(key, Kind(*key))
    return kind


def _explicit(sharding: Any) -> Any:
    """The sharding of an array over axes of a mesh that are explicit; None of others."""
    mesh = getattr(sharding, "mesh", None)
    return sharding if mesh is not None and jax.sharding.AxisType.Explicit in mesh.axis_types else None


class Array(RecordedArray):
    """A JAX array that a tape tracks; what functions of the namespace, operators and methods do to it is recorded.

    Functions of ``jax.numpy`` refuse it, for they could only lose the derivative; use those of the namespace, or
    ``lift(f)``.

    Attributes:
        kind: its shape and dtype.
    """

    __slots__ = ("kind", "node", "value")
    __array_ufunc__ = None  # NumPy's operators hand over to ours
    recorder = RECORDER
    instead = "xp.stack for an array of its elements, xp.exp for math.exp, and be.lift(f) for a function of JAX's"

    def __init__(self, value: Any, node: Node | None, kind: Kind) -> None:
        self.value = value
        self.node = node
        self.kind = kind

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of its axes."""
        return self.kind.shape

    @property
    def dtype(self) -> Any:
        """The dtype of its elements."""
        return self.kind.dtype

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self.kind.shape)

    @property
    def size(self) -> int:
        """How many elements it has."""
        return math.prod(self.kind.shape)

    def to_device(self, device: Any, /, *, stream: Any = None) -> Array:
        """The array on another device, under the same node."""
        return Array(self.value.to_device(device, stream=stream), self.node, self.kind)


class Variable(RecordedVariable, Array):
    """A variable: an array whose value `assign` replaces; each open tape reads it under a node of its own.

    Functions of ``jax.numpy`` take its ``value``; while no tape is open, ``jax.numpy.asarray`` takes the variable too.
    """

    __slots__ = ("__weakref__", "_value")
    observer, array = READING, Array

    def __init__(self, value: Any) -> None:
        self._value = value
        self.node = None
        self.kind = kind_of(value)

    def read(self) -> Any:
        node = RECORDER.node_of(self)
        return self.value if node is None else Array(self.value, node, self.kind)

    @property
    def __jax_array__(self) -> Any:
        if RECORDER.frame().recordings:  # jax.numpy asks by hasattr(), and then refuses
            raise AttributeError("__jax_array__")
        return lambda: self.value

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        return Variable(self.value)

    def __reduce__(self) -> Any:
        return _unpickled, (np.asarray(self.value),)


def _unpickled(value: Any) -> Variable:
    return Variable(jnp.array(value))


def resolve(x: Any) -> Any:
    """A variable as the open tapes see it; anything else as it is."""
    return x.read() if type(x) is Variable else x


def plain(x: Any) -> Any:
    """The value of a recorded array or a variable; anything else as it is."""
    return x.value if isinstance(x, Array) else x


# --- constants --------------------------------------------------------------------------------------------------

SCALARS = frozenset((float, int, bool, complex))
_scalars: dict[tuple[Any, ...], tuple[Any, Kind]] = {}


def constant(x: Any) -> tuple[Any, Kind]:
    """A plain argument of a recorded operation, with its kind."""
    if type(x) in SCALARS:
        return scalar(x)
    if not isinstance(x, jax.Array):
        if not isinstance(x, (np.ndarray, np.generic)):
            raise TypeError(f"{named_type(x)} is no array; convert it with xp.asarray")
        x = jnp.array(x)  # a copy: a later write into the NumPy array must not change the recording
    return x, kind_of(x)


def scalar(x: Any) -> tuple[Any, Kind]:
    """A Python scalar as a weak array on the device; kept, because to make one takes longer than an operation."""
    wide = jax.config.jax_enable_x64  # type: ignore[attr-defined]  # may be switched at any time
    key = (type(x), x, wide) if x else (type(x), str(x), wide)  # 0.0 and -0.0 are equal
    found = _scalars.get(key)
    if found is None:
        if len(_scalars) > 256:
            _scalars.clear()
        with jax.ensure_compile_time_eval():  # inside a transform, a tracer would outlive it
            value = jnp.asarray(x)
        found = value, kind_of(value)
        if lasts(value):
            _scalars[key] = found
    return found


def lasts(value: Any) -> bool:
    """Whether a constant may be kept: it is no tracer, as in `jax.shard_map`, and lies on no mesh that is set now."""
    known = not isinstance(value, jax.core.Tracer)
    return known and isinstance(value.sharding, jax.sharding.SingleDeviceSharding)


def require_wide(dtype: Any, what: str) -> None:
    """Raise `DtypeError` where JAX would narrow a floating dtype silently, or has none such."""
    dtype = np.dtype(dtype)
    if dtype in (np.longdouble, np.clongdouble) and dtype not in (np.float64, np.complex128):
        raise DtypeError(f"{what} has dtype {dtype.name}, which JAX does not have; pass dtype= with a narrower one")
    if dtype.kind in "fc" and jax.dtypes.canonicalize_dtype(dtype) != dtype:
        raise DtypeError(
            f"{what} has dtype {dtype.name}, which JAX would narrow to {jax.dtypes.canonicalize_dtype(dtype).name}; "
            "set JAX_ENABLE_X64=1 in the environment before JAX is loaded, or pass dtype= with a narrower one"
        )


def lies_as(value: Any, like: Any) -> bool:
    """Whether a value lies where ``like`` does, as far as that has a place: what JAX may move (not committed) has none.

    Nor have the values of a function that JAX traces.
    """
    if isinstance(like, jax.core.Tracer) or isinstance(value, jax.core.Tracer) or not like.committed:
        return True
    same: bool = value.committed and value.sharding.is_equivalent_to(like.sharding, value.ndim)
    return same


def fresh(gradients: list[Any], cotangents: Sequence[Any]) -> list[Any]:
    """Gradients that are neither one of the cotangents nor each other.

    Arrays of JAX are immutable, but donating one (``jax.jit`` with ``donate_argnums``) deletes it for every holder.
    """
    seen = {id(plain(cotangent)) for cotangent in cotangents}
    results = []
    for gradient in gradients:
        if gradient is not None:
            if id(plain(gradient)) in seen:
                copied = jnp.array(plain(gradient), copy=True)
                gradient = Array(copied, gradient.node, gradient.kind) if type(gradient) is Array else copied
            seen.add(id(plain(gradient)))
        results.append(gradient)
    return results
