"""The application that the commands register with, and what they share."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

import autodiff_spec
from autodiff_spec._discovery import BACKEND_VARIABLE

AT_A_TIME = 2  # frameworks use several threads each
INTERRUPTED = 130  # what a shell gives a command that Ctrl-C ended
EPILOG = """Examples:

\b
  autodiff-spec test numpy                     the suite on one backend
  autodiff-spec compare --json found.json      the suite on all that are installed
  autodiff-spec report found.json --html found.html
  autodiff-spec diff model.py:loss             your function on all of them
  autodiff-spec graph model.py:loss --out loss.svg
  autodiff-spec plot "sin(x)" --out sin.png -- -6 6
  autodiff-spec spec KINK-02                   what a clause says

Exit status: 0 conforms or agrees, 1 does not, 2 wrong usage, 130 interrupted."""

app = typer.Typer(
    help="Check engines for automatic differentiation against the specification, and compare them.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Seed = Annotated[int | None, typer.Option("--seed", help="draw the examples of an earlier run")]
BackendName = Annotated[
    str,
    typer.Argument(
        metavar="[BACKEND]",
        help="numpy, torch, tensorflow, jax or package.module:attribute; $AUTODIFF_SPEC_BACKEND unless named",
    ),
]
Backends = Annotated[str, typer.Option("--backends", help="names with commas between them; all installed ones")]
OneBackend = Annotated[str | None, typer.Option("--backend", help="the current one unless named")]
JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="write the results there as JSON")]
HtmlFile = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="write one page that needs no network")]
Costs = Annotated[Path | None, typer.Option("--costs", metavar="FILE", help="draw these times (benchmarks/costs.py)")]
Target = Annotated[str, typer.Argument(metavar="FILE.py:FUNCTION", help="a function of arrays that calls ad.xp()")]
Shapes = Annotated[
    list[str] | None, typer.Option("--shape", help="draw an argument of this shape: 3,4; once for each argument")
]
Npz = Annotated[Path | None, typer.Option("--npz", metavar="FILE", help="take the arguments from there, by name")]
DrawSeed = Annotated[int, typer.Option("--seed", help="of what --shape and inputs(rng) draw")]


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="show where an error comes from")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="no colours; so does $NO_COLOR")] = False,
) -> None:
    """Options of every command; ``main`` has taken them off already."""


def examples(*lines: str) -> str:
    """The end of a command's help: examples, one a line."""
    return "Examples:\n\n\b\n" + "\n".join(f"  {line}" for line in lines)


def console() -> Console:
    """Where results go: plain text unless it is a terminal."""
    return Console(highlight=False)


def names_of(backends: str) -> list[str]:
    """The backends that an option names, all installed ones by default."""
    names = [name.strip() for name in backends.split(",") if name.strip()] or list(autodiff_spec.available_backends())
    for name in names:
        require_known(name)
    return list(dict.fromkeys(names))


def require_known(name: str) -> None:
    """Raise what is wrong with a name, without loading a framework into this process."""
    if ":" not in name and name not in autodiff_spec.available_backends():
        autodiff_spec.backend(name)


class Left(TimeRemainingColumn):
    """How long it still takes; nothing while it is not known how much there is to do."""

    def render(self, task: Task) -> Text:
        remaining = super().render(task)
        return Text.assemble("left ", remaining) if remaining.plain else remaining


def progress() -> Progress:
    """Bars on the error stream, so that the output holds results alone; lines where that is no terminal."""
    out = Console(stderr=True, highlight=False)
    if not out.is_terminal:
        return ProgressLines(console=out, disable=True)
    counts = [TextColumn("{task.description}"), BarColumn(26), MofNCompleteColumn()]
    times = [TextColumn("{task.fields[failed]}"), TimeElapsedColumn(), Left()]
    return Progress(*counts, *times, console=out)


class ProgressLines(Progress):
    """A line for each task every half minute, and one at its end: for the logs of machines, and for files."""

    every = 30.0

    def update(self, task_id: TaskID, **what: Any) -> None:
        """Take the progress, and print it if it is time."""
        super().update(task_id, **what)
        task = self.tasks[task_id]
        begun = task.fields.setdefault("begun", time.monotonic())
        now, said = time.monotonic(), task.fields.get("said", begun)
        ended = task.finished and not task.fields.get("ended")
        if ended or now - said >= self.every:
            task.fields.update(said=now, ended=task.finished)
            failed = Text.from_markup(task.fields.get("failed", "")).plain
            of = f" of {task.total:.0f}" if task.total else ""
            parts = [f"{task.description}: {task.completed:.0f}{of}", failed, f"{now - begun:.0f} s"]
            self.console.print(Text(", ".join(part for part in parts if part)), soft_wrap=True)


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets instead of raising, so that what was found till then is kept; a second one raises."""
    stop = threading.Event()

    def ask(signum: int, frame: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def current(backend: str | None) -> Iterator[None]:
    """A backend made current, its framework quiet and with float64."""
    quiet()
    with autodiff_spec.use_backend(backend or os.environ.get(BACKEND_VARIABLE) or "numpy"):
        yield


def quiet() -> None:
    """The environment variables that frameworks read when they load."""
    os.environ.setdefault("JAX_ENABLE_X64", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
