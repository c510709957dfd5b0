"""Run the suite on the mutants: ``python -m tests.mutants.run [--mechanical] [--seeds 0,1] [NAME ...]``.

The suite is collected once. For each mutant the process forks: the child breaks its engine and runs the tests of the
clauses that the mutant names, those first whose arguments are not drawn, up to the first failure.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import hypothesis.core
import pytest
from hypothesis import Phase, settings

import autodiff_numpy
from tests.mutants._mutant import Mutant

ROOT = Path(__file__).resolve().parents[2]
SUITE = "autodiff_spec/conformance"
BEYOND = "tests/test_numpy_rules.py"
"""The tests of what NumPy has beyond the standard, and no clause speaks of."""

SOUND = Mutant("sound", __name__, "there is no bug", ("GRAD-01", "FUN-39"), autodiff_numpy.backend)
"""No mutant, and not among all of them: what kills it is no test of mutants."""

SEEDS = (0, 1, 2, 3, 4, 5)
SECONDS = 300
FEW_EXAMPLES = 3
"""Where every test runs on every mutant: what is drawn seldom is not what is asked there."""

WORKERS = 2


@dataclass(frozen=True)
class Result:
    """What the tests said of a mutant: those that failed, whether their arguments are drawn, and the clauses."""

    mutant: Mutant
    seed: int
    failed: tuple[str, ...]
    drawn: bool
    clauses: tuple[str, ...]
    seconds: float
    output: str = ""

    @property
    def killed(self) -> bool:
        """Whether a test failed."""
        return bool(self.failed)


def run_all(mutants: Iterable[Mutant], seeds: Iterable[int] = (0,), *, every_test: bool = False) -> list[Result]:
    """The verdicts on mutants, seed by seed; what an undrawn test kills, it kills with every seed.

    Args:
        mutants: which ones.
        seeds: of Hypothesis.
        every_test: run all tests of the suite on each mutant, and note every failure.
    """
    phases = (Phase.explicit, Phase.generate)  # what fails is not made smaller
    number = FEW_EXAMPLES if every_test else 20
    settings.register_profile("mutants", database=None, max_examples=number, phases=phases)
    herd = Herd(list(mutants), tuple(seeds), every_test)
    files = [SUITE, BEYOND] if any(not mutant.clauses for mutant in herd.mutants) else [SUITE]
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

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure (in a child)."""
        if report.failed and report.when == "call":
            self.failed.append((report.nodeid, str(report.longrepr)[-1500:]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Fork for each mutant and seed."""
        survivors = list(self.mutants)
        for seed in self.seeds:
            found = list(_in_children(lambda mutant, seed=seed: self._verdict(session, mutant, seed), survivors))
            self.results += found
            settled = {r.mutant.name for r in found if r.killed and not r.drawn}
            survivors = [mutant for mutant in survivors if mutant.name not in settled]
        return True

    def _verdict(self, session: pytest.Session, mutant: Mutant, seed: int) -> dict[str, Any]:
        """Break the engine of this process, and run its tests."""
        from autodiff_spec.conformance._run import cited_by, is_drawn
        from autodiff_spec.conformance.plugin import _RUN

        hypothesis.core.global_force_seed = seed  # type: ignore[assignment]
        session.config.stash[_RUN].__dict__["backend"] = mutant.make()
        items = [item for item in session.items if self.every_test or _concerns(mutant, cited_by(item))]
        items.sort(key=is_drawn)
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed and not self.every_test:
                break
        killers = {name for name, _ in self.failed}
        cited = sorted({one for item in items if item.nodeid in killers for one in cited_by(item)})
        drawn = any(is_drawn(item) for item in items if item.nodeid in killers)
        return {"failed": [name for name, _ in self.failed], "drawn": drawn, "clauses": cited,
                "output": self.failed[0][1] if self.failed else f"{len(items)} tests pass"}  # fmt: skip


def _concerns(mutant: Mutant, cited: tuple[str, ...]) -> bool:
    return bool(set(mutant.clauses) & set(cited)) if mutant.clauses else not cited


def _in_children(work: Any, mutants: list[Mutant]) -> Iterator[Result]:
    """Each mutant in a process of its own, some at a time, the results in their order."""
    with tempfile.TemporaryDirectory() as folder:
        running: dict[int, int] = {}
        started: dict[int, float] = {}
        took: dict[int, float] = {}
        waiting = list(range(len(mutants)))[::-1]
        while waiting or running:
            while waiting and len(running) < WORKERS:
                number = waiting.pop()
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


_NOTHING: dict[str, Any] = {"seed": -1, "failed": [], "drawn": False, "clauses": [], "output": "the process died"}


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
        said = {"seed": hypothesis.core.global_force_seed, **work(mutant)}
        file.write_text(json.dumps(said))
        code = 0
    except BaseException as error:
        file.write_text(json.dumps({**_NOTHING, "output": repr(error)}))
    finally:
        os._exit(code)  # nothing of the parent is torn down


def _row(result: Result) -> dict[str, Any]:
    row = {name: getattr(result, name) for name in ("seed", "failed", "drawn", "clauses", "seconds", "output")}
    return {"name": result.mutant.name, "bug": result.mutant.bug, "asked": result.mutant.clauses, **row}


def main() -> int:
    """Print which test kills which mutant; 1 if one survives."""
    from tests.mutants.catalogue import MUTANTS
    from tests.mutants.mechanical import mechanical

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of mutants; all where none is given")
    parser.add_argument("--seeds", default="0", help="of Hypothesis, with commas between them")
    parser.add_argument("--mechanical", action="store_true", help="the mutants made from the rule table")
    parser.add_argument("--every-test", action="store_true", help="run the whole suite on each mutant")
    parser.add_argument("--json", type=Path, help="write the results there")
    arguments = parser.parse_args()
    known = mechanical() if arguments.mechanical else MUTANTS
    chosen = [(known | {SOUND.name: SOUND})[name] for name in arguments.names] or list(known.values())
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    results = run_all(chosen, seeds, every_test=arguments.every_test)
    if arguments.json:
        arguments.json.write_text(json.dumps([_row(result) for result in results]))
    for result in results:
        verdict = "killed" if result.killed else "ALIVE"
        said = result.failed[0].rpartition("/")[2] if result.killed else result.output
        print(f"{verdict:6} {result.mutant.name:34} {result.seconds:6.2f} s  {said}")
    alive = {result.mutant.name for result in results if not result.killed}
    print(f"{len(chosen) - len(alive)} of {len(chosen)} mutants killed")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())
