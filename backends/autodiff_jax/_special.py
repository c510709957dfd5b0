"""Functions of `mended.extra`, of JAX's arrays: special functions that are right in their tails, at every order."""

from __future__ import annotations

import math
from typing import Any

import jax
from jax import numpy as jnp
from jax.scipy import special


@jax.custom_jvp
def erfinv(x: Any) -> Any:
    """The inverse error function; beyond ±½ it is a quantile of the normal distribution, of 1 - x, which is exact."""
    away = jnp.abs(x) > 0.5
    rest = jnp.where(away, 1 - jnp.abs(x), 1) / 2
    quantile = special.ndtri(rest.astype(jnp.promote_types(x.dtype, jnp.float32))).astype(x.dtype)  # not of halves
    return jnp.where(away, -jnp.sign(x) * quantile * math.sqrt(0.5), special.erfinv(jnp.where(away, 0, x)))


@erfinv.defjvp
def _erfinv_rule(primals: Any, tangents: Any) -> Any:
    value = erfinv(*primals)
    return value, math.sqrt(math.pi) / 2 * jnp.exp(value * value) * tangents[0]


@jax.custom_jvp
def lgamma(x: Any) -> Any:
    """The logarithm of abs Γ(x)."""
    return special.gammaln(x)


@lgamma.defjvp
def _lgamma_rule(primals: Any, tangents: Any) -> Any:
    return lgamma(*primals), digamma(*primals) * tangents[0]


def digamma(x: Any) -> Any:
    """The derivative of `lgamma`; below 0 by reflection (DLMF 5.5.4), for JAX's zeta function is wrong there.

    The angle πx is without its multiples of π, which would cost it digits. Of huge numbers that function is 0; they
    have their logarithm, for what follows (DLMF 5.11.2) no format holds beside it.
    """
    negative, huge = x < 0, x * 2.0**-45 > 2.0**15  # beyond 2⁶⁰, by constants that 16 bits have
    angle = math.pi * jnp.where(negative, x - jnp.round(x), 0.5)
    found = special.digamma(jnp.where(negative, 1 - x, jnp.where(huge, 1, x)))
    found = jnp.where(huge, jnp.log(jnp.where(huge, x, 1)), found)
    return jnp.where(negative, found - math.pi / jnp.tan(angle), found)


def gammainc(a: Any, x: Any) -> Any:
    """The regularised lower incomplete gamma function."""
    return _at_ends(special.gammainc, lambda x: -jnp.expm1(-x), a, x)


def gammaincc(a: Any, x: Any) -> Any:
    """The regularised upper one."""
    return _at_ends(special.gammaincc, lambda x: jnp.exp(-x), a, x)


def _at_ends(function: Any, of_order_1: Any, a: Any, x: Any) -> Any:
    """At ∞, and at 0 for ``a = 1``, JAX's rule is 0·∞; there the function of order 1 has the same derivative."""
    end = (x == math.inf) | ((x == 0) & (a == 1))
    return jnp.where(end, of_order_1(x), function(a, jnp.where(end, 1, x)))
