"""The ``fft`` extension of the standard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff_numpy._tables import TRACKED

_SAME_NAMES = (
    "fft", "fftn", "fftshift", "hfft", "ifft", "ifftn", "ifftshift", "ihfft", "irfft", "irfftn", "rfft", "rfftn",
)  # fmt: skip
globals().update({name: getattr(TRACKED, name) for name in _SAME_NAMES})


def fftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Any:
    """The frequencies of `fft`."""
    return np.fft.fftfreq(n, d, device=device).astype(np.float64 if dtype is None else dtype, copy=False)


def rfftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Any:
    """The frequencies of `rfft`."""
    return np.fft.rfftfreq(n, d, device=device).astype(np.float64 if dtype is None else dtype, copy=False)


if TYPE_CHECKING:  # the names that come from the tables

    def __getattr__(name: str) -> Any: ...


__all__ = [*_SAME_NAMES, "fftfreq", "rfftfreq"]
