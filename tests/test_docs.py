"""The pages say what happens: every block runs, on every backend that it is meant for, and prints what is shown."""

from __future__ import annotations

import doctest
import re

import pytest

import autodiff_spec as ad
from autodiff_spec import operators
from tests import pages
from tests.pages import DOCS

BACKENDS = ["numpy", "torch", "tensorflow", "jax"]
ON_ALL = ["index.md", "get-started.md", "tutorial.md", "tutorial-zh.md", "concepts.md", "guides/library-code.md"]


def on(name: str) -> ad.Backend:
    if name not in ad.available_backends():
        pytest.skip(f"{name} is not installed")
    return ad.backend(name)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("page", ON_ALL)
def test_the_page_prints_what_it_shows(page: str, backend: str) -> None:
    with ad.use_backend(on(backend)):
        done = pages.run(DOCS / page)
    assert done, f"{page} has no blocks"
    for block, printed in done:
        assert printed == block.text, f"{page}, line {block.line}, on {backend}"


@pytest.mark.parametrize(
    ("page", "frameworks"),
    [
        ("guides/port-a-model.md", ["torch"]),
        ("guides/training-loop.md", ["torch", "tensorflow", "jax"]),
        ("guides/host.md", ["torch", "tensorflow", "jax"]),
        ("guides/wrong-gradient.md", []),
        ("conventions.md", ["torch", "jax"]),
        ("programs.md", []),
        ("engine.md", []),
    ],
)
def test_the_page_that_names_its_backends_prints_what_it_shows(page: str, frameworks: list[str]) -> None:
    for name in frameworks:
        on(name)
    with ad.use_backend("numpy"):
        done = pages.run(DOCS / page)
    assert done, f"{page} has no blocks"
    for block, printed in done:
        assert printed == block.text, f"{page}, line {block.line}"


SESSIONS = sorted(path.name for path in DOCS.glob("*.md") if "\n>>> " in path.read_text("utf-8"))


@pytest.mark.parametrize("page", SESSIONS)
def test_the_sessions_of_the_page_print_what_they_show(page: str) -> None:
    if page == "numpy.md":
        pytest.importorskip("dask.array")
        pytest.importorskip("scipy.special")
    with ad.use_backend("numpy"):
        found = doctest.testfile(str(DOCS / page), module_relative=False, encoding="utf-8")
    assert found.attempted == (DOCS / page).read_text("utf-8").count("\n>>> ")
    assert found.failed == 0


def test_the_page_about_operators_shows_them_all() -> None:
    text = (DOCS / "operators.md").read_text("utf-8")
    names = [name for name in operators.__all__ if name[0].islower()]
    assert [name for name in names if f"`{name}" not in text] == []


def test_both_tutorials_run_the_same_programs() -> None:
    english, chinese = (
        [(re.sub(r" *#.*", "", block.code), block.text) for block in pages.blocks(DOCS / page)]
        for page in ("tutorial.md", "tutorial-zh.md")
    )
    assert english == chinese
