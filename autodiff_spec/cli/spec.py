"""``autodiff-spec spec`` and ``chapter``: the specification's clauses, and the textbook chapter that they come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from autodiff_spec.clauses import CHAPTERS, CLAUSES, Clause
from autodiff_spec.cli import UsageError
from autodiff_spec.cli._app import JsonFile, OneBackend, app, console, examples, quiet

Topic = Annotated[str | None, typer.Argument(metavar="[CLAUSE]", help="a clause (KINK-02) or a chapter (KINK)")]
Picture = Annotated[Path | None, typer.Option("--picture", metavar="FILE", help="draw sin and its derivative there")]


@app.command(epilog=examples("autodiff-spec spec KINK-02", "autodiff-spec spec TAPE --json"))
def spec(
    clause: Topic = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Print the clauses of the specification, all or one."""
    prefix, dash, number = (clause or "").upper().partition("-")
    asked = prefix + dash + (number.zfill(2) if dash else "")  # TAPE-5 is TAPE-05
    chosen = [one for one in CLAUSES.values() if clause is None or asked in (one.id, one.chapter)]
    if not chosen:
        raise UsageError(f"there is no clause or chapter {clause}; the chapters are {', '.join(CHAPTERS)}")
    if as_json:
        typer.echo(json.dumps([_as_data(one) for one in chosen], indent=1, ensure_ascii=False))
        return
    out = console()
    for prefix, chapter in CHAPTERS.items():
        found = [one for one in chosen if one.chapter == prefix]
        if found:
            out.print(Text(f"\n{prefix}  {chapter.title}", style="bold"))
        for one in found:
            needs = f" (needs {', '.join(need.name for need in one.needs)})" if one.needs else ""
            out.print(Text(f"{one.id:<10}{one.level.value:<7}{one.text}{needs}"), soft_wrap=not out.is_terminal)


def _as_data(clause: Clause) -> dict[str, object]:
    needs = [need.name for need in clause.needs]
    return {"id": clause.id, "level": clause.level.value, "text": clause.text, "needs": needs}


@app.command(epilog=examples("autodiff-spec chapter --backend torch", "autodiff-spec chapter --picture sin.svg"))
def chapter(
    backend: OneBackend = None,
    picture: Picture = None,
    json_file: JsonFile = None,
) -> None:
    """Run the programs of the textbook chapter on one backend."""
    from autodiff_spec.textbook import run

    quiet()
    results = run(backend, out=typer.echo, picture=picture)
    if json_file:
        json_file.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")
