"""The tutorial as a notebook, made from its page when the site is built.

Prose becomes Markdown cells, each block of code a cell, without outputs: the reader's own run prints them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PAGE = Path(__file__).resolve().parent.parent / "tutorial.md"
_BLOCK = re.compile(r"^```(?P<language>python|text)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


def cells(text: str) -> list[dict[str, Any]]:
    """The cells of a page; the printed text is left out."""
    found, end = [], 0
    for match in [*_BLOCK.finditer(text), None]:
        found.append(cell("markdown", text[end : match.start() if match else None]))
        if match is not None:
            end = match.end()
            if match["language"] == "python":
                found.append(cell("code", match["code"]))
    return [{"id": f"cell-{number}", **made} for number, made in enumerate(c for c in found if c["source"])]


def cell(kind: str, source: str) -> dict[str, Any]:
    """One cell."""
    made = {"cell_type": kind, "metadata": {}, "source": source.strip("\n").splitlines(keepends=True)}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def notebook() -> str:
    """The notebook's file."""
    content = {
        "cells": cells(PAGE.read_text("utf-8")),
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the notebook, beside the page."""
    files.append(File.generated(config, "tutorial.ipynb", content=notebook()))
    return files
