"""Whether the suite says the same whatever it draws: ``python -m tests.stability BACKEND [--runs 10] [--seed 0]``.

Each run has a seed of its own, and no memory of earlier failures. Two runs agree if every test ended in the same way;
the verdicts on the clauses follow. What differs is printed with the seeds, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator

from autodiff_spec.report import Outcome, Report
from autodiff_spec.report.runs import run_suite


def reports(backend: str, conventions: str, seeds: Iterable[int]) -> Iterator[tuple[int, Report]]:
    """A run of the suite for each seed."""
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder
            yield seed, run_suite(backend, ["--hypothesis-seed", str(seed)], conventions=conventions)


def outcomes(found: Iterable[tuple[int, Report]]) -> dict[str, dict[Outcome, list[int]]]:
    """Test -> outcome -> the seeds with which it ended so."""
    seen: dict[str, dict[Outcome, list[int]]] = defaultdict(lambda: defaultdict(list))
    for seed, report in found:
        for row in report.rows:
            seen[row.test][row.outcome].append(seed)
    return seen


def unstable(found: Iterable[tuple[int, Report]]) -> Iterator[str]:
    """A line for each test that ended differently, or not in all runs, and for each clause's verdict."""
    runs = list(found)
    for test, ended in outcomes(runs).items():
        if len(ended) > 1 or sum(map(len, ended.values())) != len(runs):
            yield f"{test}: " + "; ".join(f"{outcome} with {seeds}" for outcome, seeds in ended.items())
    verdicts = [{clause.id: clause.verdict for clause in report.clauses} for _, report in runs]
    for clause in sorted(set().union(*verdicts)):
        if len(given := {one.get(clause) for one in verdicts}) > 1:
            yield f"{clause}: {', '.join(sorted(map(str, given)))}"


def main() -> int:
    """Print each run, then what differs between them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backend")
    parser.add_argument("--conventions", default="native")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seed", type=int, help="from which the seeds of the runs are drawn; a random one without it")
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    seeds = [draw.randrange(2**31) for _ in range(arguments.runs)]
    runs = []
    for seed, report in reports(arguments.backend, arguments.conventions, seeds):
        failed = [row for row in report.rows if row.outcome in (Outcome.FAILED, Outcome.FIXED)]
        print(f"seed {seed}: {len(report.rows)} tests, {len(failed)} failed, {report.seconds:.0f} s", flush=True)
        for row in failed:
            print(f"  {row.test}: {row.message}\n{row.reproducer}", flush=True)
        runs.append((seed, report))
    different = list(unstable(runs))
    print(*different, f"{len(different)} differences between {len(runs)} runs on {arguments.backend}", sep="\n")
    return 1 if different else 0


if __name__ == "__main__":
    raise SystemExit(main())
