"""Autograd's own pullback, and what its results need before they are the interface's: summed, dense, fresh."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.checkpoint import CheckpointError

from autodiff_spec import MutationError, TapeError
from autodiff_torch import _graph
from autodiff_torch._dtensor import memory

Tensor = torch.Tensor


def run(
    ends: list[Tensor], inputs: list[Tensor], seeds: list[Tensor | None], keep: bool, create: bool
) -> list[Tensor | None]:
    """The engine's own pullback."""
    if not inputs:
        return []
    try:
        if create and ends[0].device.type != "cpu":  # other threads would number the nodes on their own
            with torch.autograd.set_multithreading_enabled(False):
                return list(torch.autograd.grad(ends, inputs, seeds, keep, create, allow_unused=True))
        return list(torch.autograd.grad(ends, inputs, seeds, keep, create, allow_unused=True))
    except CheckpointError:
        raise
    except RuntimeError as error:
        if _graph.mutated(map(_graph.node_of, ends)):
            raise MutationError(
                "an array that the gradient needs was changed in place after it was recorded; "
                "write x = x + 1 in place of x += 1, or assign() for variables"
            ) from error
        raise


FIRST_ALONE = (
    "a derivative is asked of a function that has a first one alone (once_differentiable, torch.compile), and would "
    "come out as zero; differentiate another form of it"
)


class _FirstAlone(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient.clone()

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> Tensor:
        raise TapeError(FIRST_ALONE)


def first_alone(gradient: Tensor) -> Tensor:
    """A gradient that the user's own autograd refuses to differentiate, where it would find no connection."""
    apply: Any = _FirstAlone.apply
    found: Tensor = apply(gradient.detach().requires_grad_())
    return found


def some(parts: list[Tensor | None]) -> bool:
    """Whether anything connects."""
    return any(part is not None for part in parts)


def summed(parts: list[Tensor | None], counts: list[int]) -> list[Tensor | None]:
    """For each source the sum over its parts: a variable has one for each value that was read."""
    if len(parts) == len(counts):
        return parts
    found: list[Tensor | None] = []
    position = 0
    for count in counts:
        total: Tensor | None = None
        for part in parts[position : position + count]:
            if part is not None:
                total = part if total is None else total + part
        found.append(total)
        position += count
    return found


def fresh(gradients: list[Tensor | None], *others: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Dense arrays that share no memory: autograd hands out the cotangent itself, one buffer twice, broadcasts."""
    strided = (array for arrays in others for array in arrays if array is not None and array.layout is torch.strided)
    taken = set(map(memory, strided))
    taken.discard(0)
    found: list[Tensor | None] = []
    for gradient in gradients:
        if gradient is not None:
            if gradient.layout is not torch.strided:
                gradient = gradient.to_dense()
            place = memory(gradient)
            if not place:  # zeros without memory, from a derivative of sign for example
                gradient = gradient.clone()
                place = memory(gradient)
            if place in taken or not gradient.is_contiguous():
                gradient = gradient.clone(memory_format=torch.contiguous_format)
                place = memory(gradient)
            taken.add(place)
        found.append(gradient)
    return found
