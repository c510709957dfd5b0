"""PyTorch in two processes on loopback: chapter DIST in both flavours, and what `tests.torch_in_two_processes` asks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import fresh

torch = pytest.importorskip("torch")
if not torch.distributed.is_available():
    pytest.skip("this PyTorch has no torch.distributed", allow_module_level=True)

SECONDS = 300


def of_both(folder: Path, *arguments: str, conventions: str = "native") -> list[str]:
    """What two processes print that run the same tests and have to pass; none outlives this."""
    variables = fresh.environment(
        AUTODIFF_SPEC_BACKEND="torch", AUTODIFF_SPEC_CONVENTIONS=conventions, GLOO_SOCKET_IFNAME="lo",
        OMP_NUM_THREADS="1",
    )  # fmt: skip
    command, pipe = [sys.executable, "-m", "tests.two_processes"], subprocess.PIPE
    running = [
        subprocess.Popen(
            [*command, str(rank), str(folder / "store"), "-q", "--tb=short", *arguments], cwd=fresh.ROOT, env=variables,
            stdout=pipe, stderr=subprocess.STDOUT, text=True,
        )
        for rank in range(2)
    ]  # fmt: skip
    try:
        printed = [process.communicate(timeout=SECONDS)[0] for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
    for process, output in zip(running, printed, strict=True):
        assert process.returncode == 0, output
    return printed


@pytest.mark.parametrize("conventions", ["native", "spec"])
def test_chapter_dist_in_two_processes(tmp_path, conventions):
    for output in of_both(tmp_path, "autodiff_spec/conformance/test_distributed.py", conventions=conventions):
        assert "2 skipped" in output  # for want of such arrays: DIST-12, DIST-13


def test_whole_tensors_are_differentiated_in_a_process_of_several_as_they_are_alone(tmp_path):
    chapters = ("tapes", "nesting", "variables", "mutation", "writes", "custom_rules", "memory")
    of_both(tmp_path, *(f"autodiff_spec/conformance/test_{chapter}.py" for chapter in chapters))


def test_tensors_in_parts_and_averaging_modules(tmp_path):
    of_both(tmp_path, "tests/torch_in_two_processes.py", "-k", "not function_of_a_tensor")


def test_the_functions_of_the_table_in_parts(tmp_path):
    of_both(tmp_path, "tests/torch_in_two_processes.py", "-k", "function_of_a_tensor")
