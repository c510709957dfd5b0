"""P6, the cheap gradient principle on the NumPy engine: gradient ÷ function, and gradient of gradient ÷ gradient.

The function runs on plain arrays, where nothing is recorded. The gradient of the gradient is that of the sum of the
squares of all the gradient's elements. On small work the cost of calling, which the principle does not speak of, shows;
so linear algebra has three sizes.

Run: python benchmarks/cheap_gradient.py [--rounds N] [--batch-ms MS] [--clock cpu]
"""

from collections.abc import Callable
from typing import Any

import _harness as harness
import numpy as np
from _engines import our_ops
from _workloads import CHAIN300, CONTROL_FLOW, DOT4, ELEM1M, LSTM, MIXTURE, MLP, ROSENBROCK, bind

import autodiff_spec as ad

WORKLOADS = (DOT4, ROSENBROCK, CONTROL_FLOW, CHAIN300, LSTM, MIXTURE, MLP, ELEM1M)
SIZES = (10, 50, 200)
MOST, MOST_SECOND = 4.0, 5.0
be = ad.backend("numpy")
xp = be.xp


def _matrix(size: int) -> Any:
    draw = np.random.default_rng(0).normal(size=(size, size)) / size**0.5
    return draw @ draw.T + np.eye(size)


def linear_algebra(size: int) -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    a, b = _matrix(size), np.random.default_rng(1).normal(size=size)
    linalg = xp.linalg
    return {
        f"det {size}": (linalg.det, (a,)),
        f"slogdet {size}": (lambda x: linalg.slogdet(x)[1], (a,)),
        f"inv {size}": (lambda x: xp.sum(linalg.inv(x)), (a,)),
        f"solve {size}": (lambda x, y: xp.sum(linalg.solve(x, y)), (a, b)),
        f"cholesky {size}": (lambda x: xp.sum(linalg.cholesky(x)), (a,)),
        f"eigvalsh {size}": (lambda x: xp.sum(linalg.eigvalsh(x) ** 3), (a,)),
        f"matmul {size}": (lambda x: xp.sum(xp.matmul(x, x)), (a,)),
    }


def main() -> None:
    options = harness.arguments(__doc__, rounds=10, batch_ms=5.0)
    print(harness.versions("numpy"))
    programs = {w.name: (bind(w, our_ops(be), be.asarray), w.inputs()) for w in WORKLOADS}
    for size in SIZES:
        programs |= linear_algebra(size)
    rows, first, second = [], {}, {}
    for name, (f, arrays) in programs.items():
        found = harness.measure(candidates(f, arrays), options)
        first[name] = found["gradient"].ratio(found["function"])
        second[name] = found["of gradient"].ratio(found["gradient"])
        times = [harness.microseconds(t.best) for t in found.values()]
        rows.append([name, *times, f"{first[name]:.1f}", f"{second[name]:.1f}"])
    head = ["workload", "function, µs", "gradient", "of gradient", "gradient ÷ function", "of gradient ÷ gradient"]
    harness.table("the NumPy engine, grad(f)", head, rows)
    print()
    for what, most, ratios in (("gradient", MOST, first), ("gradient of gradient", MOST_SECOND, second)):
        for name, ratio in ratios.items():
            harness.verdict(f"P6, {name}, {what} at most {most:.0f} ×", f"{ratio:.1f}", ratio <= most)


def candidates(f: Callable[..., Any], arrays: tuple[Any, ...]) -> dict[str, Callable[[], Any]]:
    positions = tuple(range(len(arrays)))
    gradient = be.grad(f, positions)

    def size(*xs: Any) -> Any:
        total = 0.0
        for g in gradient(*xs):
            total = total + xp.sum(g * g)
        return total

    of_gradient = be.grad(size, positions)
    return {
        "function": lambda: f(*arrays),
        "gradient": lambda: gradient(*arrays),
        "of gradient": lambda: of_gradient(*arrays),
    }


if __name__ == "__main__":
    main()
