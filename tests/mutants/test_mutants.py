"""The suite notices every wrong backend of the catalogue, by a test of a clause that the mutant names.

One seed here; ``make mutants`` runs six, and the mechanical mutants too. They run in a process of their own: it forks,
and whatever this one has loaded (JAX, TensorFlow, and their threads) might not live through that.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

import autodiff_numpy
from autodiff_spec import Capability, available_backends
from autodiff_spec.clauses import CLAUSES, MUST
from tests.mutants._mutant import ALSO
from tests.mutants.catalogue import MUTANTS
from tests.mutants.run import ROOT, SOUND


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    file = tmp_path_factory.mktemp("mutants") / "results.json"
    command = [sys.executable, "-m", "tests.mutants.run", *MUTANTS, *SOUND, "--json", str(file)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert file.is_file(), ran.stdout + ran.stderr
    return {row["name"]: row for row in json.loads(file.read_text("utf-8"))}


def require(framework: str) -> None:
    """Skip where a framework is missing: its mutants were not run."""
    if framework not in available_backends():
        pytest.skip(f"{framework} is not installed")


@pytest.mark.parametrize("name", list(MUTANTS))
def test_the_suite_kills(name: str, results: dict[str, dict[str, Any]]) -> None:
    require(MUTANTS[name].of)
    missed, output = results[name]["missed"], results[name]["output"]
    assert not missed, f"{MUTANTS[name].bug}: no test of {missed} fails\n{output}"


@pytest.mark.parametrize("name", list(SOUND))
def test_an_engine_without_a_bug_is_not_killed(name: str, results: dict[str, dict[str, Any]]) -> None:
    require(SOUND[name].of)
    assert not results[name]["failed"]
    assert not results[name]["output"]  # of a process that died


@pytest.mark.parametrize("name", list(MUTANTS))
def test_a_mutant_names_clauses_that_exist(name: str) -> None:
    mutant = MUTANTS[name]
    assert mutant.clauses
    assert {*mutant.clauses, *mutant.also} <= set(CLAUSES)
    assert not set(mutant.clauses) & set(mutant.also)


@pytest.fixture(scope="session")
def mechanical() -> dict[str, list[str]]:
    """The mechanical mutants, and the clauses whose tests notice each: of the engine as it is imported, without rules
    that other tests add.
    """
    said = "{name: [*mutant.clauses, *mutant.also] for name, mutant in mechanical().items()}"
    code = f"import json; from tests.mutants.mechanical import mechanical; print(json.dumps({said}))"
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    clauses: dict[str, list[str]] = json.loads(made.stdout)
    return clauses


def test_every_rule_that_has_a_derivative_has_three_mechanical_mutants(mechanical: dict[str, list[str]]) -> None:
    assert len(mechanical) % 3 == 0
    assert {"sin:0:sign", "sin:0:factor", "sin:0:zero", "multiply:1:zero"} <= set(mechanical)
    assert mechanical["sin:0:sign"][0] == "FUN-39"


def test_the_tests_of_every_must_clause_notice_a_mutant(mechanical: dict[str, list[str]]) -> None:
    written = [(*mutant.clauses, *mutant.also) for mutant in MUTANTS.values()]
    noticed = {clause for clauses in (*mechanical.values(), *written) for clause in clauses}
    can = autodiff_numpy.backend().capabilities | {Capability.BFLOAT16}  # of which PyTorch's mutant is
    assert [c.id for c in CLAUSES.values() if c.level is MUST and set(c.needs) <= can and c.id not in noticed] == []
    assert set(ALSO) <= {*mechanical, *MUTANTS}
