"""Run the suite on the mutants: ``python -m tests.mutants.run [NAME ...]`` prints which clause kills which.

Each mutant runs in a process of its own, on the tests of the clauses that it names, up to the first failure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.catalogue import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    """What the suite said of a mutant: the test that killed it, or why there is none."""

    mutant: Mutant
    killed_by: str
    output: str

    @property
    def killed(self) -> bool:
        return bool(self.killed_by)


def run(mutant: Mutant, seed: int = 0) -> Result:
    """The suite's verdict on one mutant."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            sys.executable, "-m", "pytest", "autodiff_spec/conformance", "-x", "-q", "-p", "no:cacheprovider",
            f"--clauses={','.join(mutant.clauses)}", f"--hypothesis-seed={seed}", f"--report-json={report}",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=ROOT, env=_environment(mutant), capture_output=True, text=True, check=False)
        failed = []
        if done.returncode == 1 and report.exists():
            failed = [row["test"] for row in json.loads(report.read_text())["rows"] if row["outcome"] == "failed"]
    return Result(mutant, failed[0] if failed else "", done.stdout[-2000:] + done.stderr[-2000:])


def _environment(mutant: Mutant) -> dict[str, str]:
    paths = [str(ROOT), str(ROOT / "backends"), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "AUTODIFF_SPEC_BACKEND": f"{mutant.module}:{mutant.name}",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }


def run_all(mutants: Iterable[Mutant]) -> list[Result]:
    """Two at a time, in the order of the catalogue."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, mutants))


def main() -> int:
    chosen = [MUTANTS[name] for name in sys.argv[1:]] or list(MUTANTS.values())
    results = run_all(chosen)
    for result in results:
        verdict = "killed" if result.killed else "ALIVE"
        print(f"{verdict:6} {result.mutant.name:24} {result.killed_by or result.output}")
    killed = sum(result.killed for result in results)
    print(f"{killed} of {len(results)} mutants killed")
    return 0 if killed == len(results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
