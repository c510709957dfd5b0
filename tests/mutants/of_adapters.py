"""Mutants of adapters, for the clauses about what NumPy does not have. Frameworks are imported when one is made."""

from __future__ import annotations

from typing import Any

from tests.mutants._mutant import mutant
from tests.mutants._seams import at


@mutant("gradients of bfloat16 are left in the precision that they were added up in", "DTYPE-03", of="torch")
def wide_bfloat16() -> None:
    import torch

    right = at.torch_fresh

    def fresh(*arguments: Any) -> Any:
        return [g.float() if g is not None and g.dtype == torch.bfloat16 else g for g in right(*arguments)]

    at.torch_fresh = fresh


@mutant("results are cut off from the user's own autograd", "HOST-01", "HOST-02", "HOST-06", of="torch")
def severed_from_the_host() -> None:
    at.torch_composes = lambda tape, outputs: False


@mutant("what a function closes over is not looked for in the user's graph", "HOST-01", of="torch")
def severed_closure() -> None:
    right = at.torch_composes

    def composes(tape: Any, outputs: Any) -> bool:
        # An argument that the user differentiates by is a view when it is watched; a closure is none.
        return bool(tape._views) and right(tape, outputs)

    at.torch_composes = composes


@mutant("a dual number loses its tangent when it is watched", "HOST-03", of="torch")
def lost_tangent() -> None:
    at.torch_tangent_of = lambda array: None


@mutant("a function in a batch of torch.func's is pulled back as a constant", "HOST-04", of="torch")
def constant_in_a_batch() -> None:
    right = at.torch_vjp

    def vjp(f: Any, primals: Any) -> Any:
        outputs, pull = right(f, primals)
        return outputs, lambda cotangents: [share * 0.0 for share in pull(cotangents)]

    at.torch_vjp = vjp


@mutant("what a hosted function returns is not compared with what is declared", "HOST-13", of="torch")
def anything_declared() -> None:
    at.kind_required = lambda kind, value, what: None


@mutant("the framework's own gradient is a constant for the tape around it", "HOST-07", of="torch")
def constant_inside() -> None:
    right = at.torch_host_gradient

    def gradient(f: Any) -> Any:
        return lambda x: right(f)(x).detach()

    at.torch_host_gradient = gradient
