"""The oracle's array namespace: the functions and dtypes of the Python array API standard on exact numbers.

``linalg`` and ``fft`` are the standard's extensions, ``extra`` holds functions beyond it. Constants are the doubles
that every framework uses: with the exact pi, ``sin(pi * x)`` would be another program.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff_spec.core.names import DTYPES, MAIN, gathered, install_operators
from autodiff_spec.oracle import _elementwise, _manipulation, _reductions
from autodiff_spec.oracle import _extra as extra
from autodiff_spec.oracle import _fft as fft
from autodiff_spec.oracle import _linalg as linalg
from autodiff_spec.oracle._array import Array
from autodiff_spec.oracle._stop import stop_gradient

__array_api_version__ = "2024.12"
e, pi, inf, nan, newaxis = math.e, math.pi, math.inf, math.nan, None

_found: dict[str, Any] = {name: np.dtype(name) for name in (*DTYPES, "float16")}
_found |= gathered(MAIN, _elementwise, _manipulation, _reductions, linalg)
globals().update(_found)

if TYPE_CHECKING:  # the names that come from the families

    def __getattr__(name: str) -> Any: ...


Array.namespace = sys.modules[__name__]
install_operators(Array, _found.__getitem__)

__all__ = ["e", "extra", "fft", "inf", "linalg", "nan", "newaxis", "pi", "stop_gradient"]
__all__ += list(_found)
