"""Results on a terminal: 80 columns suffice, colour only adds, and what is new is told from what is listed."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from autodiff_spec.report import Outcome, Report, Row, Verdict
from autodiff_spec.report.terminal import comparison, conformance, differences, failures, gaps, text
from tests import made_reports
from tests.made_reports import result


def report(backend: str, *rows: Row, **changes: object) -> Report:
    """A report on two clauses, of which the second is a SHOULD."""
    failing = {one for row in rows for one in row.failing}
    clauses = [
        result("KINK-01", Verdict.VIOLATES if "KINK-01" in failing else Verdict.CONFORMS),
        result("KINK-02", Verdict.DEVIATES if "KINK-02" in failing else Verdict.CONFORMS, listed=True),
    ]
    return replace(made_reports.report(backend, clauses, rows), **changes)  # type: ignore[arg-type]


TEST, CASE = "test_kinks.py::test[abs at 0]", "abs at 0"
LISTED = Row(TEST, ("KINK-02",), CASE, Outcome.EXPECTED, note="observed 1", listed=("KINK-02",))
FAILED = Row(TEST, ("KINK-01",), CASE, Outcome.FAILED, "got [1] expected [0]", reproducer="f(1)")


def test_a_report_survives_json(tmp_path: Path) -> None:
    original = report("jax", LISTED, FAILED, problems=("a problem",), exit_status=1)
    original.write(tmp_path / "report.json")
    assert Report.read(tmp_path / "report.json") == original


def test_headings_and_chapters_are_whole_however_long_a_title_is() -> None:
    clauses = [result("VJP-01", Verdict.CONFORMS), result("VJP-02", Verdict.UNTESTED)]
    shown = text(conformance(replace(made_reports.report("jax", clauses, ()))), colour=False)
    for word in ("conforms", "deviates", "violates", "unsupported", "untested", "VJP "):
        assert word in shown


def test_a_report_of_another_schema_is_refused(tmp_path: Path) -> None:
    report("jax", schema=99).write(tmp_path / "report.json")
    with pytest.raises(ValueError, match="schema 99"):
        Report.read(tmp_path / "report.json")


def test_four_backends_fit_80_columns_and_text_in_brackets_is_text() -> None:
    reports = [report(name, FAILED, LISTED) for name in ("numpy", "torch", "tensorflow", "jax")]
    shown = text(comparison(reports), colour=False)
    assert max(map(len, shown.splitlines())) <= 80
    assert shown.count("0 1d 1v") == 8
    lines = "".join(text(line, colour=False) for line in differences(reports))
    assert lines.index("KINK-01 MUST") < lines.index("KINK-02 SHOULD")
    assert "jax violates [abs at 0] got [1] expected [0] (not listed)" in lines
    assert "jax deviates [abs at 0] observed 1" in lines
    assert "autodiff-spec test jax --seed 7 --only 'test_kinks.py::test[abs at 0]'" in lines


def test_new_failures_are_told_from_listed_ones() -> None:
    bad = report("jax", FAILED, LISTED, exit_status=1)
    shown = text(conformance(bad), colour=False)
    assert "1 (1 new)" in shown
    assert "unexpected failures: 1" in shown
    lines = "".join(text(line, colour=False) for line in failures(bad))
    assert "    f(1)\n" in lines
    assert "KINK-02 [abs at 0] observed 1" in lines


def test_colour_only_adds() -> None:
    shown = report("jax", FAILED, exit_status=1)
    plain, coloured = (text(conformance(shown), colour=colour) for colour in (False, True))
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_what_a_backend_does_not_declare_is_said_once() -> None:
    left_out = Row("test_a.py::test", ("CPLX-01",), "", Outcome.UNSUPPORTED, missing=("COMPLEX",))
    lines = [text(line, colour=False).strip() for line in gaps([report("jax", left_out, left_out)])]
    assert lines == ["jax does not declare COMPLEX"]
