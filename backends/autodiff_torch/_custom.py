"""Whole calls on PyTorch: functions with a rule of their own, and checkpoints."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd import forward_ad
from torch.utils.checkpoint import checkpoint, set_checkpoint_early_stop

from autodiff_spec import Backend, MutationError, UnsupportedError
from autodiff_spec.core import trees
from autodiff_torch import _graph
from autodiff_torch._dtensor import require_alike
from autodiff_torch._state import OPEN, PROBING
from autodiff_torch._variable import Variable, resolve

Tensor = torch.Tensor


def apply_rule(be: Backend, call: Any, arrays: list[Tensor]) -> list[Tensor]:
    """The results of a custom call, its rule a node of autograd's graph."""
    arrays = [resolve(array) if type(array) is Variable else array for array in arrays]
    tracked = any(map(_tracked, arrays))
    values = [array.detach() for array in arrays]
    start = _graph.now()
    outputs, residuals = call.forward(*values) if tracked else (call.value(*values), None)
    if torch.is_grad_enabled() and any(output.requires_grad for output in outputs):
        if _depends_on_more(outputs, start):
            raise call.depends_on_more()
        outputs = [output.detach() for output in outputs]
    if not tracked:
        return list(outputs)
    floating = [k for k, output in enumerate(outputs) if be.kind(output.dtype) != "other"]
    rule = _Rule(be, call, residuals, len(outputs), floating)
    results = list(outputs)
    if floating:
        recorded = _applied(rule, [outputs[k] for k in floating], arrays)
        for k, result in zip(floating, recorded, strict=True):
            results[k] = result
    return results


def _applied(rule: _Rule, outputs: list[Tensor], arrays: list[Tensor]) -> tuple[Tensor, ...]:
    try:
        found: tuple[Tensor, ...] = _Call.apply(rule, outputs, *arrays)  # type: ignore[no-untyped-call]
        return found
    except (NotImplementedError, RuntimeError) as error:
        raise UnsupportedError(
            "custom_vjp() has a pullback alone, and torch.func.vmap and forward mode of PyTorch's own need more; "
            "use vmap() and jvp() of this backend"
        ) from error


def _depends_on_more(outputs: list[Tensor], start: int) -> bool:
    """Whether below ``outputs`` is more than sources of tapes that are closed again, which derivatives inside used.

    What was recorded since ``start`` is the call's own; what was recorded before, and other leaves, are not.
    """
    if torch._C._are_functorch_transforms_active():
        return True
    roots = [_graph.node_of(output) for output in outputs if output.requires_grad]
    for node, number in _graph.reachable(roots, lambda number: number >= start):
        if number < start:
            return True
        if number == _graph.LEAF:
            leaf = node.variable
            if not hasattr(leaf, "_made_by_tape") or any(tape._owns(leaf) for tape in OPEN.get()):
                return True
    return False


def _tracked(array: Tensor) -> bool:
    """Whether PyTorch differentiates what is done to ``array``; a `Function` refuses the ways that it cannot go."""
    if array.requires_grad and torch.is_grad_enabled():
        return True
    if torch._C._are_functorch_transforms_active():
        return True
    return forward_ad.unpack_dual(array).tangent is not None  # type: ignore[no-untyped-call]


class _Rule:
    """The state that the pullback of one call needs."""

    def __init__(self, be: Backend, call: Any, residuals: Any, count: int, floating: list[int]) -> None:
        self.be, self.call, self.residuals, self.count, self.floating = be, call, residuals, count, floating
        kept = [leaf for leaf in trees.flatten(residuals, (Tensor,))[0] if isinstance(leaf, Tensor)]
        self.versions = [(leaf, leaf._version) for leaf in kept if not leaf.is_inference()]

    def pull(self, arrays: tuple[Tensor, ...], given: tuple[Tensor, ...]) -> list[Tensor | None]:
        """The cotangents of ``arrays``; their derivative is right too where autograd records this."""
        residuals = self.residuals
        if any(leaf._version != version for leaf, version in self.versions):
            raise MutationError(
                "a residual of a custom_vjp() was changed in place since, perhaps as the result that it is; "
                "write y = y * 2 in place of y *= 2"
            )
        if torch.is_grad_enabled() and not PROBING.get():  # then the residuals have to be functions of the arguments
            _, residuals = self.call.forward(*arrays)
        cotangents: list[Tensor | None] = [None] * self.count
        for k, cotangent in zip(self.floating, given, strict=True):
            cotangents[k] = cotangent
        shares = self.call.backward(residuals, cotangents)
        shares = [resolve(share) if type(share) is Variable else share for share in shares]
        for share, array in zip(shares, arrays, strict=True):
            require_alike(share, array)
        return shares


class _Call(torch.autograd.Function):
    """Results that were computed already, as a function of the arguments."""

    @staticmethod
    def forward(rule: _Rule, results: list[Tensor], *arrays: Tensor) -> tuple[Tensor, ...]:
        # Autograd would make what it is given here its own, and a residual that is a result keep itself alive.
        return tuple(result.detach() for result in results)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.rule = inputs[0]
        ctx.save_for_backward(*inputs[2:])

    @staticmethod
    def backward(ctx: Any, *given: Tensor) -> Any:
        return None, None, *ctx.rule.pull(ctx.saved_tensors, given)


# --- checkpoints ------------------------------------------------------------------------------------------------


def apply_checkpoint(f: Any, arrays: list[Tensor]) -> list[Any]:
    """`torch.utils.checkpoint`, of which the second run finds the tapes as the first one did."""
    arrays = [resolve(array) if type(array) is Variable else array for array in arrays]
    segment = _Segment(f)
    # It would stop early by an exception, out of the midst of a gradient that the function takes itself.
    with set_checkpoint_early_stop(False):
        found: list[Any] = checkpoint(segment, *arrays, use_reentrant=False)
    return found


class _Segment:
    """A function that runs again in the backward pass, when other tapes are open than at first."""

    def __init__(self, f: Any) -> None:
        self.f = f
        self.tapes = OPEN.get()
        self.reads: list[tuple[Variable, Tensor]] | None = None

    def __call__(self, *arrays: Tensor) -> list[Any]:
        if self.reads is not None:
            return self._again(arrays)
        outputs: list[Any] = self.f(*arrays)
        self.reads = [(reads.variable, reads.variable._value) for tape in self.tapes for reads in tape._reads.values()]
        return outputs

    def _again(self, arrays: tuple[Tensor, ...]) -> list[Any]:
        if any(variable._value is not value for variable, value in self.reads or ()):
            raise MutationError(
                "a variable that the tape of a checkpoint() read was assigned since, so it cannot be computed again; "
                "take the gradient before assign()"
            )
        tapes = OPEN.set(self.tapes)
        try:
            outputs: list[Any] = self.f(*arrays)
            return outputs
        finally:
            OPEN.reset(tapes)
