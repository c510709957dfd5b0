"""The table of equivalents in docs/guides/training-loop.md: each cell runs, and all of a row give the same."""

from __future__ import annotations

import importlib
import re
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec.core import trees
from tests.pages import DOCS

COLUMNS = {"JAX": "jax", "TensorFlow": "tensorflow", "torch.func": "torch", "torch.autograd": "torch"}
SHORT = {"tensorflow": "tf"}
BACKENDS = ("numpy", "torch", "tensorflow", "jax")


def table() -> dict[str, dict[str, list[str]]]:
    """Row -> column -> the pieces of code of the cell, the last of which is an expression."""
    text = (DOCS / "guides/training-loop.md").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return {
        row[0]: {column: re.findall("`([^`]+)`", cell) for column, cell in zip(head[1:], row[1:], strict=True)}
        for row in rows
    }


def value_of(code: list[str], name: str) -> list[Any]:
    """What a cell gives on a backend, as NumPy arrays."""
    be = ad.backend(name)
    x, v = (be.asarray(np.array(values)) for values in ([1.0, 2.0], [0.5, -1.0]))
    if name == "torch":
        x.requires_grad_()

    def h(a: Any) -> Any:
        return a * a * a

    names: dict[str, Any] = {"ad": ad, "f": lambda a: ad.xp(a).sum(h(a)), "g": h, "h": h, "x": x, "v": v}
    names[SHORT.get(name, name)] = importlib.import_module(name)
    for statement in code[:-1]:
        exec(statement, names)
    found = eval(code[-1], names)
    return [be.to_numpy(leaf) for leaf in trees.flatten(found, be.array_types)[0]]


@pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")  # by torch.func itself
@pytest.mark.parametrize("row", list(table()))
def test_all_cells_of_a_row_agree(row: str) -> None:
    cells = table()[row]
    expected = value_of(cells["ours"], "numpy")
    for column, name in [*(("ours", name) for name in BACKENDS), *COLUMNS.items()]:
        if name in ad.available_backends():
            found = value_of(cells[column], name)
            assert len(found) == len(expected), (row, column)
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-12, err_msg=f"{row}, {column} on {name}")
