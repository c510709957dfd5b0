"""Runs the reproducers of one framework, each in a namespace of its own; what they print comes out as JSON.

Run: python -m tests.findings.reproduce torch
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
import tomllib
from pathlib import Path


def printed(code: str) -> str:
    """What a reproducer prints; of what it raises, the line that ends the traceback."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            exec(code, {"__name__": "__main__"})
        except Exception as error:
            print(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
    return out.getvalue().strip()


if __name__ == "__main__":
    framework = sys.argv[1]
    entries = tomllib.loads(Path(__file__).with_name(f"{framework}.toml").read_text("utf-8"))["finding"]
    release = importlib.import_module(framework).__version__
    print(json.dumps({"release": release, "printed": {entry["title"]: printed(entry["code"]) for entry in entries}}))
