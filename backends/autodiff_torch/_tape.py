"""The tape on PyTorch: sources of its own, and the interval of the graph that was recorded while it was open."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import torch
from torch.autograd import forward_ad
from torch.utils.checkpoint import _StopRecomputationError as StopRecomputation

from autodiff_spec import Tape, TapeError, TapeStateError
from autodiff_spec.core.engine import Engine
from autodiff_torch import _engine, _graph
from autodiff_torch._state import BATCHING, ONES, OPEN, PAUSED
from autodiff_torch._variable import Variable, resolve

Tensor = torch.Tensor


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
        self._paused: tuple[TorchTape, ...] = ()
        self._recorded_before = True
        self._inference: Any = None  # the guard that leaves the inference mode, in which nothing can be recorded
        self._host_records = False  # whether the user's own autograd recorded what this tape does
        self._composed: bool | None = None  # whether that has anything of its own here; None before somebody looked

    @property
    def is_open(self) -> bool:
        """Whether it records."""
        return self._state == "open"

    # --- hooks of the contract --------------------------------------------------------------------------------

    def _enter(self) -> None:
        if torch._C._are_functorch_transforms_active():
            raise _inside_a_transform()
        self._recorded_before = torch.is_grad_enabled()
        if torch.is_inference_mode_enabled():
            self._inference = torch.inference_mode(False)
            self._inference.__enter__()
        if not torch.is_grad_enabled():
            torch.set_grad_enabled(True)
        tapes = OPEN.get()
        self._host_records = self._recorded_before and (not tapes or tapes[-1]._host_records)
        for tape in tapes:
            tape._overlapping.append(weakref.ref(self))
            self._overlapping.append(weakref.ref(tape))
        self._paused = PAUSED.get()
        self._start = _graph.now()
        OPEN.set((*tapes, self))

    def _exit(self) -> None:
        self._end = _graph.now()
        tapes = OPEN.get()
        OPEN.set(tapes[:-1] if tapes[-1:] == (self,) else tuple(tape for tape in tapes if tape is not self))
        for tape in self._paused:
            tape._holes.append((self._start, self._end))
        self._paused = ()
        if self._inference is not None:
            self._inference.__exit__(None, None, None)
        if not self._recorded_before:
            torch.set_grad_enabled(False)

    def _watch(self, array: Tensor) -> Tensor:
        if torch._C._are_functorch_transforms_active():
            raise _inside_a_transform()
        if type(array) is Variable:
            array = resolve(array)
        if array.is_inference():  # which autograd cannot save
            array = array.clone()
        if array.requires_grad and (_tracked(array) or self._is_hosts(array)):
            with torch.enable_grad():
                alias = array.view_as(array)
            self._views.add(alias.grad_fn)
        else:
            alias = array.detach().requires_grad_()
            alias._made_by_tape = True  # type: ignore[attr-defined]
            tangent = tangent_of(array)
            if tangent is not None:
                alias = forward_ad.make_dual(alias, tangent)  # type: ignore[no-untyped-call]
                self._views.add(alias.grad_fn)
        self._sources[id(alias)] = alias
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
        nested = bool(OPEN.get()) and self._outer_is_open()
        create = torch.is_grad_enabled() and (nested or self._composes(ends, seeds))
        before = _graph.now() if create else 0
        inputs, counts, foreign = self._inputs(sources)
        with torch._C.DisableTorchFunctionSubclass():  # a variable among the inputs means its own tensor
            if (foreign or self._holes) and self._crossed(ends):
                parts = _graph.cut_pullback(self.records, ends, seeds, inputs, create_graph=create)
            else:
                parts = _engine.run(ends, inputs, seeds, retain or create or self._shared(), create)
                if len(inputs) > len(sources):
                    self._check_bypassed(inputs, parts, ends)
            found = _engine.summed(parts, counts)
            if not BATCHING.get():  # there arrays have no memory, and the batch is copied
                found = _engine.fresh(found, seeds, inputs)
        if strict and len(targets) == 1 and not _engine.some(found) and not self._tracks(ends[0]):
            raise self.untracked(0)
        if create and self.is_open:
            self._holes.append((before, _graph.now()))  # a gradient does not record itself
        return found

    # --- the user's own autograd ------------------------------------------------------------------------------------

    def composes(self, outputs: Sequence[Any]) -> bool:
        """Whether autograd has to see ``outputs`` as functions of tensors that the user differentiates by.

        It does where the user's grad mode was on, and a leaf of the user's lies below: of an argument or a closure.
        """
        if self._composed is None:
            self._composed = self._host_records and _graph.is_hosts(
                [_graph.node_of(o) for o in outputs if isinstance(o, Tensor) and o.requires_grad]
            )
        return self._composed

    def _composes(self, ends: Sequence[Tensor], seeds: Sequence[Tensor | None]) -> bool:
        if self.composes(ends):
            return True
        return any(seed is not None and seed.requires_grad and self._is_hosts(seed) for seed in seeds)

    def _is_hosts(self, array: Tensor) -> bool:
        return self._host_records and _graph.is_hosts([_graph.node_of(array)])

    # --- reading variables --------------------------------------------------------------------------------------

    def read(self, variable: Variable) -> Tensor:
        """This tape's alias of the value that ``variable`` has now."""
        reads = self._reads.get(id(variable))
        if reads is None:
            reads = self._reads[id(variable)] = _Reads(variable)
        if reads.value is not variable._value:
            if torch.is_inference_mode_enabled():
                return variable._value
            alias = self._alias(variable)
            reads.value = variable._value
            reads.aliases.append(alias)
            self._sources[id(alias)] = alias
        return reads.aliases[-1]

    def _alias(self, variable: Variable) -> Tensor:
        tapes = OPEN.get()
        depth = tapes.index(self) if self in tapes else 0
        if depth == 0:
            return _leaf(variable._value)
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

    def _check_bypassed(self, inputs: list[Tensor], parts: list[Tensor | None], ends: list[Tensor]) -> None:
        """A variable's own tensor belongs to no tape: refuse a gradient that mixes in what ran outside this one."""
        for array, part in zip(inputs, parts, strict=True):
            if part is not None and type(array) is Variable and self._crossed(ends):
                raise TapeError(
                    "a variable was passed to autograd.Function.apply or torch.func, and what ran outside this tape "
                    "cannot be told from what ran inside; pass it through an operation first, for example v.view_as(v)"
                )


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
