"""``autodiff-spec diff`` as users start it: a process for each backend, its exit status, and wrong usage."""

import json
from functools import partial
from pathlib import Path

import pytest

from tests import fresh

ENGINES = """
import os
import autodiff_numpy

class Right(autodiff_numpy.NumpyBackend):
    name = "right"

class Crash(autodiff_numpy.NumpyBackend):
    name = "crash"
    def _asarray(self, value, dtype):
        os._exit(3)
"""


def test_diff_runs_each_backend_in_its_own_process_and_a_crash_is_a_result(tmp_path: Path) -> None:
    (tmp_path / "engines.py").write_text(ENGINES, "utf-8")
    (tmp_path / "model.py").write_text("def f(x):\n    return x * x\n", "utf-8")
    diff = partial(fresh.command, "diff", "model.py:f", "--shape", "2", "--json", "found.json", cwd=tmp_path)
    done = diff("--backends", "numpy,engines:Crash,engines:Right")
    assert done.returncode == 1, done.stderr
    assert "the process ended with status 3" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    data = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert [bool(one["error"]) for one in data["backends"]] == [False, True, False]
    agreed = diff("--backends", "numpy,engines:Right")
    assert agreed.returncode == 0, agreed.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["model.py:f"], "f(x) needs arguments"),
        (["model.py:f", "--shape", "a"], "'a' is no shape"),
        (["model.py:f", "--shape", "2", "--dtype", "float80"], "no --dtype float80"),
        (["model.py:f", "--npz", "absent.npz"], "absent.npz cannot be read"),
        (["model.py:g"], "there is no function 'g'"),
    ],
)
def test_wrong_usage_of_diff_is_one_line_and_status_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "model.py").write_text("def f(x):\n    return x * x\n", "utf-8")
    done = fresh.command("diff", *arguments, "--backends", "numpy", cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
