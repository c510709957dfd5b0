"""The interface as functions of the module: each is a method of the backend of the arrays that it is called with.

Arrays choose: `backend_of` finds whose they are. Calls without any mean the backend that is current.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from autodiff_spec._backend import Backend
from autodiff_spec._discovery import backend, backend_of
from autodiff_spec.core.checks import require_function
from autodiff_spec.core.wrapping import wraps
from autodiff_spec.operators import CustomVJP

if TYPE_CHECKING:
    from autodiff_spec.core.beyond import Extra
    from autodiff_spec.core.namespace import Namespace
    from autodiff_spec.diff import Comparison
    from autodiff_spec.graph import Drawing

F = TypeVar("F", bound=Callable[..., Any])

_bare = Backend()
"""What has the methods, to be bound: a function of the module has the types, the signature and the text of one."""


def _of_current(method: F) -> F:
    """A method of `Backend` as a function of the backend that is current."""
    name = method.__name__

    def function(*args: Any, **kwargs: Any) -> Any:
        return getattr(backend(), name)(*args, **kwargs)

    return _described(function, method)


def _of_arrays(method: F) -> F:
    """A method of `Backend` as a function of the backend of the arrays among its arguments."""
    name = method.__name__

    def function(*args: Any, **kwargs: Any) -> Any:
        return getattr(backend_of(*args, *kwargs.values()), name)(*args, **kwargs)

    return _described(function, method)


def _when_called(method: F) -> F:
    """An operator from functions to functions, on the backend of the arrays that its result is called with."""
    name = method.__name__

    def function(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., Any]:
        require_function(f, f"{name}()")

        @wraps(f)
        def of_arrays(*given: Any, **named: Any) -> Any:
            be = backend_of(*given, *named.values()) if named else backend_of(*given)
            return getattr(be, name)(f, *args, **kwargs)(*given, **named)

        return of_arrays

    return _described(function, method)


def _described(function: Any, method: F) -> F:
    """``function`` with the name, the docstring, the signature and, for checkers, the type of ``method``."""
    functools.update_wrapper(function, method)
    del function.__wrapped__  # tools that follow it would show the backend as an argument
    function.__signature__ = inspect.signature(method)
    return cast(F, function)


variable = _of_arrays(_bare.variable)
assign = _of_arrays(_bare.assign)
tape = _of_current(_bare.tape)
host = _of_current(_bare.host)
pause = _of_current(_bare.pause)
stop_gradient = _of_arrays(_bare.stop_gradient)
to_numpy = _of_arrays(_bare.to_numpy)
vjp = _of_arrays(_bare.vjp)
jvp = _of_arrays(_bare.jvp)
linearize = _of_arrays(_bare.linearize)
hvp = _of_arrays(_bare.hvp)
prepare = _of_arrays(_bare.prepare)
check_grad = _of_arrays(_bare.check_grad)

grad = _when_called(_bare.grad)
value_and_grad = _when_called(_bare.value_and_grad)
jacobian = _when_called(_bare.jacobian)
hessian = _when_called(_bare.hessian)
hessian_diag = _when_called(_bare.hessian_diag)
laplacian = _when_called(_bare.laplacian)
vmap = _when_called(_bare.vmap)
checkpoint = _when_called(_bare.checkpoint)
lift = _when_called(_bare.lift)


def _custom_vjp(f: Callable[..., Any]) -> CustomVJP:
    return CustomVJP(backend_of, f)


custom_vjp: Callable[[Callable[..., Any]], CustomVJP] = _described(_custom_vjp, _bare.custom_vjp)


def xp(*arrays: Any) -> Namespace:
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
    found: Namespace = (backend_of(*arrays) if arrays else backend()).xp
    return found


def extra(*arrays: Any) -> Extra:
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
    found: Extra = (backend_of(*arrays) if arrays else backend()).extra
    return found


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
