"""P7: a chain of many operations on the NumPy engine: linear time, little memory a node, all of it freed when spent.

Each length is measured in a fresh process. The chain ``x = x * 1.0000001`` keeps no residual, so that what grows is the
recording itself; ``x = sin(x)`` keeps its argument, whose size is subtracted.

Run: python benchmarks/depth.py [LENGTH ...]
"""

import json
import sys
import time
import tracemalloc
from typing import Any

import _harness as harness
import numpy as np

import autodiff_spec as ad

LENGTHS = (100_000, 1_000_000)
MOST_BYTES = 300
SPREAD = 1.5  # of the time an operation takes, between the lengths
FREE_LISTS = 512 * 1024  # what the interpreter keeps of freed tuples and floats, whatever the length


def chain(name: str, xp: Any, x: Any, length: int) -> Any:
    if name == "multiply":
        for _ in range(length):
            x = x * 1.0000001
    else:
        for _ in range(length):
            x = xp.sin(x)
    return x


def residual_bytes(name: str) -> int:
    """What a node of the chain keeps of the computation itself: nothing, or the argument."""
    return 0 if name == "multiply" else sys.getsizeof(np.ones(1))


def seconds(name: str, length: int) -> tuple[float, float]:
    """How long it takes to record the chain, and to differentiate it."""
    be = ad.backend("numpy")
    x = be.variable([0.5])
    start = time.perf_counter()
    with be.tape() as t:
        y = chain(name, be.xp, x, length)
    middle = time.perf_counter()
    t.grad(y, x)
    return middle - start, time.perf_counter() - middle


def recorded_bytes(name: str, length: int) -> tuple[int, int, int]:
    """Memory by tracemalloc: of the whole recording, the most while it is differentiated, and what is left then."""
    be = ad.backend("numpy")
    x = be.variable([0.5])
    tracemalloc.start()
    with be.tape() as t:
        y = chain(name, be.xp, x, length)
    recorded = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    t.grad(y, x)  # the tape and its target stay alive
    left, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return recorded, peak, left


def report(name: str, length: int) -> dict[str, Any]:
    seconds(name, 1000)
    forward, backward = min((seconds(name, length) for _ in range(3 if length <= LENGTHS[0] else 1)), key=sum)
    recorded, peak, left = recorded_bytes(name, length)
    return {
        "chain": name,
        "length": length,
        "seconds": forward + backward,
        "record": forward,
        "backward": backward,
        "node": recorded / length - residual_bytes(name),
        "peak": peak / recorded,
        "left": left,
    }


def main(lengths: list[int]) -> None:
    print(harness.versions("numpy"))
    found = [harness.in_a_fresh_process(__file__, name, length) for name in ("multiply", "sin") for length in lengths]
    rows = [
        [
            f"{one['chain']}, {one['length']:,}",
            f"{one['record']:.2f}",
            f"{one['backward']:.2f}",
            harness.microseconds(one["seconds"] / one["length"]),
            f"{one['node']:.0f}",
            f"{one['peak']:.2f}",
            f"{one['left'] / 1024:.0f}",
        ]
        for one in found
    ]
    head = ["operations", "record, s", "backward, s", "µs each", "bytes a node", "peak ÷ recording", "left, KiB"]
    harness.table("a chain on the numpy engine (bytes a node: over the residuals)", head, rows)
    print()
    for name in ("multiply", "sin"):
        each = [one["seconds"] / one["length"] for one in found if one["chain"] == name]
        if len(each) > 1:
            spread = max(each) / min(each)
            harness.verdict(f"P7, {name}, time an operation between lengths", f"× {spread:.2f}", spread <= SPREAD)
    worst = max(one["node"] for one in found)
    harness.verdict(f"P7, at most {MOST_BYTES} bytes a node over the residuals", f"{worst:.0f}", worst <= MOST_BYTES)
    kept = max(one["left"] for one in found)
    harness.verdict("P7, freed on a spent tape", f"{kept / 1024:.0f} KiB left", kept <= FREE_LISTS)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(report(sys.argv[2], int(sys.argv[3]))))
    else:
        main([int(argument) for argument in sys.argv[1:]] or list(LENGTHS))
