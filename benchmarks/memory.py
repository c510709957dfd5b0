"""P8: memory over 10 000 training steps, on every backend: live objects and the size of the process stay flat.

Each backend trains the chapter's linear regression in a fresh process. Live objects are the blocks that Python has
allocated; arrays that the framework allocates itself show in the resident set.

Run: python benchmarks/memory.py [STEPS [BACKEND ...]]
"""

import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import _harness as harness
import numpy as np

import autodiff_spec as ad
from autodiff_spec.textbook import training

STEPS = 10_000
WARM_UP = 0.1  # of the steps: caches fill, allocators find their size
MOST_BLOCKS_A_STEP = 0.1
MOST_MEBIBYTES = 4.0
MEBIBYTE = 1 << 20


def resident_bytes() -> int:
    if Path("/proc/self/statm").exists():
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def train(name: str, steps: int) -> dict[str, Any]:
    """Train and look at memory after the warm-up and at the end."""
    with ad.use_backend(name) as be:
        w, b = be.variable(np.zeros_like(training.WEIGHTS)), be.variable(0.0, dtype=be.xp.float64)
        looks = []
        start = time.perf_counter()
        for step, _ in enumerate(training.train(w, b, steps), 1):
            if step in (int(WARM_UP * steps), steps):
                gc.collect()
                looks.append((sys.getallocatedblocks(), resident_bytes()))
        seconds = time.perf_counter() - start
        error = float(np.max(np.abs(be.to_numpy(w) - training.WEIGHTS)))
    (blocks, resident), (blocks_after, resident_after) = looks
    return {
        "backend": f"{be.name} {be.version}",
        "seconds": seconds,
        "error": error,
        "blocks": blocks,
        "more blocks": blocks_after - blocks,
        "resident": resident / MEBIBYTE,
        "more resident": (resident_after - resident) / MEBIBYTE,
    }


def main(steps: int, names: list[str]) -> None:
    print(harness.versions("numpy", "torch", "tensorflow", "tensorflow-cpu", "jax"))
    found = [harness.in_a_fresh_process(__file__, name, steps) for name in names]
    rows = [
        [
            one["backend"],
            f"{one['seconds']:.1f}",
            f"{one['error']:.0e}",
            f"{one['blocks']:,}",
            f"{one['more blocks']:+,}",
            f"{one['resident']:.1f}",
            f"{one['more resident']:+.2f}",
        ]
        for one in found
    ]
    after = int(WARM_UP * steps)
    head = ["backend", "s", "error", f"blocks at {after}", "growth", f"MiB at {after}", "growth"]
    harness.table(f"{steps} training steps", head, rows)
    print()
    for one in found:
        each = one["more blocks"] / (steps - after)
        flat = each <= MOST_BLOCKS_A_STEP and one["more resident"] <= MOST_MEBIBYTES
        figure = f"{each:+.3f} blocks a step, {one['more resident']:+.2f} MiB"
        harness.verdict(f"P8, {one['backend']}, flat", figure, flat)


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == ["--one"]:
        print(json.dumps(train(given[1], int(given[2]))))
    else:
        main(int(given[0]) if given else STEPS, given[1:] or list(ad.available_backends()))
