"""Mutants whose values, dtypes, trees or memory are wrong, where derivatives are right."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import optree

from autodiff_numpy import _array, _backend, _tape, xp
from autodiff_numpy._array import Array, Variable
from autodiff_spec import Tape, operators
from autodiff_spec.core import trees
from autodiff_spec.recording import nodes
from tests.mutants._mutant import mutant


@mutant("a variable of no axes has one", "VAR-01")
def lengthened_variable() -> None:
    _backend.NumpyBackend._variable = lambda self, array: Variable(np.array(array, ndmin=1))  # type: ignore[method-assign]


@mutant("a variable is of single precision, whatever it is made of", "VAR-02", "VAR-03", "VAR-04")
def single_precision() -> None:
    _backend.NumpyBackend._variable = lambda self, array: Variable(np.array(_array.plain(array), np.float32))  # type: ignore[method-assign]


@mutant("a variable made of a variable is that variable", "VAR-06")
def shared_variable() -> None:
    asarray, variable = _backend.NumpyBackend._asarray, _backend.NumpyBackend._variable

    def same(self: Any, value: Any, dtype: Any) -> Any:
        return value if type(value) is Variable else asarray(self, value, dtype)

    _backend.NumpyBackend._asarray = same  # type: ignore[method-assign]
    _backend.NumpyBackend._variable = lambda self, array: array if type(array) is Variable else variable(self, array)  # type: ignore[method-assign]


@mutant("every array counts as a variable", "VAR-18", "VAR-27")
def everything_variable() -> None:
    _backend.NumpyBackend.is_variable = lambda self, x: self.is_array(x)  # type: ignore[method-assign]


@mutant("a gradient whose elements are equal has memory for one", "GRAD-26")
def one_element_for_all() -> None:
    right = _tape._finished

    def finished(gradients: Any, sources: Any, cotangents: Any) -> Any:
        return [g if g is None or not _equal(g) else _spread(g) for g in right(gradients, sources, cotangents)]

    _tape._finished = finished


def _equal(g: Any) -> bool:
    return type(g) is np.ndarray and g.size > 1 and bool(np.all(g == g.flat[0]))


def _spread(g: Any) -> Any:
    return np.lib.stride_tricks.as_strided(g, g.shape, (0,) * g.ndim)


@mutant("stop_gradient gives double precision", "STOP-01")
def wide_stop() -> None:
    _backend.NumpyBackend._stop_gradient = lambda self, array: _array.plain(array).astype(np.float64)  # type: ignore[method-assign]


@mutant("a recorded array that is less is greater", "FLOW-10")
def turned_comparison() -> None:
    Array.__lt__, Array.__gt__ = Array.__gt__, Array.__lt__  # type: ignore[method-assign]


@mutant("asarray of a recorded array is constant", "FUN-89")
def detaching_asarray() -> None:
    right = xp.asarray
    xp.asarray = lambda obj, **options: right(_array.plain(obj) if isinstance(obj, Array) else obj, **options)


@mutant("a dataclass is rebuilt by its constructor", "TREE-03")
def constructed() -> None:
    def register(cls: Any) -> None:
        names = list(cls.__dataclass_fields__)

        def children(instance: Any) -> Any:
            return [getattr(instance, name) for name in names], None, names

        optree.register_pytree_node(cls, children, lambda _, parts: cls(*parts), namespace="autodiff_spec")

    trees._register = register


@mutant("a tree without sources gives None", "TREE-08")
def lost_tree() -> None:
    right = Tape.grad

    def grad(self: Tape, target: Any, sources: Any, **options: Any) -> Any:
        return right(self, target, sources, **options) if trees.flatten(sources)[0] else None

    Tape.grad = grad  # type: ignore[method-assign]


@mutant("vjp returns the leaves of the value, without its tree", "VJP-01")
def lost_value_tree() -> None:
    right = operators.vjp

    def vjp(be: Any, f: Any, *primals: Any) -> Any:
        value, pullback = right(be, f, *primals)
        return value if be.is_array(value) else trees.flatten(value)[0], pullback

    operators.vjp = vjp


@mutant("a Jacobian adds to what it gave before", "JAC-25")
def accumulated_jacobian() -> None:
    module = sys.modules[operators.jacobian.__module__]
    right, kept = module._block, {}  # type: ignore[attr-defined, var-annotated]

    def block(be: Any, found: Any, output: Any, primal: Any) -> Any:
        made = right(be, found, output, primal)
        if type(made) is np.ndarray:
            made = kept[made.shape] = made + kept.get(made.shape, 0)
        return made

    module._block = block  # type: ignore[attr-defined]


@mutant("vmap puts its result into its argument's memory", "VMAP-16")
def donated_batch() -> None:
    right = _backend.NumpyBackend._vmap

    def batched(self: Any, f: Any, arrays: Any, axes: Any) -> Any:
        found = right(self, f, arrays, axes)
        if type(arrays[0]) is np.ndarray and type(found[0]) is np.ndarray and arrays[0].shape == found[0].shape:
            arrays[0][...] = found[0]
        return found

    _backend.NumpyBackend._vmap = batched  # type: ignore[method-assign]


@mutant("a prepared function answers for its example", "PREP-01", "PREP-22")
def answer_of_the_example() -> None:
    right = operators.prepare

    def prepare(be: Any, f: Any, *examples: Any, **named: Any) -> Any:
        prepared = right(be, f, *examples, **named)
        return lambda *args, **kwargs: prepared(*examples, **named)

    operators.prepare = prepare


@mutant("every gradient is kept for ever", "MEM-02")
def kept_gradients() -> None:
    right, kept = _tape._finished, []  # type: ignore[var-annotated]

    def finished(*arguments: Any) -> Any:
        kept.append(right(*arguments))
        return kept[-1]

    _tape._finished = finished


@mutant("a recording is let go of by recursion", "DEEP-04")
def recursive_release() -> None:
    right = nodes.Recording.release

    def release(self: Any) -> None:
        if self.nodes:
            _visit(self.nodes[-1])
        right(self)

    nodes.Recording.release = release  # type: ignore[method-assign]
    nodes.Recording.__del__ = release  # type: ignore[attr-defined]


def _visit(node: Any) -> None:
    for parent, _, _ in node.edges:
        _visit(parent)
