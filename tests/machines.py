"""The suite on the processors that this one can stand in for: its results must not depend on where it runs.

Each framework lets an environment variable narrow the instructions that its kernels use; a fused multiply-add, or a
wider vector that adds in another order, then shows as a strict expected failure that passes, or as a failure.

Run: python -m tests.machines [torch jax ...]
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MACHINES = {
    "numpy": [
        {"OPENBLAS_CORETYPE": "Prescott"},
        {"OPENBLAS_CORETYPE": "Haswell"},
        {"OPENBLAS_CORETYPE": "SkylakeX"},
        {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4"},
    ],
    "torch": [
        {"MKL_ENABLE_INSTRUCTIONS": "SSE4_2", "ATEN_CPU_CAPABILITY": "default"},
        {"MKL_ENABLE_INSTRUCTIONS": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"},
        {"MKL_ENABLE_INSTRUCTIONS": "AVX512", "ATEN_CPU_CAPABILITY": "avx512"},
    ],
    "tensorflow": [{"TF_ENABLE_ONEDNN_OPTS": "0"}, {"TF_ENABLE_ONEDNN_OPTS": "1"}],
    # not SSE4_2, where XLA cannot compile a conversion to float16 at all ("Failed to materialize symbols")
    "jax": [{"XLA_FLAGS": f"--xla_cpu_max_isa={isa}"} for isa in ("AVX", "AVX2", "AVX512")],
}
SETTINGS = {"JAX_ENABLE_X64": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
ILLEGAL_INSTRUCTION = -4  # the signal that ends a process which this processor cannot run


def run(backend: str, conventions: str, machine: dict[str, str]) -> tuple[str, bool]:
    """What the suite says of a backend on a machine, in short, and whether it passed."""
    chosen = {"AUTODIFF_SPEC_BACKEND": backend, "AUTODIFF_SPEC_CONVENTIONS": conventions}
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "--derandomize"]
    start = time.monotonic()
    done = subprocess.run(
        [*command, "autodiff_spec/conformance"],
        cwd=ROOT,
        env={**os.environ, **SETTINGS, **chosen, **machine},
        capture_output=True,
        text=True,
    )
    if done.returncode == ILLEGAL_INSTRUCTION:
        return "this processor cannot stand in for it", True
    if done.returncode:
        print(done.stdout, done.stderr, file=sys.stderr)
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else "no output"
    counts = ", ".join(re.findall(r"\d+ (?:passed|failed|errors?|skipped|xfailed)", last)) or last
    return f"{counts} ({time.monotonic() - start:.0f} s)", done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("backends", nargs="*", metavar="backend", help=f"of {', '.join(MACHINES)}; all by default")
    given = parser.parse_args()
    if unknown := set(given.backends) - set(MACHINES):
        parser.error(f"no such backend: {', '.join(sorted(unknown))}")
    print("| backend | conventions | machine | suite |\n|---|---|---|---|", flush=True)
    failed = False
    for backend in given.backends or MACHINES:
        for machine in MACHINES[backend]:
            for conventions in ("native", "spec") if backend != "numpy" else ("native",):
                said, passed = run(backend, conventions, machine)
                failed = failed or not passed
                named = " ".join(f"{name}={value}" for name, value in machine.items())
                print(f"| {backend} | {conventions} | {named} | {said} |", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
