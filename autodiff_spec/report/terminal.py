"""Results on a terminal: 80 columns suffice, colour only adds."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from autodiff_spec.clauses import CHAPTERS, CLAUSES
from autodiff_spec.report.accuracy import Accuracy
from autodiff_spec.report.changes import Change, Changes
from autodiff_spec.report.results import FAILURES, ClauseResult, Kind, Outcome, Report, Row, Verdict

WIDTH = 80
_STYLES = {
    Verdict.CONFORMS: "green",
    Verdict.DEVIATES: "yellow",
    Verdict.VIOLATES: "red",
    Verdict.CRASHES: "bold red",
    Verdict.UNSUPPORTED: "dim",
}
_QUANTITIES = ("value", "pullback", "pushforward", "second")
_LETTERS = {
    Verdict.DEVIATES: "d",
    Verdict.VIOLATES: "v",
    Verdict.CRASHES: "c",
    Verdict.UNSUPPORTED: "u",
    Verdict.UNTESTED: "?",
}


_GRAVITY = [*Kind, ""]
_CAUSES = 10  # that are shown of each kind
_FEW = 3  # failures, which are shown with their programs


def text(renderable: RenderableType, *, colour: bool, width: int = WIDTH) -> str:
    """``renderable`` as a string, for those who write by themselves."""
    file = io.StringIO()
    Console(file=file, width=width, force_terminal=colour, no_color=not colour, highlight=False).print(renderable)
    return file.getvalue()


# --- one backend --------------------------------------------------------------------------------------------------


def conformance(report: Report) -> RenderableType:
    """The table chapter × verdict, what is wrong with the lists, and the answer in one line."""
    lines = [Text(problem, style="red") for problem in report.problems]
    return Group(_verdict_table(report), *lines, _answer(report))


def _verdict_table(report: Report) -> Table:
    found = {result.verdict for result in report.clauses}
    rare = {Verdict.CRASHES, Verdict.UNTESTED}
    shown: list[Verdict] = [verdict for verdict in Verdict if verdict not in rare or verdict in found]
    table = _table(*shown)
    for prefix, results in _by_chapter(report.clauses).items():
        if report.filtered and all(result.verdict is Verdict.UNTESTED for result in results):
            continue  # a filtered run shows the chapters that it touched
        table.add_row(prefix, _title(prefix), *(_count(results, verdict) for verdict in shown))
    table.add_row("all", "", *(_count(report.clauses, verdict) for verdict in shown), style="bold")
    return table


def _count(results: Iterable[ClauseResult], verdict: Verdict) -> Text:
    """How many clauses have this verdict, and how many of them are new: not listed as known."""
    found = [result for result in results if result.verdict is verdict]
    new = sum(result.new for result in found)
    if not found:
        return Text("-", style="dim")
    return Text(f"{len(found)} ({new} new)" if new else f"{len(found)}", style=_STYLES.get(verdict, ""))


def _answer(report: Report) -> Text:
    name = f"{report.backend} {report.version} {report.flavour}".rstrip()
    failed = [row for row in report.rows if row.outcome is Outcome.FAILED]
    crashed = [row for row in report.rows if row.outcome is Outcome.CRASHED]
    drawn = f"({report.seconds:.0f} s, seed {report.seed})"
    if report.conforms:
        asked = "of the clauses that were asked, " if report.filtered else ""
        return Text(f"{name}: {asked}nothing beyond the listed deviations {drawn}", style="bold green")
    found = ["interrupted"] if report.interrupted else []
    found += [f"crashes: {len(crashed)}"] if crashed else []
    found += [f"unexpected failures: {len(failed)}"] if failed else []
    found += [f"listed entries out of date: {len(report.problems)}"] if report.problems else []
    reasons = ", ".join(found) or "the run did not end well"
    return Text(f"{name}: {reasons} {drawn}", style="bold red")


def failures(report: Report) -> Iterator[RenderableType]:
    """Print the failures: unexpected ones by kinds and causes, the gravest first, listed ones in a line each."""
    grouped: dict[str, dict[str, list[Row]]] = {}
    for row in report.rows:
        if row.outcome in FAILURES:
            grouped.setdefault(row.kind, {}).setdefault(row.cause or row.message, []).append(row)
    for kind in sorted(grouped, key=_GRAVITY.index):
        causes = sorted(grouped[kind].values(), key=len, reverse=True)
        yield Text(f"\n{kind or 'fails'}: {sum(map(len, causes))} tests, causes: {len(causes)}", style="bold red")
        for rows in causes[:_CAUSES]:
            yield from _cause(rows, report)
        if rest := causes[_CAUSES:]:
            named = dict.fromkeys((rows[0].cause or rows[0].message).rpartition(" ")[2] for rows in rest)
            yield Text(f"  and {len(rest)} more (--json has all): … {', '.join(named)}", "dim")
    expected = [row for row in report.rows if row.outcome is Outcome.EXPECTED]
    if expected:
        yield Text("\nlisted as known:")
        yield from (Text(f"  {', '.join(row.listed)} [{row.case}] {row.note}") for row in expected)


def _cause(rows: Sequence[Row], report: Report) -> Iterator[RenderableType]:
    """The failures of one cause: how many, against which clauses, and the simplest of them."""
    row = min(rows, key=lambda row: (len(row.observed) + len(row.expected), bool(row.reproducer)))
    clauses = list(dict.fromkeys(clause for one in rows for clause in one.clauses))
    worst = _speaks_for(row, *(result.level for result in report.clauses if result.id in row.clauses))
    named = ", ".join(clauses[:4]) + (f" and {len(clauses) - 4} more" if len(clauses) > 4 else "")
    count = f" ({len(rows)} tests)" if len(rows) > 1 else ""
    said = row.cause or row.message
    yield Text.assemble("  ", (f"{worst} ", _STYLES[worst]), f"{named}: {_shortened(said, 200)}{count}")
    if row.expected:
        where = f" {row.quantity}" if row.quantity and row.quantity not in said else ""
        yield _verbatim(f"    observed{where} {_indented(row.observed).strip()}")
        yield _verbatim(f"    expected{where} {_indented(row.expected).strip()}")
    elif row.message and row.message not in said:
        yield _verbatim(_indented(row.message))
    few = sum(one.outcome in FAILURES for one in report.rows) <= _FEW
    if row.reproducer and (few or row.outcome is Outcome.CRASHED):
        yield _verbatim(_indented(row.reproducer))
    yield _verbatim(f"    $ {report.command(row)}")


def _shortened(said: str, width: int) -> str:
    return said if len(said) <= width else said[: width - 1] + "…"


def _speaks_for(row: Row, *levels: str) -> Verdict:
    """The verdict that a failing row alone gives clauses of these levels."""
    if row.outcome is Outcome.CRASHED:
        return Verdict.CRASHES
    return Verdict.VIOLATES if "MUST" in levels else Verdict.DEVIATES


# --- several backends ---------------------------------------------------------------------------------------------


def comparison(reports: Sequence[Report]) -> RenderableType:
    """The table chapter × backend."""
    table = _table(*(f"{report.backend}\n{report.version}\n{report.flavour}".rstrip() for report in reports))
    chapters = [_by_chapter(report.clauses) for report in reports]
    for prefix in dict.fromkeys(prefix for one in chapters for prefix in one):
        table.add_row(prefix, _title(prefix), *(_cell(one.get(prefix, [])) for one in chapters))
    table.add_row("all", "", *(_cell(report.clauses) for report in reports), style="bold")
    legend = "clauses that conform; d deviates, v violates, c crashes, u unsupported, ? left out"
    return Group(table, Text(legend, style="dim"))


def _cell(results: Sequence[ClauseResult]) -> Text:
    counts = Counter(result.verdict for result in results)
    parts = [(f"{counts[Verdict.CONFORMS]}", "green")]
    parts += [(f" {counts[v]}{letter}", _STYLES.get(v, "")) for v, letter in _LETTERS.items() if counts[v]]
    return Text.assemble(*parts)


def differences(reports: Sequence[Report]) -> Iterator[RenderableType]:
    """Clause by clause, each case in which a backend fails: what it gives, and how to see it again."""
    for clause in CLAUSES.values():
        found = [(report, row) for report in reports for row in report.rows if clause.id in row.failing]
        if not found:
            continue
        yield Text(f"\n{clause.id} {clause.level.value}: {clause.text}", style="bold")
        for report, row in found:
            verdict = _speaks_for(row, clause.level.value)
            known = row.note or f"{row.message} (not listed)"
            case = f" [{row.case}]" if row.case else ""
            yield Text.assemble("  ", (f"{report.name} {verdict}", _STYLES[verdict]), f"{case} {known}")
            yield _verbatim(f"    $ {report.command(row)}")


def gaps(reports: Iterable[Report]) -> Iterator[RenderableType]:
    """Print the capabilities that backends do not declare, and the errors in their lists."""
    for report in reports:
        if report.interrupted:
            yield Text(f"{report.name}: interrupted; what is missing was not tested", style="red")
        missing = sorted({name for row in report.rows for name in row.missing})
        if missing:
            yield Text(f"{report.name} does not declare {', '.join(missing)}")
        yield from (Text(f"{report.name}: {problem}", style="red") for problem in report.problems)


# --- shared -------------------------------------------------------------------------------------------------------


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column("chapter")  # which alone is broken into lines where the terminal is narrow
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _by_chapter(results: Iterable[ClauseResult]) -> dict[str, list[ClauseResult]]:
    grouped: dict[str, list[ClauseResult]] = {}
    for result in results:
        grouped.setdefault(result.id.partition("-")[0], []).append(result)
    return grouped


def _title(prefix: str) -> str:
    return CHAPTERS[prefix].title if prefix in CHAPTERS else ""


def _verbatim(lines: str) -> RenderableType:
    """Text to paste: never wrapped (as a group, for a console takes bare texts apart)."""
    return Group(Text(lines, style="dim", no_wrap=True, overflow="ignore"))


def _indented(lines: str) -> str:
    return "\n".join(f"    {line}" for line in lines.splitlines())


# --- how exact the functions are: errors in units in the last place of the result's scale ---------------------------


def _error_table(*names: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, justify="left" if name in ("function", "dtype") else "right", no_wrap=True)
    return table


def accuracy(report: Report) -> RenderableType:
    """For each function and dtype the budget, and the median and largest error of each quantity."""
    table = _error_table("function", "dtype", "budget", *_QUANTITIES)
    lines: dict[tuple[str, str], dict[str, Accuracy]] = {}
    for line in sorted(report.accuracy, key=lambda line: line.function):
        lines.setdefault((line.function, line.dtype), {})[line.quantity] = line
    for (function, dtype), found in lines.items():
        budget = min(line.budget for line in found.values())
        table.add_row(function, dtype, f"{budget:g}", *(_errors(found.get(quantity)) for quantity in _QUANTITIES))
    return Group(table, Text("median / largest error in ULPs of the result's scale", style="dim"))


def _errors(line: Accuracy | None) -> str:
    return "-" if line is None else f"{line.median:.2g} / {line.largest:.2g}"


def accuracies(reports: Sequence[Report]) -> RenderableType:
    """For each function and backend the largest error of its pullback in float32 and float64."""
    table = _error_table("function", "budget", *(report.name for report in reports))
    functions = {line.function: line.budget for report in reports for line in _pullbacks(report)}
    for function, budget in functions.items():
        table.add_row(function, f"{budget:g}", *(_largest(report, function) for report in reports))
    return Group(table, Text("largest error of the pullback in ULPs of its scale, in 32 and 64 bits", style="dim"))


def _pullbacks(report: Report) -> Iterable[Accuracy]:
    return (a for a in report.accuracy if a.quantity == "pullback" and a.dtype in ("float32", "float64"))


def _largest(report: Report, function: str) -> str:
    found = [line.largest for line in _pullbacks(report) if line.function == function]
    return f"{max(found):.2g}" if found else "-"


# --- what changed between two result files --------------------------------------------------------------------------


def changed(changes: Changes) -> Iterator[RenderableType]:
    """Which runs were compared, each change, and the answer in one line."""
    for old, new in changes.pairs:
        before = "" if old.name == new.name else f"{old.name} "
        after = "" if old.name == new.name else f"{new.name} "
        said = f"{new.name}: {before}{old.version} of {old.date} → {after}{new.version} of {new.date}"
        yield Text(said, style="bold")
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
