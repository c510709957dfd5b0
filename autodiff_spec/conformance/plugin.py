"""The pytest plugin of the conformance suite; load it with ``-p autodiff_spec.conformance.plugin``.

It chooses the backend by ``$AUTODIFF_SPEC_BACKEND``, leaves out what the backend does not declare, expects what it
lists as known deviations, and turns outcomes into a verdict on each clause. Tests that cite no clause are left alone.
"""

from __future__ import annotations

import gc
import os
import random
import sys
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings

import autodiff_spec
from autodiff_spec import Backend
from autodiff_spec.conformance import accuracy
from autodiff_spec.conformance._mismatch import lacking
from autodiff_spec.conformance._rows import row_of
from autodiff_spec.conformance._run import MISSING, Run, belongs, cited_by, environment, identity, part_of
from autodiff_spec.conformance._stream import Stream
from autodiff_spec.conformance._thinning import quick
from autodiff_spec.conformance.coverage import drawn
from autodiff_spec.report import Errors, Outcome, Report, Row
from autodiff_spec.report.results import USUAL_EXAMPLES

pytest.register_assert_rewrite("autodiff_spec.conformance.checks")

_RUN = pytest.StashKey[Run]()
_ERRORS = pytest.StashKey[list[Errors]]()
_PROFILE_BEFORE = pytest.StashKey[tuple[str, settings]]()
_PROFILE = "autodiff-spec"
_EXAMPLES_WHERE_SHAPES_COMPILE = 10
_EXAMPLES_QUICK = 2


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options."""
    group = parser.getgroup("autodiff-spec", "conformance to the specification of automatic differentiation")
    add = group.addoption
    add("--max-examples", type=_positive, metavar="N", help="examples a drawn test (20; jax: 10)")
    add("--derandomize", action="store_true", help="draw the same examples in each run")
    add("--deviations", metavar="FILE", help="known deviations, in place of the backend's own list")
    add("--skips-file", metavar="FILE", help="tests to leave out: ids, one a line; an unknown one fails")
    add("--xfails-file", metavar="FILE", help="tests expected to fail: ids, one a line; an unknown one fails")
    add("--clauses", metavar="IDS", help="run the tests of these clauses only, ids with commas between them")
    add("--part", type=_part, metavar="K/N", help="run part K of N; neighbouring clauses are in different ones")
    add("--every-case", action="store_true", help="spare no case, of a backend that compiles for each shape")
    add("--quick", action="store_true", help="first order, a case of each test and clause, 2 examples, no shrinking")
    add("--drawn-json", metavar="FILE", help="write there what was drawn for each function")
    add("--report-json", metavar="FILE", help="write verdicts and results there")
    add("--stream", metavar="FILE", help="append a line of JSON there for whatever happens")
    add("--seen", metavar="FILE", help="tests of this run that an earlier process has seen: ids, one a line")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _part(text: str) -> tuple[int, int]:
    number, count = map(int, text.split("/"))
    if not 1 <= number <= count:
        raise ValueError(text)
    return number - 1, count


@pytest.hookimpl(tryfirst=True)  # before Hypothesis reads its seed
def pytest_configure(config: pytest.Config) -> None:
    """Prepare the environment, the Hypothesis profile and the run; with ``-p`` a seed that can be named."""
    named = not config.getoption("hypothesis_seed", None) and __name__ in config.option.plugins
    if named and not config.getoption("derandomize"):
        config.option.hypothesis_seed = str(random.randrange(2**31))
    config.addinivalue_line("markers", "clause(*ids): the clauses of the specification that a test checks")
    config.addinivalue_line("markers", "spare: a case that a backend is spared which compiles for every shape")
    _prepare_environment()
    _load_profile(config)
    config.stash[_RUN] = run = Run(config)
    config.pluginmanager.register(Recorder(run), "autodiff-spec-recorder")
    if (path := config.getoption("stream")) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Stream(Path(path), run), "autodiff-spec-stream")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give Hypothesis the profile that it had."""
    if _PROFILE_BEFORE in config.stash:
        name, profile = config.stash[_PROFILE_BEFORE]
        settings.register_profile(name, profile)  # it is ours, and was overwritten, when one run is inside another
        settings.load_profile(name)


def _is_jax() -> bool:
    return os.environ.get("AUTODIFF_SPEC_BACKEND", "").startswith(("jax", "autodiff_jax"))


def _prepare_environment() -> None:
    """Frameworks read these variables when they load; what is set already stays."""
    os.environ.setdefault("JAX_ENABLE_X64", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if _is_jax() and "host_platform_device_count" not in os.environ.get("XLA_FLAGS", ""):
        os.environ.setdefault("JAX_NUM_CPU_DEVICES", "2")  # for arrays in parts
    if _is_jax() and "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(_jax_cache())
        # each compilation is short, and there are thousands
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")


def _jax_cache() -> Path:
    """``.jax_cache`` in a checkout of this repository, a folder of the user's caches elsewhere."""
    root = Path(__file__).resolve().parents[2]
    if (root / "pyproject.toml").is_file():
        return root / ".jax_cache"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "autodiff-spec" / "jax"


def _load_profile(config: pytest.Config) -> None:
    before = settings.get_current_profile_name()
    config.stash[_PROFILE_BEFORE] = (before, settings.get_profile(before))
    chosen = config.getoption("--hypothesis-profile", None)
    parent = settings.get_profile(chosen) if chosen else None
    quick = config.getoption("quick")
    usual = parent.max_examples if parent else _EXAMPLES_WHERE_SHAPES_COMPILE if _is_jax() else USUAL_EXAMPLES
    phases = (Phase.explicit, Phase.reuse, Phase.generate) if quick else settings.get_profile("default").phases
    settings.register_profile(
        _PROFILE,
        parent=parent,
        max_examples=config.getoption("--max-examples") or (_EXAMPLES_QUICK if quick else usual),
        phases=phases,
        derandomize=config.getoption("--derandomize"),
        deadline=None,  # a first call compiles, a later one does not
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile(_PROFILE)


# --- fixtures -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def autodiff_backend(pytestconfig: pytest.Config) -> Backend:
    """The backend under test, chosen by ``$AUTODIFF_SPEC_BACKEND``."""
    return pytestconfig.stash[_RUN].backend


@pytest.fixture(scope="session")
def be(autodiff_backend: Backend) -> Backend:
    """The backend under test, by its short name."""
    return autodiff_backend


@pytest.fixture
def thorough(request: pytest.FixtureRequest) -> bool:
    """Whether the test asks for every shape: not of a backend that compiles for each, where it lists no deviation."""
    return request.config.stash[_RUN].is_thorough(request.node)


# --- the run ------------------------------------------------------------------------------------------------------


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which specification this is, and what steers it."""
    ours = f"{autodiff_spec.__version__}, specification {autodiff_spec.__autodiff_spec_version__}"
    chosen = " ".join(f"{key}={value}" for key, value in environment()) or "AUTODIFF_SPEC_BACKEND is not set: numpy"
    return [f"autodiff-spec: {ours}; {chosen}"]


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Say which backend it is, once the suite's tests asked for it."""
    run = config.stash[_RUN]
    if not run.items:
        return []
    said = [f"backend: {run.backend.name} {run.backend.version}, conventions {run.backend.conventions}"]
    spared = len(run.spared())
    compiles = f"{run.backend.name} compiles for every shape: spared {spared} of {len(run.items)} tests (--every-case)"
    return [*said, compiles] if spared else said


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Infinities and NaN are results here, no reason to warn; arrays are shown with all their digits."""
    if not belongs(item):
        return (yield)
    listening = drawn.noted(item.config.stash[_RUN].drawn) if item.config.getoption("drawn_json") else nullcontext()
    be = item.config.stash[_RUN].backend
    with np.errstate(all="ignore"), np.printoptions(precision=17), accuracy.noted() as item.stash[_ERRORS], listening:
        try:
            return (yield)
        except AttributeError as error:
            if not (name := lacking(error, be.xp, be.extra)):
                raise
            item.stash[MISSING] = (f"xp.{name}",)
            pytest.skip(f"unsupported: the namespace of {be.name} has no {name}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach to the report of a suite's test its row, and the errors that it measured if it passed."""
    report = yield
    if belongs(item) and (row := row_of(item, call, report)) is not None:
        report.autodiff_spec = row.as_data()  # type: ignore[attr-defined]
        if row.outcome is Outcome.PASSED and (errors := item.stash.get(_ERRORS, [])):
            report.autodiff_errors = [asdict(one) for one in errors]  # type: ignore[attr-defined]
    return report


def _choose(config: pytest.Config, items: list[pytest.Item], chosen: list[pytest.Item]) -> None:
    kept = set(chosen)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = chosen


class Recorder:
    """The hooks that follow a run from the collected tests to its report."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.report: Report | None = None

    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        """Note that a file is collected."""
        if isinstance(collector, pytest.Module):
            self.run.files.add(collector.path)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected leaves the lists unjudged."""
        self.run.cut_short |= report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Mark what is expected of the suite's tests, before any is deselected."""
        self.run.collected(items)
        for item in filter(belongs, items):  # which differentiate constants on purpose
            item.add_marker(pytest.mark.filterwarnings("ignore::autodiff_spec.IndependentWarning"))
        if spared := set(self.run.spared()):
            items[:] = [item for item in items if item not in spared]
        if config.getoption("clauses"):
            asked = set(config.getoption("clauses").split(","))
            _choose(config, items, [item for item in items if asked & set(cited_by(item))])
        if config.getoption("quick"):
            _choose(config, items, quick(items))
        if config.getoption("part"):
            number, count = config.getoption("part")
            items[:] = [item for item in items if part_of(item, count) == number]
        if config.getoption("seen"):
            seen = set(Path(config.getoption("seen")).read_text("utf-8").split("\n"))
            items[:] = [item for item in items if identity(item) not in seen]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Freeze the collected tests: they stay, so that the collector of garbage need not walk over them again."""
        if self.run.items:
            gc.collect()
            gc.freeze()

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Note that a test of the suite was left out."""
        self.run.cut_short |= any(belongs(item) for item in items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the row off a report."""
        if data := getattr(report, "autodiff_spec", None):
            row = Row.from_dict(data)
            self.run.rows[row.test] = row
            self.run.errors += map(Errors.from_dict, getattr(report, "autodiff_errors", []))
        elif report.failed and report.when not in ("setup", "call", "teardown"):  # a worker of pytest-xdist died
            self.run.lost.append(f"{report.nodeid}: {report.longrepr}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Hear what a worker of pytest-xdist says about the run, for it alone collects the tests."""
        self.run.worker_head = getattr(node, "workeroutput", {}).get("autodiff_spec") or self.run.worker_head

    def pytest_keyboard_interrupt(self) -> None:
        """Note that tests are missing: what is listed and was not seen is not out of date."""
        self.run.cut_short = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Judge; stale entries make the run fail."""
        if not self.run.rows:
            return
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["autodiff_spec"] = self.run.head()
            return
        self.report = self.run.report(int(exitstatus))
        session.exitstatus = self.report.exit_status
        if path := session.config.getoption("report_json"):
            self.report.write(Path(path))
        if path := session.config.getoption("drawn_json"):
            drawn.write(self.run.drawn, Path(path))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """End with the table of verdicts."""
        if self.report is None:
            return
        from autodiff_spec.report.terminal import conformance, text

        terminalreporter.section("conformance to the specification")
        terminalreporter.write(text(conformance(self.report), colour=terminalreporter.hasmarkup))
