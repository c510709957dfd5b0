"""What a clause is."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from autodiff_spec.core.capability import Capability

_ID = re.compile(r"(?P<chapter>[A-Z]+)-[0-9]{2,3}")


class Level(enum.Enum):
    """How strongly a clause asks (RFC 2119): mathematics and safety say MUST, a convention among legal ones SHOULD."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


MUST, SHOULD, MAY = Level.MUST, Level.SHOULD, Level.MAY


class DuplicateClause(ValueError):
    """Two clauses, or two chapters, carry the same number."""


@dataclass(frozen=True)
class Clause:
    """One testable requirement.

    Attributes:
        id: chapter and number, ``"TAPE-04"``; never renumbered.
        level: MUST, SHOULD or MAY.
        text: one sentence.
        needs: the capabilities without which a backend is not asked.
    """

    id: str
    level: Level
    text: str
    needs: tuple[Capability, ...] = ()

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"clause id {self.id!r}; write the chapter's prefix and two or three digits: 'TAPE-04'")

    @property
    def chapter(self) -> str:
        """The prefix of its chapter, ``"TAPE"``."""
        return self.id.partition("-")[0]


@dataclass(frozen=True)
class Chapter:
    """A family of clauses.

    Attributes:
        prefix: what its ids begin with, ``"TAPE"``.
        title: what it is about, in a few words.
        clauses: in the order of their numbers.
    """

    prefix: str
    title: str
    clauses: tuple[Clause, ...]

    def __post_init__(self) -> None:
        for clause in self.clauses:
            if clause.chapter != self.prefix:
                raise ValueError(f"clause {clause.id} stands in the chapter {self.prefix}; move it, or renumber it")
