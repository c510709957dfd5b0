"""Mutants whose variables, detaching or checks are wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy import Array, NumpyBackend, Variable
from autodiff_spec import Tape
from tests.mutants._mutant import mutant
from tests.mutants._seams import at


@mutant("a variable shares the caller's memory", "VAR-05")
def shared_value() -> None:
    NumpyBackend._asarray = lambda self, value, dtype: np.asarray(at.plain(value), dtype=dtype)
    NumpyBackend._variable = lambda self, array: Variable(np.asarray(at.plain(array)))


@mutant("assign writes into what was recorded", "VAR-17")
def assigned_in_place() -> None:
    def assign(self: Any, variable: Any, array: Any) -> None:
        variable.value[...] = at.plain(array)

    NumpyBackend._assign = assign


@mutant("after assign only the later reads count", "TAPE-18")
def lost_identity() -> None:
    right = NumpyBackend._assign

    def assign(self: Any, variable: Any, array: Any) -> None:
        right(self, variable, array)
        for recording in at.recorder.frame().recordings:
            recording.variables.pop(id(variable), None)

    NumpyBackend._assign = assign


@mutant("watch() shares the caller's memory", "TAPE-15")
def shared_watch() -> None:
    right = at.tape._watch

    def watch(self: Any, array: Any) -> Any:
        if isinstance(array, np.ndarray):
            return Array(array, at.recorder.source(self._recording, None))
        return right(self, array)

    at.tape._watch = watch


@mutant("stop_gradient returns its argument", "STOP-02", "CHAP-06")
def no_stop() -> None:
    NumpyBackend._stop_gradient = lambda self, array: array


@mutant("a cotangent of another shape is broadcast", "GRAD-07")
def broadcast_cotangent() -> None:
    right = at.cotangent

    def cotangent(be: Any, value: Any, target: Any, what: Any) -> Any:
        array = np.asarray(at.plain(value))
        if array.dtype.kind == "f" and array.shape != target.shape:
            value = np.array(np.broadcast_to(array.reshape(-1)[:1].reshape(()), target.shape))
        return right(be, value, target, what)

    at.cotangent = cotangent


@mutant("the cotangent is ignored", "GRAD-06", "CHAP-05")
def ignored_cotangent() -> None:
    right = at.cotangent
    at.cotangent = lambda be, value, target, what: np.ones_like(right(be, value, target, what))


@mutant("an untracked target gives zeros", "GRAD-17")
def zeros_for_untracked() -> None:
    right = Tape._pullback_of

    def pullback_of(self: Tape, targets: Any, sources: Any, cotangents: Any, *, strict: bool, **how: Any) -> Any:
        return right(self, targets, sources, cotangents, strict=False, **how)

    Tape._pullback_of = pullback_of


@mutant("an unconnected source gives None", "GRAD-13")
def none_for_unconnected() -> None:
    Tape._filled = lambda self, gradient, source: gradient


@mutant("an unwatched source gives zeros", "GRAD-18", "TAPE-11")
def zeros_for_unwatched() -> None:
    at.tape._is_source = lambda self, array: True


@mutant("an integer source is accepted", "GRAD-21")
def integers_accepted() -> None:
    NumpyBackend._kind = lambda self, dtype: "complex" if np.dtype(dtype).kind == "c" else "real"


@mutant("only the last of several targets counts", "GRAD-05")
def last_target() -> None:
    right = at.tape._pullback

    def pullback(self: Any, targets: Any, sources: Any, cotangents: Any, **kwargs: Any) -> Any:
        return right(self, targets[-1:], sources, cotangents[-1:], **kwargs)

    at.tape._pullback = pullback


@mutant("arguments that are named are taken in the order of their names", "VJP-36", "JAC-26", "HESS-22")
def sorted_names() -> None:
    right = at.named_arguments

    def named(f: Any, args: Any, kwargs: Any, argnames: Any, operation: str) -> Any:
        return right(f, args, kwargs, argnames if isinstance(argnames, str) else sorted(argnames), operation)

    at.named_arguments = named


@mutant("grad with argnums ignores all but the first", "VJP-16")
def first_argument_only() -> None:
    right = at.value_and_grad

    def value_and_grad(be: Any, f: Any, argnums: Any, *options: Any) -> Any:
        return right(be, f, argnums if isinstance(argnums, int) else (argnums[0],) * len(argnums), *options)

    at.value_and_grad = value_and_grad
