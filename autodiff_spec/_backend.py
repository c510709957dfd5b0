"""The contract between the interface and an engine.

`Backend` is a template: its public methods check arguments, take trees apart and raise the typed errors; the
hooks, whose names begin with an underscore, are what an engine implements, on single arrays that are already
checked. An engine without tapes needs ``name``, ``version``, ``xp``, ``array_types``, ``_vjp``,
``_stop_gradient`` and ``_to_numpy``; everything else is declared by a `Capability` or derived (`_derived.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from autodiff_spec import _check, _trees
from autodiff_spec._capability import Capability
from autodiff_spec._derived import Derived
from autodiff_spec._errors import DtypeError, ShapeMismatchError, UnsupportedError, missing_hook
from autodiff_spec._tape import Tape

if TYPE_CHECKING:
    from pathlib import Path

Array: TypeAlias = Any
"""An array of the backend's framework, plain or recorded; frameworks share no base class to name here."""

FlatFunction: TypeAlias = Callable[..., list[Array]]
"""A function of arrays that returns a list of arrays: a user's function with its trees taken apart."""


class Backend(Derived):
    """An engine for automatic differentiation behind the one interface.

    Attributes:
        name: what ``backend(name)`` calls it.
        version: the version of the framework, ``"2.13.0"``.
        xp: its namespace after the Python array API standard.
        extra: the few functions beyond the standard (``relu``, ``softmax``, …), or ``None``.
        array_types: the types of its arrays, plain, recorded and variables.
        capabilities: what it declares; see `Capability`.
        conventions: ``"native"`` (the framework's own derivatives) or ``"spec"`` (every clause is obeyed).
        deviations: the file that lists its known deviations from the clauses, or ``None``.
    """

    name: ClassVar[str]
    version: str
    xp: Any
    extra: Any = None
    array_types: tuple[type, ...]
    capabilities: frozenset[Capability] = frozenset()
    conventions: str = "native"
    deviations: Path | None = None

    def __init__(self) -> None:
        self._kinds: dict[Any, str] = {}

    def __repr__(self) -> str:
        flavour = "" if self.conventions == "native" else f", conventions={self.conventions!r}"
        return f"<{type(self).__name__} {self.name!r} {self.version}{flavour}>"

    # --- variables and tapes (Capability.TAPE) ------------------------------------------------------------

    def variable(self, value: Any, *, dtype: Any = None) -> Array:
        """A differentiable variable that holds a copy of ``value``; every open tape watches it by itself.

        Args:
            value: a Python float, nested lists of them, a NumPy array, or an array of this backend; floating.
            dtype: a dtype of the namespace; by default the value's own, for Python floats the namespace's.

        Returns:
            The variable, usable wherever an array is; its shape never changes.

        Raises:
            NotDifferentiableError: the value is integer, boolean, text or ragged.
            DtypeError: the framework would narrow the value's dtype silently.

        Example:
            >>> import autodiff_spec as ad
            >>> x = ad.backend("numpy").variable([0.0, 1.0, 2.0, 3.0])
            >>> x.shape
            (4,)
        """
        self.require(Capability.TAPE, "variable")
        return self._variable(_check.floating(self, value, "the value of variable()", dtype=dtype, nested=True))

    def assign(self, variable: Array, value: Any) -> None:
        """Give ``variable`` a new value of the same shape; what was recorded before keeps the old one.

        Args:
            variable: made by `variable` (or a trainable leaf of the framework's own).
            value: anything `variable` accepts; cast to the variable's dtype.

        Raises:
            ShapeMismatchError: the shapes differ; the variable keeps its value.
            NotDifferentiableError: the value is integer, boolean, text or ragged.
            UnsupportedError: ``variable`` is not one.

        Example:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> w = be.variable(1.0)
            >>> be.assign(w, 2.5)
            >>> float(w)
            2.5
        """
        self.require(Capability.TAPE, "assign")
        if not self.is_variable(variable):
            raise UnsupportedError(
                f"assign() needs a variable, not a {type(variable).__name__}; make one with variable()"
            )
        array = _check.floating(self, value, "the value of assign()", dtype=variable.dtype, nested=True)
        if tuple(array.shape) != tuple(variable.shape):
            raise ShapeMismatchError(
                f"assign() got a value of shape {tuple(array.shape)} for a variable of shape {tuple(variable.shape)}; "
                "make a new variable for another shape"
            )
        self._assign(variable, array)

    def tape(self, *, persistent: bool = False) -> Tape:
        """A context manager that records what runs inside it; see `Tape`.

        Args:
            persistent: keep the recording, so that gradients can be taken more than once.

        Raises:
            UnsupportedError: the backend declares no ``TAPE``.

        Example:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> x = be.variable([0.0, 1.0, 2.0, 3.0])
            >>> with be.tape() as t:
            ...     y = be.xp.sum(2 * x * x)
            >>> t.grad(y, x)
            array([ 0.,  4.,  8., 12.])
        """
        self.require(Capability.TAPE, "tape")
        return self._tape(persistent)

    def pause(self) -> AbstractContextManager[None]:
        """A context manager under which nothing is recorded, on any tape.

        Example:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> x = be.variable(3.0)
            >>> with be.tape() as t:
            ...     with be.pause():
            ...         c = x * x
            ...     y = c * x
            >>> float(t.grad(y, x))
            9.0
        """
        self.require(Capability.TAPE, "pause")
        return self._pause()

    def stop_gradient(self, x: Any) -> Any:
        """The same value without a derivative, in every mode and order; works on trees.

        Args:
            x: an array, or a tree of arrays; leaves that are no arrays are returned as they are.

        Returns:
            The tree, its arrays equal in value and constant for every derivative; none is a mutable alias.

        Example:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> float(be.grad(lambda x: be.stop_gradient(x * x) * x)(be.xp.asarray(3.0)))
            9.0
        """
        return _trees.map_leaves(lambda leaf: self._stop_gradient(leaf) if self.is_array(leaf) else leaf, x)

    def lift(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """A native function made usable on recorded arrays; the identity where ``NATIVE_CALLS`` is declared.

        Args:
            f: a function of the framework's own arrays.

        Returns:
            A function of arrays, recorded or not, that is differentiated like any other.

        Example:
            >>> import autodiff_spec as ad
            >>> import numpy as np
            >>> be = ad.backend("numpy")
            >>> float(be.grad(be.lift(np.square))(3.0))
            6.0
        """
        return f

    # --- arrays -----------------------------------------------------------------------------------------------

    def asarray(self, value: Any, *, dtype: Any = None) -> Array:
        """An array of this backend that holds a copy of ``value``.

        Args:
            value: a Python number, nested lists of them, a NumPy array, or an array of this backend.
            dtype: a dtype of the namespace; by default the value's own, for Python floats the namespace's.

        Raises:
            DtypeError: the framework would narrow the value's dtype silently.

        Example:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> be.asarray([1.0, 2.0], dtype=be.xp.float32)
            array([1., 2.], dtype=float32)
        """
        return self._asarray(value, dtype)

    def to_numpy(self, x: Any) -> Any:
        """A detached NumPy copy of ``x``, an array or a tree of arrays (0-d stays a 0-d array).

        Example:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> be.to_numpy({"w": be.variable([1.0, 2.0])})
            {'w': array([1., 2.])}
        """
        return _trees.map_leaves(lambda leaf: self._to_numpy(leaf) if self.is_array(leaf) else np.array(leaf), x)

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

    def require(self, capability: Capability, what: str) -> None:
        """Raise `UnsupportedError` unless ``capability`` is declared."""
        if capability not in self.capabilities:
            raise UnsupportedError(
                f"{what} needs the capability {capability.name}, which the backend {self.name!r} does not declare; "
                "use a backend that does"
            )

    # --- hooks: what an engine implements ---------------------------------------------------------------------

    def _vjp(
        self, f: FlatFunction, primals: list[Array], *, once: bool
    ) -> tuple[list[Array], Callable[[list[Array | None]], list[Array | None]]]:
        """``f(*primals)`` and the map from its cotangents to the primals' (``None``: no dependence).

        ``once`` promises that the pullback is called at most once, so that residuals may be freed on the way. By
        default derived from the tape.
        """
        tape = self._tape(not once)
        with tape:
            sources = [tape._watch(primal) for primal in primals]
            outputs = f(*sources)

        def pullback(cotangents: list[Array | None]) -> list[Array | None]:
            known = [i for i, cotangent in enumerate(cotangents) if cotangent is not None]
            if not known:
                return [None] * len(sources)
            targets, given = [outputs[i] for i in known], [cotangents[i] for i in known]
            return tape._pullback_of(targets, sources, given, strict=False)

        return outputs, pullback

    def _stop_gradient(self, array: Array) -> Array:
        raise missing_hook(self, "_stop_gradient")

    def _to_numpy(self, array: Array) -> Any:
        raise missing_hook(self, "_to_numpy")

    def _asarray(self, value: Any, dtype: Any) -> Array:
        """A copy of a Python float, a nested list of floats, a NumPy array or an array of this backend."""
        return self.xp.asarray(value, dtype=dtype, copy=True)

    def _ones_like(self, array: Array) -> Array:
        """The cotangent of the sum of an array's elements: ones, or what this engine's ``_pullback`` takes for them."""
        return self.xp.ones_like(array)

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

    def _variable(self, array: Array) -> Array:
        """A variable that owns ``array`` (already a private copy)."""
        raise missing_hook(self, "_variable")

    def _assign(self, variable: Array, array: Array) -> None:
        """Give the variable the value ``array`` (already a private copy of the right shape and dtype)."""
        raise missing_hook(self, "_assign")

    def _tape(self, persistent: bool) -> Tape:
        raise missing_hook(self, "_tape")

    def _pause(self) -> AbstractContextManager[None]:
        raise missing_hook(self, "_pause")

    def _write(self, destination: Array, gradient: Array) -> None:
        """Write ``gradient`` into a mutable native array (``MUTABLE_OUT``)."""
        raise UnsupportedError(
            f"out= names an array, and arrays of the backend {self.name!r} cannot be written; pass a variable()"
        )
