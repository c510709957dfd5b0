"""The coverage of inputs: what is told apart, what is missed, and that the suite leaves no hole without a reason."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from autodiff_spec.conformance.coverage import NEEDS, coverage_of, drawn
from autodiff_spec.conformance.coverage.signatures import given, signature

X = np.arange(1.0, 7.0).reshape(2, 3)


def noted(sources: list[Any], cotangents: list[Any], **keywords: Any) -> dict[str, Any]:
    """The features of a pullback through a sum."""
    found: set[drawn.Drawn] = set()
    parameters = signature("sum")
    assert parameters is not None
    call = given("sum", parameters, tuple(sources), keywords)
    with drawn.noted(found):
        drawn.note("sum", "pullback", "float64", sources, cotangents, [call])
    [one] = found
    return {dimension: set(values) for dimension, values in one.features}


@pytest.mark.parametrize(
    ("array", "layout"),
    [
        (X, "C order"),
        (X.T, "Fortran order"),
        (X[:, ::2], "gaps"),
        (X[::-1], "reversed"),
        (np.broadcast_to(1.0, (2, 3)), "broadcast"),
    ],
)
def test_layouts_of_sources_and_of_cotangents_are_told_apart(array: Any, layout: str) -> None:
    assert noted([array], [X])["layout"] == {layout}
    assert noted([X], [array])["cotangent"] == {layout}


@pytest.mark.parametrize(
    ("number", "magnitudes"),
    [
        (1e-300, {"tiny"}),
        (2.0**-20, {"small"}),
        (0.5, {"ordinary"}),
        (1 / 3, {"ordinary", "off float32's grid"}),
        (2.0**20, {"large"}),
        (2.0**1000, {"huge"}),
        (0.0, {"zero"}),
    ],
)
def test_magnitudes_are_told_apart(number: float, magnitudes: set[str]) -> None:
    assert noted([np.asarray([number])], [])["magnitude"] == magnitudes


@pytest.mark.parametrize(
    ("axis", "kinds"),
    [
        (None, {"all"}),
        (0, {"first"}),
        (1, {"middle"}),
        (-2, {"middle", "negative"}),
        (2, {"last"}),
        ((0, 2), {"several"}),
        ((2, 0), {"several", "several, falling"}),
    ],
)
def test_axes_and_keywords_are_told_apart(axis: Any, kinds: set[str]) -> None:
    found = noted([np.ones((2, 3, 5))], [], axis=axis, keepdims=True)
    assert found["axis"] == kinds
    assert found["keepdims="] == {"True"}
    assert found["dtype="] == {"None"}


def test_what_is_not_drawn_is_a_hole() -> None:
    [one] = [one for one in coverage_of([]) if one.function == "sum"]
    assert {(hole.dimension, hole.value) for hole in one.holes} == {
        (dimension, value) for dimension, values in NEEDS["sum"].items() for value in values
    }
    assert one.pairs[0] == 0


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, list[dict[str, Any]]]:
    file = tmp_path_factory.mktemp("coverage") / "coverage.json"
    run = subprocess.run(
        [sys.executable, "-m", "autodiff_spec", "coverage", "--json", str(file)],
        capture_output=True, text=True, timeout=600, check=False,
    )
    return run.returncode, run.stdout, json.loads(file.read_text("utf-8"))


def test_the_suite_leaves_nothing_out_that_has_no_reason(printed: tuple[int, str, list[dict[str, Any]]]) -> None:
    status, text, found = printed
    unknown = [hole for one in found for hole in one["holes"] if hole["excuse"] is None]
    assert not unknown
    assert status == 0
    assert ", 0 of them without a reason" in " ".join(text.split())


def test_each_function_of_the_table_is_measured(printed: tuple[int, str, list[dict[str, Any]]]) -> None:
    _, _, found = printed
    assert [one["function"] for one in found] == list(NEEDS)
    for one in found:
        assert one["drawn"]["mode"], one["function"]
        assert one["pairs"][0] > 0
