"""The plugin on a small suite of its own, and a backend with NumPy's derivatives and lists of its own."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import fresh

ROOT = Path(__file__).resolve().parent.parent
pytest_plugins = ["pytester"]

BACKEND = """
import pathlib, autodiff_numpy
from autodiff_spec import Capability

class Tiny(autodiff_numpy.NumpyBackend):
    name, version = "tiny", "1.2.3"
    capabilities = autodiff_numpy.NumpyBackend.capabilities - {Capability.COMPLEX}
    deviations = pathlib.Path(__file__).parent / "deviations.toml"

backend = Tiny
"""

SUITE = """
import numpy as np, pytest
from hypothesis import given, settings, strategies as st
from autodiff_spec.conformance import clause, deviates, examples

@clause("XYZ-01")
def test_passes(be):
    assert be.name == "tiny"
    assert 1 / np.float64(0.0) == np.inf  # no warning, which would be an error

@clause("XYZ-02")
@pytest.mark.parametrize("value", [0, 1], ids=["f at 0", "f at 1"])
def test_fails_at_one(autodiff_backend, value):
    assert value == 0, "got 1, expected 0"

@clause("XYZ-03")
def test_needs_complex(be):
    raise RuntimeError("it ran all the same")
"""

DRAWN = """
from hypothesis import given, settings, strategies as st
from autodiff_spec.conformance import clause, deviates, examples

@clause("XYZ-01")
@given(st.integers(min_value=0))
def test_drawn(be, k):
    if not deviates(be, "k > 9"):
        assert k <= 9

@clause("XYZ-01")
def test_settings():
    print("EXAMPLES", settings.default.max_examples, examples(2.5).max_examples, settings.default.derandomize)
"""

LISTED = """
[[deviation]]
clause = "XYZ-02"
reason = "it always was"
versions = "tiny 1.2.3"
region = "k > 9"
cases = {"f at 1" = "1"}
"""

CLAUSES = """
from autodiff_spec import Capability, clauses
from autodiff_spec.clauses import MUST, SHOULD, Clause
for one in [Clause("XYZ-01", MUST, "A."), Clause("XYZ-02", SHOULD, "B."),
            Clause("XYZ-03", MUST, "C.", (Capability.COMPLEX,))]:
    clauses.CLAUSES[one.id] = one
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    for path in (ROOT, ROOT / "backends", pytester.path):
        monkeypatch.syspath_prepend(str(path))
    monkeypatch.setenv("PYTHONPATH", ":".join(map(str, (pytester.path, ROOT, ROOT / "backends"))))
    monkeypatch.setenv("AUTODIFF_SPEC_BACKEND", "tiny_engine:backend")
    pytester.makepyfile(tiny_engine=BACKEND, test_tiny=SUITE)
    pytester.makeconftest(CLAUSES)
    pytester.makefile(".toml", deviations=LISTED)
    return pytester


def run(suite: pytest.Pytester, *arguments: str) -> tuple[pytest.RunResult, dict[str, Any]]:
    """The result in a process of its own, and the report."""
    path = suite.path / "report.json"
    path.unlink(missing_ok=True)
    options = ("-p", "autodiff_spec.conformance.plugin", "-p", "no:cacheprovider", "--report-json", str(path))
    result = suite.runpytest_subprocess(*options, *arguments)
    return result, json.loads(path.read_text("utf-8")) if path.exists() else {}


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {row["test"].partition("::")[2]: row["outcome"] for row in report["rows"]}


def test_a_run_without_surprises_exits_0_and_reports_rows_and_verdicts(suite: pytest.Pytester) -> None:
    result, report = run(suite)
    assert result.ret == 0
    assert outcomes(report) == {
        "test_passes": "passed",
        "test_fails_at_one[f at 0]": "passed",
        "test_fails_at_one[f at 1]": "expected",
        "test_needs_complex": "unsupported",
    }
    verdicts = {c["id"]: (c["verdict"], c["listed"]) for c in report["clauses"] if c["id"].startswith("XYZ")}
    assert verdicts == {
        "XYZ-01": ("conforms", False),
        "XYZ-02": ("deviates", True),
        "XYZ-03": ("unsupported", False),
    }
    [row] = [row for row in report["rows"] if row["outcome"] == "expected"]
    assert row["message"] == "got 1, expected 0"
    assert row["note"] == "observed 1: it always was (seen with tiny 1.2.3)"
    assert (report["schema"], report["backend"], report["version"], report["filtered"]) == (3, "tiny", "1.2.3", False)
    result.stdout.fnmatch_lines(["*AUTODIFF_SPEC_BACKEND=tiny_engine:backend*", "*nothing beyond the listed*"])


def test_an_unlisted_failure_exits_1(suite: pytest.Pytester) -> None:
    suite.makefile(".toml", deviations="")
    result, report = run(suite)
    assert result.ret == 1
    assert outcomes(report)["test_fails_at_one[f at 1]"] == "failed"
    result.stdout.fnmatch_lines(["*unexpected failures: 1*"])


def test_a_listed_case_that_passes_makes_the_run_fail(suite: pytest.Pytester) -> None:
    suite.makefile(".toml", deviations=LISTED + LISTED.replace("f at 1", "f at 0"))
    result, report = run(suite)
    assert result.ret == 1
    assert outcomes(report)["test_fails_at_one[f at 0]"] == "fixed"
    assert "remove its entry" in report["problems"][0]


def test_a_listed_case_that_other_processors_have_right_may_pass(suite: pytest.Pytester) -> None:
    lines = 'elsewhere = "right where it is fused"\ncases'
    both = LISTED + LISTED.replace("f at 1", "f at 0")
    suite.makefile(".toml", deviations=both.replace("cases", lines))
    result, report = run(suite)
    assert result.ret == 0
    assert report["problems"] == []
    assert outcomes(report)["test_fails_at_one[f at 0]"] == "passed"
    assert outcomes(report)["test_fails_at_one[f at 1]"] == "expected"


def test_a_listed_case_without_a_test_makes_an_unfiltered_run_fail_and_no_other(suite: pytest.Pytester) -> None:
    suite.makefile(".toml", deviations=LISTED + LISTED.replace("f at 1", "f at 2"))
    result, report = run(suite)
    assert result.ret == 1
    assert report["problems"] == ["deviations.toml lists XYZ-02 [f at 2], and there is no such test: remove it"]
    for filtered in (["-k", "passes"], ["--clauses", "XYZ-01"], ["test_tiny.py::test_passes"]):
        result, report = run(suite, *filtered)
        assert (result.ret, report["filtered"], report["problems"]) == (0, True, [])


def test_one_file_of_several_is_a_filtered_run(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_drawn=DRAWN)
    suite.makefile(".toml", deviations=LISTED + LISTED.replace("f at 1", "f at 2"))
    result, report = run(suite, "test_tiny.py")
    assert (result.ret, report["filtered"]) == (0, True)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[[deviation", "*deviations.toml*"),
        ('[[deviation]]\nclause = "XYZ-01"', "*entry 1 has no reason, has no versions, has no table of cases*"),
        (LISTED + "colour = 'red'", "*entry 1 has a wrong colour*"),
        (LISTED.replace("XYZ-02", "XYZ-77"), "*entry 1 is of XYZ-77: there is no such clause*"),
        (LISTED + LISTED, "*XYZ-02 [[]f at 1] is there twice*"),
    ],
    ids=["syntax", "missing key", "unknown key", "unknown clause", "duplicate"],
)
def test_a_file_of_deviations_that_cannot_be_read_is_a_usage_error(
    suite: pytest.Pytester, content: str, complaint: str
) -> None:
    suite.makefile(".toml", deviations=content)
    result, _ = run(suite)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([complaint])


def test_an_unknown_backend_is_a_usage_error_with_the_text_of_the_typed_error(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTODIFF_SPEC_BACKEND", "tensorflaw")
    result, _ = run(suite)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: there is no backend called 'tensorflaw'; choose one of *"])


def test_an_unknown_backend_is_no_matter_to_tests_that_cite_no_clause(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTODIFF_SPEC_BACKEND", "tensorflaw")
    (suite.path / "test_tiny.py").unlink()
    suite.makepyfile(test_other="def test_other(): pass")
    result, report = run(suite)
    assert (result.ret, report) == (0, {})
    result.stdout.no_fnmatch_line("*conformance to the specification*")


def test_a_clause_that_does_not_exist_is_a_usage_error(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_tiny="from autodiff_spec.conformance import clause\n@clause('XYZ-99')\ndef test_it(): pass")
    result, _ = run(suite)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*test_tiny.py::test_it cites XYZ-99*"])


def test_skips_and_xfails_come_from_files_and_unknown_ids_fail(suite: pytest.Pytester) -> None:
    suite.makefile(".toml", deviations="")
    suite.makefile(".txt", skips="# a comment\n\nsome/folder/test_tiny.py::test_passes\n")
    suite.makefile(".txt", xfails="test_tiny.py::test_fails_at_one[f at 1]\n")
    options = ("--skips-file", "skips.txt", "--xfails-file", "xfails.txt")
    result, report = run(suite, *options)
    assert result.ret == 0
    assert outcomes(report)["test_passes"] == "skipped"
    assert outcomes(report)["test_fails_at_one[f at 1]"] == "expected"
    suite.makefile(".txt", skips="test_tiny.py::test_passed\n")
    result, report = run(suite, *options)
    assert result.ret == 1
    assert report["problems"] == ["--skips-file lists test_tiny.py::test_passed, and there is no such test: remove it"]


def test_a_name_without_its_case_lists_all_cases_and_each_must_fail(suite: pytest.Pytester) -> None:
    suite.makefile(".toml", deviations="")
    suite.makefile(".txt", xfails="test_tiny.py::test_fails_at_one\n")
    result, report = run(suite, "--xfails-file", "xfails.txt")
    assert result.ret == 1
    assert outcomes(report)["test_fails_at_one[f at 0]"] == "fixed"


def test_a_drawn_failure_carries_its_minimal_example(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_tiny=DRAWN)
    suite.makefile(".toml", deviations="")
    result, report = run(suite)
    assert result.ret == 1
    [row] = [row for row in report["rows"] if row["outcome"] == "failed"]
    assert "k=10" in row["reproducer"]
    assert "reproduce_failure" in row["reproducer"]


def test_a_drawn_test_leaves_out_the_listed_region_and_is_never_expected_to_fail(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_drawn=DRAWN)
    everywhere = LISTED.replace("XYZ-02", "XYZ-01").replace("f at 1", "")
    suite.makefile(".toml", deviations=LISTED + everywhere + 'test = "test_drawn"')
    result, report = run(suite)
    assert outcomes(report)["test_drawn"] == "passed"
    assert result.ret == 1
    assert report["problems"] == ["deviations.toml lists XYZ-01, and there is no such test: remove it"]


@pytest.mark.parametrize(("fixed", "outcome"), [("1.10", "expected"), ("1.2.3", "failed"), ("1.2", "failed")])
def test_a_deviation_is_expected_of_the_releases_before_the_fixed_one(
    suite: pytest.Pytester, fixed: str, outcome: str
) -> None:
    suite.makefile(".toml", deviations=f'{LISTED}fixed = "{fixed}"\n')
    result, report = run(suite)
    assert outcomes(report)["test_fails_at_one[f at 1]"] == outcome
    assert result.ret == (outcome == "failed")


def test_the_spec_flavour_has_none_of_the_deviations_that_do_not_name_it(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTODIFF_SPEC_CONVENTIONS", "spec")
    result, report = run(suite)
    assert result.ret == 1
    assert outcomes(report)["test_fails_at_one[f at 1]"] == "failed"
    assert report["environment"]["AUTODIFF_SPEC_CONVENTIONS"] == "spec"
    assert report["conventions"] == "spec"
    result.stdout.fnmatch_lines(["*AUTODIFF_SPEC_CONVENTIONS=spec*", "*conventions spec"])


def test_a_deviation_may_be_of_both_flavours(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.makefile(".toml", deviations=f'{LISTED}flavours = "native, spec"\n')
    for conventions in ("native", "spec"):
        monkeypatch.setenv("AUTODIFF_SPEC_CONVENTIONS", conventions)
        result, report = run(suite)
        assert (result.ret, outcomes(report)["test_fails_at_one[f at 1]"]) == (0, "expected")


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [([], "EXAMPLES 20 50 False"), (["--max-examples", "4", "--derandomize"], "EXAMPLES 4 10 True")],
    ids=["defaults", "chosen"],
)
def test_the_number_of_examples_is_an_option(suite: pytest.Pytester, arguments: list[str], printed: str) -> None:
    suite.makepyfile(test_tiny=DRAWN)
    result, _ = run(suite, "-s", "-k", "settings", *arguments)
    result.stdout.fnmatch_lines([f"*{printed}*"])


def test_a_failing_setup_is_a_failure_of_the_clause(suite: pytest.Pytester) -> None:
    broken = "import pytest\n\n@pytest.fixture\ndef broken():\n    raise RuntimeError('no\\nway')\n"
    suite.makepyfile(test_tiny=broken + SUITE.replace("test_passes(be)", "test_passes(be, broken)"))
    result, report = run(suite)
    assert result.ret == 1
    [row] = [row for row in report["rows"] if row["test"].endswith("test_passes")]
    assert (row["outcome"], row["message"]) == ("failed", "RuntimeError: no way")


def test_frameworks_find_their_environment_prepared(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("JAX_ENABLE_X64", "TF_CPP_MIN_LOG_LEVEL", "JAX_COMPILATION_CACHE_DIR")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    suite.makepyfile(test_tiny=f"import os\nprint('FOUND', *map(os.environ.get, {names}))\n")
    result, _ = run(suite, "-s")
    result.stdout.fnmatch_lines(["*FOUND 1 0 None"])
    monkeypatch.setenv("AUTODIFF_SPEC_BACKEND", "jax")
    result, _ = run(suite, "-s")
    result.stdout.fnmatch_lines(["*FOUND 1 0 *jax*"])


def test_a_run_inside_a_run_leaves_the_settings_of_the_outer_one(suite: pytest.Pytester) -> None:
    outer = """
import pytest
from hypothesis import settings

def test_outer(tmp_path):
    (tmp_path / "test_inner.py").write_text("def test_inner(): pass")
    inside = ["-p", "autodiff_spec.conformance.plugin", "-p", "no:cacheprovider", "--max-examples", "3", str(tmp_path)]
    assert pytest.main(inside) == 0
    assert settings.default.max_examples == 7
"""
    suite.makepyfile(test_tiny=outer)
    result, _ = run(suite, "--max-examples", "7")
    assert result.ret == 0


def test_without_the_plugin_one_line_says_so() -> None:
    suite = "autodiff_spec.conformance"
    done = fresh.python("-m", "pytest", "--confcutdir", "autodiff_spec/conformance", "--pyargs", suite)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"the suite needs its plugin: pytest -p {suite}.plugin --pyargs {suite}" in done.stdout
    assert len(done.stdout.splitlines()) < 12


def test_a_seed_is_chosen_and_named_where_none_was_asked_for(suite: pytest.Pytester) -> None:
    result, report = run(suite)
    assert report["seed"].isdigit()
    result.stdout.fnmatch_lines([f"*seed {report['seed']}*"])


# --- pytest-xdist -----------------------------------------------------------------------------------------------------


def test_workers_of_xdist_say_together_what_one_process_says(suite: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="comes with the extra dev; the next test asks what it needs of the plugin")
    stale = LISTED.replace("f at 1", "f at 2")
    suite.makefile(".toml", deviations=LISTED + stale)
    result, alone = run(suite)
    spread, together = run(suite, "-p", "xdist", "-n", "2")
    assert (result.ret, spread.ret) == (1, 1)
    assert outcomes(together) == outcomes(alone)
    same = ("clauses", "problems", "filtered", "versions", "max_examples")
    assert {name: together[name] for name in same} == {name: alone[name] for name in same}
    spread.stdout.fnmatch_lines(["*listed entries out of date: 1*"])
    _, filtered = run(suite, "-p", "xdist", "-n", "2", "-k", "passes")
    assert (filtered["filtered"], filtered["problems"]) == (True, [])


def test_what_is_attached_to_reports_is_plain_data_that_processes_can_send(suite: pytest.Pytester) -> None:
    """Execnet, by which pytest-xdist's processes speak, takes exactly these types, no subclasses."""
    hook = """
def kinds(data):
    yield type(data)
    for part in data.values() if isinstance(data, dict) else data if isinstance(data, list | tuple) else ():
        yield from kinds(part)

def pytest_runtest_logreport(report):
    if report.when == "call":
        found = set(kinds([report.autodiff_spec, getattr(report, "autodiff_errors", [])]))
        assert found <= {str, int, float, bool, type(None), list, tuple, dict}, found
        print("SENT", len(found))
"""
    suite.makeconftest(CLAUSES + hook)
    result, _ = run(suite, "-s")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*SENT*"])
