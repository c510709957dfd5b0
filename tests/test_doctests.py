"""The examples in the docstrings of the interface run, on the NumPy engine."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_examples_of_the_docstrings_run() -> None:
    folders = ["conformance", "oracle", "chapter"]  # tests, and what needs more than NumPy
    left_out = [f"--ignore=autodiff_spec/{name}" for name in folders]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--doctest-modules", "autodiff_spec"]
    done = subprocess.run(
        [*command, *left_out],
        cwd=ROOT,
        env={**os.environ, "AUTODIFF_SPEC_BACKEND": "numpy"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    found = re.search(r"(\d+) passed", done.stdout)
    assert found is not None
    assert int(found[1]) > 40
