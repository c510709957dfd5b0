"""P4 and P5: each adapter against native code of its framework.

PyTorch and TensorFlow: the adapter differentiates the same native calls on the same data, in its functional form and on
a tape; a third row calls the functions of the array API namespace instead, on data of its own. JAX: the functional form
on native calls, and the tape, whose operations are the namespace's, against eager jax.grad.

Run: python benchmarks/adapters.py [--rounds N] [--batch-ms MS] [--clock cpu]
"""

import importlib.util

import _harness as harness
from _engines import (
    functional_form,
    jax_native,
    jax_ops,
    tape_form,
    tensorflow_native,
    tensorflow_shared,
    torch_native,
    torch_shared,
)
from _workloads import CHAIN300, CONTROL_FLOW, DOT4, MLP

FRAMEWORKS = {"torch": (torch_native, torch_shared), "tensorflow": (tensorflow_native, tensorflow_shared)}
AGAINST_NATIVE = (MLP, CHAIN300, DOT4)  # P4
AGAINST_EAGER_JAX = (CHAIN300, CONTROL_FLOW)  # P5
MOST, MOST_DOT4_TENSORFLOW, MOST_DOT4_TORCH_US, LEAST_JAX = 1.03, 1.06, 15.0, 10.0
HEAD = ["workload", "form", "best, µs", "÷ native", "− native, µs"]


def rows(name: str, found: dict[str, harness.Times]) -> list[list[object]]:
    native = found["native"]
    return [
        [
            name if form == "native" else "",
            form,
            harness.microseconds(t.best),
            "" if form == "native" else f"{t.ratio(native):.3f}",
            "" if form == "native" else f"{1e6 * t.excess(native):+.1f}",
        ]
        for form, t in found.items()
    ]


def adapter(name: str, options: harness.Options) -> None:
    native, shared_data = FRAMEWORKS[name]
    lines, verdicts = [], []
    for workload in AGAINST_NATIVE:
        shared = shared_data(workload)
        candidates = {
            "native": native(workload, shared),
            "functional": functional_form(name, workload, shared),
            "tape": tape_form(name, workload, shared),
            "tape, xp": tape_form(name, workload),
        }
        found = harness.measure(candidates, options)
        lines += rows(workload.name, found)
        for form in ("functional", "tape"):
            what = f"P4, {name}, {workload.name}, {form}"
            ratio, excess = found[form].ratio(found["native"]), 1e6 * found[form].excess(found["native"])
            if workload is DOT4 and name == "torch":
                goal = f"{what}, at most +{MOST_DOT4_TORCH_US:.0f} µs"
                verdicts.append((goal, f"{excess:+.1f} µs", excess <= MOST_DOT4_TORCH_US))
            else:
                most = MOST_DOT4_TENSORFLOW if workload is DOT4 else MOST
                verdicts.append((f"{what}, at most {most} times native", f"{ratio:.3f}", ratio <= most))
    harness.table(f"{name}: one gradient", HEAD, lines)
    print()
    for line in verdicts:
        harness.verdict(*line)


def jax_tape(options: harness.Options) -> None:
    lines, verdicts = [], []
    for workload in AGAINST_EAGER_JAX:
        candidates = {
            "native": jax_native(workload),
            "functional": functional_form("jax", workload, ops=jax_ops()),
            "tape": tape_form("jax", workload),
        }
        found = harness.measure(candidates, options)
        lines += rows(workload.name, found)
        faster = found["native"].ratio(found["tape"])
        what = f"P5, jax, {workload.name}, tape at least {LEAST_JAX:.0f} times as fast"
        verdicts.append((what, f"{faster:.1f}", faster >= LEAST_JAX))
    harness.table("jax: one gradient; native is eager jax.grad", HEAD, lines)
    print()
    for line in verdicts:
        harness.verdict(*line)


def main() -> None:
    options = harness.arguments(__doc__, rounds=60, batch_ms=5.0)
    print(harness.versions("numpy", "torch", "tensorflow", "tensorflow-cpu", "jax"))
    for name in FRAMEWORKS:
        if importlib.util.find_spec(name):
            adapter(name, options)
    if importlib.util.find_spec("jax"):
        jax_tape(options)


if __name__ == "__main__":
    main()
