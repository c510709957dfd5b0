"""What changed between two result files, on a terminal and as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from autodiff_spec.report.changes import Change, Changes

CHANGES_SCHEMA = 1


def lines(changes: Changes) -> Iterator[RenderableType]:
    """Which runs were compared, each change, and the answer in one line."""
    for old, new in changes.pairs:
        yield Text(f"{new.name}: {old.version} of {old.date} → {new.version} of {new.date}", style="bold")
        for change in changes.found:
            if (change.backend, change.conventions) == (new.backend, new.conventions):
                yield from _change(change)
    for report in changes.alone:
        yield Text(f"{report.name} {report.version}: on one side only", style="dim")
    if changes.untested:
        yield Text(f"verdicts not compared, for one side did not test them: {changes.untested}", style="dim")
    count = len(changes.found)
    answer = f"clauses whose verdict or failing tests changed: {count}" if count else "nothing changed"
    yield Text(answer, style="bold red" if count else "bold green")


def _change(change: Change) -> Iterator[Text]:
    before, after = (verdict.value if verdict else "no such clause" for verdict in (change.before, change.after))
    verdicts = f"{before} → {after}" if before != after else f"{after}, other tests"
    yield Text(f"  {change.clause:<10}{verdicts}")
    yield from (Text(f"    fails now: {test}", style="red") for test in change.failing)
    yield from (Text(f"    mended: {test}", style="green") for test in change.mended)


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
