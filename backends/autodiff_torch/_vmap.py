"""`vmap` by `torch.func.vmap`: all slices at once. Where it refuses, the loop does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autodiff_torch._state import BATCHING, ONES
from autodiff_torch._variable import Variable, resolve

Tensor = torch.Tensor


def batched(f: Callable[..., list[Tensor]], arrays: list[Tensor], axes: list[int]) -> list[Tensor]:
    """The outputs of ``f`` for all slices of ``arrays`` along ``axes``, stacked in front.

    Raises:
        Exception: of any type, where ``f`` cannot run on a batch: it looks at a value, has a rule of its own, …
    """
    token = BATCHING.set(True)
    try:
        found = torch.func.vmap(f, in_dims=tuple(axes))(*map(_own, arrays))
    finally:
        BATCHING.reset(token)
    return [array.clone(memory_format=torch.contiguous_format) for array in found]  # no view of anything


def vjp(f: Callable[..., list[Any]], primals: list[Tensor]) -> tuple[list[Any], Callable[[list[Any]], list[Tensor]]]:
    """The functional form inside such a batch, where no tape can be: `torch.func.vjp`."""
    places: list[int] = []  # of the outputs that have a derivative
    rest: dict[int, Any] = {}  # the others that are no arrays

    def parted(*leaves: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        outputs = [_own(output) for output in f(*leaves)]
        arrays = {i: output for i, output in enumerate(outputs) if isinstance(output, Tensor)}
        places[:] = [i for i, array in arrays.items() if array.is_floating_point() or array.is_complex()]
        discrete = [i for i in arrays if i not in places]
        rest.update((i, output) for i, output in enumerate(outputs) if i not in arrays)
        order[:] = places + discrete
        return tuple(arrays[i] for i in places), tuple(arrays[i] for i in discrete)

    order: list[int] = []
    values, pull, others = torch.func.vjp(parted, *map(_own, primals), has_aux=True)  # type: ignore[misc]
    found = rest | dict(zip(order, (*values, *others), strict=True))

    def pullback(cotangents: list[Any]) -> list[Tensor]:
        given = []
        for i, value in zip(places, values, strict=True):
            seed = cotangents[i]
            given.append(
                torch.ones_like(value) if seed is ONES else torch.zeros_like(value) if seed is None else seed
            )
        return list(pull(tuple(given)))

    return [found[i] for i in range(len(found))], pullback


def _own(array: Any) -> Any:
    return resolve(array) if type(array) is Variable else array
