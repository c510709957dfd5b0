"""Run the suite on the mutants: ``python -m tests.mutants.run [--mechanical] [--seeds 0,1] [NAME ...]``.

The suite is collected once. For each mutant the process forks: the child breaks its engine and runs the tests of each
clause that the mutant names, those first whose arguments are not drawn, up to the first failure. A mutant is killed
when a test of each of its clauses fails: so the clauses that mutants name are those whose tests are known to notice.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import hypothesis.core
import pytest
from hypothesis import Phase, settings

import autodiff_numpy
from autodiff_spec import available_backends, backend
from autodiff_spec.conformance._run import cited_by, is_drawn
from tests.mutants._mutant import Mutant

ROOT = Path(__file__).resolve().parents[2]
SUITE = "autodiff_spec/conformance"
BEYOND = ("tests/test_numpy_rules.py", "tests/test_numpy_spectra.py", "tests/test_numpy_dask.py")
"""The tests of what NumPy has beyond the standard, and no clause speaks of."""

_NO_BUG = "there is no bug"
SOUND = {
    "sound": Mutant("sound", __name__, _NO_BUG, ("GRAD-01", "FUN-39"), autodiff_numpy.backend),
    "sound_torch": Mutant("sound_torch", __name__, _NO_BUG, ("DTYPE-03",), partial(backend, "torch"), of="torch"),
}
"""No mutants, and not among all of them: what kills one is no test of mutants."""

NO_CLAUSE = ("",)
SECONDS = 300
FEW_EXAMPLES = 3
"""Where every test runs on every mutant: what is drawn seldom is not what is asked there."""

WORKERS = 2


@dataclass(frozen=True)
class Result:
    """What the tests said of a mutant: those that failed, the clauses they cite, and which of these drawn ones left."""

    mutant: Mutant
    seed: int
    failed: tuple[str, ...]
    clauses: tuple[str, ...]
    drawn: tuple[str, ...]
    seconds: float
    output: str = ""
    reached: bool = True

    @property
    def missed(self) -> tuple[str, ...]:
        """The clauses that the mutant names, and no test of which failed; a bug in a region needs one of them only."""
        if self.mutant.region and self.failed:
            return ()
        return tuple(one for one in _asked(self.mutant) if one not in self.clauses)

    @property
    def killed(self) -> bool:
        """Whether a test of each clause failed."""
        return not self.missed


Test = tuple[pytest.Item, frozenset[str]]
"""A test, and what it cites."""


def _asked(mutant: Mutant) -> tuple[str, ...]:
    return (*mutant.clauses, *mutant.also) or NO_CLAUSE


def _cited(item: pytest.Item) -> frozenset[str]:
    return frozenset(cited_by(item) or NO_CLAUSE)


def run_all(mutants: Iterable[Mutant], seeds: Iterable[int] = (0,), *, every_test: bool = False) -> list[Result]:
    """The verdicts on mutants, seed by seed; what an undrawn test kills, it kills with every seed.

    Args:
        mutants: which ones.
        seeds: of Hypothesis.
        every_test: run all tests of the suite on each mutant, and note every failure.
    """
    phases = (Phase.explicit, Phase.generate)  # what fails is not made smaller
    number = FEW_EXAMPLES if every_test else 20
    settings.register_profile("mutants", database=None, deadline=None, max_examples=number, phases=phases)
    herd = Herd(list(mutants), tuple(seeds), every_test)
    files = [SUITE, *BEYOND] if any(not mutant.clauses for mutant in herd.mutants) else [SUITE]
    options = ["-p", "no:cacheprovider", "-p", "no:terminal", "-s", "--hypothesis-profile=mutants"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # Hypothesis is loaded already
    before = os.getcwd(), os.environ.get("AUTODIFF_SPEC_BACKEND")
    os.chdir(ROOT)
    os.environ["AUTODIFF_SPEC_BACKEND"] = "numpy"
    try:
        pytest.main([*files, *options], plugins=[herd])
    finally:
        os.chdir(before[0])
        os.environ.pop("AUTODIFF_SPEC_BACKEND")
        if before[1] is not None:
            os.environ["AUTODIFF_SPEC_BACKEND"] = before[1]
    return herd.results


class Herd:
    """The pytest plugin that takes the place of the loop over tests."""

    def __init__(self, mutants: list[Mutant], seeds: tuple[int, ...], every_test: bool) -> None:
        self.mutants, self.seeds, self.every_test = mutants, seeds, every_test
        self.results: list[Result] = []
        self.failed: list[tuple[str, str]] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """A failure is told as Python tells it: pytest would parse the file of each line for it, in every child."""
        config.option.tbstyle = "native"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure (in a child)."""
        if report.failed and report.when == "call":
            self.failed.append((report.nodeid, str(report.longrepr)[-1500:]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Fork for each mutant and seed; an undrawn test says with every seed what it says with the first."""
        tests = [(item, _cited(item)) for item in sorted(session.items, key=is_drawn)]
        gc.collect()
        gc.freeze()  # a child that collects neither walks over what the parent holds, nor copies its pages
        left = {mutant.name: mutant for mutant in self.mutants}
        for seed in self.seeds:
            asked = tests if seed == self.seeds[0] else [test for test in tests if is_drawn(test[0])]
            work = partial(self._verdict, session, asked, seed=seed)
            found = list(_in_children(work, left.values()))
            self.results += found
            again = {r.mutant.name: replace(r.mutant, clauses=(*r.drawn, *r.missed), also=()) for r in found}
            left = {name: mutant for name, mutant in again.items() if mutant.clauses}
        return True

    def _verdict(self, session: pytest.Session, tests: list[Test], mutant: Mutant, seed: int) -> dict[str, Any]:
        """Break the engine of this process, and run its tests."""
        from autodiff_spec.conformance.plugin import _RUN

        hypothesis.core.global_force_seed = seed  # type: ignore[assignment]
        run = session.config.stash[_RUN]
        run.__dict__["backend"] = mutant.make()
        if mutant.of != "numpy":
            _leave_out_again(run, session.items)
        missing, killed, drawn = set(_asked(mutant)), set(), set()
        for item, cited in tests:
            if self.every_test or (missing & cited and _may_notice(item, mutant)):
                before = len(self.failed)
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                if len(self.failed) > before:
                    killed |= cited
                    drawn |= missing & cited if is_drawn(item) else set()
                    missing -= missing if mutant.region else killed
        reached = mutant.region is None or mutant.region.met
        failed, output = [name for name, _ in self.failed], self.failed[0][1] if self.failed else ""
        return {
            "seed": seed,
            "failed": failed,
            "clauses": sorted(killed),
            "drawn": sorted(drawn),
            "output": output,
            "reached": reached,
        }


def _may_notice(item: pytest.Item, mutant: Mutant) -> bool:
    """Whether a test asks functions of the mutant's clauses: tests of magnitudes ask one each, and do not cite it."""
    subject = getattr(item, "callspec", None) and item.callspec.params.get("subject")  # type: ignore[attr-defined]
    function = getattr(subject, "function", None)  # a subject of complex numbers has none
    return mutant.region is None or function is None or function.clause in mutant.clauses


def _leave_out_again(run: Any, items: list[pytest.Item]) -> None:
    """Leave out what the broken backend does not declare, in place of what the one does not that tests were collected
    for.
    """
    for item in items:
        item.own_markers[:] = [mark for mark in item.own_markers if mark.name != "skip"]
        run._leave_out_unsupported(item)


def _in_children(work: Any, mutants: Iterable[Mutant]) -> Iterator[Result]:
    """Each mutant in a process of its own, some at a time, the results in their order."""
    mutants = list(mutants)
    with tempfile.TemporaryDirectory() as folder:
        running: dict[int, int] = {}
        started: dict[int, float] = {}
        took: dict[int, float] = {}
        waiting = sorted(range(len(mutants)), key=lambda number: (mutants[number].of == "numpy", -number))
        while waiting or running:
            while waiting and len(running) < WORKERS:
                number = waiting.pop()
                importlib.import_module(mutants[number].of)  # PyTorch once, for all of its children, which are the last
                started[number] = time.perf_counter()
                running[_fork(work, mutants[number], Path(folder, str(number)))] = number
            child, _ = os.wait()
            if (done := running.pop(child, None)) is not None:
                took[done] = round(time.perf_counter() - started[done], 2)
        for number, mutant in enumerate(mutants):
            file = Path(folder, str(number))
            said = json.loads(file.read_text()) if file.exists() else _NOTHING
            said = {key: tuple(value) if isinstance(value, list) else value for key, value in said.items()}
            yield Result(mutant, seconds=took[number], **said)


_NOTHING: dict[str, Any] = {
    "reached": True,
    "seed": -1,
    "failed": [],
    "clauses": [],
    "drawn": [],
    "output": "the process died",
}


def _fork(work: Any, mutant: Mutant, file: Path) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        _child(work, mutant, file)
    return child


def _child(work: Any, mutant: Mutant, file: Path) -> NoReturn:
    signal.alarm(SECONDS)  # a mutant that hangs is not killed by a test
    code = 1
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        file.write_text(json.dumps(work(mutant)))
        code = 0
    except BaseException as error:
        file.write_text(json.dumps({**_NOTHING, "output": repr(error)}))
    finally:
        os._exit(code)  # nothing of the parent is torn down


def _row(result: Result) -> dict[str, Any]:
    names = ("seed", "failed", "clauses", "drawn", "missed", "seconds", "output", "reached")
    row = {name: getattr(result, name) for name in names}
    mutant = result.mutant
    said = {"name": mutant.name, "bug": mutant.bug, "of": mutant.of, "asked": mutant.clauses, "also": mutant.also}
    return {**said, **row}


def main() -> int:
    """Print which test kills which mutant; 1 if one survives."""
    from tests.mutants.catalogue import MUTANTS
    from tests.mutants.mechanical import mechanical
    from tests.mutants.regional import excuse, regional

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of mutants; all where none is given")
    parser.add_argument("--seeds", default="0", help="of Hypothesis, with commas between them")
    parser.add_argument("--mechanical", action="store_true", help="the mutants made from the rule table")
    parser.add_argument("--regional", action="store_true", help="those that are wrong in one region of their inputs")
    parser.add_argument("--every-test", action="store_true", help="run the whole suite on each mutant")
    parser.add_argument("--json", type=Path, help="write the results there")
    arguments = parser.parse_args()
    known = regional() if arguments.regional else mechanical() if arguments.mechanical else MUTANTS
    chosen = [(known | SOUND)[name] for name in arguments.names] or list(known.values())
    for mutant in [one for one in chosen if one.of not in available_backends()]:
        chosen.remove(mutant)
        print(f"left out: {mutant.name}, for {mutant.of} is not installed")
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    results = run_all(chosen, seeds, every_test=arguments.every_test)
    if arguments.json:
        arguments.json.write_text(json.dumps([_row(result) for result in results]))
    for result in results:
        verdict = "killed" if result.killed else "ALIVE" if result.reached else "unreached"
        said = result.failed[0].rpartition("/")[2] if result.failed else result.output
        missed = f"  missed by {', '.join(result.missed) or 'every test'}" if result.missed else ""
        print(f"{verdict:9} {result.mutant.name:34} {result.seconds:6.2f} s  {said}{missed}")
    alive = {result.mutant.name for result in results if not result.killed}
    unreached = alive - {result.mutant.name for result in results if result.reached}
    print(f"{len(chosen) - len(alive)} of {len(chosen)} mutants killed, {len(unreached)} regions of inputs unreached")
    left = alive
    if arguments.regional:  # with each seed by itself: what one reaches by chance another does not
        living = {(one.mutant.name, one.reached) for one in results if not one.killed}
        left = {name for name, met in living if not (excuse(name, "unnoticed") or (not met and excuse(name)))}
    print(f"neither killed nor excused: {', '.join(sorted(left)) or 'none'}")
    return 1 if left else 0


if __name__ == "__main__":
    raise SystemExit(main())
