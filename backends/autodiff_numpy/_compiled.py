"""The compiled module `_speed`, where it was built and is wanted; without it results are the same."""

from __future__ import annotations

import importlib
import os
from typing import Any


def _loaded() -> Any:
    if os.environ.get("AUTODIFF_SPEC_PURE", "0") not in ("", "0"):
        return None
    try:
        return importlib.import_module("autodiff_numpy._speed")
    except ImportError:  # there was no compiler, or it was built for another NumPy
        return None


SPEED: Any = _loaded()
"""The module, or ``None``: pure Python."""
