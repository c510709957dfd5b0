"""Calls of NumPy's functions, as its users write them: right, refused, or wrong, on the engines of NumPy programs.

Advect and MyGrad take part where they are installed.

Run: python benchmarks/numpy_calls.py [--list] [ENGINE ...]     --list names each call that is not right
"""

import collections
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.numpy_calls import CALLS
from tests.numpy_judge import Engine, judged, leaves

WORDS = ("right", "refused", "raw", "wrong")


def ours() -> Engine:
    import autodiff_spec as ad

    be = ad.backend("numpy")

    def value(f: Callable[[Any], Any], x: Any) -> list[Any]:
        with be.tape() as tape:
            return [be.to_numpy(leaf) if be.is_array(leaf) else leaf for leaf in leaves(f(tape.watch(x)))]

    return Engine(np, be.grad, value, (ad.AutodiffError,))


def autograd() -> Engine:
    import autograd
    import autograd.numpy

    def value(f: Callable[[Any], Any], x: Any) -> list[Any]:
        found: list[Any] = []

        def run(x: Any) -> Any:
            found[:] = [getattr(leaf, "_value", leaf) for leaf in leaves(f(x))]
            return autograd.numpy.sum(x)

        autograd.grad(run)(x)
        return found

    return Engine(autograd.numpy, autograd.grad, value, (Exception,))


ENGINES: dict[str, Callable[[], Engine]] = {"ours": ours, "autograd": autograd}


def main(*words: str) -> None:
    names = [word for word in words if not word.startswith("-")] or [
        name for name in ENGINES if name == "ours" or importlib.util.find_spec(name)
    ]
    print(f"| {len(CALLS)} calls | {' | '.join(WORDS)} |", "|---" * (len(WORDS) + 1) + "|", sep="\n")
    for name in names:
        engine = ENGINES[name]()
        found = {call: judged(engine, call) for call in CALLS}
        counts = collections.Counter(word for word, _ in found.values())
        print(f"| {name} | {' | '.join(str(counts[word]) for word in WORDS)} |", flush=True)
        if "--list" in words:
            for call, (word, why) in found.items():
                if word != "right":
                    print(f"  {word:<8}{call.group}: {call.line}: {' '.join(why.split())[:200]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
