"""Complex numbers of every magnitude: of each region of a dtype at all angles, and with parts that are far apart.

A function of complex numbers is asked as one of their parts: so its true derivatives are those of a real program, and
what a convention makes of them is written here once.
"""

from __future__ import annotations

import itertools
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
EXPONENTS = ("small", "ordinary", "tail", "parts apart")
"""The regions of exponents: the digits of a power are those of the angle that its exponent makes."""
PARTS = {"complex128": "float64", "complex64": "float32"}
"""A complex dtype and that of its parts."""

QUOTIENTS = ("multiply", "divide")
POWERS = ("pow",)
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
        return 2 if self.name in (*QUOTIENTS, *POWERS) else 1

    @property
    def budget(self) -> float:
        """How many units in the last place of its size a value or a derivative may be off."""
        return SENSITIVE if self.name in (*INVERSE, *POWERS) else ELEMENTARY

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
        seconds = {region: kinds[region] for region in EXPONENTS} if self.name in POWERS else kinds
        for i, (a, of_a) in enumerate(kinds.items()):
            for j, (b, of_b) in enumerate(seconds.items()):
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


SUBJECTS = tuple(map(ComplexSubject, (*ALGEBRAIC, *QUOTIENTS, *POWERS, *ELEMENTARY_FUNCTIONS, *INVERSE)))


class ComplexTruth:
    """A function and its derivatives at all its points in a dtype."""

    def __init__(self, subject: ComplexSubject, dtype: str) -> None:
        self._subject, limits = subject, np.finfo(PARTS[dtype])
        self._most, self._eps = float(limits.max) / 64, float(limits.eps)
        self._farthest = 1 / float(limits.tiny)
        regions, points = zip(*subject.points(dtype), strict=True)
        self.regions, self.arrays = list(regions), [np.array(column) for column in zip(*points, strict=True)]
        parts = [np.stack([z.real, z.imag], axis=-1) for z in self.arrays]
        self._rows = oracle.Rows(self._of_parts, *parts, exponent=-int(limits.minexp))
        self.value = self._rows.value
        self.is_real = self.value.shape[-1] == 1

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
        weights = np.stack([cotangent.real, cotangent.imag], axis=-1)[:, : self.value.shape[-1]]
        by = [(self._rows.first(c) * weights).sum(axis=-1) for c in self._rows.coordinates]
        return [np.stack(by[2 * i : 2 * i + 2], axis=-1) for i in range(len(self.arrays))]

    def pushed(self, argument: int, tangent: NDArray[Any]) -> NDArray[Any]:
        """The derivative along a tangent of one argument, its parts along the last axis."""
        by_x, by_y = (self._rows.first((argument, (part,))) for part in (0, 1))
        return np.asarray(by_x * tangent.real[:, None] + by_y * tangent.imag[:, None])

    def second(self, argument: int, tangent: NDArray[Any], cotangent: NDArray[Any]) -> list[NDArray[Any]]:
        """The gradient by each argument of Re(conj(tangent)·gradient by one argument), parts along the last axis."""
        weights = np.stack([cotangent.real, cotangent.imag], axis=-1)[:, : self.value.shape[-1]]
        along = np.stack([tangent.real, tangent.imag], axis=-1)

        def by(c: Any) -> Any:
            terms = (self._rows.second(c, (argument, (part,))) * along[:, part, None] for part in (0, 1))
            return (sum(terms) * weights).sum(axis=-1)

        found = [by(c) for c in self._rows.coordinates]
        return [np.stack(found[2 * i : 2 * i + 2], axis=-1) for i in range(len(self.arrays))]

    def sizes(self, *arguments: int) -> NDArray[Any]:
        """The size of the derivatives by one or two arguments in each row, or of the value.

        NaN where the value, a derivative by one of them or that by both are no numbers, where the angle of a power has
        lost half its digits, and by two where parts are further apart than the digits of the oracle's differences.
        """
        size = largest = _size([self.value])
        for count in range(1, len(arguments) + 1):
            derivative = self._rows.first if count == 1 else self._rows.second
            alike = [arguments] if count == 2 else [(argument,) for argument in arguments]
            places = (itertools.product(*([(i, (part,)) for part in (0, 1)] for i in some)) for some in alike)
            size = _size([derivative(*place) for place in itertools.chain(*places)])
            largest = np.maximum(largest, size)
        known = (largest < self._most) & (self._angles() < 1 / np.sqrt(self._eps))
        return np.asarray(np.where(known & ((len(arguments) < 2) | self._near()), size, np.nan))

    def _near(self) -> NDArray[Any]:
        """In which rows no part of an argument is further from another than numbers of the dtype are from 1."""
        parts = np.abs([part for z in self.arrays for part in (z.real, z.imag)])
        with np.errstate(over="ignore"):
            return np.asarray(parts.max(axis=0) / parts.min(axis=0) < self._farthest)

    def exponents(self, *arguments: int) -> NDArray[Any]:
        """How many units a rounding of the logarithm of a row's derivatives is, and of an angle on the way to them."""
        if self._subject.name not in (*ELEMENTARY_FUNCTIONS, *POWERS):
            return np.zeros(len(self.regions))
        with np.errstate(all="ignore"):
            logarithms = np.abs(np.log(self.sizes(*arguments)))
        return np.asarray(np.where(np.isfinite(logarithms), logarithms, 0.0) + self._angles())

    def _angles(self) -> NDArray[Any]:
        """The size of the logarithm of a power, whose imaginary part is its angle."""
        if self._subject.name not in POWERS:
            return np.zeros(len(self.regions))
        base, exponent = self.arrays
        return np.asarray(np.abs(exponent * np.log(base)))


def _size(parts: list[Any]) -> NDArray[Any]:
    """The largest size of a number in each row of several arrays."""
    return np.asarray(np.max([np.abs(oracle.to_numpy(one)).max(axis=-1) for one in parts], axis=0))
