"""`scipy.signal` for plain and recorded arrays: convolutions. All other names are SciPy's own.

Example:
    >>> import numpy as np
    >>> import autodiff_spec as ad
    >>> from autodiff_numpy.scipy import signal
    >>> ad.backend("numpy").grad(lambda x: np.sum(signal.fftconvolve(x, [1.0, 2.0])))(np.zeros(3))
    array([3., 3., 3.])
"""

from __future__ import annotations

from typing import Any

import scipy.signal

from autodiff_numpy._jvp import linear
from autodiff_numpy._rule import rule
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._wrap import as_array, holds_recorded
from autodiff_spec import UnsupportedError

__all__ = ["convolve", "fftconvolve"]


def __getattr__(name: str) -> Any:
    return getattr(scipy.signal, name)


def _full_convolution(a: Any, b: Any, by: Any) -> Any:
    return by(a, b)


def _first_part(g: Any, other: Any, size: tuple[int, ...]) -> Any:
    """The part of a cotangent's convolution with the other array, reversed, for the first ``size`` shifts."""
    return g[tuple(slice(n - 1, n - 1 + m) for n, m in zip(other.shape, size, strict=True))]


rule(
    _full_convolution,
    lambda xp, g, a_shape, b, by: _first_part(xp.full_convolution(g, xp.flip(b), by), b, a_shape),
    lambda xp, g, a, b_shape, by: _first_part(xp.full_convolution(g, xp.flip(a), by), a, b_shape),
    jvp=linear,
)


def convolve(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """The convolution of two arrays of any number of axes, as `scipy.signal.convolve`.

    Args:
        in1, in2: arrays with as many axes as each other.
        mode: ``"full"``, ``"same"`` (its middle, of the shape of ``in1``), or ``"valid"`` (where one is in the other).
        method: ``"auto"``, ``"direct"`` or ``"fft"``.

    Raises:
        ValueError: the arrays have not as many axes, or a mode or a method does not exist.
    """
    if not holds_recorded((in1, in2)):
        return scipy.signal.convolve(in1, in2, mode, method)
    return _part(in1, in2, mode, _WAYS[method])


def fftconvolve(in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Any:
    """The convolution of two arrays by Fourier transforms along all axes, as `scipy.signal.fftconvolve`.

    Raises:
        UnsupportedError: ``axes`` is given, and an array is recorded.
    """
    if not holds_recorded((in1, in2)):
        return scipy.signal.fftconvolve(in1, in2, mode, axes)
    if axes is not None:
        raise UnsupportedError("fftconvolve of a recorded array takes no axes=; convolve slices, or all axes")
    return _part(in1, in2, mode, scipy.signal.fftconvolve)


_WAYS = {
    "auto": scipy.signal.convolve,
    "direct": lambda a, b: scipy.signal.convolve(a, b, method="direct"),
    "fft": scipy.signal.fftconvolve,
}


def _part(in1: Any, in2: Any, mode: str, by: Any) -> Any:
    a, b = as_array(in1), as_array(in2)
    if a.ndim != b.ndim:
        raise ValueError(f"a convolution needs arrays with as many axes as each other, not {a.ndim} and {b.ndim}")
    full = TRACKED.full_convolution(a, b, by)
    if mode == "full":
        return full
    if mode == "same":
        starts, lengths = [(n - m) // 2 for n, m in zip(full.shape, a.shape, strict=True)], a.shape
    elif mode == "valid":
        pairs = list(zip(a.shape, b.shape, strict=True))
        if not (all(n >= m for n, m in pairs) or all(n <= m for n, m in pairs)):
            raise ValueError(f"mode='valid' needs one array inside the other along each axis, not {a.shape}, {b.shape}")
        starts, lengths = [min(pair) - 1 for pair in pairs], tuple(abs(n - m) + 1 for n, m in pairs)
    else:
        raise ValueError(f"mode={mode!r}; choose one of 'full', 'same', 'valid'")
    return full[tuple(slice(start, start + length) for start, length in zip(starts, lengths, strict=True))]
