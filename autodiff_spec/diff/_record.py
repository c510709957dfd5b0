"""One backend's run of a function: value, gradients, times, and the log of its operations, as plain NumPy data.

Everything here can be pickled, so that a run may have happened in another process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autodiff_spec._discovery import use_backend
from autodiff_spec.core import trees
from autodiff_spec.core.capability import Capability
from autodiff_spec.logged import GUARDS, Log, LoggedBackend, Operation, Place
from autodiff_spec.logged._log import plain

if TYPE_CHECKING:
    from autodiff_spec._backend import Backend

Values: TypeAlias = NDArray[Any]
SAMPLES = 4  # a cancellation hides from one where the factors of both terms happen to be equal
_TIMED, _SECONDS = 7, 0.3


@dataclass(frozen=True)
class Step:
    """One operation of a run.

    Attributes:
        name, call, place, label: as in the log.
        parents: for each array used, the number of the step that made it, and as which output.
        args, kwargs: the arguments, arrays as slots.
        inputs: the values of the arrays used.
        outputs: the values made; of a guard the Python value.
        dtypes: of the outputs, by name.
        cotangents: for each array used what came back through this use, ``None`` for nothing.
        spread_out, spread_back: how much outputs and cotangents move, in units of the size of random relative
            perturbations of everything that is used; empty where it was not estimated.
        error: what the operation raised.
    """

    name: str
    call: str
    place: Place
    label: str
    parents: tuple[tuple[int, int], ...]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: tuple[Values, ...]
    outputs: tuple[Values, ...]
    dtypes: tuple[str, ...]
    cotangents: tuple[Values | None, ...]
    spread_out: tuple[Values, ...] = ()
    spread_back: tuple[Values | None, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Run:
    """The record of one run of the function on one backend.

    Attributes:
        backend, version: which one.
        error: why there is no result, in one line.
        values: the leaves of the result.
        gradients: the derivative of the sum of the result by each floating argument (leaf).
        names: of those arguments.
        seconds: of the function, and of function and gradient, the median of a few calls; ``None`` where it failed.
        steps: the log.
    """

    backend: str
    version: str = ""
    error: str = ""
    values: tuple[Values, ...] = ()
    gradients: tuple[Values, ...] = ()
    names: tuple[str, ...] = ()
    seconds: tuple[float, float] | None = None
    steps: tuple[Step, ...] = ()
    trace: str = field(default="", repr=False)


def record(
    be: Backend, f: Callable[..., Any], args: Sequence[Any], *, names: Sequence[str] = (), seed: int = 0,
    spread: bool = False, timed: bool = True,
) -> Run:  # fmt: skip
    """Run ``f`` on a backend, logged, forward and back.

    Args:
        be: the backend; without tapes there are no cotangents.
        f: a function of arrays.
        args: trees of NumPy arrays; the floating ones are differentiated.
        names: of the arguments.
        seed: of the perturbations.
        spread: estimate how values and cotangents move under perturbations.
        timed: measure the times, on runs without a log.

    Returns:
        The run; an exception of ``f`` is its ``error``, with the log up to there.
    """
    with np.errstate(all="ignore"):  # infinities and NaN are findings here
        return _recorded(be, f, args, names, seed, spread, timed)


def _recorded(
    be: Backend, f: Callable[..., Any], args: Sequence[Any], names: Sequence[str], seed: int, spread: bool, timed: bool
) -> Run:
    leaves, structure = trees.flatten(tuple(args))
    labels = _labels(structure, names)
    problem = _Problem(be, f, leaves, structure, labels)
    traced = problem.trace()
    if traced.failure is not None:
        error = f"{type(traced.failure).__name__}: {' '.join(str(traced.failure).split())}"
        return Run(be.name, be.version, error, steps=problem.steps(traced))
    spreads = _spreads(problem, traced, seed) if spread else ()
    seconds = problem.timed() if timed else None
    floating = tuple(label for label, leaf in zip(labels, leaves, strict=True) if np.asarray(leaf).dtype.kind in "fc")
    values = tuple(be.to_numpy(value) for value in traced.values)
    return Run(be.name, be.version, "", values, traced.gradients, floating, seconds, problem.steps(traced, spreads))


def _labels(structure: trees.Structure, names: Sequence[str]) -> list[str]:
    given = [str(trees.Path(structure, i, "args")) for i in range(structure.num_leaves)]
    for k, name in enumerate(names):
        given = [name + text.removeprefix(f"args[{k}]") if text.startswith(f"args[{k}]") else text for text in given]
    return given


@dataclass
class _Traced:
    log: Log
    values: list[Any]
    gradients: tuple[Values, ...]
    cotangents: list[list[Any]]
    failure: Exception | None


class _Problem:
    """A function at a point, on one backend."""

    def __init__(
        self, be: Backend, f: Callable[..., Any], leaves: list[Any], structure: trees.Structure, labels: list[str]
    ) -> None:
        self.be, self.f, self.structure, self.labels = be, f, structure, labels
        self.arrays = [be.asarray(leaf) for leaf in leaves]
        self.floating = [be.kind(array.dtype) != "other" for array in self.arrays]

    def trace(self, noise: _Noise | None = None) -> _Traced:
        """One logged run; with ``noise`` every use of an array is perturbed."""
        log = Log(self.be, alias=noise)
        if Capability.TAPE not in self.be.capabilities:
            return self._called(log, self.arrays)
        tape = self.be.tape()
        with tape:
            log.tape = tape
            watched = [
                tape.watch(a) if floats else a for a, floats in zip(self.arrays, self.floating, strict=True)
            ]
            traced = self._called(log, watched)
        if traced.failure is None:
            self._differentiate(traced, watched)
        return traced

    def _called(self, log: Log, arrays: list[Any]) -> _Traced:
        over = LoggedBackend(self.be, log)
        triples = zip(arrays, self.labels, self.floating, strict=True)
        inputs = [log.source("input", a, label, tracked=floats) for a, label, floats in triples]
        try:
            with use_backend(over):
                result = log.run(self.f, *trees.unflatten(self.structure, inputs))
                leaves, _ = trees.flatten(result, over.array_types)
                values = [plain(leaf) if over.is_array(leaf) else self.be.asarray(leaf) for leaf in leaves]
        except Exception as failure:  # a user's function, or the framework under it, may raise anything
            return _Traced(log, [], (), [], failure)
        return _Traced(log, values, (), [[None for _ in op.uses] for op in log.operations], None)

    def _differentiate(self, traced: _Traced, watched: list[Any]) -> None:
        log, be = traced.log, self.be
        targets = [value for value in traced.values if be.kind(value.dtype) != "other"]
        sources = [array for array, floats in zip(watched, self.floating, strict=True) if floats]
        try:
            traced.cotangents, found = log.pull(targets, sources)
        except Exception as failure:
            traced.failure = failure
            return
        pairs = zip(found, sources, strict=True)
        traced.gradients = tuple(be.to_numpy(be.xp.zeros_like(x) if g is None else g) for g, x in pairs)

    def steps(self, traced: _Traced, spreads: Sequence[tuple[Any, Any]] = ()) -> tuple[Step, ...]:
        """The log as data."""
        cotangents = traced.cotangents or [[None for _ in op.uses] for op in traced.log.operations]
        return tuple(
            self._step(op, back, spreads[op.index] if op.index < len(spreads) else ((), ()))
            for op, back in zip(traced.log.operations, cotangents, strict=True)
        )

    def _step(self, op: Operation, back: list[Any], spread: tuple[Any, Any]) -> Step:
        be = self.be
        outputs = tuple(map(np.asarray, op.outputs)) if op.name in GUARDS else tuple(map(be.to_numpy, op.outputs))
        return Step(
            op.name, op.call(), op.place, op.label, tuple((use.source.index, use.output) for use in op.uses), op.args,
            op.kwargs, tuple(be.to_numpy(use.array) for use in op.uses), outputs,
            tuple(dtype_name(output) for output in op.outputs),
            tuple(None if g is None else be.to_numpy(g) for g in back), *spread, op.error,
        )  # fmt: skip

    def timed(self) -> tuple[float, float] | None:
        """The median seconds of the function and of its value and gradient, without a log."""
        arguments = trees.unflatten(self.structure, self.arrays)
        chosen = [k for k, tree in enumerate(arguments) if self._differentiable(tree)]
        both = self.be.value_and_grad(self.f, chosen) if chosen else self.f
        try:
            with use_backend(self.be):
                return self._median(self.f, arguments), self._median(both, arguments)
        except Exception:  # it ran under a tape; what fails here is the functional form (an integer in a tree)
            return None

    def _differentiable(self, tree: Any) -> bool:
        leaves, _ = trees.flatten(tree, self.be.array_types)
        return bool(leaves) and all(self.be.kind(leaf.dtype) != "other" for leaf in leaves)

    def _median(self, f: Callable[..., Any], arguments: Sequence[Any]) -> float:
        self.be.to_numpy(f(*arguments))  # compiles, allocates
        times: list[float] = []
        while len(times) < _TIMED and sum(times) < _SECONDS:
            start = time.perf_counter()
            self.be.to_numpy(f(*arguments))
            times.append(time.perf_counter() - start)
        return float(np.median(times))


class _Noise:
    """Multiplies each element that is used by a number of its own, evenly drawn from 1 ± 1.5 size.

    What comes back is multiplied by other numbers: with the same ones it would be the exact derivative of a perturbed
    function, in which all that cancels for a reason (the shift of a softmax) would cancel still.
    """

    def __init__(self, be: Backend, size: float, generator: np.random.Generator) -> None:
        self.be, self.size, self.generator = be, size, generator

    def __call__(self, array: Any) -> Any:
        forward, back = (self._factors(array) for _ in range(2))
        return self.be.stop_gradient(array * (forward - back)) + array * back

    def _factors(self, array: Any) -> Any:
        factors = 1.0 + self.size * self.generator.uniform(-1.5, 1.5, tuple(array.shape))
        return self.be.asarray(np.asarray(factors), dtype=array.dtype)


def _spreads(problem: _Problem, base: _Traced, seed: int) -> list[tuple[Any, Any]]:
    """For each operation, how far outputs and cotangents move when every use of an array is perturbed by √ε, over √ε.

    This estimates the condition of each number with respect to all roundings before it, as in Monte Carlo arithmetic
    (Parker, 1997). A jump at a kink moves by its size whatever the perturbation, so that √ε of it remains: it is not
    taken for bad condition. Where a perturbed run takes another way through Python's control flow, the sample ends.
    """
    be = problem.be
    found = [_at_rest(be, op, back) for op, back in zip(base.log.operations, base.cotangents, strict=True)]
    result = [([np.zeros(v.shape) for v in outs], [np.zeros(v.shape) for v in backs]) for outs, backs in found]
    size = float(np.sqrt(max([epsilon(dtype_name(a)) for a in problem.arrays if hasattr(a, "dtype")], default=2**-52)))
    for sample in range(SAMPLES):
        moved = problem.trace(_Noise(be, size, np.random.default_rng([seed, sample])))
        if moved.failure is not None:
            continue
        both = zip(base.log.operations, moved.log.operations, strict=False)
        for k, (op, other) in enumerate(both):
            if op.name != other.name or (op.name in GUARDS and op.outputs != other.outputs):
                break
            outs, backs = _at_rest(be, other, moved.cotangents[k])
            for kept, one, two in zip(_both(result[k]), _both(found[k]), _both((outs, backs)), strict=False):
                if one.shape == two.shape:
                    with np.errstate(all="ignore"):
                        step = np.abs(two - one) / size
                    np.maximum(kept, np.where(np.isfinite(step), step, 0.0), out=kept)
    return [(tuple(outs), tuple(backs)) for outs, backs in result]


def _both(pair: tuple[list[Values], list[Values]]) -> list[Values]:
    return [*pair[0], *pair[1]]


def _at_rest(be: Backend, op: Operation, back: list[Any]) -> tuple[list[Values], list[Values]]:
    outputs = [] if op.name in GUARDS else [_wide(be.to_numpy(output)) for output in op.outputs]
    return outputs, [np.zeros(()) if g is None else _wide(be.to_numpy(g)) for g in back]


def _wide(array: Values) -> Values:
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def dtype_name(array: Any) -> str:
    """The name of an array's dtype, the same on every framework: ``"float32"``."""
    return str(getattr(array, "dtype", type(array).__name__)).rpartition(".")[2].strip("<>' ").removeprefix("dtype: '")


_EPSILON = {
    "float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "complex64": 2.0**-23,
    "float64": 2.0**-52, "complex128": 2.0**-52, "longdouble": 2.0**-63,
}  # fmt: skip


def epsilon(name: str) -> float:
    """The spacing of a dtype's numbers at 1; 0 for integers and booleans."""
    return _EPSILON.get(name, 0.0)
