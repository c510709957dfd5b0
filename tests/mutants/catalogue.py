"""Wrong backends: the NumPy engine with one plausible bug each, and the clauses that must notice it.

Each is a function that breaks the engine of its own process and returns it, so that a mutant is a backend like any
other: ``AUTODIFF_SPEC_BACKEND=tests.mutants.catalogue:stale_tape``.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autodiff_numpy
from autodiff_numpy import _array, _backend, _record, _tape
from autodiff_numpy._array import RECORDER, Array, Variable
from autodiff_spec import Backend, Tape, _check, _recording, _trees, operators


@dataclass(frozen=True)
class Mutant:
    """A bug in words, the function that makes it, and the clauses of which at least one test must fail."""

    name: str
    bug: str
    clauses: tuple[str, ...]


MUTANTS: dict[str, Mutant] = {}


def mutant(bug: str, *clauses: str) -> Callable[[Callable[[], None]], Callable[..., Backend]]:
    """Enter a bug into the catalogue; the decorated function becomes a factory of the broken backend."""

    def decorate(break_engine: Callable[[], None]) -> Callable[..., Backend]:
        name = break_engine.__name__
        MUTANTS[name] = Mutant(name, bug, clauses)

        @functools.wraps(break_engine)
        def factory(conventions: str = "native") -> Backend:
            break_engine()
            return autodiff_numpy.backend(conventions)

        return factory

    return decorate


def change(function: Any, argument: int, how: Callable[[Any], Any]) -> None:
    """Let ``how`` change the share that one argument of a rule gets."""
    pullback = _record.RULES[function][argument]
    assert pullback is not None
    right = pullback.vjp
    pullback.vjp = lambda xp, g, *residuals: how(right(xp, g, *residuals))


def rule_of(name: str) -> Any:
    """The function under which a primitive of the engine's own is registered."""
    return next(function for function in _record.RULES if function.__name__ == name)


# --- rules ------------------------------------------------------------------------------------------------------


@mutant("the derivative of sin has the wrong sign", "FUN-39")
def wrong_sign() -> None:
    change(np.sin, 0, lambda share: -share)


@mutant("the derivative of exp is one per cent too large", "FUN-17")
def wrong_factor() -> None:
    change(np.exp, 0, lambda share: share * 1.01)


@mutant("the second argument of multiply has no derivative", "FUN-30", "GRAD-29")
def lost_argument() -> None:
    change(np.multiply, 1, lambda share: None)


@mutant("broadcasting is undone by taking the first element in place of the sum", "FUN-04", "GRAD-28")
def unsummed_broadcast() -> None:
    def fit(xp: Any, g: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        while g.ndim > len(shape):
            g = g[0]
        for i, n in enumerate(shape):
            if n == 1 and g.shape[i] != 1:
                g = g[(slice(None),) * i + (slice(0, 1),)]
        return xp.astype(g, dtype)

    _record.fit = fit


@mutant("the gradient of mean forgets to divide", "FUN-49", "FUN-16")
def mean_as_sum() -> None:
    change(np.divide, 0, lambda share: share * 2)


@mutant("the gradient of a reduction over a negative axis goes along the other one", "FUN-48")
def negative_axis() -> None:
    right = _record.RAW.spread

    def spread(g: Any, shape: Any, axis: Any, keepdims: Any) -> Any:
        if isinstance(axis, int) and axis < 0 and len(shape) > 1:
            axis = -1 - axis
        return right(g, shape, axis, keepdims)

    _record.RAW.spread = spread


@mutant("the right factor of matmul gets its gradient transposed", "FUN-55")
def transposed_matmul() -> None:
    def transpose(share: Any) -> Any:
        square = share.ndim >= 2 and share.shape[-1] == share.shape[-2]
        return share.swapaxes(-1, -2) if square else share * 0

    change(np.matmul, 1, transpose)


@mutant("indexing with duplicates scatters in place of adding", "FUN-79", "GRAD-27", "KINK-57")
def scatter_without_add() -> None:
    def scatter(g: Any, index: Any, shape: Any) -> Any:
        full = np.zeros(shape, g.dtype)
        full[index] = g
        return full

    _record.RAW.scatter = scatter


@mutant("a tie of maximum gives the whole gradient to both", "KINK-05", "KINK-07")
def double_tie() -> None:
    right = np.where

    def ties(share_of: Any) -> Any:
        return share_of

    for argument in (0, 1):
        pullback = _record.RULES[np.maximum][argument]
        assert pullback is not None
        pullback.vjp = lambda xp, g, x, y, ans: g * right(x == ans, 1.0, 0.0)


@mutant("the elements that tie for max each get the whole gradient", "KINK-08")
def shared_maximum() -> None:
    pullback = _record.RULES[np.max][0]
    assert pullback is not None
    pullback.vjp = lambda xp, g, a, ans, axis, keepdims: (
        xp.spread(g, a.shape, axis, keepdims)
        * (np.asarray(getattr(a, "value", a)) == np.max(getattr(a, "value", a), axis=axis, keepdims=True))
    )


@mutant("x**0 has the derivative NaN at 0", "KINK-27")
def nan_of_power() -> None:
    pullback = _record.RULES[np.power][0]
    assert pullback is not None
    pullback.vjp = lambda xp, g, x, y: g * y * xp.power(x, xp.subtract(y, 1))


@mutant("prod divides its result by the factor, NaN where that is 0", "KINK-34")
def product_by_division() -> None:
    pullback = _record.RULES[np.prod][0]
    assert pullback is not None
    pullback.vjp = lambda xp, g, a, axis, keepdims: (
        xp.spread(g, a.shape, axis, keepdims) * xp.prod(a, axis=axis, keepdims=True) / a
    )


@mutant("the norm of zeros has the derivative NaN", "KINK-15")
def nan_of_norm() -> None:
    pullback = _record.RULES[rule_of("_vector_norm")][0]
    assert pullback is not None
    right = pullback.vjp

    def vjp(xp: Any, g: Any, x: Any, ans: Any, axis: Any, keepdims: Any, ord: Any) -> Any:
        share = right(xp, g, x, ans, axis, keepdims, ord)
        zero = np.asarray(getattr(ans, "value", ans)) == 0
        return share * np.nan if zero.any() else share

    pullback.vjp = vjp


@mutant("the gradient of a complex source is the conjugate", "CPLX-01")
def missing_conjugate() -> None:
    _tape._conjugate = lambda g: g


# --- the backward pass and the tape -------------------------------------------------------------------------------


@mutant("the second share of a node that is used twice overwrites the first", "GRAD-29", "CHAP-02")
def lost_fan_out() -> None:
    _tape._add = lambda a, b, owned: b


@mutant("gradients accumulate from call to call", "GRAD-03", "CHAP-03")
def accumulated() -> None:
    right = Tape._pullback_of
    kept: dict[int, Any] = {}

    def pullback_of(self: Tape, targets: Any, sources: Any, cotangents: Any, *, strict: bool) -> Any:
        found = right(self, targets, sources, cotangents, strict=strict)
        total = []
        for source, gradient in zip(sources, found, strict=True):
            before = kept.get(id(source))
            if before is not None and gradient is not None and before[0] is source:
                gradient = gradient + before[1]
            kept[id(source)] = (source, gradient)
            total.append(gradient)
        return total

    Tape._pullback_of = pullback_of  # type: ignore[method-assign]


@mutant("a spent tape answers again", "TAPE-21", "CHAP-12")
def stale_tape() -> None:
    right = _backend.NumpyBackend._tape
    _backend.NumpyBackend._tape = lambda self, persistent: right(self, True)  # type: ignore[method-assign]


@mutant("a persistent tape is spent after all", "TAPE-22", "CHAP-07")
def forgetful_tape() -> None:
    right = _backend.NumpyBackend._tape
    _backend.NumpyBackend._tape = lambda self, persistent: right(self, False)  # type: ignore[method-assign]


@mutant("a refused call spends the tape", "TAPE-24", "ERR-07")
def spent_by_refusal() -> None:
    right = Tape._arguments

    def arguments(self: Tape, *args: Any) -> Any:
        self._spent = not self.persistent
        return right(self, *args)

    Tape._arguments = arguments  # type: ignore[method-assign]


@mutant("a gradient is the cotangent itself, not a copy", "GRAD-23", "GRAD-22")
def aliased() -> None:
    _tape._finished = lambda gradients, sources, cotangents: gradients


@mutant("a gradient has the dtype of the computation, not of its source", "GRAD-01", "DTYPE-05")
def wrong_dtype() -> None:
    right = _tape._finished

    def finished(gradients: Any, sources: Any, cotangents: Any) -> Any:
        found = right(gradients, sources, cotangents)
        return [g if g is None or g.dtype.kind == "c" else np.asarray(_array.plain(g), np.float64) for g in found]

    _tape._finished = finished


@mutant("a 0-d gradient comes back as a NumPy scalar", "GRAD-02")
def scalar_gradient() -> None:
    right = _tape._finished

    def finished(gradients: Any, sources: Any, cotangents: Any) -> Any:
        found = right(gradients, sources, cotangents)
        return [g[()] if type(g) is np.ndarray and g.ndim == 0 else g for g in found]

    _tape._finished = finished


@mutant("a Jacobian has its axes the wrong way round", "JAC-03")
def transposed_jacobian() -> None:
    right = Tape.jacobian

    def jacobian(self: Tape, target: Any, sources: Any) -> Any:
        return _trees.map_leaves(lambda block: block.T, right(self, target, sources))

    Tape.jacobian = jacobian  # type: ignore[method-assign]


@mutant("an inner gradient is not recorded by the outer tape", "NEST-01", "CHAP-11")
def lost_second_derivative() -> None:
    _tape.pull_recorded = _tape.pull_raw


@mutant("a gradient records itself on its own tape", "TAPE-31")
def records_itself() -> None:
    right = _tape.NumpyTape._pullback

    def pullback(self: Any, *args: Any, **kwargs: Any) -> Any:
        state, self._state = self._state, "closed"
        try:
            return right(self, *args, **kwargs)
        finally:
            self._state = state

    _tape.NumpyTape._pullback = pullback  # type: ignore[method-assign]


@mutant("a tape sees what was recorded before it opened", "TAPE-02")
def no_cut() -> None:
    right = _recording.Recorder.start

    def start(self: Any, recording: Any) -> None:
        for outer in self.frame().recordings:
            for node in outer.nodes:
                node.tapes = (*node.tapes, recording.number)
            recording.nodes.extend(outer.nodes)
            recording.variables.update(outer.variables)
        right(self, recording)

    _recording.Recorder.start = start  # type: ignore[method-assign]


@mutant("pause() does not pause", "TAPE-05")
def no_pause() -> None:
    import contextlib

    _backend.NumpyBackend._pause = lambda self: contextlib.nullcontext()  # type: ignore[method-assign]


@mutant("a tape left by an exception stays open", "TAPE-29")
def left_open() -> None:
    right = Tape.__exit__

    def leave(self: Tape, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            right(self, kind, error, trace)

    Tape.__exit__ = leave  # type: ignore[method-assign]


@mutant("tapes are shared by all threads", "THREAD-04", "THREAD-05")
def mixed_threads() -> None:
    class Shared:
        def __init__(self) -> None:
            self.value = _recording._NOTHING

        def get(self) -> Any:
            return self.value

        def set(self, value: Any) -> None:
            self.value = value

    shared = Shared()
    RECORDER._frame = shared  # type: ignore[assignment]
    original = RECORDER.frame

    def frame() -> Any:
        return shared.value

    RECORDER.frame = frame
    for function in _record.FUNCTIONS.values():
        _rebind(function, original, frame)
    for function in _record.UFUNCS.values():
        _rebind(function, original, frame)


def _rebind(function: Any, old: Any, new: Any, depth: int = 2) -> None:
    """Replace a value in the closure of a recording function (they bind `RECORDER.frame` when they are made)."""
    for cell in function.__closure__ or ():
        if cell.cell_contents == old:
            cell.cell_contents = new
        elif depth and callable(cell.cell_contents) and getattr(cell.cell_contents, "__closure__", None):
            _rebind(cell.cell_contents, old, new, depth - 1)


@mutant("the backward pass recurses", "DEEP-01")
def recursive() -> None:
    def visit(node: Any, seen: set[Any]) -> None:
        seen.add(node)
        for parent, _, _ in node.edges:
            if parent not in seen:
                visit(parent, seen)

    right = _tape.backward

    def backward(recording: Any, seeds: Any, *args: Any, **kwargs: Any) -> Any:
        for node, _ in seeds:
            visit(node, set())
        return right(recording, seeds, *args, **kwargs)

    _tape.backward = backward


@mutant("every recording is kept for ever", "MEM-01", "MEM-04")
def leak() -> None:
    kept: list[Any] = []
    right = _recording.Recorder.start

    def start(self: Any, recording: Any) -> None:
        kept.append(recording)
        right(self, recording)

    def keep(nodes: Any, number: int) -> Any:
        yield from reversed(list(nodes))

    _recording.Recorder.start = start  # type: ignore[method-assign]
    _recording._drained = keep


# --- variables, stopping, checks ----------------------------------------------------------------------------------


@mutant("a variable shares the caller's memory", "VAR-05")
def shared_value() -> None:
    _backend.NumpyBackend._asarray = lambda self, value, dtype: np.asarray(_array.plain(value), dtype=dtype)  # type: ignore[method-assign]
    _backend.NumpyBackend._variable = lambda self, array: Variable(np.asarray(_array.plain(array)))  # type: ignore[method-assign]


@mutant("assign writes into what was recorded", "VAR-17")
def assigned_in_place() -> None:
    def assign(self: Any, variable: Any, array: Any) -> None:
        variable.value[...] = _array.plain(array)

    _backend.NumpyBackend._assign = assign  # type: ignore[method-assign]


@mutant("after assign only the later reads count", "TAPE-18")
def lost_identity() -> None:
    right = _backend.NumpyBackend._assign

    def assign(self: Any, variable: Any, array: Any) -> None:
        right(self, variable, array)
        for recording in RECORDER.frame().recordings:
            recording.variables.pop(id(variable), None)

    _backend.NumpyBackend._assign = assign  # type: ignore[method-assign]


@mutant("watch() shares the caller's memory", "TAPE-15")
def shared_watch() -> None:
    right = _tape.NumpyTape._watch

    def watch(self: Any, array: Any) -> Any:
        if isinstance(array, np.ndarray):
            return Array(array, RECORDER.source(self._recording, None))
        return right(self, array)

    _tape.NumpyTape._watch = watch  # type: ignore[method-assign]


@mutant("stop_gradient returns its argument", "STOP-02", "CHAP-06")
def no_stop() -> None:
    _backend.NumpyBackend._stop_gradient = lambda self, array: array  # type: ignore[method-assign]


@mutant("a cotangent of another shape is broadcast", "GRAD-07")
def broadcast_cotangent() -> None:
    right = _check.cotangent

    def cotangent(be: Any, value: Any, target: Any, what: Any) -> Any:
        array = np.asarray(_array.plain(value))
        if array.dtype.kind == "f" and array.shape != target.shape:
            value = np.array(np.broadcast_to(array.reshape(-1)[:1].reshape(()), target.shape))
        return right(be, value, target, what)

    _check.cotangent = cotangent


@mutant("the cotangent is ignored", "GRAD-06", "CHAP-05")
def ignored_cotangent() -> None:
    right = _check.cotangent
    _check.cotangent = lambda be, value, target, what: np.ones_like(right(be, value, target, what))


@mutant("an untracked target gives zeros", "GRAD-17")
def zeros_for_untracked() -> None:
    right = Tape._pullback_of

    def pullback_of(self: Tape, targets: Any, sources: Any, cotangents: Any, *, strict: bool) -> Any:
        return right(self, targets, sources, cotangents, strict=False)

    Tape._pullback_of = pullback_of  # type: ignore[method-assign]


@mutant("an unconnected source gives None", "GRAD-13")
def none_for_unconnected() -> None:
    Tape._filled = lambda self, gradient, source: gradient  # type: ignore[method-assign]


@mutant("an unwatched source gives zeros", "GRAD-18", "TAPE-11")
def zeros_for_unwatched() -> None:
    _tape.NumpyTape._is_source = lambda self, array: True  # type: ignore[method-assign]


@mutant("an integer source is accepted", "GRAD-21")
def integers_accepted() -> None:
    _backend.NumpyBackend._kind = lambda self, dtype: "complex" if np.dtype(dtype).kind == "c" else "real"  # type: ignore[method-assign]


@mutant("only the last of several targets counts", "GRAD-05")
def last_target() -> None:
    right = _tape.NumpyTape._pullback

    def pullback(self: Any, targets: Any, sources: Any, cotangents: Any, **kwargs: Any) -> Any:
        return right(self, targets[-1:], sources, cotangents[-1:], **kwargs)

    _tape.NumpyTape._pullback = pullback  # type: ignore[method-assign]


@mutant("grad with argnums ignores all but the first", "VJP-16")
def first_argument_only() -> None:
    right = operators.value_and_grad

    def value_and_grad(be: Any, f: Any, argnums: Any = 0, **kwargs: Any) -> Any:
        return right(be, f, argnums if isinstance(argnums, int) else (argnums[0],) * len(argnums), **kwargs)

    operators.value_and_grad = value_and_grad  # type: ignore[assignment]
    sys.modules[operators.grad.__module__].value_and_grad = value_and_grad  # type: ignore[attr-defined]


# --- operators on functions --------------------------------------------------------------------------------------


@mutant("jvp sees the first tangent only", "JVP-02")
def first_tangent_only() -> None:
    right = _backend.NumpyBackend._jvp

    def jvp(self: Any, f: Any, primals: Any, tangents: Any) -> Any:
        return right(self, f, primals, [tangents[0], *map(np.zeros_like, map(_array.plain, tangents[1:]))])

    _backend.NumpyBackend._jvp = jvp  # type: ignore[method-assign]


@mutant("jvp is not recorded by tapes that are open", "JVP-15")
def unrecorded_forward() -> None:
    right = _backend.NumpyBackend._jvp

    def jvp(self: Any, *arguments: Any) -> Any:
        with RECORDER.without():
            return right(self, *arguments)

    _backend.NumpyBackend._jvp = jvp  # type: ignore[method-assign]


@mutant("jvp differentiates what was stopped, by differences", "JVP-19")
def stopped_in_reverse_only() -> None:
    def jvp(self: Any, f: Any, primals: Any, tangents: Any) -> Any:
        h = 1e-6
        above, below = (f(*(p + s * t for p, t in zip(primals, tangents, strict=True))) for s in (h, -h))
        return f(*primals), [np.asarray((a - b) / (2 * h)) for a, b in zip(above, below, strict=True)]

    _backend.NumpyBackend._jvp = jvp  # type: ignore[method-assign]


@mutant("jvp hands its tangent through", "JVP-24")
def aliased_tangent() -> None:
    right = _backend.NumpyBackend._jvp

    def jvp(self: Any, f: Any, primals: Any, tangents: Any) -> Any:
        outputs, slopes = right(self, f, primals, tangents)
        return outputs, [tangents[0] if np.array_equal(slope, tangents[0]) else slope for slope in slopes]

    _backend.NumpyBackend._jvp = jvp  # type: ignore[method-assign]


@mutant("blocks of a Jacobian are transposed", "JAC-14")
def transposed_blocks() -> None:
    module = sys.modules[operators.jacobian.__module__]
    right = module._block

    def block(be: Any, found: Any, output: Any, primal: Any) -> Any:
        made = right(be, found, output, primal)
        return made.T if made.ndim == 2 and made.shape[0] == made.shape[1] else made

    module._block = block  # type: ignore[attr-defined]


@mutant("a Hessian has its upper triangle only", "HESS-02")
def triangular_hessian() -> None:
    right = operators.hessian

    def hessian(be: Any, f: Any, argnums: Any = 0) -> Any:
        return lambda *args: _trees.map_leaves(lambda h: np.triu(h) if h.ndim == 2 else h, right(be, f, argnums)(*args))

    operators.hessian = hessian  # type: ignore[assignment]


@mutant("hvp forms the Hessian", "HESS-10")
def formed_hessian() -> None:
    def hvp(be: Any, f: Any, primals: Any, tangents: Any) -> Any:
        return (np.tensordot(operators.hessian(be, f)(primals[0]), tangents[0], axes=np.ndim(tangents[0])),)

    operators.hvp = hvp  # type: ignore[assignment]


@mutant("vmap takes the branch of the first slice for all, and its values too", "VMAP-01")
def first_slice_for_all() -> None:
    right = _backend.NumpyBackend._vmap

    def vmap(self: Any, f: Any, arrays: Any, axes: Any) -> Any:
        pairs = zip(arrays, axes, strict=True)
        return right(self, f, [np.broadcast_to(np.take(a, [0], axis=i), a.shape) for a, i in pairs], axes)

    _backend.NumpyBackend._vmap = vmap  # type: ignore[method-assign]


@mutant("batches of different sizes are cut to the shortest", "VMAP-05")
def shortest_batch() -> None:
    module = sys.modules[operators.vmap.__module__]

    def batches(leaves: Any, axes: Any, structure: Any) -> Any:
        places = [i for i, axis in enumerate(axes) if axis is not None]
        shortest = min(leaves[i].shape[axes[i]] for i in places)
        for i in places:
            leaves[i] = np.take(leaves[i], range(shortest), axis=axes[i])
        return places

    module._batches = batches  # type: ignore[attr-defined]
