"""The determinant, with derivatives of every order at singular matrices too, where PyTorch's rule gives zeros."""

from __future__ import annotations

from typing import Any

import torch

from autodiff_torch._variable import Variable, resolve


def det(x: Any, /) -> Any:
    """``linalg.det`` of the namespace. KINK-59, KINK-60: its derivative is the matrix of cofactors, everywhere."""
    found: Any = _Det.apply(resolve(x) if isinstance(x, Variable) else x)  # apply() sees the tensor behind a variable
    return found


class _Det(torch.autograd.Function):
    @staticmethod
    def forward(a: Any) -> Any:
        return torch.linalg.det(a)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        (a,) = ctx.saved_tensors
        return cotangent[..., None, None] * _cofactors(a).conj()

    @staticmethod
    def jvp(ctx: Any, tangent: Any) -> Any:
        (a,) = ctx.saved_tensors
        return (_cofactors(a) * tangent).sum((-2, -1))


def _cofactors(a: Any) -> Any:
    """``det(a) · a⁻ᵀ`` for regular matrices, from minors for the others; differentiable.

    A matrix counts as singular below half the digits of its dtype: derivatives of the inverse would be lost there. The
    minors are taken only where they are needed, since there are many.
    """
    with torch.no_grad():
        inverse = torch.linalg.inv_ex(a).inverse
        condition = _size(a) * _size(inverse)
        regular = (condition < torch.finfo(a.dtype).eps ** -0.5)[..., None, None]  # false where it is NaN
    if bool(regular.all()):
        return _det_times_inverse(a)
    identity = torch.eye(a.shape[-1], dtype=a.dtype, device=a.device)
    return torch.where(regular, _det_times_inverse(torch.where(regular, a, identity)), _minors(a))


def _size(a: Any) -> Any:
    """The root of the sum of squares, an estimate of the largest singular value."""
    return torch.linalg.vector_norm(a, dim=(-2, -1))


def _det_times_inverse(a: Any) -> Any:
    return det(a)[..., None, None] * torch.linalg.inv(a).mT


def _minors(a: Any) -> Any:
    """Cofactors as determinants of what remains without a row and a column: polynomials, right at every order."""
    n = a.shape[-1]
    place = torch.arange(n, device=a.device)
    others = torch.arange(n - 1, device=a.device)
    others = others + (others >= place[:, None])  # in each row all numbers but its own
    parts = a[..., others[:, None, :, None], others[None, :, None, :]]  # (..., n, n, n - 1, n - 1)
    return det(parts) * (1 - 2 * ((place[:, None] + place) % 2)).to(a.dtype)
