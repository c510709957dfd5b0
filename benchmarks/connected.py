"""What it costs to stay in PyTorch's graph: a gradient that is differentiated again by the user's own backward().

Each candidate takes the gradient of a workload at a leaf of the user's, and pulls its squares back to that leaf: ours,
``torch.func.grad``, and ``torch.autograd.grad(create_graph=True)``.

Run: python benchmarks/connected.py [--rounds N] [--batch-ms MS] [--clock cpu]
"""

from collections.abc import Callable
from typing import Any

import _harness as harness
import torch

import autodiff_spec as ad

Function = Callable[[Any], Any]


def chain300(b: Any) -> Any:
    for _ in range(100):
        b = torch.sin(b * 1.01) + 0.1
    return b.sum()


def network(x: Any) -> Any:
    torch.manual_seed(0)
    for _ in range(4):
        x = torch.tanh(x @ torch.ones(64, 64) / 64.0)
    return x.sum()


def dot4(x: Any) -> Any:
    return 2.0 * (x * x).sum()


def by_autograd(f: Function) -> Function:
    return lambda x: torch.autograd.grad(f(x), x, create_graph=True)[0]


def again(gradient: Function, start: Any) -> Callable[[], Any]:
    def run() -> Any:
        x = start.clone().requires_grad_()
        (gradient(x) ** 2).sum().backward()
        return x.grad

    return run


def main() -> None:
    options = harness.arguments(__doc__, rounds=40, batch_ms=5.0)
    print(harness.versions("torch"))
    be, lines = ad.backend("torch"), []
    for f, start in ((dot4, torch.arange(4.0)), (chain300, torch.arange(4.0)), (network, torch.ones(32, 64))):
        candidates = {"autograd.grad": by_autograd(f), "torch.func.grad": torch.func.grad(f), "ours": be.grad(f)}
        expected, *others = (again(gradient, start)() for gradient in candidates.values())
        assert all(torch.allclose(other, expected, rtol=1e-4) for other in others)
        found = harness.measure({name: again(gradient, start) for name, gradient in candidates.items()}, options)
        native = found["autograd.grad"]
        lines += [
            [f.__name__, name, harness.microseconds(times.best), f"{times.ratio(native):.2f}"]
            for name, times in found.items()
        ]
    harness.table("a gradient, and its own gradient", ["workload", "gradient", "best, µs", "÷ autograd.grad"], lines)


if __name__ == "__main__":
    main()
