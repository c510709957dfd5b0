"""A pytest plugin for those who watch a run from another process: it appends a line of JSON for each test to a file.

The first line is ``{"total": 812}``, each later one ``{"done": "test_kinks.py::test_abs[abs at 0]", "failed": false}``.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the file."""
    group = parser.getgroup("autodiff-spec")
    group.addoption("--progress-file", metavar="FILE", help="append a line for each test there")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to write, if asked to."""
    if path := config.getoption("progress_file"):
        config.pluginmanager.register(_Progress(Path(path)), "autodiff-spec-progress")


class _Progress:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.failed = False

    def _write(self, **line: object) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._write(total=len(session.items))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed
        if report.when == "teardown":
            self._write(done=report.nodeid, failed=self.failed)
            self.failed = False
