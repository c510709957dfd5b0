"""What the page shows, as data: columns are runs, rows are clauses, cells are verdicts and what is behind them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autodiff_spec.clauses import CHAPTERS, CLAUSES
from autodiff_spec.report.changes import Changes
from autodiff_spec.report.results import WRONG, ClauseResult, Outcome, Report, Row, Verdict

SIGNS = {
    Verdict.CONFORMS: "✓",
    Verdict.DEVIATES: "≈",
    Verdict.VIOLATES: "✗",
    Verdict.CRASHES: "‼",
    Verdict.UNSUPPORTED: "–",
    Verdict.UNTESTED: "?",
}
# What our own comparisons say, and, shortened to the same words, those of numpy.testing.
_GOT_EXPECTED = re.compile(r"^(?:.*?: )?got (?P<got>.+?) expected (?P<expected>.+?)(?: within (?P<within>.+))?$")
_NO_DERIVATIVE = re.compile(r"^.*?: (?P<got>.+) is no generalised derivative$")


@dataclass(frozen=True)
class Cell:
    """A clause on a run: the verdict, whether it is new (not listed as known), and what it was before."""

    verdict: Verdict
    new: bool
    was: str
    label: str

    @property
    def sign(self) -> str:
        """The verdict for those who see no colours."""
        return SIGNS[self.verdict]


@dataclass(frozen=True)
class Line:
    """A clause, and a cell for each run."""

    id: str
    level: str
    text: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Group:
    """A chapter: its clauses, and for each run how many of those that were asked conform."""

    prefix: str
    title: str
    lines: tuple[Line, ...]
    conforming: tuple[tuple[str, str], ...]


def matrix(reports: Sequence[Report], changes: Changes | None) -> list[Group]:
    """The clauses of all runs by chapters, in the order of the specification."""
    results = [{result.id: result for result in report.clauses} for report in reports]
    was = {(c.backend, c.conventions, c.clause): c.before for c in changes.found} if changes else {}
    chapters: dict[str, list[Line]] = {}
    for clause in _ids(results):
        cells = []
        for report, found in zip(reports, results, strict=True):
            before = was.get((report.backend, report.conventions, clause))
            cells.append(_cell(report, clause, found.get(clause), before))
        level = next(found[clause].level for found in results if clause in found)
        known = CLAUSES.get(clause)
        text = known.text if known else "(a clause of another version of the specification)"
        chapters.setdefault(clause.partition("-")[0], []).append(Line(clause, level, text, tuple(cells)))
    return [_group(prefix, tuple(lines), len(reports)) for prefix, lines in chapters.items()]


def _ids(results: Sequence[Mapping[str, ClauseResult]]) -> list[str]:
    found = dict.fromkeys(clause for one in results for clause in one)
    return [*(clause for clause in CLAUSES if clause in found), *(clause for clause in found if clause not in CLAUSES)]


def _cell(report: Report, clause: str, result: ClauseResult | None, before: Verdict | None) -> Cell:
    verdict = Verdict.UNTESTED if result is None else result.verdict
    new = result is not None and result.new
    was = before.value if before is not None and before is not verdict else ""
    label = f"{clause}, {report.name}: {verdict.value}" + (", not listed" if new else "")
    return Cell(verdict, new, was, f"{label}, was {was}" if was else label)


def _group(prefix: str, lines: tuple[Line, ...], columns: int) -> Group:
    shares = []
    for column in range(columns):
        counts = Counter(line.cells[column].verdict for line in lines)
        asked = sum(counts[v] for v in (Verdict.CONFORMS, *WRONG))
        shares.append((f"{counts[Verdict.CONFORMS]}", f"{asked}") if asked else (SIGNS[Verdict.UNSUPPORTED], ""))
    return Group(prefix, CHAPTERS[prefix].title if prefix in CHAPTERS else "", lines, tuple(shares))


# --- what a cell opens ----------------------------------------------------------------------------------------------


def details(reports: Sequence[Report]) -> dict[str, Any]:
    """Details behind the cells, for the page's script; a test's name stands there once, elsewhere its number."""
    tests = list(dict.fromkeys(row.test for report in reports for row in report.rows))
    numbers = {test: number for number, test in enumerate(tests)}
    cells: dict[str, list[dict[str, Any]]] = {}
    for column, report in enumerate(reports):
        for row in report.rows:
            for clause in row.clauses:
                columns = cells.setdefault(clause, [{} for _ in reports])
                kind, entry = _entry(report, row, clause, numbers)
                columns[column].setdefault(kind, []).append(entry)
    runs = [f"{report.name} {report.version}" for report in reports]
    return {"runs": runs, "tests": tests, "cells": cells}


def _entry(report: Report, row: Row, clause: str, numbers: Mapping[str, int]) -> tuple[str, Any]:
    if clause in row.failing:
        return "failed", _failure(report, row, numbers)
    if row.outcome in (Outcome.PASSED, Outcome.FIXED):
        return "passed", numbers[row.test]
    return "out", [numbers[row.test], row.message or row.outcome.value]


def _failure(report: Report, row: Row, numbers: Mapping[str, int]) -> dict[str, Any]:
    observed, permitted = (row.observed, row.expected) if row.expected else observed_and_permitted(row.message)
    found = {
        "test": numbers[row.test],
        "case": row.case,
        "kind": f"{row.kind}, {row.quantity}" if row.quantity else row.kind,
        "observed": observed,
        "permitted": permitted,
        "known": row.note if row.outcome is Outcome.EXPECTED else "",
        "reproducer": "\n".join(part for part in (row.reproducer, report.command(row)) if part),
    }
    return {key: value for key, value in found.items() if value != ""}


def observed_and_permitted(message: str) -> tuple[str, str]:
    """The two sides of a failure's message; all of it, and nothing, where it does not part.

    Examples:
        >>> observed_and_permitted("got array(1.) expected array(0.5) within array(1e-15)")
        ('array(1.)', 'array(0.5) within array(1e-15)')
        >>> observed_and_permitted("ValueError: step must be greater than zero")
        ('ValueError: step must be greater than zero', '')
    """
    if match := _NO_DERIVATIVE.match(message):
        return match["got"], ""
    if match := _GOT_EXPECTED.match(message):
        within = f" within {match['within']}" if match["within"] else ""
        return match["got"], match["expected"] + within
    return message, ""
