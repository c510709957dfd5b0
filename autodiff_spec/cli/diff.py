"""``autodiff-spec diff``: the user's function on every backend, each in a process of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.text import Text

from autodiff_spec.cli import UsageError
from autodiff_spec.cli._app import (
    AT_A_TIME,
    INTERRUPTED,
    Backends,
    DrawSeed,
    JsonFile,
    Npz,
    Shapes,
    Target,
    app,
    console,
    examples,
    interruptible,
    names_of,
    progress,
    quiet,
)
from autodiff_spec.diff import Comparison, Run, compared
from autodiff_spec.diff._compare import ROUNDINGS
from autodiff_spec.diff._exact import Exact, exact
from autodiff_spec.diff._isolated import Request, isolated
from autodiff_spec.programs.file import load_with_arguments

_DTYPES = ("float16", "float32", "float64", "complex64", "complex128")
Dtype = Annotated[str, typer.Option("--dtype", help="of the floating arguments: float16, float32, float64, …")]
Roundings = Annotated[float, typer.Option("--roundings", min=1.0, help="how many of a good computation may be off")]
Oracle = Annotated[bool, typer.Option("--oracle/--no-oracle", help="compare with exact arithmetic too")]


@app.command(
    epilog=examples(
        "autodiff-spec diff model.py:loss                   # the file has inputs(rng)",
        "autodiff-spec diff model.py:loss --shape 3,4 --shape 4 --seed 7",
        "autodiff-spec diff model.py:loss --npz batch.npz --dtype float32",
        "autodiff-spec diff model.py:loss --backends numpy,torch --json found.json",
    )
)
def diff(
    target: Target,
    backends: Backends = "",
    shape: Shapes = None,
    npz: Npz = None,
    seed: DrawSeed = 0,
    dtype: Dtype = "float64",
    roundings: Roundings = ROUNDINGS,
    oracle: Oracle = True,
    json_file: JsonFile = None,
) -> None:
    """Run your function on every installed backend: do they agree, and where do they part first?

    Value, gradients, their errors against exact arithmetic, times, and the first operation at which values (forward)
    and cotangents (backward) part, with its inputs. Exit status 0: they agree; 1: they part.
    """
    if dtype not in _DTYPES:
        raise UsageError(f"there is no --dtype {dtype}; choose one of {', '.join(_DTYPES)}")
    if npz is not None and shape:
        raise UsageError("--npz and --shape both say what the arguments are; give one of them")
    quiet()
    names = names_of(backends)
    f, given = load_with_arguments(target, shapes=shape or (), npz=npz, seed=seed, dtype=dtype)
    with interruptible() as stop:
        runs = _run_all(target, names, given, seed, stop)
        truth = exact(f, given) if oracle and not stop.is_set() else Exact(error="not asked")
    found = compared(target.rpartition(":")[2], runs, truth, roundings)
    if stop.is_set():
        found = replace(found, notes=(*found.notes, "interrupted: this is what was found till then"))
    if json_file:
        found.to_json(json_file)
    _show(found)
    raise typer.Exit(INTERRUPTED if stop.is_set() else 0 if found.agree else 1)


def _run_all(target: str, names: Sequence[str], given: tuple[Any, ...], seed: int, stop: threading.Event) -> list[Run]:
    with progress() as bars, ThreadPoolExecutor(AT_A_TIME) as pool:
        task = bars.add_task("backends", total=len(names), failed="")

        def one(name: str) -> Run:
            run = isolated(Request(target, name, given, seed, spread=name == names[0]), stop)
            bars.advance(task)
            return run

        return list(pool.map(one, names))


def _show(found: Comparison) -> None:
    out = console()
    head, *lines = found.lines()
    out.print(Text(head, style="bold green" if found.agree else "bold red"))
    for line in lines:
        out.print(Text(line), crop=False, soft_wrap=True)
