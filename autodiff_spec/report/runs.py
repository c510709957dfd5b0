"""Run the suite on a backend in a process of its own, watch it, and read its report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from autodiff_spec.programs import child
from autodiff_spec.report.results import Report

SUITE = "autodiff_spec.conformance"
_POLL, _PATIENCE = 0.1, 15.0
_INTERRUPTED, _USAGE, _NOTHING_SELECTED = 2, 4, 5  # exit statuses of pytest


class RunError(RuntimeError):
    """A run that ended without a report; the message is one line, a note holds what the run printed."""

    def __init__(self, message: str, output: str, *, usage: bool) -> None:
        super().__init__(message)
        self.add_note(output)
        self.usage = usage


@dataclass(frozen=True)
class Progress:
    """How far a run is: tests that ended, and how many there are (0 while they are collected)."""

    done: int
    total: int
    failed: int


def run_suite(
    backend: str,
    arguments: Sequence[str] = (),
    *,
    conventions: str | None = None,
    watch: Callable[[Progress], None] | None = None,
    show: bool = False,
    stop: threading.Event | None = None,
) -> Report:
    """The report of one run.

    Args:
        backend: any name that ``autodiff_spec.backend`` takes.
        arguments: more for pytest.
        conventions: the flavour; ``$AUTODIFF_SPEC_CONVENTIONS``, else ``"native"``, without it.
        watch: called with the progress, several times a second.
        show: let pytest print (and ask, as ``--pdb`` does) on this terminal.
        stop: when it is set, the run is asked to end; its report then holds what was found till then.

    Raises:
        RunError: the run ended without a report: no such backend, a wrong argument, a crash.
    """
    flavour = {} if conventions is None else {"AUTODIFF_SPEC_CONVENTIONS": conventions}
    with tempfile.TemporaryDirectory(prefix="autodiff-spec-") as name, _log(Path(name), show) as log:
        folder = Path(name)
        command = [*((sys.executable, "-m") if show else child.COMMAND), "pytest", *_options(folder, arguments)]
        with subprocess.Popen(
            command,
            env={**os.environ, "AUTODIFF_SPEC_BACKEND": backend, **flavour},
            stdin=None if show else subprocess.PIPE,
            stdout=log,
            stderr=None if show else subprocess.STDOUT,
            start_new_session=not show,  # Ctrl-C comes to us; we tell the run
        ) as process:
            try:
                while process.poll() is None:
                    if watch is not None:
                        watch(_progress(folder / "progress"))
                    if stop is not None and stop.is_set():
                        _end(process)
                    time.sleep(_POLL)
            except BaseException:
                process.kill()
                raise
        if watch is not None:
            watch(_progress(folder / "progress"))
        return _report(backend, folder, process.returncode)


def run_parts(
    backend: str,
    arguments: Sequence[str] = (),
    *,
    jobs: int,
    conventions: str | None = None,
    watch: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> list[Report]:
    """Run the suite in ``jobs`` processes at a time, each with a part of the tests; yields a report of each.

    Raises:
        RunError: as for `run_suite`, or there are more parts than clauses to test.
    """
    seen = [Progress(0, 0, 0)] * jobs

    def run(number: int) -> Report:
        def progressed(progress: Progress) -> None:
            seen[number] = progress
            if watch is not None:
                watch(Progress(*map(sum, zip(*map(astuple, seen), strict=True))))

        part = ["--part", f"{number + 1}/{jobs}"]
        return run_suite(backend, [*arguments, *part], conventions=conventions, watch=progressed, stop=stop)

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(run, range(jobs)))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let pytest finish as after Ctrl-C, which writes its report; not for ever."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def node(test: str) -> str:
    """The pytest node for the id of a test in a report, or for a file of the suite."""
    file, _, name = test.partition("::")
    return f"{SUITE}.{file.removesuffix('.py')}" + (f"::{name}" if name else "")


def _options(folder: Path, arguments: Sequence[str]) -> list[str]:
    """The suite by itself: no configuration and no conftest of the folder that the user stands in."""
    configuration = folder / "pytest.ini"
    configuration.write_text("[pytest]\n", "utf-8")
    plugins = [f"{SUITE}.plugin", f"{SUITE}.progress", "no:cacheprovider"]
    chosen = [] if any(argument.startswith(f"{SUITE}.") for argument in arguments) else [SUITE]
    return [
        *("-c", str(configuration), "--noconftest", "--import-mode=importlib"),
        *(option for plugin in plugins for option in ("-p", plugin)),
        *("--report-json", str(folder / "report.json"), "--progress-file", str(folder / "progress")),
        *("--pyargs", *chosen, *arguments),
    ]


@contextmanager
def _log(folder: Path, show: bool) -> Iterator[int | None]:
    if show:
        yield None
        return
    with (folder / "log").open("wb") as file:
        yield file.fileno()


def _progress(path: Path) -> Progress:
    if not path.exists():
        return Progress(0, 0, 0)
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines(keepends=True) if line.endswith("\n")]
    done = [line for line in lines if "done" in line]
    total = next((line["total"] for line in lines if "total" in line), 0)
    return Progress(len(done), total, sum(line["failed"] for line in done))


def _report(backend: str, folder: Path, status: int) -> Report:
    report, log = folder / "report.json", folder / "log"
    if report.exists():
        return Report.read(report)
    output = log.read_text("utf-8", errors="replace") if log.exists() else ""
    said = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    if status == _NOTHING_SELECTED:
        message = "no test was selected"
    elif status in (_INTERRUPTED, -signal.SIGINT, -signal.SIGKILL):
        message = f"the run on {backend} was interrupted before its first test ended"
    else:
        message = said[0] if said else f"the run on {backend} ended with status {status} and without a report"
    raise RunError(message, output, usage=status in (_USAGE, _NOTHING_SELECTED))
