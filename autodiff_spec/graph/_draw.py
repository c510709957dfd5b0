"""``draw``: the recorded graph of a function, or of an array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autodiff_spec._discovery import backend, use_backend
from autodiff_spec.core import trees
from autodiff_spec.core.capability import Capability
from autodiff_spec.core.errors import UntrackedError
from autodiff_spec.graph._drawing import Drawing
from autodiff_spec.graph._fold import folded
from autodiff_spec.graph._model import graph
from autodiff_spec.logged import Log, Logged, LoggedBackend
from autodiff_spec.programs.function import argument_names, plain_arguments

FOLD = 60


def draw(target: Any, *args: Any, values: bool = False, fold: int = FOLD) -> Drawing:
    """A picture of what was recorded: solid arrows forward, dashed arrows backward.

    Args:
        target: a function of arrays, which then runs on the current backend; or an array (a tree of arrays) that was
            computed under ``use_backend(LoggedBackend(...))``.
        args: for a function, what to call it with: arrays, Python floats, or trees of them.
        values: write values into the nodes, and for a function cotangents on the arrows back.
        fold: fold loops and long stretches where there are more nodes than this.

    Returns:
        A `Drawing`: ``.dot``, ``.mermaid``, ``.svg``, ``.save(path)``; in a notebook it shows itself.

    Raises:
        UntrackedError: the array was not logged.

    Examples:
        >>> import autodiff_spec as ad
        >>> ad.draw(lambda x: ad.stop_gradient(x * x) * x, 3.0)
        <Drawing of <lambda>: 4 nodes, 4 arrows forward, 1 back>
    """
    if callable(target) and not isinstance(target, Logged):
        return _of_function(target, args, values, fold)
    leaves, _ = trees.flatten(target, (Logged,))
    if not leaves or not all(isinstance(leaf, Logged) for leaf in leaves):
        raise UntrackedError(
            "draw() got an array that was computed without a log; pass the function and its arguments, or compute "
            "it under use_backend(LoggedBackend(backend()))"
        )
    return Drawing(folded(graph(leaves[0].log, leaves, values=values), fold))


def _of_function(f: Callable[..., Any], args: Sequence[Any], values: bool, fold: int) -> Drawing:
    be = backend()
    if isinstance(be, LoggedBackend):
        be = be.inner
    leaves, structure = trees.flatten(plain_arguments(args, None))
    names = argument_names(f)
    labels = [_label(str(trees.Path(structure, i, "args")), names) for i in range(len(leaves))]
    arrays = [be.asarray(leaf) for leaf in leaves]
    log = Log(be)
    title = getattr(f, "__name__", "")
    if not (values and Capability.TAPE in be.capabilities):
        return Drawing(folded(graph(log, _run(log, f, arrays, labels, structure), values=values, title=title), fold))
    with be.tape() as tape:
        log.tape = tape
        watched = [tape.watch(a) if be.kind(a.dtype) != "other" else a for a in arrays]
        results = _run(log, f, watched, labels, structure)
    targets = [result.value for result in results if be.kind(result.value.dtype) != "other"]
    cotangents, _ = log.pull(targets)
    return Drawing(folded(graph(log, results, values=True, cotangents=cotangents, title=title), fold))


def _run(
    log: Log, f: Callable[..., Any], arrays: list[Any], labels: list[str], structure: trees.Structure
) -> list[Logged]:
    over = LoggedBackend(log.backend, log)
    inputs = [
        log.source("input", array, label, tracked=log.backend.kind(array.dtype) != "other")
        for array, label in zip(arrays, labels, strict=True)
    ]
    with use_backend(over):
        result = log.run(f, *trees.unflatten(structure, inputs))
        leaves, _ = trees.flatten(result, over.array_types)
        return [leaf if isinstance(leaf, Logged) else over.asarray(leaf) for leaf in leaves]


def _label(path: str, names: Sequence[str]) -> str:
    for k, name in enumerate(names):
        if path == f"args[{k}]" or path.startswith(f"args[{k}]["):
            return name + path.removeprefix(f"args[{k}]")
    return path
