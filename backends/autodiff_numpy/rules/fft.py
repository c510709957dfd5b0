"""Discrete Fourier transforms. All are linear, and the matrix of `fft` is symmetric: each is its own transpose."""

from __future__ import annotations

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autodiff_numpy._array import plain
from autodiff_numpy._jvp import linear
from autodiff_numpy._rule import defined_by, rule
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._wrap import with_value
from autodiff_numpy.rules.cumulative import along

_OTHER_WAY = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _resized(xp, g, n, axis):
    """``g`` cut or filled with zeros to the length ``n``, as transforms do with their argument."""
    have = g.shape[axis]
    if have >= n:
        return g[along(axis, g.ndim, slice(0, n))] if have > n else g
    shape = tuple(n - have if i == axis % g.ndim else size for i, size in enumerate(g.shape))
    return xp.concatenate([g, np.zeros(shape, g.dtype)], axis)


def _back(function):
    """The transpose of `fft` or `ifft`: itself, between the same lengths."""

    def vjp(xp, g, a_shape, a_dtype, axis, norm):
        axis = -1 if axis is None else axis
        share = _resized(xp, getattr(xp, function)(g, None, axis, norm), a_shape[axis], axis)
        return xp.real(share) if np.dtype(a_dtype).kind != "c" else share

    return vjp


def _rfft(a, n, axis, norm):
    return np.fft.rfft(a, n, axis, norm)


def _irfft(a, n, axis, norm):
    return np.fft.irfft(a, n, axis, norm)


def _rfft_share(xp, g, a_shape, n, axis, norm):
    full = xp.fft(_resized(xp, g, n, axis), None, axis, norm)
    return _resized(xp, xp.real(full), a_shape[axis], axis)


def _irfft_share(xp, g, a_shape, n, axis, norm):
    """Frequencies that stand for their mirror image as well count twice."""
    ndim, half = g.ndim, n // 2 + 1
    twice = np.full(half, 2.0)
    twice[0] = 1.0
    if n % 2 == 0:
        twice[-1] = 1.0
    weights = twice.reshape([half if i == axis % ndim else 1 for i in range(ndim)]).astype(g.dtype)
    share = xp.conjugate(xp.rfft_real(g, n, axis, _OTHER_WAY[norm])) * weights
    return _resized(xp, share, a_shape[axis], axis)


_rfft.__name__, _irfft.__name__ = "rfft_real", "irfft_real"
rule(np.fft.fft, _back("fft"), jvp=linear)
rule(np.fft.ifft, _back("ifft"), jvp=linear)
rule(_rfft, _rfft_share, jvp=linear)
rule(_irfft, _irfft_share, jvp=linear)


@defined_by(np.fft.rfft)
def rfft(a, n=None, axis=-1, norm=None, out=None):
    """`np.fft.rfft`."""
    return TRACKED.rfft_real(a, a.shape[axis] if n is None else n, axis, norm)


@defined_by(np.fft.irfft)
def irfft(a, n=None, axis=-1, norm=None, out=None):
    """`np.fft.irfft`."""
    n = 2 * (a.shape[axis] - 1) if n is None else n
    if a.dtype.kind == "c":
        return TRACKED.irfft_real(a, n, axis, norm)
    z = TRACKED.astype(a, np.result_type(a.dtype, np.complex64))
    return with_value(TRACKED.irfft_real(z, n, axis, norm), np.fft.irfft(plain(a), n, axis, norm))


@defined_by(np.fft.hfft)
def hfft(a, n=None, axis=-1, norm=None, out=None):
    """`np.fft.hfft`."""
    return irfft(TRACKED.conjugate(a), n, axis, _OTHER_WAY[norm])


@defined_by(np.fft.ihfft)
def ihfft(a, n=None, axis=-1, norm=None, out=None):
    """`np.fft.ihfft`."""
    return TRACKED.conjugate(rfft(a, n, axis, _OTHER_WAY[norm]))


# --- several axes ---------------------------------------------------------------------------------------------


def _lengths(a, s, axes):
    if axes is None:
        axes = range(a.ndim) if s is None else range(-len(s), 0)
    axes = normalize_axis_tuple(tuple(axes), a.ndim, allow_duplicate=True)
    wanted = [-1] * len(axes) if s is None else s
    return [a.shape[axis] if n == -1 else n for axis, n in zip(axes, wanted, strict=True)], axes


def _each(transform, a, lengths, axes, norm):
    for n, axis in reversed(list(zip(lengths, axes, strict=True))):
        a = transform(a, n, axis, norm)
    return a


@defined_by(np.fft.fftn)
def fftn(a, s=None, axes=None, norm=None, out=None):
    """`np.fft.fftn`."""
    lengths, axes = _lengths(a, s, axes)
    return _each(TRACKED.fft, a, lengths, axes, norm)


@defined_by(np.fft.ifftn)
def ifftn(a, s=None, axes=None, norm=None, out=None):
    """`np.fft.ifftn`."""
    lengths, axes = _lengths(a, s, axes)
    return _each(TRACKED.ifft, a, lengths, axes, norm)


@defined_by(np.fft.rfftn)
def rfftn(a, s=None, axes=None, norm=None, out=None):
    """`np.fft.rfftn`: real along the last axis."""
    lengths, axes = _lengths(a, s, axes)
    return _each(TRACKED.fft, rfft(a, lengths[-1], axes[-1], norm), lengths[:-1], axes[:-1], norm)


@defined_by(np.fft.irfftn)
def irfftn(a, s=None, axes=None, norm=None, out=None):
    """`np.fft.irfftn`."""
    lengths, axes = _lengths(a, s, axes)
    last = 2 * (a.shape[axes[-1]] - 1) if s is None or s[-1] == -1 else s[-1]
    a = _each(TRACKED.ifft, a, lengths[-2::-1], axes[-2::-1], norm)
    return irfft(a, last, axes[-1], norm)


@defined_by(np.fft.fft2)
def fft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    """`np.fft.fft2`."""
    return fftn(a, s, axes, norm)


@defined_by(np.fft.ifft2)
def ifft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    """`np.fft.ifft2`."""
    return ifftn(a, s, axes, norm)


@defined_by(np.fft.rfft2)
def rfft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    """`np.fft.rfft2`."""
    return rfftn(a, s, axes, norm)


@defined_by(np.fft.irfft2)
def irfft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    """`np.fft.irfft2`."""
    return irfftn(a, s, axes, norm)


@defined_by(np.fft.fftshift)
def fftshift(x, axes=None):
    """`np.fft.fftshift`."""
    return _shifted(x, axes, lambda n: n // 2)


@defined_by(np.fft.ifftshift)
def ifftshift(x, axes=None):
    """`np.fft.ifftshift`."""
    return _shifted(x, axes, lambda n: -(n // 2))


def _shifted(x, axes, by):
    axes = tuple(range(x.ndim)) if axes is None else (axes,) if isinstance(axes, int) else tuple(axes)
    return TRACKED.roll(x, tuple(by(x.shape[axis]) for axis in axes), axes)
