"""The processes in which frameworks run: Ctrl-C keeps what was found, and none outlives a command that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import fresh

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")

ENGINES = """
import atexit, os, pathlib, time
import autodiff_numpy

class Quick(autodiff_numpy.NumpyBackend):
    name = "quick"
    def _asarray(self, value, dtype):
        atexit.register(pathlib.Path("done").touch)
        return super()._asarray(value, dtype)

class Stuck(autodiff_numpy.NumpyBackend):
    name = "stuck"
    def _asarray(self, value, dtype):
        pathlib.Path("stuck.new").write_text(str(os.getpid()))
        os.replace("stuck.new", "stuck")
        time.sleep(600)
    _variable = lambda self, array: self._asarray(array, None)
"""
DIFF = ("diff", "model.py:f", "--shape", "2", "--backends", "engines:Quick,engines:Stuck", "--json", "found.json")
TEST = ("test", "engines:Stuck", "--only", "VAR-01", "--json", "found.json")


@contextmanager
def started(folder: Path, arguments: tuple[str, ...]) -> Iterator[subprocess.Popen[str]]:
    """A command in a session of its own, as a shell in a terminal has it."""
    (folder / "engines.py").write_text(ENGINES, "utf-8")
    (folder / "model.py").write_text("def f(x):\n    return x * x\n", "utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "autodiff_spec", *arguments],
        cwd=folder, env=fresh.environment(TMPDIR=str(folder)),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def within(seconds: float, true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended, and that nobody has asked about, does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc").is_dir()  # where there is none the signal said it all


def test_an_interrupted_diff_keeps_what_it_found_and_leaves_no_process(tmp_path: Path) -> None:
    with started(tmp_path, DIFF) as command:
        assert within(120, lambda: (tmp_path / "done").exists() and (tmp_path / "stuck").exists()), command.poll()
        stuck = int((tmp_path / "stuck").read_text())
        assert alive(stuck)
        os.killpg(command.pid, signal.SIGINT)  # as a terminal does
        out, err = command.communicate(timeout=60)
    assert command.returncode == 130
    assert not alive(stuck)
    assert "NOT ALL BACKENDS RAN" in out
    assert out.rstrip().endswith("interrupted: this is what was found till then")
    assert "Traceback" not in out + err
    quick, other = json.loads((tmp_path / "found.json").read_text("utf-8"))["backends"]
    assert (quick["error"], list(quick["gradients"])) == ("", ["x"])
    assert other["error"] == "interrupted"


@pytest.mark.parametrize("arguments", [DIFF, TEST], ids=["diff", "test"])
def test_no_process_outlives_a_command_that_is_killed(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with started(tmp_path, arguments) as command:
        assert within(120, (tmp_path / "stuck").exists), command.poll()
        stuck = int((tmp_path / "stuck").read_text())
        assert alive(stuck)
        command.kill()
        try:
            assert within(20, lambda: not alive(stuck))
        finally:
            if alive(stuck):
                os.kill(stuck, signal.SIGKILL)
