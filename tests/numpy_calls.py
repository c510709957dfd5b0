"""Calls of NumPy's functions as its users write them: lines over ``x``, to differentiate by, and constants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

_draw = np.random.default_rng(0)


def _apart(*shape: int) -> Any:
    """Numbers of (0.3, 1.8) in a shuffled order, none within 0.02 of another: sorts, medians and kinks are far off."""
    count = int(np.prod(shape))
    return _draw.permutation(np.linspace(0.3, 1.8, count) + 0.001).reshape(shape)


SOURCES: dict[str, Any] = {
    "vector": _apart(6),
    "unit": np.array([-0.7, -0.35, 0.12, 0.4, 0.83]),
    "wide": np.array([-2.6, 1.3, 3.7, -0.4, 0.9]),
    "beyond": np.array([1.2, 2.5, 1.7, 3.1]),
    "matrix": _apart(3, 4),
    "square": _apart(3, 3) + 2.0 * np.eye(3),
    "cube": _apart(2, 3, 4),
    "number": np.array(0.7),
}
"""What ``x`` is in each group."""

CONSTANTS: dict[str, Any] = {
    "v": _apart(6) + 0.011, "u": _apart(5), "M": _apart(3, 4) + 0.013, "S": _apart(3, 3) + 2.0 * np.eye(3),
    "C": _apart(2, 3, 4) + 0.017, "col": _apart(3, 1), "b": _apart(3), "d": _apart(4),
    "mask": np.array([True, False, True, True, False, True]), "i": np.array([4, 0, 0, 2]),
    "mask34": np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 1]], bool),
    "knots": np.array([0.0, 0.5, 1.1, 1.4, 2.0, 2.5]), "pi": np.pi,
}  # fmt: skip

UNARY = (
    "abs absolute fabs negative positive square sqrt cbrt reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan "
    "sinh cosh tanh arcsinh asinh arctan atan deg2rad rad2deg radians degrees sign floor ceil trunc rint fix conj "
    "conjugate real imag angle nan_to_num sinc i0 spacing signbit isnan isinf isfinite isposinf isneginf iscomplex "
    "isreal logical_not real_if_close"
)
INSIDE = "arcsin asin arccos acos arctanh atanh"
BINARY = (
    "add subtract multiply divide true_divide power pow float_power arctan2 atan2 hypot maximum minimum fmax fmin "
    "logaddexp logaddexp2 copysign fmod remainder mod floor_divide heaviside nextafter greater less equal not_equal "
    "greater_equal less_equal logical_and logical_or logical_xor"
)
BROADCAST = "add subtract multiply divide power maximum hypot arctan2 logaddexp"
REDUCTIONS = (
    "sum prod mean max min amax amin std var median ptp nansum nanprod nanmean nanmax nanmin nanstd nanvar nanmedian"
)
METHODS = "sum prod mean max min std var"
RUNNING = "cumsum cumprod nancumsum nancumprod"
QUANTILES = (
    "linear lower higher midpoint nearest hazen weibull median_unbiased normal_unbiased inverted_cdf "
    "averaged_inverted_cdf closest_observation interpolated_inverted_cdf"
)
PADS = "constant edge reflect symmetric wrap linear_ramp maximum mean median minimum"
TRANSFORMS = "fft ifft rfft hfft ihfft irfft"
TRANSFORMS_2D = "fft2 ifft2 rfft2 fftn ifftn rfftn"


def _generated() -> Iterator[tuple[str, str]]:
    for name in UNARY.split():
        yield "vector" if "log" in name or name in ("sqrt", "reciprocal") else "wide", f"np.{name}(x)"
    for name in INSIDE.split():
        yield "unit", f"np.{name}(x)"
    for name in ("arccosh", "acosh"):
        yield "beyond", f"np.{name}(x)"
    for name in BINARY.split():
        yield "vector", f"np.{name}(x, v)"
        yield "vector", f"np.{name}(v, x)"
    for name in BROADCAST.split():
        yield "matrix", f"np.{name}(x, d)"
        yield "matrix", f"np.{name}(col, x)"
        yield "matrix", f"np.{name}(x, 0.7)"
        yield "vector", f"np.{name}([1, 2, 3, 1, 2, 3], x)"
        yield "matrix", f"np.{name}(x, x[:1])"
    for symbol in ("+", "-", "*", "/", "**", "//", "%"):
        yield "vector", f"x {symbol} 2"
        yield "vector", f"1.55 {symbol} x"
        yield "vector", f"x {symbol} v"
        yield "vector", f"v {symbol} x"
    for name in REDUCTIONS.split():
        for options in ("", ", axis=0", ", axis=-1, keepdims=True"):
            yield "matrix", f"np.{name}(x{options})"
        yield "cube", f"np.{name}(x, axis=({'0, 2' if name != 'median' else '1, 2'}))"
    for name in METHODS.split():
        yield "matrix", f"x.{name}()"
        yield "cube", f"x.{name}(axis=1, keepdims=True)"
        initial = ", initial=0.1" if name in ("max", "min") else ""
        yield "matrix", f"np.{name}(x, axis=1, where=mask34{initial})"
    for name in ("sum", "prod", "max", "min"):
        yield "matrix", f"np.{name}(x, axis=0, initial=1.1)"
    for name in ("std", "var"):
        yield "matrix", f"np.{name}(x, ddof=1)"
        yield "matrix", f"np.{name}(x, axis=1, correction=1)"
    for name in RUNNING.split():
        yield "matrix", f"np.{name}(x)"
        yield "cube", f"np.{name}(x, axis=1)"
    for method in QUANTILES.split():
        yield "vector", f"np.quantile(x, [0.1, 0.55], method={method!r})"
    for mode in PADS.split():
        yield "matrix", f"np.pad(x, ((1, 2), (0, 1)), mode={mode!r})"
    for mode in ("full", "same", "valid"):
        yield "vector", f"np.convolve(x, u, mode={mode!r})"
        yield "vector", f"np.convolve(u, x, mode={mode!r})"
        yield "vector", f"np.correlate(x, u, mode={mode!r})"
    for name in TRANSFORMS.split():
        yield "matrix", f"np.fft.{name}(x)"
        yield "matrix", f"np.fft.{name}(x, n=5, axis=0, norm='ortho')"
    for name in TRANSFORMS_2D.split():
        yield "matrix", f"np.fft.{name}(x)"


GROUPS: dict[str, str] = {
    "vector": """
        np.average(x)
        np.average(x, weights=v)
        np.average(v, weights=x)
        np.average(x, weights=[1, 2, 3, 4, 5, 6])
        np.average(x, weights=v, returned=True)
        np.percentile(x, 30)
        np.percentile(x, [10, 90])
        np.nanpercentile(x, 40)
        np.nanquantile(x, 0.4)
        np.quantile(x, 0.3, weights=v, method='inverted_cdf')
        np.quantile(x, [0.3, 0.9], weights=[1, 2, 3, 1, 2, 3], method='inverted_cdf')
        np.percentile(x, 30, weights=v, method='inverted_cdf')
        np.nanquantile(np.where(mask, x, np.nan), 0.6, weights=v, method='inverted_cdf')
        np.nanpercentile(x, [20, 60], weights=v, method='inverted_cdf')
        np.diff(x)
        np.diff(x, n=2)
        np.diff(x, prepend=0.5, append=2.0)
        np.ediff1d(x)
        np.ediff1d(x, to_begin=0.0, to_end=[1.0, 2.0])
        np.gradient(x)
        np.gradient(x, 0.3)
        np.gradient(x, knots)
        np.gradient(knots, x)
        np.trapezoid(x)
        np.trapezoid(x, knots)
        np.trapezoid(knots, x)
        np.trapezoid(x, dx=0.1)
        np.interp(x, knots, v)
        np.interp([0.3, 1.2], knots, x)
        np.interp([1.9, 4.0], np.cumsum(x), v)
        np.interp(x, knots, v, left=0.0, right=1.0)
        np.unwrap(3.0 * x)
        np.sort(x)
        np.sort(x)[::-1]
        np.argsort(x)
        np.partition(x, 2)
        np.argpartition(x, 2)
        np.argmax(x)
        np.argmin(x)
        np.nanargmax(x)
        np.searchsorted(knots, x)
        np.digitize(x, knots)
        np.unique(x)
        np.unique_values(x)
        np.union1d(x, v)
        np.intersect1d(x, x[:3])
        np.setdiff1d(x, x[:2])
        np.setxor1d(x, x[:2])
        np.isin(x, v)
        np.concatenate([x, v])
        np.concatenate([[0.0], x])
        np.concatenate((x, [1, 2]))
        np.concat([x, 2 * x])
        np.append(x, 1.0)
        np.append(x, [1.0, 2.0])
        np.insert(x, 2, 0.5)
        np.delete(x, [0, 3])
        np.hstack([x, 0.0])
        np.hstack([x, [1.0, 2.0]])
        np.vstack([x, v])
        np.vstack([x, [1, 2, 3, 4, 5, 6]])
        np.row_stack([x, v])
        np.dstack([x, v])
        np.column_stack([x, v])
        np.column_stack([np.ones(6), x, x**2])
        np.stack([x, v], axis=1)
        np.stack([x[0], x[1], 1.0])
        np.array([x[0], x[1] * x[2], 1.0], like=x)
        np.r_[x, 1.0]
        np.c_[x, v]
        np.split(x, 3)
        np.split(x, [2, 3])
        np.array_split(x, 4)
        np.hsplit(x, 2)
        np.tile(x, 2)
        np.tile(x, (2, 1))
        np.repeat(x, 2)
        np.repeat(x, [1, 0, 2, 1, 1, 3])
        np.roll(x, 2)
        np.flip(x)
        np.resize(x, (2, 4))
        np.reshape(x, (2, 3))
        np.broadcast_to(x, (2, 6))
        np.broadcast_arrays(x, np.ones((2, 6)))
        np.expand_dims(x, 0)
        np.atleast_1d(x)
        np.atleast_2d(x)
        np.atleast_3d(x)
        np.take(x, [0, 2, 2])
        np.take(x, [7, -8], mode='wrap')
        np.take(x, [7, -8], mode='clip')
        np.compress(mask, x)
        np.extract(mask, x)
        np.choose([0, 1, 0, 1, 1, 0], [x, v])
        np.select([x > 1.1, x > 0.8], [x**2, 3 * x], default=1.0)
        np.piecewise(x, [x < 1, x >= 1], [lambda t: t**2, lambda t: 2 * t])
        np.where(x > 1, x, v)
        np.where(x > 1, x**2, 0)
        np.where(mask, [1, 2, 3, 4, 5, 6], x)
        np.clip(x, 0.5, 1.3)
        np.clip(x, None, 1.3)
        np.clip(v, x, 3.0)
        np.clip(x, a_min=0.5, a_max=None)
        np.nonzero(x > 1)
        np.flatnonzero(x > 1)
        np.argwhere(x > 1)
        np.count_nonzero(x > 1)
        np.all(x > 0)
        np.any(x > 2)
        np.allclose(x, v)
        np.array_equal(x, v)
        np.isclose(x, v)
        np.dot(x, v)
        np.dot(x, [1, 2, 3, 4, 5, 6])
        np.dot([1, 2, 3, 4, 5, 6], x)
        np.inner(x, v)
        np.outer(x, v)
        np.outer([1, 2], x)
        np.vdot(x, v)
        np.vecdot(x, v)
        np.kron(x, [1.0, 2.0])
        np.cross(x[:3], [1.0, 2.0, 3.0])
        np.cross(x[:3], v[:3])
        np.einsum('i,i->', x, v)
        np.einsum('i,j->ij', x, v)
        np.tensordot(x, v, axes=1)
        x @ v
        [1, 2, 3, 4, 5, 6] @ x
        x @ [1, 2, 3, 4, 5, 6]
        v.dot(x)
        x.dot(v)
        np.add.reduce(x)
        np.multiply.reduce(x)
        np.maximum.reduce(x)
        np.minimum.reduce(x)
        np.logaddexp.reduce(x)
        np.hypot.reduce(x)
        np.add.accumulate(x)
        np.multiply.accumulate(x)
        np.maximum.accumulate(x)
        np.minimum.accumulate(x)
        np.logaddexp.accumulate(x)
        np.add.outer(x, v)
        np.subtract.outer(x, x)
        np.multiply.outer(x, v)
        np.add.reduceat(x, [0, 2, 4])
        np.maximum.reduceat(x, [0, 3])
        np.cumulative_sum(x)
        np.cumulative_sum(x, include_initial=True)
        np.cumulative_prod(x)
        np.cov(x)
        np.cov(x, v)
        np.cov(x, aweights=v)
        np.cov(x, fweights=[1, 2, 1, 1, 3, 1])
        np.corrcoef(x, v)
        np.polyval(x[:3], v)
        np.polyval([1.0, 2.0, 3.0], x)
        np.polyval(x[:3], 2.0)
        np.polyadd(x[:3], v[:2])
        np.polysub(x[:3], v[:2])
        np.polymul(x[:3], v[:2])
        np.polydiv(x[:4], v[:2])
        np.polyder(x[:4])
        np.polyint(x[:4])
        np.polyfit(knots, x, 2)
        np.poly(x[:3])
        np.roots(np.array([1.0, 0.0, -1.0], like=x) - x[:3] * [0, 1, 0])
        np.vander(x)
        np.vander(x, 3, increasing=True)
        np.bincount([0, 1, 1, 2, 0, 2], weights=x)
        np.histogram(knots, bins=3, weights=x)[0]
        np.histogram(x, bins=3)[0]
        np.histogram2d(knots, v, bins=2, weights=x)[0]
        np.linspace(x[0], x[1], 5)
        np.linspace(0.0, x, 4)
        np.logspace(x[0], x[1], 4)
        np.geomspace(x[0], x[1], 4)
        np.meshgrid(x, v)
        np.ix_(x > 1)
        np.diag(x)
        np.diag(x, 1)
        np.diagflat(x)
        np.fft.fftshift(x)
        np.fft.ifftshift(x)
        np.trim_zeros(np.concatenate([[0.0], x, [0.0]]))
        np.frexp(x)
        np.ldexp(x, 3)
        np.modf(3 * x)
        np.divmod(3 * x, 0.7)
        np.around(x, 1)
        np.round(x, 2)
        np.round(1.3 * x)
        round(x[0])
        round(x[0], 2)
        np.apply_along_axis(lambda t: t**2, 0, x)
        np.vectorize(lambda t: t * t + 1)(x)
        np.lib.stride_tricks.sliding_window_view(x, 3)
        np.emath.sqrt(x)
        np.emath.log(x)
        np.emath.logn(2, x)
        np.emath.power(x, 2.5)
        np.emath.arccos(x / 2)
        np.zeros_like(x) + x
        np.ones_like(x) * x
        np.full_like(x, 2.0) * x
        np.empty_like(x) * 0 + x
        np.copy(x)
        np.array(x) * 2
        np.asarray(x) * 2
        np.ascontiguousarray(x)
        np.asarray(x, dtype=np.float64)
        np.array(x, copy=True)
        np.array([x, 2 * x])
        np.array([x[0], x[1]])
        np.array([x[0] * 2, 1.0])
        np.fromiter((t**2 for t in x), float)
        np.exp(x, dtype=np.float64)
        np.exp(x, dtype=np.float32)
        np.sqrt(-x, dtype=complex)
        np.exp(x, where=mask, out=np.zeros_like(x))
        np.add(x, v, dtype=np.float32, casting='same_kind')
        np.add(x, v, where=mask, out=np.ones_like(x))
        np.multiply.outer(x, v, dtype=np.float32)
        np.add(x, v, where=mask)
        np.size(x)
        np.ndim(x)
        np.shape(x)
        np.result_type(x)
        np.iscomplexobj(x)
        np.isscalar(x)
        np.linalg.norm(x)
        np.linalg.norm(x, 1)
        np.linalg.norm(x, np.inf)
        np.linalg.norm(x, 3)
        np.linalg.vector_norm(x)
        np.linalg.vector_norm(x, ord=1.5)
        np.linalg.outer(x, v)
        x.copy()
        x.copy(order='F')
        x.astype(np.float32)
        x.astype(complex)
        x.round(1)
        x.clip(0.5, 1.0)
        x.cumsum()
        x.cumprod()
        x.argmax()
        x.argsort()
        x.flatten()
        x.ravel()
        x.reshape(3, 2)
        x.reshape((3, -1))
        x.repeat(2)
        x.take([1, 2])
        x.conj()
        x.real
        x.imag
        x.T
        x.size
        x.nbytes
        x.itemsize
        x.strides
        x.base is None
        x.flags['C_CONTIGUOUS']
        len(x)
        x.tolist()
        sum(x)
        max(x)
        min(x)
        sorted(x)
        [t * t for t in x]
        list(map(np.sin, x))
        np.array(list(x.flat))
        x.flat[2] * 2
        x[2]
        x[-1]
        x[1:4]
        x[::-2]
        x[[0, 3, 3]]
        x[i]
        x[mask]
        x[x > 1]
        x[..., None]
        x[None]
        abs(x)
        -x
        +x
        divmod(x, 0.7)
        pow(x, 2)
        x.compress(mask)
        x.searchsorted(1.0)
        x.nonzero()
        x.item(2)
        x.dot(3.0)
        np.heaviside(x - 1, 0.5)
        np.busday_count('2024-01-01', '2024-02-01') * x
    """,
    "matrix": """
        np.transpose(x)
        np.permute_dims(x, (1, 0))
        np.swapaxes(x, 0, 1)
        np.matrix_transpose(x)
        x.T
        x.mT
        x.transpose()
        x.swapaxes(0, 1)
        np.fliplr(x)
        np.flipud(x)
        np.flip(x, 1)
        np.rot90(x)
        np.rot90(x, 2)
        np.roll(x, 1, axis=1)
        np.roll(x, (1, 2), axis=(0, 1))
        np.tril(x)
        np.triu(x, 1)
        np.trace(x)
        np.trace(x, offset=1)
        np.diagonal(x)
        np.diagonal(x, 1)
        np.diag(x)
        x.diagonal()
        x.trace()
        np.sort(x, axis=0)
        np.sort(x, axis=None)
        np.take_along_axis(x, np.argsort(x, axis=1), axis=1)
        np.take(x, [0, 2], axis=1)
        np.delete(x, 1, axis=0)
        np.insert(x, 1, 0.5, axis=1)
        np.append(x, M, axis=0)
        np.block([[x, M], [M, x]])
        np.concatenate([x, M], axis=1)
        np.vsplit(x, 3)
        np.hsplit(x, 2)
        np.unstack(x)
        np.squeeze(x[:1])
        np.ravel(x)
        np.ravel(x, order='F')
        np.reshape(x, (2, 6), order='F')
        np.argmax(x, axis=1)
        np.diff(x, axis=0)
        np.gradient(x)
        np.gradient(x, axis=1)
        np.gradient(x, 0.1, 0.2)
        np.trapezoid(x, axis=0)
        np.trapezoid(x, d, axis=1)
        np.average(x, axis=0, weights=b)
        np.average(x, axis=1, weights=d)
        np.quantile(x, 0.3, axis=1)
        np.percentile(x, [25, 75], axis=0)
        np.quantile(x, [0.2, 0.7], axis=1, weights=d, method='inverted_cdf', keepdims=True)
        np.nanquantile(x, 0.7, axis=0, weights=M, method='inverted_cdf')
        np.cov(x)
        np.cov(x, rowvar=False, bias=True)
        np.cov(x, aweights=d)
        np.corrcoef(x)
        np.dot(x, d)
        np.dot(x, M.T)
        np.dot(x, [1, 2, 3, 4])
        np.matmul(x, d)
        np.matmul(M.T, x)
        np.matvec(x, d)
        np.vecmat(b, x)
        np.vecdot(x, M)
        np.inner(x, M)
        np.outer(x, d)
        np.kron(x, [[1.0, 2.0]])
        np.tensordot(x, M, axes=([0], [0]))
        np.einsum('ij,ij->i', x, M)
        np.einsum('ij->ji', x)
        np.einsum('ij,j', x, d)
        np.einsum('ij,kj->ik', x, x, optimize=True)
        np.linalg.multi_dot([x, M.T, x])
        x @ d
        x @ [1, 2, 3, 4]
        M.T @ x
        b @ x
        x.dot(d)
        np.linalg.norm(x)
        np.linalg.norm(x, axis=1)
        np.linalg.norm(x, 'nuc')
        np.linalg.norm(x, 2)
        np.linalg.matrix_norm(x)
        np.linalg.pinv(x)
        np.linalg.svd(x, compute_uv=False)
        np.linalg.svdvals(x)
        np.linalg.lstsq(x.T, d, rcond=None)[0]
        np.linalg.lstsq(M.T, x.T, rcond=None)[0]
        np.linalg.qr(x.T)[1]
        np.linalg.matrix_rank(x)
        np.linalg.cond(x)
        np.apply_along_axis(lambda row: row / row.sum(), 1, x)
        np.apply_along_axis(np.sum, 0, x)
        np.apply_over_axes(np.sum, x, [0, 1])
        np.lib.stride_tricks.sliding_window_view(x, (2, 2))
        np.cross(x[:, :3], S)
        np.add.reduce(x, axis=1)
        np.add.reduce(x, axis=(0, 1))
        np.maximum.accumulate(x, axis=1)
        np.add.reduceat(x, [0, 2], axis=1)
        np.sum(x, axis=1, dtype=np.float32)
        np.mean(x, axis=0, dtype=np.float64)
        np.sum(x * M, axis=(0, 1))
        np.count_nonzero(x > 1, axis=0)
        x[1]
        x[:, 1]
        x[1, 2]
        x[1:, ::2]
        x[[0, 2]]
        x[[0, 2], [1, 3]]
        x[np.ix_([0, 2], [1, 3])]
        x[mask34]
        x[x > 1]
        x[:, None, :] - M[None, :, :]
        x[..., -1]
        x.reshape(-1)
        x.flatten('F')
        x.sum(0)
        x.mean(axis=1, keepdims=True)
        x.max(axis=0)
        x.std(axis=0, ddof=1)
        x.cumsum(axis=1)
        x.prod(0)
        x.argmin(axis=0)
        np.triu_indices_from(x)
        np.tri(3, 4) * x
        np.moveaxis(x, 0, 1)
        np.rollaxis(x, 1)
        np.dsplit(x.reshape(1, 3, 4), 2)
        np.put_along_axis(np.zeros_like(x), np.array([[0], [1], [2]]), x[:, :1], axis=1)
        np.nan_to_num(x / 1.0)
        np.trim_zeros(x[0])
        np.unique(x, axis=0)
        np.array([row.sum() for row in x])
        np.array([row for row in x])
        np.stack([row / row.sum() for row in x])
        np.asfortranarray(x)
        np.ma.masked_array(x, mask34).sum()
    """,
    "square": """
        np.linalg.det(x)
        np.linalg.slogdet(x)
        np.linalg.inv(x)
        np.linalg.solve(x, b)
        np.linalg.solve(x, S)
        np.linalg.solve(x, [1, 2, 3])
        np.linalg.solve(S, x)
        np.linalg.matrix_power(x, 3)
        np.linalg.matrix_power(x, -2)
        np.linalg.cholesky(x @ x.T)
        np.linalg.cholesky(x @ x.T, upper=True)
        np.linalg.eigh(x + x.T)[0]
        np.linalg.eigvalsh(x + x.T)
        np.linalg.eigvalsh(x @ x.T, UPLO='U')
        np.linalg.eigvals(x)
        np.linalg.eig(x)[0]
        np.abs(np.linalg.eigh(x @ x.T)[1])
        np.linalg.qr(x)[0]
        np.linalg.qr(x, mode='r')
        np.linalg.svd(x)[1]
        np.linalg.svd(x, full_matrices=False)[1]
        np.linalg.pinv(x)
        np.linalg.norm(x, 'fro')
        np.linalg.norm(x, -2)
        np.linalg.cond(x)
        np.linalg.tensorsolve(x, b)
        np.linalg.tensorinv(x.reshape(3, 3), ind=1)
        np.linalg.lstsq(x, b, rcond=None)[0]
        np.linalg.trace(x)
        np.linalg.diagonal(x)
        np.linalg.matrix_transpose(x)
        np.linalg.cross(x, S)
        np.linalg.vecdot(x, S)
        np.linalg.matmul(x, S)
        np.linalg.tensordot(x, S, axes=2)
        np.trace(x @ x)
        np.einsum('ii', x)
        np.einsum('ii->i', x)
        x @ x
        x @ x.T
        np.matmul(x, x)
        np.tril(x) @ b
    """,
    "cube": """
        np.transpose(x, (2, 0, 1))
        np.moveaxis(x, 0, -1)
        np.moveaxis(x, [0, 1], [1, 2])
        np.swapaxes(x, 0, 2)
        np.sum(x, axis=(1, 2), keepdims=True)
        np.max(x, axis=(0, 1))
        np.linalg.norm(x, axis=(1, 2))
        np.linalg.vector_norm(x, axis=(0, 2))
        np.matmul(x, M.T)
        np.matmul(x, np.swapaxes(x, 1, 2))
        np.tensordot(x, C, axes=([0, 1], [0, 1]))
        np.tensordot(x, M, 2)
        np.einsum('bij,bij->b', x, C)
        np.einsum('bij,jk->bik', x, M.T)
        np.linalg.inv(x[:, :, :3])
        np.linalg.det(x[:, :, :3])
        np.linalg.solve(x[:, :, :3], C[:, :, :1])
        np.diagonal(x, axis1=1, axis2=2)
        np.trace(x, axis1=1, axis2=2)
        np.roll(x, 1, axis=(0, 2))
        np.flip(x, axis=(0, 2))
        np.rot90(x, axes=(1, 2))
        np.squeeze(x[:, :1])
        np.dstack([x, C])
        np.array_split(x, 2, axis=2)
        np.median(x, axis=1)
        np.diff(x, axis=1)
        np.cumulative_sum(x, axis=1)
        np.take(x, [[0, 1], [1, 0]], axis=2)
        np.repeat(x, 2, axis=1)
        np.tile(x, (1, 2, 1))
        np.fft.fftn(x, axes=(1, 2))
        np.fft.rfft(x, axis=1)
        np.fft.fftshift(x, axes=1)
        np.pad(x, [(0, 0), (1, 1), (2, 0)], constant_values=2.0)
        np.pad(x, ((0, 0), (0, 1), (0, 0)), mode='edge')
        x[0, :, 1]
        x[:, [0, 2]]
        x[:, [0, 2], 1]
        x[:, :, [0, 1], None]
        x[..., ::-1]
        x[np.array([0, 1])[:, None], [[0, 1]], 2]
        x[x > 1]
    """,
    "number": """
        np.sin(x)
        np.exp(x) + 1
        x ** 2
        2 ** x
        np.array([x, x * x], like=x)
        np.stack([x, np.sin(x)])
        np.where(x > 0, x, -x)
        np.full(3, x, like=x)
        np.full((2, 2), 1.0) * x
        np.linspace(0, 1, 4) * x
        np.arange(3) * x
        np.arange(3.0) ** x
        np.eye(2) * x
        np.outer(x, [1.0, 2.0])
        np.interp(x, knots, v)
        np.maximum(x, 0.0)
        np.max([x, 0.1])
        np.sum([x, x])
        np.hypot(x, 1)
        np.clip(x, 0, 1)
        x.reshape(1, 1)
        np.broadcast_to(x, (2, 3))
        np.polyval([1.0, 0.0, 2.0], x)
        np.atleast_1d(x)
        np.ravel(x)
        np.isnan(x)
        np.round(x, 1)
        divmod(x, 0.3)
        x // 0.3
        x % 0.3
        np.array([[x, 1.0], [0.0, x]]) @ [1.0, 2.0]
        np.roots([1.0, x, -1.0])
        np.polyfit(knots, knots * x, 1)
        np.float64(x) * 2
        float(x) * 2
        abs(x)
    """,
}


@dataclass(frozen=True)
class Call:
    """One call: the group whose ``x`` it takes, and the line itself."""

    group: str
    line: str

    def function(self, numpy: Any) -> Callable[[Any], Any]:
        """The line as a function of ``x``, with ``np`` the module that an engine has in its place."""
        names = {**CONSTANTS, "np": numpy}
        code = compile(self.line, self.line, "eval")
        return lambda x: eval(code, {**names, "x": x})


CALLS = tuple(
    dict.fromkeys(
        [Call(*pair) for pair in _generated()]
        + [Call(group, line.strip()) for group, lines in GROUPS.items() for line in lines.strip().splitlines()]
    )
)
