"""Complex numbers of every magnitude: of each region of a dtype at all angles, and with parts that are far apart.

A function of complex numbers is asked as one of their parts: so its true derivatives are those of a real program, and
what a convention makes of them is written here once.
"""

from __future__ import annotations

import operator
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec import oracle
from autodiff_spec.conformance.functions._model import ELEMENTARY, SENSITIVE
from autodiff_spec.conformance.functions.magnitudes import LENGTH, LINE, numbers

REGIONS = ("tiny", "small", "ordinary", "tail", "large", "huge")
APART = {
    "parts apart": (("small", "ordinary"), ("ordinary", "small"), ("ordinary", "large"), ("large", "small")),
    "tiny or huge parts": (
        *(("tiny", "ordinary"), ("ordinary", "tiny"), ("huge", "ordinary"), ("ordinary", "huge"), ("tiny", "huge")),
    ),
}
"""Of numbers whose parts are far apart: the regions of the real and the imaginary ones."""
PARTS = {"complex128": "float64", "complex64": "float32"}
"""A complex dtype and that of its parts."""

QUOTIENTS = ("multiply", "divide")
ALGEBRAIC = ("abs", "sign", "reciprocal", "square", "sqrt")
ELEMENTARY_FUNCTIONS = ("exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "sinh", "cosh", "tan", "tanh")
INVERSE = ("asin", "acos", "atan", "asinh", "acosh", "atanh")
_EXTREME = {"tiny", "huge"}


@dataclass(frozen=True)
class ComplexSubject:
    """A function of one or two complex numbers that is asked at every magnitude; its result is complex, or real."""

    name: str

    @property
    def arguments(self) -> int:
        """How many it has."""
        return 2 if self.name in QUOTIENTS else 1

    @property
    def budget(self) -> float:
        """How many units in the last place of its size a derivative may be off."""
        return SENSITIVE if self.name in INVERSE else ELEMENTARY

    def __call__(self, xp: Any, *args: Any) -> Any:
        """The program over a namespace."""
        return operator.attrgetter(self.name)(xp)(*args)

    def regions(self) -> list[str]:
        """The regions in which it is asked."""
        return list(dict.fromkeys(region for region, _ in self.points("complex128")))

    def points(self, dtype: str) -> Iterator[tuple[str, tuple[complex, ...]]]:
        """Each point with its region."""
        kinds = dict(_numbers(dtype, self.name))
        if self.arguments == 1:
            yield from ((region, (number,)) for region, found in kinds.items() for number in found)
            return
        for i, (a, of_a) in enumerate(kinds.items()):
            for j, (b, of_b) in enumerate(kinds.items()):
                words = "extreme" if any(one in region for one in _EXTREME for region in (a, b)) else "moderate"
                yield words, (of_a[(3 * i + j) % len(of_a)], of_b[(i + 5 * j) % len(of_b)])


def _numbers(dtype: str, key: str) -> Iterator[tuple[str, list[complex]]]:
    """The numbers of each region: of its sizes, in turn in each quadrant; and with one part of another region.

    No part is so small that hardware may flush it to 0.
    """
    part = PARTS[dtype]
    sizes = {region: np.abs(found) for region, found in numbers(LINE, part, key).items()}
    generator = np.random.default_rng(zlib.crc32(f"{key} {dtype}".encode()))
    for region in REGIONS:
        angles = np.pi / 2 * (np.arange(len(sizes[region])) + 0.125 + 0.75 * generator.random(len(sizes[region])))
        found = sizes[region] * {"tiny": 8.0, "huge": 0.5}.get(region, 1.0) * np.exp(1j * angles)
        yield region, found.astype(dtype).astype(complex).tolist()
    for name, regions in APART.items():
        yield name, list(_of_parts(sizes, regions))


def _of_parts(sizes: dict[str, Any], regions: tuple[tuple[str, str], ...]) -> Iterator[complex]:
    for k, (a, b) in enumerate(regions):
        signs = ((1, 1), (-1, 1), (-1, -1), (1, -1))[k % 4]
        yield complex(signs[0] * sizes[a][k % len(sizes[a])], signs[1] * sizes[b][-1 - k % len(sizes[b])])


SUBJECTS = tuple(map(ComplexSubject, (*ALGEBRAIC, *QUOTIENTS, *ELEMENTARY_FUNCTIONS, *INVERSE)))


class ComplexTruth:
    """A function and its derivatives at all its points in a dtype."""

    def __init__(self, subject: ComplexSubject, dtype: str) -> None:
        self._subject, limits = subject, np.finfo(PARTS[dtype])
        self._most, self._least = float(limits.max) / 64, float(limits.tiny)
        regions, points = zip(*subject.points(dtype), strict=True)
        self.regions, self.arrays = list(regions), [np.array(column) for column in zip(*points, strict=True)]
        parts = [np.stack([z.real, z.imag], axis=-1) for z in self.arrays]
        self._rows = oracle.Rows(self._of_parts, *parts, exponent=-int(limits.minexp))
        self.is_real = self._rows.value.shape[-1] == 1

    def _of_parts(self, xp: Any, *parts: Any) -> Any:
        value = self._subject(xp, *(x[:, 0] + 1j * x[:, 1] for x in parts))
        if xp.isdtype(value.dtype, "complex floating"):
            return xp.stack([xp.real(value), xp.imag(value)], axis=-1)
        return value[:, None]

    @property
    def padded(self) -> list[NDArray[Any]]:
        """The arguments, repeated to the fixed length."""
        return [np.resize(array, LENGTH) for array in self.arrays]

    def gradient(self, cotangent: NDArray[Any]) -> list[NDArray[Any]]:
        """∂L/∂x + i∂L/∂y by each argument x + iy, its parts along the last axis; L = Re(conj(cotangent)·value)."""
        weights = np.stack([cotangent.real, cotangent.imag], axis=-1)[:, : self._rows.value.shape[-1]]
        by = [(self._rows.first(c) * weights).sum(axis=-1) for c in self._rows.coordinates]
        return [np.stack(by[2 * i : 2 * i + 2], axis=-1) for i in range(len(self.arrays))]

    def pushed(self, argument: int, tangent: NDArray[Any]) -> NDArray[Any]:
        """The derivative along a tangent of one argument, its parts along the last axis."""
        by_x, by_y = (self._rows.first((argument, (part,))) for part in (0, 1))
        return np.asarray(by_x * tangent.real[:, None] + by_y * tangent.imag[:, None])

    def sizes(self, argument: int) -> NDArray[Any]:
        """The size of the derivatives by an argument in each row; NaN where they or the value are no numbers."""
        found = [self._rows.value, *(self._rows.first((argument, (part,))) for part in (0, 1))]
        value, *derivatives = (np.abs(oracle.to_numpy(one)).max(axis=-1) for one in found)
        largest = np.maximum(*derivatives)
        return np.where(np.maximum(value, largest) < self._most, largest, np.nan)

    def exponents(self, argument: int) -> NDArray[Any]:
        """How many units a rounding of the logarithm of a row's derivatives is, and of an angle on the way to them."""
        if self._subject.name not in ELEMENTARY_FUNCTIONS:
            return np.zeros(len(self.regions))
        with np.errstate(all="ignore"):
            logarithms = np.abs(np.log(self.sizes(argument)))
        return np.where(np.isfinite(logarithms), logarithms, 0.0)
