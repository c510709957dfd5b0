"""A run in several processes says what one says; and runs with several seeds are compared test by test."""

from dataclasses import replace

import pytest

from autodiff_spec.clauses import CLAUSES
from autodiff_spec.conformance.verdicts import merged
from autodiff_spec.report import Outcome, Verdict
from autodiff_spec.report.runs import RunError, run_parts, run_suite
from tests.made_reports import FAILED, PASSED, report, result
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


def test_a_part_without_tests_is_an_error() -> None:
    with pytest.raises(RunError, match="no test"):
        run_parts("numpy", ["--clauses", "VAR-06"], jobs=2)


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
