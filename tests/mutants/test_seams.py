"""Mutants take hold of engines by names, and by nothing else."""

import ast
from pathlib import Path

import pytest

from tests.mutants._seams import PLACES, at

FOLDER = Path(__file__).parent
SOURCES = [*sorted(FOLDER.glob("of_*.py")), FOLDER / "_mutant.py", FOLDER / "mechanical.py"]
INNER = ("autodiff_spec.core", "autodiff_spec.recording", "autodiff_numpy.prepare", "autodiff_numpy.rules")


@pytest.mark.parametrize("seam", [seam for seam in PLACES if not PLACES[seam].startswith("autodiff_torch")])
def test_every_seam_is_there(seam: str) -> None:
    getattr(at, seam)


def test_every_seam_is_used() -> None:
    text = "\n".join(path.read_text("utf-8") for path in SOURCES)
    assert [seam for seam in PLACES if f"at.{seam}" not in text] == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("of_*.py")), ids=lambda path: path.stem)
def test_mutants_import_nothing_private(path: Path) -> None:
    names = [
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith("tests.")
        for alias in node.names
    ]
    assert [name for name in names if "._" in name or name.startswith(INNER)] == []
