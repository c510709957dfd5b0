"""What is wrong with a failure, and what to mend first: kinds, whole values, causes."""

import types
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec import UnsupportedError
from autodiff_spec.conformance._mismatch import diagnosis, lacking
from autodiff_spec.conformance._run import limits_of
from autodiff_spec.conformance.checks import assert_close, assert_equal, assert_within_budget
from autodiff_spec.conformance.programs._draw import pool_of
from autodiff_spec.report import Outcome, Row, Verdict
from autodiff_spec.report.judging import judge
from autodiff_spec.report.results import Kind
from autodiff_spec.report.terminal import failures, text
from tests.made_reports import FAILED, report, result


def error_of(found: object, truth: object) -> AssertionError:
    with pytest.raises(AssertionError) as caught:
        assert_within_budget(found, truth, "float64", function="sin", quantity="pullback", budget=4)
    return caught.value


@pytest.mark.parametrize(
    ("found", "truth", "kind"),
    [
        ([1.0, 2.0], [1.0, -2.0], Kind.WRONG),
        ([1.0, 0.0], [1.0, 1e-3], Kind.WRONG),
        ([1e300], [np.inf], Kind.WRONG),
        ([np.inf], [1.0], Kind.WRONG),
        ([1.0], [[1.0]], Kind.WRONG),
        ([1.0, np.nan], [1.0, 2.0], Kind.NAN),
        ([1.0 + 1e-9], [1.0], Kind.IMPRECISE),
        ([1.0], [np.nan], Kind.WRONG),
    ],
    ids=str,
)
def test_a_wrong_number_has_a_kind(found: object, truth: object, kind: Kind) -> None:
    assert diagnosis(error_of(found, truth), "test_a[sin]").kind == kind


def test_the_whole_values_the_quantity_and_the_cause_are_told() -> None:
    found, truth = np.arange(1001.0), np.zeros(1001)
    told = diagnosis(error_of(found, truth), "test_a[sin]")
    assert (told.quantity, told.cause) == ("pullback", "sin pullback")
    assert "567." in told.observed
    assert told.expected.count("0.") == 1001
    with pytest.raises(AssertionError) as caught:
        assert_close(np.array([1.0]), np.array([2.0]))
    assert diagnosis(caught.value, "test_the_pushforward_is_right[x]").quantity == "pushforward"
    with pytest.raises(AssertionError) as caught:
        np.testing.assert_array_equal([np.nan], [2.0])
    assert diagnosis(caught.value, "test_a").kind == Kind.NAN


def test_exceptions_are_told_apart_and_numbers_make_no_new_cause() -> None:
    class Backend:
        def to_numpy(self, x: object) -> object:
            return np.asarray(x)

    with pytest.raises(AssertionError) as caught:
        assert_equal(Backend(), np.array([1.0]), [3.0])  # type: ignore[arg-type]
    kinds = {
        Kind.WRONG: caught.value,
        Kind.REFUSES: UnsupportedError("no rule"),
        Kind.LACKS: AttributeError("'Array' object has no attribute 'T'"),
        Kind.RAISES: ValueError("shapes (3,) and (4,)"),
    }
    assert {kind: Kind(diagnosis(error, "test_a").kind) for kind, error in kinds.items()} == {k: k for k in kinds}
    first, second = (diagnosis(ValueError(f"shapes ({n},) and (4,)"), "t").cause for n in (3, 5))
    assert first == second == "ValueError: shapes (n,) and (n,)"


def test_a_name_that_a_namespace_lacks_is_told_from_other_missing_attributes() -> None:
    space = types.ModuleType("space")
    space.linalg = types.ModuleType("space.linalg")  # type: ignore[attr-defined]

    def missing(one: object, name: str) -> str:
        with pytest.raises(AttributeError) as caught:
            getattr(one, name)
        return lacking(caught.value, space, None)

    assert missing(space, "sinh") == missing(space.linalg, "sinh") == "sinh"
    assert missing(np.zeros(2), "sinh") == ""
    assert missing(space, "sinhh") == ""  # a slip of the test's, which must not be skipped
    assert lacking(ValueError("sinh"), space) == ""


def test_a_missing_name_is_unsupported_and_no_violation() -> None:
    from autodiff_spec.clauses import CLAUSES

    lacks = Row("test_f.py::t[sinh]", ("FUN-40",), "sinh", Outcome.UNSUPPORTED, missing=("xp.sinh",))
    [verdict] = [one.verdict for one in judge([lacks], CLAUSES) if one.id == "FUN-40"]
    assert verdict is Verdict.UNSUPPORTED


def test_failures_are_grouped_by_kind_and_cause_the_gravest_first() -> None:
    def failed(number: int, kind: Kind, cause: str) -> Row:
        observed = f"array({number})" if kind is Kind.WRONG else ""
        more = {"observed": observed, "expected": "array(7)" if observed else ""}
        row = Row(f"t.py::t[{number}]", ("KINK-01",), str(number), Outcome.FAILED, "no", kind=kind, cause=cause)
        return replace(row, **more)

    rows = [failed(n, Kind.REFUSES, f"UnsupportedError: no rule for f{n % 15}") for n in range(300)]
    rows += [failed(n, Kind.WRONG, "sin pullback") for n in range(400, 420)]
    lines = list(failures(report(clauses=[result("KINK-01", Verdict.VIOLATES)], rows=rows)))
    said = "".join(text(line, colour=False, width=200) for line in lines)
    assert said.index("silently wrong: 20 tests, causes: 1") < said.index("refuses: 300 tests, causes: 15")
    assert "violates KINK-01: sin pullback (20 tests)\n    observed pullback" not in said
    assert "    observed array(400)\n    expected array(7)\n    $ autodiff-spec test good --seed 7 --only" in said
    assert "and 5 more (--json has all)" in said
    assert len(said.splitlines()) < 40


def test_one_failure_alone_shows_its_program() -> None:
    run = report(clauses=[result("TAPE-04", Verdict.VIOLATES)], rows=[FAILED])
    assert FAILED.reproducer.splitlines()[0] in "".join(text(line, colour=False) for line in failures(run))


def test_what_a_backend_says_that_it_lacks_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def item(name: str, **params: object) -> Any:
        case = name.partition("[")[2].rstrip("]")
        return SimpleNamespace(name=name, callspec=SimpleNamespace(id=case, params=params), iter_markers=lambda _: [])

    numpy = ad.backend("numpy")
    of = SimpleNamespace(name="cumulative_prod")
    assert limits_of(item("test_the_second_derivative[x]", function=of), numpy) == ()
    monkeypatch.setattr(type(numpy), "lacks", {"cumulative_prod": "second order", "*": "float16, bfloat16"})
    assert limits_of(item("test_the_second_derivative[x]", function=of), numpy) == ("cumulative_prod: second order",)
    assert limits_of(item("test_a[x-second float64]", function=of), numpy) == ("cumulative_prod: second order",)
    assert limits_of(item("test_a[x-pullback float64]", function=of), numpy) == ()
    subject = SimpleNamespace(function=SimpleNamespace(name="sin"))
    assert limits_of(item("test_a[sin-float16]", subject=subject), numpy) == ("sin: float16",)
    assert limits_of(item("test_a[sin-float64]", subject=subject), numpy) == ()
    assert limits_of(item("test_a[sin-bfloat16]", subject=subject), numpy) == ("sin: bfloat16",)
    assert limits_of(item("test_a[float16]", value=1.0), numpy) == ()
    assert "cumulative_prod" not in {operation.name for operation in pool_of(numpy)}
