"""Every finding shows what it says, and every deviation that is a wrong derivative has one."""

from __future__ import annotations

import ast
import functools
import importlib.util
import json
import re
import sys
from typing import Any

import mpmath
import pytest

from autodiff_spec.clauses import CLAUSES, MUST
from autodiff_spec.conformance._deviations import Deviation
from tests import fresh
from tests.findings import model
from tests.findings.model import FRAMEWORKS, SEVERITIES, Finding, findings
from tests.findings.page import page

ALL = [pytest.param(finding, id=str(finding)) for finding in findings()]
REPOSITORIES = {"torch": "pytorch/pytorch", "tensorflow": "tensorflow/tensorflow", "jax": "(jax-ml/jax|openxla/xla)"}


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version.partition("+")[0])))


@functools.cache
def reproduced(framework: str) -> dict[str, Any]:
    """The release that is installed, and by the titles what every reproducer prints, in one process."""
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    done = fresh.python("-m", "tests.findings.reproduce", framework, JAX_ENABLE_X64="0")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def is_as_said(finding: Finding, printed: str) -> bool:
    """Of an error the beginning of its line is enough: messages end with shapes and names of nodes."""
    return printed.startswith(finding.prints) if not finding.observed else printed == finding.prints


@pytest.mark.parametrize("finding", ALL)
def test_a_reproducer_prints_what_is_said(finding: Finding) -> None:
    done = reproduced(finding.framework)
    printed = done["printed"][finding.title]
    if finding.fixed and numbers(done["release"]) >= numbers(finding.fixed):
        assert not is_as_said(finding, printed)
    else:
        assert is_as_said(finding, printed), f"prints {printed}; mended: remove the entry and the deviation"


@pytest.mark.parametrize("finding", ALL)
def test_what_is_printed_is_wrong(finding: Finding) -> None:
    assert not is_as_said(finding, finding.expected)
    observed = [mpmath.mpf(number) for number in finding.observed]
    if finding.severity in ("crash", "refusal"):
        assert re.match(r"\w+(Error|Exception): ", finding.prints)
        return
    assert all(map(mpmath.isfinite, observed)) == (finding.severity == "silent wrong number")
    pairs = zip(observed, finding.true, strict=True)
    assert not all(mpmath.almosteq(*pair, rel_eps=1e-11, abs_eps=0) for pair in pairs)


@pytest.mark.parametrize("finding", ALL)
def test_a_reproducer_is_short_and_needs_the_framework_alone(finding: Finding) -> None:
    lines = finding.code.strip().splitlines()
    assert len(lines) <= 10
    assert all(len(line) <= 110 for line in lines)
    imports = [node for node in ast.walk(ast.parse(finding.code)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {name.name.partition(".")[0] for node in imports for name in node.names}
    assert names - sys.stdlib_module_names == {finding.framework}


@pytest.mark.parametrize("finding", ALL)
def test_a_finding_can_be_reported(finding: Finding) -> None:
    assert finding.severity in SEVERITIES
    assert re.search("`[^`]+`.*[^.]$", finding.title)
    assert finding.why.endswith(".")
    releases = [numbers(release) for release in finding.seen.split(" to ")]
    assert releases[0] <= numbers(model.release(finding.framework)) <= releases[-1]
    repository = REPOSITORIES[finding.framework]
    assert re.fullmatch(rf"(https://github\.com/{repository}/(issues|pull)/\d+)?", finding.upstream)


def is_wrong(deviation: Deviation) -> bool:
    """Whether it needs a finding: what a SHOULD clause advises against at a kink is legal."""
    return CLAUSES[deviation.clause].level is MUST or not deviation.clause.startswith("KINK")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_deviation_is_a_finding_or_has_a_reason_not_to_be(framework: str) -> None:
    cited = [citation for finding in findings(framework) for citation in finding.clauses]
    cited += model.others(framework)
    wrong = [deviation for deviation in model.deviations(framework) if is_wrong(deviation)]
    assert [str(it) for it in wrong if not any(model.is_cited(it, citation) for citation in cited)] == []


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_citation_is_of_deviations_with_one_reason(framework: str) -> None:
    deviating = [finding for finding in findings(framework) if not finding.unlisted]
    of_findings = {citation for finding in deviating for citation in finding.clauses}
    for citation in of_findings | set(model.others(framework)):
        reasons = {it.reason for it in model.deviations(framework) if model.is_cited(it, citation)}
        assert reasons, f"{citation} is no deviation of {framework}"
        assert len(reasons) == 1 or ":" in citation or citation not in of_findings, f"{citation}: cite each {reasons}"


@pytest.mark.parametrize("finding", [finding for finding in ALL if finding.values[0].unlisted])
def test_what_is_unlisted_breaks_a_clause_and_is_no_deviation(finding: Finding) -> None:
    assert {citation.partition(":")[0] for citation in finding.clauses} <= set(CLAUSES)
    listed = [str(it) for it in model.deviations(finding.framework) if finding.cites(it)]
    assert listed == [], "it is listed: remove `unlisted`"


def test_the_page_is_made_of_the_findings() -> None:
    written = (model.ROOT / "docs/findings.md").read_text("utf-8")
    assert written == page(), "run: python -m tests.findings"
