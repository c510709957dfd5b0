"""Modules whose backward averages over processes: DDP, FSDP2 and FSDP.

They do it where `.backward()` accumulates into `.grad`. `torch.autograd.grad`, on which tapes stand, gives what this
process has alone; of FSDP's parameters, which stand in for others while the module runs, it gives nothing at all. So a
gradient by their parameters is refused. No parameter says whose it is, and no node of the graph: modules are seen when
they run, by PyTorch's hooks for all modules, in a process of several alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.modules import module as modules
from torch.nn.parallel import DistributedDataParallel

from autodiff_spec import UnsupportedError
from autodiff_torch._dtensor import is_dtensor

_OF_DDP = (
    "a source is a parameter of DistributedDataParallel, of which backward() averages the gradient over the processes, "
    "and a tape has this process's part alone; call loss.backward() and read p.grad, or run the module under its "
    "no_sync() and average what grad() gives: torch.distributed.all_reduce()"
)
_OF_FSDP = (
    "a source is a parameter of a module that FSDP shards, of which backward() alone collects the gradient; "
    "call loss.backward() and read p.grad"
)


class Averaged:
    """The parameters of the modules that ran on a tape and average their gradients."""

    def __init__(self) -> None:
        self._parameters: dict[int, tuple[torch.Tensor, str]] = {}  # by id(); kept, so that it stays theirs
        self._sharded = False
        self._hooks: list[Any] = []

    def begin(self) -> None:
        """See modules run from here on."""
        self._hooks = [
            modules.register_module_forward_pre_hook(self._note),  # before FSDP puts others in the parameters' place
            modules.register_module_forward_hook(self._note),  # and after
        ]

    def end(self) -> None:
        """See no more of them."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    def refuse(self, sources: Sequence[torch.Tensor]) -> None:
        """Raise `UnsupportedError` where a gradient would not be what `.backward()` gives."""
        for source in sources:
            if id(source) in self._parameters:
                raise UnsupportedError(self._parameters[id(source)][1])
            if self._sharded and isinstance(source, torch.nn.Parameter) and is_dtensor(source):  # hidden by another
                raise UnsupportedError(_OF_FSDP)

    def _note(self, module: torch.nn.Module, *_: Any) -> None:
        if not torch.is_grad_enabled():
            return
        wrapper: Any = DistributedDataParallel
        module = wrapper._get_active_ddp_module() or module  # its forward() may be called by itself
        if _is_sharded(module):
            self._sharded = True
            words = _OF_FSDP
        elif isinstance(module, DistributedDataParallel) and module.require_backward_grad_sync:
            words = _OF_DDP
        else:
            return
        self._parameters.update((id(one), (one, words)) for one in module.parameters())


def _is_sharded(module: torch.nn.Module) -> bool:
    package = sys.modules.get("torch.distributed.fsdp")
    return package is not None and isinstance(module, (package.FSDPModule, package.FullyShardedDataParallel))
