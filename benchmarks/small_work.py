"""P1: the NumPy engine against PyTorch, HIPS autograd and TensorFlow (all eager) on small work.

By hand is the same gradient written in NumPy by an expert: what no engine on NumPy can be faster than.

Run: python benchmarks/small_work.py [--rounds N] [--batch-ms MS] [--clock cpu]
"""

import importlib.util

import _harness as harness
from _by_hand import by_hand
from _engines import functional_form, hips_native, tape_form, tensorflow_native, torch_native
from _workloads import CHAIN300, CONTROL_FLOW, DOT4, LSTM, MIXTURE, ROSENBROCK

WORKLOADS = (DOT4, CHAIN300, CONTROL_FLOW, ROSENBROCK, LSTM, MIXTURE)
RIVALS = {
    "PyTorch": ("torch", torch_native, 3.0),
    "HIPS autograd": ("autograd", hips_native, 4.0),
    "TensorFlow": ("tensorflow", tensorflow_native, 30.0),
}
OURS, HAND = "numpy engine", "by hand"


def main() -> None:
    options = harness.arguments(__doc__, rounds=40, batch_ms=3.0)
    rivals = {name: rival for name, rival in RIVALS.items() if importlib.util.find_spec(rival[0])}
    print(harness.versions("numpy", "torch", "autograd", "tensorflow", "tensorflow-cpu"))
    times, ratios = [], []
    for workload in WORKLOADS:
        candidates = {OURS: tape_form("numpy", workload), "its grad(f)": functional_form("numpy", workload)}
        candidates[HAND] = by_hand(workload)
        candidates |= {name: native(workload) for name, (_, native, _) in rivals.items()}
        found = harness.measure(candidates, options)
        times.append([workload.name, *(harness.microseconds(t.best) for t in found.values())])
        ratios.append([found[name].ratio(found[OURS]) for name in (*rivals, HAND)])
    harness.table("best time of one gradient, µs", ["workload", OURS, "its grad(f)", HAND, *rivals], times)
    means = [harness.geometric_mean(column) for column in zip(*ratios, strict=True)]
    rows = [[w.name, *(f"{r:.2g}" for r in row)] for w, row in zip(WORKLOADS, ratios, strict=True)]
    rows.append(["geometric mean", *(f"{mean:.2g}" for mean in means)])
    harness.table(f"time ÷ that of the {OURS} on its tape", ["workload", *rivals, HAND], rows)
    print()
    for (name, (_, _, goal)), mean in zip(rivals.items(), means[:-1], strict=True):
        harness.verdict(f"P1, at least {goal:.0f} times as fast as {name}", f"{mean:.1f}", mean >= goal)


if __name__ == "__main__":
    main()
