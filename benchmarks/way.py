"""The way of one gradient through the code: how many files it touches, and how often it changes from one to another.

A reader who follows ``sum(2·x·x)`` from `variable` to its gradient turns as many pages. The way counts each call and
each return between functions of this project; what runs at import, and a first call that loads modules, does not count.

HIPS autograd's way of the same gradient is counted beside it, for scale.

Run: python benchmarks/way.py [BACKEND]
"""

import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import autograd
import numpy as np

import autodiff_spec as ad

ROOT = Path(__file__).resolve().parent.parent
FILES, CHANGES = 9, 40  # the goals


def gradient(be: ad.Backend) -> Any:
    x = be.variable([0.0, 1.0, 2.0, 3.0])
    with be.tape() as tape:
        y = be.xp.sum(2 * x * x)
    return tape.grad(y, x)


def way(program: Callable[[], Any], root: Path) -> list[str]:
    """The files below ``root`` in the order in which a program passes through them."""
    found: list[str] = []

    def note(frame: FrameType | None) -> None:
        if frame is not None:
            path = Path(frame.f_code.co_filename)
            if path.is_relative_to(root) and path != Path(__file__) and ".venv" not in path.relative_to(root).parts:
                found.append(str(path.relative_to(root)))

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            note(frame)
        elif event == "return":
            note(frame.f_back)

    program()
    sys.setprofile(profile)
    try:
        program()
    finally:
        sys.setprofile(None)
    return found


def counted(passed: list[str]) -> tuple[int, int]:
    """How many files, and how many changes from one to another."""
    return len(set(passed)), sum(a != b for a, b in itertools.pairwise(passed))


def main(name: str = "numpy") -> None:
    be = ad.backend(name)
    passed = way(lambda: gradient(be), ROOT)
    for file in dict.fromkeys(passed):
        print(f"  {file}")
    files, changes = counted(passed)
    verdict = "reached" if files <= FILES and changes <= CHANGES else "missed"
    theirs, x = autograd.grad(lambda x: autograd.numpy.sum(2 * x * x)), np.arange(4.0)
    other = counted(way(lambda: theirs(x), Path(autograd.__file__).parent))
    print(f"HIPS autograd: {other[0]} files, {other[1]} changes of file")
    print(f"sum(2*x*x) on {name}: {files} files (goal {FILES}), {changes} changes of file (goal {CHANGES}): {verdict}")


if __name__ == "__main__":
    main(*sys.argv[1:])
