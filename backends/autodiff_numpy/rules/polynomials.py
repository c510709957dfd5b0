"""NumPy's polynomials as arrays of coefficients, the highest power first."""

from __future__ import annotations

import numpy as np

from autodiff_numpy._array import plain
from autodiff_numpy._rule import defined_by
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._wrap import as_array
from autodiff_spec import UnsupportedError


def _coefficients(p):
    return TRACKED.atleast_1d(as_array(p))


def _shifted(p, before, after):
    """``p`` between zeros."""
    return TRACKED.concatenate([np.zeros(before, p.dtype), p, np.zeros(after, p.dtype)])


def _aligned(a1, a2):
    """Two polynomials with as many coefficients."""
    a1, a2 = _coefficients(a1), _coefficients(a2)
    length = max(len(a1), len(a2))
    return _shifted(a1, length - len(a1), 0), _shifted(a2, length - len(a2), 0)


@defined_by(np.polyadd, valued=True)
def polyadd(a1, a2):
    """`np.polyadd`."""
    first, second = _aligned(a1, a2)
    return first + second


@defined_by(np.polysub, valued=True)
def polysub(a1, a2):
    """`np.polysub`."""
    first, second = _aligned(a1, a2)
    return first - second


@defined_by(np.polymul, valued=True)
def polymul(a1, a2):
    """`np.polymul`."""
    return TRACKED.convolve(_coefficients(a1), _coefficients(a2))


@defined_by(np.polydiv, valued=True)
def polydiv(u, v):
    """`np.polydiv`: quotient and remainder, by long division."""
    rest, v = _coefficients(u) + 0.0, _coefficients(v) + 0.0
    steps = len(rest) - len(v) + 1
    quotient = []
    for k in range(steps):
        quotient.append(rest[k] / v[0])
        rest = rest - _shifted(quotient[-1] * v, k, steps - 1 - k)
    value = plain(rest)
    zeros = 0
    while zeros < len(value) - 1 and np.allclose(value[zeros], 0, rtol=1e-14):
        zeros += 1
    return TRACKED.stack(quotient) if quotient else np.zeros(1, value.dtype), rest[zeros:]


@defined_by(np.polyder, valued=True)
def polyder(p, m=1):
    """`np.polyder`."""
    if m < 0:
        raise ValueError(f"the order of a derivative must not be negative, and is {m}")
    p = as_array(p)
    for _ in range(int(plain(m))):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@defined_by(np.polyint, valued=True)
def polyint(p, m=1, k=None):
    """`np.polyint`, with ``k`` for the constants of integration."""
    m = int(plain(m))
    if m < 0:
        raise ValueError(f"the order of an integral must not be negative, and is {m}")
    constants = TRACKED.atleast_1d(as_array(0.0 if k is None else k))
    if len(constants) == 1:
        constants = TRACKED.repeat(constants, m)
    if len(constants) < m:
        raise ValueError(f"polyint of order {m} needs one constant or {m}, not {len(constants)}")
    p = as_array(p)
    for i in range(m):
        p = TRACKED.append(p / np.arange(len(p), 0, -1), constants[i])
    return p


@defined_by(np.poly, valued=True)
def poly(seq_of_zeros):
    """`np.poly`: the coefficients of the polynomial with these zeros, or of a matrix's characteristic polynomial."""
    zeros = _coefficients(seq_of_zeros)
    zeros = TRACKED.eigvals(zeros) if zeros.ndim == 2 else zeros
    found = np.ones(1, zeros.dtype)
    for i in range(len(zeros)):
        found = _shifted(found, 0, 1) - _shifted(found * zeros[i], 1, 0)
    roots = plain(zeros)
    if roots.dtype.kind == "c" and np.all(np.sort(roots) == np.sort(roots.conjugate())):
        return TRACKED.real(found)
    return found


@defined_by(np.roots, valued=True)
def roots(p):
    """`np.roots`: the eigenvalues of the companion matrix."""
    p = _coefficients(p)
    if p.ndim != 1:
        raise ValueError(f"roots needs an array of one dimension, not {p.ndim}")
    if len(p) and not (plain(p)[0] and plain(p)[-1]):
        raise UnsupportedError(
            "np.roots of a recorded polynomial needs a first and a last coefficient other than 0: it leaves out "
            "others, and their derivatives would be lost; leave them out before"
        )
    if len(p) < 2:
        return np.zeros(0)
    companion = TRACKED.concatenate([TRACKED.reshape(-p[1:] / p[0], (1, -1)), np.eye(len(p) - 2, len(p) - 1)])
    return TRACKED.eigvals(companion)


@defined_by(np.polyval, valued=True)
def polyval(p, x):
    """`np.polyval`, by Horner's scheme."""
    x = as_array(x)
    found = np.zeros_like(plain(x))
    for coefficient in p:
        found = TRACKED.add(TRACKED.multiply(found, x), coefficient)
    return found


@defined_by(np.vander, valued=True)
def vander(x, N=None, increasing=False):
    """`np.vander`."""
    x = as_array(x)
    if x.ndim != 1:
        raise ValueError(f"vander needs an array of one dimension, not {x.ndim}")
    powers = np.arange(x.shape[0] if N is None else N)
    return TRACKED.power(TRACKED.expand_dims(x, -1), powers if increasing else powers[::-1])
