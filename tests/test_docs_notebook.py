"""The tutorial's notebook is the tutorial's page, and runs in a kernel."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests import fresh, pages

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "docs/_hooks/notebook.py"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notebook", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_notebook_prints_what_the_page_shows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("nbclient", "nbformat", "ipykernel", "mkdocs"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed: it comes with the extra 'docs'")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs, not ours
        import nbformat
        from nbclient import NotebookClient

        monkeypatch.setenv("PYTHONPATH", fresh.PACKAGES)
        monkeypatch.setenv("AUTODIFF_SPEC_BACKEND", "numpy")
        notebook = nbformat.reads(script().notebook(), as_version=4)
        nbformat.validate(notebook)
        resources = {"metadata": {"path": str(tmp_path)}}
        NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    printed = ["".join(output.text for output in cell.outputs if output.output_type == "stream") for cell in cells]
    assert printed == [block.text for block in pages.blocks(ROOT / "docs/tutorial.md")]
