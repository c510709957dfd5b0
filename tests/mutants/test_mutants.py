"""The suite notices every wrong backend of the catalogue, by a test of a clause that the mutant names."""

from __future__ import annotations

import pytest

from autodiff_spec.clauses import CLAUSES
from tests.mutants.catalogue import MUTANTS
from tests.mutants.run import Result, run_all


@pytest.fixture(scope="session")
def results() -> dict[str, Result]:
    return {result.mutant.name: result for result in run_all(MUTANTS.values())}


@pytest.mark.parametrize("name", list(MUTANTS))
def test_the_suite_kills(name: str, results: dict[str, Result]) -> None:
    mutant, result = MUTANTS[name], results[name]
    assert result.killed, f"{mutant.bug}: no test of {mutant.clauses} fails\n{result.output}"


@pytest.mark.parametrize("name", list(MUTANTS))
def test_a_mutant_names_clauses_that_exist(name: str) -> None:
    assert MUTANTS[name].clauses
    assert set(MUTANTS[name].clauses) <= set(CLAUSES)
