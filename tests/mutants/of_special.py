"""Mutants of what `extra` has beyond arithmetic: SciPy's functions on NumPy, and one-hot arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

import autodiff_numpy.rules.special  # noqa: F401  (the rules that are broken here)
from autodiff_numpy import extra
from tests.mutants._mutant import change, mutant
from tests.mutants._seams import at


@mutant("the derivative of lgamma at a negative number is that at its absolute value", "FUN-141")
def digamma_of_absolute_value() -> None:
    pullback = at.rules[special.gammaln][0]
    assert pullback is not None
    pullback.vjp = lambda names, g, x: g * names.psi(names.absolute(x))


@mutant("trigamma has nine digits", "FUN-142", "FUN-147")
def trigamma_of_nine_digits() -> None:
    change(special.psi, 0, lambda share: share * (1 + 1e-9))


@mutant("trigamma is large at a pole, and not infinite", "KINK-73")
def trigamma_with_a_limit() -> None:
    change(special.psi, 0, lambda share: np.minimum(share, 1e31))


@mutant("erfinv has the derivative of erf, not one over it", "FUN-143", "KINK-75")
def slope_of_erf() -> None:
    pullback = at.rules[special.erfinv][0]
    assert pullback is not None
    pullback.vjp = lambda names, g, x: g * names.exp(-x * x) * (2 / np.sqrt(np.pi))


@mutant("gammainc and gammaincc have each other's derivatives", "FUN-144", "FUN-145", "KINK-74")
def exchanged_tails() -> None:
    for function in (special.gammainc, special.gammaincc):
        change(function, 1, lambda share: -share)


@mutant("the derivatives of gammainc and gammaincc by a are zeros", "FUN-146")
def zeros_by_the_order() -> None:
    for function in (special.gammainc, special.gammaincc):
        pullback = at.rules[function][0]
        assert pullback is not None
        pullback.vjp = lambda names, g, x: 0.0 * g * x


@mutant("one_hot begins again with the first class after the last", "FUN-140")
def cyclic_classes() -> None:
    right = extra.one_hot

    def one_hot(x: Any, num_classes: int, /, *, dtype: Any = None) -> Any:
        return right(x % num_classes if num_classes else x, num_classes, dtype=dtype)

    extra.one_hot = one_hot
