"""Result files: what is read, what is refused, and what changed between two of them."""

import copy
import json
import subprocess
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff_spec.conformance._rows import _one_line
from autodiff_spec.report import Report, Verdict
from autodiff_spec.report.changes import changes
from autodiff_spec.report.html_matrix import matrix, observed_and_permitted
from autodiff_spec.report.html_plots import LEFT, WIDTH, accuracy_plots, cost_plots
from autodiff_spec.report.reading import ReportFileError, first_error, read_costs, read_reports, schema
from autodiff_spec.report.results import SCHEMA, Cost
from tests import fresh
from tests.made_reports import FAILED, KNOWN, PASSED, good, other, report, result, written

Command = Callable[..., subprocess.CompletedProcess[str]]


def plain(one: Report) -> dict[str, Any]:
    """A report as JSON would give it back."""
    data: dict[str, Any] = json.loads(json.dumps(asdict(one)))
    return data


@pytest.fixture
def cli(tmp_path: Path) -> Command:
    return partial(fresh.command, cwd=tmp_path)


# --- the schema -----------------------------------------------------------------------------------------------------


def test_what_is_written_is_valid_and_read_back_the_same(tmp_path: Path) -> None:
    for one in (good(), other()):
        assert first_error(plain(one), "report") == ""
        one.write(tmp_path / "one.json")
        assert read_reports(tmp_path / "one.json") == [one]
    assert read_reports(written(tmp_path / "two.json", [good(), other()])) == [good(), other()]


def test_the_schema_names_the_version_and_every_field() -> None:
    definition = schema()["$defs"]["report"]
    assert definition["properties"]["schema"] == {"const": SCHEMA}
    assert set(definition["required"]) == set(definition["properties"]) == set(asdict(good()))


def _without(data: dict[str, Any], name: str) -> None:
    del data[name]


WRONG: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "missing": (lambda d: _without(d, "seed"), "the file: 'seed' is a required property"),
    "unknown": (lambda d: d.update(more=1), "the file: Additional properties are not allowed ('more' was unexpected)"),
    "no text": (lambda d: d.update(backend=3), "backend: 3 is not of type 'string'"),
    "a bool is no number": (lambda d: d.update(max_examples=True), "max_examples: True is not of type 'integer'"),
    "negative": (lambda d: d.update(seconds=-1), "seconds: -1 is less than the minimum of 0"),
    "not a number": (lambda d: d.update(seconds=float("nan")), "no JSON (NaN is no number of JSON)"),
    "no verdict": (lambda d: d["clauses"][1].update(verdict="good"), "clauses[1].verdict: 'good' is not one of"),
    "no mapping": (lambda d: d.update(versions=[]), "versions: [] is not of type 'object'"),
    "deep": (lambda d: d["rows"][0]["clauses"].append(None), "rows[0].clauses[2]: None is not of type 'string'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_invalid_report_is_refused_with_the_place(name: str, tmp_path: Path) -> None:
    spoil, said = WRONG[name]
    data = plain(good())
    spoil(data)
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(data), "utf-8")
    with pytest.raises(ReportFileError) as caught:
        read_reports(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "[] is not of type 'object'"),
        ("null", "None is not of type 'object'"),
        ('{"reports": 3}', "reports: 3 is not of type 'array'"),
        ('{"reports": []}', "no run in it"),
        ('{"schema": 99}', "results of schema 99, and this version reads schema 3"),
        ('{"reports": [{"schema": "<b>"}]}', "results of schema '<b>'"),
    ],
    ids=["empty", "deep", "list", "null", "number", "no run", "newer", "odd version"],
)
def test_other_files_are_one_line_and_status_2(cli: Command, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "wrong.json").write_text(text, "utf-8")
    done = cli("report", "wrong.json", "--html", "out.html")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert said in line
    assert not (tmp_path / "out.html").exists()


def test_a_missing_file_is_one_line_and_status_2(cli: Command) -> None:
    done = cli("report", "nothing.json")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "nothing.json" in done.stderr


# --- what changed ---------------------------------------------------------------------------------------------------


def test_the_same_twice_is_no_change() -> None:
    found = changes([good(), other()], [good(), other()])
    assert found.found == ()
    assert len(found.pairs) == 2


def test_a_verdict_that_changed_is_found_with_its_tests() -> None:
    old = report(clauses=[result("KINK-02"), result("TAPE-04", Verdict.VIOLATES)], rows=[PASSED, FAILED])
    new = report(clauses=[result("KINK-02", Verdict.DEVIATES), result("TAPE-04")], rows=[PASSED, KNOWN])
    worse, better = changes([new], [old]).found
    assert (worse.clause, worse.before, worse.after) == ("KINK-02", Verdict.CONFORMS, Verdict.DEVIATES)
    assert (worse.failing, worse.mended) == ((KNOWN.test,), ())
    assert (better.clause, better.failing, better.mended) == ("TAPE-04", (), (FAILED.test,))


def test_another_failing_test_under_the_same_verdict_is_a_change() -> None:
    clauses = [result("KINK-02", Verdict.DEVIATES, listed=True)]
    [found] = changes(
        [report(clauses=clauses, rows=[replace(KNOWN, test="a")])], [report(clauses=clauses, rows=[KNOWN])]
    ).found
    assert (found.failing, found.mended) == (("a",), (KNOWN.test,))


def test_conventions_are_compared_with_their_own_kind_and_untested_clauses_not_at_all() -> None:
    clauses, none = [result("KINK-02")], [result("KINK-02", Verdict.UNTESTED)]
    found = changes([report(clauses=clauses), report(clauses=clauses, conventions="spec")], [report(clauses=none)])
    assert (len(found.pairs), found.found, found.untested) == (1, (), 1)
    assert [one.conventions for one in found.alone] == ["spec"]


def test_a_clause_that_the_old_specification_lacks_is_a_change() -> None:
    [found] = changes([report(clauses=[result("KINK-02")])], [report()]).found
    assert (found.before, found.after) == (None, Verdict.CONFORMS)


def test_against_says_by_its_status_whether_something_changed(cli: Command, tmp_path: Path) -> None:
    written(tmp_path / "old.json", [good(), other()])
    better = replace(other(), version="3.0", clauses=tuple(result(c.id) for c in other().clauses), rows=(PASSED,))
    written(tmp_path / "new.json", [good(), better])
    same = cli("report", "old.json", "--against", "old.json")
    assert (same.returncode, same.stdout.splitlines()[-1]) == (0, "nothing changed"), same.stderr
    done = cli("report", "new.json", "--against", "old.json", "--json", "c.json", "--html", "c.html")
    assert done.returncode == 1, done.stderr
    assert "KINK-02   deviates → conforms" in done.stdout
    assert "\x1b" not in done.stdout
    data = json.loads((tmp_path / "c.json").read_text("utf-8"))
    assert data["changes_schema"] == 1
    assert [(c["clause"], c["before"], c["after"]) for c in data["changes"]] == [
        ("TAPE-04", "violates", "conforms"),
        ("KINK-02", "deviates", "conforms"),
    ]
    assert "What changed" in (tmp_path / "c.html").read_text("utf-8")


def test_wrong_usage_of_report(cli: Command, tmp_path: Path) -> None:
    written(tmp_path / "a.json", [good()])
    written(tmp_path / "b.json", [other(), replace(other(), backend="third")])
    assert "no backend in common" in cli("report", "a.json", "--against", "b.json").stderr
    assert "--against" in cli("report", "a.json", "--json", "c.json").stderr
    assert cli("report", "a.json", "--json", "c.json").returncode == 2


def test_one_run_is_compared_with_one_of_another_engine(cli: Command, tmp_path: Path) -> None:
    good().write(tmp_path / "a.json")
    other().write(tmp_path / "b.json")
    done = cli("report", "b.json", "--against", "a.json")
    assert done.returncode == 1, done.stderr
    assert "good 1.0 of" in done.stdout
    assert "TAPE-04   conforms → violates" in done.stdout


def test_report_alone_prints_the_comparison(cli: Command, tmp_path: Path) -> None:
    written(tmp_path / "a.json", [good(), other()])
    done = cli("report", "a.json")
    assert done.returncode == 0, done.stderr
    assert "clauses that conform" in done.stdout


def test_compare_writes_the_page_of_what_it_found(cli: Command, tmp_path: Path) -> None:
    done = cli("compare", "--backends", "numpy", "--only", "VAR-01", "--json", "found.json", "--html", "found.html")
    assert done.returncode == 0, done.stderr
    [found] = read_reports(tmp_path / "found.json")
    text = (tmp_path / "found.html").read_text("utf-8")
    for said in (
        "VAR-01, numpy: conforms",
        "KINK-02, numpy: untested",
        found.date,
        found.seed,
        found.platform["system"],
    ):
        assert said in text


# --- what the page is made of -----------------------------------------------------------------------------------------


def test_a_failure_parts_into_observed_and_permitted() -> None:
    assert observed_and_permitted("got [1.] expected [0.]") == ("[1.]", "[0.]")
    assert observed_and_permitted("abs: [2.] is no generalised derivative") == ("[2.]", "")
    assert observed_and_permitted("ValueError: got nothing") == ("ValueError: got nothing", "")


def test_what_numpy_says_is_told_in_our_words() -> None:
    with pytest.raises(AssertionError) as caught:
        np.testing.assert_allclose(np.asarray([1.0, 2.0]), np.asarray([0.5, 2.0]), rtol=1e-12)
    assert observed_and_permitted(_one_line(caught.value)) == ("array([1., 2.])", "array([0.5, 2. ])")


def test_the_matrix_has_all_clauses_by_chapter_and_counts_what_was_asked() -> None:
    groups = matrix([good(), other()], changes=None)
    assert [group.prefix for group in groups] == ["TAPE", "DTYPE", "KINK"]
    assert [group.conforming for group in groups] == [
        (("1", "1"), ("0", "1")),
        (("–", ""), ("–", "")),
        (("2", "2"), ("1", "2")),
    ]
    [tape], [dtype], _ = (group.lines for group in groups)
    assert [cell.new for cell in tape.cells] == [False, True]
    assert [cell.sign for cell in dtype.cells] == ["–", "?"]


def test_plots_lie_within_their_frame_whatever_the_figures() -> None:
    [value, *_] = [plot for plot in accuracy_plots([good(), other()]) if plot.title == "pullback, float32"]
    [strip] = value.strips
    assert strip.marks[0].x == LEFT + 8, "no error lies on the left edge"
    costs = [
        Cost("a", "1", "f", seconds=1e-6, to_function=3.0, to_native=1.5),
        Cost("a", "1", "g", seconds=1.0, to_function=0.0, to_native=None),
        Cost("b", "2", "f", seconds=1e4, to_function=1e4, to_native=1e-6),
    ]
    function, native = cost_plots(costs)
    assert [len(strip.marks) for strip in function.strips] == [2]
    for plot in (function, native, *accuracy_plots([good(), other()])):
        assert all(LEFT <= mark.x <= WIDTH for strip in plot.strips for mark in strip.marks)
        assert len(plot.ticks) >= 2
    at = {mark.run: mark.x for mark in function.strips[0].marks}
    assert at[0] < at[1], "a greater ratio lies further right"


def test_costs_are_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "costs.json"
    one = Cost("torch", "2.13", "mlp", 3e-3, 3.0, None)
    good_file = {"costs_schema": 1, "costs": [asdict(one)]}
    path.write_text(json.dumps(good_file), "utf-8")
    assert read_costs(path) == [one]
    for spoil in ({"costs_schema": 2}, {"costs": [{**asdict(one), "to_native": "fast"}]}):
        path.write_text(json.dumps({**copy.deepcopy(good_file), **spoil}), "utf-8")
        with pytest.raises(ReportFileError, match="costs"):
            read_costs(path)
