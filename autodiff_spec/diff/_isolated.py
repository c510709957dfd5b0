"""A run in a process of its own: one framework's crash is that framework's result.

``python -m autodiff_spec.diff._isolated REQUEST RESULT`` reads a pickled `Request` and writes a pickled `Run`.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autodiff_spec.diff._record import Run


@dataclass(frozen=True)
class Request:
    """What a process is asked to run: arguments for `record`, the function by its file."""

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
    with tempfile.TemporaryDirectory(prefix="autodiff-spec-") as name:
        asked, answered, log = (Path(name) / part for part in ("request", "result", "log"))
        asked.write_bytes(pickle.dumps(request))
        command = [sys.executable, "-m", "autodiff_spec.diff._isolated", str(asked), str(answered)]
        with log.open("wb") as file:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
            if not _ended(process, stop):
                return Run(request.backend, error="interrupted")
        if not answered.exists():
            said = log.read_text("utf-8", errors="replace").strip().splitlines() or [""]
            return Run(request.backend, error=f"the process ended with status {process.returncode}: {said[-1]}")
        run: Run = pickle.loads(answered.read_bytes())
        return run


def _ended(process: subprocess.Popen[bytes], stop: threading.Event | None) -> bool:
    """Wait; whether it ended by itself."""
    try:
        while True:
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                if stop is None or not stop.is_set():
                    continue
                return False
            return stop is None or not stop.is_set()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _main(asked: str, answered: str) -> None:
    from autodiff_spec._discovery import backend
    from autodiff_spec.diff._compare import argument_names
    from autodiff_spec.diff._load import load
    from autodiff_spec.diff._record import record

    request: Request = pickle.loads(Path(asked).read_bytes())
    try:
        be = backend(request.backend)
        f = load(request.target)
        run = record(be, f, request.args, names=argument_names(f), seed=request.seed, spread=request.spread)
    except Exception as error:  # this framework's result
        run = Run(request.backend, error=f"{type(error).__name__}: {' '.join(str(error).split())}")
    Path(answered).write_bytes(pickle.dumps(run))


if __name__ == "__main__":
    from autodiff_spec.diff import _isolated  # the classes of the module by its name, which pickle finds again

    _isolated._main(*sys.argv[1:])
