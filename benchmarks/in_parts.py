"""Arrays in parts: what the derivative adds to what Dask or JAX does for it.

Dask, two worker processes of one thread on loopback: value and gradient of a logistic regression by its parameters,
and of a mean by its data, against the same derivatives written by hand with Dask's functions, in 2, 4 and 8 chunks
(goal: at most 1.1 times as long), with the ratio of the two on NumPy's arrays beside it, and the bytes and messages
that the workers send in a step, as they log them; the bytes of the graphs, which the client makes and sends, for data
of any size (goal: at most 1 MB); what grows with the number of chunks. JAX, 1, 2, 4 and 8 virtual devices of one CPU:
the same regression by `jax.value_and_grad` with the same shardings, eager and compiled.

Run: python benchmarks/in_parts.py [--rounds N] [--batch-ms MS]
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import _harness as harness
import numpy as np

import autodiff_spec as ad

CHUNKS = (2, 4, 8)
DEVICES = (1, 2, 4, 8)
ROWS, COLUMNS = 400_000, 20
MOST_OF_HAND = 1.1
MOST_GRAPH = 1e6
MANY = (8, 100, 1000)
SIZES = (10**5, 10**7, 10**9)

Step = Callable[..., tuple[Any, Any]]


def regression(w: Any, x: Any, y: Any) -> Any:
    return np.mean(np.logaddexp(0, -y * (x @ w)))


def smooth(x: Any) -> Any:
    return np.mean(np.tanh(x) ** 2)


def regression_by_hand(w: Any, x: Any, y: Any) -> tuple[Any, Any]:
    z = -y * (x @ w)
    return np.mean(np.logaddexp(0, z)), x.T @ (-y / (1 + np.exp(-z))) / x.shape[0]


def smooth_by_hand(x: Any) -> tuple[Any, Any]:
    t = np.tanh(x)
    return np.mean(t**2), 2 * t / np.cosh(x) ** 2 / x.size


def sized(value: Any, slope: Any) -> tuple[Any, Any]:
    """Of a gradient that is as large as the data its size alone, so that it stays where it is."""
    return value, np.sum(slope**2)


BE = ad.backend("numpy")
W = np.linspace(-1, 1, COLUMNS)
FORMS = ("by hand", "derived")
WORKLOADS: dict[str, dict[str, Step]] = {
    "regression, by its parameters": {
        "by hand": lambda x, y: regression_by_hand(W, x, y),
        "derived": lambda x, y: BE.value_and_grad(regression)(W, x, y),
    },
    "a mean, by its data": {
        "by hand": lambda x, y: sized(*smooth_by_hand(x)),
        "derived": lambda x, y: sized(*BE.value_and_grad(smooth)(x)),
    },
}
"""Workload -> form -> a lazy value, and what is computed of the gradient beside it."""


def data(rows: int, chunks: int, form: str) -> tuple[Any, Any]:
    """Rows of numbers and their labels, which workers draw; by their names no form takes tasks of another's."""
    from dask import array as da

    rng = da.random.default_rng(0)
    x = rng.normal(size=(rows, COLUMNS), chunks=(rows // chunks, COLUMNS))
    y = rng.normal(size=rows, chunks=rows // chunks)
    name = f"{form}-{rows}-{chunks}"
    return x.map_blocks(np.positive, name=f"x-{name}"), y.map_blocks(np.sign, name=f"y-{name}")


def on_dask(options: harness.Options) -> None:
    import distributed

    lines, verdicts = [], []
    with (
        distributed.LocalCluster(2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0") as workers,
        distributed.Client(workers) as client,
    ):
        for chunks in CHUNKS:
            kept = {form: [array.persist() for array in data(ROWS, chunks, form)] for form in FORMS}
            distributed.wait(list(kept.values()))
            for name, candidates in WORKLOADS.items():
                runs = {form: _computing(candidates[form], kept[form]) for form in FORMS}
                for one, other in zip(*(run() for run in runs.values()), strict=True):
                    np.testing.assert_allclose(one, other, rtol=1e-10)
                found = harness.measure(runs, options)
                ratio = found["derived"].ratio(found["by hand"])
                whole = in_one_part(candidates, options)
                sent = {form: transfers(client, run) for form, run in runs.items()}
                times = [f"{1e3 * found[form].best:.0f}" for form in runs]
                lines.append([f"{name}, {chunks} chunks", *times, f"{ratio:.2f}", f"{whole:.2f}", *sent.values()])
                verdicts.append((f"{name}, {chunks} chunks, at most {MOST_OF_HAND} × by hand", ratio))
    head = ["", "by hand, ms", "derived, ms", "ratio", "on NumPy", "moved by hand", "moved, derived"]
    harness.table(f"Dask, {ROWS:,} × {COLUMNS}: a step, and what it moved (bytes in messages)", head, lines)
    print()
    for what, ratio in verdicts:
        harness.verdict(what, f"{ratio:.2f}", ratio <= MOST_OF_HAND)


def _computing(step: Step, arrays: list[Any]) -> Callable[[], Any]:
    import dask

    return lambda: dask.compute(*step(*arrays))


def in_one_part(candidates: dict[str, Step], options: harness.Options) -> float:
    """The ratio of the two forms on NumPy's arrays: what the arithmetic alone makes of it."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(ROWS // 8, COLUMNS)), np.sign(rng.normal(size=ROWS // 8))
    found = harness.measure({form: (lambda step=step: step(x, y)) for form, step in candidates.items()}, options)
    return found["derived"].ratio(found["by hand"])


def transfers(client: Any, run: Callable[[], Any]) -> str:
    """The bytes and the messages that workers send while a step runs."""

    def sent(dask_worker: Any) -> Any:
        return np.array([dask_worker.transfer_outgoing_bytes_total, dask_worker.transfer_outgoing_count_total])

    before = sum(client.run(sent).values())
    run()
    size, count = sum(client.run(sent).values()) - before
    return f"{size:,} in {count}"


def tasks_of(name: str, form: str, rows: int, chunks: int) -> dict[Any, Any]:
    """The graph of a value and its gradient, as the client sends it."""
    import dask

    tasks: dict[Any, Any] = {}
    for collection in dask.optimize(*WORKLOADS[name][form](*data(rows, chunks, form))):
        tasks |= dict(collection.dask)
    return tasks


def graphs() -> None:
    """The bytes of graphs, in 8 chunks whatever the size of the data."""
    import cloudpickle

    def sizes(name: str, rows: int) -> list[int]:
        return [len(cloudpickle.dumps(tasks_of(name, form, rows, 8))) for form in FORMS]

    found = {f"{name}, {rows:,} rows": sizes(name, rows) for name in WORKLOADS for rows in SIZES}
    lines = [[name, *(f"{size:,}" for size in both)] for name, both in found.items()]
    harness.table("Dask: bytes of the graph that the client sends, 8 chunks", ["", *FORMS], lines)
    print()
    largest = max(max(both) for both in found.values())
    harness.verdict(f"graph, at most {MOST_GRAPH / 1e6:.0f} MB", f"{largest / 1e6:.2f}", largest <= MOST_GRAPH)


def many_chunks() -> None:
    """What grows with the number of chunks, on blocks of ten rows: tasks, bytes, the time of client and scheduler.

    Both are this process, so its processor time is theirs, whatever else the machine does.
    """
    import cloudpickle
    import distributed

    name, lines = next(iter(WORKLOADS)), []
    with (
        distributed.LocalCluster(2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0") as workers,
        distributed.Client(workers),
    ):
        for chunks in MANY:
            tasks = tasks_of(name, "derived", 10 * chunks, chunks)
            step = _computing(WORKLOADS[name]["derived"], list(data(10 * chunks, chunks, "derived")))
            seconds = min(harness._batch(step, 1, harness.CLOCKS["cpu"]) for _ in range(3))
            cells = [f"{len(tasks):,}", f"{len(cloudpickle.dumps(tasks)):,}", f"{seconds:.2f}"]
            lines.append([f"{chunks} chunks", *cells, f"{1e3 * seconds / len(tasks):.2f}"])
    head = ["", "tasks", "bytes", "processor, s", "ms a task"]
    harness.table(f"Dask: {name}, a step on blocks of 10 rows", head, lines)


def on_jax(devices: int, options: harness.Options) -> dict[str, Any]:
    """Times on this many virtual devices, in a process that has not loaded JAX yet."""
    os.environ["JAX_NUM_CPU_DEVICES"] = str(devices)
    import jax
    from jax import numpy as jnp
    from jax.sharding import NamedSharding, PartitionSpec

    assert len(jax.devices()) == devices
    mesh = jax.make_mesh((devices,), ("parts",), axis_types=(jax.sharding.AxisType.Auto,))
    rows, whole = NamedSharding(mesh, PartitionSpec("parts")), NamedSharding(mesh, PartitionSpec())
    rng = np.random.default_rng(0)
    x = jax.device_put(rng.normal(size=(ROWS, COLUMNS)), rows)
    y = jax.device_put(np.sign(rng.normal(size=ROWS)), rows)
    w = jax.device_put(np.linspace(-1, 1, COLUMNS), whole)

    def loss_of(xp: Any) -> Callable[..., Any]:
        return lambda w, x, y: xp.mean(xp.logaddexp(0.0, -y * (x @ w)))

    be, mended = ad.backend("jax"), ad.backend("jax", conventions="spec")
    plain, ours, specs = loss_of(jnp), loss_of(be.xp), loss_of(mended.xp)

    def on_a_tape() -> Any:
        with be.tape() as t:
            u = t.watch(w)
            value = ours(u, x, y)
        return be.stop_gradient(value), t.grad(value, u)

    compiled = jax.jit(jax.value_and_grad(plain))
    prepared = be.prepare(be.value_and_grad(ours), w, x, y)
    candidates: dict[str, Callable[[], Any]] = {
        "jax": lambda: jax.value_and_grad(plain)(w, x, y),
        "value_and_grad": lambda: be.value_and_grad(ours)(w, x, y),
        "spec": lambda: mended.value_and_grad(specs)(w, x, y),
        "tape": on_a_tape,
        "jit": lambda: compiled(w, x, y),
        "prepared": lambda: prepared(w, x, y),
    }
    for run in candidates.values():
        np.testing.assert_allclose(np.asarray(run()[1]), np.asarray(compiled(w, x, y)[1]), rtol=1e-10)
    waiting = {name: (lambda run=run: jax.block_until_ready(run())) for name, run in candidates.items()}
    found = harness.measure(waiting, options)
    ratios = {name: found[name].ratio(found["jax"]) for name in ("value_and_grad", "spec", "tape")}
    ratios["prepared"] = found["prepared"].ratio(found["jit"])
    return {"jax": found["jax"].best, "jit": found["jit"].best, **ratios}


def main() -> None:
    if "--one" in sys.argv:
        devices = int(sys.argv[sys.argv.index("--one") + 1])
        print(json.dumps(on_jax(devices, harness.Options(12, 0.05, harness.CLOCKS["wall"]))))
        return
    options = harness.arguments(__doc__, rounds=15, batch_ms=200.0)
    print(harness.versions("numpy", "dask", "distributed", "jax"))
    on_dask(options)
    graphs()
    many_chunks()
    lines = []
    for devices in DEVICES:
        one = harness.in_a_fresh_process(__file__, devices)
        eager = [f"{one[name]:.2f}" for name in ("value_and_grad", "spec", "tape")]
        compiled = [f"{1e3 * one['jit']:.1f}", f"{one['prepared']:.2f}"]
        lines.append([f"{devices} devices", f"{1e3 * one['jax']:.1f}", *eager, *compiled])
    head = ["", "jax, eager, ms", "value_and_grad ÷", "spec ÷", "tape ÷", "jax.jit, ms", "prepared ÷"]
    harness.table(f"JAX, {ROWS:,} × {COLUMNS}, rows over devices: ratios to jax.value_and_grad", head, lines)


if __name__ == "__main__":
    main()
