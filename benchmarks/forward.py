"""Forward mode on the NumPy engine: what a direction costs, and what it saves.

The rows compare: `jvp` with the function on plain arrays (goal: at most 3 on `mlp`), with the derived operator of other
backends (the pullback of the pullback) beside it; `hvp`, forward over reverse, with one gradient (goal: at most 5), and
reverse over reverse beside it; the Jacobian of a tall function by columns, and by rows. ``at once`` are small arrays,
where the interpreter's share is largest.

Run: python benchmarks/forward.py [--rounds N] [--batch-ms MS] [--clock cpu]
"""

from collections.abc import Sequence
from typing import Any

import _harness as harness
import numpy as np
from _engines import our_ops
from _workloads import CHAIN300, MLP, Workload, bind

import autodiff_spec as ad
from autodiff_spec.core.engine import Engine

BE = ad.backend("numpy")
MOST_JVP, MOST_HVP = 3.0, 5.0


def costs(workload: Workload, options: harness.Options) -> dict[str, harness.Times]:
    """The function, its gradient, and its derivatives along a direction in several ways."""
    f = bind(workload, our_ops(BE), np.asarray)
    arrays = workload.inputs()
    everyone = tuple(range(len(arrays)))
    gradient = BE.grad(f, everyone)
    tangents = [np.ones_like(array) for array in arrays]

    def flat(*leaves: Any) -> list[Any]:
        return [f(*leaves)]

    def twice_reversed() -> Any:
        _, pull = BE.vjp(gradient, *arrays)
        return pull(tuple(tangents))

    return harness.measure(
        {
            "function": lambda: f(*arrays),
            "gradient": lambda: gradient(*arrays),
            "jvp": lambda: BE.jvp(f, arrays, tangents),
            "derived jvp": lambda: Engine._jvp(BE, flat, list(arrays), tangents),
            "hvp": lambda: BE.hvp(f, arrays, tangents),
            "reverse twice": twice_reversed,
        },
        options,
    )


def tall(x: Any) -> Any:
    """From 8 numbers to 2000."""
    grid = np.linspace(0, 1, 2000)[:, None]
    return np.sum(x[:4] * np.sin(grid * x[4:]), axis=1)


def jacobians(options: harness.Options) -> dict[str, harness.Times]:
    x = np.linspace(0.5, 1.5, 8)

    class Derivedly(type(BE)):  # type: ignore[misc]
        _linearize = Engine._linearize

    return harness.measure(
        {
            "function": lambda: tall(x),
            "forward": lambda: BE.jacobian(tall, mode="forward")(x),
            "forward, derived": lambda: Derivedly().jacobian(tall, mode="forward")(x),
        },
        options,
    )


def row(name: str, found: dict[str, harness.Times], candidates: Sequence[str], by: str) -> list[str]:
    return [name, harness.microseconds(found[by].best), *(f"{found[c].ratio(found[by]):.2f}" for c in candidates)]


def main() -> None:
    options = harness.arguments(__doc__, rounds=20, batch_ms=10.0)
    print(harness.versions("numpy"))
    found = {workload.name: costs(workload, options) for workload in (MLP, CHAIN300)}
    kinds = ("gradient", "jvp", "derived jvp")
    harness.table(
        "time ÷ that of the function on plain arrays",
        ["workload", "function, µs", *kinds],
        [row(name, times, kinds, "function") for name, times in found.items()],
    )
    kinds = ("hvp", "reverse twice")
    harness.table(
        "time ÷ that of one gradient",
        ["workload", "gradient, µs", *kinds],
        [row(name, times, kinds, "gradient") for name, times in found.items()],
    )
    columns = jacobians(options)
    kinds = ("forward", "forward, derived")
    harness.table(
        "Jacobian of a function from 8 numbers to 2000, time ÷ that of the function",
        ["", "function, µs", *kinds],
        [row("tall", columns, kinds, "function")],
    )
    print()
    jvp, hvp = found["mlp"]["jvp"].ratio(found["mlp"]["function"]), found["mlp"]["hvp"].ratio(found["mlp"]["gradient"])
    harness.verdict(f"jvp of mlp, at most {MOST_JVP:.0f} functions", f"{jvp:.2f}", jvp <= MOST_JVP)
    harness.verdict(f"hvp of mlp, at most {MOST_HVP:.0f} gradients", f"{hvp:.2f}", hvp <= MOST_HVP)


if __name__ == "__main__":
    main()
