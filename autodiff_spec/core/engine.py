"""The engine's side of the contract: what the operators ask of an engine, and what it has without doing anything.

`Engine` has predicates and conversions, which all operators use, and hooks, whose names begin with an underscore: an
engine implements them on single arrays that are already checked. One without tapes needs ``name``, ``version``, ``xp``,
``array_types``, ``_vjp``, ``_stop_gradient`` and ``_to_numpy``. `autodiff_spec.Backend` adds the public face.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, TypeAlias

import numpy as np

from autodiff_spec.core import trees
from autodiff_spec.core.capability import Capability
from autodiff_spec.core.errors import DeviceError, DtypeError, ShapeMismatchError, UnsupportedError, missing_hook
from autodiff_spec.core.frameworks import require_own

if TYPE_CHECKING:
    from pathlib import Path

Array: TypeAlias = Any
"""An array of the backend's framework, plain or recorded; frameworks share no base class to name here."""

FlatFunction: TypeAlias = Callable[..., list[Array]]
"""A function of arrays that returns a list of arrays: a user's function with its trees taken apart."""

TreeFunction: TypeAlias = Callable[..., tuple[list[Any], trees.Structure]]
"""A function of arrays that returns the leaves of its result, and the result's structure."""

LinearMap: TypeAlias = Callable[[list[Array | None]], list[Array | None]]
"""A pullback or a pushforward: ``None`` stands for zero, and for no dependence."""


class Kind(NamedTuple):
    """The shape and the NumPy dtype of an array that is not there yet; a dimension of ``None`` is not known."""

    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, like: Any, what: str = "an array") -> Kind:
        """The kind of an array of any framework, or of anything with a ``shape`` and a ``dtype``."""
        if not (hasattr(like, "shape") and hasattr(like, "dtype")):
            raise TypeError(f"{what} holds a {type(like).__name__}, without a shape and a dtype; give an array like it")
        name = getattr(like.dtype, "name", None) or str(like.dtype).rpartition(".")[2]  # torch.float64 has no name
        return cls(tuple(like.shape), np.dtype(name))

    def require(self, value: Any, what: str) -> None:
        """Raise unless a NumPy array is of this kind."""
        fits = [known in (None, size) for known, size in zip(self.shape, value.shape, strict=False)]
        if len(self.shape) != value.ndim or not all(fits):
            raise ShapeMismatchError(f"{what} has shape {value.shape}, and {self.shape} was declared; correct either")
        if value.dtype != self.dtype:
            raise DtypeError(f"{what} has dtype {value.dtype}, and {self.dtype} was declared; cast it in the function")


class CustomCall(Protocol):
    """One call of a function with a derivative of its own, as an engine sees it."""

    def value(self, *arrays: Array) -> list[Array]:
        """The arrays that the function returns."""

    def forward(self, *arrays: Array) -> tuple[list[Array], Any]:
        """The arrays that ``fwd`` returns, and its residuals."""

    def backward(self, residuals: Any, cotangents: list[Array | None]) -> list[Array | None]:
        """The arguments' cotangents, by ``bwd``."""

    def depends_on_more(self) -> Exception:
        """The error to raise where results for values are recorded: a closure that the rule passes over."""


class Host(Protocol):
    """The framework's own transforms, as the clauses of chapter HOST meet them; a module will do.

    Attributes:
        TRANSFORMS: kind (``"reverse"``, ``"second"``, ``"forward"``, ``"batched"``, ``"compiled"``, ``"recomputed"``)
            -> name -> transform: ``transform(f, a, c)`` differentiates or runs ``f(c, a)``, a function of two arrays of
            one axis, and gives a tree of arrays. ``c`` is what an operator inside ``f`` closes over.
    """

    TRANSFORMS: Mapping[str, Mapping[str, Callable[[Callable[[Array, Array], Array], Array, Array], Any]]]

    def gradient(self, f: Callable[[Array], Array]) -> Callable[[Array], Array]:
        """The framework's own gradient of ``f``, as a function that can be differentiated."""


class Distribution(Protocol):
    """How the framework spreads arrays over devices or processes, as chapter DIST meets it; a module will do.

    Attributes:
        OWN: name -> function of the framework's own that leaves the values of an array what they are, and may place it
            elsewhere; of a recorded one it is differentiated, or refused.
        UNKNOWN: name -> function that makes of an array one whose parts the framework cannot tell.
        GONE: name -> function that makes of an array one whose parts cannot be had any more.
    """

    OWN: Mapping[str, Callable[[Array], Array]]
    UNKNOWN: Mapping[str, Callable[[Array], Array]]
    GONE: Mapping[str, Callable[[Array], Array]]

    def spread(self, array: Array, axis: int = 0) -> Array:
        """The array, cut along an axis of even length into a part for each device or process that there is.

        Skips the running test where there is only one.
        """

    def whole(self, array: Array) -> Array:
        """The array, in one part that may meet a spread array's."""

    def ones(self, size: int) -> Array:
        """An array of one axis and of ones, spread like another, that was never whole anywhere."""

    def placement(self, array: Array) -> object:
        """Where the parts of an array lie, plain or recorded: equal for two arrays of one shape that lie the same."""

    def held(self, array: Array) -> int:
        """The largest number of bytes that a device, or this process, holds for an array."""

    def untouched(self) -> AbstractContextManager[None]:
        """A context in which it is an error to compute a lazy array or to gather a spread one, as far as it shows."""


class Unprepared:
    """A function of arrays that runs unprepared: the default of `Engine._prepare`."""

    def __init__(self, f: TreeFunction) -> None:
        self._f = f

    def __repr__(self) -> str:
        return "runs as it is"

    def __call__(self, arrays: list[Any], out: list[Any] | None) -> tuple[list[Any], trees.Structure]:
        """The leaves of the result, and its structure."""
        return self._f(*arrays)


class Engine:
    """The engine's side of a backend: predicates and hooks; `autodiff_spec.Backend` describes the attributes."""

    name: ClassVar[str]
    version: str
    xp: Any
    extra: Any = None
    array_types: tuple[type, ...]
    capabilities: frozenset[Capability] = frozenset()
    conventions: str = "native"
    deviations: Path | None = None
    compiles_shapes: ClassVar[bool] = False
    lacks: ClassVar[Mapping[str, str]] = MappingProxyType({})
    _backend_of: ClassVar[Callable[..., Engine]]
    """`autodiff_spec.backend_of`, by which a function finds the backend of its arguments; set by discovery above."""

    def __init__(self) -> None:
        self._kinds: dict[Any, str] = {}

    def __repr__(self) -> str:
        flavour = "" if self.conventions == "native" else f", conventions={self.conventions!r}"
        return f"<{type(self).__name__} {self.name!r} {self.version}{flavour}>"

    # --- arrays -----------------------------------------------------------------------------------------------

    def asarray(self, value: Any, *, dtype: Any = None) -> Array:
        """An array of this backend that holds a copy of ``value``.

        Args:
            value: a Python number, nested lists of them, a NumPy array, or an array of this backend.
            dtype: a dtype of the namespace; by default the value's own, for Python floats the namespace's.

        Raises:
            DtypeError: the framework would narrow the value's dtype silently.
            BackendMismatchError: the value is an array of another framework, or a list that holds one.

        Examples:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> be.asarray([1.0, 2.0], dtype=be.xp.float32)
            array([1., 2.], dtype=float32)
        """
        self._require_own(value, "the value of asarray()")
        return self._asarray(value, dtype)

    def to_numpy(self, x: Any) -> Any:
        """A detached NumPy copy of ``x``, an array or a tree of arrays (0-d stays a 0-d array).

        Args:
            x: an array, or a tree of arrays; leaves that are no arrays go through `numpy.array`.

        Raises:
            BackendMismatchError: an array of another framework is among them.

        Examples:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> be.to_numpy({"w": be.variable([1.0, 2.0])})
            {'w': array([1., 2.])}
        """

        def values(leaf: Any) -> Any:
            self._require_own(leaf, "x of to_numpy()")
            return self._to_numpy(leaf) if self.is_array(leaf) else np.array(leaf)

        return trees.map_leaves(values, x)

    def stop_gradient(self, x: Any) -> Any:
        """Return ``x`` without a derivative, in every mode and order; works on trees.

        Args:
            x: an array, or a tree of arrays; leaves that are no arrays are returned as they are.

        Returns:
            The tree, its arrays equal in value and constant for every derivative; none is a mutable alias.

        Raises:
            BackendMismatchError: an array of another framework is among them.

        Examples:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> float(be.grad(lambda x: be.stop_gradient(x * x) * x)(be.xp.asarray(3.0)))
            9.0
        """

        def detached(leaf: Any) -> Any:
            self._require_own(leaf, "x of stop_gradient()")
            return self._stop_gradient(leaf) if self.is_array(leaf) else leaf

        return trees.map_leaves(detached, x)

    def is_array(self, x: Any) -> bool:
        """Whether ``x`` is an array of this backend: plain, recorded, or a variable."""
        return isinstance(x, self.array_types)

    def is_floating(self, x: Any) -> bool:
        """Whether ``x`` is an array of this backend that has a derivative: real or complex."""
        return self.is_array(x) and self.kind(x.dtype) != "other"

    def is_variable(self, x: Any) -> bool:
        """Whether ``x`` is a variable that ``assign`` accepts."""
        return False

    def kind(self, dtype: Any) -> str:
        """``"real"`` or ``"complex"`` for a floating dtype, ``"other"`` for the rest (int, bool)."""
        try:
            return self._kinds[dtype]
        except KeyError:
            kind = self._kinds[dtype] = self._kind(dtype)
            return kind

    def _require_own(self, value: Any, what: object) -> None:
        """Raise `BackendMismatchError` where ``value``, or a part of a list, is an array of another framework."""
        if not self.is_array(value):
            require_own(self.name, value, what)

    def require(self, capability: Capability, what: str) -> None:
        """Raise `UnsupportedError` unless ``capability`` is declared."""
        if capability not in self.capabilities:
            raise UnsupportedError(
                f"{what} needs the capability {capability.name}, which the backend {self.name!r} does not declare; "
                "use a backend that does"
            )

    # --- the hook that every engine implements, or has from its tape ------------------------------------------------

    def _vjp(self, f: FlatFunction, primals: list[Array], *, once: bool) -> tuple[list[Array], LinearMap]:
        """``f(*primals)`` and the map from its cotangents to the primals' (``None``: no dependence).

        ``once`` promises that the pullback is called at most once, so that residuals may be freed on the way.
        """
        raise missing_hook(self, "_vjp")

    # --- hooks that follow from the pullback; an engine overrides what its framework does better ------------------

    def _jvp(
        self, f: FlatFunction, primals: list[Array], tangents: list[Array]
    ) -> tuple[list[Array], list[Array | None]]:
        """``f(*primals)`` and its derivative along ``tangents``; overridden together with `_linearize`."""
        self._require_forward()
        outputs, pull = self._vjp(f, primals, once=True)
        return outputs, self._transposed(outputs, pull, once=True)([*tangents])

    def _linearize(self, f: FlatFunction, primals: list[Array]) -> tuple[list[Array], LinearMap]:
        """``f(*primals)`` and the map from tangents (``None``: zero) to the outputs', for any number of calls."""
        self._require_forward()
        outputs, pull = self._vjp(f, primals, once=True)
        return outputs, self._transposed(outputs, pull, once=False)

    def _forward_is_native(self) -> bool:
        """Whether ``_jvp`` and ``_linearize`` are, here and now, the framework's own and not derived."""
        return False

    def _has_forward(self) -> bool:
        """Whether there is a forward mode at all, native or derived."""
        return self._forward_is_native() or Capability.HIGHER_ORDER in self.capabilities

    def _require_forward(self) -> None:
        self.require(Capability.HIGHER_ORDER, "the forward mode, derived from the pullback of the pullback,")

    def _transposed(self, outputs: list[Array], pull: LinearMap, *, once: bool) -> LinearMap:
        """The pushforward from tangents to those of ``outputs``, from the pullback ``pull``.

        The pullback u ↦ Jᵀu is linear, so the pullback of it is its transpose, v ↦ Jv.
        """
        places = [i for i, output in enumerate(outputs) if self.is_floating(output)]
        if not places:
            return lambda tangents: [None] * len(outputs)

        def of_cotangents(*given: Any) -> list[Any]:
            cotangents: list[Any] = [None] * len(outputs)
            for i, cotangent in zip(places, given, strict=True):
                cotangents[i] = cotangent
            return pull(cotangents)

        # Any cotangents do, for only the derivative of the map is used, and that is the same everywhere.
        shares, back = self._vjp(of_cotangents, [self.xp.zeros_like(outputs[i]) for i in places], once=once)

        def push(tangents: list[Any]) -> list[Any]:
            given = [None if share is None else tangent for share, tangent in zip(shares, tangents, strict=True)]
            slopes: list[Any] = [None] * len(outputs)
            for i, slope in zip(places, back(given), strict=True):
                slopes[i] = slope
            return slopes

        return push

    def _vmap(self, f: FlatFunction, arrays: list[Array], axes: list[int]) -> list[Array]:
        """The outputs of ``f`` for each slice of ``arrays`` along ``axes``, stacked in front; by default a loop.

        A batch of none has the shapes of a slice of ones.
        """
        xp, size = self.xp, arrays[0].shape[axes[0]]
        if not size:
            ones = [
                xp.ones((*array.shape[:axis], *array.shape[axis + 1 :]), dtype=array.dtype)
                for array, axis in zip(arrays, axes, strict=True)
            ]
            return [xp.zeros((0, *output.shape), dtype=output.dtype) for output in f(*ones)]
        rows = [
            f(*(array[(slice(None),) * axis + (i, ...)] for array, axis in zip(arrays, axes, strict=True)))
            for i in range(size)
        ]
        stacked = []
        for k, column in enumerate(zip(*rows, strict=True)):
            for i, one in enumerate(column):
                if tuple(one.shape) != tuple(column[0].shape):
                    raise ShapeMismatchError(
                        f"output {k} of slice {i} in vmap() has shape {tuple(one.shape)}, that of slice 0 has "
                        f"{tuple(column[0].shape)}; return the same shape for every slice"
                    )
            stacked.append(xp.stack(list(column)))
        return stacked

    def _prepare(
        self, f: TreeFunction, arrays: list[Array]
    ) -> Callable[[list[Array], list[Any] | None], tuple[list[Any], trees.Structure]]:
        """``f`` made faster for arrays of these shapes and dtypes: a function of a list of them, and of ``out``.

        An engine that writes a result into the leaf of ``out`` that is meant for it returns that leaf; whatever else it
        returns is written there later. By default ``f`` as it is.

        It may have a method ``quick(arrays)``, of a tuple that nobody has checked: the result without ``out``, or
        ``None`` where an array is not exactly what it was prepared for.
        """
        return Unprepared(f)

    # --- hooks that follow from nothing: for engines that declare the capability ----------------------------------

    def _custom_vjp(self, call: CustomCall, arrays: list[Array]) -> list[Array]:
        """The arrays that ``call`` returns (``CUSTOM_RULES``).

        Where ``arrays`` are differentiated ``call.forward`` runs on their values, whatever tracks them, and the results
        get a derivative by ``call.backward``; elsewhere ``call.value`` does. Should a pullback be differentiated in its
        turn, the residuals have to depend on ``arrays``. Integer arrays are among them, and have no cotangent.

        Raises:
            CustomRuleError: ``call.depends_on_more``, when results for values are recorded.
        """
        raise missing_hook(self, "_custom_vjp")

    def _checkpoint(self, f: FlatFunction, arrays: list[Array]) -> list[Any]:
        """``f(*arrays)``, of which the backward pass keeps ``arrays`` alone and runs it again (``CHECKPOINT``)."""
        raise missing_hook(self, "_checkpoint")

    def _host(self) -> Host:
        """The framework's own ways of differentiating and running a function, for the suite (``HOST``)."""
        raise missing_hook(self, "_host")

    def _distribution(self) -> Distribution:
        """How the framework spreads arrays, for the suite (``DISTRIBUTED``)."""
        raise missing_hook(self, "_distribution")

    # --- hooks about arrays ----------------------------------------------------------------------------------------

    def _defers(self, arrays: Sequence[Array]) -> bool:
        """Whether the framework is compiling, so that ``arrays`` have no values yet."""
        return False

    def _outside(
        self, function: Callable[..., list[Any]], arrays: list[Array], kinds: list[Kind] | None
    ) -> list[Array]:
        """The arrays that ``function``, of NumPy arrays, gives for the values of ``arrays``; nothing is recorded.

        Where `_defers` says so, it is called when there are values, and gives arrays of these ``kinds``.
        """
        return [self._asarray(value, None) for value in function(*map(self._to_numpy, arrays))]

    def _stop_gradient(self, array: Array) -> Array:
        raise missing_hook(self, "_stop_gradient")

    def _to_numpy(self, array: Array) -> Any:
        raise missing_hook(self, "_to_numpy")

    def _asarray(self, value: Any, dtype: Any) -> Array:
        """A copy of a Python float, a nested list of floats, a NumPy array or an array of this backend."""
        return self.xp.asarray(value, dtype=dtype, copy=True)

    def _keeps_connections(self, arrays: Sequence[Array]) -> bool:
        """Whether a result that does not depend on ``arrays`` here does not elsewhere: those without values may lie."""
        return True

    def _handed(self, sources: list[Array]) -> list[Array]:
        """The sources as a user's function gets them, which may write into what it gets."""
        return sources

    def _of_number(self, array: Array) -> Array:
        """The array made of a Python number that a function is differentiated by; an engine may say that it was one."""
        return array

    def _ones_like(self, array: Array) -> Array:
        """The cotangent of the sum of an array's elements: ones, or what this engine's ``_pullback`` takes for them."""
        return self.xp.ones_like(array)

    def _units(self, like: Array) -> Array:
        """The unit vectors of an array's shape, stacked in front: what a Jacobian's rows or columns are made from."""
        size = math.prod(like.shape)
        return self._beside(self.xp.reshape(self.xp.eye(size, dtype=like.dtype), (size, *like.shape)), like)

    def _beside(self, array: Array, like: Array) -> Array:
        """An array that has the shape of ``like`` behind others, in the devices or processes where ``like`` lies."""
        return array

    def _kind(self, dtype: Any) -> str:
        if self.xp.isdtype(dtype, "real floating"):
            return "real"
        return "complex" if self.xp.isdtype(dtype, "complex floating") else "other"

    def _dtype_of(self, value: Any) -> Any:
        """The dtype of the namespace for a NumPy dtype; `DtypeError` where the framework has none."""
        found = getattr(self.xp, np.dtype(value).name, None)
        if found is None:
            raise DtypeError(f"the backend {self.name!r} has no dtype {np.dtype(value).name}; pass dtype=")
        return found

    # --- hooks of variables and tapes (Capability.TAPE) ---------------------------------------------------------

    def _placed(self, array: Array, device: Any) -> Array:
        """The values of ``array`` on a device of the framework's; `DeviceError` where it has none such."""
        try:
            return self.xp.asarray(array, device=device)
        except Exception as error:  # frameworks raise what they like
            raise self._no_device(device, error) from error

    def _no_device(self, device: Any, why: object) -> DeviceError:
        return DeviceError(
            f"the backend {self.name!r} has no device {device!r} here: {str(why).partition(chr(10))[0]}; pass a device "
            "that its namespace takes, or the device of an array: device=x.device"
        )

    def _variable(self, array: Array) -> Array:
        """A variable that owns ``array`` (already a private copy)."""
        raise missing_hook(self, "_variable")

    def _assign(self, variable: Array, array: Array) -> None:
        """Give the variable the value ``array`` (already a private copy of the right shape and dtype).

        One of Keras is given it by its own ``assign``, which knows the scopes of Keras (`is_of_keras`).
        """
        raise missing_hook(self, "_assign")

    def _pause(self) -> AbstractContextManager[None]:
        """A context manager under which nothing is recorded, on any tape."""
        raise missing_hook(self, "_pause")

    def _write(self, destination: Array, gradient: Array) -> None:
        """Write ``gradient`` into a mutable native array (``MUTABLE_OUT``)."""
        raise UnsupportedError(
            f"out= names an array, and arrays of the backend {self.name!r} cannot be written; pass a variable()"
        )
