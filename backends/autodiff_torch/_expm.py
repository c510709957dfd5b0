"""The matrix exponential, with derivatives that are as exact for large cotangents and tangents as for small ones.

PyTorch takes the exponential of a matrix that holds the cotangent, whose norm says how often it is halved and squared:
so the error grows with the cotangent.
"""

from __future__ import annotations

import math
from typing import Any

import torch


def expm(a: Any) -> Any:
    """The exponentials of square matrices, an array and no variable."""
    apply: Any = _Expm.apply
    found: Any = apply(a)
    return found


class _Expm(torch.autograd.Function):
    @staticmethod
    def forward(a: Any) -> Any:
        # Of one small matrix alone, and of no stack, a coefficient of the series is wrong before 2.15.
        alone = math.prod(a.shape[:-2]) == 1 and bool(torch.linalg.matrix_norm(a, ord=1) < 1)
        return torch.matrix_exp(a.expand(2, *a.shape))[0].clone() if alone else torch.matrix_exp(a)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        return _along(cotangent, ctx.saved_tensors[0].mH)

    @staticmethod
    def jvp(ctx: Any, tangent: Any) -> Any:
        return _along(tangent, ctx.saved_tensors[0])

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int, ...], a: Any) -> Any:
        return expm(a.movedim(in_dims[0], 0)), 0


def _along(e: Any, a: Any) -> Any:
    """The derivative at ``a`` along ``e``, a block of the exponential of [[a, e], [0, a]], with ``e`` of size 1.

    After N. J. Higham, Functions of Matrices (2008), theorem 3.6.
    """
    if not e.numel():
        return e
    size = e.detach().abs().amax((-2, -1), keepdim=True)
    size = torch.where((size > 0) & (size < math.inf), size, 1)
    n = a.shape[-1]
    above, below = torch.cat([a, e / size], -1), torch.cat([torch.zeros_like(a), a], -1)
    return expm(torch.cat([above, below], -2))[..., :n, n:] * size
