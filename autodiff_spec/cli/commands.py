"""The commands themselves."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

import autodiff_spec
from autodiff_spec.clauses import CHAPTERS, CLAUSES, Clause
from autodiff_spec.cli import UsageError
from autodiff_spec.report import Report, accuracy_table, terminal
from autodiff_spec.report.runs import Progress as Step
from autodiff_spec.report.runs import RunError, node, run_suite

AT_A_TIME = 2  # frameworks use several threads each
LONGEST_FIRST = ("jax", "tensorflow", "torch")

app = typer.Typer(
    help="Check engines for automatic differentiation against the specification, and compare them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Examples = Annotated[int | None, typer.Option("--max-examples", min=1, help="examples a drawn test (20; jax: 10)")]
Seed = Annotated[int | None, typer.Option("--seed", help="draw the examples of an earlier run")]
Only = Annotated[list[str] | None, typer.Option("--only", help="a clause (KINK-02) or a test's id; may be repeated")]
BackendName = Annotated[
    str, typer.Argument(metavar="BACKEND", help="numpy, torch, tensorflow, jax or package.module:attribute")
]
Backends = Annotated[str, typer.Option("--backends", help="names with commas between them; all installed ones")]
Topic = Annotated[str | None, typer.Argument(metavar="[CLAUSE]", help="a clause (KINK-02) or a chapter (KINK)")]
Picture = Annotated[Path | None, typer.Option("--picture", metavar="FILE", help="draw sin and its derivative there")]
Accuracies = Annotated[bool, typer.Option("--accuracy", help="show how exact each function's derivatives are, in ULPs")]
JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="write the results there as JSON")]


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="show where an error comes from")] = False,
) -> None:
    """Options of every command; ``main`` has taken --debug off already."""


# --- test ---------------------------------------------------------------------------------------------------------


@app.command("test")
def check(
    backend: BackendName,
    pytest_arguments: Annotated[list[str] | None, typer.Argument(metavar="-- PYTEST_ARGUMENTS")] = None,
    max_examples: Examples = None,
    seed: Seed = None,
    only: Only = None,
    json_file: JsonFile = None,
    accuracy: Accuracies = False,
) -> None:
    """Run the conformance suite on one backend."""
    _require_known(backend)
    arguments = [*_drawing(max_examples, seed), *_selection(only or []), *(pytest_arguments or [])]
    if pytest_arguments:  # whoever speaks to pytest hears pytest, which ends with the same table
        report = run_suite(backend, arguments, show=True)
    else:
        report = _watched(backend, arguments)
        _show(report)
    if accuracy:
        _console().print(accuracy_table.of_one(report))
    if json_file:
        report.write(json_file)
    raise typer.Exit(0 if report.conforms else 1)


def _watched(backend: str, arguments: Sequence[str]) -> Report:
    with _progress() as bars:
        task = bars.add_task(backend, total=None, failed="")
        return run_suite(backend, arguments, watch=lambda step: _advance(bars, task, step))


def _show(report: Report) -> None:
    console = _console()
    for line in terminal.failures(report):
        console.print(line, crop=False)
    console.print()
    console.print(terminal.conformance(report))


def _drawing(max_examples: int | None, seed: int | None) -> list[str]:
    """A seed even if none was asked for, so that the report can name it."""
    chosen = random.randrange(2**31) if seed is None else seed
    examples = [] if max_examples is None else ["--max-examples", str(max_examples)]
    return ["--hypothesis-seed", str(chosen), *examples]


def _selection(only: Sequence[str]) -> list[str]:
    """What pytest is told to run for clauses and ids of tests."""
    ids = [chosen for chosen in only if chosen in CLAUSES]
    tests = [chosen for chosen in only if chosen not in CLAUSES]
    for name in tests:
        if "::" not in name and not name.endswith(".py"):
            raise UsageError(f"there is no clause {name}; try `autodiff-spec spec`; tests are FILE.py::NAME[CASE]")
    return [*(["--clauses", ",".join(ids)] if ids else []), *(node(name) for name in tests)]


# --- compare ------------------------------------------------------------------------------------------------------


@app.command()
def compare(
    backends: Backends = "",
    max_examples: Examples = None,
    seed: Seed = None,
    only: Only = None,
    json_file: JsonFile = None,
    accuracy: Accuracies = False,
) -> None:
    """Run the suite on every installed backend, each in its own process, and show where they differ."""
    names = _names(backends)
    console = _console()
    found = _run_all(names, [*_drawing(max_examples, seed), *_selection(only or [])])
    reports = [report for report in found if isinstance(report, Report)]
    if json_file:
        json_file.write_text(json.dumps({"reports": [asdict(report) for report in reports]}, indent=1) + "\n", "utf-8")
    console.print()
    if reports:
        console.print(terminal.comparison(reports))
        for line in (*terminal.differences(reports), *terminal.gaps(reports)):
            console.print(line, crop=False)
        if accuracy:
            console.print(accuracy_table.of_several(reports))
    for error in found:
        if isinstance(error, RunError):
            console.print(Text(str(error), style="red"))
    raise typer.Exit(0 if all(isinstance(report, Report) and report.conforms for report in found) else 1)


def _names(backends: str) -> list[str]:
    names = [name.strip() for name in backends.split(",") if name.strip()] or list(autodiff_spec.available_backends())
    for name in names:
        _require_known(name)
    return list(dict.fromkeys(names))


def _run_all(names: Sequence[str], arguments: Sequence[str]) -> list[Report | RunError]:
    """The reports in the order of ``names``; the longest runs begin first, so that they end together."""
    with _progress() as bars, ThreadPoolExecutor(AT_A_TIME) as pool:
        tasks = {name: bars.add_task(name, total=None, failed="") for name in names}
        futures: dict[str, Future[Report | RunError]] = {}
        for name in sorted(names, key=lambda name: LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(names)):
            futures[name] = pool.submit(_run_one, bars, tasks[name], name, arguments)
        return [futures[name].result() for name in names]


def _run_one(bars: Progress, task: TaskID, name: str, arguments: Sequence[str]) -> Report | RunError:
    try:
        return run_suite(name, arguments, watch=lambda step: _advance(bars, task, step))
    except RunError as error:
        return error


# --- spec, chapter ------------------------------------------------------------------------------------------------


@app.command()
def spec(
    clause: Topic = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Print the clauses of the specification, all or one."""
    chosen = [one for one in CLAUSES.values() if clause is None or clause.upper() in (one.id, one.chapter)]
    if not chosen:
        raise UsageError(f"there is no clause or chapter {clause}; the chapters are {', '.join(CHAPTERS)}")
    if as_json:
        typer.echo(json.dumps([_as_data(one) for one in chosen], indent=1, ensure_ascii=False))
        return
    console = _console()
    for prefix, chapter in CHAPTERS.items():
        found = [one for one in chosen if one.chapter == prefix]
        if found:
            console.print(Text(f"\n{prefix}  {chapter.title}", style="bold"))
        for one in found:
            needs = f" (needs {', '.join(need.name for need in one.needs)})" if one.needs else ""
            console.print(Text(f"{one.id:<10}{one.level.value:<7}{one.text}{needs}"), soft_wrap=not console.is_terminal)


def _as_data(clause: Clause) -> dict[str, object]:
    needs = [need.name for need in clause.needs]
    return {"id": clause.id, "level": clause.level.value, "text": clause.text, "needs": needs}


@app.command()
def chapter(
    backend: Annotated[str | None, typer.Option("--backend", help="the current one unless named")] = None,
    picture: Picture = None,
    json_file: JsonFile = None,
) -> None:
    """Run the programs of the textbook chapter on one backend."""
    from autodiff_spec.chapter import run

    os.environ.setdefault("JAX_ENABLE_X64", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    results = run(backend, out=typer.echo, picture=picture)
    if json_file:
        json_file.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")


# --- shared -------------------------------------------------------------------------------------------------------


def _console() -> Console:
    return Console(highlight=False)


def _require_known(name: str) -> None:
    """Raise what is wrong with a name, without loading a framework into this process."""
    if ":" not in name and name not in autodiff_spec.available_backends():
        autodiff_spec.backend(name)


def _progress() -> Progress:
    """Bars on the error stream, so that the output holds results alone."""
    columns = [TextColumn("{task.description}"), BarColumn(30), MofNCompleteColumn()]
    return Progress(*columns, TextColumn("{task.fields[failed]}"), TimeElapsedColumn(), console=Console(stderr=True))


def _advance(bars: Progress, task: TaskID, step: Step) -> None:
    failed = f"[red]{step.failed} failed" if step.failed else ""
    bars.update(task, completed=step.done, total=step.total or None, failed=failed)
