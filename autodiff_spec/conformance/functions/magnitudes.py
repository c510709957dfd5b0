"""Arguments of every magnitude, made from the table of functions: its domains, times the regions of a dtype's numbers.

Which functions are asked and where they may be asked follows from their rows. All points of a function and a dtype are
one array of a fixed length, so that what compiles compiles once.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autodiff_spec import oracle
from autodiff_spec.conformance.functions._make import ONE, TWO
from autodiff_spec.conformance.functions._model import SOLVED, Arg, Function, Shape, Variant, call
from autodiff_spec.conformance.functions.beyond import BEYOND
from autodiff_spec.conformance.functions.elementwise import ELEMENTWISE
from autodiff_spec.conformance.functions.linalg import LINALG
from autodiff_spec.conformance.functions.operators import OPERATORS
from autodiff_spec.conformance.functions.reductions import REDUCTIONS

LENGTH = 96
"""Of every array, whatever the number of points."""
DRAWS = 4
"""Numbers of a region, besides its extreme ones."""

REGIONS = ("tiny", "small", "ordinary", "tail", "large", "huge")
EXTREME = {"tiny", "huge"}


@dataclass(frozen=True)
class Domain:
    """Where a function may be asked.

    Attributes:
        low: the lower end, left out.
        high: the upper end, left out.
        edges: numbers that are approached from both sides, as far as these are inside.
    """

    low: float = -math.inf
    high: float = math.inf
    edges: tuple[float, ...] = ()

    def holds(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Which numbers are inside."""
        return np.asarray((self.low < numbers) & (numbers < self.high))


LINE = Domain()
POSITIVE = Domain(0.0, edges=(1.0,))
DOMAINS: dict[tuple[float, float], Domain] = {
    (-3.0, 3.0): LINE,
    (0.25, 3.0): POSITIVE,
    (-0.875, 0.875): Domain(-1.0, 1.0, (-1.0, 1.0)),
    (1.25, 3.0): Domain(1.0, edges=(1.0,)),
    (-0.75, 3.0): Domain(-1.0, edges=(-1.0,)),
    (-1.25, 1.25): Domain(edges=(-math.pi / 2, math.pi / 2)),
}
"""What the interval of an argument in the table stands for."""

_STEPS = "is constant but for its jumps, of which chapter KINK speaks"
_OPERATORS = "stands for a function that is asked"
_SPECIAL = "FUN-147 asks for it in its tails, where mpmath is slow"
LEFT_OUT: dict[str, str] = {
    **dict.fromkeys(("ceil", "floor", "floor_divide", "remainder", "round", "sign", "trunc"), _STEPS),
    **dict.fromkeys(("lgamma", "digamma", "erfinv", "gammainc", "gammaincc"), _SPECIAL),
    **{variant.name: _OPERATORS for variant in OPERATORS.variants if variant.name not in ("operator /", "operator **")},
}
"""Elementwise functions that are not asked, with the reason."""


# --- numbers of a dtype -----------------------------------------------------------------------------------------


def scales(dtype: str) -> dict[str, list[tuple[float, float]]]:
    """The intervals of sizes that make up each region of a dtype.

    The tail is where functions level off like exp(-x) or exp(-x²): their derivatives are below the dtype's epsilon and
    above its smallest number.
    """
    limits = np.finfo(dtype)
    tiny, eps, most = float(limits.tiny), float(limits.eps), float(limits.max)
    low, high = -math.log(eps) / 2, -math.log(tiny) * 0.97
    return {
        "tiny": [(tiny, 64 * tiny), (tiny**0.5 / 8, tiny**0.5 * 8)],
        "small": [(eps / 8, eps**0.5), (eps**0.5, 1 / 16)],
        "ordinary": [(0.25, 1.0), (1.0, 3.5)],
        "tail": [(low**0.5, high**0.5), (low, high)],
        "large": [(8.0, eps**-0.5), (eps**-0.5, 1 / eps)],
        "huge": [(most**0.5 / 8, most**0.5 * 8), (most / 64, most)],
    }


def _drawn(region: str, dtype: str, key: str) -> list[float]:
    """Sizes in the region, evenly by their logarithms: numbers of the dtype with all its digits."""
    generator = np.random.default_rng(zlib.crc32(f"{region} {dtype} {key}".encode()))
    count, found = DRAWS // 2, []
    for low, high in scales(dtype)[region]:
        parts = (np.arange(count) + generator.random(count)) / count
        found += (low * (high / low) ** parts).tolist()
    limits = np.finfo(dtype)
    return found + {"tiny": [float(limits.tiny)], "huge": [float(limits.max)]}.get(region, [])


def _beside(edge: float, dtype: str) -> list[float]:
    """Numbers beside an edge on both sides: one, two and more units in the last place away."""
    bits = np.finfo(dtype).nmant
    number = np.dtype(dtype).type(edge)
    return [
        float(number + side * np.abs(np.spacing(number)) * 2**k)
        for k in (0, 1, bits // 3, 2 * bits // 3)
        for side in (1, -1)
    ]


@lru_cache(maxsize=512)
def numbers(domain: Domain, dtype: str, key: str) -> dict[str, list[float]]:
    """The numbers of each region that lie inside a domain, with both signs in turn, in the tail each with both."""
    found = {}
    for region in REGIONS:
        sizes = np.repeat(_drawn(region, dtype, key), 2 if region == "tail" else 1)
        signs = np.resize([1.0, -1.0] if region == "tail" else [1.0, -1.0, -1.0, 1.0], sizes.size)
        signed = np.where(domain.holds(signs * sizes), signs * sizes, sizes)
        found[region] = _of(dtype, signed, domain)
    found["edge"] = _of(dtype, np.array([v for edge in domain.edges for v in _beside(edge, dtype)]), domain)
    return {region: values for region, values in found.items() if values}


def _of(dtype: str, values: NDArray[Any], domain: Domain) -> list[float]:
    rounded = values.astype(dtype).astype(np.float64)
    return list(dict.fromkeys(rounded[domain.holds(rounded)].tolist()))


# --- what is asked ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Subject:
    """A function that is asked at every magnitude.

    Attributes:
        function: the row of the table.
        variant: how it is called; of rows: along their last axes.
        row: the shape of a row of a function that mixes elements; () of an elementwise one.
    """

    function: Function
    variant: Variant
    row: Shape = ()

    @cached_property
    def domains(self) -> tuple[Domain, ...]:
        """Where its arguments may lie."""
        return tuple(DOMAINS[arg.low, arg.high] for arg in self.variant.args)

    def regions(self) -> list[str]:
        """The names of the regions in which it is asked."""
        return list(dict.fromkeys(region for region, _ in self._points("float64")))

    def _points(self, dtype: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Each point with its region."""
        if self.row:
            yield from _rows(self.row, dtype, self.variant.name)
        elif len(self.domains) == 1:
            for region, values in numbers(self.domains[0], dtype, self.variant.name).items():
                yield from ((region, (value,)) for value in values)
        else:
            grids = {arg.grid for arg in self.variant.args}
            first, second = self.domains
            yield from _pairs(first, second, dtype, self.variant.name, ties=len(grids) > 1)

    def at(self, dtype: str) -> tuple[list[str], list[NDArray[Any]]]:
        """The region of each point, and the arguments at all of them."""
        regions, points = zip(*self._points(dtype), strict=True)
        return list(regions), [np.array(column, dtype=np.float64) for column in zip(*points, strict=True)]


def _pairs(first: Domain, second: Domain, dtype: str, key: str, ties: bool) -> Iterator[tuple[str, tuple[float, ...]]]:
    """The product of the regions, and numbers of equal size or next to each other; not equal ones that ``ties`` are."""
    xs, ys = numbers(first, dtype, f"{key} x"), numbers(second, dtype, f"{key} y")
    names = list(dict.fromkeys([*xs, *ys]))
    for a, of_x in xs.items():
        for b, of_y in ys.items():
            apart = names.index(a) - names.index(b)
            how = "alike" if abs(apart) < 2 or "edge" in (a, b) else "x larger" if apart > 0 else "y larger"
            yield _named(how, a, b), (of_x[(apart * 3) % len(of_x)], of_y[(apart * 5 + 1) % len(of_y)])
    for region in REGIONS:
        for x in xs.get(region, [])[-2:]:
            number = np.dtype(dtype).type(x)
            for y in (x, -x, float(np.nextafter(number, np.sign(number)))):
                if second.holds(np.array(y)) and not (ties and x == y):
                    yield _named("equal", region), (x, y)


def _named(how: str, *regions: str) -> str:
    return f"{how}, {'extreme' if EXTREME & set(regions) else 'moderate'}"


def _rows(shape: Shape, dtype: str, key: str) -> Iterator[tuple[str, tuple[NDArray[Any]]]]:
    """Rows of one region, and rows with numbers of several."""
    generator = np.random.default_rng(zlib.crc32(f"{dtype} {key}".encode()))
    size = math.prod(shape)
    for region, values in numbers(LINE, dtype, key).items():
        for value in values:
            ratios = generator.permutation((1 + (np.arange(size) + generator.random(size)) / size) / 2)
            signs = np.where(np.arange(size) % 3 == 1, -1.0, 1.0)
            shrunk = np.abs(value) * ratios * signs * {"tiny": 2.0, "huge": 0.125}.get(region, 1.0)
            yield region, (shrunk.astype(dtype).astype(np.float64).reshape(shape),)
    for k in range(4 * DRAWS):
        chosen = generator.permutation(["small", "ordinary", "large", "ordinary"][:size])
        row = [numbers(LINE, dtype, key)[name][(k + j) % DRAWS] for j, name in enumerate(chosen[:size])]
        yield "mixed", (np.array(row).reshape(shape),)


ROWS: dict[str, Shape] = {
    **dict.fromkeys(("sum", "mean", "prod", "max", "min", "var", "std", "cumulative_sum", "cumulative_prod"), (3,)),
    **dict.fromkeys(("softmax", "log_softmax", "logsumexp"), (3,)),
    "linalg.vector_norm": (3,),
    "linalg.matrix_norm": (2, 2),
    "linalg.det": (2, 2),
}
"""Functions that mix elements: the shape of what they mix."""
_BY_ORDER = ("linalg.vector_norm",)


def _elementwise() -> Iterator[Subject]:
    for function in (*ELEMENTWISE, OPERATORS, *BEYOND):
        for variant in function.variants:
            asked = variant.shapes == ONE or variant.shapes[:1] == TWO[:1]
            real = all(arg.kind == "real" for arg in variant.args)
            if asked and real and not {function.name, variant.name} & set(LEFT_OUT):
                yield Subject(function, variant)


def _of_rows() -> Iterator[Subject]:
    for function in (*REDUCTIONS, *LINALG, *BEYOND):
        if (shape := ROWS.get(function.name)) is None:
            continue
        along = {} if len(shape) > 1 else {"axis": -1}
        program, first = call(function.name, **along), function.variants[0]
        yield Subject(function, replace(first, name=f"{function.name} of rows", program=program, args=(Arg(),)), shape)
        yield from (Subject(function, v, shape) for v in function.variants if " of order " in v.name)


SUBJECTS: tuple[Subject, ...] = (*_elementwise(), *_of_rows())


# --- the truth --------------------------------------------------------------------------------------------------


class Truth:
    """The value of a function and its derivatives at all its points in a dtype."""

    def __init__(self, subject: Subject, dtype: str) -> None:
        self._subject, self._most = subject, float(np.finfo(dtype).max) / 4
        self.regions, self.arrays = subject.at(dtype)
        self.count = len(self.regions)
        self._rows = oracle.Rows(subject.variant.on_oracle, *self.arrays, exponent=-int(np.finfo(dtype).minexp))
        self.value = self._rows.value

    @property
    def padded(self) -> list[NDArray[Any]]:
        """The arguments, repeated to the fixed length."""
        return [np.resize(array, (LENGTH, *array.shape[1:])) for array in self.arrays]

    def gradient(self, cotangent: NDArray[Any]) -> list[NDArray[Any]]:
        """The gradient by each argument."""
        return self._by_argument(lambda c: _contracted(self._rows.first(c), cotangent))

    def pushed(self, argument: int, tangent: NDArray[Any]) -> NDArray[Any]:
        """The derivative along a tangent of one argument."""
        total: Any = 0
        for c in self._rows.coordinates:
            if c[0] == argument:
                along = tangent[(slice(None), *c[1])].reshape(-1, *(1,) * (self.value.ndim - 1))
                total = total + _product(self._rows.first(c), along)
        return np.asarray(total)

    def second(self, argument: int, tangent: NDArray[Any], cotangent: NDArray[Any]) -> list[NDArray[Any]]:
        """The gradient by each argument of <tangent, gradient by one argument>."""

        def entry(c: Any) -> Any:
            total: Any = 0
            for d in self._rows.coordinates:
                if d[0] == argument:
                    along = tangent[(slice(None), *d[1])]
                    total = total + _product(_contracted(self._rows.second(c, d), cotangent), along)
            return total

        return self._by_argument(entry)

    def sizes(self, order: int) -> NDArray[Any] | None:
        """The size of a row's largest derivative of an order, where the others are known no better; else None.

        That is so where terms of its size cancel: in elimination, and in second derivatives by different elements. NaN
        where a row has a value or derivative that is no number of the dtype: nothing is asked there, for 0 times what
        is infinite is nothing.
        """
        if not self._subject.row:
            return None
        rows = self._rows
        largest = first = _largest([rows.first(c) for c in rows.coordinates])
        if order > 1:  # what cancels is of the size of a first derivative over an argument
            pairs = [(c, d) for c in rows.coordinates for d in rows.coordinates if c <= d]
            largest = np.maximum(_largest([rows.second(c, d) for c, d in pairs]), first / _largest(self.arrays))
        numbers = np.maximum(_largest([self.value]), np.maximum(first, largest)) < self._most
        return np.where(numbers, largest if order > 1 or self._subject.function.ulps == SOLVED else 0.0, np.nan)

    def _by_argument(self, entry: Any) -> list[NDArray[Any]]:
        found = [np.zeros(array.shape, dtype=object) for array in self.arrays]
        for c in self._rows.coordinates:
            found[c[0]][(slice(None), *c[1])] = entry(c)
        return found


def _product(derivatives: Any, weights: NDArray[Any]) -> Any:
    """Their product; a weight of 0 leaves out what it belongs to."""
    weights = np.broadcast_to(weights, np.shape(derivatives))
    return np.where(weights != 0, derivatives * np.where(weights != 0, weights, 1).astype(object), 0)


def _largest(arrays: list[Any]) -> NDArray[Any]:
    """The largest size in each row of several arrays."""
    sizes = [np.abs(oracle.to_numpy(array)).reshape(len(array), -1).max(axis=1) for array in arrays]
    return np.asarray(np.max(sizes, axis=0))


def _contracted(derivatives: Any, cotangent: NDArray[Any]) -> Any:
    product = _product(derivatives, cotangent)
    return product.reshape(len(product), -1).sum(axis=1)
