"""The suite notices every wrong backend of the catalogue, by a test of a clause that the mutant names.

One seed here; ``make mutants`` runs six, and the mechanical mutants too.
"""

from __future__ import annotations

import pytest

import autodiff_numpy
from autodiff_spec.clauses import CLAUSES
from tests.mutants.catalogue import MUTANTS, Mutant
from tests.mutants.mechanical import mechanical
from tests.mutants.run import Result, run_all

SOUND = Mutant("sound", __name__, "there is no bug", ("GRAD-01", "FUN-39"), autodiff_numpy.backend)


@pytest.fixture(scope="session")
def results() -> dict[str, Result]:
    return {result.mutant.name: result for result in run_all([*MUTANTS.values(), SOUND])}


@pytest.mark.parametrize("name", list(MUTANTS))
def test_the_suite_kills(name: str, results: dict[str, Result]) -> None:
    mutant, result = MUTANTS[name], results[name]
    assert result.killed, f"{mutant.bug}: no test of {mutant.clauses} fails\n{result.output}"


def test_an_engine_without_a_bug_is_not_killed(results: dict[str, Result]) -> None:
    assert not results["sound"].killed, results["sound"].output


@pytest.mark.parametrize("name", list(MUTANTS))
def test_a_mutant_names_clauses_that_exist(name: str) -> None:
    assert MUTANTS[name].clauses
    assert set(MUTANTS[name].clauses) <= set(CLAUSES)


def test_every_rule_that_has_a_derivative_has_three_mechanical_mutants() -> None:
    made = mechanical()
    assert len(made) % 3 == 0
    assert {"sin:0:sign", "sin:0:factor", "sin:0:zero", "multiply:1:zero"} <= set(made)
    assert made["sin:0:sign"].clauses[0] == "FUN-39"
