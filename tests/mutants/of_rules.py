"""Mutants whose rules are wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy import _record, _tape
from autodiff_numpy._array import plain
from tests.mutants._mutant import change, mutant, rule_of


@mutant("the derivative of sin has the wrong sign", "FUN-39")
def wrong_sign() -> None:
    change(np.sin, 0, lambda share: -share)


@mutant("the derivative of exp is one per cent too large", "FUN-17")
def wrong_factor() -> None:
    change(np.exp, 0, lambda share: share * 1.01)


@mutant("the second argument of multiply has no derivative", "FUN-30", "GRAD-29")
def lost_argument() -> None:
    change(np.multiply, 1, lambda share: None)


@mutant("broadcasting is undone by taking the first element in place of the sum", "FUN-04", "GRAD-28")
def unsummed_broadcast() -> None:
    def fit(xp: Any, g: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        while g.ndim > len(shape):
            g = g[0]
        for i, n in enumerate(shape):
            if n == 1 and g.shape[i] != 1:
                g = g[(slice(None),) * i + (slice(0, 1),)]
        return xp.astype(g, dtype)

    _record.fit = fit


@mutant("the gradient of mean forgets to divide", "FUN-49", "FUN-16")
def mean_as_sum() -> None:
    change(np.divide, 0, lambda share: share * 2)


@mutant("the gradient of a reduction over a negative axis goes along the other one", "FUN-48")
def negative_axis() -> None:
    right = _record.RAW.spread

    def spread(g: Any, shape: Any, axis: Any, keepdims: Any) -> Any:
        if isinstance(axis, int) and axis < 0 and len(shape) > 1:
            axis = -1 - axis
        return right(g, shape, axis, keepdims)

    _record.RAW.spread = spread


@mutant("the right factor of matmul gets its gradient transposed", "FUN-55")
def transposed_matmul() -> None:
    def transpose(share: Any) -> Any:
        square = share.ndim >= 2 and share.shape[-1] == share.shape[-2]
        return share.swapaxes(-1, -2) if square else share * 0

    change(np.matmul, 1, transpose)


@mutant("indexing with duplicates scatters in place of adding", "FUN-79", "GRAD-27", "KINK-57")
def scatter_without_add() -> None:
    def scatter(g: Any, index: Any, shape: Any) -> Any:
        full = np.zeros(shape, g.dtype)
        full[index] = g
        return full

    _record.RAW.scatter = scatter


@mutant("a tie of maximum gives the whole gradient to both", "KINK-05", "KINK-07")
def double_tie() -> None:
    for argument in (0, 1):
        pullback = _record.RULES[np.maximum][argument]
        assert pullback is not None
        pullback.vjp = lambda xp, g, x, y, ans: g * np.where(x == ans, 1.0, 0.0)


@mutant("the elements that tie for max each get the whole gradient", "KINK-08")
def shared_maximum() -> None:
    pullback = _record.RULES[np.max][0]
    assert pullback is not None
    pullback.vjp = lambda xp, g, a, ans, axis, keepdims: (
        xp.spread(g, a.shape, axis, keepdims)
        * (np.asarray(getattr(a, "value", a)) == np.max(getattr(a, "value", a), axis=axis, keepdims=True))
    )


@mutant("x**0 has the derivative NaN at 0", "KINK-27")
def nan_of_power() -> None:
    pullback = _record.RULES[np.power][0]
    assert pullback is not None
    pullback.vjp = lambda xp, g, x, y: g * y * xp.power(x, xp.subtract(y, 1))


@mutant("prod divides its result by the factor, NaN where that is 0", "KINK-34")
def product_by_division() -> None:
    pullback = _record.RULES[np.prod][0]
    assert pullback is not None
    pullback.vjp = lambda xp, g, a, axis, keepdims: (
        xp.spread(g, a.shape, axis, keepdims) * xp.prod(a, axis=axis, keepdims=True) / a
    )


@mutant("the norm of zeros has the derivative NaN", "KINK-15")
def nan_of_norm() -> None:
    pullback = _record.RULES[rule_of("_vector_norm")][0]
    assert pullback is not None
    right = pullback.vjp

    def vjp(xp: Any, g: Any, x: Any, ans: Any, axis: Any, keepdims: Any, ord: Any) -> Any:
        share = right(xp, g, x, ans, axis, keepdims, ord)
        zero = np.asarray(getattr(ans, "value", ans)) == 0
        return share * np.nan if zero.any() else share

    pullback.vjp = vjp


@mutant("the gradient of a complex source is the conjugate", "CPLX-01")
def missing_conjugate() -> None:
    _tape._conjugate = lambda g: g


@mutant("the pullback of a complex product does not conjugate", "PROG-16")
def plain_complex_product() -> None:
    for argument in (0, 1):
        change(np.multiply, argument, lambda share: np.conjugate(plain(share)))


@mutant("gradients of 16 bits lose what is behind the point", "PROG-17")
def coarse_half() -> None:
    right = _tape._finished

    def finished(*arguments: Any) -> list[Any]:
        return [np.trunc(g) if g is not None and g.dtype == np.float16 else g for g in right(*arguments)]

    _tape._finished = finished
