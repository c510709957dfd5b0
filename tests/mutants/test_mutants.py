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

from autodiff_spec.clauses import CLAUSES
from tests.mutants.catalogue import MUTANTS
from tests.mutants.run import ROOT, SOUND


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    file = tmp_path_factory.mktemp("mutants") / "results.json"
    command = [sys.executable, "-m", "tests.mutants.run", *MUTANTS, SOUND.name, "--json", str(file)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert file.is_file(), ran.stdout + ran.stderr
    return {row["name"]: row for row in json.loads(file.read_text("utf-8"))}


@pytest.mark.parametrize("name", list(MUTANTS))
def test_the_suite_kills(name: str, results: dict[str, dict[str, Any]]) -> None:
    missed, output = results[name]["missed"], results[name]["output"]
    assert not missed, f"{MUTANTS[name].bug}: no test of {missed} fails\n{output}"


def test_an_engine_without_a_bug_is_not_killed(results: dict[str, dict[str, Any]]) -> None:
    assert not results[SOUND.name]["failed"], results[SOUND.name]["output"]


@pytest.mark.parametrize("name", list(MUTANTS))
def test_a_mutant_names_clauses_that_exist(name: str) -> None:
    assert MUTANTS[name].clauses
    assert set(MUTANTS[name].clauses) <= set(CLAUSES)


def test_every_rule_that_has_a_derivative_has_three_mechanical_mutants() -> None:
    said = "{name: mutant.clauses for name, mutant in mechanical().items()}"
    code = f"import json; from tests.mutants.mechanical import mechanical; print(json.dumps({said}))"
    made = json.loads(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True).stdout)
    assert len(made) % 3 == 0
    assert {"sin:0:sign", "sin:0:factor", "sin:0:zero", "multiply:1:zero"} <= set(made)
    assert made["sin:0:sign"][0] == "FUN-39"
