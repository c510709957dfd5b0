"""``autodiff-spec plot``: a function and its derivatives over an interval."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autodiff_spec.cli import UsageError
from autodiff_spec.cli._app import OneBackend, app, current, examples
from autodiff_spec.plot import plot as draw

Target = Annotated[str, typer.Argument(metavar="FUNCTION", help="FILE.py:function, or one of the namespace: sin(x)")]
End = Annotated[float, typer.Argument(help="of the interval; write -- before a negative one")]
Order = Annotated[int, typer.Option("--order", min=0, max=8, help="of the last derivative drawn")]
Points = Annotated[int, typer.Option("--points", min=2, max=100_000, help="how many values of x")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help=".png, .svg or .pdf")]


@app.command(
    epilog=examples(
        'autodiff-spec plot "sin(x)" -- -6 6',
        "autodiff-spec plot curve.py:cubic --order 3 --backend torch --out cubic.svg -- -2 2",
    )
)
def plot(
    function: Target,
    low: End,
    high: End,
    order: Order = 1,
    backend: OneBackend = None,
    points: Points = 400,
    out: Out = Path("plot.png"),
) -> None:
    """Draw a function and its derivatives over an interval, computed by a backend."""
    with current(backend):
        try:
            draw(function, low, high, order=order, points=points, path=out)
        except ValueError as error:
            raise UsageError(str(error)) from error
    typer.echo(f"{out}: {function} and {order} derivative{'s' * (order != 1)} from {low:g} to {high:g}")
