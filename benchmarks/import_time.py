"""How long `import autodiff_spec` takes over `import numpy` (goal P9: at most 20 ms).

Each sample is a fresh interpreter that imports NumPy first; the median of several is printed.
Run: python benchmarks/import_time.py [SAMPLES]
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOAL_MS = 20.0
PROGRAM = """
import time, numpy
start = time.perf_counter()
import {module}
print((time.perf_counter() - start) * 1e3)
"""


def milliseconds(module: str, cache: str) -> float:
    """Return the time that one fresh interpreter takes to import a module after NumPy."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "backends")])
    command = [sys.executable, "-c", PROGRAM.format(module=module)]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env = {**kept, "PYTHONPATH": path, "PYTHONPYCACHEPREFIX": cache}  # byte code, as an installed package has it
    return float(subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout)


def main(samples: int = 15) -> None:
    modules = ["optree", "array_api_compat", "autodiff_spec"]
    times: dict[str, list[float]] = {module: [] for module in modules}
    with tempfile.TemporaryDirectory() as cache:
        for module in modules:  # the first import writes the byte code and fills the disk cache
            milliseconds(module, cache)
        for _ in range(samples):  # interleaved, so that a slow moment hits all of them
            for module in modules:
                times[module].append(milliseconds(module, cache))
    print(f"import time over numpy, ms, {samples} fresh interpreters each")
    for module in modules:
        median, least = statistics.median(times[module]), min(times[module])
        print(f"  {module:18} median {median:6.1f}   least {least:6.1f}")
    found = statistics.median(times["autodiff_spec"])
    print(f"P9, at most {GOAL_MS:.0f} ms: {found:.1f}: {'reached' if found <= GOAL_MS else 'missed'}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
