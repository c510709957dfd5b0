"""The ``fft`` extension of the array API standard, over TensorFlow's transforms of the last axis.

Lengths are brought about here, by cutting and by zeros: TensorFlow's transforms then see what they expect, and their
derivatives hold. ``norm`` says which direction is divided by the length: ``"backward"`` (the inverse), ``"ortho"``
(both, by its root), ``"forward"``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from autodiff_tensorflow.xp.convert import asarray, cast, length, scalar, tensor
from autodiff_tensorflow.xp.dtypes import DEFAULT_FLOAT, Array, DType, complex_of
from autodiff_tensorflow.xp.manipulation import axes_of, moveaxis, roll

__all__ = [
    "fft", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifftn", "ifftshift", "ihfft", "irfft", "irfftn", "rfft",
    "rfftfreq", "rfftn",
]  # fmt: skip

_POWERS = {"backward": 0.0, "ortho": 0.5, "forward": 1.0}


def fft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The discrete Fourier transform along ``axis``, cut or filled with zeros to ``n``."""
    x, n = _resized(_complex(x), n, axis)
    return moveaxis(_scaled(tf.signal.fft(x), n, -_power(norm)), -1, axis)


def ifft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The inverse of `fft`."""
    x, n = _resized(_complex(x), n, axis)
    return moveaxis(_scaled(tf.signal.ifft(x), n, _power(norm)), -1, axis)


def rfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The half of `fft` that determines the rest, for real ``x``: ``n // 2 + 1`` frequencies."""
    x, n = _resized(_real(x), n, axis)
    return moveaxis(_scaled(tf.signal.rfft(x, tf.reshape(n, [1])), n, -_power(norm)), -1, axis)


def irfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The inverse of `rfft`: ``n`` real numbers (``2 * (size - 1)`` without one)."""
    return _irfft(_complex(x), n, axis, _power(norm))


def hfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The transform, which is real, of a signal with Hermitian symmetry, of which ``x`` is the first half."""
    return _irfft(tf.math.conj(_complex(x)), n, axis, 1.0 - _power(norm))


def ihfft(x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The inverse of `hfft`, for real ``x``."""
    opposite = {"backward": "forward", "forward": "backward"}
    return tf.math.conj(rfft(x, n=n, axis=axis, norm=opposite.get(norm, norm)))


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


def _irfft(x: Array, n: Any, axis: int, power: float) -> Array:
    n = 2 * (length(x, axis) - 1) if n is None else n
    x, _ = _resized(x, n // 2 + 1, axis)
    return moveaxis(_scaled(tf.signal.irfft(x, tf.reshape(n, [1])), n, power), -1, axis)


def _resized(x: Array, n: Any, axis: int) -> tuple[Array, Any]:
    """``x`` with ``axis`` as its last, of length ``n``; and that length."""
    x = moveaxis(x, axis, -1)
    size = length(x, -1)
    if n is None or n is size or (isinstance(size, int) and n == size):
        return x, size
    x = x[..., :n]
    return tf.pad(x, [[0, 0]] * (x.shape.rank - 1) + [[0, n - length(x, -1)]]), n


def _scaled(x: Array, n: Any, power: float) -> Array:
    """``x`` times a power of ``n``: TensorFlow's inverse transforms divide by ``n``, the others do not."""
    if power == 0:
        return x
    if isinstance(n, int):
        return x * scalar(float(n) ** power, x.dtype)
    return x * tf.cast(tf.cast(n, tf.float64) ** power, x.dtype)


def _power(norm: str) -> float:
    """The power of ``n`` by which the forward transform is divided."""
    if norm not in _POWERS:
        raise ValueError(f"norm={norm!r}; choose 'backward', 'ortho' or 'forward'")
    return _POWERS[norm]


def _pairs(x: Array, s: Any, axes: Any) -> list[tuple[Any, int]]:
    if axes is None:
        axes = range(x.shape.rank) if s is None else range(x.shape.rank - len(s), x.shape.rank)
    found = axes_of(tuple(axes), x.shape.rank)
    return list(zip([None] * len(found) if s is None else s, found, strict=True))


def _complex(x: Any) -> Array:
    x = tensor(x)
    return cast(x, complex_of(x.dtype))


def _real(x: Any) -> Array:
    x = tensor(x)
    if x.dtype.is_complex:
        raise TypeError(f"this transform is of real numbers, not of {x.dtype.name}; take fft()")
    return cast(x, complex_of(x.dtype).real_dtype)


def _shifted(x: Any, axes: Any, shift: Callable[[Any], Any]) -> Array:
    x = tensor(x)
    chosen = axes_of(axes, x.shape.rank)
    shifts = tuple(shift(length(x, axis)) for axis in chosen)
    return roll(x, shifts, axis=tuple(chosen)) if chosen else tf.identity(x)
