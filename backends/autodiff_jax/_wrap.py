"""Functions of ``jax.numpy`` made to record: one wrapper for each form of arguments.

On plain arrays and tracers each goes straight through to ``jax.numpy``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np
from jax import numpy as jnp

from autodiff_jax._array import SCALARS, Array, Variable, constant, plain, resolve
from autodiff_jax._operation import Operation

_F = TypeVar("_F", bound=Callable[..., Any])


def unary(function: Callable[..., Any]) -> Callable[[Any], Any]:
    """A differentiable function of one array."""
    record = Operation(function).unary

    @_named(function)
    def recorded(x: Any, /) -> Any:
        if type(x) is Variable:
            x = x.read()
        return record(x) if type(x) is Array else function(x)

    return recorded


def binary(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """A differentiable function of two arrays."""
    operation = Operation(function)
    with_constant = operation.with_constant

    @_named(function)
    def recorded(x: Any, y: Any, /) -> Any:
        if type(x) is Variable:
            x = x.read()
        if type(y) is Variable:
            y = y.read()
        if type(x) is Array:
            return with_constant(x, y, 1) if type(y) in SCALARS else operation(x, y)
        if type(y) is Array:
            return with_constant(y, x, 0) if type(x) in SCALARS else operation(x, y)
        return function(x, y)

    return recorded


def comparison(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """A function of two arrays without a derivative: its results are plain."""
    forward = Operation(function).forward

    @_named(function)
    def detached(x: Any, y: Any, /) -> Any:
        if not isinstance(x, Array) and not isinstance(y, Array):
            return function(x, y)
        return forward(constant(plain(x))[0], constant(plain(y))[0])

    return detached


def detached(function: Callable[..., Any]) -> Callable[..., Any]:
    """Any other function without a derivative: its results are plain."""

    @_like(function)
    def detached(*args: Any, **kwargs: Any) -> Any:
        return function(*map(plain, args), **{name: plain(value) for name, value in kwargs.items()})

    return detached


def general(function: Callable[..., Any], arrays: int = 1) -> Callable[..., Any]:
    """A function whose first ``arrays`` positional arguments are arrays; all others are static.

    A static argument is part of what is compiled.
    """
    operations: dict[Any, Operation] = {}

    @_like(function)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        for arg in args[:arrays]:
            if isinstance(arg, Array):
                break
        else:
            return function(*args, **kwargs)
        dynamic = [resolve(arg) for arg in args[:arrays]]
        if not any(type(arg) is Array for arg in dynamic):
            return function(*dynamic, *args[arrays:], **kwargs)
        static = tuple([frozen(arg) for arg in args[arrays:]])
        named = {name: frozen(value) for name, value in kwargs.items()}
        key = (len(dynamic), static, *named.items())
        operation = operations.get(key)
        if operation is None:
            operation = operations[key] = Operation(lambda *values: function(*values, *static, **named))
        return operation(*dynamic)

    return recorded


def of_list(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a list of arrays, and static arguments by name."""
    of_arrays = functools.cache(lambda count: general(lambda *args, **kwargs: function(args, **kwargs), arrays=count))

    @_like(function)
    def recorded(arrays: Any, /, **kwargs: Any) -> Any:
        if isinstance(arrays, (list, tuple)) and any(isinstance(array, Array) for array in arrays):
            return of_arrays(len(arrays))(*arrays, **kwargs)
        return function(plain(arrays), **kwargs)

    return recorded


def variadic(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of any number of arrays, and static arguments by name."""
    of_arrays = functools.cache(lambda count: general(function, arrays=count))

    @_like(function)
    def recorded(*arrays: Any, **kwargs: Any) -> Any:
        if any(isinstance(array, Array) for array in arrays):
            return of_arrays(len(arrays))(*arrays, **kwargs)
        return function(*arrays, **kwargs)

    return recorded


def frozen(value: Any) -> Any:
    """A static argument as part of a key: lists and arrays become tuples."""
    if isinstance(value, (list, tuple)):
        return tuple([frozen(part) for part in value])
    if isinstance(value, Array):
        raise TypeError("this argument cannot be a recorded array; pass a plain number, or detach it: stop_gradient(x)")
    if isinstance(value, (jax.Array, np.ndarray)):
        return frozen(np.asarray(value).tolist())
    return value


def _named(function: Callable[..., Any]) -> Callable[[_F], _F]:
    """Give a wrapper the name and the first line of the documentation of what it wraps."""
    name = getattr(function, "__name__", "function")
    first = (function.__doc__ or name).strip().partition("\n")[0]

    def decorate(wrapper: _F) -> _F:
        wrapper.__name__ = wrapper.__qualname__ = name
        wrapper.__doc__ = first
        return wrapper

    return decorate


def _like(function: Callable[..., Any]) -> Callable[[_F], _F]:
    """Give a wrapper of any arguments the name, documentation and signature of ``function``."""

    def decorate(wrapper: _F) -> _F:
        wrapper.__wrapped__ = function  # type: ignore[attr-defined]  # whence inspect.signature() has it
        return _named(function)(wrapper)

    return decorate


def holds_recorded(obj: Any) -> bool:
    """Whether an array, or a list at any depth, holds something recorded, or a variable."""
    return isinstance(obj, Array) or (isinstance(obj, (list, tuple)) and any(map(holds_recorded, obj)))


# --- functions with a form of their own -------------------------------------------------------------------------

_power = binary(jnp.power)
_powers: dict[tuple[Any, ...], Operation] = {}


def power(x: Any, y: Any, /) -> Any:
    """First argument raised to the second; an exponent that is a Python number is static, as in JAX."""
    if type(y) not in SCALARS:
        return _power(x, y)
    x = resolve(x)
    if type(x) is not Array:
        return jnp.power(x, y)
    key = (type(y), y)
    operation = _powers.get(key)
    if operation is None:
        operation = _powers[key] = Operation(lambda base: jnp.power(base, y))
    return operation.unary(x)


_clips = {
    (True, True): Operation(lambda x, lo, hi: jnp.clip(x, lo, hi)),
    (True, False): Operation(lambda x, lo: jnp.clip(x, lo, None)),
    (False, True): Operation(lambda x, hi: jnp.clip(x, None, hi)),
}


def clip(x: Any, /, min: Any = None, max: Any = None) -> Any:
    """The elements of ``x`` limited to the interval from ``min`` to ``max``; ``None`` is no bound."""
    if not (isinstance(x, Array) or isinstance(min, Array) or isinstance(max, Array)):
        return jnp.clip(x, min, max)
    bounds = [bound for bound in (min, max) if bound is not None]
    return _clips[min is not None, max is not None](x, *bounds) if bounds else resolve(x)


where = general(jnp.where, arrays=3)
