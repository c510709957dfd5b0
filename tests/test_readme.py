"""The README's table of who conforms is what the clauses and the lists of deviations say, each entry of which is tested.

``python -m tests.test_readme`` writes the table and the number of clauses into the README.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

import autodiff_spec as ad
from autodiff_spec.clauses import CHAPTERS, CLAUSES, Clause, Level
from autodiff_spec.conformance._deviations import known_deviations

README = Path(__file__).resolve().parent.parent / "README.md"
BACKENDS = ("numpy", "torch", "tensorflow", "jax")
VERBS = {"deviates": "deviate", "violates": "violate"}
NOT_ASKED = {"PROG-13"}
"""What only engines without deviations are asked."""


def table() -> str:
    """The lines of the table; the versions are those that are installed."""
    backends = [ad.backend(name, conventions="native") for name in BACKENDS]
    versions = " | ".join(f"{be.name} {be.version.partition('+')[0]}" for be in backends)
    rows = [f"| chapter | {versions} |", "|---" * (len(BACKENDS) + 1) + "|"]
    for chapter in CHAPTERS.values():
        cells = [cell(chapter.clauses, be) for be in backends]
        rows.append(f"| {chapter.prefix} {chapter.title} | {' | '.join(cells)} |")
    totals = [cell(CLAUSES.values(), be) for be in backends]
    return "\n".join([*rows, f"| **all** | {' | '.join(totals)} |"]) + "\n"


def cell(clauses: Iterable[Clause], be: ad.Backend) -> str:
    """How many clauses a backend conforms to, of how many it is asked, and what becomes of the others."""
    counts = Counter(verdict(clause, be) for clause in clauses)
    asked = counts["conforms"] + counts["deviates"] + counts["violates"]
    kinds = ("deviates", "violates", "unsupported", "not asked")
    others = [f"{counts[k]} {VERBS.get(k, k) if counts[k] > 1 else k}" for k in kinds if counts[k]]
    return f"{counts['conforms']}/{asked}" + (f" ({', '.join(others)})" if others else "")


def verdict(clause: Clause, be: ad.Backend) -> str:
    """What the suite says of a backend about a clause, when it finds nothing but what is listed."""
    deviations = {entry.clause for entry in known_deviations(be)}
    if not set(clause.needs) <= be.capabilities:
        return "unsupported"
    if clause.id in NOT_ASKED and deviations:
        return "not asked"
    if clause.id in deviations:
        return "violates" if clause.level is Level.MUST else "deviates"
    return "conforms"


def written() -> str:
    """The README with the table and the number of clauses as they ought to be."""
    text = re.sub(r"^\| chapter \|.*?(?=\n\n)", lambda _: table().rstrip(), README.read_text("utf-8"), flags=re.M | re.S)
    return re.sub(r"\d+(?= numbered clauses)", str(len(CLAUSES)), text)


def test_the_table_and_the_number_of_clauses_are_those_of_the_clauses() -> None:
    missing = set(BACKENDS) - set(ad.available_backends())
    if missing:
        pytest.skip(f"{', '.join(sorted(missing))} not installed: the table is about all four")
    assert README.read_text("utf-8") == written(), "run: python -m tests.test_readme"


if __name__ == "__main__":
    README.write_text(written(), "utf-8")
