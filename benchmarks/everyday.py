"""Everyday NumPy programs, differentiated as they are: right, refused, or wrong without a word.

The programs are those of ``tests/everyday``, and the truth is differences of what NumPy computes. Libraries that are
not installed are left out: HIPS autograd, Advect (which needs Python 3.12), MyGrad.

Run: PYTHONPATH=.:backends python benchmarks/everyday.py [ours] [autograd] [advect] [mygrad]     without names, all
"""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.everyday import PROGRAMS, ValueAndGradient


def ours() -> tuple[ValueAndGradient, Any]:
    import autodiff_spec as ad

    return lambda f, x: ad.value_and_grad(f)(x), np


def autograd() -> tuple[ValueAndGradient, Any]:
    import autograd

    return lambda f, x: autograd.value_and_grad(f)(x), importlib.import_module("autograd.numpy")


def advect() -> tuple[ValueAndGradient, Any]:
    import advect

    return lambda f, x: advect.value_and_grad(f)(x), np


def mygrad() -> tuple[ValueAndGradient, Any]:
    import mygrad

    def differentiate(f: Callable[[Any], Any], x: Any) -> tuple[Any, Any]:
        source = mygrad.tensor(x)
        y = f(source)
        if not isinstance(y, mygrad.Tensor):
            return y, np.zeros_like(x)
        y.backward()
        return y.data, np.zeros_like(x) if source.grad is None else source.grad

    return differentiate, np


LIBRARIES = (ours, autograd, advect, mygrad)


def found(names: list[str]) -> dict[str, dict[str, str]]:
    """For each library that is installed the verdict on each program."""
    verdicts = {}
    for library in LIBRARIES:
        if names and library.__name__ not in names:
            continue
        try:
            differentiate, namespace = library()
        except ImportError:
            continue
        verdicts[library.__name__] = {name: p.verdict(differentiate, namespace) for name, p in PROGRAMS.items()}
    return verdicts


def main(names: list[str]) -> None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        verdicts = found(names)
    others = [f"{name} {importlib.metadata.version(name)}" for name in verdicts if name != "ours"]
    print(", ".join([f"Python {sys.version.split()[0]}", f"numpy {np.__version__}", *others]), end="\n\n")
    width, column = max(map(len, PROGRAMS)), 22
    print("  ".join([" " * width, *(name.ljust(column) for name in verdicts)]).rstrip())
    for program in PROGRAMS:
        cells = [verdict[program].ljust(column) for verdict in verdicts.values()]
        print("  ".join([program.ljust(width), *cells]).rstrip())
    print()
    for name, verdict in verdicts.items():
        counts = Counter(said if said in ("right", "wrong") else "refused" for said in verdict.values())
        said = ", ".join(f"{counts[kind]} {kind}" for kind in ("right", "refused", "wrong"))
        print(f"{name}: {said} of {len(PROGRAMS)}")
    if "ours" in verdicts:
        wrong = sum(said == "wrong" for said in verdicts["ours"].values())
        print(f"N1, no everyday program silently wrong: {wrong}: {'missed' if wrong else 'reached'}")


if __name__ == "__main__":
    main(sys.argv[1:])
