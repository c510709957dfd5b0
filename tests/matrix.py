"""The suite on the oldest and the newest release of each framework, each in an environment that is thrown away.

The oldest of everything is the lower bound that pyproject.toml states, NumPy's and those of the other dependencies
included; the newest is what pip finds. What comes out is a row of the table in docs/versions.md.

Run: python -m tests.matrix [torch-oldest jax-newest ...] [--environments FOLDER]
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CPU_ONLY = sys.platform == "linux" and platform.machine() == "x86_64"  # tensorflow-cpu has wheels there alone
EXTRAS = {"numpy": "", "torch": "torch", "tensorflow": "tensorflow-cpu" if CPU_ONLY else "tensorflow", "jax": "jax"}
ROWS = [f"{backend}-{age}" for backend in EXTRAS for age in ("oldest", "newest")]
SETTINGS = {"JAX_ENABLE_X64": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
OWN = ("tests/test_{}_*.py", "tests/test_extra.py", "tests/test_models.py", "tests/test_findings.py")
REPORT = "import importlib.metadata as m, sys; print(*(m.version(name) for name in sys.argv[1:]))"


def lowest(requirement: str) -> str:
    """``"numpy>=2.1; python_version < '4'"`` at its lower bound: ``"numpy==2.1"``."""
    return requirement.partition(";")[0].strip().replace(">=", "==")


def pins(backend: str) -> list[str]:
    """The lower bounds of the framework and of what every installation needs."""
    framework = PROJECT["optional-dependencies"].get(EXTRAS[backend], [])
    return [lowest(requirement) for requirement in (*PROJECT["dependencies"], *framework)]


def run(row: str, folder: Path) -> Iterator[str]:
    """Install and test one row; yields the cells of the table."""
    backend, _, age = row.partition("-")
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    extras = ",".join(filter(None, (EXTRAS[backend], "suite")))
    wanted = ["--editable", f"{ROOT}[{extras}]", *(pins(backend) if age == "oldest" else [])]
    install = output(python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *wanted)
    if install.returncode:
        yield f"does not install: {install.stderr.strip().splitlines()[-1]}"
        return
    yield from output(python, "-c", REPORT, EXTRAS[backend] or "numpy", "numpy").stdout.split()
    own = [str(path.relative_to(ROOT)) for pattern in OWN for path in sorted(ROOT.glob(pattern.format(backend)))]
    for paths in (["autodiff_spec/conformance"], own):
        start = time.monotonic()
        done = output(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", *paths, backend=backend)
        if done.returncode:
            print(done.stdout, done.stderr, file=sys.stderr)
        last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else "no output"
        counts = re.findall(r"\d+ (?:passed|failed|errors?|skipped|xfailed)", last)
        yield f"{', '.join(counts) or last} ({time.monotonic() - start:.0f} s)"


def output(*command: str | Path, backend: str = "numpy") -> subprocess.CompletedProcess[str]:
    """What a command says, run in the repository with the variables of the suite."""
    env = {**os.environ, **SETTINGS, "AUTODIFF_SPEC_BACKEND": backend}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rows", nargs="*", metavar="row", help=f"of {', '.join(ROWS)}; all by default")
    parser.add_argument("--environments", type=Path, help="make them in this folder and keep them")
    given = parser.parse_args()
    if unknown := set(given.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    print("| framework | release | NumPy | suite | tests of the adapter |\n|---|---|---|---|---|", flush=True)
    failed = False
    for row in given.rows or ROWS:
        with tempfile.TemporaryDirectory(prefix="autodiff-spec-") as scratch:
            cells = list(run(row, (given.environments or Path(scratch)) / row))
        failed = failed or len(cells) < 4 or any("failed" in cell or "error" in cell for cell in cells)
        print(f"| {row.replace('-', ', ')} | {' | '.join(cells)} |", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
