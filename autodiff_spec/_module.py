"""The interface as functions of the module: each means the current backend at the time it is called."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from autodiff_spec._backend import Array
from autodiff_spec._discovery import backend
from autodiff_spec._tape import Tape

if TYPE_CHECKING:
    from autodiff_spec.diff import Comparison
    from autodiff_spec.graph import Drawing
    from autodiff_spec.operators import CustomVJP, GradientReport
    from autodiff_spec.operators._prepare import Prepared


def xp() -> Any:
    """The array namespace of the current backend, after the Python array API standard.

    Example:
        >>> import autodiff_spec as ad
        >>> float(ad.xp().sum(ad.xp().asarray([1.0, 2.0])))
        3.0
    """
    return backend().xp


def extra() -> Any:
    """The few functions beyond the standard that every backend has: ``relu``, ``softmax``, ``logsumexp``, …

    Example:
        >>> import autodiff_spec as ad
        >>> float(ad.extra().relu(ad.xp().asarray(-1.0)))
        0.0
    """
    return backend().extra


def variable(value: Any, *, dtype: Any = None) -> Array:
    """A differentiable variable of the current backend; see `Backend.variable`."""
    return backend().variable(value, dtype=dtype)


def assign(variable: Array, value: Any) -> None:
    """Give a variable of the current backend a new value; see `Backend.assign`."""
    backend().assign(variable, value)


def tape(*, persistent: bool = False) -> Tape:
    """A recording on the current backend; see `Backend.tape` and `Tape`."""
    return backend().tape(persistent=persistent)


def pause() -> AbstractContextManager[None]:
    """Record nothing for a while on the current backend; see `Backend.pause`."""
    return backend().pause()


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of ``f`` on the backend that is current when the result is called; see `Backend.grad`.

    Example:
        >>> import autodiff_spec as ad
        >>> float(ad.grad(lambda x: x * x)(3.0))
        6.0
    """

    @functools.wraps(f, updated=())
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return backend().grad(f, argnums, has_aux=has_aux)(*args, **kwargs)

    return gradient


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """Value and gradient on the backend that is current when the result is called; see `Backend.value_and_grad`."""

    @functools.wraps(f, updated=())
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        return backend().value_and_grad(f, argnums, has_aux=has_aux)(*args, **kwargs)

    return value_and_gradient


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], Any]]:
    """``f(*primals)`` and its pullback on the current backend; see `Backend.vjp`."""
    return backend().vjp(f, *primals)


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """``f(*primals)`` and its derivative along ``tangents`` on the current backend; see `Backend.jvp`.

    Example:
        >>> import autodiff_spec as ad
        >>> y, dy = ad.jvp(lambda x: x * x, (3.0,), (10.0,))
        >>> float(y), float(dy)
        (9.0, 60.0)
    """
    return backend().jvp(f, primals, tangents)


def jacobian(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, mode: str = "auto", *, has_aux: bool = False
) -> Callable[..., Any]:
    """The Jacobian of ``f`` on the backend that is current when the result is called; see `Backend.jacobian`.

    Example:
        >>> import autodiff_spec as ad
        >>> ad.jacobian(lambda x: x * x)(ad.xp().asarray([1.0, 2.0]))
        array([[2., 0.],
               [0., 4.]])
    """

    @functools.wraps(f, updated=())
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        return backend().jacobian(f, argnums, mode, has_aux=has_aux)(*args, **kwargs)

    return jacobian_of


def hessian(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """The Hessian of ``f`` on the backend that is current when the result is called; see `Backend.hessian`.

    Example:
        >>> import autodiff_spec as ad
        >>> float(ad.hessian(lambda x: x * x * x)(2.0))
        12.0
    """

    @functools.wraps(f, updated=())
    def hessian_of(*args: Any, **kwargs: Any) -> Any:
        return backend().hessian(f, argnums, has_aux=has_aux)(*args, **kwargs)

    return hessian_of


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
    """The Hessian of ``f`` times ``tangents`` on the current backend; see `Backend.hvp`.

    Example:
        >>> import autodiff_spec as ad
        >>> (product,) = ad.hvp(lambda x: x * x * x, (2.0,), (10.0,))
        >>> float(product)
        120.0
    """
    return backend().hvp(f, primals, tangents)


def vmap(f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0) -> Callable[..., Any]:
    """``f`` of each slice, on the backend that is current when the result is called; see `Backend.vmap`.

    Example:
        >>> import autodiff_spec as ad
        >>> ad.vmap(lambda x: x[0] * x[1])(ad.xp().asarray([[1.0, 2.0], [3.0, 4.0]]))
        array([ 2., 12.])
    """

    @functools.wraps(f, updated=())
    def batched(*args: Any, **kwargs: Any) -> Any:
        return backend().vmap(f, in_axes, out_axes)(*args, **kwargs)

    return batched


def prepare(f: Callable[..., Any], *example_args: Any, **example_kwargs: Any) -> Prepared:
    """``f`` made faster for arguments like the examples, on the backend that is current now; see `Backend.prepare`.

    Example:
        >>> import autodiff_spec as ad
        >>> x = ad.xp().asarray([1.0, 2.0])
        >>> gradient = ad.prepare(ad.grad(lambda x: x * x), x)
        >>> gradient(x)
        array([2., 4.])
    """
    return backend().prepare(f, *example_args, **example_kwargs)


def custom_vjp(f: Callable[..., Any]) -> CustomVJP:
    """``f`` with a derivative that its author gives, on the backend that is current when it is called.

    Example:
        >>> import autodiff_spec as ad
        >>> @ad.custom_vjp
        ... def clipped(x):  # the identity, of which large cotangents are cut
        ...     return x * 1.0
        >>> clipped.defvjp(lambda x: (clipped(x), None), lambda _, g: (ad.xp().clip(g, -1.0, 1.0),))
        >>> float(ad.grad(lambda x: 10.0 * clipped(x))(3.0))
        1.0
    """
    from autodiff_spec.operators import CustomVJP

    return CustomVJP(backend, f)


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f``, computed again in the backward pass of the backend that is current when it is called.

    Example:
        >>> import autodiff_spec as ad
        >>> float(ad.grad(ad.checkpoint(lambda x: x * x))(3.0))
        6.0
    """

    @functools.wraps(f, updated=())
    def recomputed(*args: Any, **kwargs: Any) -> Any:
        return backend().checkpoint(f)(*args, **kwargs)

    return recomputed


def check_grad(f: Callable[..., Any], *args: Any, **options: Any) -> GradientReport:
    """Whether the current backend differentiates ``f`` rightly at ``args``; see `Backend.check_grad`.

    Example:
        >>> import autodiff_spec as ad
        >>> ad.check_grad(lambda x: ad.xp().sin(x) * x, ad.xp().asarray([1.0, 2.0])).passed
        True
    """
    return backend().check_grad(f, *args, **options)


def compare(f: Callable[..., Any], *args: Any, **options: Any) -> Comparison:
    """Whether the backends agree on ``f``, and where they part first; see `autodiff_spec.diff.compare`.

    Example:
        >>> import autodiff_spec as ad
        >>> ad.compare(lambda x: ad.xp().sum(x * x), [1.0, 2.0], backends=["numpy"]).agree
        True
    """
    from autodiff_spec.diff import compare

    return compare(f, *args, **options)


def draw(target: Any, *args: Any, **options: Any) -> Drawing:
    """The recorded graph of a function at ``args``, or of a logged array; see `autodiff_spec.graph.draw`.

    Example:
        >>> import autodiff_spec as ad
        >>> ad.draw(lambda x: ad.stop_gradient(x * x) * x, 3.0)
        <Drawing of <lambda>: 4 nodes, 4 arrows forward, 1 back>
    """
    from autodiff_spec.graph import draw

    return draw(target, *args, **options)


def stop_gradient(x: Any) -> Any:
    """The same value without a derivative, on the current backend; see `Backend.stop_gradient`."""
    return backend().stop_gradient(x)


def lift(f: Callable[..., Any]) -> Callable[..., Any]:
    """A native function made usable on recorded arrays of the current backend; see `Backend.lift`."""
    return backend().lift(f)


def to_numpy(x: Any) -> Any:
    """A detached NumPy copy, from the current backend; see `Backend.to_numpy`."""
    return backend().to_numpy(x)
