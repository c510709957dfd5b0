"""From the outcomes of tests to the verdict on a clause; and from the parts of a run to one report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from autodiff_spec.clauses import CLAUSES, Clause, Level
from autodiff_spec.core.capability import Capability
from autodiff_spec.report.accuracy import Errors, combined, summed_up
from autodiff_spec.report.results import FAILURES, ClauseResult, Outcome, Report, Row, Verdict

_GRAVEST = (Outcome.CRASHED, Outcome.FAILED, Outcome.FIXED, Outcome.EXPECTED, Outcome.PASSED, Outcome.UNSUPPORTED)
_SAME = ("backend", "version", "conventions", "spec_version")


class MergeError(ValueError):
    """Reports that are not of one run: of other engines, versions or conventions."""


# --- verdicts -----------------------------------------------------------------------------------------------------


def judge(rows: Iterable[Row], clauses: Mapping[str, Clause]) -> tuple[ClauseResult, ...]:
    """The verdict on each of ``clauses``, in their order, from the rows of the tests that cite it."""
    citing: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for cited in row.clauses:
            citing[cited].append(row)
    return tuple(verdict(clause, citing[clause.id]) for clause in clauses.values())


def verdict(clause: Clause, rows: Iterable[Row]) -> ClauseResult:
    """The verdict on one clause from the rows of the tests that cite it.

    A failure speaks for every clause that the test cites; a listed one only for the clauses that it is listed under:
    it says nothing about the others. Nor does a skipped test.
    """
    said = [evidence for row in rows if (evidence := _evidence(clause, row)) is not None]
    failures = [evidence for evidence in said if evidence in (*FAILURES, Outcome.EXPECTED)]
    if Outcome.CRASHED in failures:
        found = Verdict.CRASHES
    elif failures:
        found = Verdict.VIOLATES if clause.level is Level.MUST else Verdict.DEVIATES
    elif Outcome.PASSED in said:
        found = Verdict.CONFORMS
    elif Outcome.UNSUPPORTED in said:
        found = Verdict.UNSUPPORTED
    else:
        found = Verdict.UNTESTED
    listed = bool(failures) and not set(FAILURES) & set(failures)
    return ClauseResult(clause.id, clause.level.value, found, listed, tests=len(said), failed=len(failures))


def _evidence(clause: Clause, row: Row) -> Outcome | None:
    """A row's evidence about ``clause``: passed, failed, crashed, expected, unsupported, or nothing."""
    match row.outcome:
        case Outcome.FIXED:
            return Outcome.PASSED
        case Outcome.EXPECTED:
            return row.outcome if clause.id in row.listed else None
        case Outcome.UNSUPPORTED:
            other = set(row.missing) - set(Capability.__members__)  # names and limits of functions, of all its clauses
            return row.outcome if other or {need.name for need in clause.needs} & set(row.missing) else None
        case Outcome.SKIPPED:
            return None
        case _:
            return row.outcome


# --- reports ------------------------------------------------------------------------------------------------------


def assembled(
    head: Mapping[str, Any], rows: Sequence[Row], errors: Iterable[Errors], *, seconds: float, exit_status: int
) -> Report:
    """The report of a run.

    Args:
        head: what it says about itself before its first test, by the names of `Report`'s attributes.
        rows: of the tests that ended.
        errors: that they measured.
        seconds: how long it took.
        exit_status: pytest's; where that is 0 and a row or a list speaks against it, 1.
    """
    fixed = (row for row in rows if row.outcome is Outcome.FIXED)
    stopped = [f"{row.test} is listed and passes: remove its entry ({row.note})" for row in fixed]
    problems = tuple(dict.fromkeys([*head["problems"], *stopped]))
    failed = bool(problems) or any(row.outcome in FAILURES for row in rows)
    return Report(
        **{**head, "problems": problems},
        seconds=round(seconds, 2),
        clauses=judge(rows, CLAUSES),
        rows=tuple(rows),
        exit_status=exit_status or int(failed),
        accuracy=summed_up(errors),
    )


def merged(parts: Sequence[Report]) -> Report:
    """One report of a run that was made in parts, at the same time; of a test that is in several, the gravest end.

    Raises:
        MergeError: the parts are not of the same engine, version, conventions and specification.
    """
    for name in _SAME:
        if len(found := dict.fromkeys(getattr(part, name) for part in parts)) > 1:
            raise MergeError(f"results of one run have one {name}; these have {', '.join(found)}")
    rows: dict[str, Row] = {}
    for row in (row for part in parts for row in part.rows):
        rows[row.test] = min(row, rows.get(row.test, row), key=_gravity)
    return replace(
        parts[0],
        date=min(part.date for part in parts),
        seconds=max(part.seconds for part in parts),
        seed=", ".join(dict.fromkeys(part.seed for part in parts)),
        filtered=any(part.filtered for part in parts),
        clauses=judge(rows.values(), CLAUSES),
        rows=tuple(rows.values()),
        problems=tuple(dict.fromkeys(problem for part in parts for problem in part.problems)),
        exit_status=max(part.exit_status for part in parts),
        accuracy=combined(line for part in parts for line in part.accuracy),
    )


def _gravity(row: Row) -> int:
    return _GRAVEST.index(row.outcome) if row.outcome in _GRAVEST else len(_GRAVEST)


def continued(before: Report, after: Report) -> Report:
    """One report of a run that was broken off, and of what it lacked."""
    whole = merged([finished(before), after])
    return replace(whole, seconds=round(before.seconds + after.seconds, 2))


def finished(report: Report) -> Report:
    """A report of which nothing is missing, although the run was broken off."""
    failed = report.problems or any(row.outcome in FAILURES for row in report.rows)
    return replace(report, exit_status=int(bool(failed)))
