"""Sharded arrays on JAX: eight virtual devices of one process, and two processes connected by gloo on loopback.

The checks are those of `tests.sharded_jax`, which run in processes that are started with the devices.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests import fresh

pytest.importorskip("jax")

from tests.sharded_jax import ALONE, OF_TWO

SECONDS = 240
EIGHT = "--xla_force_host_platform_device_count=8"
ONE = "--xla_force_host_platform_device_count=1"


def said_by(ranks: Sequence[str], flags: str) -> list[dict[str, object]]:
    """What processes print that run the checks, each with its arguments; none outlives this."""
    variables = fresh.environment(XLA_FLAGS=flags, JAX_ENABLE_X64="1", JAX_PLATFORMS="cpu")
    command, pipe = [sys.executable, "-m", "tests.sharded_jax"], subprocess.PIPE
    running = [
        subprocess.Popen([*command, *rank.split()], cwd=fresh.ROOT, env=variables, stdout=pipe, stderr=pipe, text=True)
        for rank in ranks
    ]
    try:
        printed = [process.communicate(timeout=SECONDS) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
    for process, (_, errors) in zip(running, printed, strict=True):
        assert process.returncode == 0, errors
    return [json.loads(output.splitlines()[-1]) for output, _ in printed]


@pytest.fixture(scope="module")
def alone():
    return said_by([""], EIGHT)


@pytest.fixture(scope="module")
def of_two():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return said_by([f"0 {port}", f"1 {port}"], ONE)


@pytest.mark.parametrize("check", ALONE)
def test_on_eight_devices(check, alone):
    assert [one["devices"] for one in alone] == [8]
    assert alone[0]["said"][check] == ""


@pytest.mark.parametrize("check", OF_TWO)
def test_in_two_processes(check, of_two):
    assert [one["devices"] for one in of_two] == [2, 2]
    assert [one["said"][check] for one in of_two] == ["", ""]
