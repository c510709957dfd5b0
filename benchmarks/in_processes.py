"""Tensors in parts: what the interface adds to autograd on DTensors, and a DTensor to a plain tensor.

PyTorch in one, two and four processes on loopback, each with a part of the rows of a logistic regression: value and
gradient by `torch.autograd.grad` on the same DTensors, laid as the parameters are, are the reference. Where there are
as many processes as cores, and no other work, times of processes compare too.

Run: python benchmarks/in_processes.py [--rounds N]
"""

import functools
import json
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import _harness as harness
import torch
from torch import distributed
from torch.distributed.tensor import Replicate, Shard, distribute_tensor, init_device_mesh

import autodiff_spec as ad

PROCESSES = (1, 2, 4)
ROWS, COLUMNS = 400_000, 20
NATIVE, SPEC = ad.backend("torch"), ad.backend("torch", conventions="spec")
RATIOS = ("value_and_grad", "spec", "tape")


def loss(w: Any, x: Any, y: Any) -> Any:
    return torch.mean(torch.nn.functional.softplus(-y * (x @ w)))


def by_autograd(w: Any, x: Any, y: Any) -> Any:
    leaf = w.detach().requires_grad_()
    value = loss(leaf, x, y)
    return value, torch.autograd.grad(value, leaf)[0]


def on_a_tape(w: Any, x: Any, y: Any) -> Any:
    with NATIVE.tape() as t:
        leaf = t.watch(w)
        value = loss(leaf, x, y)
    return value, t.grad(value, leaf)


STEPS: dict[str, Callable[..., Any]] = {
    "autograd": by_autograd, "value_and_grad": NATIVE.value_and_grad(loss), "spec": SPEC.value_and_grad(loss),
    "tape": on_a_tape,
}  # fmt: skip


def measured(processes: int, rank: int, rounds: int, store: str) -> dict[str, float]:
    """Seconds and ratios, as one of the processes sees them."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=processes)
    mesh = init_device_mesh("cpu", (processes,))
    torch.manual_seed(0)
    x, w = torch.randn(ROWS, COLUMNS, dtype=torch.float64), torch.linspace(-1, 1, COLUMNS, dtype=torch.float64)
    plain = (w, x, torch.sign(x @ w))
    parts = [distribute_tensor(each, mesh, [Shard(0)]) for each in plain[1:]]
    arrays = (distribute_tensor(w, mesh, [Replicate()]), *parts)
    expected = by_autograd(*plain)[1]
    for step in STEPS.values():
        torch.testing.assert_close(step(*arrays)[1].full_tensor(), expected)

    def laid(step: Callable[..., Any]) -> Any:
        value, slope = step(*arrays)
        return value, slope.redistribute(mesh, [Replicate()])  # what the flavour "spec" has done

    candidates: dict[str, Callable[[], Any]] = {name: functools.partial(laid, step) for name, step in STEPS.items()}
    if processes == 1:
        candidates["plain"] = functools.partial(by_autograd, *plain)
    # One call a batch: the processes have to make the same calls.
    found = harness.measure(candidates, harness.Options(rounds, 0.0, harness.CLOCKS["wall"]))
    distributed.destroy_process_group()
    seconds = {name: found[name].best for name in ("autograd", "plain") if name in found}
    return {**seconds, **{f"{name} ratio": found[name].ratio(found["autograd"]) for name in RATIOS}}


def main() -> None:
    if "--one" in sys.argv:
        processes, rank, rounds, store = sys.argv[sys.argv.index("--one") + 1 :]
        print(json.dumps(measured(int(processes), int(rank), int(rounds), store)))
        return
    options = harness.arguments(__doc__, rounds=41, batch_ms=0.0)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    print(harness.versions("torch"))
    lines = []
    for processes in PROCESSES:
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as threads:
            store = Path(folder) / "store"
            ranks = [
                threads.submit(harness.in_a_fresh_process, __file__, processes, rank, options.rounds, store)
                for rank in range(processes)
            ]
            one = ranks[0].result()
        ratios = [f"{one[f'{name} ratio']:.2f}" for name in RATIOS]
        plain = f"{1e3 * one['plain']:.1f}" if "plain" in one else "-"
        lines.append([f"{processes}", plain, f"{1e3 * one['autograd']:.1f}", *ratios])
    head = ["processes", "plain, ms", "autograd, ms", *(f"{name} ÷" for name in RATIOS)]
    harness.table(f"DTensors, {ROWS:,} × {COLUMNS}, rows over processes: ratios to torch.autograd.grad", head, lines)


if __name__ == "__main__":
    main()
