"""Each recipe of the page "Beyond one machine" runs, a section in a process of its own, and prints what is shown.

Some need devices that are there before a framework is loaded, and some start processes.
"""

from __future__ import annotations

import importlib.util
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

import autodiff_spec as ad
from autodiff_spec.clauses import CHAPTERS, Clause
from autodiff_spec.conformance._deviations import known_deviations
from tests import fresh, pages

BACKENDS = ("numpy", "torch", "tensorflow", "jax")
PAGE = pages.DOCS / "guides/beyond-one-machine.md"
NEEDS = {"Dask": "dask", "JAX": "jax", "PyTorch": "torch", "TensorFlow": "tensorflow"}
"""Section -> the package that it is about."""


@pytest.mark.parametrize("section", NEEDS)
def test_the_recipes_of_a_section_print_what_they_show(section: str) -> None:
    if importlib.util.find_spec(NEEDS[section]) is None:
        pytest.skip(f"{NEEDS[section]} is not installed")
    assert pages.blocks(PAGE, section), "no recipes"
    code = (
        "from tests import pages\n"
        f"for block, printed in pages.run(pages.DOCS / 'guides/beyond-one-machine.md', {section!r}):\n"
        "    assert printed == block.text, f'line {block.line} printed {printed!r}'\n"
    )
    for done in in_two_processes(code) if section == "PyTorch" else [fresh.python("-c", code)]:
        assert done.returncode == 0, done.stdout + done.stderr


def in_two_processes(code: str) -> list[subprocess.CompletedProcess[str]]:
    """Run a program of PyTorch's as `torchrun` would, on loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])

    def run(rank: str) -> subprocess.CompletedProcess[str]:
        return fresh.python(
            "-c", code, RANK=rank, WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=port, GLOO_SOCKET_IFNAME="lo"
        )

    with ThreadPoolExecutor() as threads:
        return list(threads.map(run, "01"))


def cell(clause: Clause, name: str) -> str:
    """What a backend lists for a clause, as it is and with the conventions of the specification."""
    said = []
    for flavour in ("native", "spec"):
        be = ad.backend(name, flavour)
        cases = sum(entry.clause == clause.id for entry in known_deviations(be))
        asked = set(clause.needs) <= be.capabilities
        said.append("unsupported" if not asked else f"{cases} cases" if cases else "holds")
    return said[0] if said[0] == said[1] else " / ".join(said)


def test_the_table_says_what_the_backends_list() -> None:
    if set(BACKENDS) - set(ad.available_backends()) or importlib.util.find_spec("dask") is None:
        pytest.skip("not every framework is installed, or Dask is not")
    found = [[one.id, one.text, *(cell(one, name) for name in BACKENDS)] for one in CHAPTERS["DIST"].clauses]
    rows = [f"| {' | '.join(cells)} |" for cells in found]
    written = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| DIST-")]
    assert written == rows, "write:\n" + "\n".join(rows)
