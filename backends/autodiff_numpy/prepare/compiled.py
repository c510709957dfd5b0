"""Rows of elementwise lines as plans of the compiled module (`_speed`): loops over memory that stays in its place.

A line of a program is elementwise where one loop of a ufunc, or a copy, does it, on arrays whose place is known now:
buffers, constants, arguments, results, and views of these. Neighbours become one call of a `Plan`; other lines stay as
they are. For arguments that do not lie in memory as expected (transposed, say) a plan declines, and the program's
Python source runs.

Lines over large arrays run in blocks: all of them over the first `BLOCK` elements, then over the next. A buffer that
only they use holds one block, so intermediate values and residuals stay in the processor's cache.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from autodiff_numpy._compiled import SPEED

Step: TypeAlias = tuple[Any, tuple[np.ndarray, ...]]
"""A ufunc, or ``None`` where elements are moved; the operands, the last of which is written."""

_FLAGS = {"divide": 1, "over": 2, "under": 4, "invalid": 8}
"""NumPy's names for floating point errors, and its flags."""

_MOST_ROWS = 512
"""Of so many loops a step may consist; more leave little to gain."""


@dataclass
class Line:
    """One call of a program, written.

    Attributes:
        text: as Python source.
        errors: settings for floating point errors that it runs under; ``None`` for those of the caller.
        step: the same as a step of a plan, if it is one.
        view: the name that it gives a view.
    """

    text: str
    errors: dict[str, Any] | None
    step: Step | None
    view: str


def function(name: str, parameters: Iterable[str], lines: Iterable[Line]) -> str:
    """The source of a Python function."""
    written = [f"def {name}({', '.join(parameters)}):"]
    for errors, under in itertools.groupby(lines, key=lambda line: line.errors):
        indent = "    "
        if errors is not None:
            written.append(f"    with errstate({', '.join(f'{kind}={how!r}' for kind, how in errors.items())}):")
            indent = "        "
        written += [indent + text for line in under for text in line.text.splitlines()]
    return "\n".join(written if len(written) > 1 else [*written, "    pass"])


def step(ufunc: Any, operands: Sequence[Any]) -> Step | None:
    """An elementwise call as a step, if it is one; the last operand is the array that it computes into."""
    *inputs, out = operands
    if SPEED is None or not (ufunc is None or isinstance(ufunc, np.ufunc)) or len(operands) > 4:
        return None
    try:
        loop = _loop_of(ufunc, inputs) if ufunc else [*[np.dtype(bool)] * (len(inputs) == 3), *[out.dtype] * 3]
    except (AttributeError, TypeError):  # an operand whose place is not known; no such loop
        return None
    if loop is None or loop[len(inputs)] != out.dtype:
        return None
    found = [_converted(x, dtype) for x, dtype in zip(inputs, loop, strict=False)]
    if not all(_usable(x, dtype) for x, dtype in zip((*found, out), loop, strict=False)):
        return None
    if any(np.may_share_memory(x, out) and not _same(x, out) for x in found):
        return None
    in_a_row = all(x.flags.c_contiguous and x.size in (1, out.size) for x in (*found, out))
    if not in_a_row and out.size > _MOST_ROWS * max(out.shape):
        return None
    return ufunc, (*found, out)


def _loop_of(ufunc: np.ufunc, inputs: list[Any]) -> list[Any] | None:
    """The dtypes of the loop that NumPy takes, if it has one for exactly these."""
    if ufunc.signature is not None or ufunc.nout != 1:
        return None
    kinds = [type(x) if type(x) in (int, float, complex) else x.dtype for x in inputs]
    loop = ufunc.resolve_dtypes((*kinds, None))
    characters = [dtype.char for dtype in loop]
    return list(loop) if f"{''.join(characters[:-1])}->{characters[-1]}" in ufunc.types else None


def _converted(x: Any, dtype: np.dtype[Any]) -> Any:
    """A number as an array; arrays as they are, for a constant one may be written to between calls."""
    if not isinstance(x, (bool, int, float, complex, np.generic)):
        return x
    try:
        return np.asarray(x, dtype)
    except (OverflowError, TypeError):
        return None


def _usable(x: Any, dtype: np.dtype[Any]) -> bool:
    return type(x) is np.ndarray and x.dtype == dtype and dtype.isnative and dtype.kind in "biufc" and x.flags.aligned


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays are the same elements, each in its place."""
    start, other = a.__array_interface__["data"], b.__array_interface__["data"]
    return start == other and a.strides == b.strides and a.shape == b.shape


def program(
    lines: list[Line], stand_ins: dict[str, Any], results: int, names: dict[str, Any], reference: Callable[..., Any]
) -> tuple[Callable[..., Any], Callable[[tuple[Any, ...]], tuple[Any, ...] | None]] | None:
    """The lines as a function that runs plans, and one that makes its arguments; ``None`` where there is no plan.

    The second takes the arrays that are read, and adds new ones for the results; ``None`` if they do not fit.

    Args:
        lines: of the whole program.
        stand_ins: for each parameter an array like it, to which the steps refer.
        results: how many of the parameters, the last ones, are written.
        names: what the names in the lines stand for.
        reference: the same program as it is, for arguments that a plan declines.
    """
    if not any(line.step for line in lines):
        return None
    lines = _without_views(lines)
    known: dict[str, Any] = {"_reference": reference}
    parameters, written, start = ", ".join(stand_ins), list[Line](), 0
    for in_plan, neighbours in itertools.groupby(lines, key=lambda line: line.step is not None):
        row = list(neighbours)
        if in_plan:
            name = f"plan{start}"
            groups = _groups(row, lines[start + len(row) :], stand_ins, names)
            known[name] = plan = SPEED.Plan(list(stand_ins.values()), len(stand_ins) - results, groups, _report)
            written.append(Line(f"if not {name}({parameters}): return _reference({parameters})", None, None, ""))
        else:
            written += row
        start += len(row)
    source = function("replay", stand_ins, written)
    known |= {name: names[name] for name in _words(source) & names.keys()}
    exec(source, known)
    return known["replay"], plan.arguments


def _without_views(lines: list[Line]) -> list[Line]:
    """The lines without views that plans alone refer to: there they are addresses."""
    kept: list[Line] = []
    used: set[str] = set()
    for line in reversed(lines):
        if not line.view or line.view in used:
            kept.append(line)
            if line.step is None:
                used |= _words(line.text)
    return kept[::-1]


def _words(source: str) -> set[str]:
    return set(re.findall(r"\w+", source))


def _report(ufunc: np.ufunc, flags: int, errors: dict[str, Any] | None) -> None:
    """Tell of floating point errors under the settings that the step was recorded with."""
    with np.errstate(**errors or {}):
        SPEED.give(ufunc.__name__, flags)


# --- blocks -------------------------------------------------------------------------------------------------------


def _groups(row: list[Line], later: list[Line], stand_ins: dict[str, Any], names: dict[str, Any]) -> list[Any]:
    """Lines next to each other as the groups of a plan: those over large arrays of one size together."""
    groups, start = [], 0
    for size, same in itertools.groupby(row, key=_size_in_blocks):
        members = list(same)
        start += len(members)
        places = _in_blocks(members, [*row[start:], *later], stand_ins, names) if size else {}
        groups.append((size, [_described(line, places) for line in members]))
    return groups


def _size_in_blocks(line: Line) -> int:
    """How many elements a line computes that can run in blocks; 0 for others."""
    inputs, out = _operands(line)
    size = out.size
    rows = all(x.flags.c_contiguous and x.size in (1, size) for x in (*inputs, out))
    return size if rows and size > 2 * SPEED.BLOCK else 0


def _operands(line: Line) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """The arrays that a step reads, and the one that it writes."""
    assert line.step is not None
    return line.step[1][:-1], line.step[1][-1]


def _described(line: Line, places: dict[int, np.ndarray]) -> tuple[Any, ...]:
    assert line.step is not None
    ufunc, operands = line.step
    watched = 0 if ufunc is None else 15
    if line.errors is not None and ufunc is not None:
        watched = sum(flag for name, flag in _FLAGS.items() if line.errors[name] != "ignore")
    return ufunc, tuple([places.get(id(_owner(x)), x) for x in operands]), watched, line.errors


def _in_blocks(
    lines: list[Line], later: list[Line], stand_ins: dict[str, Any], names: dict[str, Any]
) -> dict[int, np.ndarray]:
    """For each buffer that these lines write before they read it, and nobody reads afterwards, one of a block."""
    whole = {id(array) for array in stand_ins.values()}
    own: dict[int, np.ndarray] = {}
    for line in lines:
        inputs, out = _operands(line)
        whole.update(id(_owner(x)) for x in inputs if id(_owner(x)) not in own)
        whole.update(id(_owner(x)) for x in (*inputs, out) if x.size != _owner(x).size or x.dtype != _owner(x).dtype)
        own[id(_owner(out))] = _owner(out)
    return {
        key: np.empty(SPEED.BLOCK, buffer.dtype)
        for key, buffer in own.items()
        if key not in whole and not _is_read(buffer, later, names)
    }


def _is_read(buffer: np.ndarray, lines: list[Line], names: dict[str, Any]) -> bool:
    """Whether one of the lines may read what is in a buffer now."""
    for line in lines:
        if line.step is None:
            if any(_owner(names.get(word)) is buffer for word in _words(line.text)):
                return True
            continue
        inputs, out = _operands(line)
        if any(_owner(x) is buffer for x in inputs):
            return True
        if _owner(out) is buffer:
            return bool(out.size != buffer.size)
    return False


def _owner(x: Any) -> Any:
    """The array whose memory a view shows."""
    while isinstance(x, np.ndarray) and isinstance(x.base, np.ndarray):
        x = x.base
    return x
