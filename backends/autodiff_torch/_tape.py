"""The tape on PyTorch: sources of its own, and the interval of the graph that was recorded while it was open."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import torch
from torch._subclasses import FakeTensor
from torch.autograd import forward_ad
from torch.utils.checkpoint import _StopRecomputationError as StopRecomputation

from autodiff_spec import MutationError, Tape, TapeError, TapeStateError
from autodiff_spec.core.engine import Engine
from autodiff_torch import _dtensor, _engine, _graph, _parts
from autodiff_torch._averaged import Averaged
from autodiff_torch._state import BATCHING, ONES, OPEN, PROBING
from autodiff_torch._variable import Variable, require_values, resolve

Tensor = torch.Tensor


_UNKNOWN = object()


class _Reads:
    """The reads of one variable on a tape: an alias for each value that it had when it was read."""

    __slots__ = ("aliases", "value", "variable")

    def __init__(self, variable: Variable) -> None:
        self.variable = variable  # kept, so that its id stays its own
        self.value: Tensor | None = None
        self.aliases: list[Tensor] = []


class TorchTape(Tape):
    """A tape of the PyTorch backend.

    Its sources are tensors that nothing else uses: for a variable an alias per tape, for a watched array the one that
    `watch` returns. Gradients with respect to these see nothing that ran before the tape or outside it. An inner tape's
    alias is a view of the next outer one's, so what the inner tape computes is recorded by the outer.
    """

    _signals = (StopRecomputation,)

    def __init__(self, backend: Engine, *, persistent: bool = False) -> None:
        super().__init__(backend, persistent=persistent)
        self._start = 0
        self._end = _graph.LEAF
        self._holes: list[tuple[int, int]] = []  # intervals inside, in which something else recorded
        self._reads: dict[int, _Reads] = {}  # by id() of the variable
        self._sources: dict[int, Tensor] = {}  # aliases and watched arrays by id()
        self._views: set[_graph.Node] = set()  # their nodes, for those that are views
        self._overlapping: list[weakref.ref[TorchTape]] = []
        self.recorded_before = True
        self._inference: Any = None  # the guard that leaves the inference mode, in which nothing can be recorded
        self.composed: Any = _UNKNOWN  # what `composes` said of all outputs of a function, asked once
        self.functional = False  # whether its targets are the results of one function, the same at each question
        self._is_differentiable = False
        self._holds_derivatives = False  # whether gradients were recorded, which not every function has again
        self._host_records = False  # whether the user's own autograd recorded what this tape does
        self._averaged: Averaged | None = None  # in one process of several: whose gradients are averaged over them
        self._joining: Any = None  # there: the context in which operations on tensors in parts are right

    @property
    def is_open(self) -> bool:
        """Whether it records."""
        return self._state == "open"

    # --- hooks of the contract --------------------------------------------------------------------------------

    def _enter(self) -> None:
        if torch._C._are_functorch_transforms_active():
            raise _inside_a_transform()
        self.recorded_before = torch.is_grad_enabled()
        if torch.is_inference_mode_enabled():
            self._inference = torch.inference_mode(False)
            self._inference.__enter__()
        if not torch.is_grad_enabled():
            torch.set_grad_enabled(True)
        tapes = OPEN.get()
        self._host_records = self.recorded_before and (not tapes or tapes[-1]._host_records)
        for tape in tapes:
            tape._overlapping.append(weakref.ref(self))
            self._overlapping.append(weakref.ref(tape))
        if _dtensor.is_one_of_several():
            self._averaged = Averaged()
            self._averaged.begin()
        self._start = _graph.now()
        OPEN.set((*tapes, self))

    def _exit(self) -> None:
        self._end = _graph.now()
        tapes = OPEN.get()
        OPEN.set(tapes[:-1] if tapes[-1:] == (self,) else tuple(tape for tape in tapes if tape is not self))
        if self._averaged is not None:
            self._averaged.end()
        if self._joining is not None:
            self._joining.__exit__(None, None, None)
        if self._inference is not None:
            self._inference.__exit__(None, None, None)
        if not self.recorded_before:
            torch.set_grad_enabled(False)

    def _watch(self, array: Tensor) -> Tensor:
        if torch._C._are_functorch_transforms_active():
            raise _inside_a_transform()
        if type(array) is Variable:
            array = resolve(array)
        self._join_for(array)
        if array.is_inference():  # which autograd cannot save
            array = array.clone()
        if array.requires_grad and (_tracked(array) or self._is_hosts(array)):
            with torch.enable_grad():
                alias = array.view_as(array)
            self._views.add(alias.grad_fn)
        else:
            alias = self._covered(_leaf(array))
            tangent = tangent_of(array)
            if tangent is not None:
                alias = forward_ad.make_dual(alias, tangent)  # type: ignore[no-untyped-call]
                self._views.add(alias.grad_fn)
        self._sources[id(alias)] = alias
        return alias

    def _join_for(self, source: Tensor) -> None:
        """Compute rightly on parts from here on, where a source is one in parts; else autograd keeps its rules.

        Under any mode autograd takes other rules, also for whole tensors, of which that of complex `pinv` is wrong.
        """
        if self._averaged is not None and self._joining is None and self.is_open and _dtensor.is_dtensor(source):
            self._joining = _parts.joining()
            self._joining.__enter__()

    def _covered(self, leaf: Tensor) -> Tensor:
        """Among several processes a view: `distribute_tensor` takes leaves alone, and leaves their derivative out."""
        if self._averaged is None:
            return leaf
        with torch.enable_grad(), torch._C._DisableFuncTorch():
            alias: Tensor = leaf.view_as(leaf)
        self._views.add(alias.grad_fn)
        self._sources[id(leaf)] = leaf
        return alias

    def _is_source(self, array: Tensor) -> bool:
        if id(array) in self._sources or type(array) is Variable:
            return True
        if array.grad_fn is None:
            return array.requires_grad and self._owns(array)
        return self.records(_graph.number(array.grad_fn)) and self._tracks(array)

    def _outer_is_open(self) -> bool:
        return any(tape is not self for tape in OPEN.get())

    def _pullback(
        self,
        targets: Sequence[Any],
        sources: Sequence[Tensor],
        cotangents: Sequence[Tensor | None],
        *,
        retain: bool,
        strict: bool,
    ) -> list[Tensor | None]:
        ends, seeds = self._ends(targets, cotangents, strict)
        if not ends:
            return [None] * len(sources)
        if self._averaged is not None:
            self._averaged.refuse(sources)
        nested = bool(OPEN.get()) and self._outer_is_open()
        composes = nested or (torch.is_grad_enabled() and self._composes(ends, seeds))
        create = torch.is_grad_enabled() and composes is not False
        if create:
            for tape in OPEN.get():
                tape._holds_derivatives = True
        before = _graph.now() if create else 0
        inputs, counts, foreign = self._inputs(sources)
        # A variable among the inputs means its own tensor.
        with torch._C.DisableTorchFunctionSubclass(), _parts.joining(*ends, *inputs):
            self._require_unchanged(inputs)
            if (foreign or self._holes) and self._crossed(ends):
                parts = _graph.cut_pullback(self.records, ends, seeds, inputs, create_graph=create)
            else:
                token = PROBING.set(composes is None)
                try:
                    parts = _engine.run(ends, inputs, seeds, retain or create or self._shared(), create)
                finally:
                    PROBING.reset(token)
                if len(inputs) > len(sources):
                    self._check_bypassed(inputs, parts, ends)
            found = _engine.summed(parts, counts)
            if composes is None:  # now it can be seen
                found = [g if g is None or (g.requires_grad and _hosts(g)) else g.detach() for g in found]
            if self._averaged is not None:
                for gradient, source in zip(found, sources, strict=True):
                    _dtensor.require_alike(gradient, source)
            without_memory = BATCHING.get() or torch._C._are_functorch_transforms_active()
            if self.backend.conventions == "spec":
                found = [_dtensor.placed(g, source) for g, source in zip(found, sources, strict=True)]
            if not (without_memory or isinstance(ends[0], FakeTensor)):
                found = _engine.fresh(found, seeds, inputs)
        if nested or self._holds_derivatives:
            self._require_differentiable(ends)
        elif create and composes and _graph.is_undifferentiable(map(_graph.node_of, ends), self.records):
            found = [None if g is None else _engine.first_alone(g) for g in found]
        if strict and len(targets) == 1 and not _engine.some(found) and not self._tracks(ends[0]):
            raise self.untracked(0)
        if create and self.is_open:
            self._holes.append((before, _graph.now()))  # a gradient does not record itself
        return found

    # --- the user's own autograd ------------------------------------------------------------------------------------

    def composes(self, outputs: Sequence[Any]) -> bool | None:
        """Whether autograd has to see ``outputs`` as functions of tensors that the user differentiates by.

        It does where the user's grad mode was on, and a leaf of the user's lies below: of an argument or a closure.
        ``None`` where only a derivative can show it.
        """
        if not self._host_records:
            return False
        return _graph.is_hosts([_graph.node_of(o) for o in outputs if isinstance(o, Tensor) and o.requires_grad])

    def _composes(self, ends: Sequence[Tensor], seeds: Sequence[Tensor | None]) -> bool | None:
        found = self.composes(ends) if self.composed is _UNKNOWN else self.composed
        if found is not True and any(seed is not None and seed.requires_grad and _hosts(seed) for seed in seeds):
            return True
        return found

    def _is_hosts(self, array: Tensor) -> bool:
        return self._host_records and _hosts(array)

    # --- reading variables --------------------------------------------------------------------------------------

    def read(self, variable: Variable) -> Tensor:
        """This tape's alias of the value that ``variable`` has now."""
        reads = self._reads.get(id(variable))
        if reads is None:
            reads = self._reads[id(variable)] = _Reads(variable)
        if reads.value is not variable._value:
            if torch.is_inference_mode_enabled():
                return variable._value
            self._join_for(variable._value)
            alias = self._alias(variable)
            reads.value = variable._value
            reads.aliases.append(alias)
            self._sources[id(alias)] = alias
        return reads.aliases[-1]

    def _alias(self, variable: Variable) -> Tensor:
        tapes = OPEN.get()
        depth = tapes.index(self) if self in tapes else 0
        if depth == 0:
            return self._covered(_leaf(variable._value))
        parent = tapes[depth - 1].read(variable)
        with torch.enable_grad(), torch._C._DisableFuncTorch():
            alias: Tensor = parent.view_as(parent)
        self._views.add(alias.grad_fn)
        return alias

    # --- what was recorded here -----------------------------------------------------------------------------------

    def records(self, number: int) -> bool:
        """Whether this tape recorded the node of this sequence number."""
        if not self._start <= number < self._end:
            return False
        return not (self._holes and any(start <= number < end for start, end in self._holes))

    def _owns(self, leaf: Tensor) -> bool:
        """Whether a leaf is a source here: an alias of this tape's, or a trainable leaf that no tape made."""
        return id(leaf) in self._sources or not hasattr(leaf, "_made_by_tape")

    def _tracks(self, array: Tensor) -> bool:
        """Whether ``array`` depends on a source of this tape, through what it recorded."""
        return any(
            self._owns(node.variable) if number == _graph.LEAF else node in self._views
            for node, number in _graph.reachable([_graph.node_of(array)], self.records)
        )

    def _crossed(self, ends: Sequence[Tensor]) -> bool:
        """Whether something that this tape did not record lies below ``ends``."""
        nodes = _graph.reachable(map(_graph.node_of, ends), self.records)
        return any(number != _graph.LEAF and not self.records(number) for _, number in nodes)

    def _shared(self) -> bool:
        """Whether a tape that recorded part of this graph may need it yet."""
        if not self._overlapping:
            return False
        tapes = (reference() for reference in self._overlapping)
        return any(tape is not None and not tape._spent for tape in tapes)

    # --- steps of a pullback ----------------------------------------------------------------------------------------

    def _ends(
        self, targets: Sequence[Any], cotangents: Sequence[Tensor | None], strict: bool
    ) -> tuple[list[Tensor], list[Tensor | None]]:
        """The targets that have a history, with their cotangents; `UntrackedError` for the others when ``strict``.

        A cotangent ``None`` is a one that autograd makes.
        """
        ends: list[Tensor] = []
        seeds: list[Tensor | None] = []
        for i, (target, seed) in enumerate(zip(targets, cotangents, strict=True)):
            if strict:
                if type(target) is Variable:
                    target = self.read(target)
                if not self._reaches(target) or (len(targets) > 1 and not self._tracks(target)):
                    raise self.untracked(i)
            elif seed is None or not isinstance(target, Tensor) or type(target) is Variable or not target.requires_grad:
                continue
            ends.append(target)
            if seed is ONES:
                seeds.append(None)
            else:
                assert seed is not None  # a strict call has a cotangent for every target
                require_values(seed, like=target)
                seeds.append(seed if seed.device == target.device else seed.to(target.device))
        return ends, seeds

    def _reaches(self, target: Tensor) -> bool:
        """Whether ``target`` may have a history here, by its own node alone."""
        node = target.grad_fn
        if node is not None:
            return self.records(node._sequence_nr()) or id(target) in self._sources
        return target.requires_grad and self._owns(target)

    def _inputs(self, sources: Sequence[Tensor]) -> tuple[list[Tensor], list[int], bool]:
        """The tensors to differentiate by, how many belong to each source, and whether one is a foreign leaf."""
        inputs: list[Tensor] = []
        counts: list[int] = []
        foreign = False
        for source in sources:
            if type(source) is Variable:
                reads = self._reads.get(id(source))
                parts = [*reads.aliases, source] if reads is not None else [source]
            else:
                parts = [source]
                foreign = foreign or (id(source) not in self._sources and source.grad_fn is None)
            inputs += parts
            counts.append(len(parts))
        return inputs, counts, foreign

    def _require_differentiable(self, ends: Sequence[Tensor]) -> None:
        if self._is_differentiable:
            return
        if _graph.is_undifferentiable(map(_graph.node_of, ends), self.records):
            raise TapeError(_engine.FIRST_ALONE)
        self._is_differentiable = self.functional  # the rows of a Hessian ask about the same graph

    def _require_unchanged(self, inputs: Sequence[Tensor]) -> None:
        """Refuse a source that was written in place: autograd goes on with what it became, not with what it was."""
        for source in inputs:
            if source.grad_fn is not None and id(source) in self._sources and source.grad_fn not in self._views:
                raise MutationError(
                    "an argument of the function, or what watch() returned, was changed in place; write x = x + 1 in "
                    "place of x += 1, or work on a copy"
                )

    def _check_bypassed(self, inputs: list[Tensor], parts: list[Tensor | None], ends: list[Tensor]) -> None:
        """A variable's own tensor belongs to no tape: refuse a gradient that mixes in what ran outside this one."""
        for array, part in zip(inputs, parts, strict=True):
            if part is not None and type(array) is Variable and self._crossed(ends):
                raise TapeError(
                    "a variable was passed to autograd.Function.apply or torch.func, and what ran outside this tape "
                    "cannot be told from what ran inside; pass it through an operation first, for example v.view_as(v)"
                )


def _hosts(array: Tensor) -> bool:
    """Whether the user's own autograd differentiates ``array``."""
    return _graph.is_hosts([_graph.node_of(array)]) is True


def tangent_of(array: Tensor) -> Tensor | None:
    """The tangent of a dual number of ``torch.autograd.forward_ad``; ``None`` outside a dual level."""
    if forward_ad._current_level < 0:
        return None
    tangent: Tensor | None = forward_ad.unpack_dual(array).tangent  # type: ignore[no-untyped-call]
    return tangent


def _inside_a_transform() -> TapeStateError:
    return TapeStateError(
        "a tape cannot be used inside a transform of torch.func, which would not see its gradients; "
        "use grad() or a second tape in place of the transform"
    )


def _leaf(value: Tensor) -> Tensor:
    """A source of one tape: shares the value (and notices writes to it), has no history."""
    if torch._C._are_functorch_transforms_active():  # to which the leaf has to be a constant
        with torch._C._DisableFuncTorch():
            leaf = Tensor._make_subclass(Tensor, value, True)
    else:
        leaf = value.detach().requires_grad_()
    leaf._made_by_tape = True  # type: ignore[attr-defined]
    return leaf


def _tracked(array: Tensor) -> bool:
    """Whether a tape that is open tracks ``array``; what only closed ones did is not kept alive by a new source."""
    tapes = OPEN.get()
    if array.grad_fn is None:
        return any(tape._owns(array) for tape in tapes)
    return bool(tapes) and _graph.number(array.grad_fn) >= tapes[0]._start
