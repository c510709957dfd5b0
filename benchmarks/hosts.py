"""Every operator inside every transform of a framework's own: right, refused, or wrong, as chapter HOST asks.

A cell counts the transforms of a kind in which the operator is right, and in which it is refused by an error.

Run: python benchmarks/hosts.py [BACKEND ...]
"""

import os
import sys
import warnings
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec.conformance.test_hosts import KINDS, OPERATORS, transformed

os.environ.setdefault("JAX_ENABLE_X64", "1")  # read when a backend is loaded
BACKENDS = ("torch", "tensorflow", "jax")


def cell(be: ad.Backend, operator: str, kind: str) -> str:
    try:
        found = transformed(be, operator, kind)
    except pytest.skip.Exception:
        return "–"
    said = [verdict(one, expected) for _, one, expected in found]
    return ", ".join(f"{said.count(word)} {word}" for word in ("right", "refused", "wrong") if word in said)


def verdict(found: Any, expected: list[Any]) -> str:
    if isinstance(found, Exception):
        return "refused"
    same = len(found) == len(expected) and all(
        np.allclose(one, other, rtol=1e-12) for one, other in zip(found, expected, strict=True)
    )
    return "right" if same else "wrong"


def table(be: ad.Backend) -> list[str]:
    """The rows of one backend as a table in Markdown; operators of which all is the same share a row."""
    transforms = be._host().TRANSFORMS
    heads = [f"{kind} ({len(transforms.get(kind, {}))})" for kind in KINDS]
    rows: dict[str, list[str]] = {}
    for operator in OPERATORS:
        rows.setdefault(" | ".join(cell(be, operator, kind) for kind in KINDS), []).append(operator)
    return [
        f"| {be.name} {be.version.partition('+')[0]} | {' | '.join(heads)} |",
        "|---" * (len(KINDS) + 1) + "|",
        *(f"| {', '.join(operators)} | {cells} |" for cells, operators in rows.items()),
    ]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    installed = ad.available_backends()
    for name in sys.argv[1:] or [name for name in BACKENDS if name in installed]:
        print("\n".join(table(ad.backend(name))), end="\n\n", flush=True)
