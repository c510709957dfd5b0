"""Functions of `mended.extra`, of arrays and no variables: the gamma function's, right at every order and at the ends.

PyTorch's trigamma, the second derivative of the gamma function's logarithm, has ten digits, and loses more below 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch


def lgamma(x: Any) -> Any:
    """The logarithm of abs Γ(x)."""
    return _with_slope(x, torch.special.gammaln, digamma)


def digamma(x: Any) -> Any:
    """The derivative of `lgamma`."""
    return _with_slope(x, torch.special.digamma, _trigamma)


def _trigamma(x: Any) -> Any:
    """The derivative of `digamma`, ζ(2, x) (DLMF 25.11.12), which PyTorch has to the last digits, from 32 bits on."""
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    return torch.special.zeta(2.0, wide).to(x.dtype)


def gammainc(a: Any, x: Any) -> Any:
    """The regularised lower incomplete gamma function."""
    return _at_ends(torch.special.gammainc, lambda x: -torch.expm1(-x), a, x)


def gammaincc(a: Any, x: Any) -> Any:
    """The regularised upper one."""
    return _at_ends(torch.special.gammaincc, lambda x: torch.exp(-x), a, x)


def at_end(a: Any, x: Any) -> Any:
    """Where the rule of an incomplete gamma function is 0·∞: at ∞, and at 0 for ``a = 1``; for NumPy arrays too."""
    return (x == math.inf) | ((x == 0) & (a == 1))


def _at_ends(function: Any, of_order_1: Any, a: Any, x: Any) -> Any:
    """``function(a, x)``; at its ends that of order 1 has the same derivatives by ``x``, and a rule without ∞."""
    end = at_end(a, x)
    return torch.where(end, of_order_1(x), function(a, torch.where(end, 1, x)))


def ruled(function: Callable[..., Any], *slopes: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` of arrays of one shape and dtype; ``slopes``, differentiable functions, are its derivatives."""
    apply: Any = _Ruled.apply
    return lambda *arrays: apply(function, slopes, *arrays)


class _Ruled(torch.autograd.Function):
    @staticmethod
    def forward(function: Callable[..., Any], slopes: tuple[Any, ...], *arrays: Any) -> Any:
        return function(*arrays)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        _, ctx.slopes, *arrays = inputs
        ctx.save_for_backward(*arrays)
        ctx.save_for_forward(*arrays)

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        asked = zip(ctx.slopes, ctx.needs_input_grad[2:], strict=True)
        arrays = ctx.saved_tensors
        return (None, None, *(cotangent * slope(*arrays).conj() if needed else None for slope, needed in asked))

    @staticmethod
    def jvp(ctx: Any, _function: Any, _slopes: Any, *tangents: Any) -> Any:
        terms = [t * s(*ctx.saved_tensors) for t, s in zip(tangents, ctx.slopes, strict=True) if t is not None]
        return sum(terms[1:], terms[0])

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], function: Any, slopes: Any, *arrays: Any) -> Any:
        rows = [a.expand(info.batch_size, *a.shape) if d is None else a.movedim(d, 0)
                for a, d in zip(arrays, in_dims[2:], strict=True)]  # fmt: skip
        return ruled(function, *slopes)(*rows), 0


def _with_slope(x: Any, function: Callable[[Any], Any], slope: Callable[[Any], Any]) -> Any:
    """``function(x)``, of which ``slope(x)``, a differentiable function, is the derivative."""
    apply: Any = _WithSlope.apply
    return apply(x, function, slope)


class _WithSlope(torch.autograd.Function):
    @staticmethod
    def forward(x: Any, function: Callable[[Any], Any], slope: Callable[[Any], Any]) -> Any:
        return function(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(inputs[0])
        ctx.save_for_forward(inputs[0])
        ctx.slope = inputs[2]

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        return cotangent * ctx.slope(*ctx.saved_tensors), None, None

    @staticmethod
    def jvp(ctx: Any, tangent: Any, *_: Any) -> Any:
        return tangent * ctx.slope(*ctx.saved_tensors)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int, ...], x: Any, function: Any, slope: Any) -> Any:
        return _with_slope(x, function, slope), in_dims[0]
