"""From outcomes of tests to verdicts on clauses."""

import pytest

from autodiff_spec import Capability
from autodiff_spec.clauses import MAY, MUST, SHOULD, Clause, Level
from autodiff_spec.report import Outcome, Row, Verdict
from autodiff_spec.report.judging import judge, verdict

MUST_HOLD = Clause("XYZ-01", MUST, "It holds.")
SHOULD_HOLD = Clause("XYZ-02", SHOULD, "It is so.")
NEEDS_COMPLEX = Clause("XYZ-03", MUST, "It is complex.", (Capability.COMPLEX,))
PASSED, FAILED, EXPECTED = Outcome.PASSED, Outcome.FAILED, Outcome.EXPECTED
FIXED, SKIPPED, UNSUPPORTED = Outcome.FIXED, Outcome.SKIPPED, Outcome.UNSUPPORTED


def row(outcome: Outcome, *clauses: str, listed: tuple[str, ...] = (), missing: tuple[str, ...] = ()) -> Row:
    return Row("test_xyz.py::test", clauses or ("XYZ-01",), "", outcome, listed=listed, missing=missing)


@pytest.mark.parametrize(
    ("level", "outcomes", "expected"),
    [
        (MUST, [PASSED], Verdict.CONFORMS),
        (MUST, [PASSED, SKIPPED], Verdict.CONFORMS),
        (MUST, [FIXED], Verdict.CONFORMS),
        (MUST, [PASSED, FAILED], Verdict.VIOLATES),
        (SHOULD, [PASSED, FAILED], Verdict.DEVIATES),
        (MAY, [FAILED], Verdict.DEVIATES),
        (MUST, [SKIPPED], Verdict.UNTESTED),
        (MUST, [], Verdict.UNTESTED),
    ],
)
def test_the_verdict_follows_from_level_and_outcomes(level: Level, outcomes: list[Outcome], expected: Verdict) -> None:
    assert verdict(Clause("XYZ-01", level, "It holds."), map(row, outcomes)).verdict is expected


def test_a_failure_is_listed_only_if_each_one_is() -> None:
    known = row(EXPECTED, listed=("XYZ-01",))
    assert verdict(MUST_HOLD, [known]).listed
    assert not verdict(MUST_HOLD, [known, row(FAILED)]).listed
    assert not verdict(MUST_HOLD, [row(PASSED)]).listed


def test_a_listed_failure_says_nothing_about_the_other_clauses_of_its_test() -> None:
    known = row(EXPECTED, "XYZ-01", "XYZ-02", listed=("XYZ-02",))
    results = judge([known], {clause.id: clause for clause in (MUST_HOLD, SHOULD_HOLD)})
    assert [(result.id, result.verdict) for result in results] == [
        ("XYZ-01", Verdict.UNTESTED),
        ("XYZ-02", Verdict.DEVIATES),
    ]


def test_a_missing_capability_concerns_only_the_clauses_that_need_it() -> None:
    left_out = row(UNSUPPORTED, "XYZ-01", "XYZ-03", missing=("COMPLEX",))
    assert verdict(NEEDS_COMPLEX, [left_out]).verdict is Verdict.UNSUPPORTED
    assert verdict(MUST_HOLD, [left_out]).verdict is Verdict.UNTESTED
    assert verdict(MUST_HOLD, [left_out, row(PASSED)]).verdict is Verdict.CONFORMS


def test_the_counts_are_those_of_the_tests_that_said_something() -> None:
    result = verdict(MUST_HOLD, [row(PASSED), row(FAILED), row(SKIPPED)])
    assert (result.tests, result.failed) == (2, 1)


def test_clauses_are_judged_in_their_order_whatever_the_order_of_the_tests() -> None:
    known = {clause.id: clause for clause in (MUST_HOLD, SHOULD_HOLD, NEEDS_COMPLEX)}
    results = judge([row(PASSED, "XYZ-03"), row(PASSED, "XYZ-01")], known)
    assert [result.id for result in results] == list(known)
