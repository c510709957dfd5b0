"""A backend that compiles for every shape is spared cases of the suite, but no function, keyword, value or clause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import autodiff_numpy
from autodiff_spec import conformance
from autodiff_spec.conformance import _thinning
from autodiff_spec.conformance._deviations import Deviation
from autodiff_spec.conformance._run import case_of, cited_by
from autodiff_spec.conformance._thinning import covering
from autodiff_spec.conformance.functions.keywords import TABLES

SUITE = Path(conformance.__file__).parent


class Collector:
    def __init__(self) -> None:
        self.items: list[pytest.Item] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = session.items


def _collected(*arguments: str) -> list[pytest.Item]:
    """The suite's tests that a run would ask."""
    collector = Collector()
    options = ["--collect-only", "-q", "-q", "-p", "autodiff_spec.conformance.plugin", "-p", "no:cacheprovider"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTODIFF_SPEC_BACKEND", "numpy")
        assert pytest.main([*options, *arguments, str(SUITE)], plugins=[collector]) == pytest.ExitCode.OK
    return collector.items


@pytest.fixture(scope="module")
def every() -> list[pytest.Item]:
    return _collected()


@pytest.fixture
def compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy's engine says that it compiles."""
    monkeypatch.setattr(type(autodiff_numpy.backend()), "compiles_shapes", True)


def _is_spare(item: pytest.Item) -> bool:
    return item.get_closest_marker("spare") is not None


def test_every_clause_is_cited_by_a_test_that_none_is_spared(every: list[pytest.Item]) -> None:
    asked = {cited for item in every if not _is_spare(item) for cited in cited_by(item)}
    assert {cited for item in every for cited in cited_by(item)} == asked


def test_every_function_is_asked_in_every_dtype_that_it_has(every: list[pytest.Item]) -> None:
    def asked(items: list[pytest.Item]) -> set[Any]:
        found = [item.callspec.params for item in items if hasattr(item, "callspec")]
        return {(each["function"].name, each["dtype"]) for each in found if {"function", "dtype"} <= set(each)}

    assert asked(every) == asked([item for item in every if not _is_spare(item)]) != set()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_value_of_a_keyword_is_asked(table: Any) -> None:
    def values(calls: list[Any]) -> set[str]:
        return {word for call in calls for word in (*call.variant.name.split(), call.dtype, call.mode)}

    calls = table.calls()
    kept = [call for call in calls if not call.spare]
    assert values(kept) == values(calls)
    assert len(kept) < len(calls) or len(calls) <= 4


def test_a_third_is_spared(every: list[pytest.Item], compiling: None) -> None:
    asked = _collected()
    assert [item.nodeid for item in asked] == [item.nodeid for item in every if not _is_spare(item)]
    assert len(asked) < 0.8 * len(every)


def test_what_is_listed_in_any_flavour_is_asked(
    every: list[pytest.Item], compiling: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    spare = next(item for item in every if _is_spare(item))
    entry = Deviation(cited_by(spare)[0], case_of(spare), "a number", "a reason", "a version", flavours="spec")
    monkeypatch.setattr("autodiff_spec.conformance._run.every_deviation", lambda be: (entry,))
    assert spare.nodeid in [item.nodeid for item in _collected()]


def test_every_case_is_asked_on_demand(every: list[pytest.Item], compiling: None) -> None:
    assert [item.nodeid for item in _collected("--every-case")] == [item.nodeid for item in every]


def test_no_value_that_is_there_is_left_out() -> None:
    assert covering([], set) == []
    assert covering(["ab", "bc", "cab"], set) == ["cab"]
    assert _thinning.spare.name == "spare"
