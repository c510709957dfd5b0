"""The bugs that frameworks have at points where functions are smooth, made again in the NumPy engine.

Others of the kind stand where their part of the engine is: `lost_adjugate`, `divided_running_product`,
`product_by_division`, `nan_of_power`, `rule_passed_over_in_forward_mode`, `mixed_threads`.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

import autodiff_numpy
from autodiff_numpy import Array, NumpyBackend, extra, xp
from tests.mutants._mutant import mutant, rule_of
from tests.mutants._seams import at


def _instead(function: Any, argument: int, vjp: Any) -> None:
    """Let an argument of a rule have another pullback, which gets the residuals of the right one."""
    pullback = at.rules[function][argument]
    assert pullback is not None
    pullback.vjp = vjp


@mutant("the second derivative of prod is 0 in the rows of factors that are not 0", "KINK-35")
def lost_cross_terms() -> None:
    pullback = at.rules[np.prod][0]
    assert pullback is not None
    right = pullback.vjp

    def share(names: Any, g: Any, a: Any, *rest: Any) -> Any:
        value = at.plain(a)
        if not np.any(value == 0):
            return right(names, g, a, *rest)
        return names.multiply(right(at.values, np.ones_like(at.plain(g)), value, *map(at.plain, rest)), g)

    pullback.vjp = share


@mutant("xlogy(0, y) has the derivative 0 by its first argument", "KINK-67")
def lost_logarithm() -> None:
    right = extra.xlogy
    extra.xlogy = lambda x, y: xp.where(xp.equal(x, 0.0), 0.0, right(x, y))


@mutant("logaddexp gives the whole derivative to one of two equal numbers", "KINK-37")
def one_sided_logaddexp() -> None:
    for argument, better in ((0, np.greater_equal), (1, np.less)):

        def share(names: Any, g: Any, x: Any, y: Any, better: Any = better, argument: int = argument) -> Any:
            a, b = at.plain(x), at.plain(y)
            right = names.sigmoid(x - y) if argument == 0 else names.sigmoid(y - x)
            return g * names.where(np.equal(a, b), np.where(better(a, b), 1.0, 0.0), right)

        _instead(np.logaddexp, argument, share)


@mutant("x**1 has the second derivative NaN at 0", "KINK-28")
def nan_of_second_power() -> None:
    pullback = at.rules[np.power][0]
    assert pullback is not None
    right = pullback.vjp

    def share(names: Any, g: Any, x: Any, y: Any) -> Any:
        if np.any(at.plain(x) == 0) and np.all(at.plain(y) == 0):
            return g * y * names.power(x, -1.0)
        return right(names, g, x, y)

    pullback.vjp = share


@mutant("sinc has the derivative NaN at 0, and cancels near it", "KINK-62", "FUN-178")
def nan_of_sinc() -> None:
    extra.sinc = lambda x: xp.sin(xp.multiply(x, np.pi)) / xp.multiply(x, np.pi)


@mutant("hypot squares what it is given, and overflows", "KINK-23")
def overflowing_hypot() -> None:
    for argument in (0, 1):
        _instead(np.hypot, argument, lambda names, g, x, ans: g * x / names.sqrt(ans * ans))


@mutant("a cast to integers and back has the derivative 1", "KINK-54")
def cast_as_identity() -> None:
    right = Array.astype

    def astype(self: Any, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        if np.dtype(dtype).kind not in "iu":
            return right(self, dtype, *args, **kwargs)
        return self - (at.plain(self) - np.trunc(at.plain(self)))

    Array.astype = astype
    module = sys.modules[xp.astype.__module__]
    for names in (xp, module):
        names.astype = lambda x, dtype, **kwargs: x.astype(dtype)


@mutant("a position that is named twice gets its gradient once", "VJP-17")
def lost_repetition() -> None:
    right = at.as_arguments

    def as_arguments(self: Any, leaves: Any) -> Any:
        found = right(self, leaves)
        if self.single:
            return found
        pairs = enumerate(zip(self.chosen, found, strict=True))
        return tuple(0 * g if i in self.chosen[k + 1 :] else g for k, (i, g) in pairs)

    at.as_arguments = as_arguments


@mutant("a running sum forgets its first element", "FUN-84")
def late_running_sum() -> None:
    function = rule_of("_running_sum")
    pullback = at.rules[function][0]
    assert pullback is not None
    right = pullback.vjp
    pullback.vjp = lambda names, g, *residuals: _without_first(right(names, g, *residuals))


def _without_first(share: Any) -> Any:
    changed = np.array(at.plain(share))
    changed[:1] = 0
    return changed


@mutant("keepdims is forgotten on the way back", "FUN-48")
def forgotten_keepdims() -> None:
    right = at.values.spread

    def spread(g: Any, shape: Any, axis: Any, keepdims: Any) -> Any:
        if keepdims and np.size(g) > 1:
            return np.broadcast_to(np.squeeze(g), shape)
        return right(g, shape, axis, keepdims)

    at.values.spread = spread


@mutant("the sum over what was broadcast is taken twice", "FUN-30", "GRAD-28")
def oversummed_broadcast() -> None:
    right = at.unbroadcast

    def fit(xp: Any, g: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        found = right(xp, g, shape, dtype)
        return found * 2 if g.shape != shape else found

    at.unbroadcast = fit


@mutant("a gradient of zeros comes back where an engine failed", "KINK-63")
def zeros_for_errors() -> None:
    right = np.linalg.inv

    def inv(a: Any) -> Any:
        try:
            return right(a)
        except np.linalg.LinAlgError:
            return np.zeros_like(a)

    for names in (xp.linalg, at.values, at.tracked):
        for name in ("inv", "solve"):
            if hasattr(names, name):
                setattr(names, name, inv if name == "inv" else lambda a, b: inv(a) @ b)


@mutant("what is kept for the way back is overwritten by the next gradient", "TAPE-22", "GRAD-23")
def overwritten_residual() -> None:
    right = at.rules[np.multiply][0]
    assert right is not None
    once = right.vjp

    def share(names: Any, g: Any, y: Any) -> Any:
        found = once(names, g, y)
        if isinstance(y, np.ndarray) and y.flags.owndata and y.ndim:
            y.flags.writeable = True  # the value of a variable is locked
            y *= 0
        return found

    right.vjp = share


@mutant("an assigned variable is seen by the functional form with its first value", "VAR-16")
def first_value_forever() -> None:
    NumpyBackend._assign = lambda self, variable, array: None


@mutant("the rule of std divides by its value and masks the quotient, but not what is derived from it", "KINK-70")
def masked_quotient() -> None:
    _mask_spread()


@mutant("the derivative of a power by its base is the constant 0 where the exponent is 0, whatever the base", "KINK-72")
def constant_at_no_power() -> None:
    def vjp(xp: Any, g: Any, x: Any, y: Any) -> Any:
        zero = y == 0
        return g * xp.where(zero, 0, y * xp.power(x, xp.where(zero, 1, y - 1)))

    _instead(np.power, 0, vjp)


@mutant("the pushforward of std comes from a rule that divides by its value", "KINK-71")
def unmasked_pushforward() -> None:
    _mask_spread()


def _mask_spread() -> None:
    right = xp.std

    def std(x: Any, /, **keywords: Any) -> Any:
        if keywords:
            return right(x, **keywords)
        rule = autodiff_numpy.backend("native").custom_vjp(right)
        rule.defvjp(lambda x: (right(x), x), _masked)
        return rule(x)

    def _masked(x: Any, g: Any) -> Any:
        size = right(x)
        return (xp.where(size == 0, 0.0, g * (x - xp.mean(x)) / (size * at.plain(x).size)),)

    xp.std = std
