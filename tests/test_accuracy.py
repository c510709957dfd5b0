"""Errors in units in the last place: measured while a test runs, summed up, shown."""

import numpy as np
import pytest

from autodiff_spec.conformance import accuracy
from autodiff_spec.conformance.checks import assert_close, assert_within_budget
from autodiff_spec.report import Accuracy, Errors
from autodiff_spec.report.accuracy import summed_up


def check(found: object, truth: object, budget: float, dtype: str = "float64") -> list[Errors]:
    with accuracy.noted() as errors:
        assert_within_budget(np.asarray(found), np.asarray(truth), dtype, function="f", quantity="value", budget=budget)
    return errors


def test_errors_are_counted_in_units_of_the_last_place_of_the_scale() -> None:
    eps = 2.0**-52
    [errors] = check([4.0 + 8 * eps, 2.0], [4.0, 2.0 + 4 * eps], budget=2.0)
    assert errors == Errors("f", "float64", "value", 2.0, (2.0, 1.0))
    [errors] = check([2.0**-23], [0.0], budget=1.0, dtype="float32")  # the scale is 1 at least
    assert errors.ulps == (1.0,)


def test_where_terms_cancel_the_scale_is_what_was_added_up() -> None:
    found, truth, sizes = np.array([2.0**-48, 1.0]), np.array([0.0, 1.0]), np.array([16.0, 0.5])
    with accuracy.noted() as errors:
        assert_within_budget(found, truth, "float64", function="f", quantity="pullback", budget=1.0, sizes=sizes)
    assert errors[0].ulps == (1.0, 0.0)
    with pytest.raises(AssertionError, match="within"):
        assert_within_budget(2 * found, truth, "float64", function="f", quantity="pullback", budget=1.0, sizes=sizes)


def test_what_is_beyond_the_budget_fails_and_is_not_noted() -> None:
    with accuracy.noted() as errors, pytest.raises(AssertionError, match="within"):
        assert_within_budget(
            np.array([1.0 + 2.0**-50]), np.array([1.0]), "float64", function="f", quantity="value", budget=3.0
        )
    assert errors == []
    with pytest.raises(AssertionError):
        check([1.0 + 2.0**-52], [1.0], budget=0.0)
    with pytest.raises(AssertionError):
        check([np.nan], [1.0], budget=1e9)


def test_nothing_is_kept_when_nobody_listens_and_of_empty_arrays() -> None:
    assert_within_budget(np.ones(2), np.ones(2), "float64", function="f", quantity="value", budget=0.0)
    assert check(np.zeros(0), np.zeros(0), budget=0.0) == []


def test_errors_of_one_function_dtype_and_quantity_are_one_line() -> None:
    lines = summed_up(
        [
            Errors("f", "float64", "value", 4.0, (1.0, 0.0)),
            Errors("f", "float32", "value", 4.0, (0.5,)),
            Errors("f", "float64", "value", 4.0, (3.0,)),
        ]
    )
    assert lines == (
        Accuracy("f", "float64", "value", 4.0, count=3, median=1.0, largest=3.0),
        Accuracy("f", "float32", "value", 4.0, count=1, median=0.5, largest=0.5),
    )


@pytest.mark.parametrize("found", [0.0, 1e300, -np.inf, np.nan])
def test_nothing_but_infinity_is_close_to_infinity(found: float) -> None:
    with pytest.raises(AssertionError, match="expected"):
        assert_close(np.array([1.0, found]), np.array([1.0, np.inf]), "float64", condition=1e300)
    assert_close(np.array([1.0, np.inf]), np.array([1.0, np.inf]), "float64")
