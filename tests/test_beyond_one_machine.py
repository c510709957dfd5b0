"""Each recipe of the page "Beyond one machine" runs, a section in a process of its own, and prints what is shown.

Some need devices that are there before a framework is loaded, and some start processes.
"""

from __future__ import annotations

import importlib.util

import pytest

from tests import fresh, pages

PAGE = pages.DOCS / "guides/beyond-one-machine.md"
NEEDS = {"Dask": "dask", "JAX": "jax"}
"""Section -> the package that it is about."""


@pytest.mark.parametrize("section", NEEDS)
def test_the_recipes_of_a_section_print_what_they_show(section: str) -> None:
    if importlib.util.find_spec(NEEDS[section]) is None:
        pytest.skip(f"{NEEDS[section]} is not installed")
    assert pages.blocks(PAGE, section), "no recipes"
    code = (
        "from tests import pages\n"
        f"for block, printed in pages.run(pages.DOCS / 'guides/beyond-one-machine.md', {section!r}):\n"
        "    assert printed == block.text, f'line {block.line} printed {printed!r}'\n"
    )
    done = fresh.python("-c", code)
    assert done.returncode == 0, done.stdout + done.stderr
