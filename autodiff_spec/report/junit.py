"""The results of a run as JUnit's XML, which continuous integration reads."""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree

from autodiff_spec.report.results import Outcome, Report, Row

_KINDS = {
    Outcome.FAILED: "failure",
    Outcome.FIXED: "failure",
    Outcome.CRASHED: "error",
    Outcome.EXPECTED: "skipped",
    Outcome.UNSUPPORTED: "skipped",
    Outcome.SKIPPED: "skipped",
}
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    """The XML as text: a ``testcase`` for each test, a problem of the lists as a failing one."""
    cases = [_case(row) for row in report.rows] + [_problem(problem) for problem in report.problems]
    counts = Counter(child.tag for case in cases for child in case)
    suite = ElementTree.Element(
        "testsuite",
        name=f"autodiff-spec {report.name}",
        timestamp=report.date,
        time=f"{report.seconds:.3f}",
        tests=str(len(cases)),
        failures=str(counts["failure"]),
        errors=str(counts["error"]),
        skipped=str(counts["skipped"]),
    )
    suite.extend(cases)
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(row: Row) -> ElementTree.Element:
    file, _, name = row.test.partition("::")
    case = ElementTree.Element("testcase", classname=file.removesuffix(".py"), name=_text(name), time=f"{row.seconds}")
    if row.outcome in _KINDS:
        said = _text(" ".join(part for part in (row.message, row.note) if part) or row.outcome.value)
        child = ElementTree.SubElement(case, _KINDS[row.outcome], message=said, type=row.outcome.value)
        child.text = _text("\n".join((", ".join(row.clauses), row.reproducer)))
    return case


def _problem(problem: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname="autodiff_spec", name="lists", time="0")
    ElementTree.SubElement(case, "failure", message=_text(problem), type="problem")
    return case


def _text(said: str) -> str:
    return _NOT_IN_XML.sub("�", said)
