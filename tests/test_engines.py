"""The two engines of the guide: how many clauses they conform to is what the guide says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs/guides/engines.md").read_text("utf-8")
SELECTED = "test_pullbacks or test_functional_gradients or test_stopping or test_control_flow"


def verdicts(engine: str, folder: Path) -> Counter[str]:
    """How many clauses have which verdict, from a run of four files of the suite."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "backends")])
    target = f"examples.engines.{engine}:backend"
    options = ["--max-examples", "2", "--seed", "1", "--json", str(folder / "found.json")]
    subprocess.run(
        [sys.executable, "-m", "autodiff_spec", "test", target, *options, "--", "-k", SELECTED],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        timeout=400,
        check=False,  # the status is 1, for clauses are broken
    )
    report = json.loads((folder / "found.json").read_text("utf-8"))
    return Counter(clause["verdict"] for clause in report["clauses"])


@pytest.mark.parametrize(("engine", "name"), [("toy", "toy"), ("hips", "HIPS autograd")])
def test_the_engine_conforms_as_far_as_the_guide_says(engine: str, name: str, tmp_path: Path) -> None:
    if engine == "hips":
        pytest.importorskip("autograd", reason="autograd comes with the extra 'dev'")
    row = re.search(rf"^\| {name}[^|]*\| (\d+) \| (\d+) \| (\d+) \|$", GUIDE, re.MULTILINE)
    assert row is not None
    found = verdicts(engine, tmp_path)
    assert [found["conforms"], found["violates"], found["unsupported"]] == [int(n) for n in row.groups()]
    assert SELECTED in GUIDE
