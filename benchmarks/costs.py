"""What gradients cost on every installed backend: the function, its gradient, and the framework's own gradient.

The gradient is the functional form over the array API namespace; the function is the same code without a gradient;
native is what an expert writes in the framework (on JAX eager ``jax.grad``; NumPy has none). With ``--json`` the times
are written as ``autodiff-spec report --costs`` reads them.

Run: python benchmarks/costs.py [--rounds N] [--batch-ms MS] [--json FILE]
"""

import argparse
import importlib.util
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import _harness as harness
from _engines import functional_form, jax_native, our_ops, tensorflow_native, torch_native, waiting
from _workloads import CHAIN300, ELEM1M, LSTM, MIXTURE, MLP, ROSENBROCK, Workload, bind

import autodiff_spec as ad

NATIVE = {"numpy": None, "torch": torch_native, "tensorflow": tensorflow_native, "jax": jax_native}
WORKLOADS = (ROSENBROCK, CHAIN300, LSTM, MIXTURE, MLP, ELEM1M)
COSTS_SCHEMA = 1


def function_form(name: str, workload: Workload) -> Any:
    be = ad.backend(name)
    arrays = [be.asarray(value) for value in workload.inputs()]
    f = bind(workload, our_ops(be), be.asarray)
    return waiting(name, lambda: f(*arrays))


def costs(name: str, options: harness.Options) -> Iterator[dict[str, Any]]:
    native = NATIVE[name]
    for workload in WORKLOADS:
        candidates = {"function": function_form(name, workload), "gradient": functional_form(name, workload)}
        if native is not None:
            candidates["native"] = native(workload)
        found = harness.measure(candidates, options)
        gradient = found["gradient"]
        yield {
            "backend": name,
            "version": ad.backend(name).version,
            "workload": workload.name,
            "seconds": gradient.best,
            "to_function": gradient.ratio(found["function"]),
            "to_native": gradient.ratio(found["native"]) if "native" in found else None,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--batch-ms", type=float, default=5.0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    options = harness.Options(given.rounds, given.batch_ms / 1e3, time.perf_counter)
    names = [name for name in NATIVE if importlib.util.find_spec(name)]
    found = [cost for name in names for cost in costs(name, options)]
    rows = [
        [
            cost["workload"],
            cost["backend"],
            harness.microseconds(cost["seconds"]),
            f"{cost['to_function']:.1f}",
            "-" if cost["to_native"] is None else f"{cost['to_native']:.2f}",
        ]
        for cost in found
    ]
    head = ["workload", "backend", "gradient, µs", "÷ function", "÷ native"]
    harness.table(harness.versions("numpy", "torch", "tensorflow", "tensorflow-cpu", "jax"), head, rows)
    if given.json:
        given.json.write_text(json.dumps({"costs_schema": COSTS_SCHEMA, "costs": found}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
