"""The ``fft`` extension of the standard."""

from __future__ import annotations

from typing import Any

from jax.numpy import fft as _jax

from autodiff_jax._wrap import general

_SAME_NAMES = (
    "fft", "fftn", "fftshift", "hfft", "ifft", "ifftn", "ifftshift", "ihfft", "irfft", "irfftn", "rfft", "rfftn",
)  # fmt: skip
globals().update({name: general(getattr(_jax, name)) for name in _SAME_NAMES})


def fftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Any:
    """The frequencies of `fft`."""
    return _jax.fftfreq(n, d=d, dtype=dtype, device=device)


def rfftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Any:
    """The frequencies of `rfft`."""
    return _jax.rfftfreq(n, d=d, dtype=dtype, device=device)


__all__ = [*_SAME_NAMES, "fftfreq", "rfftfreq"]
