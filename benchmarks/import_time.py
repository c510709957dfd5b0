"""How long `import autodiff_spec` takes over `import numpy`, and the NumPy engine when it is first used (goal P9).

Each sample is a fresh interpreter that imports NumPy first; the median of several is printed, and beside it that of the
processor's time, which says more where the machine has other work. The engine is loaded by the first
``backend("numpy")``; a variable after it shows that it is there.
Run: python benchmarks/import_time.py [SAMPLES]
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = """
import time, numpy
{before}
start = time.perf_counter(), time.process_time()
{timed}
print((time.perf_counter() - start[0]) * 1e3, (time.process_time() - start[1]) * 1e3)
"""
ENGINE = "the NumPy engine and a variable"
TIMED = {  # by name, what runs before, and what is timed
    "optree": ("", "import optree"),
    "array_api_compat": ("", "import array_api_compat"),
    "autodiff_spec": ("", "import autodiff_spec"),
    ENGINE: ("import autodiff_spec as ad", 'ad.backend("numpy").variable([1.0, 2.0])'),
}
GOALS_MS = {"autodiff_spec": 20.0, ENGINE: 15.0}


def milliseconds(name: str, cache: str) -> tuple[float, float]:
    """Return the time that one fresh interpreter takes for one of `TIMED`: by the clock, and by the processor's."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "backends")])
    before, timed = TIMED[name]
    command = [sys.executable, "-c", PROGRAM.format(before=before, timed=timed)]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env = {**kept, "PYTHONPATH": path, "PYTHONPYCACHEPREFIX": cache}  # byte code, as an installed package has it
    printed = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    wall, cpu = map(float, printed.split())
    return wall, cpu


def main(samples: int = 15) -> None:
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in TIMED}
    with tempfile.TemporaryDirectory() as cache:
        for name in TIMED:  # the first import writes the byte code and fills the disk cache
            milliseconds(name, cache)
        for _ in range(samples):  # interleaved, so that a slow moment hits all of them
            for name in TIMED:
                times[name].append(milliseconds(name, cache))
    print(f"import time over numpy, ms, {samples} fresh interpreters each")
    medians = {}
    for name, found in times.items():
        wall, cpu = zip(*found, strict=True)
        medians[name] = statistics.median(wall)
        found_ms = f"median {medians[name]:6.1f}   least {min(wall):6.1f}   processor {statistics.median(cpu):6.1f}"
        print(f"  {name:32} {found_ms}")
    for name, goal in GOALS_MS.items():
        median = medians[name]
        print(f"P9, {name}, at most {goal:.0f} ms: {median:.1f}: {'reached' if median <= goal else 'missed'}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
