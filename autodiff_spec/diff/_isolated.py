"""A run in a process of its own: one framework's crash is that framework's result.

``python -m autodiff_spec.diff._isolated REQUEST RESULT`` reads a pickled `Request` and writes a pickled `Run`.
"""

from __future__ import annotations

import contextlib
import pickle
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autodiff_spec.diff._record import Run
from autodiff_spec.programs import child

INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Request:
    """The task of a process: arguments for `record`, the function by its file."""

    target: str
    backend: str
    args: tuple[Any, ...]
    seed: int = 0
    spread: bool = False


def isolated(request: Request, stop: threading.Event | None = None) -> Run:
    """The run of another process; whatever goes wrong there is the run's error.

    Args:
        request: what to run.
        stop: when it is set, the process is ended, and the run's error says so.
    """
    if stop is not None and stop.is_set():
        return Run(request.backend, error=INTERRUPTED)
    with tempfile.TemporaryDirectory(prefix="autodiff-spec-") as name:
        asked, answered, log = (Path(name) / part for part in ("request", "result", "log"))
        asked.write_bytes(pickle.dumps(request))
        command = [*child.COMMAND, "autodiff_spec.diff._isolated", str(asked), str(answered)]
        with (
            log.open("wb") as file,
            subprocess.Popen(  # in a session of its own: Ctrl-C comes to us, and we end it
                command, stdin=subprocess.PIPE, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            ) as process,
        ):
            _wait(process, stop)
        if answered.exists():
            run: Run = pickle.loads(answered.read_bytes())
            return run
        if stop is not None and stop.is_set():
            return Run(request.backend, error=INTERRUPTED)
        said = log.read_text("utf-8", errors="replace").strip().splitlines() or [""]
        return Run(request.backend, error=f"the process ended with status {process.returncode}: {said[-1]}")


def _wait(process: subprocess.Popen[bytes], stop: threading.Event | None) -> None:
    """Until the process has ended, or is to."""
    try:
        while process.poll() is None and not (stop is not None and stop.is_set()):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
    finally:
        process.kill()  # no more than a look if it has ended


def _main(asked: str, answered: str) -> None:
    from autodiff_spec._discovery import backend
    from autodiff_spec.diff._record import record
    from autodiff_spec.programs.file import load
    from autodiff_spec.programs.function import argument_names

    request: Request = pickle.loads(Path(asked).read_bytes())
    try:
        be = backend(request.backend)
        f = load(request.target)
        run = record(be, f, request.args, names=argument_names(f), seed=request.seed, spread=request.spread)
    except Exception as error:  # this framework's result
        run = Run(request.backend, error=f"{type(error).__name__}: {' '.join(str(error).split())}")
    whole = Path(answered).with_suffix(".whole")
    whole.write_bytes(pickle.dumps(run))
    whole.replace(answered)


if __name__ == "__main__":
    from autodiff_spec.diff import _isolated  # the classes of the module by its name, which pickle finds again

    _isolated._main(*sys.argv[1:])
