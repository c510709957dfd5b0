"""The guide to the operators says what happens."""

import doctest
from pathlib import Path

import autodiff_spec as ad

PAGE = Path(__file__).resolve().parent.parent / "docs" / "operators.md"


def test_the_examples_of_the_page_run() -> None:
    with ad.use_backend("numpy"):
        result = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert result.attempted > 20
    assert result.failed == 0


def test_the_page_shows_every_operator() -> None:
    text = PAGE.read_text(encoding="utf-8")
    from autodiff_spec import operators

    for name in operators.__all__:
        if name[0].islower():
            assert f"`{name}" in text, f"{name} is missing"
