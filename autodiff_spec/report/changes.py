"""What changed between two runs on the same backend: verdicts, and tests that begin or cease to fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from autodiff_spec.report.results import Report, Verdict

CHANGES_SCHEMA = 1


@dataclass(frozen=True)
class Change:
    """One clause of which a backend's answer changed.

    Attributes:
        backend, conventions: of which run.
        clause: its id.
        before, after: the verdicts; None where the specification had no such clause.
        failing: the tests that fail now and did not.
        mended: the tests that failed and no longer do.
    """

    backend: str
    conventions: str
    clause: str
    before: Verdict | None
    after: Verdict | None
    failing: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()


@dataclass(frozen=True)
class Changes:
    """The changes from old runs to new ones.

    Attributes:
        pairs: the runs that were compared, old and new.
        found: what changed, clause by clause.
        alone: the runs that only one side has.
        untested: how many clauses were not tested on both sides, and so not compared.
    """

    pairs: tuple[tuple[Report, Report], ...]
    found: tuple[Change, ...]
    alone: tuple[Report, ...]
    untested: int


def changes(new: Sequence[Report], old: Sequence[Report]) -> Changes:
    """Compare runs of the same backend under the same conventions; one run with one run, whatever they are of."""
    before = {_key(report): report for report in old}
    after = {_key(report): report for report in new}
    pairs = tuple((before[key], report) for key, report in after.items() if key in before)
    if not pairs and len(new) == len(old) == 1:  # one engine against another
        return Changes(((old[0], new[0]),), tuple(_changes(old[0], new[0])), (), _untested(old[0], new[0]))
    return Changes(
        pairs=pairs,
        found=tuple(change for pair in pairs for change in _changes(*pair)),
        alone=tuple(report for key, report in {**before, **after}.items() if (key in before) != (key in after)),
        untested=sum(_untested(*pair) for pair in pairs),
    )


def _untested(old: Report, new: Report) -> int:
    return sum(Verdict.UNTESTED in verdicts for verdicts in _verdicts(old, new).values())


def _key(report: Report) -> tuple[str, str]:
    return report.backend, report.conventions


def _verdicts(old: Report, new: Report) -> dict[str, tuple[Verdict | None, Verdict | None]]:
    """Clause -> its verdicts, in the order of the new run; what the specification dropped comes last."""
    before = {result.id: result.verdict for result in old.clauses}
    after = {result.id: result.verdict for result in new.clauses}
    return {clause: (before.get(clause), after.get(clause)) for clause in {**after, **before}}


def _changes(old: Report, new: Report) -> Iterator[Change]:
    failed, fails = _failures(old), _failures(new)
    for clause, (before, after) in _verdicts(old, new).items():
        if Verdict.UNTESTED in (before, after):
            continue
        earlier, now = failed.get(clause, set()), fails.get(clause, set())
        if before is not after or earlier != now:
            failing, mended = tuple(sorted(now - earlier)), tuple(sorted(earlier - now))
            yield Change(new.backend, new.conventions, clause, before, after, failing, mended)


def _failures(report: Report) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in report.rows:
        for clause in row.failing:
            found.setdefault(clause, set()).add(row.test)
    return found


def as_data(changes: Changes) -> dict[str, Any]:
    """The changes as data for JSON."""
    return {
        "changes_schema": CHANGES_SCHEMA,
        "compared": [
            {"backend": new.backend, "conventions": new.conventions, "before": old.version, "after": new.version}
            for old, new in changes.pairs
        ],
        "changes": [asdict(change) for change in changes.found],
        "on_one_side": [report.name for report in changes.alone],
        "untested": changes.untested,
    }
