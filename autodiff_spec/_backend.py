"""The contract between the interface and an engine.

`Backend` is a template: its public methods check arguments, take trees apart and raise the typed errors; the hooks of
`Engine` are what an engine implements, on single arrays that are already checked. The operators are its methods, each
written once, in a file of its own, for every engine.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ParamSpec

from autodiff_spec import operators
from autodiff_spec.core import checks
from autodiff_spec.core.capability import Capability
from autodiff_spec.core.engine import Array, Engine, FlatFunction, LinearMap
from autodiff_spec.core.errors import ShapeMismatchError, UnsupportedError, missing_hook, named_type
from autodiff_spec.core.frameworks import array_of, require_own
from autodiff_spec.core.tape import Tape
from autodiff_spec.gradient_check import check_grad

if TYPE_CHECKING:
    from autodiff_spec.core.beyond import Extra
    from autodiff_spec.core.namespace import Namespace

P = ParamSpec("P")


class Backend(Engine):
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
        compiles_shapes: whether its functions are compiled anew for each shape, dtype and keyword; the suite then asks
            a part of its cases.
        lacks: the limits of what it declares: for a function (``"*"`` for all of them) what it has not, with commas
            between: ``"derivative"``, ``"forward mode"``, ``"second order"``, or dtypes. The suite counts it as
            unsupported.
    """

    if TYPE_CHECKING:  # for users; what an engine has there may be a module of any type

        @property
        def xp(self) -> Namespace: ...

        @property
        def extra(self) -> Extra: ...

    # --- variables and tapes (Capability.TAPE) ------------------------------------------------------------

    def variable(self, value: Any, *, dtype: Any = None, device: Any = None) -> Array:
        """A differentiable variable that holds a copy of ``value``; every open tape watches it by itself.

        Args:
            value: a Python float, nested lists of them, a NumPy array, or an array of this backend; floating.
            dtype: a dtype of the namespace; by default the value's own, for Python floats the namespace's.
            device: where its values lie, as the namespace's creation functions take it, or as ``x.device`` of an array
                says; by default where the value lies.

        Returns:
            The variable, usable wherever an array is; its shape never changes.

        Raises:
            NotDifferentiableError: the value is integer, boolean, text or ragged.
            DtypeError: the framework would narrow the value's dtype silently.
            DeviceError: the framework has no such device here.

        Examples:
            >>> import autodiff_spec as ad
            >>> x = ad.backend("numpy").variable([0.0, 1.0, 2.0, 3.0])
            >>> x.shape
            (4,)
        """
        self.require(Capability.TAPE, "variable")
        array = checks.floating(self, value, "the value of variable()", dtype=dtype, nested=True)
        return self._variable(array if device is None else self._placed(array, device))

    def assign(self, variable: Array, value: Any) -> None:
        """Give ``variable`` a new value of the same shape; what was recorded before keeps the old one.

        Args:
            variable: made by `variable`, a trainable leaf of the framework's own, or a variable of Keras.
            value: anything `variable` accepts; cast to the variable's dtype.

        Raises:
            ShapeMismatchError: the shapes differ; the variable keeps its value.
            NotDifferentiableError: the value is integer, boolean, text or ragged.
            UnsupportedError: ``variable`` is not one.

        Examples:
            >>> import autodiff_spec as ad
            >>> be = ad.backend("numpy")
            >>> w = be.variable(1.0)
            >>> be.assign(w, 2.5)
            >>> float(w)
            2.5
        """
        self.require(Capability.TAPE, "assign")
        if not self.is_variable(variable):
            require_own(self.name, array_of(variable), "the variable of assign()")
            raise UnsupportedError(
                f"assign() needs a variable, not {named_type(variable)}; make one with variable()"
            )
        dtype = array_of(variable).dtype
        array = checks.floating(self, value, "the value of assign()", dtype=dtype, nested=True)
        if tuple(array.shape) != tuple(variable.shape):
            raise ShapeMismatchError(
                f"assign() got a value of shape {tuple(array.shape)} for a variable of shape {tuple(variable.shape)}; "
                "make a new variable for another shape"
            )
        self._assign(variable, array)

    def tape(self, *, persistent: bool = False) -> Tape:
        """A context manager that records what runs inside it; see `Tape`.

        It records arrays of this backend alone: as a function of the module it means the current one, for a tape is
        opened before there are arrays. For those of a framework: ``ad.backend_of(x).tape()``.

        Args:
            persistent: keep the recording, so that gradients can be taken more than once.

        Raises:
            UnsupportedError: the backend declares no ``TAPE``.

        Examples:
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

        Examples:
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

    def lift(self, f: Callable[P, Any]) -> Callable[P, Any]:
        """A native function made usable on recorded arrays; the identity where ``NATIVE_CALLS`` is declared.

        Args:
            f: a function of the framework's own arrays.

        Returns:
            A function of arrays, recorded or not, that is differentiated like any other.

        Examples:
            >>> import autodiff_spec as ad
            >>> import numpy as np
            >>> be = ad.backend("numpy")
            >>> float(be.grad(be.lift(np.square))(3.0))
            6.0
        """
        return f

    # --- operators on functions ---------------------------------------------------------------------------------

    grad = operators.grad
    value_and_grad = operators.value_and_grad
    vjp = operators.vjp
    jvp = operators.jvp
    linearize = operators.linearize
    jacobian = operators.jacobian
    hessian = operators.hessian
    hessian_diag = operators.hessian_diag
    laplacian = operators.laplacian
    hvp = operators.hvp
    vmap = operators.vmap
    prepare = operators.prepare
    custom_vjp = operators.custom_vjp
    host = operators.host
    checkpoint = operators.checkpoint
    check_grad = check_grad

    # --- hooks that know of tapes -------------------------------------------------------------------------------

    def _vjp(self, f: FlatFunction, primals: list[Array], *, once: bool) -> tuple[list[Array], LinearMap]:
        """As `Engine._vjp` says; by default derived from the tape."""
        tape = self._tape(not once)
        with tape:
            sources = [tape._watch(primal) for primal in primals]
            outputs = f(*self._handed(sources))

        def pullback(cotangents: list[Array | None]) -> list[Array | None]:
            known = [i for i, cotangent in enumerate(cotangents) if cotangent is not None]
            if not known:
                return [None] * len(sources)
            targets, given = [outputs[i] for i in known], [cotangents[i] for i in known]
            return tape._pullback_of(targets, sources, given, strict=False)

        return outputs, pullback

    def _tape(self, persistent: bool) -> Tape:
        raise missing_hook(self, "_tape")
