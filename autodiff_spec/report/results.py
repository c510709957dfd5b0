"""The results of a run as data, and as JSON with a schema number."""

from __future__ import annotations

import enum
import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from autodiff_spec.report.accuracy import Accuracy

SCHEMA = 3
INTERRUPTED = 2  # pytest's exit status
USUAL_EXAMPLES = 20  # of a drawn test


class Outcome(enum.StrEnum):
    """How one test ended."""

    PASSED = "passed"
    FAILED = "failed"
    EXPECTED = "expected"  # it failed, and is listed
    FIXED = "fixed"  # it is listed, and passed
    CRASHED = "crashed"  # the process died in it, or it did not end
    UNSUPPORTED = "unsupported"  # the backend lacks a capability
    SKIPPED = "skipped"


class Verdict(enum.StrEnum):
    """The verdict of all tests of a clause together."""

    CONFORMS = "conforms"
    DEVIATES = "deviates"  # legal, and not what is recommended: a test of a SHOULD failed
    VIOLATES = "violates"  # a test of a MUST failed
    CRASHES = "crashes"  # the process died in one of its tests, or that did not end
    UNSUPPORTED = "unsupported"
    UNTESTED = "untested"  # its tests were left out of this run


class Kind(enum.StrEnum):
    """How a test fails, the gravest kind first: what to mend first."""

    WRONG = "silently wrong"
    NAN = "not a number"
    IMPRECISE = "imprecise"  # half of the digits are right
    REFUSES = "refuses"  # a typed error, or NotImplementedError
    LACKS = "lacks the name"  # of an array's method, of a module
    RAISES = "crashes on its own line"  # an exception that tells the caller nothing
    DIES = "ends the process"


FAILURES = (Outcome.FAILED, Outcome.CRASHED)
"""How a test ends that speaks against its clauses, and is not listed."""
WRONG = (Verdict.DEVIATES, Verdict.VIOLATES, Verdict.CRASHES)
"""The verdicts on a clause of which a test failed."""


@dataclass(frozen=True)
class Row:
    """One test.

    Attributes:
        test: file, name and case: ``test_kinks.py::test_abs[abs at 0]``.
        clauses: the ids of the clauses that it checks.
        case: the id of its parameters, or nothing.
        outcome: how it ended.
        message: one line: what failed, or why it was left out.
        note: what is listed about it: observed, reason, versions.
        reproducer: the minimal failing example, or the failing program.
        listed: the clauses under which a failure is expected.
        missing: the capabilities for want of which it was left out.
        seconds: how long it took.
        kind: of its failure, a value of `Kind`.
        quantity: what it failed on: ``"value"``, ``"pullback"``, ``"pushforward"``, ``"second"``, or nothing.
        observed: the whole value, or what the exception says.
        expected: the whole value.
        cause: what failures of one cause have in common: the function and quantity, or the exception.
        drawn: whether its arguments are drawn, so that it meets a failure in some runs only.
    """

    test: str
    clauses: tuple[str, ...]
    case: str
    outcome: Outcome
    message: str = ""
    note: str = ""
    reproducer: str = ""
    listed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    seconds: float = 0.0
    kind: str = ""
    quantity: str = ""
    observed: str = ""
    expected: str = ""
    cause: str = ""
    drawn: bool = False

    @property
    def failing(self) -> tuple[str, ...]:
        """The clauses against which this test speaks."""
        if self.outcome is Outcome.EXPECTED:
            return self.listed
        return self.clauses if self.outcome in FAILURES else ()

    def as_data(self) -> dict[str, Any]:
        """The row as plain data: what JSON holds, and what processes send to one another."""
        return {**asdict(self), "outcome": self.outcome.value}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Row:
        """The row that `dataclasses.asdict` or JSON made ``data`` of."""
        tuples = {key: tuple(data[key]) for key in ("clauses", "listed", "missing")}
        return cls(**{**data, **tuples, "outcome": Outcome(data["outcome"])})


@dataclass(frozen=True)
class ClauseResult:
    """The verdict on one clause: ``listed`` if each failure behind it is a known one."""

    id: str
    level: str
    verdict: Verdict
    listed: bool
    tests: int
    failed: int

    @property
    def new(self) -> bool:
        """Whether it fails in a way that is not listed as known."""
        return self.verdict in WRONG and not self.listed


@dataclass(frozen=True)
class Report:
    """One run on one backend; ``accuracy`` says how near the functions' derivatives are to the truth."""

    backend: str
    version: str
    conventions: str
    spec_version: str
    date: str
    seconds: float
    seed: str
    max_examples: int
    filtered: bool
    platform: Mapping[str, str]
    versions: Mapping[str, str]
    environment: Mapping[str, str]
    clauses: tuple[ClauseResult, ...]
    rows: tuple[Row, ...]
    problems: tuple[str, ...]
    exit_status: int
    accuracy: tuple[Accuracy, ...] = ()
    schema: int = field(default=SCHEMA)

    @property
    def flavour(self) -> str:
        """The conventions in brackets, ``"(spec)"``; nothing for the framework's own."""
        return "" if self.conventions == "native" else f"({self.conventions})"

    @property
    def name(self) -> str:
        """The backend and its flavour: ``"torch (spec)"``."""
        return f"{self.backend} {self.flavour}".rstrip()

    @property
    def interrupted(self) -> bool:
        """Whether the run was ended before its time: what is missing is untested."""
        return self.exit_status == INTERRUPTED

    @property
    def conforms(self) -> bool:
        """Whether nothing was found beyond the listed deviations."""
        return self.exit_status == 0

    def command(self, row: Row) -> str:
        """The command line that runs one test again, as it was drawn, on the backend by the name that found it."""
        backend = self.environment.get("AUTODIFF_SPEC_BACKEND", self.backend)
        flavour = "" if self.conventions == "native" else f" --conventions {self.conventions}"
        seed = f" --seed {self.seed}" if self.seed.isdigit() else ""
        count = "" if self.max_examples == USUAL_EXAMPLES else f" --max-examples {self.max_examples}"
        return f"autodiff-spec test {shlex.quote(backend)}{flavour}{seed}{count} --only {shlex.quote(row.test)}"

    def as_json(self) -> str:
        """The report as JSON."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(self.as_json(), "utf-8")

    @classmethod
    def read(cls, path: Path) -> Report:
        """Read what `write` wrote."""
        return cls.from_dict(json.loads(path.read_text("utf-8")))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """The report that `dataclasses.asdict` or JSON made ``data`` of."""
        if data.get("schema") != SCHEMA:
            raise ValueError(f"a report of schema {data.get('schema')}; this version reads schema {SCHEMA}")
        known = {name: data[name] for name in (entry.name for entry in fields(cls))}
        known["clauses"] = tuple(ClauseResult(**{**c, "verdict": Verdict(c["verdict"])}) for c in data["clauses"])
        known["rows"] = tuple(Row.from_dict(row) for row in data["rows"])
        known["accuracy"] = tuple(Accuracy(**line) for line in data["accuracy"])
        known["problems"] = tuple(data["problems"])
        return cls(**known)


@dataclass(frozen=True)
class Cost:
    """The costs of the gradient of one workload on one backend.

    Attributes:
        backend: its name.
        version: of its framework.
        workload: what was computed.
        seconds: the best time of the gradient through this interface.
        to_function: how many times as long as the function alone, measured by turns.
        to_native: how many times as long as the framework's own gradient; None where it has none.
    """

    backend: str
    version: str
    workload: str
    seconds: float
    to_function: float
    to_native: float | None
