"""Mutants whose rules of linear algebra, of transforms or of running products are wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.mutants._mutant import change, mutant, rule_of
from tests.mutants._seams import at


@mutant("the gradient of eigenvectors has the sign of the gaps turned", "FUN-101", "FUN-124")
def turned_gaps() -> None:
    change(rule_of("_eigenvector"), 0, lambda share: -share)


@mutant("the gradient by a matrix of which one triangle is read is spread over both", "KINK-82")
def both_triangles() -> None:
    change(rule_of("_completed"), 0, lambda share: 0.5 * (share + np.conj(np.swapaxes(at.plain(share), -1, -2))))


@mutant("the gradient of a factor of Cholesky is one per cent too large", "FUN-99")
def wrong_factor_of_cholesky() -> None:
    for name in ("_cholesky_factor", "_cholesky_of_lower"):
        change(rule_of(name), 0, lambda share: share * 1.01)


@mutant("the sign of a complex number has the derivative 0", "FUN-122")
def constant_phase() -> None:
    change(np.sign, 0, lambda share: None)


@mutant("the pullback of inv is transposed", "FUN-96", "FUN-98")
def transposed_inverse() -> None:
    change(np.linalg.inv, 0, lambda share: np.swapaxes(at.plain(share), -1, -2))


@mutant("the pullback of fft conjugates", "FUN-108")
def conjugated_transform() -> None:
    change(np.fft.fft, 0, lambda share: np.conjugate(at.plain(share)))


@mutant("cumulative_prod divides its result by the factor, with 0 for 0/0", "KINK-36")
def divided_running_product() -> None:
    pullback = at.rules[rule_of("_running_product")][0]
    assert pullback is not None
    right = pullback.vjp
    # where no factor is 0 the two agree
    pullback.vjp = lambda xp, g, *kept: xp.where(np.asarray(at.plain(kept[0])) == 0, 0, right(xp, g, *kept))


@mutant("the gradient of det at a singular matrix is 0", "KINK-59")
def lost_adjugate() -> None:
    pullback = at.rules[rule_of("_determinant")][0]
    assert pullback is not None
    right = pullback.vjp

    def share(xp: Any, g: Any, a: Any, *kept: Any) -> Any:
        return xp.where(np.asarray(np.linalg.det(at.plain(a)) == 0)[..., None, None], 0, right(xp, g, a, *kept))

    pullback.vjp = share
