"""The two engines of the guide: how many clauses they conform to, and which they break, is what the guide says."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests import fresh

ROOT = Path(__file__).resolve().parent.parent

GUIDE = (ROOT / "docs/guides/engines.md").read_text("utf-8")
SELECTED = "test_pullbacks or test_functional_gradients or test_stopping or test_control_flow"
BROKEN: dict[str, set[str]] = {"toy": set(), "hips": {"VJP-11"}}
TABLES = {"SMOOTH", "MOVING", "FLAT", "RULES"}


def report(engine: str, tests: str, folder: Path) -> Any:
    """What the suite says of an engine, from a run of some of its tests."""
    options = ["--max-examples", "2", "--seed", "1", "--json", str(folder / "found.json"), "--", "-k", tests]
    fresh.command("test", f"examples.engines.{engine}:backend", *options, cwd=ROOT)
    return json.loads((folder / "found.json").read_text("utf-8"))


@pytest.mark.parametrize(("engine", "name"), [("toy", "toy"), ("hips", "HIPS autograd")])
def test_the_engine_conforms_as_far_as_the_guide_says(engine: str, name: str, tmp_path: Path) -> None:
    if engine == "hips":
        pytest.importorskip("autograd", reason="autograd comes with the extra 'dev'")
    row = re.search(rf"^\| {name}[^|]*\| (\d+) \| (\d+) \| (\d+) \|$", GUIDE, re.MULTILINE)
    assert row is not None
    assert SELECTED in GUIDE
    clauses = report(engine, SELECTED, tmp_path)["clauses"]
    found = Counter(clause["verdict"] for clause in clauses)
    assert [found["conforms"], found["violates"], found["unsupported"]] == [int(n) for n in row.groups()]
    assert {clause["id"] for clause in clauses if clause["verdict"] == "violates"} == BROKEN[engine]


def test_the_toy_refuses_what_it_has_no_rule_for_and_is_never_wrong(tmp_path: Path) -> None:
    rows = report("toy", "test_the_pullback_is_the_one_of_the_mathematical_function", tmp_path)["rows"]
    outcomes = Counter(row["outcome"] for row in rows)
    assert outcomes["passed"] > 100
    other = {row["case"] for row in rows if row["outcome"] == "failed" and "UnsupportedError" not in row["message"]}
    assert other <= {"sort descending"}, "NumPy's sort has no descending="


def test_the_toy_has_sixty_lines_and_its_tables() -> None:
    tree = ast.parse((ROOT / "examples/engines/toy.py").read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    tree.body = [node for node in tree.body if not TABLES & {n.id for n in targets(node)}]
    lines = {node.lineno for node in ast.walk(tree) if isinstance(node, (ast.stmt, ast.expr))}
    assert len(lines) <= 60


def targets(statement: ast.stmt) -> list[ast.Name]:
    """The names that a statement at the top of a module assigns."""
    found = getattr(statement, "targets", [getattr(statement, "target", None)])
    return [target for target in found if isinstance(target, ast.Name)]
