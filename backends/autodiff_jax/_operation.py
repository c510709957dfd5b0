"""How an operation is recorded: compiled once for each kind of arguments, its pullback too.

An `Operation` is a function of arrays. For each kind of arguments (shapes, dtypes, which of them are tracked) it has a
`Plan`: the pullback as a jaxpr, freed of what it does not need. Only what the pullback reads is kept as residual; a
pullback that returns its cotangent unchanged is not run at all. The pullback is an operation itself, so under an outer
tape it is recorded like any other, and derivatives of any order come of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax import numpy as jnp
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun
from jax.interpreters.partial_eval import dce_jaxpr

from autodiff_jax._array import RECORDER, Array, Kind, Variable, constant, kind_of
from autodiff_spec import UnsupportedError
from autodiff_spec.recording.calls import CallEdge, Cotangents
from autodiff_spec.recording.nodes import Edge, Frame, Node


class Rule:
    """The pullback of one argument: which argument, and its place among the shares that the plan computes."""

    __slots__ = ("argnum", "place", "plan")

    def __init__(self, plan: Plan, argnum: int, place: int) -> None:
        self.plan = plan
        self.argnum = argnum
        self.place = place


class Select:
    """The rule of one result among several: its cotangent is one part of the operation's."""

    __slots__ = ("argnum", "place")

    def __init__(self, place: int) -> None:
        self.argnum = None
        self.place = place


class Plan:
    """How an operation is pulled back for one kind of arguments.

    Attributes:
        results: the kinds of the results, flat.
        structure: how the results are put together; ``None`` for a single array.
        floating: which results can carry a cotangent.
        rules: for each tracked argument its rule; ``None`` where the cotangent passes unchanged.
        kept: the arguments that the pullback reads: its residuals.
        pull: the pullback, from the cotangents and residuals to a share, or to a list of them when there are several.
    """

    __slots__ = ("floating", "kept", "kinds", "pull", "results", "rules", "several", "structure")

    def __init__(self, results: list[Kind], structure: Any) -> None:
        self.results = results
        self.structure = structure
        self.floating = [i for i, kind in enumerate(results) if kind.floating]
        self.rules: tuple[Rule | None, ...] = ()
        self.kept: tuple[int, ...] = ()
        self.kinds: tuple[Kind, ...] = ()
        self.pull: Operation = _NO_PULL
        self.several = False


class Operation:
    """A function of arrays that can be recorded.

    Args:
        function: takes arrays and returns an array, or a tuple (list, named tuple) of them.
        compiled: compile it; if not, it is run and differentiated operation by operation.
    """

    __slots__ = ("forward", "function", "plans")

    def __init__(self, function: Callable[..., Any], *, compiled: bool = True) -> None:
        self.function = function
        self.forward = jax.jit(function) if compiled else function
        self.plans: dict[Any, Plan] | None = {} if compiled else None

    def unary(self, x: Array) -> Any:
        """Record a function of one array: the hot path, so it is written out."""
        frame, parent = RECORDER.frame(), x.node
        tapes = parent.tapes
        if tapes is not frame.tapes:
            tapes = frame.tracking(tapes)
            if not tapes:
                return self.function(x.value)
        value, kind = x.value, x.kind
        plan = self.plans.get(kind) or self._plan(kind, (kind,), (0,))  # type: ignore[union-attr]
        answer = self.forward(value)
        if plan.structure is not None or not plan.rules:
            return _recorded(plan, answer, [parent], (value,), tapes, frame)
        node = Node(((parent, plan.rules[0], (value,) if plan.kept else ()),), tapes)
        frame.append(node)
        return Array(answer, node, plan.results[0])

    def with_constant(self, x: Array, other: Any, place: int) -> Any:
        """Record a function of a recorded array and a Python scalar, which stands at ``place``; likewise."""
        frame, parent = RECORDER.frame(), x.node
        tapes = parent.tapes
        if tapes is not frame.tapes:
            tapes = frame.tracking(tapes)
            if not tapes:
                return self.function(x.value, other) if place else self.function(other, x.value)
        other, kind = constant(other)
        if place:
            key, values = (x.kind, kind, 0), (x.value, other)
        else:
            key, values = (kind, x.kind, 1), (other, x.value)
        plan = self.plans.get(key) or self._plan(key, key[:2], key[2:])  # type: ignore[union-attr]
        answer = self.forward(*values)
        if not plan.rules:
            return answer
        node = Node(((parent, plan.rules[0], tuple([values[i] for i in plan.kept])),), tapes)
        frame.append(node)
        return Array(answer, node, plan.results[0])

    def __call__(self, *args: Any) -> Any:
        """Run the function, and record it when an open tape tracks one of its arguments."""
        frame = RECORDER.frame()
        values, kinds, tracked, parents = [], [], [], []
        tapes: tuple[int, ...] = ()
        for position, arg in enumerate(args):
            if type(arg) is Variable:
                arg = arg.read()
            if type(arg) is not Array:
                value, kind = constant(arg)
            else:
                value, kind, node = arg.value, arg.kind, arg.node
                found = node.tapes if node.tapes is frame.tapes else frame.tracking(node.tapes)
                if found:
                    tracked.append(position)
                    parents.append(node)
                    tapes = found if found is tapes or not tapes else frame.tracking((*tapes, *found))
            values.append(value)
            kinds.append(kind)
        if not tracked:
            return self.function(*values)
        if len(frame.tapes) > 1:
            tapes = frame.tracking(tapes)  # their order is the frame's
        if self.plans is None:
            answer = jax.tree.map(jnp.asarray, self.function(*values))
            return _recorded(_eager_plan(self, answer, kinds, tracked), answer, parents, values, tapes, frame)
        key = (*kinds, *tracked)
        plan = self.plans.get(key) or self._plan(key, kinds, tracked)
        return _recorded(plan, self.forward(*values), parents, values, tapes, frame)

    def _plan(self, key: Any, kinds: Sequence[Kind], tracked: Sequence[int]) -> Plan:
        abstract = [kind.abstract() for kind in kinds]
        plan = _empty_plan(jax.eval_shape(self.forward, *abstract))
        if plan.floating:
            cotangents = [plan.results[i].strong() for i in plan.floating]
            pull = _pullback(self.function, tracked, len(cotangents))
            try:
                closed = jax.make_jaxpr(pull)(*cotangents, *abstract)
                _prune(plan, closed, kinds, tracked, len(cotangents))
            except NotImplementedError as error:
                _refuse(plan, tracked, f"{getattr(self.function, '__name__', self.function)}: {error}")
        self.plans[key] = plan  # type: ignore[index]
        return plan


def _empty_plan(answer: Any) -> Plan:
    """A plan that knows its results and no rules."""
    leaves, structure = jax.tree.flatten(answer)
    return Plan([kind_of(leaf) for leaf in leaves], None if leaves and leaves[0] is answer else structure)


_NO_PULL = Operation(lambda g: g)


def _pullback(function: Callable[..., Any], tracked: Sequence[int], outputs: int) -> Callable[..., list[Any]]:
    """From the cotangents of the floating results and all arguments to the shares of the tracked ones."""

    def pull(*arguments: Any) -> list[Any]:
        cotangents, values = arguments[:outputs], list(arguments[outputs:])

        def of_tracked(*some: Any) -> list[Any]:
            for position, value in zip(tracked, some, strict=True):
                values[position] = value
            return [leaf for leaf in jax.tree.leaves(function(*values)) if jnp.issubdtype(leaf.dtype, jnp.inexact)]

        _, back = jax.vjp(of_tracked, *[values[position] for position in tracked])
        return list(back(list(cotangents)))

    return pull


def _prune(plan: Plan, closed: ClosedJaxpr, kinds: Sequence[Kind], tracked: Sequence[int], outputs: int) -> None:
    """Complete ``plan`` by the pullback without what it does not compute or read."""
    jaxpr = closed.jaxpr
    passes = [outputs == 1 and var is jaxpr.invars[0] for var in jaxpr.outvars]
    keep_cotangents = [True] * outputs + [False] * len(kinds)
    jaxpr, used = dce_jaxpr(jaxpr, [not same for same in passes], instantiate=keep_cotangents)
    places = iter(range(len(tracked)))
    plan.rules = tuple(
        None if same else Rule(plan, argnum, next(places)) for argnum, same in zip(tracked, passes, strict=True)
    )
    plan.kept = tuple(argnum for argnum, needed in enumerate(used[outputs:]) if needed)
    plan.kinds = tuple(kinds[argnum] for argnum in plan.kept)
    plan.several = passes.count(False) > 1
    run = jaxpr_as_fun(ClosedJaxpr(jaxpr, closed.consts))
    plan.pull = Operation(run if plan.several else lambda *arguments: run(*arguments)[0])


def _refuse(plan: Plan, tracked: Sequence[int], what: str) -> None:
    """Complete ``plan`` by a pullback that says that there is none; the function itself runs all the same."""

    def refuse(*cotangents: Any) -> Any:
        raise UnsupportedError(f"JAX has no derivative for {what}; detach its arguments with stop_gradient()")

    plan.rules = tuple(Rule(plan, argnum, 0) for argnum in tracked)
    plan.pull = Operation(refuse)


def _eager_plan(operation: Operation, answer: Any, kinds: Sequence[Kind], tracked: Sequence[int]) -> Plan:
    """The plan of an operation that is not compiled: every argument is kept."""
    plan = _empty_plan(answer)
    if plan.floating:
        plan.rules = tuple(Rule(plan, argnum, place) for place, argnum in enumerate(tracked))
        plan.kept, plan.kinds = tuple(range(len(kinds))), tuple(kinds)
        plan.several = len(tracked) > 1
        run = _pullback(operation.function, tracked, len(plan.floating))
        plan.pull = Operation(run if plan.several else lambda *arguments: run(*arguments)[0], compiled=False)
    return plan


def _recorded(
    plan: Plan, answer: Any, parents: Sequence[Any], values: Sequence[Any], tapes: tuple[int, ...], frame: Frame
) -> Any:
    """The results of an operation with its node, or nodes, on the open tapes; integer results stay plain."""
    if not plan.rules:
        return answer
    residuals = tuple([values[argnum] for argnum in plan.kept])
    node = Node(tuple([(parent, rule, residuals) for parent, rule in zip(parents, plan.rules, strict=True)]), tapes)
    frame.append(node)
    if plan.structure is None:
        return Array(answer, node, plan.results[0])
    leaves = jax.tree.leaves(answer)
    for place, i in enumerate(plan.floating):
        part = Node(((node, Select(place), ()),), tapes)
        frame.append(part)
        leaves[i] = Array(leaves[i], part, plan.results[i])
    return jax.tree.unflatten(plan.structure, leaves)


# --- evaluating an edge in the backward pass --------------------------------------------------------------------


class Pull:
    """Evaluates the edges of one backward pass; the shares of a node with several are computed together.

    Args:
        recorded: other tapes are open: run the pullbacks as recorded operations.
    """

    def __init__(self, recorded: bool) -> None:
        self.recorded = recorded
        self.node: Node | None = None
        self.shares: Any = ()

    def __call__(self, node: Node, edge: Edge, g: Any) -> Any:
        rule = edge[1]
        if type(rule) is Select:
            return Cotangents({rule.place: g})
        if type(rule) is CallEdge:
            return rule.vjp(None, g)
        plan = rule.plan
        if plan.several:
            if self.node is not node:
                self.shares = self._run(plan, node, edge[2], g)
                self.node = node
            return self.shares[rule.place]
        if self.recorded or plan.structure is not None:
            return self._run(plan, node, edge[2], g)
        return plan.pull.forward(g, *edge[2])

    def _run(self, plan: Plan, node: Node, residuals: tuple[Any, ...], g: Any) -> Any:
        cotangents = [g]
        if type(g) is Cotangents:
            cotangents = [
                g[place] if place in g else plan.results[i].zeros()
                for place, i in enumerate(plan.floating)
            ]
        if not self.recorded:
            return plan.pull.forward(*cotangents, *residuals)
        # Each residual stands again for the argument that it came from.
        sources = {edge[1].argnum: edge[0] for edge in node.edges if edge[1] is not None}
        again = [
            Array(value, sources[argnum], kind) if argnum in sources else value
            for argnum, value, kind in zip(plan.kept, residuals, plan.kinds, strict=True)
        ]
        return plan.pull(*cotangents, *again)


_sum = Operation(jnp.add)


def add(a: Any, b: Any, owned: bool) -> Any:
    """The sum of two cotangents of one node."""
    if type(a) is Cotangents:
        return Cotangents({**a, **{k: add(a[k], part, False) if k in a else part for k, part in b.items()}})  # compiled
    if type(a) is Array or type(b) is Array:
        return _sum(a, b)
    return _sum.forward(a, b)
