"""Dots on a logarithmic axis, as positions for the page's script: how exact, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from autodiff_spec.report.accuracy import Accuracy
from autodiff_spec.report.results import Cost, Report

LEFT, WIDTH, ROW, TOP, BOTTOM = 190, 720, 15, 26, 10
_LEAST_ULPS = 0.01  # what is nearer than that lies on the left edge: exact
_QUANTITIES = ("pullback", "value", "pushforward", "second")


@dataclass(frozen=True)
class Mark:
    """A dot: where, of which run (its shape and colour), and what it says when pointed at."""

    x: float
    run: int
    text: str


@dataclass(frozen=True)
class Strip:
    """A line of the plot: its name, its dots, and where its limit lies."""

    name: str
    y: float
    marks: tuple[Mark, ...]
    limit: float | None = None


@dataclass(frozen=True)
class Plot:
    """A figure: strips below each other on one axis with ticks."""

    title: str
    description: str
    runs: tuple[str, ...]
    strips: tuple[Strip, ...]
    ticks: tuple[tuple[float, str], ...]

    @property
    def height(self) -> int:
        """The height of the whole figure, in pixels."""
        return TOP + ROW * len(self.strips) + BOTTOM


@dataclass(frozen=True)
class _Axis:
    """A logarithmic axis from ``least`` to ``most``."""

    least: float
    most: float

    def __call__(self, value: float) -> float:
        span = math.log(self.most / self.least)
        inside = min(max(value, self.least), self.most)
        return round(LEFT + 8 + (WIDTH - LEFT - 24) * math.log(inside / self.least) / span, 1)

    def ticks(self, zero: str = "") -> tuple[tuple[float, str], ...]:
        powers = range(math.ceil(math.log10(self.least)), math.floor(math.log10(self.most)) + 1)
        marked = [10.0**power for power in powers] if len(powers) > 1 else []
        if len(powers) < 3:  # a short axis has ticks at 2 and 5 too
            marked = [m * 10.0**p for p in range(powers.start - 1, powers.stop + 1) for m in (1, 2, 5)]
        inside = [value for value in marked if self.least <= value <= self.most]
        return tuple((self(v), zero if zero and v <= self.least else f"{v:g}") for v in inside)


def accuracy_plots(reports: Sequence[Report]) -> list[Plot]:
    """For each quantity and dtype the largest error of each function on each run, in ULPs, with the budget."""
    found: dict[tuple[str, str], dict[str, dict[int, Accuracy]]] = {}
    for run, report in enumerate(reports):
        for line in report.accuracy:
            found.setdefault((line.quantity, line.dtype), {}).setdefault(line.function, {})[run] = line
    order = sorted(found, key=lambda key: (_QUANTITIES.index(key[0]), key[1] != "float64", key[1]))
    return [_accuracy_plot(reports, *key, found[key]) for key in order]


def _accuracy_plot(
    reports: Sequence[Report], quantity: str, dtype: str, found: Mapping[str, Mapping[int, Accuracy]]
) -> Plot:
    lines = [line for runs in found.values() for line in runs.values()]
    axis = _Axis(_LEAST_ULPS, 2 * max(1.0, *(max(line.largest, line.budget) for line in lines)))
    strips = []
    for number, (function, runs) in enumerate(sorted(found.items())):
        marks = tuple(Mark(axis(a.largest), run, _ulps(reports[run], function, a)) for run, a in runs.items())
        budget = min(line.budget for line in runs.values())
        strips.append(Strip(function, _y(number), marks, axis(budget) if budget else None))
    return Plot(
        title=f"{quantity}, {dtype}",
        description=f"Largest error of the {quantity} of each function in {dtype}, in units in the last place",
        runs=tuple(report.name for report in reports),
        strips=tuple(strips),
        ticks=axis.ticks(zero="exact"),
    )


def as_data(plot: Plot) -> dict[str, Any]:
    """The numbers that the page's script draws."""
    return {**asdict(plot), "height": plot.height, "left": LEFT, "width": WIDTH}


def _ulps(report: Report, function: str, line: Accuracy) -> str:
    of = f"{line.count} numbers; budget {line.budget:g}"
    return f"{function}, {report.name}: largest {line.largest:.3g} ULP, median {line.median:.3g}, of {of}"


def cost_plots(costs: Sequence[Cost]) -> list[Plot]:
    """Gradient ÷ function, and gradient ÷ the framework's own gradient, for each workload and backend."""
    function = [(cost, cost.to_function) for cost in costs if cost.to_function > 0]
    native = [(cost, cost.to_native) for cost in costs if cost.to_native]
    figures = [
        ("gradient ÷ function", "Time of the gradient over the time of the function", function),
        ("gradient ÷ native", "Time of the gradient over that of the framework's own gradient", native),
    ]
    return [_cost_plot(title, description, ratios) for title, description, ratios in figures if ratios]


def _cost_plot(title: str, description: str, ratios: Sequence[tuple[Cost, float]]) -> Plot:
    names = list(dict.fromkeys(f"{cost.backend} {cost.version}" for cost, _ in ratios))
    values = [ratio for _, ratio in ratios]
    axis = _Axis(0.8 * min(1.0, *values), 1.25 * max(2.0, *values))
    marks: dict[str, list[Mark]] = {}
    for cost, ratio in ratios:
        run = names.index(f"{cost.backend} {cost.version}")
        text = f"{cost.workload}, {names[run]}: {ratio:.3g} (gradient {1e6 * cost.seconds:.3g} µs)"
        marks.setdefault(cost.workload, []).append(Mark(axis(ratio), run, text))
    strips = [Strip(name, _y(number), tuple(of), axis(1.0)) for number, (name, of) in enumerate(marks.items())]
    return Plot(title, description, tuple(names), tuple(strips), axis.ticks())


def _y(number: int) -> float:
    return TOP + ROW * (number + 0.5)
