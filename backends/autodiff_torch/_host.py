"""PyTorch's own ways of differentiating and running a function ``F(c, a)``, for the clauses of chapter HOST."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch.autograd import forward_ad
from torch.utils.checkpoint import checkpoint

Tensor = torch.Tensor
F = Callable[[Tensor, Tensor], Tensor]


def _leaves(*arrays: Tensor) -> list[Tensor]:
    return [array.detach().clone().requires_grad_() for array in arrays]


def _loss(y: Tensor, *leaves: Tensor) -> Tensor:
    """A number that depends on ``leaves`` anyhow, so that what ``y`` loses is a wrong derivative and no error."""
    return (y * y).sum() + sum(leaf.sum() for leaf in leaves)


def _gradients(y: Tensor, leaves: list[Tensor], create_graph: bool = False) -> list[Tensor]:
    return list(torch.autograd.grad(_loss(y, *leaves), leaves, create_graph=create_graph))


def _by_both(f: F, a: Tensor, c: Tensor) -> list[Tensor]:
    a, c = _leaves(a, c)
    return _gradients(f(c, a), [a, c])


def _by_argument(f: F, a: Tensor, c: Tensor) -> list[Tensor]:
    [leaf] = _leaves(a)
    return _gradients(f(c, leaf), [leaf])


def _by_closure(f: F, a: Tensor, c: Tensor) -> list[Tensor]:
    [leaf] = _leaves(c)
    return _gradients(f(leaf, a), [leaf])


def _backward(f: F, a: Tensor, c: Tensor) -> list[Tensor]:
    a, c = _leaves(a, c)
    _loss(f(c * 2.0, a * 1.5), a, c).backward()  # type: ignore[no-untyped-call]
    return [leaf.grad for leaf in (a, c) if leaf.grad is not None]


def _twice(f: F, a: Tensor, c: Tensor) -> list[Tensor]:
    a, c = _leaves(a, c)
    by_a, by_c = _gradients(f(c, a), [a, c], create_graph=True)
    return list(torch.autograd.grad(_loss(by_a, a, c) + _loss(by_c), [a, c]))


def _dual(f: F, a: Tensor, c: Tensor) -> list[Tensor]:
    dual: Any = forward_ad.make_dual
    with forward_ad.dual_level():
        value, tangent = forward_ad.unpack_dual(f(dual(c, c), dual(a, a)))  # type: ignore[no-untyped-call]
        return [value, torch.zeros_like(value) if tangent is None else tangent]


def _linearized(f: F, a: Tensor, c: Tensor) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # by torch.fx, of what linearize itself makes
        value, push = torch.func.linearize(lambda x, k: f(k, x), a, c)
        return value, push(a, c)


def _checkpointed(f: F, a: Tensor, c: Tensor) -> list[Tensor]:
    a, c = _leaves(a, c)
    return _gradients(checkpoint(f, c, a, use_reentrant=False), [a, c])


def _compiled(f: F, a: Tensor, c: Tensor) -> list[Tensor]:
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Dynamo names each place where it breaks the graph
        return _by_both(torch.compile(f, backend="eager"), a, c)


def _stacked(array: Tensor) -> Tensor:
    return torch.stack([array, array + 1.0])


TRANSFORMS: dict[str, dict[str, Callable[[F, Tensor, Tensor], Any]]] = {
    "reverse": {
        "autograd.grad": _by_both,
        "autograd.grad by the argument": _by_argument,
        "autograd.grad by the closure": _by_closure,
        "backward of what was computed": _backward,
        "func.grad by the argument": lambda f, a, c: torch.func.grad(lambda x: _loss(f(c, x), x))(a),
        "func.grad by the closure": lambda f, a, c: torch.func.grad(lambda k: _loss(f(k, a), k))(c),
        "func.jacrev": lambda f, a, c: torch.func.jacrev(lambda x: f(c, x))(a),
    },
    "second": {
        "autograd.grad twice": _twice,
        "func.hessian": lambda f, a, c: torch.func.hessian(lambda x: f(c, x).sum())(a),
    },
    "forward": {
        "func.jvp": lambda f, a, c: torch.func.jvp(lambda x, k: f(k, x), (a, c), (a, c)),
        "func.jacfwd": lambda f, a, c: torch.func.jacfwd(lambda x: f(c, x))(a),
        "func.linearize": _linearized,
        "forward_ad": _dual,
    },
    "batched": {
        "func.vmap over the argument": lambda f, a, c: torch.func.vmap(lambda x: f(c, x))(_stacked(a)),
        "func.vmap over the closure": lambda f, a, c: torch.func.vmap(lambda k: f(k, a))(_stacked(c)),
        "func.grad of vmap": lambda f, a, c: torch.func.grad(
            lambda z: _loss(torch.func.vmap(lambda x: f(c, x))(z))
        )(_stacked(a)),
    },
    "compiled": {"compile": _compiled},
    "recomputed": {"checkpoint": _checkpointed},
}  # fmt: skip
"""Kind -> name -> transform: it takes the function, its argument and its closure, and gives a tree of tensors."""


def gradient(f: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """PyTorch's own gradient of ``f``, as a function that can be differentiated."""
    return torch.func.grad(f)
