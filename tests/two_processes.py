"""A pytest run in one of two processes of PyTorch, which talk by gloo on loopback and run the same tests in one order.

``python -m tests.two_processes RANK FILE ARGUMENTS...``: they meet by a file, so that no port is needed. A test that
fails in one alone leaves the other waiting for it, which ends with a time limit.
"""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest
from torch import distributed

if __name__ == "__main__":
    rank, store, *arguments = sys.argv[1:]
    distributed.init_process_group(
        "gloo", init_method=f"file://{store}", rank=int(rank), world_size=2, timeout=timedelta(seconds=30)
    )
    try:
        code = pytest.main(["-p", "no:cacheprovider", "-p", "no:randomly", *arguments])
    finally:
        distributed.destroy_process_group()
    sys.exit(code)
