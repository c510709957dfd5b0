"""P3: what `prepare` brings: on NumPy against code by hand, PyTorch and `jax.jit`, elsewhere against no `prepare`.

By hand is what an expert writes in NumPy for this one gradient, in place where that helps; it computes the value too,
and so does what is prepared. "into out=" gives arrays that receive the result. AUTODIFF_SPEC_PURE=1 measures NumPy
without the compiled module.

Run: python benchmarks/prepared.py [--rounds N] [--batch-ms MS] [--clock cpu]
"""

import importlib.util
from collections.abc import Callable
from typing import Any

import _harness as harness
from _by_hand import by_hand
from _engines import functional_form, jax_ops, our_ops, torch_native, waiting
from _workloads import CHAIN300, DOT4, ELEM1M, MLP, Workload, bind
from small_work import WORKLOADS as SMALL_WORK

import autodiff_spec as ad
from autodiff_numpy._compiled import SPEED

FORMS = ("unprepared", "prepared", "into out=")
FRAMEWORKS = ("torch", "tensorflow", "jax")
MOST_OF_HAND = {CHAIN300: 0.04, MLP: 1.0, ELEM1M: 0.45}
TIMES_PYTORCH = 15.0


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
    for workload, most in MOST_OF_HAND.items():
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
        ratio = found["prepared"].ratio(hand)
        verdicts.append((f"P3, {workload.name}, prepared, at most {most} × by hand", f"{ratio:.3f}", ratio <= most))
    head = ["workload", "by hand", *FORMS, *(f"{form} ÷" for form in FORMS)]
    harness.table("NumPy: best time of one gradient, µs, and ratios to that by hand", head, lines)
    print()
    for verdict in verdicts:
        harness.verdict(*verdict)


def jitted(workload: Workload) -> Callable[[], Any]:
    """Value and gradient compiled by JAX."""
    import jax
    import jax.numpy as jnp

    leaves = [jnp.asarray(value) for value in workload.inputs()]
    f = bind(workload, jax_ops(), jnp.asarray)
    gradient = jax.jit(jax.value_and_grad(f, argnums=tuple(range(len(leaves)))))
    return lambda: jax.block_until_ready(gradient(*leaves))


def on_small_work(options: harness.Options) -> None:
    """Prepared on NumPy against PyTorch eager, and against JAX compiled, which cannot trace the control flow."""
    if importlib.util.find_spec("torch") is None:
        return
    lines, ratios = [], []
    for workload in SMALL_WORK:
        candidates = {"prepared": prepared_form("numpy", workload)[0], "PyTorch": torch_native(workload)}
        if importlib.util.find_spec("jax") and workload.name != "control flow":
            candidates["jax.jit"] = jitted(workload)
        found = harness.measure(candidates, options)
        ratios.append(found["PyTorch"].ratio(found["prepared"]))
        times = [harness.microseconds(found[name].best) if name in found else "" for name in (*candidates, "jax.jit")]
        lines.append([workload.name, *times[:3], f"{ratios[-1]:.1f}"])
    mean = harness.geometric_mean(ratios)
    lines.append(["geometric mean", "", "", "", f"{mean:.1f}"])
    head = ["workload", "prepared on NumPy", "PyTorch", "jax.jit", "PyTorch ÷"]
    harness.table("small work, value and gradient: best time, µs, and the ratio to PyTorch's gradient", head, lines)
    print()
    goal = f"P3, small work, prepared, at least {TIMES_PYTORCH:.0f} times as fast as PyTorch"
    harness.verdict(goal, f"{mean:.1f}", mean >= TIMES_PYTORCH)


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
    print("with" if SPEED else "without", "the compiled module")
    on_numpy(options)
    on_small_work(options)
    elsewhere(options)


if __name__ == "__main__":
    main()
