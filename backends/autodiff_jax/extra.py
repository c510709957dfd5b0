"""The same few functions beyond the standard that every backend has."""

from __future__ import annotations

import functools
from typing import Any

import jax
from jax import numpy as jnp
from jax.scipy import special

from autodiff_jax._array import Array, resolve
from autodiff_jax._index import assembled, dynamic, expanded
from autodiff_jax._record import Operation
from autodiff_jax._wrap import binary, general, unary, variadic

relu = unary(jax.nn.relu)
sigmoid = unary(jax.nn.sigmoid)
softplus = unary(jax.nn.softplus)
sinc = unary(jnp.sinc)
erf = unary(special.erf)
xlogy = binary(special.xlogy)
logsumexp = general(special.logsumexp)
softmax = general(jax.nn.softmax)
median = general(jnp.median)


def _largest(x: Any, k: int, axis: int) -> Any:
    return jnp.moveaxis(jax.lax.top_k(jnp.moveaxis(x, axis, -1), k)[0], -1, axis)


_topk = general(_largest)
_subscripted = functools.cache(lambda subscripts: variadic(functools.partial(jnp.einsum, subscripts)))


def topk(x: Any, k: int, /, *, axis: int = -1) -> Any:
    """The ``k`` largest elements along an axis, in descending order."""
    return _topk(x, k, axis)


def einsum(subscripts: str, /, *arrays: Any) -> Any:
    """Einstein's summation."""
    return _subscripted(subscripts)(*arrays)


class at:  # noqa: N801
    """``at(x, index).set(value)`` and its like: a new array in which the indexed elements are changed.

    Args:
        x: the array.
        index: anything that ``x[index]`` takes.

    Example:
        >>> import autodiff_spec as ad
        >>> be = ad.backend("jax")
        >>> be.to_numpy(be.extra.at(be.asarray([1.0, 2.0, 3.0]), 1).add(10.0))
        array([ 1., 12.,  3.], dtype=float32)
    """

    def __init__(self, x: Any, index: Any) -> None:
        self.x = x
        self.index = index

    def set(self, value: Any) -> Any:
        """``x`` with the elements replaced by ``value``."""
        return self._update("set", value)

    def add(self, value: Any) -> Any:
        """``x`` with ``value`` added to the elements, once for each time that the index names them."""
        return self._update("add", value)

    def multiply(self, value: Any) -> Any:
        """``x`` with the elements multiplied by ``value``."""
        return self._update("multiply", value)

    def min(self, value: Any) -> Any:
        """``x`` with the smaller of each element and ``value``."""
        return self._update("min", value)

    def max(self, value: Any) -> Any:
        """``x`` with the larger of each element and ``value``."""
        return self._update("max", value)

    def _update(self, how: str, value: Any) -> Any:
        x, value = resolve(self.x), resolve(value)
        if type(x) is not Array and type(value) is not Array:
            return getattr(x.at[self.index], how)(value)
        template, arrays = dynamic(expanded(self.index, x.shape), x.shape)
        return _updating(how, template)(x, value, *arrays)


@functools.lru_cache(maxsize=4096)
def _updating(how: str, template: tuple[Any, ...]) -> Operation:
    return Operation(lambda x, value, *arrays: getattr(x.at[assembled(template, arrays)], how)(value))


__all__ = [
    "at", "einsum", "erf", "logsumexp", "median", "relu", "sigmoid", "sinc", "softmax", "softplus", "topk", "xlogy",
]  # fmt: skip
