"""The same few functions beyond the standard that every backend has."""

from __future__ import annotations

import functools
import math
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp
from jax.scipy import special

from autodiff_jax import xp
from autodiff_jax._array import Array, resolve
from autodiff_jax._beyond import BEYOND
from autodiff_jax._index import assembled, dynamic, expanded, read, require_within, traced
from autodiff_jax._operation import Operation
from autodiff_jax._wrap import binary, general, unary, variadic
from autodiff_spec._shared import IndexedUpdate, occurrences, require_integers
from autodiff_spec.core.names import EXTRA

relu = unary(jax.nn.relu)
sigmoid = unary(jax.nn.sigmoid)
softplus = unary(jax.nn.softplus)
silu = unary(jax.nn.silu)


def gelu(x: Any, /, *, approximate: bool = False) -> Any:
    """x·Φ(x) with the normal distribution function Φ, or its approximation by tanh (Hendrycks and Gimpel, 2016)."""
    return _gelu(x, approximate)


def of_rows(function: Any) -> Any:
    """``function(x, axis)``, for which a number is a row of one."""

    @functools.wraps(function)
    def of_any(x: Any, axis: int) -> Any:
        return function(x, axis) if jnp.ndim(x) else function(jnp.reshape(x, 1), axis)[0]

    return of_any


def softmax(x: Any, /, *, axis: int = -1) -> Any:
    """exp(x) / Σ exp(x) along an axis."""
    return _softmax(x, axis)


def log_softmax(x: Any, /, *, axis: int = -1) -> Any:
    """The logarithm of the softmax, x - log Σ exp(x), along an axis."""
    return _log_softmax(x, axis)


def logsumexp(x: Any, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """The logarithm log Σ exp(x) along axes, without overflow."""
    return _logsumexp(x, axis, keepdims)


xlogy = binary(special.xlogy)
sinc = unary(jnp.sinc)
erf = unary(special.erf)
erfinv = unary(special.erfinv)
lgamma = unary(special.gammaln)
digamma = unary(special.digamma)
gammainc = binary(special.gammainc)
gammaincc = binary(special.gammaincc)


def median(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """The middle of the sorted elements, or the mean of the two middle ones."""
    return _median(x, axis, keepdims)


def topk(x: Any, k: int, /, *, axis: int = -1) -> Any:
    """The ``k`` largest elements along an axis, in descending order."""
    return _topk(x, k, axis)


def one_hot(x: Any, num_classes: int, /, *, dtype: Any = None) -> Any:
    """1 at the place along a new last axis that each integer of ``x`` names, else 0; all 0 where it names none."""
    found = jnp.asarray(require_integers(x))[..., None] == jnp.arange(num_classes)
    return found.astype(jnp.result_type(float) if dtype is None else dtype)


def einsum(subscripts: str, /, *arrays: Any) -> Any:
    """Einstein's summation."""
    return _subscripted(subscripts)(*arrays)


def index(x: Any, idx: Any, /) -> Any:
    """``x[idx]``: integers, slices, ``None``, ``...``, boolean and integer arrays (lists too), or a tuple of these.

    As in NumPy an index out of bounds raises ``IndexError`` (JAX would take the nearest element), unless it is traced.
    """
    x = resolve(x)
    parts = expanded(idx, x.shape)
    require_within(parts, x.shape)
    return read(x, tuple(parts)) if type(x) is Array else x[tuple(parts)]


class at(IndexedUpdate):  # noqa: N801
    __doc__ = IndexedUpdate.__doc__

    def __init__(self, x: Any, idx: Any, /) -> None:
        x = resolve(x)
        super().__init__(x, tuple(expanded(idx, x.shape)))
        require_within(self._idx, x.shape)

    def _updated(self, how: str, values: Any) -> Any:
        x, parts = self._x, self._idx
        if how == "multiply" and not any(map(traced, parts)):
            places = np.arange(math.prod(x.shape)).reshape(x.shape)[parts]  # in the flattened array
            if places.size:
                return self._multiplied(values, places)
        values = resolve(values)
        if type(x) is not Array and type(values) is not Array:
            return getattr(x.at[parts], how)(values)
        template, arrays = dynamic(parts, x.shape)
        return _updating(how, template)(x, values, *arrays)

    def _multiplied(self, values: Any, places: Any) -> Any:
        """First occurrences of all places at once, then second ones: JAX has no derivative for places that repeat."""
        flat = xp.reshape(self._x, (-1,))
        values = xp.reshape(xp.broadcast_to(xp.asarray(values), places.shape), (-1,))
        places = places.ravel()
        turns = occurrences(places)
        for n in range(turns.max() + 1):
            here = np.nonzero(turns == n)[0]
            flat = _factors(flat, places[here], values[here])
        return xp.reshape(flat, self._x.shape)


pad = BEYOND.pad
convolve = BEYOND.convolve
segment_sum = BEYOND.segment_sum
interp = BEYOND.interp
solve_triangular = BEYOND.solve_triangular
lstsq = BEYOND.lstsq
expm = BEYOND.expm


@functools.lru_cache(maxsize=4096)
def _updating(how: str, template: tuple[Any, ...]) -> Operation:
    return Operation(lambda x, values, *arrays: getattr(x.at[assembled(template, arrays)], how)(values))


def _largest(x: Any, k: int, axis: int) -> Any:
    return jnp.moveaxis(jax.lax.top_k(jnp.moveaxis(x, axis, -1), k)[0], -1, axis)


_factors = general(lambda x, places, values: x.at[places].multiply(values, unique_indices=True), arrays=3)
_gelu = general(jax.nn.gelu)
_log_softmax = general(of_rows(jax.nn.log_softmax))
_logsumexp = general(lambda x, axis, keepdims: special.logsumexp(x, axis=axis, keepdims=keepdims))
_median = general(lambda x, axis, keepdims: jnp.median(x, axis=axis, keepdims=keepdims))
_softmax = general(of_rows(jax.nn.softmax))
_subscripted = functools.cache(lambda subscripts: variadic(functools.partial(jnp.einsum, subscripts)))
_topk = general(_largest)


__all__ = list(EXTRA)


def __dir__() -> list[str]:
    return __all__
