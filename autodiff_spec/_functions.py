"""The interface as functions of the module: each is a method of the backend of the arrays that it is called with.

Arrays choose: `backend_of` finds whose they are. Calls without any mean the backend that is current.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from autodiff_spec._backend import Backend
from autodiff_spec._discovery import backend, backend_of
from autodiff_spec.operators import CustomVJP

if TYPE_CHECKING:
    from autodiff_spec.diff import Comparison
    from autodiff_spec.graph import Drawing

P = ParamSpec("P")
R = TypeVar("R")


def _of_current(method: Callable[Concatenate[Backend, P], R]) -> Callable[P, R]:
    """A method of `Backend` as a function of the backend that is current."""
    name = method.__name__

    def function(*args: P.args, **kwargs: P.kwargs) -> R:
        found: R = getattr(backend(), name)(*args, **kwargs)
        return found

    described: Callable[P, R] = _described(function, method)
    return described


def _of_arrays(method: Callable[Concatenate[Backend, P], R]) -> Callable[P, R]:
    """A method of `Backend` as a function of the backend of the arrays among its arguments."""
    name = method.__name__

    def function(*args: P.args, **kwargs: P.kwargs) -> R:
        found: R = getattr(backend_of(*args, *kwargs.values()), name)(*args, **kwargs)
        return found

    described: Callable[P, R] = _described(function, method)
    return described


def _when_called(
    method: Callable[Concatenate[Backend, Callable[..., Any], P], Callable[..., Any]],
) -> Callable[Concatenate[Callable[..., Any], P], Callable[..., Any]]:
    """An operator from functions to functions, on the backend of the arrays that its result is called with."""
    name = method.__name__

    def function(f: Callable[..., Any], *args: P.args, **kwargs: P.kwargs) -> Callable[..., Any]:
        @functools.wraps(f, updated=())
        def of_arrays(*given: Any, **named: Any) -> Any:
            be = backend_of(*given, *named.values()) if named else backend_of(*given)
            return getattr(be, name)(f, *args, **kwargs)(*given, **named)

        return of_arrays

    described: Callable[Concatenate[Callable[..., Any], P], Callable[..., Any]] = _described(function, method)
    return described


def _described(function: Any, method: Callable[..., Any]) -> Any:
    """``function`` with the name, the docstring and the signature of ``method``, the backend left out."""
    functools.update_wrapper(function, method)
    del function.__wrapped__  # tools that follow it would show the backend as an argument
    signature = inspect.signature(method)
    function.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])
    return function


variable = _of_arrays(Backend.variable)
assign = _of_arrays(Backend.assign)
tape = _of_current(Backend.tape)
pause = _of_current(Backend.pause)
stop_gradient = _of_arrays(Backend.stop_gradient)
to_numpy = _of_arrays(Backend.to_numpy)
vjp = _of_arrays(Backend.vjp)
jvp = _of_arrays(Backend.jvp)
hvp = _of_arrays(Backend.hvp)
prepare = _of_arrays(Backend.prepare)
check_grad = _of_arrays(Backend.check_grad)

grad = _when_called(Backend.grad)
value_and_grad = _when_called(Backend.value_and_grad)
jacobian = _when_called(Backend.jacobian)
hessian = _when_called(Backend.hessian)
vmap = _when_called(Backend.vmap)
checkpoint = _when_called(Backend.checkpoint)
lift = _when_called(Backend.lift)


def _custom_vjp(f: Callable[..., Any]) -> CustomVJP:
    return CustomVJP(backend_of, f)


custom_vjp: Callable[[Callable[..., Any]], CustomVJP] = _described(_custom_vjp, Backend.custom_vjp)


def xp(*arrays: Any) -> Any:
    """The array namespace of the arrays' backend, after the Python array API standard.

    Args:
        arrays: arrays or trees of them; without any that belongs to a framework, the current backend is meant. Inside a
            function that an operator differentiates that is the backend which runs it.

    Raises:
        BackendMismatchError: two frameworks meet.

    Examples:
        >>> import autodiff_spec as ad
        >>> xp = ad.xp()
        >>> float(xp.sum(xp.asarray([1.0, 2.0])))
        3.0
    """
    return backend_of(*arrays).xp if arrays else backend().xp


def extra(*arrays: Any) -> Any:
    """The few functions beyond the standard that every backend has: ``relu``, ``softmax``, ``logsumexp``, …

    Args:
        arrays: arrays or trees of them; the functions are those of their backend, else of the current one.

    Raises:
        BackendMismatchError: two frameworks meet.

    Examples:
        >>> import autodiff_spec as ad
        >>> float(ad.extra().relu(ad.xp().asarray(-1.0)))
        0.0
    """
    return backend_of(*arrays).extra if arrays else backend().extra


def compare(f: Callable[..., Any], *args: Any, **options: Any) -> Comparison:
    """Whether the backends agree on ``f``, and where they part first; see `autodiff_spec.diff.compare`.

    Examples:
        >>> import autodiff_spec as ad
        >>> ad.compare(lambda x: ad.xp().sum(x * x), [1.0, 2.0], backends=["numpy"]).agree
        True
    """
    from autodiff_spec.diff import compare

    return compare(f, *args, **options)


def draw(target: Any, *args: Any, **options: Any) -> Drawing:
    """The recorded graph of a function at ``args``, or of a logged array; see `autodiff_spec.graph.draw`.

    Examples:
        >>> import autodiff_spec as ad
        >>> ad.draw(lambda x: ad.stop_gradient(x * x) * x, 3.0)
        <Drawing of <lambda>: 4 nodes, 4 arrows forward, 1 back>
    """
    from autodiff_spec.graph import draw

    return draw(target, *args, **options)
