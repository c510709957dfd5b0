"""``autodiff-spec report``: what a result file says, as a page, and what changed since an older one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from autodiff_spec.cli import UsageError
from autodiff_spec.cli._app import Costs, HtmlFile, JsonFile, app, console, examples
from autodiff_spec.report import terminal
from autodiff_spec.report.changes import as_data, changes
from autodiff_spec.report.html import page
from autodiff_spec.report.judging import MergeError, merged
from autodiff_spec.report.reading import read_costs, read_reports
from autodiff_spec.report.summary import badge, deviations, markdown, xfails

Results = Annotated[Path, typer.Argument(metavar="RESULTS.json", help="what test --json or compare --json wrote")]
SeveralResults = Annotated[list[Path], typer.Argument(metavar="A.json B.json …", help="parts of one run")]
Markdown = Annotated[Path | None, typer.Option("--markdown", metavar="FILE", help="write a summary as Markdown")]
Badge = Annotated[Path | None, typer.Option("--badge", metavar="FILE", help="write a badge (SVG) of the one run")]
WrittenDeviations = Annotated[
    Path | None, typer.Option("--write-deviations", metavar="FILE", help="write the one run's failures as a list")
]
WrittenXfails = Annotated[
    Path | None, typer.Option("--write-xfails", metavar="FILE", help="write its drawn failures, for --xfails-file")
]
Merged = Annotated[Path, typer.Option("--json", metavar="FILE", help="write the one report there")]
Against = Annotated[Path | None, typer.Option("--against", metavar="OLD.json", help="show what changed since then")]


@app.command(
    epilog=examples(
        "autodiff-spec report found.json --html found.html",
        "autodiff-spec report found.json --against older.json",
        "autodiff-spec report found.json --markdown summary.md --badge badge.svg --write-deviations known.toml",
        "autodiff-spec report found.json --against older.json --json changes.json --html changes.html",
    )
)
def report(
    results: Results,
    html: HtmlFile = None,
    against: Against = None,
    costs: Costs = None,
    json_file: JsonFile = None,
    markdown_file: Markdown = None,
    badge_file: Badge = None,
    deviations_file: WrittenDeviations = None,
    xfails_file: WrittenXfails = None,
) -> None:
    """Show a result file: as a table, as a page, or as what changed since an older one.

    Exit status with --against: 0 nothing changed, 1 something did; 2: a file is invalid or of another schema.
    """
    if json_file and against is None:
        raise UsageError("--json writes what changed: say --against what")
    new = read_reports(results)
    found = None if against is None else changes(new, read_reports(against))
    if found is not None and not found.pairs:
        raise UsageError(f"{results} and {against} have no backend in common")
    times = [] if costs is None else read_costs(costs)
    if html:
        html.write_text(page(new, changes=found, costs=times), "utf-8")
    if markdown_file:
        markdown_file.write_text(markdown(new), "utf-8")
    for file, written in ((badge_file, badge), (deviations_file, deviations), (xfails_file, xfails)):
        if file:
            if len(new) > 1:
                raise UsageError(f"{results} holds {len(new)} runs; a badge and a list of failures are of one")
            file.write_text(written(new[0]), "utf-8")
    if json_file and found is not None:
        json_file.write_text(json.dumps(as_data(found), indent=1, ensure_ascii=False) + "\n", "utf-8")
    out = console()
    if found is None:
        if not any((html, markdown_file, badge_file, deviations_file, xfails_file)):
            out.print(terminal.comparison(new))
        return
    for line in terminal.changed(found):
        out.print(line, soft_wrap=True)
    raise typer.Exit(1 if found.found else 0)


@app.command(epilog=examples("autodiff-spec merge a.json b.json --json whole.json"))
def merge(results: SeveralResults, json_file: Merged) -> None:
    """Make one report of the parts of a run, made by ``test -- --part K/N`` on several machines.

    Of a test that is in several parts the gravest end counts. Exit status: 0 conforms, 1 does not; 2: a file is
    invalid, or the parts are of different engines, versions or conventions.
    """
    try:
        report = merged([one for path in results for one in read_reports(path)])
    except MergeError as error:
        raise UsageError(str(error)) from error
    report.write(json_file)
    console().print(terminal.conformance(report))
    raise typer.Exit(0 if report.conforms else 1)
