"""The way of one gradient through the code: how many files it touches, and how often it changes from one to another.

A reader who follows ``sum(2·x·x)`` from `variable` to its gradient turns as many pages. The way counts each call and
each return between functions of this project; what runs at import, and a first call that loads modules, does not count.

Run: python benchmarks/way.py [BACKEND]
"""

import itertools
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import autodiff_spec as ad

ROOT = Path(__file__).resolve().parent.parent
FILES, CHANGES = 9, 40  # the goals


def gradient(be: ad.Backend) -> Any:
    x = be.variable([0.0, 1.0, 2.0, 3.0])
    with be.tape() as tape:
        y = be.xp.sum(2 * x * x)
    return tape.grad(y, x)


def way(be: ad.Backend) -> list[str]:
    """The files in the order in which the gradient of one program passes through them."""
    found: list[str] = []

    def note(frame: FrameType | None) -> None:
        if frame is not None:
            path = Path(frame.f_code.co_filename)
            if path.is_relative_to(ROOT) and path != Path(__file__) and ".venv" not in path.parts:
                found.append(str(path.relative_to(ROOT)))

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            note(frame)
        elif event == "return":
            note(frame.f_back)

    gradient(be)
    sys.setprofile(profile)
    try:
        gradient(be)
    finally:
        sys.setprofile(None)
    return found


def main(name: str = "numpy") -> None:
    passed = way(ad.backend(name))
    files, changes = len(set(passed)), sum(a != b for a, b in itertools.pairwise(passed))
    for file in dict.fromkeys(passed):
        print(f"  {file}")
    verdict = "reached" if files <= FILES and changes <= CHANGES else "missed"
    print(f"sum(2*x*x) on {name}, {FILES} files and {CHANGES} changes of file: {files} and {changes}: {verdict}")


if __name__ == "__main__":
    main(*sys.argv[1:])
