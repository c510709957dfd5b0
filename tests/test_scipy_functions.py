"""docs/scipy.md: its tables are what a run finds, its programs print what it shows, and the run finds what is lost.

Each runs in a process of its own, for SciPy reads ``SCIPY_ARRAY_API`` when it is imported.
"""

from __future__ import annotations

import re

import pytest

import autodiff_spec as ad
from tests import fresh, pages

PAGE = pages.DOCS / "scipy.md"
BACKENDS = ("numpy", "torch", "tensorflow", "jax")
FLAG = {"SCIPY_ARRAY_API": "1"}

scipy = pytest.importorskip("scipy")


@pytest.fixture(autouse=True)
def all_frameworks() -> None:
    missing = set(BACKENDS) - set(ad.available_backends())
    if missing:
        pytest.skip(f"{', '.join(sorted(missing))} not installed: the page is about all four")


def test_the_page_says_what_a_run_finds() -> None:
    installed = {"SciPy": scipy.__version__} | {name: ad.backend(name).version.partition("+")[0] for name in BACKENDS}
    said = dict(re.findall(r"(\w+) ([\d.]+\d)", PAGE.read_text("utf-8").partition("<!-- versions -->")[2][:120]))
    if said != installed:
        pytest.skip(f"the page is about {said}, installed are {installed}")
    done = fresh.python("-W", "ignore", "-m", "tests.scipy_functions", "--check", **FLAG)
    assert done.returncode == 0, f"run: python -m tests.scipy_functions\n{done.stderr[-4000:]}"


def test_the_page_prints_what_it_shows() -> None:
    program = """
from tests import pages
done = pages.run(pages.DOCS / "scipy.md")
assert len(done) > 1
for block, printed in done:
    assert printed == block.text, printed
"""
    fresh.program(program)


def test_each_verdict_is_found() -> None:
    program = """
import numpy as np
import autodiff_spec as ad
from tests import scipy_calls
from tests.scipy_functions import Function, asked

functions = {
    "right": lambda x: x * x,
    "error": lambda x: np.asarray(x).T if isinstance(x, np.ndarray) else 1 / 0,
    "refused": lambda x: x if isinstance(x, np.ndarray) else np.sort_complex(x),
    "lost": lambda x: ad.to_numpy(x) ** 2,
    "wrong": lambda x: ad.to_numpy(x) * x,
    "wrong value": lambda x: x * x if isinstance(x, np.ndarray) else 2 * x,
    "flat": lambda x: np.round(ad.to_numpy(x)),
    "without": lambda x: x.shape[0],
    "untried": lambda x: np.linalg.inv(x),
}
scipy_calls.CALLS.update(dict.fromkeys(functions, (np.array([0.7, 1.3]),)))
asking = [Function(name, call, frozenset()) for name, call in functions.items()]
answers = asked(asking, {"numpy": asking})
for function, found in answers.found.items():
    print(function.name, "-", found["numpy"].verdict, end="; ")
print([[f.name for f in group] for group in (answers.without, answers.flat, answers.untried)])
"""
    assert fresh.program(program, **FLAG) == (
        "right - right; error - error; refused - refused; lost - lost; wrong - wrong; wrong value - wrong; "
        "flat - right; [['without'], ['flat'], ['untried']]"
    )


def test_tensorflow_is_silent_in_the_middle_of_a_program_alone() -> None:
    program = """
import numpy as np, autodiff_spec as ad
from scipy import special
be = ad.backend("tensorflow")
x = be.asarray(np.array([0.3, 0.6]))
try:
    ad.grad(special.expit)(x)
except ad.BackendMismatchError as error:
    print(type(error).__name__)
v = be.variable([0.3, 0.6])
with be.tape() as t:
    y = special.expit(v)
try:
    t.grad(y, v)
except ad.UntrackedError as error:
    print(type(error).__name__)
print(ad.check_grad(lambda x: x * special.expit(x), x).passed)
"""
    assert fresh.program(program, **FLAG).split() == ["BackendMismatchError", "UntrackedError", "False"]


def test_under_a_tape_on_jax_scipy_wants_lift() -> None:
    program = """
import autodiff_spec as ad
from scipy import special
be = ad.backend("jax")
x = be.variable([0.0, 0.0])
for f in (special.expit, be.lift(special.expit)):
    try:
        with be.tape() as t:
            y = f(x)
        print(be.to_numpy(t.grad(y, x)))
    except (TypeError, ad.AutodiffError):
        print("refused")
"""
    assert fresh.program(program, **FLAG).splitlines() == ["refused", "[0.25 0.25]"]
