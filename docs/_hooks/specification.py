"""The specification's pages, made from the clauses and the backends' lists of deviations when the site is built."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import autodiff_spec as ad
from autodiff_spec.clauses import CHAPTERS, CLAUSES, Chapter, Clause
from autodiff_spec.conformance._deviations import Deviation, known_deviations
from autodiff_spec.conformance.verdicts import foreseen
from autodiff_spec.report import Verdict

BACKENDS = ("numpy", "torch", "tensorflow", "jax")
SAID = {verdict: verdict.value for verdict in Verdict}
INTRODUCTION = """---
hide: [toc]
---

# The specification

{count} numbered clauses in {chapters} chapters. A **MUST** is mathematics or safety: breaking it *violates* the
specification. A **SHOULD** is the recommended one of several legal values: another one *deviates*. A clause whose
capability a backend does not declare is *unsupported* there, which is no failure. Numbers are never reused. In a shell,
`autodiff-spec spec TAPE-05` prints a clause.

These pages are made from the clauses themselves, and from the lists of deviations, each entry of which is a strict
expected failure of the suite: one that stops failing fails the run. What is not listed is tested and conforms. This is
about {versions}, each with its own conventions.

| chapter | about | clauses | {names} |
|---|---|--:|{rules}
"""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the chapters into the navigation, in the specification's order."""
    [pages] = [entry["Specification"] for entry in config.nav or [] if "Specification" in entry]
    pages += [{f"{chapter.prefix} · {chapter.title}": address(chapter)} for chapter in CHAPTERS.values()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    backends = installed()
    files.append(File.generated(config, "specification/index.md", content=overview(backends)))
    for chapter in CHAPTERS.values():
        files.append(File.generated(config, address(chapter), content=page(chapter, backends)))
    return files


def address(chapter: Chapter) -> str:
    """The page of a chapter."""
    return f"specification/{chapter.prefix.lower()}.md"


def installed() -> list[ad.Backend]:
    """The backends whose frameworks are there when the site is built."""
    return [ad.backend(name, conventions="native") for name in BACKENDS if name in ad.available_backends()]


def overview(backends: list[ad.Backend]) -> str:
    """The first page: all chapters, and what is listed for each."""
    versions = ", ".join(f"{be.name} {be.version}" for be in backends)
    head = INTRODUCTION.format(
        count=len(CLAUSES),
        chapters=len(CHAPTERS),
        versions=versions,
        names=" | ".join(be.name for be in backends),
        rules="---|" * len(backends),
    )
    return head + "".join(f"{row(chapter, backends)}\n" for chapter in CHAPTERS.values())


def row(chapter: Chapter, backends: list[ad.Backend]) -> str:
    """A chapter's line of the overview."""
    states = [summary(chapter, be) for be in backends]
    link = f"[{chapter.prefix}]({chapter.prefix.lower()}.md)"
    return f"| {link} | {chapter.title} | {len(chapter.clauses)} | {' | '.join(states)} |"


def summary(chapter: Chapter, be: ad.Backend) -> str:
    """How many clauses of a chapter a backend breaks, or is untested."""
    counts = Counter(foreseen(clause, be) for clause in chapter.clauses)
    others = [f"{counts[v]} {said}" for v, said in SAID.items() if counts[v] and v is not Verdict.CONFORMS]
    return ", ".join(others) or SAID[Verdict.CONFORMS]


def page(chapter: Chapter, backends: list[ad.Backend]) -> str:
    """The page of a chapter: a heading, with an anchor, for each clause."""
    title = f"# {chapter.prefix} · {chapter.title}\n\n"
    return title + "\n".join(section(clause, backends) for clause in chapter.clauses)


def section(clause: Clause, backends: list[ad.Backend]) -> str:
    """One clause, and what each framework does."""
    needs = f" Needs {', '.join(f'`{need.name}`' for need in clause.needs)}." if clause.needs else ""
    parts = [f"### {clause.id} {{ #{clause.id} }}\n", f"**{clause.level.value}** {as_markdown(clause.text)}\n"]
    parts.append(f"{states(clause, backends)}.{needs}\n{{ .clause-state }}\n")
    for be in backends:
        parts += table(be, [entry for entry in known_deviations(be) if entry.clause == clause.id])
    return "\n".join(parts)


def states(clause: Clause, backends: list[ad.Backend]) -> str:
    """The backends, grouped by what they do about a clause."""
    groups: dict[str, list[str]] = {}
    for be in backends:
        groups.setdefault(SAID[foreseen(clause, be)], []).append(be.name)
    return "; ".join(f"*{state}*: {', '.join(names)}" for state, names in groups.items())


def table(be: ad.Backend, entries: Iterable[Deviation]) -> list[str]:
    """The known deviations of one backend from one clause."""
    rows = [[entry.case or "–", f"`{entry.observed}`", entry.reason] for entry in entries]
    if not rows:
        return []
    lines = [f"| {be.name}: case | observed | why |", "|---|---|---|"]
    lines += ["| " + " | ".join(cell(text) for text in texts) + " |" for texts in rows]
    return ["\n".join(lines) + "\n"]


def cell(text: str) -> str:
    """Text that may stand in a table: a bar would end its column, in code too."""
    escaped = text if text.startswith("`") else as_markdown(text)
    return " ".join(escaped.replace("|", r"\|").split())


def as_markdown(text: str) -> str:
    """A clause's text: names of functions and keywords as code, everything else literal."""
    parts = re.split(r"(\b[\w.]+\([^()\s]*\)|\b\w+=(?:\"\w+\")?|\b[a-z]\w*_\w+\b)", text)
    return "".join(f"`{part}`" if i % 2 else literal(part) for i, part in enumerate(parts))


def literal(text: str) -> str:
    """Text without marks that Markdown or HTML would read."""
    found: dict[str, Any] = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
    return "".join(found.get(c, f"\\{c}" if c in "\\`*_[]" else c) for c in text)
