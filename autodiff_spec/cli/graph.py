"""``autodiff-spec graph``: the recorded graph of the user's function."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autodiff_spec.cli import UsageError
from autodiff_spec.cli._app import DrawSeed, Npz, OneBackend, Shapes, Target, app, current, examples
from autodiff_spec.graph import Drawing, draw
from autodiff_spec.graph._draw import FOLD
from autodiff_spec.programs.file import ProgramError, load_with_arguments

Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help=".dot, .mmd, .svg, .png or .pdf")]
Form = Annotated[str, typer.Option("--format", help="without --out, what is printed: dot, mermaid or svg")]
WithValues = Annotated[bool, typer.Option("--values", help="write values and cotangents too")]
Fold = Annotated[int, typer.Option("--fold", min=4, help="fold loops and stretches beyond so many nodes")]


@app.command(
    epilog=examples(
        "autodiff-spec graph model.py:loss --out loss.svg",
        "autodiff-spec graph model.py:loss --shape 3,4 --values --backend torch --out loss.png",
        "autodiff-spec graph model.py:loss --format mermaid",
    )
)
def graph(
    target: Target,
    backend: OneBackend = None,
    shape: Shapes = None,
    npz: Npz = None,
    seed: DrawSeed = 0,
    values: WithValues = False,
    fold: Fold = FOLD,
    out: Out = None,
    form: Form = "dot",
) -> None:
    """Draw what your function records: solid arrows forward, dashed arrows backward, none through stop_gradient."""
    if form not in ("dot", "mermaid", "svg"):
        raise UsageError(f"there is no --format {form}; choose one of dot, mermaid, svg")
    with current(backend):
        f, given = load_with_arguments(target, shapes=shape or (), npz=npz, seed=seed)
        try:
            drawing = draw(f, *given, values=values, fold=fold)
        except Exception as error:
            raise ProgramError(f"{target} raised {type(error).__name__}: {error}") from error
    _written(drawing, out, form)


def _written(drawing: Drawing, out: Path | None, form: str) -> None:
    if out is None:
        typer.echo(getattr(drawing, form), nl=False)
        return
    try:
        drawing.save(out)
    except ValueError as error:
        raise UsageError(str(error)) from error
    typer.echo(f"{out}: {len(drawing.graph.nodes)} nodes" + (
        f", {drawing.graph.folded} more folded" if drawing.graph.folded else ""))  # fmt: skip
