"""Everyday programs that write in place: how many are right, refused, and silently wrong, here and elsewhere.

The programs are those of tests/numpy_writes.py, which import NumPy alone. A program is right where its value is NumPy's
and its gradient that of differences; refused where anything is raised; wrong otherwise. Advect and MyGrad are given a
copy of the argument, for what they do not allow, or understand otherwise, is writing into the argument itself. What is
not installed is left out: they need an environment of their own (Advect Python 3.12), in which this script runs too.

Run: python benchmarks/in_place.py [--list]
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT), str(ROOT / "backends")]

from numpy_writes import PROGRAMS, REFUSED  # noqa: E402

Both = Callable[[Callable[[Any], Any], Any], tuple[Any, Any]]
"""The value of a program at a point, and the gradient of its sum."""


def ours() -> Both:
    import autodiff_spec as ad

    be = ad.backend("numpy")
    return lambda f, x: be.value_and_grad(f)(x)


def advect() -> Both:
    import advect as ad

    def both(f: Callable[[Any], Any], x: Any) -> tuple[Any, Any]:
        return ad.value_and_grad(lambda x: np.sum(f(x.copy())))(x)  # it refuses writes into the argument itself

    return both


def mygrad() -> Both:
    import mygrad as mg

    def both(f: Callable[[Any], Any], x: Any) -> tuple[Any, Any]:
        source = mg.tensor(x.copy())
        total = mg.sum(f(+source))  # a tensor that is written stands for another one, so the program gets its own
        total.backward()
        return np.asarray(total.data), np.zeros_like(x) if source.grad is None else np.asarray(source.grad)

    return both


LIBRARIES: dict[str, tuple[str, Callable[[], Both]]] = {
    "autodiff-spec": ("optree", ours),
    "Advect": ("advect", advect),
    "MyGrad": ("mygrad", mygrad),
}


def differences(f: Callable[[Any], Any], x: Any) -> Any:
    """Central differences of the sum of ``f``, extrapolated once."""
    found = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        slopes = []
        for step in (1e-3, 5e-4):
            ahead, behind = x.copy(), x.copy()
            ahead[i] += step
            behind[i] -= step
            slopes.append((np.sum(f(ahead)) - np.sum(f(behind))) / (2 * step))
        found[i] = (4 * slopes[1] - slopes[0]) / 3
    return found


def verdict(both: Both, f: Callable[[Any], Any], x: Any) -> str:
    """``right``, ``wrong``, or ``refused`` with the error."""
    try:
        value, gradient = both(f, x.copy())
        value, gradient = np.sum(np.asarray(value)), np.asarray(gradient)
    except Exception as error:
        return f"refused: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    if not np.allclose(value, np.sum(f(x.copy())), rtol=1e-9):
        return f"wrong: the value is {value}, NumPy's {np.sum(f(x.copy()))}"
    if not np.allclose(gradient, differences(f, x), rtol=1e-6, atol=1e-7):
        return "wrong: the gradient is not that of differences"
    return "right"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="say of each program what each library makes of it")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for name, (package, make) in LIBRARIES.items():
        if importlib.util.find_spec(package) is None:
            continue
        both = make()
        found = {program: verdict(both, f, x) for program, (f, x) in (PROGRAMS | REFUSED).items()}
        counts = [sum(said.startswith(kind) for said in found.values()) for kind in ("right", "refused", "wrong")]
        told = f" {importlib.metadata.version(package)}" if package != "optree" else ""
        print(f"{name}{told}: of {len(found)} programs {counts[0]} right, {counts[1]} refused, {counts[2]} wrong")
        if options.list:
            for program, said in found.items():
                print(f"    {program}: {said[:150]}")


if __name__ == "__main__":
    main()
