"""Mutants that write in place otherwise than NumPy does."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy import Array, NumpyBackend, Variable
from tests.mutants._mutant import change, mutant, rule_of
from tests.mutants._seams import at


@mutant("what is written by integers or slices is constant", "MUT-08", "MUT-09", "MUT-14")
def constant_values() -> None:
    change(rule_of("_replaced"), 1, lambda share: None)


@mutant("an element that was overwritten keeps its derivative", "MUT-09", "MUT-25")
def kept_derivative() -> None:
    pullback = at.rules[rule_of("_replaced")][0]
    pullback.vjp = lambda xp, g, *residuals: g


@mutant("an in-place operator gives the name a new array", "MUT-10", "MUT-11")
def rebinding_operators() -> None:
    for name in ("add", "sub", "mul", "truediv"):
        setattr(Array, f"__i{name}__", getattr(Array, f"__{name}__"))


@mutant("a view is a copy", "MUT-11")
def copied_views() -> None:
    right = at.store

    def store(x: Any, new: Any) -> None:
        x._link = None
        right(x, new)

    at.store = store


@mutant("views stay as they were read", "MUT-12")
def stale_views() -> None:
    at.read_anew = lambda base, changed: None


@mutant("a write goes into the memory that residuals are in", "MUT-13")
def written_residuals() -> None:
    right = at.hold

    def hold(x: Any, new: Any) -> None:
        old = x.value
        right(x, new)
        if type(old) is np.ndarray and old.shape == x.value.shape and old.flags.writeable:
            old[...] = x.value

    at.hold = hold


@mutant("the function is given the source that the gradient is asked by", "MUT-15")
def shared_sources() -> None:
    NumpyBackend._handed = lambda self, sources: sources


@mutant("what is watched, and what is recorded under pause(), can be written", "MUT-16", "MUT-17")
def everything_writable() -> None:
    def require(x: Any, *, through: bool = True) -> None:
        if type(x) is Variable:
            raise TypeError
        root = x
        while type(link := getattr(root, "_link", None)) is tuple:
            root = link[0]
        root._link = None

    at.require_writable = require
    at.was_written = lambda x: False


@mutant("the gradient by what was written since is zero", "MUT-19")
def forgotten_write() -> None:
    at.was_written = lambda x: False


@mutant("a checkpoint may write into what is outside", "MUT-23")
def unguarded_checkpoint() -> None:
    at.guard.require_unwritten = lambda self, inside: None


@mutant("what is written in a function inside is constant outside", "MUT-18")
def inner_writes_alone() -> None:
    right = at.hold

    def hold(x: Any, new: Any) -> None:
        right(x, new)
        if len(x.node.tapes) > 1:
            x.node.tapes = x.node.tapes[-1:]

    at.hold = hold


@mutant("what was written has no second derivative", "MUT-20")
def linear_writes() -> None:
    right = at.tracked.replaced

    def replaced(x: Any, values: Any, index: Any) -> Any:
        found = right(x, values, index)
        if type(found) is Array and len(found.node.tapes) > 1:
            found.node.tapes = found.node.tapes[-1:]
        return found

    at.tracked.replaced = replaced


@mutant("the pushforward of a write leaves out what is written", "MUT-21")
def unwritten_tangent() -> None:
    at.rules[rule_of("_replaced")][1].jvp = lambda xp, t, *residuals: None


@mutant("an array like a recorded one cannot be filled", "MUT-14")
def plain_zeros() -> None:
    from autodiff_numpy import xp

    xp.zeros_like = lambda x, **options: np.zeros_like(at.plain(x), **options)
