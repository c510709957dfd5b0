"""Mutants whose values, dtypes, trees or memory are wrong, where derivatives are right."""

from __future__ import annotations

from typing import Any

import numpy as np
import optree

from autodiff_numpy import Array, NumpyBackend, Variable, xp
from autodiff_spec import Backend, Tape
from tests.mutants._mutant import mutant
from tests.mutants._seams import at


@mutant("a variable of no axes has one", "VAR-01")
def lengthened_variable() -> None:
    NumpyBackend._variable = lambda self, array: Variable(np.array(array, ndmin=1))


@mutant("a variable is of single precision, whatever it is made of", "VAR-02", "VAR-03", "VAR-04")
def single_precision() -> None:
    NumpyBackend._variable = lambda self, array: Variable(np.array(at.plain(array), np.float32))


@mutant("Python floats are of single precision", "VAR-03", "DTYPE-13")
def single_precision_of_numbers() -> None:
    right = NumpyBackend._asarray

    def asarray(self: Any, value: Any, dtype: Any) -> Any:
        return right(self, value, np.float32 if dtype is None and isinstance(value, (float, list)) else dtype)

    NumpyBackend._asarray = asarray


@mutant("what is placed on a device is of double precision", "VAR-28")
def placed_in_double_precision() -> None:
    NumpyBackend._placed = lambda self, array, device: np.asarray(at.plain(array), np.float64, device=device)


@mutant("every device is taken for the one that there is", "VAR-29")
def any_device() -> None:
    NumpyBackend._placed = lambda self, array, device: array


@mutant("a variable made of a variable is that variable", "VAR-06")
def shared_variable() -> None:
    asarray, variable = NumpyBackend._asarray, NumpyBackend._variable

    def same(self: Any, value: Any, dtype: Any) -> Any:
        return value if type(value) is Variable else asarray(self, value, dtype)

    NumpyBackend._asarray = same
    NumpyBackend._variable = lambda self, array: array if type(array) is Variable else variable(self, array)


@mutant("every array counts as a variable", "VAR-18", "VAR-27")
def everything_variable() -> None:
    NumpyBackend.is_variable = lambda self, x: self.is_array(x)


@mutant("a gradient whose elements are equal has memory for one", "GRAD-26")
def one_element_for_all() -> None:
    right = at.finished

    def finished(gradients: Any, sources: Any, cotangents: Any) -> Any:
        return [g if g is None or not _equal(g) else _spread(g) for g in right(gradients, sources, cotangents)]

    at.finished = finished


def _equal(g: Any) -> bool:
    return type(g) is np.ndarray and g.size > 1 and bool(np.all(g == g.flat[0]))


def _spread(g: Any) -> Any:
    return np.lib.stride_tricks.as_strided(g, g.shape, (0,) * g.ndim)


@mutant("stop_gradient gives double precision", "STOP-01")
def wide_stop() -> None:
    NumpyBackend._stop_gradient = lambda self, array: at.plain(array).astype(np.float64)


@mutant("a recorded array that is less is greater", "FLOW-10")
def turned_comparison() -> None:
    Array.__lt__, Array.__gt__ = Array.__gt__, Array.__lt__


@mutant("asarray of a recorded array is constant", "FUN-89")
def detaching_asarray() -> None:
    right = xp.asarray
    xp.asarray = lambda obj, **options: right(at.plain(obj) if isinstance(obj, Array) else obj, **options)


@mutant("a dataclass is rebuilt by its constructor", "TREE-03")
def constructed() -> None:
    def register(cls: Any) -> None:
        names = list(cls.__dataclass_fields__)

        def children(instance: Any) -> Any:
            return [getattr(instance, name) for name in names], None, names

        optree.register_pytree_node(cls, children, lambda _, parts: cls(*parts), namespace="autodiff_spec")

    at.register_dataclass = register


@mutant("a tree without sources gives None", "TREE-08")
def lost_tree() -> None:
    right = Tape.grad

    def grad(self: Tape, target: Any, sources: Any, **options: Any) -> Any:
        return right(self, target, sources, **options) if at.flatten(sources)[0] else None

    Tape.grad = grad


@mutant("vjp returns the leaves of the value, without its tree", "VJP-01")
def lost_value_tree() -> None:
    right = Backend.vjp

    def vjp(be: Any, f: Any, *primals: Any) -> Any:
        value, pullback = right(be, f, *primals)
        return value if be.is_array(value) else at.flatten(value)[0], pullback

    Backend.vjp = vjp


@mutant("a Jacobian adds to what it gave before", "JAC-25")
def accumulated_jacobian() -> None:
    right = at.jacobian_block
    kept: dict[Any, Any] = {}

    def block(be: Any, found: Any, output: Any, primal: Any) -> Any:
        made = right(be, found, output, primal)
        if type(made) is np.ndarray:
            made = kept[made.shape] = made + kept.get(made.shape, 0)
        return made

    at.jacobian_block = block


@mutant("vmap puts its result into its argument's memory", "VMAP-16")
def donated_batch() -> None:
    right = NumpyBackend._vmap

    def batched(self: Any, f: Any, arrays: Any, axes: Any) -> Any:
        found = right(self, f, arrays, axes)
        if type(arrays[0]) is np.ndarray and type(found[0]) is np.ndarray and arrays[0].shape == found[0].shape:
            arrays[0][...] = found[0]
        return found

    NumpyBackend._vmap = batched


@mutant("float() of a recorded array detaches it", "FLOW-13", "FLOW-14")
def detaching_float() -> None:
    Array.__float__ = lambda self: float(self.value)
    Array.item = lambda self, *index: self.value.item(*index)


@mutant("a recorded number is printed without its digits", "FLOW-15")
def unformatted() -> None:
    Array.__format__ = lambda self, spec: repr(self)


@mutant("a prepared function answers for its example", "PREP-01", "PREP-22")
def answer_of_the_example() -> None:
    right = Backend.prepare

    def prepare(be: Any, f: Any, *examples: Any, **named: Any) -> Any:
        prepared = right(be, f, *examples, **named)
        return lambda *args, **kwargs: prepared(*examples, **named)

    Backend.prepare = prepare


@mutant("every gradient is kept for ever", "MEM-02")
def kept_gradients() -> None:
    right, kept = at.finished, []  # type: ignore[var-annotated]

    def finished(*arguments: Any) -> Any:
        kept.append(right(*arguments))
        return kept[-1]

    at.finished = finished


@mutant("a recording is let go of by recursion", "DEEP-04")
def recursive_release() -> None:
    right = at.recording.release

    def release(self: Any) -> None:
        if self.nodes:
            _visit(self.nodes[-1])
        right(self)

    at.recording.release = release
    at.recording.__del__ = release


def _visit(node: Any) -> None:
    for parent, _, _ in node.edges:
        _visit(parent)
