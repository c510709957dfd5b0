"""One run of the suite: which tests belong to it, what is expected of them, and what they said."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import is_hypothesis_test, settings

import autodiff_spec
from autodiff_spec import AutodiffError, Backend, Capability, clauses
from autodiff_spec.conformance._deviations import Deviation, DeviationsFileError, every_deviation, known_deviations
from autodiff_spec.conformance._limits import limits
from autodiff_spec.conformance.coverage.drawn import Drawn
from autodiff_spec.report import Errors, Report, Row
from autodiff_spec.report.judging import assembled

SUITE = Path(__file__).resolve().parent
MISSING = pytest.StashKey[tuple[str, ...]]()
LISTED = pytest.StashKey[tuple[str, ...]]()
NOTE = pytest.StashKey[str]()


class Run:
    """The state of one run; everything that hooks share."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.rows: dict[str, Row] = {}
        self.errors: list[Errors] = []
        self.drawn: set[Drawn] = set()
        self.files: set[Path] = set()
        self.cut_short = any("::" in argument for argument in config.args)
        self.items: list[pytest.Item] = []
        self.unused: list[str] = []  # what is listed and matches no test
        self.lost: list[str] = []  # what workers of pytest-xdist died in
        self.worker_head: dict[str, Any] | None = None
        self.started = time.time()

    @cached_property
    def backend(self) -> Backend:
        """The backend under test, loaded on first use."""
        try:
            found = autodiff_spec.backend()
        except (AutodiffError, ImportError, ValueError) as error:
            raise pytest.UsageError(str(error)) from error
        if listed := self.config.getoption("deviations"):
            found.deviations = Path(listed)
        return found

    # --- collection -----------------------------------------------------------------------------------------------

    def collected(self, items: Iterable[pytest.Item]) -> None:
        """Take the suite's tests among ``items``, and mark what is expected of them."""
        self.items = [item for item in items if belongs(item)]
        if not self.items:
            return
        for item in self.items:
            self._require_known_clauses(item)
            self._leave_out_unsupported(item)
        self._skip_listed(_ids(self.config.getoption("skips_file")))
        self._expect_deviations()
        self._expect_listed(_ids(self.config.getoption("xfails_file")))

    def is_whole(self) -> bool:
        """Whether this run is unfiltered: every file of the suite, and no test deselected."""
        folders = {item.path.parent for item in self.items}
        files = {path for folder in folders for path in folder.glob("test_*.py")}
        return not self.cut_short and files <= self.files

    def _require_known_clauses(self, item: pytest.Item) -> None:
        unknown = [cited for cited in cited_by(item) if cited not in clauses.CLAUSES]
        if unknown:
            raise pytest.UsageError(f"{identity(item)} cites {', '.join(unknown)}: there is no such clause")

    def _leave_out_unsupported(self, item: pytest.Item) -> None:
        needs: set[Capability] = {need for cited in cited_by(item) for need in clauses.CLAUSES[cited].needs}
        missing = tuple(sorted(need.name for need in needs - self.backend.capabilities))
        if missing := (*missing, *limits_of(item, self.backend)):
            item.stash[MISSING] = missing
            reason = f"unsupported: {self.backend.name} does not declare {', '.join(missing)}"
            item.add_marker(pytest.mark.skip(reason=reason), append=False)

    def _skip_listed(self, ids: Iterable[str]) -> None:
        for listed in ids:
            for item in self._matching(listed, "--skips-file"):
                item.add_marker(pytest.mark.skip(reason="listed in --skips-file"))

    def _expect_listed(self, ids: Iterable[str]) -> None:
        for listed in ids:
            for item in self._matching(listed, "--xfails-file"):
                # a drawn test meets its failure in some runs only
                self._expect(item, cited_by(item), "listed in --xfails-file", strict=not is_drawn(item))

    def _matching(self, listed: str, option: str) -> list[pytest.Item]:
        found = [item for item in self.items if listed in (identity(item), identity(item).partition("[")[0])]
        if not found:
            self.unused.append(f"{option} lists {listed}, and there is no such test: remove it")
        return found

    def _expect_deviations(self) -> None:
        for entry in _read_by(known_deviations, self.backend):
            found = [item for item in self.items if _concerns(entry, item)]
            for item in found:
                note = f"observed {entry.observed}: {entry.reason} (seen with {entry.versions})"
                self._expect(item, (entry.clause,), note, strict=not entry.elsewhere)
            if not found:
                self.unused.append(f"deviations.toml lists {entry}, and there is no such test: remove it")

    def _expect(self, item: pytest.Item, ids: tuple[str, ...], note: str, *, strict: bool) -> None:
        item.stash[LISTED] = tuple(dict.fromkeys((*item.stash.get(LISTED, ()), *ids)))
        item.stash[NOTE] = note
        item.add_marker(pytest.mark.xfail(reason=note, strict=strict), append=False)

    # --- backends that compile for every shape ------------------------------------------------------------------

    def is_thorough(self, item: pytest.Item) -> bool:
        """Whether a test asks all of its cases: of a backend that compiles for each, where a deviation is listed."""
        return item in self._thorough or not self._thins

    def spared(self) -> list[pytest.Item]:
        """The tests that the backend is spared."""
        spare = [item for item in self.items if item.get_closest_marker("spare")]
        return [item for item in spare if item not in self._thorough] if spare and self._thins else []

    @cached_property
    def _thins(self) -> bool:
        return self.backend.compiles_shapes and not self.config.getoption("every_case")

    @cached_property
    def _thorough(self) -> set[pytest.Item]:
        listed = _read_by(every_deviation, self.backend)
        cases = {entry.case for entry in listed}  # few of the tests have one of these
        found = (item for item in self.items if case_of(item) in cases)
        return {item for item in found if any(_concerns(entry, item) for entry in listed)}

    # --- results --------------------------------------------------------------------------------------------------

    def head(self) -> dict[str, Any]:
        """All that the run says about itself before its first test; of pytest-xdist, as a worker said it."""
        if (told := self.worker_head) is not None:
            return {**told, "problems": [*told["problems"], *self.lost]}
        profile = settings.get_profile(settings.get_current_profile_name())
        seed = self.config.getoption("hypothesis_seed", None)
        return {
            "backend": self.backend.name,
            "version": self.backend.version,
            "conventions": self.backend.conventions,
            "spec_version": autodiff_spec.__autodiff_spec_version__,
            "date": datetime.fromtimestamp(self.started, UTC).isoformat(timespec="seconds"),
            "seed": "derandomized" if profile.derandomize else str(seed or "random"),
            "max_examples": profile.max_examples,
            "filtered": not self.is_whole(),
            "platform": {"python": platform.python_version(), "system": platform.platform()},
            "versions": dict(_versions(self.backend)),
            "environment": dict(environment()),
            "problems": list(self.unused) if self.is_whole() else [],
        }

    def report(self, exit_status: int) -> Report:
        """The whole run as data."""
        seconds = time.time() - self.started
        return assembled(self.head(), [*self.rows.values()], self.errors, seconds=seconds, exit_status=exit_status)


def belongs(item: pytest.Item) -> bool:
    """Whether ``item`` is a test of the suite: it lies there, or cites a clause."""
    return item.path.parent == SUITE or item.get_closest_marker("clause") is not None


def cited_by(item: pytest.Item) -> tuple[str, ...]:
    """The ids of the clauses that a test cites."""
    return tuple(dict.fromkeys(str(cited) for mark in item.iter_markers("clause") for cited in mark.args))


def identity(item: pytest.Item) -> str:
    """The name of a test, wherever the suite is installed: ``test_kinks.py::test_abs[abs at 0]``."""
    return f"{item.path.name}::{item.nodeid.partition('::')[2]}"


def case_of(item: pytest.Item) -> str:
    """The id of its parameters, or nothing."""
    return item.callspec.id if hasattr(item, "callspec") else ""


def is_drawn(item: pytest.Item) -> bool:
    """Whether Hypothesis draws the test's arguments."""
    return is_hypothesis_test(getattr(item, "obj", None))


def is_of_second_order(item: pytest.Item) -> bool:
    """Whether a test asks for a derivative of a derivative."""
    needs = {need for cited in cited_by(item) if cited in clauses.CLAUSES for need in clauses.CLAUSES[cited].needs}
    return Capability.HIGHER_ORDER in needs or "second_derivative" in item.name or "second" in case_of(item)


def limits_of(item: pytest.Item, be: Backend) -> tuple[str, ...]:
    """The limits of the backend beyond which a test asks: ``("cumulative_prod: second order",)``."""
    given = item.callspec.params if hasattr(item, "callspec") else {}
    function = given.get("function", getattr(given.get("subject"), "function", None))
    name = getattr(function, "name", "")
    asked = {"derivative": True, "second order": is_of_second_order(item), "forward mode": "pushforward" in item.name}
    words = re.findall(r"\w+", case_of(item))  # dtypes among them
    lacks = limits(be, name) if name else []
    return tuple(f"{name}: {limit}" for limit in lacks if asked.get(limit, limit in words))


def part_of(item: pytest.Item, count: int) -> int:
    """Which of ``count`` parts of a run a test belongs to: neighbouring clauses, alike in cost, to different ones."""
    first = next(iter(cited_by(item)), "")
    return list(clauses.CLAUSES).index(first) % count if first in clauses.CLAUSES else 0


def environment() -> Iterable[tuple[str, str]]:
    """The variables that steer this project, with their values."""
    return sorted((key, value) for key, value in os.environ.items() if key.startswith("AUTODIFF_SPEC_"))


def _read_by(read: Callable[[Backend], tuple[Deviation, ...]], be: Backend) -> tuple[Deviation, ...]:
    try:
        return read(be)
    except DeviationsFileError as error:
        raise pytest.UsageError(str(error)) from error


def _concerns(entry: Deviation, item: pytest.Item) -> bool:
    name = getattr(item, "originalname", item.name)
    return (
        entry.clause in cited_by(item)
        and entry.case == case_of(item)
        and entry.test in ("", name)
        and not is_drawn(item)  # a strict expected failure of a drawn test flips from run to run
    )


def _ids(path: str | None) -> list[str]:
    """The ids in a file, one a line; ``#`` begins a comment, folders before the file's name do not count."""
    if path is None:
        return []
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except OSError as error:
        raise pytest.UsageError(f"{path}: {error.strerror}") from error
    ids = [line.strip().partition("::") for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return [f"{file.replace(os.sep, '/').rpartition('/')[2]}::{name}" for file, _, name in ids]


def _versions(backend: Backend) -> Mapping[str, str]:
    found = {backend.name: backend.version, "autodiff-spec": autodiff_spec.__version__}
    for name in ("numpy", "hypothesis", "pytest", "mpmath"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
