"""The page of mutants: from the runs that `make mutants` wrote, or else the list of wrong engines alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent.parent
RUNS = ROOT / "build/mutants"

sys.path.append(str(ROOT))  # the tests are no package that anybody installs


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page."""
    from tests.mutants.table import listed, page

    runs = sorted(RUNS.glob("*.json"), reverse=True)
    rows = [row for file in runs for row in json.loads(file.read_text("utf-8"))]
    files.append(File.generated(config, "mutants.md", content=page(rows) if rows else listed()))
    return files
