"""The command line, as users start it: exit status, what is printed, what is written."""

import importlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from autodiff_spec import Capability
from autodiff_spec.clauses import CLAUSES
from autodiff_spec.cli import COMMANDS
from autodiff_spec.cli._app import app
from autodiff_spec.conformance._thinning import quick
from autodiff_spec.report import Outcome, Report, Verdict
from autodiff_spec.report.terminal import failures, text
from tests import fresh

ENGINES = """
import autodiff_numpy

class Right(autodiff_numpy.NumpyBackend):
    name = "right"

class Wrong(autodiff_numpy.NumpyBackend):
    name = "wrong"
    def _variable(self, array):
        return super()._variable(array + 1.0)
"""
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cli(tmp_path: Path) -> Command:
    """``autodiff-spec`` in a folder with two small engines and a conftest that nobody must load."""
    (tmp_path / "engines.py").write_text(ENGINES, "utf-8")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('not ours')", "utf-8")
    return partial(fresh.command, cwd=tmp_path)


def test_a_right_engine_conforms_and_the_report_says_so(cli: Command, tmp_path: Path) -> None:
    options = ("--only", "VAR-01", "--seed", "7", "--json", "found.json", "--max-examples", "3")
    done = cli("test", "engines:Right", *options)
    assert done.returncode == 0, done.stderr
    assert "nothing beyond the listed" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout
    report = Report.read(tmp_path / "found.json")
    assert (report.backend, report.seed, report.max_examples, report.conforms) == ("right", "7", 3, True)
    assert {row.outcome for row in report.rows} == {Outcome.PASSED}
    assert [c.verdict for c in report.clauses if c.id == "VAR-01"] == [Verdict.CONFORMS]


def test_a_wrong_engine_violates_and_each_failure_comes_with_a_command_that_shows_it(cli: Command) -> None:
    done = cli("test", "engines:Wrong", "--only", "VAR-01")
    assert done.returncode == 1, done.stderr
    assert re.search(r"violates .*VAR-01", done.stdout)
    assert re.search(r"\(\d+ s, seed \d+\)", done.stdout.replace("\n", " "))
    commands = re.findall(r"^ +\$ autodiff-spec (test engines:Wrong --seed \d+ --only .*)$", done.stdout, re.MULTILINE)
    assert commands
    again = cli(*shlex.split(commands[0]))
    assert again.returncode == 1
    assert commands[0] in again.stdout


ODD = """
import autodiff_numpy

class Odd(autodiff_numpy.NumpyBackend):
    name = "odd"
    def _variable(self, array):
        return super()._variable(array + 1.0 if (array > 0.3).sum() > 1 else array)
"""
DRAWN = "test_variables.py::test_a_variable_keeps_value_shape_and_dtype"


def test_a_quick_run_asks_little_and_a_drawn_failure_is_drawn_again_and_shrunk_by_its_command(
    cli: Command, tmp_path: Path
) -> None:
    (tmp_path / "odd.py").write_text(ODD, "utf-8")
    options = ("--seed", "5", "--max-examples", "9", "--only", "VAR-01", "--json", "q.json")
    done = cli("test", "odd:Odd", "--quick", *options)
    assert done.returncode == 1, done.stderr
    rows = {row.test: row for row in Report.read(tmp_path / "q.json").rows}
    assert rows[DRAWN].outcome is Outcome.FAILED
    assert len({test.partition("[")[0] for test in rows}) > len(rows) / 2  # few cases of each
    [command] = re.findall(rf"^ +\$ autodiff-spec (.* --only {DRAWN})$", done.stdout, re.MULTILINE)
    assert command == f"test odd:Odd --seed 5 --max-examples 9 --only {DRAWN}"
    again = cli(*shlex.split(command), "--json", "a.json")
    [row] = Report.read(tmp_path / "a.json").rows
    assert again.returncode == 1
    shrunk, first = (re.search(r"value=array\((.*?)\)", one.reproducer, re.DOTALL) for one in (row, rows[DRAWN]))
    assert shrunk is not None
    assert first is not None
    assert len(shrunk[1]) < len(first[1]), (shrunk[1], first[1])


def test_a_quick_run_of_what_it_leaves_out_says_so(cli: Command) -> None:
    done = cli("test", "numpy", "--quick", "--only", "LIN")
    assert (done.returncode, done.stderr.strip().splitlines()[-1]) == (
        2,
        "autodiff-spec: no test was selected: --quick asks for first derivatives alone; leave it out",
    )


def test_a_quick_run_is_of_first_order() -> None:
    class Item:
        def __init__(self, name: str, *clauses: str) -> None:
            self.name, self.originalname, self.cited = name, name.partition("[")[0], clauses
            self.callspec = SimpleNamespace(id=name.partition("[")[2].rstrip("]"))

        def iter_markers(self, name: str) -> list[SimpleNamespace]:
            return [SimpleNamespace(args=self.cited)]

    items = [Item("test_a[x]", "VAR-01"), Item("test_a[y]", "VAR-01"), Item("test_a[z]", "VAR-01", "VAR-02"),
             Item("test_b[sum-second]", "FUN-01"), Item("test_the_second_derivative", "FUN-01")]  # fmt: skip
    higher = next(one for one in CLAUSES.values() if Capability.HIGHER_ORDER in one.needs)
    items.append(Item("test_c", higher.id))
    assert [item.name for item in quick(items)] == ["test_a[x]", "test_a[z]"]  # type: ignore[arg-type]


def test_what_follows_two_dashes_is_for_pytest(cli: Command) -> None:
    done = cli("test", "engines:Right", "--only", "VAR-01", "--", "--collect-only", "-q")
    assert "test_variables.py::" in done.stdout
    assert done.stdout.count("conformance to the specification") <= 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["test", "tensorflaw"], "there is no backend called 'tensorflaw'"),
        (["test", "engines:Nobody"], "no backend at 'engines:Nobody'"),
        (["test", "engines:Right", "--only", "VAR-99"], "there is no clause VAR-99"),
        (["test", "engines:Right", "--only", "test_variables.py::test_nothing"], "not found"),
        (["compare", "--backends", "numpy,tensorflaw"], "there is no backend called 'tensorflaw'"),
        (["spec", "VAR-99"], "there is no clause or chapter VAR-99"),
        (["chapter", "--backend", "tensorflaw"], "there is no backend called 'tensorflaw'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_line_and_status_2(cli: Command, arguments: list[str], said: str) -> None:
    done = cli(*arguments)
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_an_unknown_option_is_status_2(cli: Command) -> None:
    assert cli("test", "numpy", "--nonsense").returncode == 2
    assert cli("nonsense").returncode == 2


def test_debug_shows_where_an_error_comes_from(cli: Command) -> None:
    for arguments in (["--debug", "spec", "VAR-99"], ["spec", "VAR-99", "--debug"]):
        done = cli(*arguments)
        assert "Traceback" in done.stderr
        assert done.returncode != 0


@pytest.mark.parametrize("missing", ["typer", "rich", "pytest", "jsonschema"])
def test_a_missing_distribution_says_what_to_install(missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from autodiff_spec.cli import main; main()"
    done = fresh.python("-c", program, "test", "numpy")
    assert done.returncode == 2
    start = f"autodiff-spec: autodiff-spec needs {missing}, which is not installed; run: pip install 'hypothesis>="
    assert done.stderr.splitlines()[-1].startswith(start)


def test_compare_shows_a_column_for_each_backend_and_then_where_they_fail(cli: Command, tmp_path: Path) -> None:
    names = "engines:Right,engines:Wrong"
    done = cli("compare", "--backends", names, "--only", "VAR-01", "--json", "found.json", "--max-examples", "2")
    assert done.returncode == 1, done.stderr
    assert re.search(r"right +wrong", done.stdout)
    assert f"VAR-01 MUST: {CLAUSES['VAR-01'].text[:40]}" in done.stdout
    assert "wrong violates" in done.stdout
    assert "right violates" not in done.stdout
    written = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert [report["backend"] for report in written["reports"]] == ["right", "wrong"]


def test_spec_prints_all_clauses_one_chapter_or_one(cli: Command) -> None:
    everything = cli("spec").stdout
    assert [one for one in CLAUSES if not re.search(rf"^{one} ", everything, re.MULTILINE)] == []
    assert CLAUSES["TAPE-01"].text in cli("spec", "tape-1").stdout
    printed = json.loads(cli("spec", "KINK", "--json").stdout)
    assert [one["id"] for one in printed] == [one for one in CLAUSES if one.startswith("KINK-")]
    assert set(printed[0]) == {"id", "level", "text", "needs"}


def test_chapter_prints_what_the_chapter_prints(cli: Command) -> None:
    done = cli("chapter", "--backend", "numpy")
    assert done.returncode == 0, done.stderr
    assert "[ 0.,  4.,  8., 12.]" in done.stdout or "[0., 4., 8., 12.]" in done.stdout


# --- care ---------------------------------------------------------------------------------------------------------

SLOW = """
import pathlib, time
import autodiff_numpy

class Slow(autodiff_numpy.NumpyBackend):
    name = "slow"
    calls = 0
    def _variable(self, array):
        self.calls += 1
        if self.calls > 40:
            pathlib.Path("going").touch()
            time.sleep(0.2)
        return super()._variable(array)
"""


@pytest.mark.parametrize("command", ["test", "compare"])
def test_an_interrupted_run_leaves_what_it_found_till_then(tmp_path: Path, command: str) -> None:
    (tmp_path / "slow.py").write_text(SLOW, "utf-8")
    which = ["slow:Slow"] if command == "test" else ["--backends", "slow:Slow"]
    only = [part for number in range(1, 9) for part in ("--only", f"VAR-{number:02}")]
    arguments = [command, *which, *only, "--max-examples", "8", "--json", "found.json"]
    started = subprocess.Popen(
        [sys.executable, "-m", "autodiff_spec", *arguments],
        cwd=tmp_path, env=fresh.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while not (tmp_path / "going").exists() and time.monotonic() < deadline:
            assert started.poll() is None, started.communicate()
            time.sleep(0.05)
        started.send_signal(signal.SIGINT)
        out, _ = started.communicate(timeout=60)
    finally:
        started.kill()
        started.wait()
    assert started.returncode == 130
    assert "interrupted" in out
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    [report] = found["reports"] if command == "compare" else [found]
    assert report["rows"]
    assert {row["outcome"] for row in report["rows"]} == {"passed"}
    assert any(clause["verdict"] == "untested" for clause in report["clauses"])
    assert report["problems"] == []  # what is listed and was not reached is not out of date


def on_a_terminal(arguments: list[str], folder: Path, **environment: str) -> str:
    """What a command writes when its output is a terminal."""
    pty = pytest.importorskip("pty", reason="pseudo-terminals need a POSIX system")
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "autodiff_spec", *arguments], cwd=folder, stdout=theirs, stderr=subprocess.DEVNULL,
        env=fresh.environment(TERM="xterm-256color", COLUMNS="80", **environment), timeout=120,
    )  # fmt: skip
    os.close(theirs)
    assert done.returncode == 0
    written = b""
    try:
        while part := os.read(ours, 65536):
            written += part
    except OSError:  # Linux: the other end is closed
        pass
    finally:
        os.close(ours)
    return written.decode()


def test_colours_are_for_terminals_and_can_be_refused(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("def f(x):\n    return x * x\n", "utf-8")
    diff = ["diff", "model.py:f", "--shape", "2", "--backends", "numpy"]
    colour = re.compile(r"\x1b\[[0-9;]*3[0-7]")
    assert colour.search(on_a_terminal(diff, tmp_path))
    assert not colour.search(on_a_terminal([*diff, "--no-color"], tmp_path, FORCE_COLOR="1"))
    assert not colour.search(on_a_terminal(["--no-color", *diff], tmp_path))
    assert not colour.search(on_a_terminal(diff, tmp_path, NO_COLOR="1"))


def test_every_command_has_examples_that_begin_with_its_name() -> None:
    for module in COMMANDS:
        importlib.import_module(f"autodiff_spec.cli.{module}")
    commands = {one.name or getattr(one.callback, "__name__", ""): one for one in app.registered_commands}
    assert set(commands) == {
        "test", "compare", "diff", "graph", "plot", "report", "merge", "spec", "chapter", "coverage"
    }  # fmt: skip
    for name, command in commands.items():
        assert f"\n  autodiff-spec {name} " in f"{command.epilog}\n", name


def test_an_unforeseen_error_is_one_line_too(cli: Command, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("def f(x):\n    return x\n\ndef inputs(rng):\n    return 1 / 0\n", "utf-8")
    done = cli("diff", "model.py:f", "--backends", "numpy")
    assert done.returncode == 2
    assert done.stderr == "autodiff-spec: model.py:5: ZeroDivisionError: division by zero\n"
    assert "Traceback" in cli("diff", "model.py:f", "--backends", "numpy", "--debug").stderr


# --- flavours -----------------------------------------------------------------------------------------------------


def test_the_flavour_is_an_option_and_the_report_names_it(cli: Command, tmp_path: Path) -> None:
    options = ("--only", "KINK-02", "--json", "found.json")
    done = cli("test", "engines:Right", "--conventions", "spec", *options)
    assert done.returncode == 0, done.stderr
    assert "(spec): of the clauses that were asked" in " ".join(done.stdout.split())
    report = Report.read(tmp_path / "found.json")
    assert (report.conventions, report.name) == ("spec", "right (spec)")
    failed = replace(report, rows=(replace(report.rows[0], outcome=Outcome.FAILED),))
    said = "".join(text(line, colour=False, width=200) for line in failures(failed))
    assert f"--conventions spec --seed {report.seed} --only" in said


def test_compare_shows_both_flavours_a_column_each(cli: Command, tmp_path: Path) -> None:
    options = ("--only", "KINK-02", "--json", "found.json", "--conventions", "native,spec")
    done = cli("compare", "--backends", "engines:Right", *options)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))["reports"]
    assert [report["conventions"] for report in found] == ["native", "spec"]
    head = done.stdout[: done.stdout.index("VAR ")]
    assert (head.count("right"), head.count("(spec)")) == (2, 1)


@pytest.mark.parametrize("flavours", ["mathematical", "native,spec"])
def test_a_flavour_that_is_none_and_two_of_them_for_one_run_are_refused(cli: Command, flavours: str) -> None:
    done = cli("test", "engines:Right", "--conventions", flavours)
    assert done.returncode == 2
    assert f"--conventions {flavours}" in done.stderr
