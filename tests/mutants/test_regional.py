"""Mutants of a region of inputs: what no test reaches is told from what no test notices, and listed with its reason."""

from __future__ import annotations

import json
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff_spec.conformance.coverage.drawn import magnitudes
from tests.mutants.regional import MORE, REGIONS, excuse, excuses
from tests.mutants.run import ROOT
from tests.mutants.table import page

KILLED = (
    *("sin:0:float16", "expm1:0:tiny", "multiply:0:complex64", "sqrt:0:axes", "cos:0:size", "mean:0:Fortran"),
    *("determinant:0:reversed", "reshape:0:complex64", "remainder:1:huge"),
)
EXCUSED = ("reshape:0:tiny", "maximum:0:complex64")
FLUSHED = ("reciprocal:0:tiny", "arctan:0:huge")


@pytest.fixture(scope="module")
def names() -> list[str]:
    """All of them, in a process without rules that other tests add."""
    code = """
import json, tests.mutants.catalogue
from tests.mutants.regional import regional
print(json.dumps(list(regional())))
"""
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    found: list[str] = json.loads(made.stdout)
    return found


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    file: Path = tmp_path_factory.mktemp("regional") / "results.json"
    names = (*KILLED, *EXCUSED, *FLUSHED)
    command = [sys.executable, "-m", "tests.mutants.run", "--regional", *names, "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done, {row["name"]: row for row in json.loads(file.read_text("utf-8"))}


def test_every_rule_has_a_mutant_of_each_region(names: list[str]) -> None:
    assert len(names) == len(set(names)) > 1000
    rules = {name.rpartition(":")[0] for name in names}
    assert set(names) == {f"{rule}:{region}" for rule in rules for region in REGIONS}
    assert set(MORE) <= set(REGIONS)
    assert {"expm1:0", "erf:0", "log1p:0"} <= rules  # which SciPy's own rules of these names do not hide


@pytest.mark.parametrize(("rules", "region", "reason"), [*excuses(), *excuses("unnoticed")])
def test_an_excuse_is_of_mutants_that_there_are(names: list[str], rules: str, region: str, reason: str) -> None:
    assert any(fnmatch(name, f"{rules}:{region}") for name in names)
    assert reason


@pytest.mark.parametrize("name", KILLED)
def test_what_is_reached_is_killed(name: str, ran: tuple[Any, dict[str, Any]]) -> None:
    row = ran[1][name]
    assert row["reached"]
    assert row["failed"]
    assert excuse(name) is None


@pytest.mark.parametrize("name", EXCUSED)
def test_what_is_excused_is_unreached_and_no_failure(name: str, ran: tuple[Any, dict[str, Any]]) -> None:
    done, rows = ran
    assert not rows[name]["reached"]
    assert excuse(name)
    assert f"unreached {name}" in done.stdout
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", FLUSHED)
def test_what_may_be_flushed_to_zero_needs_no_notice(name: str, ran: tuple[Any, dict[str, Any]]) -> None:
    row = ran[1][name]
    assert row["reached"]
    assert not row["failed"]
    assert excuse(name, "unnoticed")


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_where_the_derivatives_of_reciprocal_and_arctan_may_be_flushed(dtype: str) -> None:
    limits = np.finfo(dtype)
    least = float(limits.smallest_normal)
    for power in range(limits.minexp, limits.maxexp):
        numbers = 2.0**power * np.array([1.0, 1.5, 1.984375])
        for number in numbers[numbers <= float(limits.max)].tolist():
            regions = set(magnitudes(np.asarray(number, dtype)))
            assert "tiny" not in regions or number**2 < 4 * least  # of a reciprocal y = 1/x, -y²
            assert "huge" not in regions or (1 / number) ** 2 < 4 * least  # above 1/(1 + x²), of arctan


def test_the_page_counts_what_is_planted_reached_killed_and_excused(ran: tuple[Any, dict[str, Any]]) -> None:
    planted, reached, killed = len(KILLED + EXCUSED + FLUSHED), len(KILLED + FLUSHED), len(KILLED)
    text = page(list(ran[1].values()))
    assert f"| in all | {planted} | {reached} | {killed} | {planted - killed} | 0 |" in text
    assert "| `reciprocal:0:tiny`, `arctan:0:huge` | the derivative is below four times" in text
