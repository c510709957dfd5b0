"""P3: what `prepare` brings: on NumPy against code by hand, on the other frameworks against the function as it is.

By hand is what an expert writes in NumPy for this one gradient, in place where that helps; it computes the value too,
and so does what is prepared. "into out=" gives arrays that receive the result.

Run: python benchmarks/prepared.py [--rounds N] [--batch-ms MS] [--clock cpu]
"""

import importlib.util
from collections.abc import Callable
from typing import Any

import _harness as harness
from _by_hand import by_hand
from _engines import functional_form, our_ops, waiting
from _workloads import CHAIN300, DOT4, ELEM1M, MLP, Workload, bind

import autodiff_spec as ad

FORMS = ("unprepared", "prepared", "into out=")
FRAMEWORKS = ("torch", "tensorflow", "jax")
MOST_OF_HAND = 1.0


def prepared_form(name: str, workload: Workload) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """The prepared value and gradient, and the same into arrays that are given."""
    be = ad.backend(name)
    arrays = [be.asarray(value) for value in workload.inputs()]
    f = bind(workload, our_ops(be), be.asarray)
    prepared = be.prepare(be.value_and_grad(f, argnums=tuple(range(len(arrays)))), *arrays)
    out = be.xp.zeros_like(f(*arrays)), tuple(be.xp.zeros_like(array) for array in arrays)
    return waiting(name, lambda: prepared(*arrays)), lambda: prepared(*arrays, out=out)


def on_numpy(options: harness.Options) -> None:
    lines, verdicts = [], []
    for workload in (CHAIN300, MLP, ELEM1M):
        fresh, into = prepared_form("numpy", workload)
        candidates = {
            "by hand": by_hand(workload),
            "unprepared": functional_form("numpy", workload),
            "prepared": fresh,
            "into out=": into,
        }
        found = harness.measure(candidates, options)
        hand = found["by hand"]
        times = [harness.microseconds(t.best) for t in found.values()]
        lines.append([workload.name, *times, *(f"{found[form].ratio(hand):.2f}" for form in FORMS)])
        for form in FORMS[1:] if workload is not ELEM1M else ():
            ratio = found[form].ratio(hand)
            verdicts.append((f"P3, {workload.name}, {form}, at most {MOST_OF_HAND:.0f} × by hand", ratio))
    head = ["workload", "by hand", *FORMS, *(f"{form} ÷" for form in FORMS)]
    harness.table("NumPy: best time of one gradient, µs, and ratios to that by hand", head, lines)
    print()
    for what, ratio in verdicts:
        harness.verdict(what, f"{ratio:.2f}", ratio <= MOST_OF_HAND)


def elsewhere(options: harness.Options) -> None:
    lines = []
    for name in FRAMEWORKS:
        if importlib.util.find_spec(name) is None:
            continue
        for workload in (DOT4, CHAIN300, MLP):
            found = harness.measure(
                {"unprepared": functional_form(name, workload), "prepared": prepared_form(name, workload)[0]}, options
            )
            times = [harness.microseconds(t.best) for t in found.values()]
            lines.append([f"{name}, {workload.name}", *times, f"{found['unprepared'].ratio(found['prepared']):.1f}"])
    head = ["", "unprepared", "prepared", "times as fast"]
    harness.table("other frameworks: best time of one gradient, µs", head, lines)


def main() -> None:
    options = harness.arguments(__doc__, rounds=20, batch_ms=10.0)
    print(harness.versions("numpy", "torch", "tensorflow", "tensorflow-cpu", "jax"))
    on_numpy(options)
    elsewhere(options)


if __name__ == "__main__":
    main()
