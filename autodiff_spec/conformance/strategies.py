"""What the suite draws: shapes, dtypes, values with ties and zeros, and small random programs.

Shapes come from small pools, for some frameworks compile once for each shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

SHAPES: tuple[tuple[int, ...], ...] = ((), (3,), (2, 3), (0,), (1,), (2, 0), (2, 1, 3))
"""0-d and empty ones are always in the pool."""

BROADCASTS: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((), (3,)),
    ((3,), ()),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((1,), (3,)),
    ((2, 3), (2, 1)),
    ((1, 1), ()),
    ((0,), (1,)),
    ((2, 3), (2, 3)),
)
"""Pairs that broadcast together, in every way an axis can be repeated."""

FLOATS = ("float32", "float64")
HALF = ("float16", *FLOATS)

# Multiples of 1/4 are exact in every dtype; ties and zeros of both signs are deliberate.
_SPECIAL = (0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.0, 2.0)


def shapes(*, empty: bool = True) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes from the pool, 0-d ones included."""
    return st.sampled_from([shape for shape in SHAPES if empty or 0 not in shape])


def dtypes(*, half: bool = False) -> st.SearchStrategy[str]:
    """Names of floating dtypes that every backend has."""
    return st.sampled_from(HALF if half else FLOATS)


def elements(bound: float = 2.0) -> st.SearchStrategy[float]:
    """Numbers of moderate size, exact in float16, with zeros and repetitions on purpose."""
    steps = int(bound * 16)
    return st.one_of(st.sampled_from(_SPECIAL), st.integers(-steps, steps).map(lambda n: n / 16))


def values(shape: tuple[int, ...], dtype: str = "float64") -> st.SearchStrategy[NDArray[Any]]:
    """NumPy arrays of ``elements`` of this shape."""
    return hnp.arrays(dtype, shape, elements=elements(), fill=st.nothing())


@st.composite
def arrays(draw: st.DrawFn, *, empty: bool = True, half: bool = False) -> NDArray[Any]:
    """NumPy arrays of a drawn shape and dtype."""
    return draw(values(draw(shapes(empty=empty)), draw(dtypes(half=half))))


@st.composite
def broadcast_pairs(draw: st.DrawFn) -> tuple[NDArray[Any], NDArray[Any]]:
    """Two float64 arrays whose shapes broadcast together."""
    left, right = draw(st.sampled_from(BROADCASTS))
    return draw(values(left)), draw(values(right))


def trees(leaf: Callable[[], Any]) -> st.SearchStrategy[Any]:
    """Nested tuples, lists and dicts of at least one leaf; ``leaf`` makes each."""
    inner = st.recursive(
        st.builds(leaf),
        lambda children: st.one_of(
            st.lists(children, min_size=1, max_size=3),
            st.lists(children, min_size=1, max_size=3).map(tuple),
            st.dictionaries(st.sampled_from("abc"), children, min_size=1, max_size=3),
        ),
        max_leaves=5,
    )
    return inner
