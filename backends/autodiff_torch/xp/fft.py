"""The ``fft`` extension of the array API standard on PyTorch."""

from __future__ import annotations

import array_api_compat.torch.fft as _base

from autodiff_spec.core.names import FFT as _FFT

for _name in _FFT:
    globals()[_name] = getattr(_base, _name)

__all__ = sorted(_FFT)
