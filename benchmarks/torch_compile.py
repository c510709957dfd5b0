"""Why `prepare` is the identity on PyTorch: what torch.compile and make_fx bring, and what the first call costs.

Run: python benchmarks/torch_compile.py [--rounds N] [--batch-ms MS] [--clock cpu]      (needs a C++ compiler)
"""

import time
import warnings
from collections.abc import Callable
from typing import Any

import _harness as harness
from _engines import torch_ops
from _workloads import CHAIN300, MLP, Workload, bind


def candidates(workload: Workload) -> dict[str, Callable[[], Callable[[], Any]]]:
    """For each way to a gradient a function that makes it."""
    import torch
    from torch.fx.experimental.proxy_tensor import make_fx

    f = bind(workload, torch_ops(), torch.tensor)
    leaves = [torch.tensor(value, requires_grad=True) for value in workload.inputs()]
    detached = [leaf.detach() for leaf in leaves]

    def gradient(function: Any) -> Callable[[], Any]:
        return lambda: torch.autograd.grad(function(*leaves), leaves)

    def of_detached(*arrays: Any) -> Any:
        sources = [array.detach().requires_grad_() for array in arrays]
        return torch.autograd.grad(f(*sources), sources)

    def replayed() -> Callable[[], Any]:
        graph = make_fx(of_detached)(*detached)

        def run() -> Any:
            with torch.no_grad():
                return graph(*detached)

        return run

    return {
        "eager": lambda: gradient(f),
        "torch.compile": lambda: gradient(torch.compile(f, dynamic=False)),
        "aot_eager": lambda: gradient(torch.compile(f, backend="aot_eager", dynamic=False)),
        "make_fx": replayed,
    }


def main() -> None:
    options = harness.arguments(__doc__, rounds=10, batch_ms=10.0)
    warnings.simplefilter("ignore")
    print(harness.versions("torch"))
    lines = []
    for workload in (CHAIN300, MLP):
        runs, first = {}, {}
        for name, make in candidates(workload).items():
            start = time.perf_counter()
            runs[name] = make()
            runs[name]()
            first[name] = time.perf_counter() - start
        found = harness.measure(runs, options)
        for name, times in found.items():
            faster = f"{found['eager'].ratio(times):.2f}"
            lines.append([f"{workload.name}, {name}", f"{first[name]:.1f}", harness.microseconds(times.best), faster])
    harness.table("PyTorch: one gradient", ["", "first call, s", "best, µs", "times as fast as eager"], lines)


if __name__ == "__main__":
    main()
