"""What one more operation costs: the gradient of chains of ``b = sin(b)`` on 4 numbers, of 1 and of 101 operations.

Their difference is the price of 100 operations, forward and backward; what is left of the short one is the price of
asking for a gradient at all. By hand an operation is three calls of NumPy: a sine, a cosine, a product. So the table
says how much of the engine's time is NumPy's, and how much is the interpreter's, who makes nodes and calls rules.

Run: python benchmarks/per_operation.py [--rounds N] [--batch-ms MS] [--clock cpu]
"""

import importlib.util
from collections.abc import Callable
from typing import Any

import _harness as harness
import numpy as np
from _engines import functional_form, hips_native, tape_form, tensorflow_native, torch_native
from _workloads import Ops, Workload

SHORT, LONG = 1, 101
RIVALS = {
    "PyTorch": ("torch", torch_native),
    "HIPS autograd": ("autograd", hips_native),
    "TensorFlow": ("tensorflow", tensorflow_native),
}


def chain(length: int) -> Workload:
    def sines(ops: Ops, b: Any) -> Any:
        for _ in range(length):
            b = ops.sin(b)
        return ops.sum(b)

    return Workload(f"{length} sines", sines, lambda: (np.linspace(0.1, 0.4, 4, dtype=np.float32),))


def by_hand(length: int) -> Callable[[], Any]:
    def gradient(b: Any) -> Any:
        arguments = []
        for _ in range(length):
            arguments.append(b)
            b = np.sin(b)
        b.sum()
        g = np.ones_like(b)
        for a in reversed(arguments):
            g *= np.cos(a)
        return g

    (b,) = chain(length).inputs()
    return lambda: gradient(b)


def programs(length: int) -> dict[str, Callable[[], Any]]:
    found = {
        "NumPy, by hand": by_hand(length),
        "NumPy engine, tape": tape_form("numpy", chain(length)),
        "NumPy engine, grad(f)": functional_form("numpy", chain(length)),
    }
    for name, (module, native) in RIVALS.items():
        if importlib.util.find_spec(module):
            found[name] = native(chain(length))
    return found


def main() -> None:
    options = harness.arguments(__doc__, rounds=20, batch_ms=3.0)
    print(harness.versions("numpy", "torch", "autograd", "tensorflow", "tensorflow-cpu"))
    short, long = harness.measure(programs(SHORT), options), harness.measure(programs(LONG), options)
    rows = []
    for name in short:
        each = (long[name].best - short[name].best) / (LONG - SHORT)
        rows.append([name, f"{1e6 * each:.2f}", f"{1e6 * (short[name].best - each):.1f}"])
    harness.table("a gradient, µs", ["", "an operation more", "to ask at all"], rows)


if __name__ == "__main__":
    main()
