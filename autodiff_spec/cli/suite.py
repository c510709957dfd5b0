"""``autodiff-spec test`` and ``compare``: the conformance suite on one backend, and on several side by side."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID
from rich.text import Text

from autodiff_spec._discovery import BACKEND_VARIABLE, CONVENTIONS
from autodiff_spec.clauses import CHAPTERS, CLAUSES
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
from autodiff_spec.report import Outcome, Report, terminal
from autodiff_spec.report.cluster import run_on_cluster
from autodiff_spec.report.html import page
from autodiff_spec.report.judging import continued, finished, merged
from autodiff_spec.report.junit import junit
from autodiff_spec.report.reading import read_costs, read_reports
from autodiff_spec.report.runs import QUICK_TIME_LIMIT, TIME_LIMIT, NoTestsError, RunError, node, run_parts, run_suite
from autodiff_spec.report.runs import Progress as Step
from autodiff_spec.report.stream import Line, ResultFile

LONGEST_FIRST = ("jax", "tensorflow", "torch")

Examples = Annotated[int | None, typer.Option("--max-examples", min=1, help="examples a drawn test (20; jax: 10)")]
Only = Annotated[
    list[str] | None, typer.Option("--only", help="a clause (KINK-02), a chapter (KINK), a test's id; may be repeated")
]
Jobs = Annotated[int, typer.Option("--jobs", min=1, help="processes that share the tests")]
Scheduler = Annotated[
    str, typer.Option("--scheduler", metavar="ADDRESS", help="run the tests on a Dask cluster's workers")
]
Quick = Annotated[
    bool, typer.Option("--quick", help="a first look: first order, few cases and examples, no shrinking, in a minute")
]
Deviations = Annotated[
    Path | None, typer.Option("--deviations", metavar="FILE", help="known deviations, in place of the backend's list")
]
Xfails = Annotated[
    Path | None, typer.Option("--xfails-file", metavar="FILE", help="tests expected to fail: ids, one a line")
]
Skips = Annotated[Path | None, typer.Option("--skips-file", metavar="FILE", help="tests to leave out: ids, one a line")]
TimeLimit = Annotated[
    float | None, typer.Option("--time-limit", metavar="SECONDS", min=1, help="what a test may take (300; --quick: 10)")
]
Resume = Annotated[
    Path | None, typer.Option("--resume", metavar="FILE", help="go on with the run of a result file, into it")
]
Junit = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="write the results there as JUnit's XML")]
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
        "autodiff-spec test my_package:backend --quick",
        "autodiff-spec test my_package:backend --json found.json",
        "autodiff-spec test jax --only KINK-02 --only TAPE-05",
        "autodiff-spec test torch --conventions spec",
        "autodiff-spec test jax --jobs 2 --junit results.xml",
        "autodiff-spec test --resume found.json",
        "autodiff-spec test my_package:backend --deviations known.toml --xfails-file xfails.txt",
        "autodiff-spec test jax --scheduler tcp://127.0.0.1:8786",
        "autodiff-spec test torch -- -x --pdb",
    ),
)
def check(
    backend: BackendName = "",
    pytest_arguments: Annotated[list[str] | None, typer.Argument(metavar="-- PYTEST_ARGUMENTS")] = None,
    max_examples: Examples = None,
    seed: Seed = None,
    quick: Quick = False,
    only: Only = None,
    conventions: Conventions = "",
    json_file: JsonFile = None,
    accuracy: Accuracies = False,
    jobs: Jobs = 1,
    scheduler: Scheduler = "",
    time_limit: TimeLimit = None,
    resume: Resume = None,
    junit_file: Junit = None,
    deviations: Deviations = None,
    xfails_file: Xfails = None,
    skips_file: Skips = None,
) -> None:
    """Run the conformance suite on one backend.

    A test in which the process dies, or that does not end, is named and marked, and the run goes on behind it.
    """
    before = None if resume is None else _broken_off(resume)
    if backend.startswith("-"):  # it was left out, and what follows ``--`` is pytest's
        backend, pytest_arguments = "", [backend, *(pytest_arguments or [])]
    backend = backend or _backend_of(before)
    require_known(backend)
    if len(flavours := _flavours(conventions or (before.conventions if before else ""))) > 1:
        raise UsageError(f"--conventions {conventions}: test runs one flavour, compare several")
    if jobs > 1 and scheduler:
        raise UsageError("--scheduler has as many processes as the cluster has threads: leave out --jobs")
    if scheduler and importlib.util.find_spec("distributed") is None:
        raise UsageError("--scheduler needs Dask's distributed: pip install distributed")
    more = pytest_arguments or []
    if any(argument.startswith(("--junitxml", "--junit-xml")) for argument in more):
        raise UsageError("pytest's XML ends with its process: say --junit FILE")
    lists = {"--deviations": deviations, "--xfails-file": xfails_file, "--skips-file": skips_file}
    given = [part for option, listed in lists.items() if listed for part in (option, str(listed))]
    chosen = [*(["--quick"] if quick else []), *given, *_selection(only or [])]
    arguments = [*_drawing(max_examples, seed, before), *chosen, *more]
    time_limit = time_limit or (QUICK_TIME_LIMIT if quick else TIME_LIMIT)
    path = json_file or resume
    file = None if path is None else ResultFile(path, before)
    task = _Task(backend, flavours[0], arguments, None if {"--pdb", "--trace"} & set(more) else time_limit)
    show = bool(more) and jobs == 1 and not scheduler  # whoever speaks to pytest hears pytest
    report = _run(task, before, jobs=jobs, scheduler=scheduler, show=show, keep=None if file is None else file.keep)
    if not show or before or any(row.outcome is Outcome.CRASHED for row in report.rows):
        _show(report)
    if accuracy:
        console().print(terminal.accuracy(report))
    if file:
        file.finish(report)
    if junit_file:
        junit_file.write_text(junit(report), "utf-8")
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(0 if report.conforms else 1)


@dataclass(frozen=True)
class _Task:
    """A run: the backend and its flavour, pytest's arguments, and the seconds that a test may take."""

    backend: str
    conventions: str | None
    arguments: Sequence[str]
    time_limit: float | None


def _run(
    task: _Task, before: Report | None, *, jobs: int, scheduler: str, show: bool, keep: Callable[[Line], None] | None
) -> Report:
    """Find out, and add to the report what was found before."""
    how: dict[str, Any] = {"conventions": task.conventions, "time_limit": task.time_limit, "keep": keep}
    how["seen"] = [row.test for row in before.rows] if before else []
    try:
        if show:
            found = [run_suite(task.backend, task.arguments, show=True, **how)]
        else:
            run = partial(run_on_cluster, scheduler) if scheduler else partial(run_parts, jobs=jobs)
            with progress() as bars, interruptible() as stop:
                bar = bars.add_task(task.backend, total=None, failed="")
                found = run(task.backend, task.arguments, watch=partial(_advance, bars, bar), stop=stop, **how)
    except NoTestsError as error:
        if before is None and "--quick" in task.arguments:
            raise UsageError(f"{error}: --quick asks for first derivatives alone; leave it out") from error
        if before is None:
            raise
        return finished(before)
    return merged(found) if before is None else continued(before, merged(found))


def _broken_off(file: Path) -> Report:
    """The run to go on with."""
    reports = read_reports(file)
    if len(reports) > 1:
        raise UsageError(f"{file} holds {len(reports)} runs, of compare; --resume goes on with one of test")
    return reports[0]


def _backend_of(before: Report | None) -> str:
    """The backend where none is named: that of the run that is gone on with, or the environment's."""
    name = (before.environment if before else os.environ).get(BACKEND_VARIABLE)
    if not name:
        raise UsageError(f"name a backend: numpy, package.module:attribute; or set ${BACKEND_VARIABLE}")
    return name


def _show(report: Report) -> None:
    out = console()
    for line in terminal.failures(report):
        out.print(line, crop=False)
    out.print()
    out.print(terminal.conformance(report))


def _drawing(max_examples: int | None, seed: int | None, before: Report | None = None) -> list[str]:
    """A seed even if none was asked for, so that the report can name it; that of the run that is gone on with."""
    if before is not None and before.seed.isdigit():
        seed = int(before.seed) if seed is None else seed
        max_examples = max_examples or before.max_examples
    chosen = random.randrange(2**31) if seed is None else seed
    count = [] if max_examples is None else ["--max-examples", str(max_examples)]
    return ["--hypothesis-seed", str(chosen), *count]


def _selection(only: Sequence[str]) -> list[str]:
    """Pytest's arguments that select the tests of clauses, and tests by their ids."""
    ids = [one for chosen in only for one in CLAUSES if chosen in (one, one.partition("-")[0])]
    tests = [chosen for chosen in only if chosen not in CLAUSES and chosen not in CHAPTERS]
    for name in tests:
        if "::" not in name and not name.endswith(".py"):
            raise UsageError(
                f"there is no clause {name}; try `autodiff-spec spec`; chapters are {', '.join(CHAPTERS)}, tests "
                "FILE.py::NAME[CASE]"
            )
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
