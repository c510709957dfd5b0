"""The tables of keywords leave none out: every parameter with a default, of every function with a clause."""

from __future__ import annotations

import inspect
import itertools
from typing import Any

import pytest

from autodiff_spec.conformance.functions import FUNCTIONS
from autodiff_spec.conformance.functions._pairs import pairwise
from autodiff_spec.conformance.functions.keywords import DTYPES, LEFT_OUT, MODES, TABLES
from autodiff_spec.core.names import EXTRA
from autodiff_spec.core.namespace import Fft, Linalg, Namespace

RENAMED = {("diff", "prepend"): "before", ("diff", "append"): "after"}


def _parameters() -> dict[tuple[str, str], inspect.Parameter]:
    """(function, keyword) -> the parameter, of every function that has a clause."""
    known = {function.name for function in FUNCTIONS}
    found = {}
    for prefix, protocol in (("", Namespace), ("linalg.", Linalg), ("fft.", Fft)):
        for name, method in inspect.getmembers(protocol, inspect.isfunction):
            if prefix + name in known:
                parameters = inspect.signature(method).parameters
                found |= {(prefix + name, key): each for key, each in parameters.items() if _is_keyword(each)}
    for name, written in EXTRA.items():
        if name in known:
            signature = inspect.signature(eval(f"lambda {written[1:-1]}: None", {}))
            found |= {(name, key): each for key, each in signature.parameters.items() if _is_keyword(each)}
    return found


def _is_keyword(parameter: inspect.Parameter) -> bool:
    """Whether it is one; a device says where an array is, and a test on one device could not fail."""
    return parameter.default is not parameter.empty and parameter.name != "device"


def _values(function: str, keyword: str) -> list[Any]:
    tables = [table for table in TABLES if table.name == function]
    return [value for table in tables for value in table.keywords.get(RENAMED.get((function, keyword), keyword), ())]


@pytest.mark.parametrize(("function", "keyword"), sorted(_parameters()), ids=".".join)
def test_a_keyword_has_two_values_at_least(function: str, keyword: str) -> None:
    values = _values(function, keyword)
    assert len({repr(value) for value in values}) >= 2, f"write values of {keyword} into the table of {function}"
    assert any(repr(value) != repr(LEFT_OUT) for value in values)


def test_tables_name_no_keyword_that_there_is_not() -> None:
    renamed = {(function, new): (function, old) for (function, old), new in RENAMED.items()}
    positional = {"shift", "repeats", "source", "destination", "repetitions"}
    positional |= {"shape", "widths", "axes", "axis", "dtype"}
    for table in TABLES:
        for keyword in table.keywords:
            at = renamed.get((table.name, keyword), (table.name, keyword))
            assert at in _parameters() or keyword in positional, at


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_each_pair_of_two_keywords_occurs_in_a_call(table: Any) -> None:
    names = [call.name for call in table.calls()]
    assert len(names) == len(set(names))
    calls = table.calls()
    assert {call.mode for call in calls} == set(MODES)
    assert {call.dtype for call in calls} == set(DTYPES)
    assert names == [call.name for call in table.calls()]  # the same in each run


def test_every_pair_of_values_of_two_dimensions_occurs() -> None:
    dimensions = {"a": range(4), "b": range(3), "c": (True, False), "d": range(5)}

    def allowed(case: dict[str, Any]) -> bool:
        return bool(case["a"] != case["d"] or case["c"])

    def pairs(cases: list[dict[str, Any]]) -> set[Any]:
        return {(a, c[a], b, c[b]) for c in cases for a, b in itertools.combinations(dimensions, 2)}

    whole = [dict(zip(dimensions, values, strict=True)) for values in itertools.product(*dimensions.values())]
    whole = [case for case in whole if allowed(case)]
    found = pairwise(dimensions, allowed, "seed")
    assert pairs(found) == pairs(whole)
    assert all(map(allowed, found))
    assert len(found) < 30 < len(whole)
