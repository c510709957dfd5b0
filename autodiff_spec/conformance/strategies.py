"""What the suite draws: shapes, dtypes, values with ties and zeros, and small random programs.

Shapes come from small pools, for some frameworks compile once for each shape.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from autodiff_spec import oracle

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


# --- random programs ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One line of a program: a template with ``{0}``, ``{1}`` for its arguments, and which earlier values they are."""

    template: str
    arguments: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """A smooth program over a namespace, as data; printed, it is source that can be pasted.

    Called as ``program(xp, *arrays, stop=...)``, where ``stop`` is the namespace's ``stop_gradient`` by default.
    """

    shapes: tuple[tuple[int, ...], ...]
    steps: tuple[Step, ...]

    def __call__(self, xp: Any, *arrays: Any, stop: Callable[[Any], Any] | None = None) -> Any:
        """The program's result; ``stop`` by default the namespace's."""
        return self._function(jitter=False)(xp, stop or xp.stop_gradient, *arrays)

    def __repr__(self) -> str:
        return f"# arguments of shapes {self.shapes}\n{self.source()}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis prints it."""
        printer.text(repr(self))

    def source(self, *, jitter: bool = False) -> str:
        """The program as Python; with ``jitter`` each use of a value is multiplied by a factor of its own."""
        count = len(self.shapes)
        lines, used = [], 0
        for number, step in enumerate(self.steps, count):
            names = []
            for argument in step.arguments:
                names.append(f"(v{argument} * jitter[{used}])" if jitter else f"v{argument}")
                used += 1
            lines.append(f"    v{number} = {step.template.format(*names)}")
        arguments = ", ".join(f"v{i}" for i in range(count))
        head = f"def program(xp, stop, {'jitter, ' if jitter else ''}{arguments}):"
        return "\n".join([head, *lines, f"    return v{count + len(self.steps) - 1}"])

    def _function(self, *, jitter: bool) -> Callable[..., Any]:
        scope: dict[str, Any] = {}
        exec(self.source(jitter=jitter), scope)  # the text is made of the templates below
        function: Callable[..., Any] = scope["program"]
        return function

    def rounded(self, seed: int) -> Callable[..., Any]:
        """The program for the oracle, with a relative error of ±`TINY` at each use of a value."""
        function, signs = self._function(jitter=True), random.Random(seed)
        uses = sum(len(step.arguments) for step in self.steps)
        chosen = [signs.choice((-TINY, TINY)) for _ in range(uses)]
        return lambda xp, *arrays: function(
            xp, xp.stop_gradient, [xp.asarray(1.0) + xp.asarray(error) for error in chosen], *arrays
        )


NOTHING = 1e-30
"""The oracle's second differences err by about 1e-60 where the truth is 0; below this scale nothing is asked."""

TINY = 1e-20
"""Large against the oracle's own error, and so small that its effect is linear."""


def element_scale(program: Program, derivative: Callable[..., Any], truth: Any, *args: Any) -> list[Any]:
    """For each argument, how much relative errors of one rounding at each use of a value change ``derivative``.

    The condition of the computation, elementwise: forward and backward errors both, cancellation included. The errors
    are drawn three times; a drawn sum of n errors is rarely below a tenth of what the worst signs give for small n.
    """
    scales = [np.maximum(_size(t), NOTHING) for t in truth]
    for seed in range(3):
        moved = derivative(program.rounded(seed), *args)
        for i, (a, b) in enumerate(zip(moved, truth, strict=True)):
            scales[i] = np.maximum(scales[i], _size(a - b) / TINY)
    return scales


def _size(exact: Any) -> NDArray[np.float64]:
    return np.asarray(abs(np.asarray(exact, dtype=object)), dtype=np.float64)


PROGRAM_CONDITION = 16.0
"""Roundings allowed for each unit of ``element_scale``."""

_UNARY = ("xp.sin({0})", "xp.cos({0})", "xp.tanh({0})", "-{0}", "0.5 * {0}", "{0} - 1.25", "stop({0})")
_BINARY = ("{0} + {1}", "{0} * {1}", "{0} - {1}", "xp.sin({0}) * {1}")
# The threshold is met by no short computation on the drawn values: the branch is the same in every precision.
_BRANCH = "xp.sin({0}) if bool(xp.sum({0}) > 0.0123456789) else {0} * {0}"


@st.composite
def programs(
    draw: st.DrawFn, *, arguments: int = 2, steps: int = 6, control_flow: bool = True, empty: bool = True
) -> Program:
    """Programs of a few steps with fan-out, broadcasting, reductions, indexing, views, branches and ``stop``."""
    pool = [(), (3,), (2, 3), (2, 1)] + ([(0,)] if empty else [])
    known = [draw(st.sampled_from(pool)) for _ in range(arguments)]
    given = tuple(known)
    lines: list[Step] = []
    for _ in range(draw(st.integers(2, steps))):
        step, shape = draw(_steps(tuple(known), control_flow))
        lines.append(step)
        known.append(shape)
    # The last line uses all values once more, so that nothing drawn is dead and every value is used at least twice.
    total = " + ".join(f"xp.sum(xp.sin({{{i}}}))" for i in range(len(known)))
    lines.append(Step(total, tuple(range(len(known)))))
    return Program(given, tuple(lines))


@st.composite
def _steps(draw: st.DrawFn, known: tuple[tuple[int, ...], ...], control_flow: bool) -> tuple[Step, tuple[int, ...]]:
    first = draw(st.integers(0, len(known) - 1))
    shape = known[first]
    kinds = ["unary", "binary", "binary", "reduce", "shape", "index"] + (["branch"] if control_flow else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "binary":
        partners = [i for i, other in enumerate(known) if _broadcast(shape, other) is not None]
        second = draw(st.sampled_from(partners))
        result = _broadcast(shape, known[second])
        assert result is not None
        return Step(draw(st.sampled_from(_BINARY)), (first, second)), result
    if kind == "unary":
        return Step(draw(st.sampled_from(_UNARY)), (first,)), shape
    if kind == "branch":
        return Step(_BRANCH, (first,)), shape
    template, result = draw(st.sampled_from(_of_shape(kind, shape)))
    return Step(template, (first,)), result


def _of_shape(kind: str, shape: tuple[int, ...]) -> list[tuple[str, tuple[int, ...]]]:
    """The reductions, reshapings and index expressions that a shape allows, with the shapes they give."""
    size = math.prod(shape)
    if kind == "reduce":
        found: list[tuple[str, tuple[int, ...]]] = [("xp.sum({0})", ())]
        if shape and size:
            found += [("xp.mean({0}, axis=0)", shape[1:]), ("xp.sum({0}, axis=-1, keepdims=True)", (*shape[:-1], 1))]
        return found
    if kind == "shape":
        return [
            ("xp.reshape({0}, (-1,))" if size else "xp.reshape({0}, (0,))", (size,)),
            *([("xp.expand_dims({0}, axis=0)", (1, *shape))] if _fits((1, *shape)) else []),
            *([("xp.stack([{0}, {0}])", (2, *shape))] if _fits((2, *shape)) else []),
            *([("xp.permute_dims({0}, (1, 0))", shape[::-1])] if len(shape) == 2 else []),
        ]
    if not shape or not shape[0]:
        return [("{0}[...]", shape)]
    return [("{0}[0, ...]", shape[1:]), ("xp.flip({0}, axis=0)", shape), ("{0}[1:, ...]", (shape[0] - 1, *shape[1:]))]


def _broadcast(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        shape = np.broadcast_shapes(left, right)
    except ValueError:
        return None
    return shape if _fits(shape) else None


def _fits(shape: tuple[int, ...]) -> bool:
    """Whether a shape is small enough for a value of a program; every value's is, or it would have no partner."""
    return math.prod(shape) <= 12 and len(shape) <= 3


@st.composite
def program_calls(draw: st.DrawFn, /, **options: Any) -> tuple[Program, list[NDArray[Any]]]:
    """A program, and float64 arguments for it."""
    program = draw(programs(**options))
    return program, [draw(values(shape)) for shape in program.shapes]


def true_gradient(program: Program, args: list[NDArray[Any]]) -> tuple[Any, list[Any]]:
    """The oracle's gradient of a program, and its ``element_scale``."""
    truth = oracle.gradient(program, *args)
    return truth, element_scale(program, oracle.gradient, truth, *args)
