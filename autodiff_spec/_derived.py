"""The part of the contract that follows from the rest: the operators on functions, and the hooks that make them fast.

An engine implements none of the hooks here. It may override `Derived._jvp` and `Derived._linearize` together (and say
so in `Derived._forward_is_native`), and `Derived._vmap`, where its framework does it better. `Derived._custom_vjp` and
`Derived._checkpoint` follow from nothing: an engine that declares their capability implements them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from autodiff_spec import operators
from autodiff_spec._capability import Capability
from autodiff_spec._errors import missing_hook
from autodiff_spec.operators._jvp import transposed
from autodiff_spec.operators._prepare_fallback import AsItIs
from autodiff_spec.operators._vmap import each_slice

if TYPE_CHECKING:
    from autodiff_spec._backend import Array, Backend, FlatFunction
    from autodiff_spec._trees import Structure
    from autodiff_spec.operators._custom_vjp import CustomCall
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
        self,
        f: Callable[..., Any],
        argnums: int | Sequence[int] = 0,
        mode: str = "auto",
        *,
        has_aux: bool = False,
    ) -> Callable[..., Any]:
        """The Jacobian of ``f``; see `autodiff_spec.operators.jacobian`."""
        return operators.jacobian(self._be, f, argnums, mode, has_aux=has_aux)

    def hessian(
        self, f: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
    ) -> Callable[..., Any]:
        """The Hessian of ``f``; see `autodiff_spec.operators.hessian`."""
        return operators.hessian(self._be, f, argnums, has_aux=has_aux)

    def hvp(self, f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
        """The Hessian of ``f`` times ``tangents``; see `autodiff_spec.operators.hvp`."""
        return operators.hvp(self._be, f, primals, tangents)

    def vmap(self, f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0) -> Callable[..., Any]:
        """``f`` of each slice of its arguments; see `autodiff_spec.operators.vmap`."""
        return operators.vmap(self._be, f, in_axes, out_axes)

    def prepare(self, f: Callable[..., Any], *example_args: Any, **example_kwargs: Any) -> Prepared:
        """``f`` made faster for arguments like the examples; see `autodiff_spec.operators.prepare`."""
        return operators.prepare(self._be, f, *example_args, **example_kwargs)

    def custom_vjp(self, f: Callable[..., Any]) -> operators.CustomVJP:
        """``f`` with a derivative that its author gives; see `autodiff_spec.operators.CustomVJP`."""
        return operators.custom_vjp(self._be, f)

    def checkpoint(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """``f``, computed again in the backward pass instead of kept; see `autodiff_spec.operators.checkpoint`."""
        return operators.checkpoint(self._be, f)

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

    def _custom_vjp(self, call: CustomCall, arrays: list[Array]) -> list[Array]:
        """The arrays that ``call`` returns (``CUSTOM_RULES``).

        Where ``arrays`` are differentiated ``call.forward`` runs on their values, whatever tracks them, and the results
        get a derivative by ``call.backward``; elsewhere ``call.value`` does. Should a pullback be differentiated in its
        turn, the residuals have to depend on ``arrays``.

        Raises:
            CustomRuleError: ``call.depends_on_more``, when results for values are recorded.
        """
        raise missing_hook(self, "_custom_vjp")

    def _checkpoint(self, f: FlatFunction, arrays: list[Array]) -> list[Any]:
        """``f(*arrays)``, of which the backward pass keeps ``arrays`` alone and runs it again (``CHECKPOINT``)."""
        raise missing_hook(self, "_checkpoint")
