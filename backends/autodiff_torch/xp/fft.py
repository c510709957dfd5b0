"""The ``fft`` extension of the array API standard on PyTorch."""

from __future__ import annotations

import array_api_compat.torch.fft as _base

_FUNCTIONS = (
    "fft", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifftn", "ifftshift", "ihfft", "irfft", "irfftn", "rfft",
    "rfftfreq", "rfftn",
)  # fmt: skip

for _name in _FUNCTIONS:
    globals()[_name] = getattr(_base, _name)

__all__ = sorted(_FUNCTIONS)
