"""A run in few words, for others' pages: Markdown, a badge, and the list of its failures as known deviations."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from autodiff_spec.clauses import CHAPTERS
from autodiff_spec.report.results import FAILURES, WRONG, Report, Row, Verdict

_LONGEST = 200  # characters of what is observed, in lists
_CAUSES = 20
_CHARACTER, _HEIGHT = 6.6, 20  # of a badge, in pixels
_GREEN, _AMBER, _RED = "#3c7d3c", "#8a6100", "#b3261e"


def markdown(reports: Sequence[Report]) -> str:
    """A table chapter × verdict for each run, and the causes of its failures, the most frequent first."""
    return "\n".join(line for report in reports for line in _markdown(report))


def _markdown(report: Report) -> Iterator[str]:
    shown = [verdict for verdict in Verdict if any(result.verdict is verdict for result in report.clauses)]
    yield f"## {_cell(report.name)} {_cell(report.version)}\n"
    yield f"Specification {report.spec_version}, {report.date}, seed {report.seed}, {report.seconds:.0f} s.\n"
    yield f"| chapter | {' | '.join(verdict.value for verdict in shown)} |"
    yield f"|---|{'--:|' * len(shown)}"
    chapters: dict[str, Counter[Verdict]] = {}
    for result in report.clauses:
        chapters.setdefault(result.id.partition("-")[0], Counter())[result.verdict] += 1
    for prefix, counts in chapters.items():
        title = f"{prefix} {CHAPTERS[prefix].title}" if prefix in CHAPTERS else prefix
        yield f"| {_cell(title)} | {' | '.join(str(counts[verdict] or '') for verdict in shown)} |"
    causes = Counter((row.kind, row.cause or row.message) for row in report.rows if row.outcome in FAILURES)
    if causes:
        yield f"\nUnexpected failures: {causes.total()}\n\n| kind | cause | tests |\n|---|---|--:|"
        for (kind, cause), count in causes.most_common(_CAUSES):
            yield f"| {kind} | {_cell(cause[:_LONGEST])} | {count} |"
    if len(causes) > _CAUSES:
        yield f"\nand {len(causes) - _CAUSES} more causes"
    yield from (f"\n- {_cell(problem)}" for problem in report.problems)
    yield ""


def _cell(said: str) -> str:
    """Text as such in a cell: no markup, no end of the cell."""
    plain = escape(" ".join(said.split()))
    return "".join(f"\\{character}" if character in "|`*_[]\\" else character for character in plain)


def badge(report: Report) -> str:
    """A picture of one line, as SVG: how many of the clauses that were asked the engine obeys."""
    counts = Counter(result.verdict for result in report.clauses)
    asked = counts[Verdict.CONFORMS] + sum(counts[verdict] for verdict in WRONG)
    left, right = "autodiff-spec", f"{counts[Verdict.CONFORMS]} of {asked} clauses"
    colour = _GREEN if counts[Verdict.CONFORMS] == asked else _AMBER if report.conforms else _RED
    first, second = (round(_CHARACTER * len(part) + 12) for part in (left, right))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{first + second}" height="{_HEIGHT}" role="img" '
        f'aria-label="{left}: {right}"><title>{escape(report.name)}: {right}</title>'
        f'<rect width="{first}" height="{_HEIGHT}" fill="#444"/>'
        f'<rect x="{first}" width="{second}" height="{_HEIGHT}" fill="{colour}"/>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{first / 2}" y="14">{left}</text><text x="{first + second / 2}" y="14">{right}</text></g></svg>\n'
    )


def deviations(report: Report) -> str:
    """The failures of a run in the form of a ``deviations.toml``: an entry for each clause, test and cause.

    No entry can expect a failure of a drawn test, which meets it in some runs only: `xfails` lists those.
    """
    entries: dict[tuple[str, str, str], list[Row]] = {}
    failed = [row for row in report.rows if row.failing]
    for row in failed:
        for clause in row.failing if not row.drawn else ():
            name = row.test.partition("::")[2].partition("[")[0]
            entries.setdefault((clause, name, row.cause or row.note), []).append(row)
    lines = [f"# What {report.name} {report.version} does not obey, by `autodiff-spec report --write-deviations`."]
    for (clause, name, cause), rows in entries.items():
        lines += ["", "[[deviation]]", f"clause = {_toml(clause)}", f"reason = {_toml(cause or 'unknown')}"]
        lines += [f"versions = {_toml(f'{report.backend} {report.version}')}", f"test = {_toml(name)}"]
        lines += [f"flavours = {_toml(report.conventions)}", "[deviation.cases]"]
        lines += [f"{_toml(row.case)} = {_toml(_observed(row))}" for row in rows]
    return "\n".join(lines) + "\n"


def xfails(report: Report) -> str:
    """The drawn tests of a run that failed, as ``--xfails-file`` takes them: an id a line."""
    return "".join(f"{row.test}\n" for row in report.rows if row.failing and row.drawn)


def _observed(row: Row) -> str:
    said = " ".join((row.observed if row.expected else row.message or row.note).split())
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"


def _toml(said: str) -> str:
    """A basic string of TOML, which has JSON's escapes; DEL alone is escaped there and not here."""
    return json.dumps(said, ensure_ascii=False).replace("\x7f", "\\u007f")
