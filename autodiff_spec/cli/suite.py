"""``autodiff-spec test`` and ``compare``: the conformance suite on one backend, and on several side by side."""

from __future__ import annotations

import importlib.util
import json
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer
from rich.progress import Progress, TaskID
from rich.text import Text

from autodiff_spec._discovery import CONVENTIONS
from autodiff_spec.clauses import CLAUSES
from autodiff_spec.cli import UsageError
from autodiff_spec.cli._app import (
    AT_A_TIME,
    INTERRUPTED,
    BackendName,
    Backends,
    Costs,
    HtmlFile,
    JsonFile,
    Seed,
    app,
    console,
    examples,
    interruptible,
    names_of,
    progress,
    require_known,
)
from autodiff_spec.report import Report, terminal
from autodiff_spec.report.cluster import run_on_cluster
from autodiff_spec.report.html import page
from autodiff_spec.report.reading import read_costs
from autodiff_spec.report.runs import Progress as Step
from autodiff_spec.report.runs import RunError, node, run_parts, run_suite

LONGEST_FIRST = ("jax", "tensorflow", "torch")

Examples = Annotated[int | None, typer.Option("--max-examples", min=1, help="examples a drawn test (20; jax: 10)")]
Only = Annotated[list[str] | None, typer.Option("--only", help="a clause (KINK-02) or a test's id; may be repeated")]
Jobs = Annotated[int, typer.Option("--jobs", min=1, help="processes that share all tests, without --only")]
Scheduler = Annotated[
    str,
    typer.Option("--scheduler", metavar="ADDRESS", help="run all tests on a Dask cluster's workers, without --only"),
]
Accuracies = Annotated[bool, typer.Option("--accuracy", help="show how exact each function's derivatives are, in ULPs")]
Conventions = Annotated[
    str, typer.Option("--conventions", help="native (the framework's own derivatives) or spec (every clause obeyed)")
]
Flavours = Annotated[str, typer.Option("--conventions", help="native or spec; native,spec shows both, a column each")]


# --- test ---------------------------------------------------------------------------------------------------------


@app.command(
    "test",
    epilog=examples(
        "autodiff-spec test numpy",
        "autodiff-spec test my_package:backend --json found.json",
        "autodiff-spec test jax --only KINK-02 --only TAPE-05",
        "autodiff-spec test torch --conventions spec",
        "autodiff-spec test jax --jobs 2",
        "autodiff-spec test jax --scheduler tcp://127.0.0.1:8786",
        "autodiff-spec test torch -- -x --pdb",
    ),
)
def check(
    backend: BackendName,
    pytest_arguments: Annotated[list[str] | None, typer.Argument(metavar="-- PYTEST_ARGUMENTS")] = None,
    max_examples: Examples = None,
    seed: Seed = None,
    only: Only = None,
    conventions: Conventions = "",
    json_file: JsonFile = None,
    accuracy: Accuracies = False,
    jobs: Jobs = 1,
    scheduler: Scheduler = "",
) -> None:
    """Run the conformance suite on one backend."""
    require_known(backend)
    if len(flavours := _flavours(conventions)) > 1:
        raise UsageError(f"--conventions {conventions}: test runs one flavour, compare several")
    if (jobs > 1 or scheduler) and (only or pytest_arguments):
        raise UsageError("--jobs and --scheduler share out the whole suite: leave out --only and arguments of pytest")
    if jobs > 1 and scheduler:
        raise UsageError("--scheduler has as many processes as the cluster has threads: leave out --jobs")
    if scheduler and importlib.util.find_spec("distributed") is None:
        raise UsageError("--scheduler needs Dask's distributed: pip install distributed")
    arguments = [*_drawing(max_examples, seed), *_selection(only or []), *(pytest_arguments or [])]
    if pytest_arguments:  # whoever speaks to pytest hears pytest, which ends with the same table
        report = run_suite(backend, arguments, conventions=flavours[0], show=True)
    else:
        report = _watched(backend, flavours[0], arguments, jobs, scheduler)
        _show(report)
    if accuracy:
        console().print(terminal.accuracy(report))
    if json_file:
        report.write(json_file)
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(0 if report.conforms else 1)


def _watched(backend: str, conventions: str | None, arguments: Sequence[str], jobs: int, scheduler: str) -> Report:
    from autodiff_spec.conformance.verdicts import merged  # the suite's own dependencies load slowly

    run: Callable[..., list[Report]] = partial(run_parts, jobs=jobs)
    if scheduler:
        run = partial(run_on_cluster, scheduler)
    with progress() as bars, interruptible() as stop:
        task = bars.add_task(backend, total=None, failed="")
        return merged(run(backend, arguments, conventions=conventions, watch=partial(_advance, bars, task), stop=stop))


def _show(report: Report) -> None:
    out = console()
    for line in terminal.failures(report):
        out.print(line, crop=False)
    out.print()
    out.print(terminal.conformance(report))


def _drawing(max_examples: int | None, seed: int | None) -> list[str]:
    """A seed even if none was asked for, so that the report can name it."""
    chosen = random.randrange(2**31) if seed is None else seed
    count = [] if max_examples is None else ["--max-examples", str(max_examples)]
    return ["--hypothesis-seed", str(chosen), *count]


def _selection(only: Sequence[str]) -> list[str]:
    """Pytest's arguments that select the tests of clauses, and tests by their ids."""
    ids = [chosen for chosen in only if chosen in CLAUSES]
    tests = [chosen for chosen in only if chosen not in CLAUSES]
    for name in tests:
        if "::" not in name and not name.endswith(".py"):
            raise UsageError(f"there is no clause {name}; try `autodiff-spec spec`; tests are FILE.py::NAME[CASE]")
    return [*(["--clauses", ",".join(ids)] if ids else []), *(node(name) for name in tests)]


def _flavours(conventions: str) -> list[str | None]:
    """The flavours that an option names; without it the one of the environment, for which None stands."""
    chosen = [name.strip() for name in conventions.split(",") if name.strip()]
    for name in chosen:
        if name not in CONVENTIONS:
            raise UsageError(f"--conventions {name}: choose of {', '.join(CONVENTIONS)}")
    return [*dict.fromkeys(chosen)] or [None]


# --- compare ------------------------------------------------------------------------------------------------------


@app.command(
    epilog=examples(
        "autodiff-spec compare",
        "autodiff-spec compare --backends numpy,torch --only KINK-06",
        "autodiff-spec compare --seed 7 --json found.json --html found.html",
        "autodiff-spec compare --conventions native,spec",
    )
)
def compare(
    backends: Backends = "",
    max_examples: Examples = None,
    seed: Seed = None,
    only: Only = None,
    conventions: Flavours = "",
    json_file: JsonFile = None,
    html: HtmlFile = None,
    costs: Costs = None,
    accuracy: Accuracies = False,
) -> None:
    """Run the suite on every installed backend, each in its own process, and show where they differ."""
    runs = [(name, flavour) for name in names_of(backends) for flavour in _flavours(conventions)]
    times = [] if costs is None else read_costs(costs)
    with interruptible() as stop:
        found = _run_all(runs, [*_drawing(max_examples, seed), *_selection(only or [])], stop)
    reports = [report for report in found if isinstance(report, Report)]
    if html and reports:
        html.write_text(page(reports, costs=times), "utf-8")
    if json_file:
        json_file.write_text(json.dumps({"reports": [asdict(report) for report in reports]}, indent=1) + "\n", "utf-8")
    _show_all(reports, [error for error in found if isinstance(error, RunError)], accuracy=accuracy)
    if stop.is_set():
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(0 if all(isinstance(report, Report) and report.conforms for report in found) else 1)


def _show_all(reports: Sequence[Report], errors: Sequence[RunError], *, accuracy: bool) -> None:
    out = console()
    out.print()
    if reports:
        out.print(terminal.comparison(reports))
        for line in (*terminal.differences(reports), *terminal.gaps(reports)):
            out.print(line, crop=False)
        if accuracy:
            out.print(terminal.accuracies(reports))
    for error in errors:
        out.print(Text(str(error), style="red"))


SuiteRun = tuple[str, str | None]
"""A backend and its flavour."""


def _run_all(runs: Sequence[SuiteRun], arguments: Sequence[str], stop: threading.Event) -> list[Report | RunError]:
    """The reports in the order of ``runs``; the longest begin first, so that they end together."""
    with progress() as bars, ThreadPoolExecutor(AT_A_TIME) as pool:
        tasks = {run: bars.add_task(_label(*run), total=None, failed="") for run in runs}
        futures: dict[SuiteRun, Future[Report | RunError]] = {}
        for run in sorted(runs, key=lambda run: _place(run[0])):
            futures[run] = pool.submit(_run_one, bars, tasks[run], run, arguments, stop)
        return [futures[run].result() for run in runs]


def _place(name: str) -> int:
    return LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(LONGEST_FIRST)


def _label(name: str, flavour: str | None) -> str:
    return name if flavour in (None, "native") else f"{name} ({flavour})"


def _run_one(
    bars: Progress, task: TaskID, run: SuiteRun, arguments: Sequence[str], stop: threading.Event
) -> Report | RunError:
    name, flavour = run
    if stop.is_set():
        return RunError(f"{name} was not begun", "", usage=False)
    try:
        return run_suite(name, arguments, conventions=flavour, watch=lambda step: _advance(bars, task, step), stop=stop)
    except RunError as error:
        return error


# --- shared ---------------------------------------------------------------------------------------------------------


def _advance(bars: Progress, task: TaskID, step: Step) -> None:
    failed = f"[red]{step.failed} failed" if step.failed else ""
    bars.update(task, completed=step.done, total=step.total or None, failed=failed)
