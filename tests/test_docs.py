"""The pages say what happens: every block runs, on every backend that it is meant for, and prints what is shown."""

from __future__ import annotations

import re

import pytest

import autodiff_spec as ad
from tests import _pages
from tests._pages import DOCS

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
        done = _pages.run(DOCS / page)
    assert done, f"{page} has no blocks"
    for block, printed in done:
        assert printed == block.text, f"{page}, line {block.line}, on {backend}"


@pytest.mark.parametrize(
    ("page", "frameworks"),
    [
        ("guides/port-a-model.md", ["torch"]),
        ("guides/wrong-gradient.md", []),
        ("conventions.md", ["torch", "jax"]),
        ("programs.md", []),
    ],
)
def test_the_page_that_names_its_backends_prints_what_it_shows(page: str, frameworks: list[str]) -> None:
    for name in frameworks:
        on(name)
    with ad.use_backend("numpy"):
        done = _pages.run(DOCS / page)
    assert done, f"{page} has no blocks"
    for block, printed in done:
        assert printed == block.text, f"{page}, line {block.line}"


def test_both_tutorials_run_the_same_programs() -> None:
    english, chinese = (
        [(re.sub(r" *#.*", "", block.code), block.text) for block in _pages.blocks(DOCS / page)]
        for page in ("tutorial.md", "tutorial-zh.md")
    )
    assert english == chinese
