"""From the outcomes of tests to the verdict on a clause; and the verdict that is foreseen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from autodiff_spec import Backend
from autodiff_spec.clauses import CLAUSES, Clause, Level
from autodiff_spec.conformance._deviations import known_deviations
from autodiff_spec.report import ClauseResult, Outcome, Report, Row, Verdict


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
    failures = [evidence for evidence in said if evidence in (Outcome.FAILED, Outcome.EXPECTED)]
    if failures:
        found = Verdict.VIOLATES if clause.level is Level.MUST else Verdict.DEVIATES
    elif Outcome.PASSED in said:
        found = Verdict.CONFORMS
    elif Outcome.UNSUPPORTED in said:
        found = Verdict.UNSUPPORTED
    else:
        found = Verdict.UNTESTED
    listed = bool(failures) and Outcome.FAILED not in failures
    return ClauseResult(clause.id, clause.level.value, found, listed, tests=len(said), failed=len(failures))


def _evidence(clause: Clause, row: Row) -> Outcome | None:
    """A row's evidence about ``clause``: passed, failed, expected, unsupported, or nothing."""
    match row.outcome:
        case Outcome.FIXED:
            return Outcome.PASSED
        case Outcome.EXPECTED:
            return row.outcome if clause.id in row.listed else None
        case Outcome.UNSUPPORTED:
            return row.outcome if {need.name for need in clause.needs} & set(row.missing) else None
        case Outcome.SKIPPED:
            return None
        case _:
            return row.outcome


def merged(parts: Sequence[Report]) -> Report:
    """One report of a run that was made in parts (``--part``) at the same time."""
    rows = [row for part in parts for row in part.rows]
    return replace(
        parts[0],
        seconds=max(part.seconds for part in parts),
        filtered=any(part.filtered for part in parts),
        clauses=judge(rows, CLAUSES),
        rows=tuple(rows),
        problems=tuple(dict.fromkeys(problem for part in parts for problem in part.problems)),
        exit_status=max(part.exit_status for part in parts),
        accuracy=tuple(line for part in parts for line in part.accuracy),
    )


ASKED_WITHOUT_DEVIATIONS = frozenset({"PROG-13"})
"""Clauses that only backends without known deviations are asked."""


def foreseen(clause: Clause, be: Backend) -> Verdict:
    """The verdict on a backend where the suite finds nothing but the deviations that are listed.

    Examples:
        >>> import autodiff_spec as ad
        >>> from autodiff_spec.clauses import CLAUSES
        >>> foreseen(CLAUSES["KINK-02"], ad.backend("numpy")).value
        'conforms'
    """
    deviations = known_deviations(be)
    if not set(clause.needs) <= be.capabilities:
        return Verdict.UNSUPPORTED
    if deviations and clause.id in ASKED_WITHOUT_DEVIATIONS:
        return Verdict.UNTESTED
    if any(entry.clause == clause.id for entry in deviations):
        return Verdict.VIOLATES if clause.level is Level.MUST else Verdict.DEVIATES
    return Verdict.CONFORMS
