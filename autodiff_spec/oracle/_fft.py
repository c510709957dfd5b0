"""Fourier transforms as the sums that define them: ``xp.fft``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff_spec.oracle import _elementwise as elementwise
from autodiff_spec.oracle import _manipulation as manipulation
from autodiff_spec.oracle import _operators as op
from autodiff_spec.oracle import _scalars as s
from autodiff_spec.oracle._array import Array
from autodiff_spec.oracle._context import MPF, ZERO, Objects, ctx

Axes = Sequence[int] | None
_SWAPPED = {"backward": "forward", "ortho": "ortho", "forward": "backward"}
_real_part = s.lift(lambda z: z.real)


def _fitted(x: Array, n: int, axis: int) -> Objects:
    """The values with ``axis`` last, cut or filled with zeros to length ``n``."""
    moved = np.moveaxis(x._v, axis, -1)[..., :n]
    fill = np.full((*moved.shape[:-1], n - moved.shape[-1]), ZERO, dtype=object)
    return np.concatenate([moved, fill], axis=-1)


def _sums(values: Objects, n: int, sign: int, norm: str, outputs: int | None = None) -> Objects:
    """``Σ x[j]·exp(sign·2πi·jk/n)`` for each k, scaled: forward is sign -1."""
    count = n if outputs is None else outputs
    turns: Any = np.empty((values.shape[-1], count), dtype=object)
    for j in range(values.shape[-1]):
        for k in range(count):
            turns[j, k] = ctx.expjpi(MPF(2 * sign * (j * k % n)) / n)
    scaled = norm == "ortho" or norm == ("backward" if sign > 0 else "forward")
    divisor = (ctx.sqrt(n) if norm == "ortho" else MPF(n)) if scaled else MPF(1)
    result: Objects = np.matmul(values, turns / divisor)
    return result


def _complex(values: Objects, like: Array, axis: int) -> Array:
    dtype = np.result_type(like.dtype, np.complex64)
    return Array(op.to_kind(np.moveaxis(values, -1, axis), dtype), dtype)


def _transform(x: Any, n: int | None, axis: int, norm: str, sign: int) -> Array:
    x = op.asarray(x)
    n = x.shape[axis] if n is None else n
    return _complex(_sums(_fitted(x, n, axis), n, sign, norm), x, axis)


def fft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The discrete Fourier transform."""
    return _transform(x, n, axis, norm, -1)


def ifft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The inverse transform."""
    return _transform(x, n, axis, norm, 1)


def _pairs(x: Any, sizes: Axes, axes: Axes) -> list[tuple[int, int | None]]:
    """The axes to transform along, each with the length asked for."""
    x = op.asarray(x)
    if axes is None:
        axes = range(x.ndim) if sizes is None else range(-len(sizes), 0)
    lengths: Sequence[int | None] = [None] * len(axes) if sizes is None else sizes
    return list(zip(axes, lengths, strict=True))


def fftn(x: Any, /, *, s: Axes = None, axes: Axes = None, norm: str = "backward") -> Array:
    """The transform along several axes."""
    for axis, n in _pairs(x, s, axes):
        x = fft(x, n=n, axis=axis, norm=norm)
    return op.asarray(x)


def ifftn(x: Any, /, *, s: Axes = None, axes: Axes = None, norm: str = "backward") -> Array:
    """The inverse transform along several axes."""
    for axis, n in _pairs(x, s, axes):
        x = ifft(x, n=n, axis=axis, norm=norm)
    return op.asarray(x)


def rfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The first half of the transform of a real array, which determines the other."""
    x = op.asarray(x)
    n = x.shape[axis] if n is None else n
    return _complex(_sums(_fitted(x, n, axis), n, -1, norm, n // 2 + 1), x, axis)


def irfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The real array of which ``x`` is the first half of the transform.

    With its mirror image each number of the spectrum appears twice, except the first and, for even ``n``, the last,
    whose imaginary parts have no influence.
    """
    x = op.asarray(x)
    n = 2 * (x.shape[axis] - 1) if n is None else n
    half = _fitted(x, n // 2 + 1, axis)
    twice = np.array([1 if k == 0 or 2 * k == n else 2 for k in range(half.shape[-1])], dtype=object)
    values = _real_part(_sums(half * twice, n, 1, norm))
    return Array(np.moveaxis(np.asarray(values, dtype=object), -1, axis), op.real_dtype(x.dtype))


def rfftn(x: Any, /, *, s: Axes = None, axes: Axes = None, norm: str = "backward") -> Array:
    """The transform of a real array along several axes, halved along the last."""
    *others, (axis, n) = _pairs(x, s, axes)
    x = rfft(x, n=n, axis=axis, norm=norm)
    for other, m in others:
        x = fft(x, n=m, axis=other, norm=norm)
    return op.asarray(x)


def irfftn(x: Any, /, *, s: Axes = None, axes: Axes = None, norm: str = "backward") -> Array:
    """The inverse of ``rfftn``."""
    *others, (axis, n) = _pairs(x, s, axes)
    for other, m in others:
        x = ifft(x, n=m, axis=other, norm=norm)
    return irfft(x, n=n, axis=axis, norm=norm)


def hfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The transform, a real array, of one that is its own mirror image conjugated, from its first half."""
    return irfft(elementwise.conj(x), n=n, axis=axis, norm=_SWAPPED[norm])


def ihfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The inverse of ``hfft``."""
    return elementwise.conj(rfft(x, n=n, axis=axis, norm=_SWAPPED[norm]))


def fftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Array:
    """The frequencies of a transform of length ``n``."""
    return op.asarray(np.fft.fftfreq(n), dtype) / d if dtype else op.asarray(np.fft.fftfreq(n)) / d


def rfftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Array:
    """The frequencies of the first half of a transform of length ``n``."""
    return op.asarray(np.fft.rfftfreq(n), dtype) / d if dtype else op.asarray(np.fft.rfftfreq(n)) / d


def _shifted(x: Any, axes: int | Axes, half: Any) -> Array:
    x = op.asarray(x)
    along = tuple(range(x.ndim)) if axes is None else (axes,) if isinstance(axes, int) else tuple(axes)
    return manipulation.roll(x, tuple(half(x.shape[axis]) for axis in along), axis=along)


def fftshift(x: Any, /, *, axes: int | Axes = None) -> Array:
    """The frequency 0 moved to the middle."""
    return _shifted(x, axes, lambda n: n // 2)


def ifftshift(x: Any, /, *, axes: int | Axes = None) -> Array:
    """The inverse of ``fftshift``."""
    return _shifted(x, axes, lambda n: -(n // 2))
