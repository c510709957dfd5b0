"""P2: the NumPy engine against the same gradients written by hand in NumPy: time, and peak memory by tracemalloc.

Run: python benchmarks/by_hand.py [--rounds N] [--batch-ms MS] [--clock cpu]
"""

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import _harness as harness
import numpy as np
from _by_hand import by_hand
from _engines import functional_form, tape_form
from _workloads import CHAIN300, CONTROL_FLOW, ELEM1M, MLP

WORKLOADS = {CHAIN300: 2.0, CONTROL_FLOW: 2.0, MLP: 1.1, ELEM1M: 1.1}
MOST_MEMORY = 1.2
OURS = "numpy engine"


def peak_bytes(run: Callable[[], Any]) -> int:
    """The most memory that a call has at one time, over what there was before; its results count."""
    run()
    gc.collect()
    tracemalloc.start()
    results = run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del results
    return peak


def main() -> None:
    options = harness.arguments(__doc__, rounds=20, batch_ms=10.0)
    print(harness.versions("numpy"))
    rows, verdicts = [], []
    for workload, most in WORKLOADS.items():
        hand, ours = by_hand(workload), tape_form("numpy", workload)
        for a, b in zip(_tuple(hand()), _tuple(ours()), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3)
        found = harness.measure(
            {"by hand": hand, OURS: ours, "its grad(f)": functional_form("numpy", workload)}, options
        )
        ratio = found[OURS].ratio(found["by hand"])
        memory = {"by hand": peak_bytes(hand), OURS: peak_bytes(ours)}
        more = memory[OURS] / memory["by hand"]
        times = [harness.microseconds(t.best) for t in found.values()]
        peaks = [f"{peak / 1024:.1f}" for peak in memory.values()]
        rows.append([workload.name, *times, f"{ratio:.2f}", *peaks, f"{more:.2f}"])
        verdicts.append((f"P2, {workload.name}, time at most {most} × by hand", f"{ratio:.2f}", ratio <= most))
        if most < 2:
            goal = f"P2, {workload.name}, peak memory at most {MOST_MEMORY} × by hand"
            verdicts.append((goal, f"{more:.2f}", more <= MOST_MEMORY))
    head = ["workload", "by hand, µs", OURS, "its grad(f)", "ratio", "by hand, KiB", OURS, "ratio"]
    harness.table("one gradient, forward pass included", head, rows)
    print()
    for goal, figure, reached in verdicts:
        harness.verdict(goal, figure, reached)


def _tuple(gradients: Any) -> Any:
    return gradients if isinstance(gradients, (tuple, list)) else (gradients,)


if __name__ == "__main__":
    main()
