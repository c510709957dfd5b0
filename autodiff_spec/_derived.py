"""The part of the contract that follows from the rest: the operators on functions, and the hooks that make them fast.

An engine implements none of the hooks here. It may override `Derived._jvp` and `Derived._linearize` together (and say
so in `Derived._forward_is_native`), and `Derived._vmap`, where its framework does it better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from autodiff_spec import operators
from autodiff_spec._capability import Capability
from autodiff_spec.operators._jvp import transposed
from autodiff_spec.operators._prepare_fallback import AsItIs
from autodiff_spec.operators._vmap import each_slice

if TYPE_CHECKING:
    from autodiff_spec._backend import Array, Backend, FlatFunction
    from autodiff_spec._trees import Structure
    from autodiff_spec.operators._prepare import Prepared

    TreeFunction = Callable[..., tuple[list[Any], Structure]]
    """A function of arrays that returns the leaves of its result, and the result's structure."""


class Derived:
    """What every `Backend` inherits."""

    @property
    def _be(self) -> Backend:
        return cast("Backend", self)

    def grad(
        self, f: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
    ) -> Callable[..., Any]:
        """The gradient of ``f``; see `autodiff_spec.operators.grad`."""
        return operators.grad(self._be, f, argnums, has_aux=has_aux)

    def value_and_grad(
        self, f: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
    ) -> Callable[..., Any]:
        """The value and the gradient of ``f``; see `autodiff_spec.operators.value_and_grad`."""
        return operators.value_and_grad(self._be, f, argnums, has_aux=has_aux)

    def vjp(self, f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], Any]]:
        """``f(*primals)`` and its pullback; see `autodiff_spec.operators.vjp`."""
        return operators.vjp(self._be, f, *primals)

    def jvp(self, f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
        """``f(*primals)`` and its derivative along ``tangents``; see `autodiff_spec.operators.jvp`."""
        return operators.jvp(self._be, f, primals, tangents)

    def jacobian(
        self, f: Callable[..., Any], argnums: int | Sequence[int] = 0, mode: str = "auto"
    ) -> Callable[..., Any]:
        """The Jacobian of ``f``; see `autodiff_spec.operators.jacobian`."""
        return operators.jacobian(self._be, f, argnums, mode)

    def hessian(self, f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
        """The Hessian of ``f``; see `autodiff_spec.operators.hessian`."""
        return operators.hessian(self._be, f, argnums)

    def hvp(self, f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
        """The Hessian of ``f`` times ``tangents``; see `autodiff_spec.operators.hvp`."""
        return operators.hvp(self._be, f, primals, tangents)

    def vmap(self, f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0) -> Callable[..., Any]:
        """``f`` of each slice of its arguments; see `autodiff_spec.operators.vmap`."""
        return operators.vmap(self._be, f, in_axes, out_axes)

    def prepare(self, f: Callable[..., Any], *example_args: Any, **example_kwargs: Any) -> Prepared:
        """``f`` made faster for arguments like the examples; see `autodiff_spec.operators.prepare`."""
        return operators.prepare(self._be, f, *example_args, **example_kwargs)

    def check_grad(self, f: Callable[..., Any], *args: Any, **options: Any) -> operators.GradientReport:
        """Whether this backend differentiates ``f`` rightly; see `autodiff_spec.operators.check_grad`."""
        return operators.check_grad(self._be, f, *args, **options)

    # --- hooks --------------------------------------------------------------------------------------------------

    def _jvp(
        self, f: FlatFunction, primals: list[Array], tangents: list[Array]
    ) -> tuple[list[Array], list[Array | None]]:
        """``f(*primals)`` and its derivative along ``tangents`` (``None``: no dependence)."""
        self._require_forward()
        outputs, pull = self._be._vjp(f, primals, once=True)
        return outputs, transposed(self._be, outputs, pull, once=True)(tangents)

    def _linearize(
        self, f: FlatFunction, primals: list[Array]
    ) -> tuple[list[Array], Callable[[list[Array | None]], list[Array | None]]]:
        """``f(*primals)`` and the map from tangents (``None``: zero) to the outputs', for any number of calls."""
        self._require_forward()
        outputs, pull = self._be._vjp(f, primals, once=True)
        return outputs, transposed(self._be, outputs, pull, once=False)

    def _forward_is_native(self) -> bool:
        """Whether ``_jvp`` and ``_linearize`` are, here and now, the framework's own and not derived."""
        return False

    def _has_forward(self) -> bool:
        """Whether there is a forward mode at all, native or derived."""
        return self._forward_is_native() or Capability.HIGHER_ORDER in self._be.capabilities

    def _require_forward(self) -> None:
        self._be.require(Capability.HIGHER_ORDER, "the forward mode, derived from the pullback of the pullback,")

    def _vmap(self, f: FlatFunction, arrays: list[Array], axes: list[int]) -> list[Array]:
        """The outputs of ``f`` for each slice of ``arrays`` along ``axes``, stacked in front; by default a loop."""
        return each_slice(self._be, f, arrays, axes)

    def _prepare(
        self, f: TreeFunction, arrays: list[Array]
    ) -> Callable[[list[Array], list[Any] | None], tuple[list[Any], Structure]]:
        """``f`` made faster for arrays of these shapes and dtypes: a function of a list of them, and of ``out``.

        An engine that writes a result into the leaf of ``out`` that is meant for it returns that leaf; whatever else it
        returns is written there later. By default ``f`` as it is.
        """
        return AsItIs(f)
