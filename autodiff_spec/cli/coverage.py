"""``autodiff-spec coverage``: what the suite draws of each function's inputs, and what it does not."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from autodiff_spec.clauses import CHAPTERS
from autodiff_spec.cli import UsageError
from autodiff_spec.cli._app import JsonFile, app, console, examples, progress
from autodiff_spec.report.runs import run_suite

if TYPE_CHECKING:
    from autodiff_spec.conformance.coverage import Coverage

Function = Annotated[str | None, typer.Argument(metavar="[FUNCTION]", help="one function: sum, linalg.qr")]


@app.command(epilog=examples("autodiff-spec coverage", "autodiff-spec coverage linalg.qr"))
def coverage(function: Function = None, json_file: JsonFile = None) -> None:
    """Show which inputs the suite draws for each function: it runs the functions' tests on NumPy.

    Exit status: 0 nothing is left out but what has a reason, 1 something is.
    """
    from autodiff_spec.conformance.coverage import NEEDS, coverage_of  # the suite loads slowly
    from autodiff_spec.conformance.coverage.drawn import read

    if function is not None and function not in NEEDS:
        raise UsageError(f"there is no function {function} in chapter FUN; try `autodiff-spec coverage` for all")
    with tempfile.TemporaryDirectory(prefix="autodiff-spec-") as folder, progress() as bars:
        file = Path(folder) / "drawn.json"
        task = bars.add_task("numpy", total=None, failed="")
        clauses = ",".join(clause.id for clause in CHAPTERS["FUN"].clauses)
        run_suite(
            "numpy",
            ["--derandomize", "--clauses", clauses, "--drawn-json", str(file)],
            watch=lambda step: bars.update(task, completed=step.done, total=step.total or None),
        )
        found = coverage_of(read(file))
    chosen = [one for one in found if function in (None, one.function)]
    if json_file:
        json_file.write_text(json.dumps([asdict(one) for one in chosen], indent=1) + "\n", "utf-8")
    _show(chosen)
    raise typer.Exit(1 if any(hole.excuse is None for one in chosen for hole in one.holes) else 0)


def _show(found: list[Coverage]) -> None:
    from autodiff_spec.conformance.coverage import COLUMNS, by_excuse

    out = console()
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("function", *COLUMNS, "pairs"):
        table.add_column(heading, justify="left" if heading == "function" else "right")
    for one in found:
        met, wanted = one.pairs
        table.add_row(one.function, *(_cell(*one.counts(column)) for column in COLUMNS), f"{met / wanted:.0%}")
    out.print(table)
    for said, holes in by_excuse(found).items():
        out.print(Text(f"\nnot drawn: {said}", style="bold"))
        for hole, functions in holes.items():
            out.print(Text(f"  {hole}: {', '.join(functions)}"))
    excuses = [hole.excuse for one in found for hole in one.holes]
    met, wanted = (sum(counts) for counts in zip(*(one.pairs for one in found), strict=True))
    out.print(
        f"\n{len(found)} functions; of {wanted} pairs of values {met} are drawn; "
        f"values that no test draws: {len(excuses)}, {excuses.count(None)} of them without a reason"
    )


def _cell(drawn: int, needed: int) -> Text:
    if not needed:
        return Text("-", style="dim")
    return Text(f"{drawn}/{needed}", style="" if drawn == needed else "yellow")
