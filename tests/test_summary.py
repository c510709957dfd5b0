"""A run in few words: Markdown, a badge, lists of what is expected; and the workflow of the guide."""

import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from autodiff_spec.conformance._deviations import _read
from autodiff_spec.report import Outcome, Report, Verdict
from autodiff_spec.report.results import Kind
from autodiff_spec.report.summary import badge, deviations, markdown, xfails
from tests import fresh
from tests.made_reports import FAILED, KNOWN, PASSED, good, other, report, result
from tests.test_cli import ENGINES

Command = Callable[..., subprocess.CompletedProcess[str]]
GUIDE = fresh.ROOT / "docs" / "guides" / "engines.md"


@pytest.fixture
def cli(tmp_path: Path) -> Command:
    (tmp_path / "engines.py").write_text(ENGINES, "utf-8")
    return partial(fresh.command, cwd=tmp_path)


def test_the_summary_has_the_chapters_and_the_causes_and_takes_no_markup_from_results() -> None:
    hostile = replace(FAILED, kind=Kind.RAISES.value, cause="<b>|`x`\n# no")
    said = markdown([replace(other(), rows=(PASSED, hostile)), good()])
    assert "| TAPE recording |" in said
    assert "| crashes on its own line | &lt;b&gt;\\|\\`x\\` # no | 1 |" in said
    assert [line for line in said.splitlines() if line.startswith("## ")] == ["## other (spec) 2.0", "## good 1.0"]


@pytest.mark.parametrize(("one", "said"), [(good(), "3 of 3 clauses"), (other(), "1 of 3 clauses")])
def test_the_badge_counts_the_clauses_that_were_asked(one: Report, said: str) -> None:
    picture = ElementTree.fromstring(badge(one))
    assert picture.get("aria-label") == f"autodiff-spec: {said}"
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"


def test_the_written_list_is_read_back_as_it_was_meant(tmp_path: Path) -> None:
    test = 'test_kinks.py::test_abs[abs "at" \\ 0]'
    odd = replace(FAILED, test=test, case='abs "at" \\ 0', cause="é\x7f\x00'", observed="1", expected="2")
    drawn = replace(FAILED, test="test_tapes.py::test_drawn", drawn=True)
    listed = replace(report(rows=[PASSED, KNOWN, odd, drawn]), conventions="spec")
    path = tmp_path / "known.toml"
    path.write_text(deviations(listed), "utf-8")
    known, found = _read(path)
    assert (known.clause, known.case, known.test) == ("KINK-02", "abs at 0", "test_abs")
    assert (found.clause, found.case, found.test) == ("TAPE-04", odd.case, "test_abs")
    assert (found.reason, found.observed, found.versions, found.flavours) == (odd.cause, "1", "good 1.0", "spec")
    assert xfails(listed) == "test_tapes.py::test_drawn\n"


def test_what_is_listed_is_expected_and_a_stale_entry_fails(cli: Command, tmp_path: Path) -> None:
    run = ("--only", "test_variables.py", "--seed", "1", "--max-examples", "3")
    assert cli("test", "engines:Wrong", *run, "--json", "found.json").returncode == 1
    written = ("--write-deviations", "known.toml", "--write-xfails", "xfails.txt")
    assert cli("report", "found.json", *written).returncode == 0
    lists = ("--deviations", "known.toml", "--xfails-file", "xfails.txt")
    done = cli("test", "engines:Wrong", *run, *lists, "--json", "again.json")
    assert done.returncode == 0, done.stdout
    again = Report.read(tmp_path / "again.json")
    assert Outcome.EXPECTED in {row.outcome for row in again.rows}
    assert Verdict.VIOLATES in {clause.verdict for clause in again.clauses}
    done = cli("test", "engines:Right", *run, *lists)
    assert done.returncode == 1
    assert re.search(r"is listed and\s+passes:\s+remove\s+its\s+entry", done.stdout)


def test_the_workflow_of_the_guide_runs(cli: Command, tmp_path: Path) -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    [job] = yaml.safe_load(block)["jobs"].values()
    lines = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
    ours = [shlex.split(line)[1:] for line in lines if line.startswith("autodiff-spec ")]
    assert [line[0] for line in ours] == ["test", "report"]
    assert [line for line in lines if not line.startswith("autodiff-spec ")] == [
        'pip install . "autodiff-spec[suite]"', 'cat summary.md >> "$GITHUB_STEP_SUMMARY"'
    ]  # fmt: skip
    for arguments in ours:
        given = ["engines:Right" if part == "my_package:backend" else part for part in arguments]
        short = ["--only", "test_stopping.py"] if given[0] == "test" else []
        done = cli(*given, *short)
        assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} >= {"found.json", "found.xml", "summary.md", "badge.svg"}
    assert "| STOP " in (tmp_path / "summary.md").read_text("utf-8")


def test_a_badge_of_several_runs_is_refused(cli: Command, tmp_path: Path) -> None:
    from tests.made_reports import written

    written(tmp_path / "two.json", [good(), report("other", [result("KINK-01")])])
    done = cli("report", "two.json", "--badge", "badge.svg")
    assert (done.returncode, (tmp_path / "badge.svg").exists()) == (2, False)
    assert "two.json holds 2 runs" in done.stderr
