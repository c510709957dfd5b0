"""The tables of docs/guides/training-loop.md: equivalents run, and give the same; what is refused is listed so."""

from __future__ import annotations

import importlib
import re
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec.conformance._deviations import known_deviations
from autodiff_spec.core import trees
from tests.pages import DOCS

COLUMNS = {"JAX": "jax", "TensorFlow": "tensorflow", "torch.func": "torch", "torch.autograd": "torch"}
SHORT = {"tensorflow": "tf"}
BACKENDS = ("numpy", "torch", "tensorflow", "jax")


def table() -> dict[str, dict[str, list[str]]]:
    """Row -> column -> the pieces of code of the cell, the last of which is an expression."""
    text = (DOCS / "guides/training-loop.md").read_text("utf-8").partition("## The same in each framework")[2]
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


def refused(name: str) -> set[str]:
    """The cases ``operator, kind`` in which the page says that a framework's transform refuses an operator."""
    text = (DOCS / "guides/training-loop.md").read_text("utf-8")
    head, _, *rows = re.search(rf"^\| {name} .*?\n\n", text, re.MULTILINE | re.DOTALL)[0].strip().splitlines()  # type: ignore[index]
    kinds = re.findall(r"(\w+) \(\d+\)", head)
    found = set()
    for row in rows:
        operators, *cells = (cell.strip() for cell in row.strip("|").split("|"))
        assert "wrong" not in row
        found |= {
            f"{operator}, {kind}"
            for operator in operators.split(", ")
            for kind, cell in zip(kinds, cells, strict=True)
            if "refused" in cell
        }
    return found


@pytest.mark.parametrize("name", ["torch", "tensorflow", "jax"])
def test_the_page_names_what_the_frameworks_transforms_refuse(name: str) -> None:
    pytest.importorskip(name)
    listed = known_deviations(ad.backend(name, conventions="native"))
    assert refused(name) == {one.case for one in listed if one.clause == "HOST-08"}
