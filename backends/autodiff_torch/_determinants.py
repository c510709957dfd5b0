"""The determinant, with derivatives of every order at singular matrices too, where PyTorch's rule gives zeros."""

from __future__ import annotations

from typing import Any

import torch


def det(x: Any, value: Any = None) -> Any:
    """The determinant of ``x``, an array and no variable; ``value`` if it is known already."""
    apply: Any = _Det.apply
    found: Any = apply(x, value)
    return found


class _Det(torch.autograd.Function):
    @staticmethod
    def forward(a: Any, value: Any) -> Any:
        return torch.linalg.det(a) if value is None else value.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(inputs[0], output)
        ctx.save_for_forward(inputs[0], output)

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        return cotangent[..., None, None] * _cofactors(*ctx.saved_tensors).conj(), None

    @staticmethod
    def jvp(ctx: Any, tangent: Any, _: Any) -> Any:
        return (_cofactors(*ctx.saved_tensors) * tangent).sum((-2, -1))

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], a: Any, _: Any) -> Any:
        return det(a.movedim(in_dims[0], 0)), 0


def _cofactors(a: Any, determinant: Any) -> Any:
    """``determinant · a⁻ᵀ`` for regular matrices, from minors for the others; differentiable.

    A matrix counts as singular below half the digits of its dtype: derivatives of the inverse would be lost there. The
    minors are taken only where they are needed, since there are many.
    """
    inverse = torch.linalg.inv_ex(a).inverse
    condition = _size(a.detach()) * _size(inverse.detach())
    regular = (condition < torch.finfo(a.dtype).eps ** -0.5)[..., None, None]  # false where it is NaN
    if bool(regular.all()):
        return determinant[..., None, None] * inverse.mT
    stand_in = torch.where(regular, a, torch.eye(a.shape[-1], dtype=a.dtype, device=a.device))
    of_regular = determinant[..., None, None] * torch.linalg.inv(stand_in).mT
    return torch.where(regular, of_regular, _minors(a))


def _size(a: Any) -> Any:
    """The root of the sum of squares: the largest singular value, or somewhat more."""
    return torch.linalg.vector_norm(a, dim=(-2, -1))


def _minors(a: Any) -> Any:
    """Cofactors as determinants of what remains without a row and a column: polynomials, right at every order."""
    n = a.shape[-1]
    place = torch.arange(n, device=a.device)
    others = torch.arange(n - 1, device=a.device)
    others = others + (others >= place[:, None])  # in each row all numbers but its own
    parts = a[..., others[:, None, :, None], others[None, :, None, :]]  # (..., n, n, n - 1, n - 1)
    return det(parts) * (1 - 2 * ((place[:, None] + place) % 2)).to(a.dtype)
