"""The same few functions beyond the standard that every backend has."""

from __future__ import annotations

from typing import Any

import torch

from autodiff_spec._shared import IndexedUpdate, require_integers
from autodiff_spec.core.names import EXTRA
from autodiff_torch._beyond import BEYOND
from autodiff_torch._index import places, read

relu = torch.relu
sigmoid = torch.sigmoid


def softplus(x: Any, /) -> Any:
    """The logarithm log(1 + exp(x)) without overflow."""
    return torch.logaddexp(x, x.new_zeros(()))  # nn.functional.softplus drops exp(-x) beyond x = 20


def silu(x: Any, /) -> Any:
    """x·sigmoid(x)."""
    return torch.nn.functional.silu(x)


def gelu(x: Any, /, *, approximate: bool = False) -> Any:
    """x·Φ(x) with the normal distribution function Φ, or its approximation by tanh (Hendrycks and Gimpel, 2016)."""
    return torch.nn.functional.gelu(x, approximate="tanh" if approximate else "none")


def softmax(x: Any, /, *, axis: int = -1) -> Any:
    """exp(x) / Σ exp(x) along an axis."""
    return torch.softmax(x, axis)


def log_softmax(x: Any, /, *, axis: int = -1) -> Any:
    """The logarithm of the softmax, x - log Σ exp(x), along an axis."""
    return torch.log_softmax(x, axis)


def logsumexp(x: Any, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """The logarithm log Σ exp(x) along axes, without overflow."""
    axes = tuple(range(x.ndim)) if axis is None else axis
    return torch.logsumexp(x, axes, keepdim=keepdims) if axes != () else x + 0


xlogy = torch.special.xlogy
sinc = torch.special.sinc
erf = torch.special.erf
erfinv = torch.special.erfinv
lgamma = torch.special.gammaln
digamma = torch.special.digamma


def gammainc(a: Any, x: Any, /) -> Any:
    """The regularised lower incomplete gamma function; PyTorch has no derivative by ``a``."""
    return torch.special.gammainc(*_arrays(a, x))


def gammaincc(a: Any, x: Any, /) -> Any:
    """The regularised upper one, 1 - ``gammainc``, without cancellation; as that."""
    return torch.special.gammaincc(*_arrays(a, x))


def median(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """The middle of the sorted elements, or the mean of the two middle ones (``torch.median`` takes the lower)."""
    along = 0 if axis is None else axis
    ordered = torch.sort(x.reshape(-1) if axis is None else x, dim=along, stable=True).values
    count = ordered.shape[along]
    middle = ordered.narrow(along, (count - 1) // 2, 2 - count % 2)
    found = torch.mean(middle, along, keepdim=keepdims and axis is not None)
    return found.reshape((1,) * x.ndim) if keepdims and axis is None else found


def topk(x: Any, k: int, /, *, axis: int = -1) -> Any:
    """The ``k`` largest elements along an axis, in descending order."""
    return torch.topk(x, k, dim=axis).values


def one_hot(x: Any, num_classes: int, /, *, dtype: Any = None) -> Any:
    """1 at the place along a new last axis that each integer of ``x`` names, else 0; all 0 where it names none."""
    classes = torch.arange(num_classes, device=require_integers(x).device)
    return (x[..., None] == classes).to(torch.get_default_dtype() if dtype is None else dtype)


def einsum(subscripts: str, /, *arrays: Any) -> Any:
    """Einstein's summation."""
    return torch.einsum(subscripts, *arrays)


def index(x: Any, idx: Any, /) -> Any:
    """``x[idx]``: integers, slices, ``None``, ``...``, boolean and integer arrays (lists too), or a tuple of these."""
    return read(x, idx)


class at(IndexedUpdate):  # noqa: N801
    __doc__ = IndexedUpdate.__doc__

    def _updated(self, how: str, values: Any) -> Any:
        x = self._x
        spots = places(x, self._idx)
        flat, spots, values = x.reshape(-1), spots.reshape(-1), self._values(values, spots)
        if how == "set":
            found = flat.scatter(0, spots, values)
        elif not x.is_complex():
            found = flat.scatter_reduce(0, spots, values, _REDUCTIONS[how])
        else:
            found = flat.scatter_add(0, spots, values) if how == "add" else _multiplied(flat, spots, values)
        return found.reshape(x.shape)

    def _values(self, values: Any, spots: Any) -> Any:
        """The values as a flat array, one for each place."""
        values = torch.as_tensor(values, dtype=self._x.dtype, device=self._x.device)
        return torch.broadcast_to(values, spots.shape).reshape(-1)


pad = BEYOND.pad
convolve = BEYOND.convolve
segment_sum = BEYOND.segment_sum
interp = BEYOND.interp
solve_triangular = BEYOND.solve_triangular
lstsq = BEYOND.lstsq
expm = BEYOND.expm


def _arrays(a: Any, x: Any) -> tuple[Any, Any]:
    """Both as arrays: a Python number in the dtype of the other one, and on its device."""
    if isinstance(a, torch.Tensor):
        return a, x if isinstance(x, torch.Tensor) else a.new_full((), x)
    return x.new_full((), a), x


def _multiplied(flat: Any, spots: Any, values: Any) -> Any:
    """`scatter_reduce` by products, which has no derivative for complex numbers: each place once a turn."""
    ordered, order = torch.sort(spots, stable=True)
    turns = torch.arange(len(spots), device=spots.device) - torch.searchsorted(ordered, ordered)
    for turn in range(int(turns.max()) + 1 if len(turns) else 0):
        chosen = order[turns == turn]
        flat = flat.scatter(0, spots[chosen], flat[spots[chosen]] * values[chosen])
    return flat


_REDUCTIONS = {"add": "sum", "multiply": "prod", "min": "amin", "max": "amax"}

__all__ = list(EXTRA)


def __dir__() -> list[str]:
    return __all__
