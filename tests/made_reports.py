"""Results for the tests of what shows them: small, large and hostile ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from autodiff_spec.clauses import CLAUSES
from autodiff_spec.report import Accuracy, ClauseResult, Outcome, Report, Row, Verdict

PASSED = Row("test_kinks.py::test_abs[abs]", ("KINK-01", "KINK-02"), "abs", Outcome.PASSED)
KNOWN = Row(
    "test_kinks.py::test_abs[abs at 0]",
    ("KINK-02",),
    "abs at 0",
    Outcome.EXPECTED,
    message="got array(1.) expected array(0.)",
    note="observed 1.: the sign of zero is taken as 1 (seen with other 2.0)",
    listed=("KINK-02",),
)
FAILED = Row(
    "test_tapes.py::test_order",
    ("TAPE-04",),
    "",
    Outcome.FAILED,
    message="ValueError: no such thing",
    reproducer="x = [1.5]\nprint(x)",
)
MISSING = Row("test_dtypes.py::test_bf", ("DTYPE-03",), "", Outcome.UNSUPPORTED, "no BFLOAT16", missing=("BFLOAT16",))


def result(clause: str, verdict: Verdict = Verdict.CONFORMS, *, listed: bool = False) -> ClauseResult:
    level = CLAUSES[clause].level.value if clause in CLAUSES else "MUST"
    return ClauseResult(clause, level, verdict, listed, 1, int(verdict in (Verdict.DEVIATES, Verdict.VIOLATES)))


def report(
    backend: str = "good",
    clauses: Sequence[ClauseResult] = (),
    rows: Sequence[Row] = (PASSED,),
    *,
    version: str = "1.0",
    conventions: str = "native",
    accuracy: Sequence[Accuracy] = (),
) -> Report:
    return Report(
        backend=backend,
        version=version,
        conventions=conventions,
        spec_version="2026.12",
        date="2026-01-02T03:04:05+00:00",
        seconds=1.5,
        seed="7",
        max_examples=20,
        filtered=False,
        platform={"python": "3.13.1", "system": "Linux"},
        versions={backend: version, "numpy": "2.4.0"},
        environment={},
        clauses=tuple(clauses),
        rows=tuple(rows),
        problems=(),
        exit_status=0,
        accuracy=tuple(accuracy),
    )


def good() -> Report:
    clauses = [result(c) for c in ("TAPE-04", "KINK-01", "KINK-02")]
    accuracy = [Accuracy("sin", "float64", quantity, 4.0, 10, 0.2, 0.5) for quantity in ("value", "pullback")]
    return report(
        clauses=[*clauses, result("DTYPE-03", Verdict.UNSUPPORTED)], rows=[PASSED, MISSING], accuracy=accuracy
    )


def other() -> Report:
    clauses = [
        result("TAPE-04", Verdict.VIOLATES),
        result("DTYPE-03", Verdict.UNTESTED),
        result("KINK-01"),
        result("KINK-02", Verdict.DEVIATES, listed=True),
    ]
    accuracy = [Accuracy("cos", "float32", "pullback", 4.0, 10, 0.0, 0.0)]
    return report("other", clauses, [PASSED, KNOWN, FAILED], version="2.0", conventions="spec", accuracy=accuracy)


def large(columns: int = 4, rows: int = 2000) -> list[Report]:
    """As many clauses and tests as ``rows``, every 50th of which fails, and 150 functions in 8 plots."""
    names = [f"BIG{number // 100:02d}-{number % 100:02d}" for number in range(rows)]
    tests, clauses = [], []
    for number, name in enumerate(names):
        fails = number % 50 == 0
        outcome, verdict = (Outcome.FAILED, Verdict.VIOLATES) if fails else (Outcome.PASSED, Verdict.CONFORMS)
        test = f"test_big.py::test_number_{number}_of_a_name_as_long_as_they_are[case {number}]"
        row = Row(test, (name,), f"case {number}", outcome)
        tests.append(replace(row, message="got 1. expected 2.", reproducer="x = 1\n" * 5) if fails else row)
        clauses.append(result(name, verdict))
    accuracy = [
        Accuracy(f"function_{number}", dtype, quantity, 8.0, 100, 0.2, number / 20)
        for number in range(150)
        for quantity in ("value", "pullback", "pushforward", "second")
        for dtype in ("float32", "float64")
    ]
    return [report(f"engine{number}", clauses, tests, accuracy=accuracy) for number in range(columns)]


def written(path: Path, reports: Sequence[Report]) -> Path:
    """A file as ``compare --json`` writes it."""
    path.write_text(json.dumps({"reports": [asdict(one) for one in reports]}), "utf-8")
    return path
