"""A run as it goes on: lines of JSON, which outlive the process that writes them.

What the lines say: ``run`` and ``total`` (what the run says about itself, and how many tests there are), ``begun`` (a
test, as a row), ``row`` and ``errors`` (how it ended), ``done``, ``end`` (pytest's exit status). A result file holds
``report`` (an earlier run that this one goes on with), ``run`` and ``row`` while its run goes on.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from autodiff_spec.report.accuracy import Errors
from autodiff_spec.report.judging import assembled, continued
from autodiff_spec.report.results import INTERRUPTED, Kind, Outcome, Report, Row

_AFTERWARDS = {"seconds", "clauses", "rows", "exit_status", "accuracy", "schema"}
HEAD = tuple(field.name for field in fields(Report) if field.name not in _AFTERWARDS)
"""What a run says about itself before its first test."""

Line = Mapping[str, Any]
Keep = Callable[[Line], None]
"""Takes each line that a result file holds."""


class Rows:
    """A run as far as it has gone, line by line.

    Attributes:
        head: what it says about itself, once the tests are collected.
        total: how many tests there are, those of processes that died included.
        done: how many have ended.
        failed: how many of them speak against a clause that is not listed.
        begun: the test that runs.
        status: pytest's exit status, once it has one.
    """

    def __init__(self, keep: Keep | None = None) -> None:
        self.head: dict[str, Any] | None = None
        self.before: Report | None = None
        self.rows: dict[str, Row] = {}
        self.errors: list[Errors] = []
        self.begun: Row | None = None
        self.status: int | None = None
        self.total = self.done = self.failed = 0
        self._keep = keep
        self._started = time.monotonic()

    def take(self, line: Line) -> None:
        """Take in what a line says."""
        match line:
            case {"run": head, "total": total}:
                self.head, self.total = head, self.done + total
            case {"begun": row}:
                self.begun = Row.from_dict(row)
            case {"row": row, "errors": errors}:
                found = Row.from_dict(row)
                self.rows[found.test] = found
                self.errors += map(Errors.from_dict, errors)
            case {"done": _, "failed": failed}:
                self.done, self.failed, self.begun = self.done + 1, self.failed + failed, None
            case {"end": status}:
                self.status = status
            case {"report": report}:
                self.before = Report.from_dict(report)
            case _:
                raise ValueError("no line of a run")
        if self._keep is not None and ("run" in line or "row" in line):
            self._keep(line)

    def crashed(self, why: str, where: str) -> None:
        """Take it that the process died in the test that had begun, or between two tests."""
        if self.begun is not None:
            listed = Outcome.EXPECTED if self.begun.listed else Outcome.CRASHED
            row = replace(self.begun, outcome=listed, message=why, reproducer=where, kind=Kind.DIES.value)
            row = replace(row, cause=f"{why} {where.partition(chr(10))[0]}".rstrip())
            self.take({"row": row.as_data(), "errors": []})
            self.take({"done": row.test, "failed": listed is Outcome.CRASHED})
        elif self.head is not None:
            last = next(reversed(self.rows), "any test")
            self.head = {**self.head, "problems": [*self.head["problems"], f"after {last} {why}"]}
        if self.done >= self.total:
            self.status = 0

    def report(self) -> Report:
        """The report of what ended; interrupted, unless the run said that it was over."""
        status = INTERRUPTED if self.status is None else self.status
        if self.head is None:
            if self.before is None:
                raise ValueError("a run that has no tests yet")
            return replace(self.before, exit_status=status)
        rows, seconds = list(self.rows.values()), time.monotonic() - self._started
        report = assembled(self.head, rows, self.errors, seconds=seconds, exit_status=status)
        return report if self.before is None else continued(self.before, report)


def lines_of(report: Report) -> Iterator[Line]:
    """The lines that a result file would hold of a run."""
    data = asdict(report)
    yield {"run": {name: data[name] for name in HEAD}, "total": len(report.rows)}
    yield from ({"row": row.as_data(), "errors": []} for row in report.rows)


class Tail:
    """The lines of a file that grows."""

    def __init__(self, path: Path) -> None:
        self._path, self._at = path, 0

    def lines(self) -> list[Line]:
        """Those that are whole and were not given before."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._at)
            whole = file.read().rpartition(b"\n")[0]
        self._at += len(whole) + bool(whole)
        return [json.loads(line) for line in whole.splitlines()]


class ResultFile:
    """A result file: lines while the run goes on, so that nothing is lost with this process; then the report."""

    def __init__(self, path: Path, before: Report | None) -> None:
        self._path, self._before, self._lock, self._begun = path, before, threading.Lock(), False

    def keep(self, line: Line) -> None:
        """Add a line; parts that run at the same time may."""
        with self._lock:
            if not self._begun:
                self._replace("" if self._before is None else _as_line({"report": asdict(self._before)}))
            self._begun = True
            with self._path.open("a", encoding="utf-8") as file:
                file.write(_as_line(line))

    def finish(self, report: Report) -> None:
        """Put the report into the lines' place."""
        self._replace(report.as_json())

    def _replace(self, content: str) -> None:
        """At once: who reads the file meets the old content or the new one."""
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_text(content, "utf-8")
        os.replace(beside, self._path)


def _as_line(line: Line) -> str:
    return json.dumps(line, ensure_ascii=False) + "\n"
