"""Drawing programs: choices first, which then are read as a program on the values that it computes.

What Hypothesis draws are lists of small numbers; removing one removes a statement, and a smaller one means a simpler
operation or an earlier value, so that failing programs become short by themselves. Statements are built one by one on
the oracle's values: an operation outside its domain gets a harmless one before it, values that grow are dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
from numpy.typing import NDArray

from autodiff_spec import Backend, oracle
from autodiff_spec.conformance._deviations import known_deviations
from autodiff_spec.conformance.functions import FUNCTIONS
from autodiff_spec.conformance.programs._model import Case, Program, Shape, Statement
from autodiff_spec.conformance.programs._on_oracle import OnOracle
from autodiff_spec.conformance.programs._table import (
    CLOSING,
    COMPLEX_CONDITIONS,
    CONDITIONS,
    OPERATIONS,
    Operation,
    always,
)

POOL: tuple[Shape, ...] = ((2,), (), (2, 2), (3,), (2, 1), (1,), (0,), (2, 3), (0, 2))
"""The shapes of arguments: few, for some frameworks compile once for each shape; 0-d and empty ones are among them."""

HALF = ("float16", "bfloat16")

LARGEST, MOST_ELEMENTS, MOST_AXES = 20.0, 8, 3
"""What a value of a program may have; the rest is dropped."""

_QUARTERS = (1.0, 0.5, 0.0, -1.0, 1.0, 2.0, -0.5, 0.0, 1.5, 0.25, -2.0, -0.0)
"""Zeros of both signs and repetitions are deliberate."""

Pool = list[Operation]
Choice = tuple[int, int, int]


def pool_of(be: Backend, dtype: str = "float64") -> Pool:
    """The operations for a backend: what it declares, without those it lists smooth deviations of.

    Args:
        be: the backend.
        dtype: what is computed in.
    """
    wide = frozenset(f.name for f in FUNCTIONS if dtype in HALF and not f.half)
    kind = "c" if dtype.startswith("complex") else "f"
    listed = {entry.clause for entry in known_deviations(be)}
    return [
        operation
        for operation in OPERATIONS
        if operation.name not in {*wide, *be.lacks}
        and kind in operation.kinds
        and be.capabilities.issuperset(operation.needs)
        and listed.isdisjoint(operation.avoid)
        and (be.extra is not None or "be.extra" not in operation.template)
    ]


@st.composite
def cases(
    draw: st.DrawFn,
    pool: Pool,
    *,
    statements: int = 5,
    most: int = 8,
    ties: bool = True,
    dtypes: tuple[str, ...] = ("float64", "float32"),
) -> Case:
    """Programs of a few statements, with one to three arguments.

    Args:
        pool: the operations to draw from.
        statements: how many at most, what puts values into domains not counted.
        most: how many elements the arguments may have, all together.
        ties: repeat numbers, and put zeros among them; without it numbers differ.
        dtypes: the dtypes to choose from, all real or all complex.
    """
    choices = draw(
        st.lists(
            st.tuples(st.integers(0, len(pool) - 1), st.integers(0, 5), st.integers(0, 5)),
            min_size=1,
            max_size=statements,
        )
    )
    args: list[NDArray[Any]] = []
    for shape in draw(st.lists(st.sampled_from(POOL), min_size=1, max_size=3)):
        if sum(a.size for a in args) + math.prod(shape) <= most:
            args.append(draw(_arrays(shape, ties)))
    args = args or [np.array(0.5)]
    if dtypes[0].startswith("complex"):
        args = [a + 1j * draw(_arrays(a.shape, ties)) for a in args]
    return Case(built(pool, choices, args), tuple(args), draw(st.sampled_from(dtypes)))


def _arrays(shape: Shape, ties: bool) -> st.SearchStrategy[NDArray[Any]]:
    size = math.prod(shape)
    usual, distinct = st.sampled_from(_QUARTERS), st.integers(-63, 63).map(lambda n: (2 * n + 1) / 64)
    element = st.one_of(usual, distinct) if ties else distinct
    elements = st.lists(element, min_size=size, max_size=size, unique_by=None if ties else abs)
    return elements.map(lambda v: np.array(v, dtype=float).reshape(shape))


def built(pool: Pool, choices: list[Choice], args: list[NDArray[Any]]) -> Program:
    """The program that choices mean on these arguments."""
    draft = _Draft(args)
    for number, *picks in choices:
        draft.extend(pool[number], picks)
    if not draft.statements:  # nothing fitted
        draft.extend(OPERATIONS[0], [0])
    draft.close()
    return Program(tuple(a.shape for a in args), tuple(draft.statements))


class _Draft:
    """A program that grows, and the oracle's values of it."""

    def __init__(self, args: list[NDArray[Any]]) -> None:
        self.statements: list[Statement] = []
        self._be = OnOracle()
        self._values: list[Any] = [oracle.xp.asarray(a) for a in args]

    def extend(self, operation: Operation, picks: list[int]) -> None:
        """Append an operation, if some values suit it and its result suits the program."""
        found = self._arguments(operation, picks)
        if found is None:
            return
        kept = len(self.statements)
        chosen = [self._conditioned(i, kind) for i, kind in zip(found, operation.domains, strict=True)]
        if None in chosen or self._append(Statement(operation, tuple(i for i in chosen if i is not None))) is None:
            del self._values[len(self._values) - (len(self.statements) - kept) :]
            del self.statements[kept:]

    def close(self) -> None:
        """Append what makes complex results real."""
        first = len(self._values) - len(self.statements)
        for i in Program(((),) * first, tuple(self.statements)).results:
            if self._values[i].dtype.kind == "c":
                self._append(Statement(CLOSING, (i,)))

    def _arguments(self, operation: Operation, picks: list[int]) -> list[int] | None:
        """The numbers of the values that picks mean, counted from the newest; None where no value suits."""
        count = len(self._values)
        shapes, kinds = [v.shape for v in self._values], [v.dtype.kind for v in self._values]
        usable = [i for i in range(count) if kinds[i] in operation.kinds]
        if operation.arguments == 1:
            suiting = [i for i in usable if operation.fits(shapes[i])]
            return [suiting[-1 - picks[0] % len(suiting)]] if suiting else None
        first = count - 1 - picks[0] % count
        for i in ([first] if first in usable else []) + usable:
            partners = [k for k in usable if kinds[k] == kinds[i] and operation.fits(shapes[i], shapes[k])]
            if partners:
                return [i, partners[-1 - picks[1] % len(partners)]]
        return None

    def _conditioned(self, number: int, kind: str) -> int | None:
        """The value, or one made from it that lies in the domain."""
        if not kind:
            return number
        value = self._values[number]
        complex_ = value.dtype.kind == "c"
        text, holds = (COMPLEX_CONDITIONS if complex_ else CONDITIONS)[kind]
        if holds([complex(v) if complex_ else float(v) for v in value.values.flat]):
            return number
        condition = Operation("", text, always, ("",), "domain", kinds="fc")
        return self._append(Statement(condition, (number,)))

    def _append(self, statement: Statement) -> int | None:
        value = self._value(statement)
        if not _moderate(value):
            return None
        self._values.append(value)
        self.statements.append(statement)
        return len(self._values) - 1

    def _value(self, statement: Statement) -> Any:
        function = _function_of(statement.operation)
        return function(self._be, self._be.xp, *(self._values[i] for i in statement.arguments))


_FUNCTIONS: dict[str, Callable[..., Any]] = {}


def _function_of(operation: Operation) -> Callable[..., Any]:
    """One operation as a program."""
    if operation.template not in _FUNCTIONS:
        statement = Statement(operation, tuple(range(operation.arguments)))
        _FUNCTIONS[operation.template] = Program(((),) * operation.arguments, (statement,)).function
    return _FUNCTIONS[operation.template]


def _moderate(value: Any) -> bool:
    if math.prod(value.shape) > MOST_ELEMENTS or len(value.shape) > MOST_AXES:
        return False
    return all(abs(v) <= LARGEST for v in value.values.ravel().tolist())  # NaN compares as False
