"""The same few functions beyond the standard that every backend has."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_numpy import xp
from autodiff_numpy._array import plain
from autodiff_numpy._beyond import BEYOND
from autodiff_numpy._tables import LATE, TRACKED
from autodiff_numpy.rules.writing import combined
from autodiff_spec import BackendNotInstalledError
from autodiff_spec._shared import IndexedUpdate, require_integers
from autodiff_spec.core.installation import installation
from autodiff_spec.core.names import EXTRA


def relu(x: Any, /) -> Any:
    """The positive part; its derivative at 0 is 0: it is a function of one argument."""
    return xp.where(x > 0, x, 0)


def sigmoid(x: Any, /) -> Any:
    """1 / (1 + exp(-x))."""
    return TRACKED.sigmoid(x)


def softplus(x: Any, /) -> Any:
    """log(1 + exp(x)), without overflow."""
    return xp.logaddexp(x, 0.0)


def silu(x: Any, /) -> Any:
    """x·sigmoid(x)."""
    return x * sigmoid(x)


def gelu(x: Any, /, *, approximate: bool = False) -> Any:
    """x·Φ(x) with the normal distribution function Φ, or its approximation by tanh (Hendrycks and Gimpel, 2016)."""
    if approximate:  # (1 + tanh(u)) / 2 is the sigmoid of 2u, which is 0 or 1 where a cube overflows
        near = xp.clip(x, -30.0, 30.0)
        return x * sigmoid(2.0 * _ROOT_2_BY_PI * (near + 0.044715 * near * near * near))
    return 0.5 * x * TRACKED.erf_complement(x * -_ROOT_HALF)


def softmax(x: Any, /, *, axis: int = -1) -> Any:
    """exp(x) / Σ exp(x) along an axis."""
    return TRACKED.probabilities(x, axis)


def log_softmax(x: Any, /, *, axis: int = -1) -> Any:
    """The logarithm of the softmax, x - log Σ exp(x), along an axis."""
    return TRACKED.log_probabilities(x, axis)


def logsumexp(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Log Σ exp(x) along axes, shifted by the largest element."""
    return TRACKED.log_sum_exp(x, axis, keepdims)


def xlogy(x: Any, y: Any, /) -> Any:
    """x·log(y), 0 where x is 0 and y is not negative; its derivative in x is log(y) there too."""
    zero = (x == 0) & (y == 0)
    return xp.where(zero, 0, x * xp.log(xp.where(zero, 1, y)))


def sinc(x: Any, /) -> Any:
    """sin(πx) / (πx), 1 at 0."""
    return TRACKED.sinc(x)


def erf(x: Any, /) -> Any:
    """The error function 2/√π ∫₀ˣ exp(-t²) dt."""
    return TRACKED.erf(x)


def erfinv(x: Any, /) -> Any:
    """The inverse of ``erf`` on [-1, 1]. Needs SciPy."""
    return _scipys("erfinv", x)


def lgamma(x: Any, /) -> Any:
    """The logarithm of abs Γ(x), +∞ at its poles. Needs SciPy."""
    return _scipys("gammaln", x)


def digamma(x: Any, /) -> Any:
    """The derivative of ``lgamma``, Γ'(x)/Γ(x). Needs SciPy."""
    return _scipys("psi", x)


def gammainc(a: Any, x: Any, /) -> Any:
    """The regularised lower incomplete gamma function; its derivative by ``a`` is refused. Needs SciPy."""
    return _scipys("gammainc", a, x)


def gammaincc(a: Any, x: Any, /) -> Any:
    """The regularised upper one, 1 - ``gammainc``, without cancellation; as that. Needs SciPy."""
    return _scipys("gammaincc", a, x)


def median(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """The middle of the sorted elements, or the mean of the two middle ones."""
    return TRACKED.median(x, axis=axis, keepdims=keepdims)


def topk(x: Any, k: int, /, *, axis: int = -1) -> Any:
    """The ``k`` largest elements along an axis, in descending order."""
    return xp.take_along_axis(x, np.take(xp.argsort(x, axis=axis, descending=True), np.arange(k), axis), axis)


def one_hot(x: Any, num_classes: int, /, *, dtype: Any = None) -> Any:
    """1 at the place along a new last axis that each integer of ``x`` names, else 0; all 0 where it names none."""
    return xp.astype(require_integers(x)[..., None] == np.arange(num_classes), xp.float64 if dtype is None else dtype)


def einsum(subscripts: str, /, *arrays: Any) -> Any:
    """Einstein's summation."""
    return TRACKED.einsum(subscripts, *arrays)


def index(x: Any, idx: Any, /) -> Any:
    """``x[idx]``: integers, slices, ``None``, ``...``, boolean and integer arrays (lists too), or a tuple of these."""
    return xp.asarray(x)[tuple(map(plain, idx)) if isinstance(idx, tuple) else plain(idx)]


class at(IndexedUpdate):  # noqa: N801
    __doc__ = IndexedUpdate.__doc__

    def __init__(self, x: Any, idx: Any, /) -> None:
        super().__init__(x, tuple(map(plain, idx)) if isinstance(idx, tuple) else plain(idx))

    def _updated(self, how: str, values: Any) -> Any:
        if how == "set":
            return TRACKED.replaced(self._x, values, self._idx)
        return combined(self._x, self._idx, values, _COMBINE[how])


def _scipys(name: str, *arrays: Any) -> Any:
    """A function of `scipy.special`, which is loaded when the first is called, in the dtype of the arrays."""
    try:
        LATE["scipy.special"]()
    except ImportError as error:
        raise BackendNotInstalledError(
            f"scipy.special.{name}, which this function is on NumPy, needs SciPy: {installation('scipy')}"
        ) from error
    found, dtype = getattr(TRACKED, name)(*arrays), xp.result_type(*arrays)  # SciPy computes in 32 or in 64 bits
    return xp.astype(found, dtype) if dtype.kind == "f" and found.dtype != dtype else found


pad = BEYOND.pad
convolve = BEYOND.convolve
segment_sum = BEYOND.segment_sum
interp = BEYOND.interp
solve_triangular = BEYOND.solve_triangular
lstsq = BEYOND.lstsq
expm = BEYOND.expm

_ROOT_2_BY_PI, _ROOT_HALF = math.sqrt(2.0 / math.pi), math.sqrt(0.5)
_COMBINE = {"add": xp.add, "multiply": xp.multiply, "min": xp.minimum, "max": xp.maximum}

__all__ = list(EXTRA)


def __dir__() -> list[str]:
    return __all__
