"""The suite notices every wrong backend of the catalogue, by a test of a clause that the mutant names.

One seed here; ``make mutants`` runs six, and the mechanical mutants too.
"""

from __future__ import annotations

import pytest

import autodiff_numpy
from autodiff_spec.clauses import CLAUSES, MUST
from tests.mutants._mutant import ALSO
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
    assert result.killed, f"{mutant.bug}: no test of {result.missed} fails\n{result.output}"


def test_an_engine_without_a_bug_is_not_killed(results: dict[str, Result]) -> None:
    assert not results["sound"].failed, results["sound"].output


@pytest.mark.parametrize("name", list(MUTANTS))
def test_a_mutant_names_clauses_that_exist(name: str) -> None:
    mutant = MUTANTS[name]
    assert mutant.clauses
    assert {*mutant.clauses, *mutant.also} <= set(CLAUSES)
    assert not set(mutant.clauses) & set(mutant.also)


def test_every_rule_that_has_a_derivative_has_three_mechanical_mutants() -> None:
    made = mechanical()
    assert len(made) % 3 == 0
    assert {"sin:0:sign", "sin:0:factor", "sin:0:zero", "multiply:1:zero"} <= set(made)
    assert made["sin:0:sign"].clauses[0] == "FUN-39"


def test_the_tests_of_every_must_clause_notice_a_mutant() -> None:
    mutants = {**mechanical(), **MUTANTS}
    noticed = {one for mutant in mutants.values() for one in (*mutant.clauses, *mutant.also)}
    can = autodiff_numpy.backend().capabilities
    assert [c.id for c in CLAUSES.values() if c.level is MUST and set(c.needs) <= can and c.id not in noticed] == []
    assert set(ALSO) <= set(mutants)
