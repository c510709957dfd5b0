"""``compare``: one function on many backends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autodiff_spec._backend import Backend
from autodiff_spec._discovery import available_backends, backend
from autodiff_spec.diff._align import Alignment, Difference, Parting
from autodiff_spec.diff._exact import Exact, exact, verdicts
from autodiff_spec.diff._record import Run, Values, epsilon, record
from autodiff_spec.diff._report import Comparison
from autodiff_spec.programs.function import argument_names, plain_arguments

ROUNDINGS = 64.0


def compare(
    f: Callable[..., Any],
    *args: Any,
    backends: Sequence[str | Backend] | None = None,
    dtype: str | None = None,
    roundings: float = ROUNDINGS,
    seed: int = 0,
    oracle: bool = True,
) -> Comparison:
    """Whether the backends agree on a function, its value and its gradients; and where they part first.

    The function runs on each backend with a namespace and arrays that log every operation. Two numbers agree if they
    are at most ``roundings`` roundings of their dtype apart, relative to their size and to how much they move when
    everything that goes into them is perturbed: what is badly conditioned may differ more. An exception on one backend
    is its result, and does not keep the others from theirs.

    Args:
        f: a function of arrays; it takes its namespace from ``ad.xp()``. Python control flow on values is fine.
        args: arrays of any backend, NumPy arrays, Python floats, or trees of them; every backend gets copies. Floating
            ones are differentiated.
        backends: names as for `autodiff_spec.backend`, or backends; all that are installed by default.
        dtype: cast floating arguments to it first, ``"float32"``.
        roundings: how many a computation of good condition may be off.
        seed: of the perturbations.
        oracle: ask the oracle for exact values, where ``f`` runs on exact numbers.

    Returns:
        A `Comparison`: prints as a table, is true where they agree, ``forward`` and ``backward`` are the first
        operations at which values and cotangents part, ``to_json()``.

    Raises:
        BackendNotFoundError, BackendNotInstalledError: a backend that was named is not there.

    Examples:
        >>> import autodiff_spec as ad
        >>> def f(x):
        ...     return ad.xp().sum(x * x)
        >>> found = ad.compare(f, [1.0, 2.0], backends=["numpy"])
        >>> found.agree, found.runs[0].gradients
        (True, (array([2., 4.]),))
    """
    chosen = dict.fromkeys(available_backends() if backends is None else backends)
    loaded = [one if isinstance(one, Backend) else backend(one) for one in chosen]
    given = plain_arguments(args, dtype)
    labels = argument_names(f)
    runs = []
    for number, be in enumerate(loaded):
        runs.append(record(be, f, given, names=labels, seed=seed, spread=number == 0))
    truth = exact(f, given) if oracle else Exact(error="not asked")
    return compared(getattr(f, "__name__", "f"), runs, truth, roundings)


def compared(function: str, runs: Sequence[Run], truth: Exact, roundings: float = ROUNDINGS) -> Comparison:
    """The comparison of runs that were made, here or elsewhere, with the same arguments."""
    logged = [run for run in runs if run.steps]
    ran = [run for run in logged if not run.error]
    forward = backward = None
    unequal: tuple[Difference | None, ...] = ()
    wrong: tuple[str, ...] = ()
    if len(logged) > 1:
        forward = Alignment(logged, roundings).forward()
    if ran:
        alignment = Alignment(ran, roundings)
        comparable = len(ran) > 1 and (forward is None or forward.kind in ("values", "error"))
        backward = _backward(alignment, ran, roundings) if comparable else None
        unequal = _unequal(alignment)
        wrong = tuple(run.backend for run in ran if _against(alignment, run, truth))
    return Comparison(function, tuple(runs), truth, forward, backward, unequal, wrong, tuple(_notes(ran)))


def _backward(alignment: Alignment, runs: Sequence[Run], roundings: float) -> Parting | None:
    """Where cotangents part, with the oracle's verdicts; where it finds nothing wrong with any, they do not part."""
    right: set[int] = set()
    while (parting := alignment.backward(frozenset(right))) is not None:
        said = verdicts(parting, runs, roundings)
        if not said or set(said.values()) != {"conforms"}:
            return replace(parting, verdicts=said)
        right.add(parting.step)
    return None


def _unequal(alignment: Alignment) -> tuple[Difference | None, ...]:
    """For each floating argument whether its gradients differ, beyond what roundings explain."""
    found = []
    for k, column in enumerate(zip(*(run.gradients for run in alignment.runs), strict=False)):
        found.append(_compare(alignment, list(column), _spread_of_gradient(alignment.runs[0], k), slopes=True))
    return tuple(found)


def _compare(
    alignment: Alignment, arrays: list[Values], spread: Values | None, *, slopes: bool = False
) -> Difference | None:
    precision = max(alignment.precision, default=0.0) or max(epsilon(array.dtype.name) for array in arrays)
    return alignment.compared(arrays, precision, spread, slopes=slopes)


def _spread_of_gradient(run: Run, argument: int) -> Values | None:
    """How much a gradient moves under perturbations: at most as much as its shares together."""
    inputs = [k for k, step in enumerate(run.steps) if step.name == "input" and step.label in run.names]
    total: Any = 0.0
    for step in run.steps:
        for (parent, _), spread in zip(step.parents, step.spread_back, strict=False):
            if argument < len(inputs) and parent == inputs[argument] and spread is not None:
                total = total + spread
    return np.asarray(total) if np.shape(total) else None


def _against(alignment: Alignment, run: Run, truth: Exact) -> bool:
    if truth.error:
        return False
    last = [step.spread_out[0] for step in alignment.runs[0].steps[-1:] if step.spread_out]
    values = zip(run.values, truth.values, strict=False)
    if any(_compare(alignment, [a, b], last[0] if last else None) for a, b in values if a.shape == b.shape):
        return True
    if truth.kink or truth.undefined:
        return False
    spreads = [_spread_of_gradient(alignment.runs[0], k) for k in range(len(run.gradients))]
    slopes = zip(run.gradients, truth.gradients, spreads, strict=False)
    return any(_compare(alignment, [a, b], s, slopes=True) for a, b, s in slopes if a.shape == b.shape)


def _notes(runs: Sequence[Run]) -> list[str]:
    infinite = [run.backend for run in runs if not all(np.isfinite(gradient).all() for gradient in run.gradients)]
    notes = [f"the gradient is not finite on {', '.join(infinite)}"] if infinite else []
    for k, column in enumerate(zip(*(run.steps for run in runs), strict=False)):
        names = {run.backend: " ".join(step.dtypes) for run, step in zip(runs, column, strict=True)}
        floats = {name for name in names.values() if epsilon(name)}
        if len({step.name for step in column}) == 1 and len(floats) > 1:
            told = ", ".join(f"{dtype} on {name}" for name, dtype in names.items())
            notes.append(f"dtypes differ from #{k} {column[0].call} on ({column[0].place}): {told}; what follows is as "
                         "exact as the coarsest; pass dtype= there")  # fmt: skip
            break
    return notes


__all__ = ["ROUNDINGS", "argument_names", "compare", "compared", "plain_arguments"]
