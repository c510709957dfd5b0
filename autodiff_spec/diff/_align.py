"""The first operation at which runs part: the logs of all backends, laid beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autodiff_spec.diff._record import Run, Step, Values, epsilon
from autodiff_spec.logged import GUARDS

_SMALL = 8
_TINY = {2.0**-10: 2.0**-14, 2.0**-7: 2.0**-126, 2.0**-23: 2.0**-126}  # least normal number by ε; float64's otherwise


@dataclass(frozen=True)
class Parting:
    """Where backends part for the first time.

    Attributes:
        direction: ``"forward"`` (values) or ``"backward"`` (cotangents, from the result towards the arguments).
        kind: ``"values"``, ``"cotangents"``, ``"shapes"``, ``"control flow"`` (other operations follow) or ``"error"``.
        step: the number of the operation.
        name, call, place: the operation, and the line of the program that called it.
        argument: for cotangents which of the arrays that it used, counted from 0.
        at: the index of the element that differs most.
        found: what each backend has there.
        groups: the backends, those together that agree.
        inputs: the arrays used, by name, at that element: ``("#5[3, 0]", 0.0)``; whole where their shape is another.
        cotangent: for cotangents what came back to the operation's result there.
        tolerance: how much a difference there may be.
        others: the further operations that part by themselves: what reaches them agrees, and what leaves them does not.
        verdicts: the oracle's, by backend, on this one operation: ``"conforms"``, ``"deviates"`` (legal, not the
            recommended value) or ``"violates"``; empty where it was not asked.
        note: one more line.
    """

    direction: str
    kind: str
    step: int
    name: str
    call: str
    place: str
    argument: int | None = None
    at: tuple[int, ...] = ()
    found: Mapping[str, Any] = field(default_factory=dict)
    groups: tuple[tuple[str, ...], ...] = ()
    inputs: tuple[tuple[str, Any], ...] = ()
    cotangent: Any = None
    tolerance: float = 0.0
    others: tuple[int, ...] = ()
    verdicts: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Difference:
    """The largest difference of some arrays, in units of what is allowed there."""

    excess: float
    at: tuple[int, ...]
    tolerance: float
    groups: tuple[tuple[int, ...], ...]


class Alignment:
    """The logs of several runs, step by step.

    Args:
        runs: one for each backend, at least one; the first is the one whose spreads count.
        roundings: how many roundings two numbers of good condition may be apart.
    """

    def __init__(self, runs: Sequence[Run], roundings: float) -> None:
        self.runs, self.roundings = runs, roundings
        self.together = self._together()
        self.precision = self._precision()

    def columns(self) -> Iterator[list[Step]]:
        """The steps that all runs have in common, one list for each number."""
        for k in range(self.together):
            yield [run.steps[k] for run in self.runs]

    def _together(self) -> int:
        columns = zip(*(run.steps for run in self.runs), strict=False)
        for k, column in enumerate(columns):
            if len({(step.name, len(step.inputs)) for step in column}) > 1 or any(step.error for step in column):
                return k
        return min(len(run.steps) for run in self.runs)

    def _precision(self) -> list[float]:
        """For each step the coarsest ε of all dtypes that went into it, on any backend."""
        found: list[float] = []
        for column in self.columns():
            own = [epsilon(name) for step in column for name in step.dtypes]
            found.append(max([*own, *(found[parent] for step in column for parent, _ in step.parents)], default=0.0))
        return found

    def forward(self) -> Parting | None:
        """The first operation whose result differs, or that not all backends come to."""
        for k, column in enumerate(self.columns()):
            for output in range(max(len(step.outputs) for step in column)):
                parting = self._output(k, column, output)
                if parting is not None:
                    return parting
        here = [run.steps[self.together] for run in self.runs if self.together < len(run.steps)]
        if not here:
            return None
        if any(step.error for step in here) and len({step.name for step in here}) == 1 and len(here) == len(self.runs):
            return self._raised(self.together)
        return self._control_flow(self.together)

    def backward(self, skip: frozenset[int] = frozenset()) -> Parting | None:
        """The operation nearest to the result that sends other cotangents back though the same came to it.

        For runs whose operations have the same names and shapes throughout. Those in ``skip`` count as agreeing.
        """
        if any(len(run.steps) != self.together for run in self.runs):
            return None
        differing: dict[int, tuple[int, Difference]] = {}
        for k, column in enumerate(self.columns()):
            for use in range(len(column[0].cotangents)):
                found = None if k in skip else self._cotangents(k, column, use)
                if found is not None and (k not in differing or found.excess > differing[k][1].excess):
                    differing[k] = use, found
        if not differing:
            return None
        origins = [k for k in differing if not self._consumers(k) & differing.keys()]
        first = max(differing)
        parting = self._back(first, *differing[first])
        return replace(parting, others=tuple(sorted(k for k in origins if k != first)))

    # --- comparing ------------------------------------------------------------------------------------------------

    def compared(
        self, arrays: Sequence[Values], precision: float, spread: Values | None, *, slopes: bool = False
    ) -> Difference | None:
        """Whether arrays (one for each run) differ by more than roundings; ``None`` if not.

        ``slopes``: of derivatives, whose elements are as exact as the largest of them: 1 - tanh(20)**2 has no digits.
        """
        if all(array.dtype.kind not in "fc" for array in arrays):
            return self._exactly(arrays)
        wide = np.stack([np.asarray(array, dtype=np.result_type(array.dtype, np.float64)) for array in arrays])
        with np.errstate(all="ignore"):
            size = np.nanmax(np.where(np.isfinite(wide), np.abs(wide), 0.0), axis=0)
            size = np.full_like(size, np.max(size, initial=0.0)) if slopes else size
            moves = spread if spread is not None and np.shape(spread) == size.shape else 0.0
            tolerance = self.roundings * precision * (size + moves) + _TINY.get(precision, 2.0**-1022)
            excess = np.max([_distance(one, wide) for one in wide], axis=0) / tolerance
        if not excess.size or not np.max(excess) > 1.0:
            return None
        at = tuple(int(i) for i in np.unravel_index(int(np.argmax(excess)), excess.shape))
        limit = float(tolerance[at])
        return Difference(float(excess[at]), at, limit, _groups([w[at] for w in wide], limit))

    def _exactly(self, arrays: Sequence[Values]) -> Difference | None:
        differs = np.any([array != arrays[0] for array in arrays], axis=0)
        if not np.any(differs):
            return None
        at = tuple(int(i) for i in np.unravel_index(int(np.argmax(differs)), np.shape(differs)))
        return Difference(np.inf, at, 0.0, _groups([array[at] for array in arrays], 0.0))

    def _cotangents(self, k: int, column: list[Step], use: int) -> Difference | None:
        shape = column[0].inputs[use].shape
        arrays = [_filled(step.cotangents[use], shape) for step in column]
        spread = column[0].spread_back[use] if use < len(column[0].spread_back) else None
        precision = max(self.precision[k:], default=0.0) or 2.0**-52
        return self.compared(arrays, precision, spread, slopes=True)

    def _consumers(self, k: int) -> set[int]:
        return {j for j in range(k + 1, self.together) for parent, _ in self.runs[0].steps[j].parents if parent == k}

    # --- partings -------------------------------------------------------------------------------------------------

    def _output(self, k: int, column: list[Step], output: int) -> Parting | None:
        arrays = [step.outputs[output] for step in column if output < len(step.outputs)]
        names = self._names()
        if len(arrays) < len(column) or len({array.shape for array in arrays}) > 1:
            made = [" ".join(str(o.shape) for o in step.outputs) for step in column]
            shapes = dict(zip(names, made, strict=True))
            return self._parting(k, "shapes", found=shapes, groups=_by_value(shapes))
        spread = column[0].spread_out[output] if output < len(column[0].spread_out) else None
        found = self.compared(arrays, self.precision[k] or 2.0**-52, spread)
        if found is None:
            return None
        kind = "control flow" if column[0].name in GUARDS else "values"
        return self._parting(
            k,
            kind,
            at=found.at,
            found={name: _number(array[found.at]) for name, array in zip(names, arrays, strict=True)},
            groups=self._named(found.groups),
            inputs=self._inputs(k, found.at, arrays[0].shape),
            tolerance=found.tolerance,
            note="from here on the backends run other operations" if kind == "control flow" else "",
        )

    def _back(self, k: int, use: int, found: Difference) -> Parting:
        column = [run.steps[k] for run in self.runs]
        shape = column[0].inputs[use].shape
        at = {
            name: _number(_filled(step.cotangents[use], shape)[found.at])
            for name, step in zip(self._names(), column, strict=True)
        }
        parting = self._parting(
            k,
            "cotangents",
            at=found.at,
            found=at,
            groups=self._named(found.groups),
            inputs=self._inputs(k, found.at, shape),
            tolerance=found.tolerance,
            note="" if self._same_inputs(k, column) else "the values that it uses differ already: see forward",
        )
        return replace(parting, direction="backward", argument=use, cotangent=self._incoming(k, found.at, shape))

    def _same_inputs(self, k: int, column: list[Step]) -> bool:
        precision = self.precision[k] or 2.0**-52
        columns = [[step.inputs[j] for step in column] for j in range(len(column[0].inputs))]
        return all(self.compared(c, precision, _moves(self.runs[0], k, j)) is None for j, c in enumerate(columns))

    def _incoming(self, k: int, at: tuple[int, ...], shape: tuple[int, ...]) -> Any:
        total = incoming(self.runs[0].steps, k)[0]
        if total.shape == shape:
            return _number(total[at])
        return total.tolist() if total.size <= _SMALL else f"array{total.shape}"

    def _inputs(self, k: int, at: tuple[int, ...], shape: tuple[int, ...]) -> tuple[tuple[str, Any], ...]:
        step = self.runs[0].steps[k]
        shown = []
        for (parent, _), value in zip(step.parents, step.inputs, strict=True):
            name = self.runs[0].steps[parent].label or f"#{parent}"
            shown.append(_element(name, value, at, shape))
        return tuple(shown)

    def _raised(self, k: int) -> Parting:
        found = {run.backend: run.steps[k].error or "no error" for run in self.runs}
        return self._parting(k, "error", found=found, groups=_by_value({n: e == "no error" for n, e in found.items()}))

    def _control_flow(self, k: int) -> Parting:
        found = {run.backend: run.steps[k].call if k < len(run.steps) else "the end" for run in self.runs}
        names = {run.backend: run.steps[k].name if k < len(run.steps) else "" for run in self.runs}
        return self._parting(min(k, max(len(run.steps) for run in self.runs) - 1), "control flow", found=found,
                             groups=_by_value(names), note="the same values led to other operations")  # fmt: skip

    def _parting(self, k: int, kind: str, **more: Any) -> Parting:
        step = next(run.steps[k] for run in self.runs if k < len(run.steps))
        place = str(step.place) if step.name != "input" else ""
        return Parting("forward", kind, k, step.name, step.call, place, **more)

    def _names(self) -> list[str]:
        return [run.backend for run in self.runs]

    def _named(self, groups: tuple[tuple[int, ...], ...]) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(self.runs[i].backend for i in group) for group in groups)


def incoming(steps: Sequence[Step], k: int) -> list[Values]:
    """The cotangents of a step's outputs: what its uses sent back, added up; ones where it is the result."""
    totals = [np.zeros(output.shape) for output in steps[k].outputs]
    used = [False] * len(totals)
    for step in steps[k + 1 :]:
        for (parent, output), cotangent in zip(step.parents, step.cotangents, strict=True):
            if parent == k and cotangent is not None:
                totals[output] = totals[output] + cotangent
                used[output] = True
    return [total if known else np.ones(total.shape) for total, known in zip(totals, used, strict=True)]


def _moves(run: Run, k: int, use: int) -> Values | None:
    """How much the value behind a use moves under perturbations."""
    parent, output = run.steps[k].parents[use]
    spreads = run.steps[parent].spread_out
    return spreads[output] if output < len(spreads) else None


def _distance(one: Values, all_of_them: Values) -> Values:
    """The largest distance of an array from the others; equal infinities and two NaN are at distance 0."""
    same = (one == all_of_them) | (np.isnan(one) & np.isnan(all_of_them))
    apart = np.abs(one - all_of_them)
    return np.asarray(np.max(np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart)), axis=0))


def _filled(cotangent: Values | None, shape: tuple[int, ...]) -> Values:
    return np.zeros(shape) if cotangent is None else np.asarray(cotangent)


def _groups(numbers: Sequence[Any], tolerance: float) -> tuple[tuple[int, ...], ...]:
    """Positions of numbers, those together that are at most ``tolerance`` apart; the largest group first."""
    groups: list[list[int]] = []
    for i, number in enumerate(numbers):
        for group in groups:
            other = numbers[group[0]]
            both_nan = number != number and other != other
            if number == other or both_nan or (tolerance and abs(number - other) <= tolerance):
                group.append(i)
                break
        else:
            groups.append([i])
    return tuple(tuple(group) for group in sorted(groups, key=len, reverse=True))


def _by_value(found: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    groups: dict[Any, list[str]] = {}
    for name, value in found.items():
        groups.setdefault(value, []).append(name)
    return tuple(tuple(group) for group in sorted(groups.values(), key=len, reverse=True))


def _element(name: str, value: Values, at: tuple[int, ...], shape: tuple[int, ...]) -> tuple[str, Any]:
    """The element of ``value`` at the place of element ``at`` of an array of ``shape``; small arrays whole."""
    try:
        number = _number(np.broadcast_to(value, shape)[at])
    except ValueError:
        return name, value.tolist() if value.size <= _SMALL else f"array{value.shape}"
    return (f"{name}[{', '.join(map(str, at))}]" if value.shape == shape and at else name), number


def _number(element: Any) -> Any:
    return element.item() if hasattr(element, "item") else element

