"""One argument's rule, and how it is evaluated: the backward pass calls nothing else of the engine.

A backward pass is `autodiff_spec.recording.nodes.backward`: from the last node to the first it hands the cotangent of
a node to each of its edges, ``(parent, rule, residuals)``, by `pull_values` or `pull_tracked`. A rule is a `Pullback`:

    vjp(xp, g, *residuals)      a parent's share of the node's cotangent
    jvp(xp, t, *residuals)      a node's share of the parent's tangent (forward mode)
    residuals_of(ans, *args)    the residuals, when the operation is recorded

``xp`` is `VALUES` in a first derivative and `TRACKED` when an outer tape is open: one rule serves every order.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import CodeType
from typing import Any

import numpy as np

from autodiff_numpy._array import Array
from autodiff_numpy._dask import shape_of
from autodiff_numpy._jvp import Jvp, broadcast_tangent
from autodiff_numpy._parameters import REQUIRED, Parameter, names_of
from autodiff_numpy._tables import RECORDER, TRACKED, VALUES
from autodiff_spec.recording.nodes import Edge, Node, Recording, backward

_ANSWER = -1


# --- evaluating an edge -----------------------------------------------------------------------------------------


def pull_values(node: Node, edge: Edge, g: Any) -> Any:
    """Pull a cotangent through one edge on values: a first derivative."""
    return edge[1].vjp(VALUES, g.dense() if type(g) is SparseCotangent else g, *edge[2])


def pull_tracked(node: Node, edge: Edge, g: Any) -> Any:
    """Pull a cotangent through one edge on recorded arrays, so that an outer tape records the computation."""
    return edge[1].vjp(TRACKED, g, *recorded_residuals(node, edge))


def recorded_residuals(node: Node, edge: Edge) -> list[Any]:
    """An edge's residuals, each standing again for the argument or answer that it came from."""
    _, pullback, residuals = edge
    nodes = {other[1].argnum: other[0] for other in node.edges if other[1] is not None}
    nodes[_ANSWER] = node
    return [
        Array(residual, nodes[source]) if source in nodes else residual
        for residual, source in zip(residuals, pullback.sources, strict=True)
    ]


def add(a: Any, b: Any, owned: bool) -> Any:
    """The sum of two cotangents, in place where the pass made the first one itself."""
    if type(b) is SparseCotangent:
        return b.added_to(a, owned)
    if type(a) is SparseCotangent:
        return a.added_to(b, False)
    if owned and type(a) is type(b) is np.ndarray and a.dtype == b.dtype:
        a += b
        return a
    return a + b


# --- the cotangent of an array of which only a part was read -------------------------------------------------------
#
# `x[index]` passes back zeros but for what was read. Written out for each element that a loop reads, that would make
# the gradient of n elements a matter of n² steps; so a first derivative keeps it and adds it where it belongs.

_BASIC = frozenset((int, np.intp, slice, type(None), type(Ellipsis)))


def is_basic(index: Any) -> bool:
    """Whether an index reads every element at most once, and holds nothing that can be changed."""
    if type(index) is not tuple:
        return type(index) in _BASIC
    for part in index:  # noqa: SIM110  (this runs for every element that a program reads)
        if type(part) not in _BASIC:
            return False
    return True


class SparseCotangent:
    """Zeros of ``shape``, with ``g`` added at ``index``."""

    __slots__ = ("_dense", "g", "index", "shape")

    def __init__(self, g: Any, index: Any, shape: tuple[int, ...]) -> None:
        self.g, self.index, self.shape = g, index, shape
        self._dense: Any = None

    def dense(self) -> Any:
        """The dense array; computed once and cached."""
        if self._dense is None:
            self._dense = VALUES.scatter(self.g, self.index, self.shape)
        return self._dense

    def added_to(self, a: Any, owned: bool) -> Any:
        """The sum with another cotangent, in place where that is ``owned``."""
        if type(a) is SparseCotangent:
            a, owned = VALUES.scatter(a.g, a.index, a.shape), True
        if type(a) is not np.ndarray or a.dtype != self.g.dtype:
            return a + self.dense()
        if not owned:
            a = a.copy()
        if is_basic(self.index):
            a[self.index] += self.g
        else:
            np.add.at(a, self.index, self.g)
        return a


def dense(cotangent: Any) -> Any:
    """A cotangent as an array."""
    return cotangent.dense() if type(cotangent) is SparseCotangent else cotangent


# --- a rule -----------------------------------------------------------------------------------------------------


class Pullback:
    """One argument's rule.

    Attributes:
        argnum: which argument.
        sources: where each residual comes from: an argument's number, `_ANSWER`, or ``None`` (a shape, a dtype).
        fitted: the same rule where broadcasting or casting has to be undone.
    """

    __slots__ = ("argnum", "fitted", "jvp", "residuals_of", "sources", "vjp")

    def __init__(
        self, vjp: Callable[..., Any], argnum: int, parameters: Sequence[Parameter], jvp: Jvp | None
    ) -> None:
        needed = names_of(vjp)[2:]
        jvp = jvp or Jvp(transposed(vjp), (*needed, "ans_shape", "ans_dtype"))
        wanted = [*needed, *(name for name in jvp.names if name not in needed)]
        names = [parameter.name for parameter in parameters]
        self.argnum = argnum
        self.vjp = _reading(vjp, range(len(needed)), len(wanted))
        self.jvp = _reading(jvp.function, [wanted.index(name) for name in jvp.names], len(wanted))
        self.sources = tuple(_ANSWER if w == "ans" else names.index(w) if w in names else None for w in wanted)
        self.residuals_of = _residual_picker(wanted, parameters)
        self.fitted = _Fitted(self)


def unchanged(xp: Any, g: Any) -> Any:
    """The rule of an argument whose cotangent is the result's; an edge is recorded without a rule for it."""
    return g


def _reading(function: Callable[..., Any], places: Sequence[int], count: int) -> Callable[..., Any]:
    """``function`` made to take all ``count`` residuals, of which it reads those at ``places``."""
    if list(places) == list(range(count)):
        return function
    everything = "".join(f", r{i}" for i in range(count))
    text = f"lambda xp, g{everything}: function(xp, g{''.join(f', r{i}' for i in places)})"
    reading: Callable[..., Any] = eval(_compiled(text), {"function": function})
    return reading


def _residual_picker(wanted: list[str], parameters: Sequence[Parameter]) -> Callable[..., tuple[Any, ...]]:
    """A function that is called with a function's result and its arguments and returns the residuals in a tuple.

    It is compiled from their names, for it runs for each operation that is recorded: for `numpy.sum` it is
    ``lambda ans, a, axis=None, …, keepdims=None, …: (a.shape, axis, keepdims,)``.
    """
    names = {"ans", *(parameter.name for parameter in parameters)}
    parts = []
    for name in wanted:
        base, _, attribute = name.rpartition("_")
        if name in names:
            parts.append(name)
        elif base in names and attribute in ("shape", "dtype"):
            part = f"{base}.{attribute}"
            parts.append(part if attribute == "dtype" else f"{part} if type({base}) is _ndarray else _shape_of({base})")
        else:
            raise TypeError(f"a rule asks for the residual {name!r}; the function has {', '.join(sorted(names))}")
    defaults = {f"_{p.name}": static(p.default) for p in parameters if p.default is not REQUIRED}
    defaults |= {"_ndarray": np.ndarray, "_shape_of": shape_of}
    declared = ["ans"]
    for p in parameters:
        if p.by_name and "*" not in declared:
            declared.append("*")
        declared.append(p.name if p.default is REQUIRED else f"{p.name}=_{p.name}")
    code = _compiled(f"lambda {', '.join(declared)}: ({''.join(part + ', ' for part in parts)})")
    residuals_of: Callable[..., tuple[Any, ...]] = eval(code, defaults)
    return residuals_of


@functools.cache
def _compiled(expression: str) -> CodeType:
    """An expression's code: many rules keep the same residuals."""
    return compile(expression, "<residuals>", "eval")


def static(value: Any) -> Any:
    """A static argument as rules see it: NumPy's marker for "not given" is ``None``."""
    return None if value is np._NoValue else value


# --- broadcasting and dtypes ------------------------------------------------------------------------------------


class _Fitted:
    """A pullback of an argument whose shape or dtype the answer does not have; both are kept as the first residual."""

    __slots__ = ("argnum", "jvp", "sources", "vjp")

    def __init__(self, pullback: Pullback) -> None:
        self.argnum = pullback.argnum
        self.sources = (None, *pullback.sources)

        def vjp(xp: Any, g: Any, kinds: tuple[Any, ...], *residuals: Any) -> Any:
            share = pullback.vjp(xp, g, *residuals)
            return None if share is None else unbroadcast(xp, share, kinds[0], kinds[1])

        def jvp(xp: Any, t: Any, kinds: tuple[Any, ...], *residuals: Any) -> Any:
            share = pullback.jvp(xp, t, *residuals)
            return None if share is None else broadcast_tangent(xp, share, kinds[2], kinds[3])

        self.vjp = vjp
        self.jvp = jvp


def unbroadcast(xp: Any, g: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """``g`` summed over what broadcasting repeated, and cast: the one place where broadcasting is undone."""
    if g.shape != shape:
        extra = g.ndim - len(shape)
        if extra > 0 and g.shape[extra:] == shape:
            g = xp.sum(g, axis=0 if extra == 1 else tuple(range(extra)))
        else:
            kept = [extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1]
            g = xp.reshape(xp.sum(g, axis=(*range(extra), *kept)), shape)
    if g.dtype != dtype:
        if g.dtype.kind == "c" and np.dtype(dtype).kind != "c":
            g = xp.real(g)
        g = xp.astype(g, dtype)
    return g


# --- forward mode of a rule that has none -----------------------------------------------------------------------


def transposed(vjp: Callable[..., Any]) -> Callable[..., Any]:
    """A ``jvp`` from a ``vjp``: u -> Jᵀu is linear, so its pullback takes t to Jt.

    Its last two residuals are the result's shape and dtype.
    """

    def jvp(xp: Any, t: Any, *residuals: Any) -> Any:
        *given, shape, dtype = residuals
        recording = Recording()
        RECORDER.start(recording)
        try:
            cotangent = Array(np.ones(shape, dtype), RECORDER.source(recording, None))
            share = vjp(TRACKED, cotangent, *given)
        finally:
            RECORDER.stop(recording)
        if type(share) is not Array or recording.number not in share.node.tapes:
            return None
        pull = pull_tracked if RECORDER.frame().recordings else pull_values
        return dense(backward(recording, [(share.node, t)], [cotangent.node], pull, add, retain=False)[0])

    return jvp
