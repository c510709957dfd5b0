"""Run the suite on a backend in processes of its own, watch them, and tell what they found.

A process that dies, or does not get on, is the result of the test that it was in; another one goes on behind it.
"""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path

from autodiff_spec.programs import child
from autodiff_spec.report.results import Report
from autodiff_spec.report.stream import Keep, Rows, Tail

SUITE = "autodiff_spec.conformance"
TIME_LIMIT, QUICK_TIME_LIMIT = 300.0, 10.0
"""Seconds that a test may take; of a quick run, `QUICK_TIME_LIMIT`."""
_POLL, _PATIENCE, _LAST_WORDS = 0.1, 15.0, 5.0
_INTERRUPTED, _USAGE, _NOTHING_SELECTED = 2, 4, 5  # exit statuses of pytest
_OF_PYTEST = re.compile(r"[/\\](_pytest|pluggy|hypothesis)[/\\]")


class RunError(RuntimeError):
    """A run that ended without a report; the message is one line, a note holds what the run printed."""

    def __init__(self, message: str, output: str, *, usage: bool) -> None:
        super().__init__(message)
        self.add_note(output)
        self.usage = usage


class NoTestsError(RunError):
    """The arguments select no test."""


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
    time_limit: float | None = TIME_LIMIT,
    seen: Collection[str] = (),
    keep: Keep | None = None,
) -> Report:
    """The report of one run.

    Args:
        backend: any name that ``autodiff_spec.backend`` takes.
        arguments: more for pytest.
        conventions: the flavour; ``$AUTODIFF_SPEC_CONVENTIONS``, else ``"native"``, without it.
        watch: called with the progress, several times a second.
        show: let pytest print (and ask, as ``--pdb`` does) on this terminal.
        stop: when it is set, the run is asked to end; its report then holds what was found till then.
        time_limit: the seconds after which a test counts as a crash; None for no limit.
        seen: the ids of tests to pass over, for an earlier run has seen them.
        keep: called with each line that `stream.ResultFile` keeps.

    Raises:
        RunError: the run ended without a report: no such backend, a wrong argument, a crash before the first test.
    """
    flavour = {} if conventions is None else {"AUTODIFF_SPEC_CONVENTIONS": conventions}
    environment = {**os.environ, "AUTODIFF_SPEC_BACKEND": backend, **flavour}
    rows = Rows(keep)
    with tempfile.TemporaryDirectory(prefix="autodiff-spec-") as name:
        for number in itertools.count():
            folder = Path(name) / str(number)
            folder.mkdir()
            (folder / "seen").write_text("\n".join([*seen, *rows.rows]), "utf-8")
            command = [*((sys.executable, "-m") if show else child.COMMAND), "pytest", *_options(folder, arguments)]
            done = rows.done
            with _log(folder, show) as log:
                status, late = _process(command, environment, folder, rows, watch, stop, time_limit, log)
            if rows.head is None or rows.status is not None or (stop is not None and stop.is_set()):
                break
            stuck = rows.begun is None and rows.done == done
            rows.crashed(late or _how_it_died(status), _where(folder / "log"))
            if stuck or rows.done >= rows.total:
                break
        if not rows.rows:
            raise _error(backend, rows, status, late, _said(folder / "log"))
    if watch is not None:
        watch(Progress(rows.done, rows.total, rows.failed))
    return rows.report()


def _process(
    command: Sequence[str],
    environment: dict[str, str],
    folder: Path,
    rows: Rows,
    watch: Callable[[Progress], None] | None,
    stop: threading.Event | None,
    time_limit: float | None,
    log: int | None,
) -> tuple[int, str]:
    """Run pytest to its end; returns its status, and why it was killed if it was."""
    tail, late, show = Tail(folder / "stream"), "", log is None
    with subprocess.Popen(
        command,
        env=environment,
        stdin=None if show else subprocess.PIPE,
        stdout=log,
        stderr=None if show else subprocess.STDOUT,
        start_new_session=not show,  # Ctrl-C comes to us; we tell the run
    ) as process:
        try:
            heard, over = time.monotonic(), False
            while not over:
                over = process.poll() is not None  # asked before reading, so that the last words are heard
                for line in tail.lines():
                    heard = time.monotonic()
                    rows.take(line)
                if watch is not None:
                    watch(Progress(rows.done, rows.total, rows.failed))
                if stop is not None and stop.is_set():
                    _end(process)
                elif not over and time_limit is not None and time.monotonic() - heard > _allowed(time_limit, rows):
                    late = f"it had not ended after {_allowed(time_limit, rows):g} s"
                    _abort(process)
                time.sleep(0 if over else _POLL)
        finally:
            _kill(process)
    return process.returncode, late


def _allowed(time_limit: float, rows: Rows) -> float:
    """How long a process may be silent: as long as a test may take; while it loads, collects and ends, not less."""
    return time_limit if rows.begun is not None else max(time_limit, TIME_LIMIT)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let pytest finish as after Ctrl-C, which writes its report; not for ever."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        _kill(process)


def _abort(process: subprocess.Popen[bytes]) -> None:
    """Have it print where it is, as pytest's faulthandler does, and die."""
    process.send_signal(signal.SIGABRT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_WORDS)
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """With whatever it started, which has its session where it has one of its own; also after it died by itself."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # no such group where it shares our session
    process.kill()
    process.wait()


def _how_it_died(status: int) -> str:
    if status >= 0:
        return f"the process ended with status {status}"
    more = ", as where memory runs out" if -status == signal.SIGKILL else ""
    return f"the process died of {signal.Signals(-status).name}{more}"


def _where(log: Path) -> str:
    """The lines of Python in which a process died, the innermost first, from what faulthandler printed."""
    _, found, stack = _said(log).rpartition("(most recent call first):\n")
    frames = itertools.takewhile(lambda line: line.startswith("  File "), stack.splitlines()) if found else ()
    own = itertools.takewhile(lambda line: not _OF_PYTEST.search(line), frames)
    return "\n".join(line.strip() for line in own)


def run_parts(
    backend: str,
    arguments: Sequence[str] = (),
    *,
    jobs: int,
    conventions: str | None = None,
    watch: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    time_limit: float | None = TIME_LIMIT,
    seen: Collection[str] = (),
    keep: Keep | None = None,
) -> list[Report]:
    """Run the suite in ``jobs`` processes at a time, each with a part of the tests; a report of each that had any.

    Raises:
        RunError: as for `run_suite`.
    """
    heard = [Progress(0, 0, 0)] * jobs

    def run(number: int) -> Report | None:
        def progressed(progress: Progress) -> None:
            heard[number] = progress
            if watch is not None:
                watch(Progress(*map(sum, zip(*map(astuple, heard), strict=True))))

        part = ["--part", f"{number + 1}/{jobs}"] if jobs > 1 else []
        how = {"conventions": conventions, "stop": stop, "time_limit": time_limit, "seen": seen, "keep": keep}
        try:
            return run_suite(backend, [*arguments, *part], watch=progressed, **how)  # type: ignore[arg-type]
        except NoTestsError:
            return None

    with ThreadPoolExecutor(jobs) as pool:
        return found_of(pool.map(run, range(jobs)))


def found_of(reports: Iterable[Report | None]) -> list[Report]:
    """The reports of the parts that had tests.

    Raises:
        NoTestsError: none had.
    """
    found = [report for report in reports if report is not None]
    if not found:
        raise NoTestsError("no test was selected", "", usage=True)
    return found


def node(test: str) -> str:
    """The pytest node for the id of a test in a report, or for a file of the suite."""
    file, _, name = test.partition("::")
    return f"{SUITE}.{file.removesuffix('.py')}" + (f"::{name}" if name else "")


def _options(folder: Path, arguments: Sequence[str]) -> list[str]:
    """The suite by itself: no configuration and no conftest of the folder that the user stands in."""
    configuration = folder / "pytest.ini"
    configuration.write_text("[pytest]\n", "utf-8")
    plugins = [f"{SUITE}.plugin", "no:cacheprovider"]
    chosen = [] if any(argument.startswith(f"{SUITE}.") for argument in arguments) else [SUITE]
    return [
        *("-c", str(configuration), "--noconftest", "--import-mode=importlib"),
        *(option for plugin in plugins for option in ("-p", plugin)),
        *("--stream", str(folder / "stream"), "--seen", str(folder / "seen")),
        *("--pyargs", *chosen, *arguments),
    ]


@contextmanager
def _log(folder: Path, show: bool) -> Iterator[int | None]:
    if show:
        yield None
        return
    with (folder / "log").open("wb") as file:
        yield file.fileno()


def _said(log: Path) -> str:
    return log.read_text("utf-8", errors="replace") if log.exists() else ""


def _error(backend: str, rows: Rows, status: int, late: str, output: str) -> RunError:
    """The error of a run in which no test ended."""
    if _NOTHING_SELECTED in (status, rows.status):
        return NoTestsError("no test was selected", output, usage=True)
    said = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    if late:
        message = f"the run on {backend} was killed before its first test: {late}"
    elif status in (_INTERRUPTED, -signal.SIGINT, -signal.SIGKILL):
        message = f"the run on {backend} was interrupted before its first test ended"
    else:
        message = said[0] if said else f"the run on {backend} ended with status {status} and without a report"
    return RunError(message, output, usage=status == _USAGE)
