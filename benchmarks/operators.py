"""What each operator costs, in evaluations of the function; and why a second derivative costs more than a first.

Run: python benchmarks/operators.py [--rounds N] [--batch-ms MS] [--clock cpu]

The function is the sum of a chain of 20 steps ``b = sin(b * 1.01) + 0.1`` on 10 000 numbers, so that arithmetic counts
and not the interpreter; Jacobians and Hessians are those of the same chain on 8 numbers, where it is the other way
round. Both are evaluated through the interface, without derivatives, for the unit.
"""

import importlib.util
from collections.abc import Callable
from typing import Any

import _harness as harness
import numpy as np

import autodiff_spec as ad

LARGE, SMALL, STEPS = 10_000, 8, 20
FRAMEWORKS = {"numpy": "numpy", "torch": "torch", "tensorflow": "tensorflow", "jax": "jax"}


def chain(be: ad.Backend) -> Callable[[Any], Any]:
    def f(b: Any) -> Any:
        for _ in range(STEPS):
            b = be.xp.sin(b * 1.01) + 0.1
        return b

    return f


def candidates(be: ad.Backend) -> dict[str, Callable[[], Any]]:
    """The operators on the large input, the function itself first."""
    g, xp = chain(be), be.xp
    x = be.asarray(np.linspace(0.0, 1.0, LARGE))
    v = be.asarray(np.linspace(1.0, 2.0, LARGE))

    def f(b: Any) -> Any:
        return xp.sum(g(b))

    def product(a: Any) -> Any:
        return xp.sum(be.grad(f)(a) * v)

    one, product_of = be.linearize(f, x)

    def twice(a: Any) -> Any:
        return xp.sum(be.grad(product)(a) * v)

    found = {
        "f": lambda: f(x),
        "grad": lambda: be.grad(f)(x),
        "jvp": lambda: be.jvp(f, (x,), (v,)),
        "linearize": lambda: be.linearize(f, x),
        "a product with it": lambda: product_of(v),
        "one with its T": lambda: product_of.T(one),
        "hvp": lambda: be.hvp(f, (x,), (v,)),
        "grad of <grad, v>": lambda: be.grad(product)(x),
        "the third order": lambda: be.grad(twice)(x),
    }
    if ad.Capability.CHECKPOINT in be.capabilities:
        kept = be.checkpoint(g)
        found["grad, checkpoint"] = lambda: be.grad(lambda b: xp.sum(kept(b)))(x)
    return found


def matrices(be: ad.Backend) -> dict[str, Callable[[], Any]]:
    """Those whose cost grows with the size, on the small input."""
    g, x = chain(be), be.asarray(np.linspace(0.0, 1.0, SMALL))
    v = be.asarray(np.linspace(1.0, 2.0, SMALL))

    def f(b: Any) -> Any:
        return be.xp.sum(g(b))

    return {
        "f": lambda: f(x),
        "grad": lambda: be.grad(f)(x),
        "hvp": lambda: be.hvp(f, (x,), (v,)),
        "jacobian, reverse": lambda: be.jacobian(g, mode="reverse")(x),
        "jacobian, forward": lambda: be.jacobian(g, mode="forward")(x),
        "hessian": lambda: be.hessian(f)(x),
        "hessian_diag": lambda: be.hessian_diag(f)(x),
        "vmap": lambda: be.vmap(g)(x),
    }


def waiting(name: str, runs: dict[str, Callable[[], Any]]) -> dict[str, Callable[[], Any]]:
    """JAX returns before it has computed: wait for it."""
    if name != "jax":
        return runs
    import jax

    return {operator: lambda run=run: jax.block_until_ready(run()) for operator, run in runs.items()}  # type: ignore[misc]


def main() -> None:
    options = harness.arguments(__doc__, rounds=7, batch_ms=20.0)
    print(harness.versions("numpy", "torch", "tensorflow", "tensorflow-cpu", "jax"))
    names = [name for name, module in FRAMEWORKS.items() if importlib.util.find_spec(module)]
    for title, programs in ((f"{LARGE} numbers", candidates), (f"{SMALL} numbers", matrices)):
        ratios: dict[str, dict[str, str]] = {}
        for name in names:
            times = harness.measure(waiting(name, programs(ad.backend(name))), options)
            for operator, found in times.items():
                ratios.setdefault(operator, {})[name] = f"{found.ratio(times['f']):.1f}"
            ratios.setdefault("f, µs", {})[name] = harness.microseconds(times["f"].best)
        rows = [[operator, *(row.get(name, "-") for name in names)] for operator, row in ratios.items()]
        harness.table(f"cost in evaluations of f, {title}", ["operator", *names], rows)


if __name__ == "__main__":
    main()
