"""The README: its table of who conforms is what clauses and lists of deviations say, each entry of which is tested.

``python -m tests.test_readme`` writes the table and the numbers of clauses and of mutants into the README.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

import autodiff_spec as ad
from autodiff_spec.clauses import CHAPTERS, CLAUSES, Clause
from autodiff_spec.conformance.verdicts import foreseen
from autodiff_spec.report import Verdict
from tests import pages
from tests.mutants.catalogue import MUTANTS

README = Path(__file__).resolve().parent.parent / "README.md"
BACKENDS = ("numpy", "torch", "tensorflow", "jax")
SAID = {
    Verdict.DEVIATES: ("deviates", "deviate"),
    Verdict.VIOLATES: ("violates", "violate"),
    Verdict.UNSUPPORTED: ("unsupported", "unsupported"),
    Verdict.UNTESTED: ("untested", "untested"),
}


def table() -> str:
    """The chapters in which a backend falls short, and all; the versions are those that are installed."""
    backends = [ad.backend(name, conventions="native") for name in BACKENDS]
    versions = " | ".join(f"{be.name} {be.version.partition('+')[0]}" for be in backends)
    rows = [f"| chapter | {versions} |", "|---" * (len(BACKENDS) + 1) + "|"]
    for chapter in CHAPTERS.values():
        cells = [cell(chapter.clauses, be) for be in backends]
        if not any(falls_short(chapter.clauses, be) for be in backends):
            continue
        rows.append(f"| {chapter.prefix} {chapter.title} | {' | '.join(cells)} |")
    totals = [cell(CLAUSES.values(), be) for be in backends]
    return "\n".join([*rows, f"| **all** | {' | '.join(totals)} |"]) + "\n"


def cell(clauses: Iterable[Clause], be: ad.Backend) -> str:
    """How many clauses a backend conforms to, of how many it is asked, and what becomes of the others."""
    counts = Counter(foreseen(clause, be) for clause in clauses)
    asked = sum(counts[verdict] for verdict in (Verdict.CONFORMS, Verdict.DEVIATES, Verdict.VIOLATES))
    others = [f"{counts[v]} {one if counts[v] == 1 else many}" for v, (one, many) in SAID.items() if counts[v]]
    return f"{counts[Verdict.CONFORMS]}/{asked}" + (f" ({', '.join(others)})" if others else "")


def falls_short(clauses: Iterable[Clause], be: ad.Backend) -> bool:
    """Whether a backend deviates from one of the clauses, or violates it."""
    return not {foreseen(clause, be) for clause in clauses}.isdisjoint({Verdict.DEVIATES, Verdict.VIOLATES})


def written() -> str:
    """The README with the table and the numbers as they ought to be."""
    text = README.read_text("utf-8")
    text = re.sub(r"^\| chapter \|.*?\n(?=\n)", lambda _: table(), text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\d+(?= wrong engines)", str(len(MUTANTS)), text)
    return re.sub(r"\d+(?= numbered clauses)", str(len(CLAUSES)), text)


def test_the_table_and_the_numbers_are_those_of_clauses_deviations_and_mutants() -> None:
    missing = set(BACKENDS) - set(ad.available_backends())
    if missing:
        pytest.skip(f"{', '.join(sorted(missing))} not installed: the table is about all four")
    assert README.read_text("utf-8") == written(), "run: python -m tests.test_readme"


def test_its_four_lines_print_what_it_says() -> None:
    with ad.use_backend("numpy"):
        [(block, printed)] = pages.run(README)
    assert printed.strip() == block.code.rpartition("# ")[2].strip() == "[ 0.  4.  8. 12.]"


if __name__ == "__main__":
    README.write_text(written(), "utf-8")
