"""Mutants whose rules are wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_numpy import Array, xp
from tests.mutants._mutant import change, mutant, rule_of
from tests.mutants._seams import at


@mutant("the derivative of sin has the wrong sign", "FUN-39")
def wrong_sign() -> None:
    change(np.sin, 0, lambda share: -share)


@mutant("the derivative of exp is one per cent too large", "FUN-17")
def wrong_factor() -> None:
    change(np.exp, 0, lambda share: share * 1.01)


def replace(function: Any, vjp: Callable[..., Any]) -> None:
    """Give the first argument of a function another rule, of the same residuals."""
    pullback = at.rules[function][0]
    assert pullback is not None
    pullback.vjp = vjp


@mutant("the derivative of tanh is 1 - tanh²", "FUN-170")
def cancelling_tanh() -> None:
    replace(np.tanh, lambda xp, g, x: g * (1 - xp.square(xp.tanh(x))))


@mutant("the share of the largest element of a softmax is its own", "FUN-171")
def cancelling_softmax() -> None:
    def share(xp: Any, g: Any, x: Any, ans: Any, axis: Any) -> Any:
        return ans * (g - xp.sum(g * ans, axis=axis, keepdims=True))

    replace(rule_of("_probabilities"), share)


@mutant("a norm's derivative is by the norm that was computed, be it infinite", "FUN-172")
def overflowing_norm() -> None:
    def share(xp: Any, g: Any, x: Any, ans: Any, axis: Any, keepdims: bool, ord: Any) -> Any:
        return xp.spread(g / ans, x.shape, axis, keepdims) * x

    replace(rule_of("_vector_norm"), share)


@mutant("factors are divided out of running products at every order", "FUN-173")
def divided_running_products() -> None:
    def share(xp: Any, g: Any, x: Any, ans: Any, axis: int) -> Any:
        return xp.flip(xp.running_sum(xp.flip(g * ans, axis), axis), axis) / x

    replace(rule_of("_running_product"), share)


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

    at.unbroadcast = fit


@mutant("the dividend of a quotient gets twice its share", "FUN-16")
def doubled_dividend() -> None:
    change(np.divide, 0, lambda share: share * 2)


@mutant("the gradient of mean divides by half the count", "FUN-49")
def mean_as_sum() -> None:
    change(rule_of("_mean"), 0, lambda share: share * 2)


@mutant("the gradient of a reduction over a negative axis goes along the other one", "FUN-48")
def negative_axis() -> None:
    right = at.values.spread

    def spread(g: Any, shape: Any, axis: Any, keepdims: Any) -> Any:
        if isinstance(axis, int) and axis < 0 and len(shape) > 1:
            axis = -1 - axis
        return right(g, shape, axis, keepdims)

    at.values.spread = spread


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

    at.values.scatter = scatter


@mutant("a tie of maximum gives the whole gradient to both", "KINK-05", "KINK-07")
def double_tie() -> None:
    for argument in (0, 1):
        pullback = at.rules[np.maximum][argument]
        assert pullback is not None
        pullback.vjp = lambda xp, g, x, y, ans: g * np.where(x == ans, 1.0, 0.0)


@mutant("the elements that tie for max each get the whole gradient", "KINK-08")
def shared_maximum() -> None:
    pullback = at.rules[np.max][0]
    assert pullback is not None
    pullback.vjp = lambda xp, g, a, ans, axis, keepdims: (
        xp.spread(g, a.shape, axis, keepdims)
        * (np.asarray(getattr(a, "value", a)) == np.max(getattr(a, "value", a), axis=axis, keepdims=True))
    )


@mutant("x**0 has the derivative NaN at 0", "KINK-27")
def nan_of_power() -> None:
    pullback = at.rules[np.power][0]
    assert pullback is not None
    pullback.vjp = lambda xp, g, x, y: g * y * xp.power(x, xp.subtract(y, 1))


@mutant("prod divides its result by the factor, NaN where that is 0", "KINK-34")
def product_by_division() -> None:
    pullback = at.rules[np.prod][0]
    assert pullback is not None
    pullback.vjp = lambda xp, g, a, axis, keepdims: (
        xp.spread(g, a.shape, axis, keepdims) * xp.prod(a, axis=axis, keepdims=True) / a
    )


@mutant("the norm of zeros has the derivative NaN", "KINK-15")
def nan_of_norm() -> None:
    pullback = at.rules[rule_of("_vector_norm")][0]
    assert pullback is not None
    right = pullback.vjp

    def vjp(xp: Any, g: Any, x: Any, ans: Any, axis: Any, keepdims: Any, ord: Any) -> Any:
        share = right(xp, g, x, ans, axis, keepdims, ord)
        zero = np.asarray(getattr(ans, "value", ans)) == 0
        return share * np.nan if zero.any() else share

    pullback.vjp = vjp


@mutant("the gradient of a complex source is the conjugate", "CPLX-01")
def missing_conjugate() -> None:
    at.conjugate = lambda g: g


@mutant("the conjugate of a complex gradient is taken beside the tape that is open outside", "CPLX-12", "PROG-18")
def conjugated_beside_the_tape() -> None:
    right = at.conjugate
    at.conjugate = lambda g: Array(g.value.conj(), g.node) if type(g) is Array else right(g)


@mutant("the pullback of a complex product does not conjugate", "PROG-16")
def plain_complex_product() -> None:
    for argument in (0, 1):
        change(np.multiply, argument, lambda share: np.conjugate(at.plain(share)))


@mutant("gradients of 16 bits lose what is behind the point", "PROG-17")
def coarse_half() -> None:
    right = at.finished

    def finished(*arguments: Any) -> list[Any]:
        return [np.trunc(g) if g is not None and g.dtype == np.float16 else g for g in right(*arguments)]

    at.finished = finished


STEPS = ("FUN-10", "FUN-19", "FUN-20", "FUN-37", "FUN-46", "KINK-49", "KINK-50")


@mutant("a step function passes the cotangent on", *STEPS)
def passed_by_steps() -> None:
    for function in (np.floor, np.ceil, np.trunc, np.rint, np.round, np.floor_divide):
        for pullback in at.rules[function]:
            assert pullback is not None
            pullback.vjp = lambda xp, g: g


@mutant("the derivative of the sign of a real number is that of its absolute value", "FUN-38", "KINK-49")
def sign_as_abs() -> None:
    change_of_real = at.rules[np.sign][0]
    assert change_of_real is not None
    right = change_of_real.vjp
    change_of_real.vjp = lambda xp, g, x, ans: g * ans if x.dtype.kind == "f" else right(xp, g, x, ans)


@mutant("elements that tie for the maximum norm each get the whole derivative", "KINK-17")
def shared_maximum_norm() -> None:
    _change_norm(np.inf, lambda x, share: share * np.sum(np.abs(x) == np.max(np.abs(x))))


@mutant("the 1-norm has a derivative by an element that is 0 as steep as two", "KINK-19")
def steep_norm() -> None:
    _change_norm(1, lambda x, share: np.where(x == 0, 2.0, share))


def _change_norm(order: float, how: Callable[[Any, Any], Any]) -> None:
    pullback = at.rules[rule_of("_vector_norm")][0]
    assert pullback is not None
    right = pullback.vjp

    def vjp(xp: Any, g: Any, x: Any, ans: Any, axis: Any, keepdims: Any, ord: Any) -> Any:
        share = right(xp, g, x, ans, axis, keepdims, ord)
        return how(x, share) if ord == order else share

    pullback.vjp = vjp


@mutant("std of equal elements has the derivative NaN", "KINK-24")
def nan_of_std() -> None:
    xp.std = lambda x, /, **options: xp.sqrt(xp.var(x, **options))


@mutant("where gives its cotangent to both branches", "FUN-47", "KINK-48")
def both_branches() -> None:
    for argument in (1, 2):
        pullback = at.rules[rule_of("_where")][argument]
        assert pullback is not None
        pullback.vjp = lambda names, g, condition, x_shape, x_dtype: at.unbroadcast(names, g, x_shape, x_dtype)


@mutant("cholesky of a matrix that is not positive definite is that of a nearby one", "KINK-64")
def shifted_cholesky() -> None:
    right = xp.linalg.cholesky

    def cholesky(x: Any, /, **options: Any) -> Any:
        least = np.min(np.linalg.eigvalsh(at.plain(x)))
        return right(x if least > 0 else x + (1.0 - least) * np.eye(x.shape[-1]), **options)

    xp.linalg.cholesky = cholesky
