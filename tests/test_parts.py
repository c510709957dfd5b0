"""A run in several processes says what one says, also where one dies; and runs with several seeds are compared."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from autodiff_spec.clauses import CLAUSES
from autodiff_spec.report import Outcome, Verdict
from autodiff_spec.report.judging import merged
from autodiff_spec.report.junit import junit
from autodiff_spec.report.reading import read_reports
from autodiff_spec.report.runs import RunError, found_of, node, run_parts, run_suite
from autodiff_spec.report.stream import HEAD, ResultFile, Rows, lines_of
from tests import fresh
from tests.made_reports import FAILED, KNOWN, MISSING, PASSED, report, result
from tests.stability import unstable

ARGUMENTS = ("--clauses", "VAR-01,VAR-03,VAR-06,FUN-01,FUN-02,KINK-27", "--max-examples", "2", "--hypothesis-seed", "1")


def test_parts_share_the_tests_out_and_say_together_what_one_run_says() -> None:
    whole = run_suite("numpy", ARGUMENTS)
    parts = run_parts("numpy", ARGUMENTS, jobs=2)
    together = merged(parts)
    assert all(part.rows for part in parts)
    assert sorted(row.test for row in together.rows) == sorted(row.test for row in whole.rows)
    assert together.clauses == whole.clauses
    assert {line.function for line in together.accuracy} == {line.function for line in whole.accuracy}
    assert len(together.accuracy) == len(whole.accuracy)
    assert (together.filtered, together.exit_status) == (True, 0)


def test_the_progress_of_parts_is_added_up() -> None:
    seen = []
    parts = run_parts("numpy", ARGUMENTS, jobs=2, watch=seen.append)
    assert seen[-1].done == seen[-1].total == sum(len(part.rows) for part in parts)


def test_a_part_without_tests_is_none_and_a_run_without_any_an_error() -> None:
    [part] = run_parts("numpy", [node("test_variables.py"), "--clauses", "VAR-06", "--max-examples", "2"], jobs=2)
    assert {clause for row in part.rows for clause in row.clauses} >= {"VAR-06"}
    with pytest.raises(RunError, match="no test"):
        found_of([None, None])


# --- the run survives the engine ------------------------------------------------------------------------------------

PLANTED = """
import os, pathlib, subprocess, sys, time
import autodiff_numpy

class Planted(autodiff_numpy.NumpyBackend):
    name = "planted"

    def _variable(self, array):
        test = os.environ.get("PYTEST_CURRENT_TEST", "")
        if "special_values[inf]" in test:
            os.abort()
        if "default_dtype[a list]" in test:
            sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            pathlib.Path("sleeper").write_text(str(sleeper.pid))
            time.sleep(600)
        return super()._variable(array)
"""


def is_running(pid: int) -> bool:
    """Whether a process is there that is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_a_crash_and_a_hang_are_named_and_the_run_goes_on_behind_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "planted.py").write_text(PLANTED, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), fresh.PACKAGES]))
    arguments = (node("test_variables.py"), "--clauses", "VAR-01,VAR-03", "--max-examples", "2")
    file, begun = ResultFile(tmp_path / "found.json", None), time.monotonic()
    found = run_suite("planted:Planted", arguments, time_limit=4, keep=file.keep)
    assert time.monotonic() - begun < 120
    assert found.exit_status == 1
    crashed = [row for row in found.rows if row.outcome is not Outcome.PASSED]
    assert [(row.test.partition("::")[2], row.outcome, row.message) for row in crashed] == [
        ("test_a_variable_keeps_special_values[inf]", Outcome.CRASHED, "the process died of SIGABRT"),
        ("test_python_floats_take_the_default_dtype[a list]", Outcome.CRASHED, "it had not ended after 4 s"),
    ]
    assert crashed[0].reproducer.splitlines()[0].endswith(" in _variable")
    assert "planted.py" in crashed[1].reproducer
    assert any(row.test.endswith("[nested lists]") for row in found.rows)  # it comes behind the hang
    verdicts = {clause.id: clause.verdict for clause in found.clauses}
    assert (verdicts["VAR-01"], verdicts["VAR-03"]) == (Verdict.CRASHES, Verdict.CRASHES)
    assert not is_running(int((tmp_path / "sleeper").read_text("ascii")))
    [unfinished] = read_reports(tmp_path / "found.json")  # as if this process had been killed now
    assert (unfinished.interrupted, unfinished.rows) == (True, found.rows)
    file.finish(found)
    assert read_reports(tmp_path / "found.json") == [found]


def test_a_crash_of_a_listed_test_is_expected() -> None:
    rows = Rows()
    rows.take({"run": head(), "total": 2})
    rows.take({"begun": replace(KNOWN, outcome=Outcome.CRASHED).as_data()})
    rows.crashed("the process died of SIGSEGV", "")
    assert rows.rows[KNOWN.test].outcome is Outcome.EXPECTED
    assert (rows.done, rows.failed, rows.status) == (1, 0, None)


def test_a_process_that_dies_between_two_tests_is_a_problem_of_the_run() -> None:
    rows = Rows()
    rows.take({"run": head(), "total": 2})
    rows.take({"row": PASSED.as_data(), "errors": []})
    rows.take({"done": PASSED.test, "failed": False})
    rows.crashed("the process died of SIGKILL", "")
    assert rows.report().problems == (f"after {PASSED.test} the process died of SIGKILL",)
    assert not rows.report().conforms


def head() -> dict[str, object]:
    """What a run says about itself, as JSON gives it back."""
    data = json.loads(report().as_json())
    return {name: data[name] for name in HEAD}


def test_a_run_that_was_broken_off_goes_on_where_it_was(tmp_path: Path) -> None:
    first = run_suite("numpy", [node("test_variables.py"), "--clauses", "VAR-01", *ARGUMENTS[2:]])
    file = ResultFile(tmp_path / "found.json", None)
    for line in lines_of(first):
        file.keep(line)
    options = ("--resume", "found.json", "--only", "VAR-01", "--only", "VAR-03", "--junit", "found.xml", "--jobs", "2")
    done = fresh.command("test", "numpy", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [whole] = read_reports(tmp_path / "found.json")
    assert whole.rows[: len(first.rows)] == first.rows  # not run again
    assert {clause for row in whole.rows for clause in row.clauses} >= {"VAR-01", "VAR-03"}
    assert (whole.seed, whole.max_examples, whole.exit_status) == ("1", 2, 0)
    [suite] = ElementTree.parse(tmp_path / "found.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == (str(len(whole.rows)), "0")
    assert f"numpy: {len(whole.rows) - len(first.rows)} of" in done.stderr  # no terminal: lines


def test_merge_takes_the_gravest_end_of_each_test_and_refuses_other_engines(tmp_path: Path) -> None:
    bad = replace(PASSED, outcome=Outcome.FAILED)
    replace(report(rows=[PASSED, MISSING]), seed="3").write(tmp_path / "a.json")
    replace(report(rows=[bad]), exit_status=1).write(tmp_path / "b.json")
    done = fresh.command("merge", "a.json", "b.json", "--json", "whole.json", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    [whole] = read_reports(tmp_path / "whole.json")
    assert (whole.rows, whole.seed) == ((bad, MISSING), "3, 7")
    report(version="2.0").write(tmp_path / "b.json")
    done = fresh.command("merge", "a.json", "b.json", "--json", "other.json", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "other.json").exists()) == (2, False)
    assert "results of one run have one version; these have 1.0, 2.0" in done.stderr


def test_junit_tells_failures_crashes_and_what_was_left_out() -> None:
    crashed = replace(FAILED, test="t.py::c[\x00]", outcome=Outcome.CRASHED)
    run = replace(report(rows=[PASSED, FAILED, crashed, MISSING]), problems=("a stale entry",))
    [suite] = ElementTree.fromstring(junit(run))
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["5", "2", "1", "1"]
    [said] = [case[0] for case in suite if case.get("name") == "test_order"]
    assert (said.tag, said.get("message")) == ("failure", FAILED.message)
    assert FAILED.reproducer in (said.text or "")


def test_a_run_of_parts_fails_where_one_part_does() -> None:
    good = report(rows=[PASSED], clauses=[result("KINK-02")])
    bad = replace(report(rows=[FAILED]), exit_status=1, seconds=3.0, problems=("the same",))
    together = merged([replace(good, problems=("the same",)), bad])
    assert (together.exit_status, together.seconds, together.problems) == (1, 3.0, ("the same",))
    verdicts = {clause.id: clause.verdict for clause in together.clauses}
    assert verdicts["KINK-02"] is Verdict.CONFORMS
    assert verdicts["TAPE-04"] is (Verdict.VIOLATES if CLAUSES["TAPE-04"].level.value == "MUST" else Verdict.DEVIATES)


def test_runs_that_say_the_same_are_stable() -> None:
    assert list(unstable([(1, report()), (2, report())])) == []


def test_a_test_that_ends_in_two_ways_is_named_with_its_seeds() -> None:
    other = replace(PASSED, outcome=Outcome.FAILED)
    right = report(clauses=[result("KINK-02")])
    wrong = report(clauses=[result("KINK-02", Verdict.DEVIATES)], rows=[other])
    said = list(unstable([(1, right), (2, wrong)]))
    assert said == [f"{PASSED.test}: passed with [1]; failed with [2]", "KINK-02: conforms, deviates"]


def test_a_test_that_is_missing_from_a_run_is_named() -> None:
    assert list(unstable([(1, report()), (2, report(rows=[]))])) == [f"{PASSED.test}: passed with [1]"]
