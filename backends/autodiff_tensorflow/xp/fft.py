"""The ``fft`` extension of the array API standard, over TensorFlow's transforms of the last axis.

Lengths are brought about here, by cutting and by zeros: TensorFlow's transforms then see what they expect, and their
derivatives hold. ``norm`` says which direction is divided by the length: ``"backward"`` (the inverse), ``"ortho"``
(both, by its root), ``"forward"``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from autodiff_tensorflow.xp.convert import asarray, scalar, tensor
from autodiff_tensorflow.xp.dtypes import DEFAULT_FLOAT, Array, DType, complex_of
from autodiff_tensorflow.xp.manipulation import axes_of, moveaxis, roll

__all__ = [
    "fft", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifftn", "ifftshift", "ihfft", "irfft", "irfftn", "rfft",
    "rfftfreq", "rfftn",
]  # fmt: skip

_SWAPPED = {"backward": "forward", "ortho": "ortho", "forward": "backward"}
Transform = Callable[[Array, Any], Array]  # of the last axis, of this length; its inverse divides by the length


def fft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The discrete Fourier transform along ``axis``, cut or filled with zeros to ``n``."""
    return _along(_fft, _complex(x), n, axis, _unscaled(norm))


def ifft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The inverse of `fft`."""
    return _along(_ifft, _complex(x), n, axis, _unscaled(_swapped(norm)))


def rfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The half of `fft` that determines the rest, for real ``x``: ``n // 2 + 1`` frequencies."""
    return _along(_rfft, _real(x), n, axis, _unscaled(norm))


def irfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The inverse of `rfft`: ``n`` real numbers (``2 * (size - 1)`` without one)."""
    return _irfft_along(_complex(x), n, axis, _unscaled(_swapped(norm)))


def hfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The transform, which is real, of a signal with Hermitian symmetry, of which ``x`` is the first half."""
    return _irfft_along(tf.math.conj(_complex(x)), n, axis, _scaled(norm))


def ihfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The inverse of `hfft`, for real ``x``."""
    return tf.math.conj(rfft(x, n=n, axis=axis, norm=_swapped(norm)))


def fftn(x: Any, /, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Array:
    """`fft` along several axes, all of them without ``axes``; ``s`` are the lengths."""
    x = _complex(x)
    for n, axis in _pairs(x, s, axes):
        x = fft(x, n=n, axis=axis, norm=norm)
    return x


def ifftn(x: Any, /, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Array:
    """The inverse of `fftn`."""
    x = _complex(x)
    for n, axis in _pairs(x, s, axes):
        x = ifft(x, n=n, axis=axis, norm=norm)
    return x


def rfftn(x: Any, /, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Array:
    """`rfft` along the last of the axes, then `fft` along the others."""
    x = _real(x)
    *others, (n, axis) = _pairs(x, s, axes)
    x = rfft(x, n=n, axis=axis, norm=norm)
    for n, axis in others:
        x = fft(x, n=n, axis=axis, norm=norm)
    return x


def irfftn(x: Any, /, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Array:
    """The inverse of `rfftn`."""
    x = _complex(x)
    *others, (last, axis) = _pairs(x, s, axes)
    for n, other in others:
        x = ifft(x, n=n, axis=other, norm=norm)
    return irfft(x, n=last, axis=axis, norm=norm)


def fftfreq(n: int, /, *, d: float = 1.0, dtype: DType | None = None, device: Any = None) -> Array:
    """The frequencies of `fft` of ``n`` samples at distances ``d``."""
    return asarray(np.fft.fftfreq(n, d), dtype=dtype or DEFAULT_FLOAT, device=device)


def rfftfreq(n: int, /, *, d: float = 1.0, dtype: DType | None = None, device: Any = None) -> Array:
    """The frequencies of `rfft` of ``n`` samples at distances ``d``."""
    return asarray(np.fft.rfftfreq(n, d), dtype=dtype or DEFAULT_FLOAT, device=device)


def fftshift(x: Any, /, *, axes: Any = None) -> Array:
    """``x`` with the frequency 0 moved to the middle of ``axes`` (of all without them)."""
    return _shifted(x, axes, lambda size: size // 2)


def ifftshift(x: Any, /, *, axes: Any = None) -> Array:
    """The inverse of `fftshift`."""
    return _shifted(x, axes, lambda size: -(size // 2))


# --- steps ----------------------------------------------------------------------------------------------------------


def _fft(x: Array, n: Any) -> Array:
    return tf.signal.fft(x)


def _ifft(x: Array, n: Any) -> Array:
    return tf.signal.ifft(x) * tf.cast(n, x.dtype)


def _rfft(x: Array, n: Any) -> Array:
    return tf.signal.rfft(x, tf.reshape(n, [1]))


def _along(transform: Transform, x: Array, n: Any, axis: int, scaled: Callable[[Array, Any], Array]) -> Array:
    x = moveaxis(x, axis, -1)
    size = _size(x) if n is None else n
    return moveaxis(scaled(transform(_resized(x, size), size), size), -1, axis)


def _irfft_along(x: Array, n: Any, axis: int, scaled: Callable[[Array, Any], Array]) -> Array:
    x = moveaxis(x, axis, -1)
    size = 2 * (_size(x) - 1) if n is None else n
    real = tf.signal.irfft(_resized(x, size // 2 + 1), tf.reshape(size, [1]))
    return moveaxis(scaled(real * tf.cast(size, real.dtype), size), -1, axis)


def _unscaled(norm: str) -> Callable[[Array, Any], Array]:
    """What ``norm`` does to a sum of ``n`` terms in the forward direction."""
    if norm == "backward":
        return lambda x, n: x
    if norm == "ortho":
        return lambda x, n: x / tf.cast(tf.sqrt(tf.cast(n, tf.float64)), x.dtype)
    if norm == "forward":
        return lambda x, n: x / tf.cast(n, x.dtype)
    raise ValueError(f"norm={norm!r}; choose 'backward', 'ortho' or 'forward'")


_scaled = _unscaled


def _swapped(norm: str) -> str:
    return _SWAPPED.get(norm, norm)


def _size(x: Array) -> Any:
    return tf.shape(x)[-1] if x.shape[-1] is None else x.shape[-1]


def _resized(x: Array, n: Any) -> Array:
    """``x`` of length ``n`` along its last axis."""
    size = x.shape[-1]
    if size is not None and size == n:
        return x
    x = x[..., :n]
    missing = n - _size(x)
    return tf.pad(x, [[0, 0]] * (x.shape.rank - 1) + [[0, missing]])


def _pairs(x: Array, s: Any, axes: Any) -> list[tuple[Any, int]]:
    if axes is None:
        axes = range(x.shape.rank) if s is None else range(x.shape.rank - len(s), x.shape.rank)
    found = axes_of(tuple(axes), x.shape.rank)
    return list(zip([None] * len(found) if s is None else s, found, strict=True))


def _complex(x: Any) -> Array:
    x = tensor(x)
    return tf.convert_to_tensor(x) if x.dtype.is_complex else tf.cast(x, complex_of(x.dtype))


def _real(x: Any) -> Array:
    x = tensor(x)
    if x.dtype.is_complex:
        raise TypeError(f"this transform is of real numbers, not of {x.dtype.name}; take fft()")
    return tf.cast(x, complex_of(x.dtype).real_dtype)


def _shifted(x: Any, axes: Any, shift: Callable[[Any], Any]) -> Array:
    x = tensor(x)
    chosen = axes_of(axes, x.shape.rank)
    sizes: Sequence[Any] = [tf.shape(x)[axis] if x.shape[axis] is None else x.shape[axis] for axis in chosen]
    return roll(x, tuple(shift(size) for size in sizes), axis=tuple(chosen)) if chosen else tf.identity(x)
