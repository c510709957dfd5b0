"""What the benchmarks share: one thread, paired and interleaved timing, tables. Import it before anything numerical.

Candidates are measured in rounds; in each round every candidate runs a batch, one after the other, the first one
changing from round to round, so that a slow moment of the machine hits all of them. A ratio is the median over the
rounds of the ratio within a round; a time is the best of all batches. The garbage collector runs as it does in use.
On a machine that is busy with other work, ``--clock cpu`` counts the processor time of this process alone.
"""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
SETTINGS = {"TF_CPP_MIN_LOG_LEVEL": "3", "JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
ROOT = Path(__file__).resolve().parent.parent

os.environ.update(ONE_THREAD)
os.environ.update(SETTINGS)
sys.path[:0] = [str(ROOT), str(ROOT / "backends")]


@dataclass(frozen=True)
class Times:
    """Seconds a call of one candidate took, one figure for each round."""

    rounds: tuple[float, ...]

    @property
    def best(self) -> float:
        return min(self.rounds)

    def ratio(self, reference: Times) -> float:
        """How many times as long as the reference, by pairs."""
        return statistics.median(a / b for a, b in zip(self.rounds, reference.rounds, strict=True))

    def excess(self, reference: Times) -> float:
        """How many seconds longer than the reference, by pairs."""
        return statistics.median(a - b for a, b in zip(self.rounds, reference.rounds, strict=True))


CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


@dataclass(frozen=True)
class Options:
    """How to measure: batches of each candidate, the length of a batch in seconds, and the clock."""

    rounds: int
    batch_seconds: float
    clock: Callable[[], float]


def measure(candidates: Mapping[str, Callable[[], Any]], options: Options) -> dict[str, Times]:
    """Time the candidates against each other; a batch is as many calls as fill its length, at least one."""
    calls = {name: _calls(run, options) for name, run in candidates.items()}
    seen: dict[str, list[float]] = {name: [] for name in candidates}
    order = list(candidates)
    for _ in range(options.rounds):
        gc.collect()
        for name in order:
            seen[name].append(_batch(candidates[name], calls[name], options.clock))
        order.append(order.pop(0))
    return {name: Times(tuple(times)) for name, times in seen.items()}


def _calls(run: Callable[[], Any], options: Options) -> int:
    """How many calls fill a batch, found after calls that may compile."""
    run()
    run()
    return max(1, round(options.batch_seconds / min(_batch(run, 1, options.clock) for _ in range(3))))


def _batch(run: Callable[[], Any], calls: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(calls):
        run()
    return (clock() - start) / calls


def geometric_mean(values: Sequence[float]) -> float:
    return math.exp(statistics.fmean(map(math.log, values)))


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under a head, the first column to the left."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    print(f"\n{title}")
    for row in cells:
        rest = "  ".join(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        print(f"  {row[0].ljust(widths[0])}  {rest}".rstrip())


def verdict(goal: str, figure: str, reached: bool) -> None:
    print(f"{goal}: {figure}: {'reached' if reached else 'missed'}")


def microseconds(seconds: float) -> str:
    us = 1e6 * seconds
    return f"{us:.1f}" if us < 100 else f"{us:.0f}"


def versions(*distributions: str) -> str:
    """Python and these distributions, with their versions; those that are missing are left out."""
    found = [f"Python {sys.version.partition(' ')[0]}"]
    for name in distributions:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def in_a_fresh_process(script: str, *arguments: object) -> dict[str, Any]:
    """What ``script --one ARGUMENT ...`` prints as JSON on its last line; its messages are shown if it fails."""
    command = [sys.executable, script, "--one", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\n{' '.join(command)} failed")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def arguments(doc: str | None, rounds: int, batch_ms: float) -> Options:
    """The options of the timing benchmarks, from the command line."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=rounds, help="batches of each candidate (default: %(default)s)")
    parser.add_argument("--batch-ms", type=float, default=batch_ms, help="length of a batch (default: %(default)s)")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu for busy machines (default: %(default)s)")
    given = parser.parse_args()
    return Options(given.rounds, given.batch_ms / 1e3, CLOCKS[given.clock])
