"""Mutants that compute what is right and answer something else: in another size, tree or dtype, to another question."""

from __future__ import annotations

import inspect
import sys
from typing import Any

import numpy as np

from autodiff_numpy import Array, NumpyBackend, Variable
from autodiff_spec import Backend, Tape
from tests.mutants._mutant import mutant, rule_of
from tests.mutants._seams import at

# --- tapes -----------------------------------------------------------------------------------------------------------


@mutant("the gradient of a target that is no scalar is that of the mean", "GRAD-04", "VJP-14", "HESS-06", "CHAP-04")
def mean_of_targets() -> None:
    right = at.default_cotangent

    def default_cotangent(be: Any, target: Any, *where: Any) -> Any:
        return right(be, target, *where) / max(1, target.size)

    at.default_cotangent = default_cotangent


@mutant("a target that is a source itself counts as constant", "GRAD-11")
def constant_source() -> None:
    right = at.backward

    def backward(recording: Any, seeds: Any, *arguments: Any, **options: Any) -> Any:
        return right(recording, [seed for seed in seeds if seed[0].edges], *arguments, **options)

    at.backward = backward


@mutant("out= adds to what is there", "VAR-19")
def added_to_out() -> None:
    right = Tape._store

    def store(self: Tape, destination: Any, gradient: Any) -> None:
        right(self, destination, gradient + at.plain(destination))

    Tape._store = store


@mutant("with out= the gradient is returned, not what out= named", "VAR-20")
def copy_of_out() -> None:
    right = Tape.grad

    def grad(self: Tape, *arguments: Any, **options: Any) -> Any:
        found = right(self, *arguments, **options)
        return at.map_leaves(lambda leaf: np.array(at.plain(leaf)), found) if options.get("out") is not None else found

    Tape.grad = grad


@mutant("what runs before a tape opens is recorded too, from the first variable on", "TAPE-01")
def always_recording() -> None:
    made, start = NumpyBackend._variable, at.recorder_class.start

    def variable(self: Any, array: Any) -> Any:
        if not at.recorder.frame().recordings:
            start(at.recorder, at.recording())
        return made(self, array)

    def adopting(self: Any, recording: Any) -> None:
        for early in self.frame().recordings[:1]:
            for node in early.nodes:
                node.tapes = (*node.tapes, recording.number)
            recording.nodes.extend(early.nodes)
            recording.variables.update(early.variables)
        start(self, recording)

    NumpyBackend._variable = variable
    at.recorder_class.start = adopting


@mutant("a variable that is made while a tape is open is not watched by it", "TAPE-08")
def unwatched_newcomer() -> None:
    made, read, unwatched = NumpyBackend._variable, Variable.read, {}  # type: ignore[var-annotated]

    def variable(self: Any, array: Any) -> Any:
        new = made(self, array)
        if at.recorder.frame().recordings:
            unwatched[id(new)] = new
        return new

    NumpyBackend._variable = variable
    Variable.read = lambda self: self.value if id(self) in unwatched else read(self)


@mutant("watch() gives double precision", "TAPE-09")
def wide_watch() -> None:
    right = at.tape._watch
    at.tape._watch = lambda self, array: right(self, array.astype(np.result_type(array.dtype, np.float64)))


@mutant("watch() of a tree gives a list of its leaves", "TAPE-14")
def lost_tree_of_watch() -> None:
    right = Tape.watch

    def watch(self: Tape, x: Any) -> Any:
        found = right(self, x)
        return found if self.backend.is_array(found) else at.flatten(found, self.backend.array_types)[0]

    Tape.watch = watch


@mutant("bool() of a recorded array is true, as that of any object", "FLOW-08")
def always_true() -> None:
    Array.__bool__ = lambda self: True


@mutant("nothing is recorded while an exception is handled", "FLOW-05")
def unrecorded_handler() -> None:
    right = at.record

    def record(value: Any, edges: Any, tapes: Any, frame: Any) -> Any:
        return right(value, () if sys.exc_info()[1] is not None else edges, tapes, frame)

    at.record = record


@mutant(
    "a Python number that an array is multiplied by is that of the first time",
    "FLOW-12", "CHAP-08", "CHAP-09", "CHAP-10",
)  # fmt: skip
def first_number_forever() -> None:
    seen: list[Any] = []

    def share(xp: Any, g: Any, factor: Any) -> Any:
        if np.ndim(factor) or isinstance(factor, (Array, np.ndarray)):
            return xp.multiply(g, factor)
        seen.append(factor)
        return xp.multiply(g, seen[0])

    for pullback in at.rules[np.multiply]:
        assert pullback is not None
        pullback.vjp = share


# --- trees -----------------------------------------------------------------------------------------------------------


@mutant("the cotangents of several targets come in the opposite order", "TREE-04")
def turned_cotangents() -> None:
    right = at.cotangents

    def cotangents(be: Any, tree: Any, targets: Any, *where: Any) -> Any:
        found = right(be, tree, targets, *where)
        turned = found[::-1]
        return turned if [c.shape for c in turned] == [t.shape for t in targets] else found

    at.cotangents = cotangents


@mutant("the gradients of a dict, sorted by key, are handed out in the order of entry", "TREE-07")
def order_of_entry() -> None:
    right = Tape.grad

    def grad(self: Tape, target: Any, sources: Any, **options: Any) -> Any:
        found = right(self, target, sources, **options)
        return dict(zip(found, (found[key] for key in sorted(found)), strict=True)) if type(found) is dict else found

    Tape.grad = grad


@mutant("grad() by a tree gives the gradients of its leaves in a list", "TREE-05")
def lost_tree_of_grad() -> None:
    right = Backend.grad

    def grad(be: Any, f: Any, argnums: Any = 0, **options: Any) -> Any:
        gradient = right(be, f, argnums, **options)

        def listed(*args: Any, **kwargs: Any) -> Any:
            found = gradient(*args, **kwargs)
            return found if isinstance(found, tuple) or be.is_array(found) else at.flatten(found)[0]

        return listed

    Backend.grad = grad


@mutant("a pullback takes the first of several cotangents for all", "TREE-06")
def first_cotangent_for_all() -> None:
    _changed_pullback(lambda be, given: at.map_leaves(lambda leaf: at.flatten(given)[0][0], given))


def _changed_pullback(how: Any) -> None:
    """Let the pullback of vjp() get ``how(be, cotangent)``."""
    right = Backend.vjp

    def vjp(be: Any, f: Any, *primals: Any) -> Any:
        value, pullback = right(be, f, *primals)
        return value, lambda cotangent: pullback(how(be, cotangent))

    Backend.vjp = vjp


# --- the functional form ---------------------------------------------------------------------------------------------


@mutant("a pullback reads a matrix of cotangents column by column", "VJP-02", "JVP-04")
def columns_first() -> None:
    _changed_pullback(
        lambda be, given: be.xp.reshape(be.xp.matrix_transpose(given), given.shape) if np.ndim(given) == 2 else given
    )


@mutant("the pullback of a function of one argument gives no tuple", "VJP-04")
def bare_pullback() -> None:
    right = Backend.vjp

    def vjp(be: Any, f: Any, *primals: Any) -> Any:
        value, pullback = right(be, f, *primals)
        return value, (lambda cotangent: pullback(cotangent)[0]) if len(primals) == 1 else pullback

    Backend.vjp = vjp


@mutant("the functional form computes in double precision, and answers in it", "VJP-05", "DTYPE-12", "HESS-07")
def wide_functional_form() -> None:
    right = NumpyBackend._vjp

    def vjp(self: Any, f: Any, primals: Any, *, once: bool) -> Any:
        wide = [p.astype(np.float64) if p.dtype.kind == "f" else p for p in primals]
        return right(self, f, wide, once=once)

    NumpyBackend._vjp = vjp


@mutant("value_and_grad() gives the value that was differentiated, the sum", "VJP-23")
def summed_value() -> None:
    right = Backend.value_and_grad

    def value_and_grad(be: Any, f: Any, *options: Any, **named: Any) -> Any:
        both = right(be, f, *options, **named)

        def pair(*args: Any, **kwargs: Any) -> Any:
            value, found = both(*args, **kwargs)
            return (np.asarray(np.sum(value)) if type(value) is np.ndarray else value), found

        return pair

    Backend.value_and_grad = value_and_grad


@mutant("hvp gives the Hessian times the signs of the tangents", "HESS-08", "HESS-11")
def coarse_direction() -> None:
    right = Backend.hvp

    def hvp(be: Any, f: Any, primals: Any, tangents: Any) -> Any:
        return right(be, f, primals, at.map_leaves(be.xp.sign, tangents))

    Backend.hvp = hvp


@mutant("prepare() looks through functools.wraps, and prepares what was differentiated", "PREP-02")
def unwrapped() -> None:
    right = Backend.prepare
    Backend.prepare = lambda be, f, *examples, **named: right(be, inspect.unwrap(f), *examples, **named)


@mutant("a rule gets ones for its cotangent", "RULE-23")
def ones_for_rules() -> None:
    right = at.custom_call.backward

    def backward(self: Any, residuals: Any, cotangents: Any) -> Any:
        return right(self, residuals, [None if c is None else c * 0 + 1 for c in cotangents])

    at.custom_call.backward = backward


# --- complex numbers -------------------------------------------------------------------------------------------------


@mutant("what a cast to complex numbers pulls back is the modulus", "CPLX-09")
def modulus_for_real() -> None:
    pullback = at.rules[rule_of("_cast")][0]
    assert pullback is not None
    right = pullback.vjp

    def share(xp: Any, g: Any, shape: Any, dtype: Any) -> Any:
        return right(xp, g if np.dtype(dtype).kind == "c" else xp.absolute(g), shape, dtype)

    pullback.vjp = share
