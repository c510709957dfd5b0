"""The limits of dtypes, as the array API standard asks for them: Python numbers, whatever the framework has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FloatLimits:
    """The limits of a floating dtype, as Python numbers (NumPy's, for ``longdouble``)."""

    bits: int
    eps: Any
    max: Any
    min: Any
    smallest_normal: Any
    dtype: Any

    @property
    def tiny(self) -> Any:
        """NumPy's name for ``smallest_normal``."""
        return self.smallest_normal


@dataclass(frozen=True)
class IntegerLimits:
    """The limits of an integer dtype, as Python integers."""

    bits: int
    max: int
    min: int
    dtype: Any
