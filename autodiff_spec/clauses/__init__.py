"""The specification: numbered clauses, as data, one file a chapter.

>>> from autodiff_spec.clauses import CHAPTERS, CLAUSES
>>> CLAUSES["VAR-01"].level
<Level.MUST: 'MUST'>
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from autodiff_spec.clauses._model import MAY, MUST, SHOULD, Chapter, Clause, DuplicateClause, Level

__all__ = ["CHAPTERS", "CLAUSES", "MAY", "MUST", "SHOULD", "Chapter", "Clause", "DuplicateClause", "Level"]

_MODULES = (
    "variables",
    "tapes",
    "gradients",
    "stopping",
    "control_flow",
    "nesting",
    "trees",
    "dtypes",
    "complex_numbers",
    "pullbacks",
    "forward",
    "linear_maps",
    "jacobians",
    "hessians",
    "batching",
    "prepared",
    "custom_rules",
    "checkpoints",
    "hosts",
    "distributed",
    "threads",
    "memory",
    "mutation",
    "depth",
    "errors",
    "chapter",
    "functions",
    "programs",
    "kinks",
)


def _by_prefix(chapters: Iterable[Chapter]) -> dict[str, Chapter]:
    found: dict[str, Chapter] = {}
    for chapter in chapters:
        if chapter.prefix in found:
            raise DuplicateClause(f"there are two chapters {chapter.prefix}")
        found[chapter.prefix] = chapter
    return found


def _by_id(chapters: Iterable[Chapter]) -> dict[str, Clause]:
    found: dict[str, Clause] = {}
    for chapter in chapters:
        for clause in chapter.clauses:
            if clause.id in found:
                raise DuplicateClause(f"there are two clauses {clause.id}")
            found[clause.id] = clause
    return found


CHAPTERS: dict[str, Chapter] = _by_prefix(importlib.import_module(f"{__name__}.{name}").CHAPTER for name in _MODULES)
"""Prefix -> chapter, in the order of the specification."""

CLAUSES: dict[str, Clause] = _by_id(CHAPTERS.values())
"""Id -> clause, in the same order."""
