"""What a run tells the process that watches it: lines of JSON, which `report.stream` reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from autodiff_spec.conformance._rows import begun
from autodiff_spec.conformance._run import Run, belongs


class Stream:
    """The hooks that write the lines, each at once, so that a process that dies has said all but its last test."""

    def __init__(self, path: Path, run: Run) -> None:
        self.file = path.open("a", buffering=1, encoding="utf-8")
        self.run = run
        self.failed = False

    def _write(self, **line: object) -> None:
        self.file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if self.run.items:  # of pytest-xdist's controller there are none: its workers collect
            self._write(run=self.run.head(), total=len(session.items))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        if belongs(item):
            self._write(begun=begun(item).as_data())
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed
        if data := getattr(report, "autodiff_spec", None):
            self._write(row=data, errors=getattr(report, "autodiff_errors", []))
        if report.when == "teardown":
            self._write(done=report.nodeid, failed=self.failed)
            self.failed = False

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.run.rows and not self.run.items:
            self._write(run=self.run.head(), total=len(self.run.rows))
        self._write(end=int(session.exitstatus))
        self.file.close()
