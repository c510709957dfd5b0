"""PyTorch in two processes on loopback: chapter DIST in both flavours, and what `tests.torch_in_two_processes` asks."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import fresh

torch = pytest.importorskip("torch")
if not torch.distributed.is_available():
    pytest.skip("this PyTorch has no torch.distributed", allow_module_level=True)

SECONDS = 300


LEAVES = """
import os, sys, time
from datetime import timedelta
import torch
from torch import distributed
from torch.distributed.tensor import Replicate, Shard, distribute_tensor, init_device_mesh
import autodiff_spec as ad

rank, store, how = int(sys.argv[1]), sys.argv[2], sys.argv[3]
distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2,
                               timeout=timedelta(seconds=5))
be = ad.backend("torch")
x = distribute_tensor(torch.ones(4, 2), init_device_mesh("cpu", (2,)), [Shard(0)])
gradient = be.grad(lambda x: torch.sum(x**3))(x)
if rank == 1:
    if how == "waits":
        time.sleep(12)
    os._exit(0)
time.sleep(1)
asked = {"to_numpy": lambda: be.to_numpy(gradient),
         "a function": lambda: be.grad(lambda x: torch.sum(x.redistribute(placements=[Replicate()]) ** 3))(x)}
for name, ask in asked.items():
    start = time.monotonic()
    try:
        ask()
    except ad.ComputationError as error:
        print(name, "start all of them again" in str(error), time.monotonic() - start < 10)
os._exit(0)
"""


@pytest.mark.parametrize("how", ["ends", "waits"])
def test_a_process_that_does_not_come_is_an_error_with_a_remedy_in_time(tmp_path, how):
    with ThreadPoolExecutor() as threads:
        first, _ = threads.map(
            lambda rank: fresh.python("-c", LEAVES, rank, str(tmp_path / "store"), how, GLOO_SOCKET_IFNAME="lo"), "01"
        )
    assert first.stdout.splitlines() == ["to_numpy True True", "a function True True"], first.stderr


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
    with_dtensors = "-p", "torch.distributed.tensor"  # imported: then each operation is looked at
    of_both(tmp_path, *with_dtensors, *(f"autodiff_spec/conformance/test_{chapter}.py" for chapter in chapters))


def test_tensors_in_parts_and_averaging_modules(tmp_path):
    of_both(tmp_path, "tests/torch_in_two_processes.py", "-k", "not function_of_a_tensor")


def test_the_functions_of_the_table_in_parts(tmp_path):
    of_both(tmp_path, "tests/torch_in_two_processes.py", "-k", "function_of_a_tensor")
