"""How exact the functions are, on a terminal: errors in units in the last place of the result's scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from autodiff_spec.report.accuracy import Accuracy
from autodiff_spec.report.results import Report

_QUANTITIES = ("value", "pullback", "pushforward", "second")


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, justify="left" if name in ("function", "dtype") else "right", no_wrap=True)
    return table


def of_one(report: Report) -> RenderableType:
    """For each function and dtype the budget, and the median and largest error of each quantity."""
    table = _table("function", "dtype", "budget", *_QUANTITIES)
    lines: dict[tuple[str, str], dict[str, Accuracy]] = {}
    for line in sorted(report.accuracy, key=lambda line: line.function):
        lines.setdefault((line.function, line.dtype), {})[line.quantity] = line
    for (function, dtype), found in lines.items():
        budget = min(line.budget for line in found.values())
        table.add_row(function, dtype, f"{budget:g}", *(_errors(found.get(quantity)) for quantity in _QUANTITIES))
    return Group(table, Text("median / largest error in ULPs of the result's scale", style="dim"))


def _errors(line: Accuracy | None) -> str:
    return "-" if line is None else f"{line.median:.2g} / {line.largest:.2g}"


def of_several(reports: Sequence[Report]) -> RenderableType:
    """For each function and backend the largest error of its pullback in float32 and float64."""
    table = _table("function", "budget", *(report.name for report in reports))
    functions = {line.function: line.budget for report in reports for line in _pullbacks(report)}
    for function, budget in functions.items():
        table.add_row(function, f"{budget:g}", *(_largest(report, function) for report in reports))
    return Group(table, Text("largest error of the pullback in ULPs of its scale, in 32 and 64 bits", style="dim"))


def _pullbacks(report: Report) -> Iterable[Accuracy]:
    return (a for a in report.accuracy if a.quantity == "pullback" and a.dtype in ("float32", "float64"))


def _largest(report: Report, function: str) -> str:
    found = [line.largest for line in _pullbacks(report) if line.function == function]
    return f"{max(found):.2g}" if found else "-"
