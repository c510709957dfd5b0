"""The table of what the rules of the NumPy engine are checked on: a function and its arguments.

All arguments are differentiated; values are drawn once, away from kinks. Functions of SciPy are in `SPECIAL`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

import autodiff_spec as ad

be = ad.backend("numpy")
xp, extra = be.xp, be.extra
RANDOM = np.random.default_rng(7)


def real(*shape):
    return RANDOM.normal(size=shape)


def cplx(*shape):
    return RANDOM.normal(size=shape) + 1j * RANDOM.normal(size=shape)


def positive(*shape):
    return RANDOM.uniform(0.5, 2.0, size=shape)


def definite(*shape, of=real):
    a = of(*shape)
    return a @ np.conj(np.swapaxes(a, -1, -2)) + np.eye(shape[-1])


def written(z, part, values):
    """``z`` with another real or imaginary part."""
    z = z * 1
    setattr(z, part, values)
    return z * z


def gauge_free(factorisation):
    """Of the columns of factors, what does not depend on their signs and phases."""

    def f(a):
        return [np.abs(factor) ** 2 for factor in factorisation(a)]

    return f


def with_nan(*shape):
    a = real(*shape)
    a.ravel()[::5] = np.nan
    return a


MASK = np.array([True, False, True])
PLACES = np.array([0, 2, 2])
VECTOR, MATRIX, STACK = real(4), real(3, 4), real(2, 3, 4)
SINGULAR = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])

CASES: dict[str, Any] = {
    # --- elementwise, beyond the standard ---
    "fmax": (np.fmax, real(3, 1), real(4)),
    "fmin": (np.fmin, real(3, 1), real(4)),
    "logaddexp": (xp.logaddexp, real(3), real(3)),
    "logaddexp2": (np.logaddexp2, real(3), real(3)),
    "ldexp": (lambda x: np.ldexp(x, np.array([1, -2, 3])), real(3)),
    "deg2rad": (np.deg2rad, real(3)),
    "degrees": (np.degrees, real(3)),
    "modf": (lambda x: np.modf(x)[0], real(3)),
    "divmod": (lambda x, y: divmod(x, y)[1], real(3), positive(3)),
    "unwrap": (np.unwrap, 3.0 * real(6)),
    "i0": (np.i0, real(3)),
    "sinc": (np.sinc, np.array([0.0, 0.01, 0.3, -2.2])),
    "angle": (np.angle, cplx(3)),
    "select": (lambda x: np.select([x > 0, x > -1], [x**2, 3 * x], 1.0), real(5)),
    "nan_to_num": (np.nan_to_num, with_nan(5)),
    "copy": (np.copy, real(3)),
    "add.reduce": (np.add.reduce, MATRIX),
    "multiply.reduce": (lambda x: np.multiply.reduce(x, axis=None), MATRIX),
    "maximum.reduce": (lambda x: np.maximum.reduce(x, axis=1, keepdims=True), MATRIX),
    "add.accumulate": (np.add.accumulate, MATRIX),
    "multiply.accumulate": (lambda x: np.multiply.accumulate(x, axis=1), MATRIX),
    "subtract.outer": (np.subtract.outer, real(2, 3), real(2)),
    "exp of complex": (np.exp, cplx(3)),
    "abs of complex": (np.abs, cplx(3)),
    "power of complex": (np.power, cplx(3), cplx(3)),
    "float_power": (np.float_power, positive(3), real(3)),
    # --- cumulative ---
    "cumsum": (np.cumsum, MATRIX),
    "cumsum along": (lambda x: np.cumsum(x, axis=1), STACK),
    "cumprod": (np.cumprod, MATRIX),
    "cumprod with a zero": (np.cumprod, np.array([2.0, 0.0, 3.0, -1.0])),
    "cumprod with zeros": (np.cumprod, np.array([2.0, 0.0, 3.0, 0.0, 0.0, 5.0])),
    "cumprod along": (lambda x: np.cumprod(x, axis=-2), np.where(np.abs(STACK) < 0.4, 0, STACK)),
    "cumprod of complex": (np.cumprod, cplx(4)),
    "cumulative_sum": (lambda x: xp.cumulative_sum(x, axis=0, include_initial=True), MATRIX),
    "cumulative_prod": (lambda x: xp.cumulative_prod(x, axis=1, include_initial=True), MATRIX),
    "cumprod of nothing": (np.cumprod, np.zeros(0)),
    "diff": (np.diff, STACK),
    "diff twice": (lambda x: np.diff(x, n=2, axis=0, prepend=0.0), MATRIX),
    "diff with ends": (lambda x, y: xp.diff(x, prepend=y, append=2 * y), MATRIX, real(3, 1)),
    "ediff1d": (np.ediff1d, MATRIX),
    "trapezoid": (np.trapezoid, MATRIX, np.sort(VECTOR)),
    "trapezoid by dx": (lambda y: np.trapezoid(y, dx=0.3, axis=0), MATRIX),
    # --- reductions ---
    "prod with zeros": (np.prod, np.array([2.0, 0.0, 3.0, 0.0])),
    "prod with a zero": (lambda x: np.prod(x, axis=(0, 2)), np.where(np.abs(STACK) < 0.2, 0, STACK)),
    "ptp": (lambda x: np.ptp(x, axis=0), MATRIX),
    "average": (lambda x, w: np.average(x, axis=1, weights=w), MATRIX, positive(4)),
    "cov": (np.cov, MATRIX),
    "nansum": (lambda x: np.nansum(x, axis=0), with_nan(3, 4)),
    "nanprod": (lambda x: np.nanprod(x, axis=1), with_nan(3, 4)),
    "nanmax": (lambda x: np.nanmax(x, axis=1), with_nan(3, 4)),
    "nanmin": (np.nanmin, with_nan(3, 4)),
    "nanmean": (lambda x: np.nanmean(x, axis=0, keepdims=True), with_nan(3, 4)),
    "nanvar": (lambda x: np.nanvar(x, axis=1, ddof=1), with_nan(3, 4)),
    "nanstd": (np.nanstd, with_nan(3, 4)),
    "nancumsum": (np.nancumsum, with_nan(5)),
    "nancumprod": (np.nancumprod, with_nan(5)),
    # --- sorting ---
    "sort": (lambda x: np.sort(x, axis=1), STACK),
    "sort all": (lambda x: np.sort(x, axis=None), MATRIX),
    "sort descending": (lambda x: xp.sort(x, axis=0, descending=True), MATRIX),
    "partition": (lambda x: np.partition(x, 1, axis=-1)[..., 1], STACK),
    "median": (np.median, MATRIX),
    "median along": (lambda x: np.median(x, axis=(0, 2), keepdims=True), STACK),
    "nanmedian": (lambda x: np.nanmedian(x, axis=0), with_nan(4, 3)),
    "quantile": (lambda x: np.quantile(x, [0.1, 0.77], axis=1), MATRIX),
    "quantile between": (lambda x: np.quantile(x, 0.4, method="midpoint"), VECTOR),
    "quantile lower": (lambda x: np.quantile(x, 0.4, method="lower"), VECTOR),
    "percentile": (lambda x: np.percentile(x, 30.0), MATRIX),
    "nanquantile": (lambda x: np.nanquantile(x, 0.3, axis=1), with_nan(3, 5)),
    "unique": (np.unique, np.array([3.0, 1.0, 2.5, 2.0])),
    "unique_all": (lambda x: xp.unique_all(x).values, np.array([3.0, 1.0, 2.0])),
    "topk": (lambda x: extra.topk(x, 2, axis=0), MATRIX),
    "softmax": (lambda x: extra.softmax(x, axis=1), MATRIX),
    "log_softmax": (lambda x: extra.log_softmax(x, axis=0), MATRIX),
    "gelu": (extra.gelu, real(3)),
    "gelu by tanh": (lambda x: extra.gelu(x, approximate=True), real(3)),
    "extra median": (lambda x: extra.median(x, axis=1, keepdims=True), MATRIX),
    # --- shapes ---
    "reshape in columns": (lambda x: np.reshape(x, (4, 3), order="F"), MATRIX),
    "ravel in columns": (lambda x: np.ravel(x, order="F"), MATRIX),
    "split": (lambda x: np.split(x, 2, axis=1), MATRIX),
    "split at": (lambda x: np.split(x, [1, 3])[1], real(5, 2)),
    "array_split": (lambda x: np.array_split(x, 3), real(5)),
    "hsplit": (lambda x: np.hsplit(x, 2), MATRIX),
    "vsplit": (lambda x: np.vsplit(x, 3), MATRIX),
    "hstack": (lambda x, y: np.hstack([x, y]), real(2, 3), real(2, 1)),
    "vstack": (lambda x, y: np.vstack([x, y]), real(3), real(2, 3)),
    "dstack": (lambda x, y: np.dstack([x, y]), real(2, 3), real(2, 3)),
    "column_stack": (lambda x, y: np.column_stack([x, y]), real(3), real(3, 2)),
    "atleast_3d": (lambda x: np.atleast_3d(x), real(3)),
    "append": (lambda x, y: np.append(x, y), real(2, 2), real(3)),
    "insert": (lambda x, y: np.insert(x, [1, 3], y, axis=1), MATRIX, real(3, 2)),
    "resize": (lambda x: np.resize(x, (5, 3)), MATRIX),
    "choose": (lambda x, y: np.choose(PLACES // 2, [x, y]), real(2, 3), real(3)),
    "piecewise": (lambda x: np.piecewise(x, [x > 0], [np.sin, np.square]), real(5)),
    "linspace": (lambda x, y: np.linspace(x, y, 5, axis=1), real(3), real(2, 3)),
    "logspace": (lambda x: np.logspace(x, 2 * x, 4, endpoint=False, base=2.0), real(3)),
    "gradient": (lambda x: np.gradient(x, 0.5, 2.0), real(3, 4)),
    "gradient of second order": (lambda x: np.gradient(x, axis=1, edge_order=2), MATRIX),
    "fix": (lambda x: x * np.fix(x), 3 * real(5)),
    "tril of a vector": (np.tril, VECTOR),
    "np.linalg.trace": (np.linalg.trace, real(2, 3, 3)),
    "np.linalg.diagonal": (lambda x: np.linalg.diagonal(x, offset=1), STACK),
    "np.linalg.cross": (lambda x, y: np.linalg.cross(x, y, axis=0), real(3, 2), real(3, 2)),
    "vecdot of a vector with several": (np.vecdot, cplx(3), cplx(3, 3)),
    "einsum over an axis of length one": (lambda x, y: np.einsum("...i,...i", x, y), real(1), real(2, 3)),
    "at set, more axes than the place": (lambda x, y: extra.at(x, 0).set(y), MATRIX, real(1, 4)),
    "vecdot with axis": (lambda x, y: np.vecdot(x, y, axis=0), cplx(3, 2), cplx(3, 2)),
    "delete": (lambda x: np.delete(x, 1, axis=0), MATRIX),
    "block": (lambda x, y: np.block([[x, y], [y.T, x]]), real(2, 2), real(2, 2)),
    "pad": (lambda x: np.pad(x, ((1, 2), (0, 1)), constant_values=2.0), MATRIX),
    "pad by reflection": (lambda x: np.pad(x, 2, mode="reflect"), MATRIX),
    "pad by wrapping": (lambda x: np.pad(x, (1, 3), mode="wrap"), VECTOR),
    "pad by the edge": (lambda x: np.pad(x, 1, mode="edge"), STACK),
    "rot90": (lambda x: [np.rot90(x, k) for k in range(4)], MATRIX),
    "flipud": (np.flipud, MATRIX),
    "rollaxis": (lambda x: np.rollaxis(x, 2), STACK),
    "diag of a matrix": (lambda x: np.diag(x, 1), MATRIX),
    "diag of a vector": (lambda x: np.diag(x, -1), VECTOR),
    "diagflat": (np.diagflat, real(2, 2)),
    "tile": (lambda x: np.tile(x, (2, 1, 2)), MATRIX),
    "repeat": (lambda x: np.repeat(x, [1, 0, 2], axis=0), MATRIX),
    "meshgrid": (lambda x, y: np.meshgrid(x, y), real(2), real(3)),
    "roll": (lambda x: np.roll(x, (1, -2), (0, 1)), MATRIX),
    "squeeze": (lambda x: np.squeeze(x, 1), real(2, 1, 3)),
    # --- indexing ---
    "take": (lambda x: np.take(x, PLACES, axis=1), MATRIX),
    "take_along_axis": (lambda x: xp.take_along_axis(x, np.array([[0], [2], [1]]), axis=1), MATRIX),
    "compress": (lambda x: np.compress(MASK, x, axis=0), MATRIX),
    "extract": (lambda x: np.extract(x > 0, x), MATRIX),
    "integers and slices": (lambda x: x[1, ..., ::2], STACK),
    "mixed indices": (lambda x: x[:, PLACES, None, 1], STACK),
    "mask": (lambda x: x[:, MASK], STACK),
    "at set": (lambda x, v: extra.at(x, (slice(None), 1)).set(v), MATRIX, real(3)),
    "at set mask": (lambda x: extra.at(x, MASK).set(2.0), MATRIX),
    "at add": (lambda x, v: extra.at(x, PLACES).add(v), MATRIX, real(3, 4)),
    "at multiply": (lambda x, v: extra.at(x, PLACES).multiply(v), real(3), real(3)),
    "at min": (lambda x, v: extra.at(x, PLACES).min(v), real(3), real(3)),
    "at max": (lambda x, v: extra.at(x, PLACES).max(v), real(3), real(1)),
    # --- products ---
    "matmul": (np.matmul, real(2, 1, 3, 4), real(5, 4, 2)),
    "matmul of vectors": (np.matmul, VECTOR, real(4)),
    "matmul of complex": (np.matmul, cplx(2, 3), cplx(3)),
    "matvec": (np.matvec, MATRIX, VECTOR),
    "vecmat": (np.vecmat, cplx(3), cplx(3, 2)),
    "vecdot": (xp.vecdot, cplx(2, 3), cplx(3)),
    "vdot": (np.vdot, cplx(2, 2), cplx(2, 2)),
    "dot": (np.dot, STACK, real(2, 4, 3)),
    "inner": (np.inner, STACK, MATRIX),
    "outer": (np.outer, real(2, 2), real(3)),
    "kron": (np.kron, MATRIX, real(2, 2)),
    "kron of vectors": (np.kron, real(2), STACK),
    "cross": (np.cross, real(4, 3), real(3)),
    "cross along": (lambda x, y: xp.linalg.cross(x, y, axis=0), real(3, 2), real(3, 1)),
    "tensordot": (lambda x, y: np.tensordot(x, y, axes=([0, 2], [1, 0])), STACK, real(4, 2)),
    "convolve": (np.convolve, real(5), real(3)),
    "convolve same": (lambda x, y: np.convolve(x, y, "same"), real(3), real(6)),
    "convolve valid": (lambda x, y: np.convolve(x, y, "valid"), real(6), real(3)),
    "correlate": (lambda x, y: np.correlate(x, y, "full"), cplx(4), cplx(3)),
    "correlate same": (lambda x, y: np.correlate(x, y, "same"), real(5), real(4)),
    "correlate valid": (lambda x, y: np.correlate(x, y), real(3), real(6)),
    "trace": (lambda x: np.trace(x, 1), MATRIX),
    "linalg.trace": (xp.linalg.trace, STACK),
    "multi_dot": (lambda x, y, z: np.linalg.multi_dot([x, y, z]), real(2, 3), real(3, 2), real(2)),
    "polyval": (np.polyval, real(4), real(3)),
    # --- einsum ---
    "einsum ij,jk": (lambda x, y: np.einsum("ij,jk->ik", x, y), real(2, 3), real(3, 4)),
    "einsum implicit": (lambda x, y: np.einsum("ij,jk", x, y), real(2, 3), real(3, 4)),
    "einsum ii": (lambda x: np.einsum("ii", x), real(3, 3)),
    "einsum ii->i": (lambda x: np.einsum("ii->i", x), real(3, 3)),
    "einsum iij->ji": (lambda x: np.einsum("iij->ji", x), real(2, 2, 3)),
    "einsum sum": (lambda x: np.einsum("ijk->j", x), STACK),
    "einsum ellipsis": (lambda x, y: np.einsum("...ij,...j->...i", x, y), real(2, 3, 4), real(2, 4)),
    "einsum ellipsis broadcast": (lambda x, y: np.einsum("...i,i...->...", x, y), real(2, 3), real(3, 2)),
    "einsum ellipsis implicit": (lambda x, y: np.einsum("i...,...j", x, y), real(2, 3), real(3, 4)),
    "einsum three": (lambda x, y, z: np.einsum("bi,ij,bj->b", x, y, z), real(5, 2), real(2, 3), real(5, 3)),
    "einsum broadcast": (lambda x, y: np.einsum("ij,ij->ij", x, y), real(1, 3), real(2, 3)),
    "einsum repeated": (lambda x, y: np.einsum("iij,jk->ik", x, y), real(2, 2, 3), real(3, 2)),
    "einsum interleaved": (lambda x, y: np.einsum(x, [0, 1], y, [1, 2], [0, 2]), real(2, 3), real(3, 2)),
    "einsum outer": (lambda x, y: extra.einsum("i,j->ji", x, y), cplx(2), cplx(3)),
    # --- norms ---
    **{f"vector norm {ord}": (lambda x, ord=ord: np.linalg.norm(x, ord), real(5))
       for ord in (None, 1, 2, 3, 2.5, np.inf, -np.inf, -1, 0.5)},
    **{f"matrix norm {ord}": (lambda x, ord=ord: xp.linalg.matrix_norm(x, ord=ord), MATRIX)
       for ord in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)},
    "norm of complex": (lambda x: np.linalg.norm(x, axis=0), cplx(3, 2)),
    "norm keeps axes": (lambda x: np.linalg.norm(x, "nuc", (0, 2), True), STACK),
    # --- determinants ---
    "det": (np.linalg.det, real(2, 3, 3)),
    "det of complex": (np.linalg.det, cplx(3, 3)),
    "det singular": (np.linalg.det, SINGULAR),
    "det of rank 1": (np.linalg.det, np.array([[1.0, 2.0], [2.0, 4.0]])),
    "det of zero": (np.linalg.det, np.zeros((3, 3))),
    "det of rank 1, 4": (np.linalg.det, np.outer(real(4), real(4))),
    "det of 1": (np.linalg.det, np.zeros((2, 1, 1))),
    "det of 0": (np.linalg.det, np.zeros((2, 0, 0))),
    "det partly singular": (np.linalg.det, np.stack([SINGULAR, real(3, 3), np.eye(3)])),
    "det singular complex": (np.linalg.det, np.outer(cplx(3), cplx(3))),
    "slogdet": (np.linalg.slogdet, real(2, 3, 3)),
    "slogdet of complex": (np.linalg.slogdet, cplx(3, 3)),
    "slogdet by factors": (np.linalg.slogdet, definite(40, 40)),
    # --- solvers ---
    "inv": (np.linalg.inv, real(2, 3, 3)),
    "inv of complex": (np.linalg.inv, cplx(3, 3)),
    "solve": (np.linalg.solve, definite(3, 3), real(3)),
    "solve by factors": (np.linalg.solve, definite(40, 40), real(40)),
    "solve columns": (np.linalg.solve, definite(2, 3, 3), real(3, 2)),
    "solve broadcast": (np.linalg.solve, definite(3, 3), real(2, 3, 2)),
    "solve complex": (np.linalg.solve, definite(3, 3, of=cplx), cplx(3)),
    "solve_triangular": (extra.solve_triangular, definite(3, 3), real(2, 3, 2)),
    "solve_triangular lower": (lambda a, b: extra.solve_triangular(a, b, lower=True), definite(2, 3, 3), real(3)),
    "solve_triangular in blocks": (extra.solve_triangular, definite(40, 40), real(40)),
    "solve_triangular of complex": (
        lambda a, b: extra.solve_triangular(a, b, trans="C", unit_diagonal=True), definite(3, 3, of=cplx), cplx(3, 2)
    ),
    "lstsq": (extra.lstsq, real(4, 3), real(4)),
    "expm": (extra.expm, real(2, 3, 3)),
    "expm of complex": (extra.expm, cplx(3, 3)),
    "expm of a large matrix": (lambda a: extra.expm(8 * a) * 1e-9, real(3, 3)),
    "pinv": (np.linalg.pinv, real(2, 4, 3)),
    "pinv wide": (xp.linalg.pinv, real(2, 3)),
    "pinv of complex": (np.linalg.pinv, cplx(3, 2)),
    "matrix_power": (lambda x: np.linalg.matrix_power(x, 5), real(3, 3)),
    "matrix_power negative": (lambda x: np.linalg.matrix_power(x, -2), definite(2, 2, 2)),
    "matrix_power 0": (lambda x: np.linalg.matrix_power(x, 0), real(2, 2)),
    "tensorinv": (lambda x: np.linalg.tensorinv(x, ind=1), real(4, 2, 2)),
    "tensorsolve": (np.linalg.tensorsolve, real(2, 2, 4), real(2, 2)),
    # --- factorisations, which read one triangle ---
    "cholesky": (np.linalg.cholesky, definite(2, 3, 3)),
    "cholesky of complex": (np.linalg.cholesky, definite(3, 3, of=cplx)),
    "cholesky upper": (lambda a: xp.linalg.cholesky(a, upper=True), definite(3, 3, of=cplx)),
    "cholesky of a triangle": (np.linalg.cholesky, np.tril(definite(2, 3, 3)) + np.triu(real(3, 3), 1)),
    "eigh": (gauge_free(np.linalg.eigh), definite(2, 3, 3)),
    "eigh of complex": (gauge_free(np.linalg.eigh), definite(3, 3, of=cplx)),
    "eigh of the upper triangle": (gauge_free(lambda a: np.linalg.eigh(a, "U")), np.triu(definite(3, 3, of=cplx))),
    "eigvalsh": (np.linalg.eigvalsh, definite(2, 3, 3)),
    "eigvalsh of complex": (xp.linalg.eigvalsh, definite(3, 3, of=cplx)),
    "eigvalsh of a triangle": (np.linalg.eigvalsh, np.tril(definite(3, 3))),
    "pinv of one triangle": (lambda a: np.linalg.pinv(a, hermitian=True), np.tril(definite(3, 3))),
    "eig": (gauge_free(np.linalg.eig), real(3, 3)),
    "eig of complex": (gauge_free(np.linalg.eig), cplx(2, 3, 3)),
    "eigvals": (lambda a: np.sort(np.abs(np.linalg.eigvals(a))), cplx(3, 3)),
    "qr": (np.linalg.qr, real(2, 4, 3)),
    "qr square": (np.linalg.qr, real(3, 3)),
    "qr wide": (np.linalg.qr, real(2, 4)),
    "qr of complex": (np.linalg.qr, cplx(3, 2)),
    "qr r": (lambda a: np.linalg.qr(a, mode="r"), real(3, 2)),
    "qr complete": (lambda a: [(q := np.linalg.qr(a, mode="complete"))[1], (q[0][:, 2:] @ q[0][:, 2:].T)], real(4, 2)),
    "svd": (gauge_free(lambda a: np.linalg.svd(a, full_matrices=False)), real(2, 4, 3)),
    "svd square": (gauge_free(np.linalg.svd), real(3, 3)),
    "svd wide": (gauge_free(lambda a: np.linalg.svd(a, full_matrices=False)), real(2, 3)),
    "svd of complex": (gauge_free(lambda a: np.linalg.svd(a, full_matrices=False)), cplx(3, 2)),
    "svd as a whole": (lambda a: (f := np.linalg.svd(a, full_matrices=False))[0] * f[1] ** 2 @ f[2], cplx(3, 2)),
    "svd full": (lambda a: (u := np.linalg.svd(a)[0])[:, 2:] @ u[:, 2:].T, real(4, 2)),
    "svdvals": (np.linalg.svdvals, real(2, 3, 4)),
    "svdvals of complex": (xp.linalg.svdvals, cplx(3, 2)),
    "cond": (np.linalg.cond, real(3, 3)),
    "cond 1": (lambda a: np.linalg.cond(a, 1), real(3, 3)),
    # --- Fourier transforms ---
    **{f"{name} {norm}": (lambda x, name=name, norm=norm: getattr(np.fft, name)(x, norm=norm), data)
       for norm in ("backward", "ortho", "forward")
       for name, data in (("fft", cplx(2, 5)), ("ifft", cplx(4)), ("rfft", real(5)), ("irfft", cplx(4)),
                          ("hfft", cplx(4)), ("ihfft", real(6)), ("fftn", cplx(2, 3)), ("ifftn", cplx(2, 3)),
                          ("rfftn", real(3, 4)), ("irfftn", cplx(3, 3)))},
    **{f"{name} to {n} along {axis}":
       (lambda x, name=name, n=n, axis=axis: getattr(xp.fft, name)(x, n=n, axis=axis), data)
       for n, axis in ((3, 0), (6, 1), (7, -2))
       for name, data in (("fft", cplx(4, 5)), ("ifft", cplx(4, 5)), ("rfft", real(4, 5)), ("irfft", cplx(4, 5)),
                          ("hfft", cplx(4, 5)), ("ihfft", real(4, 5)))},
    "fft of real": (np.fft.fft, real(5)),
    "fftn of shapes": (lambda x: xp.fft.fftn(x, s=(3, 5), axes=(2, 0)), cplx(2, 3, 4)),
    "rfftn of shapes": (lambda x: xp.fft.rfftn(x, s=(3, 5), axes=(2, 0)), real(2, 3, 4)),
    "irfftn of shapes": (lambda x: xp.fft.irfftn(x, s=(3, 5), axes=(2, 0)), cplx(2, 3, 4)),
    "fft2": (np.fft.fft2, real(2, 3, 4)),
    "irfft2": (np.fft.irfft2, cplx(3, 3)),
    "fftshift": (np.fft.fftshift, real(4, 5)),
    "ifftshift": (lambda x: np.fft.ifftshift(x, axes=1), real(4, 5)),
    # --- elementwise ---
    **{f"elementwise {f.__name__}": (f, positive(3)) for f in (
        np.negative, np.positive, np.absolute, np.fabs, np.square, np.sqrt, np.cbrt, np.reciprocal, np.exp, np.exp2,
        np.expm1, np.log, np.log2, np.log10, np.log1p, np.sin, np.cos, np.tan, np.arctan, np.sinh, np.cosh, np.tanh,
        np.arcsinh, np.radians, np.rad2deg)},
    **{f"elementwise {f.__name__}": (f, RANDOM.uniform(-0.9, 0.9, 3)) for f in (np.arcsin, np.arccos, np.arctanh)},
    **{f"step {f.__name__}": (lambda x, f=f: f(x) + x * x, real(3))
       for f in (np.floor, np.ceil, np.trunc, np.rint, np.sign, np.round)},
    **{f"complex {f.__name__}": (f, cplx(3)) for f in (np.conjugate, np.real, np.imag, np.sign, np.sqrt, np.arctanh,
        np.arcsin, np.arcsinh, np.arccosh)},
    "arccosh": (np.arccosh, 1 + positive(3)),
    "round": (lambda x: np.round(x, 1) * x, real(3)),
    "sigmoid": (extra.sigmoid, real(3)),
    "erf": (extra.erf, real(3)),
    **{f"{f.__name__} of two": (f, positive(3, 1), positive(2)) for f in (
        np.add, np.subtract, np.multiply, np.divide, np.power, np.arctan2, np.hypot, np.maximum, np.minimum)},
    **{f"{f.__name__} of two": (f, RANDOM.uniform(3.1, 3.9, 2), RANDOM.uniform(1.1, 1.5, (3, 1))) for f in (
        np.remainder, np.fmod, np.copysign)},
    **{f"step {f.__name__}": (lambda x, y, f=f: f(x, y) + x * y, RANDOM.uniform(3.1, 3.9, 2), positive(2))
       for f in (np.floor_divide, np.heaviside)},
    "nextafter": (np.nextafter, real(2), real(2)),
    "power with a constant": (lambda x: x**3 + 2.0**x, real(3)),
    "multiply of real and complex": (np.multiply, real(3, 1), cplx(2)),
    "heaviside at 0": (lambda x, y: np.heaviside(x * 0, y) * x, real(2), real(2)),
    "sum from a first value": (lambda x, y: np.sum(x, axis=1, initial=y), MATRIX, real()),
    "prod from a first value": (lambda x, y: np.prod(x, axis=0, initial=y), MATRIX, real()),
    "max from a first value": (lambda x, y: np.max(x, axis=0, initial=y, keepdims=True), MATRIX, real()),
    "nanmin from a first value": (lambda x, y: np.nanmin(x, axis=1, initial=y), with_nan(3, 4), real()),
    "quantile by both": (lambda x, q: np.quantile(x, q, axis=1), MATRIX, np.array([0.1, 0.77])),
    "nanpercentile by both": (np.nanpercentile, with_nan(3, 4), np.array(30.0)),
    "pad by constants": (lambda x, y: np.pad(x, ((1, 2), (0, 1)), constant_values=y), MATRIX, real(2, 2)),
    "nan_to_num by its numbers": (lambda x, y: np.nan_to_num(x, nan=y), with_nan(5), real()),
    "single and double": (lambda x: np.float32([1, 2]) * x, real(2)),
    "where": (lambda x, y: np.where(MASK, x, y), real(2, 1), cplx(3)),
    "clip": (lambda x: np.clip(x, -0.3, 0.4), real(9)),
    # --- reductions, shapes ---
    "sum": (lambda x: np.sum(x, axis=(0, 2), keepdims=True), STACK),
    "sum to complex": (lambda x: np.sum(x * 1j, axis=1), MATRIX),
    "max": (lambda x: np.max(x, axis=1), MATRIX),
    "min": (np.min, MATRIX),
    "prod": (lambda x: np.prod(x, axis=1), MATRIX),
    "var": (lambda x: np.var(x, axis=1), MATRIX),
    "var of complex": (np.var, cplx(4)),
    "std": (lambda x: np.std(x, axis=0, keepdims=True), MATRIX),
    "transpose": (lambda x: np.transpose(x, (2, 0, 1)), STACK),
    "broadcast_to": (lambda x: np.broadcast_to(x, (2, 3, 4)), real(3, 1)),
    "concatenate": (lambda x, y: np.concatenate([x, y, x]), real(2, 2), real(1, 2)),
    "stack": (lambda x, y: np.stack([x, y], axis=1), cplx(3), cplx(3)),
    "tril": (lambda x: np.tril(x, -1), STACK),
    "triu": (np.triu, MATRIX),
    "astype": (lambda x: x.astype(complex) * x, real(3)),
    "extra.logsumexp": (lambda x: extra.logsumexp(x, axis=0), MATRIX),
    "a real part that is written": (lambda z, x: written(z, "real", x), cplx(3), real(3)),
    "an imaginary part that is written": (lambda z, x: written(z, "imag", x), cplx(3), real(3)),
}  # fmt: skip

try:
    from scipy import special
except ImportError:  # SciPy is optional
    SPECIAL: dict[str, Any] = {}
else:
    from autodiff_numpy import special as ours
    from autodiff_numpy.scipy import linalg

    def of_linalg() -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Rows for SciPy's linear algebra: by name a function, and arrays."""
        for kind, of in (("real", real), ("complex", cplx)):
            a, b, h = of(3, 3) + 3 * np.eye(3), of(3), definite(3, 3, of=of)
            for trans, lower in itertools.product((0, 1, 2), (False, True)):
                yield f"solve_triangular {kind} {trans} {lower}", (
                    lambda a, b, t=trans, o=lower: linalg.solve_triangular(a, b, t, o), a, b)
            for how, lower in itertools.product((None, "diagonal", "tridiagonal", "sym", "her", "pos"), (False, True)):
                yield f"solve {kind} {how} {lower}", (
                    lambda a, b, h=how, o=lower: linalg.solve(a, b, o, assume_a=h),
                    h if how in ("her", "pos") else a, b)
            for how, lower in itertools.product((None, "upper triangular", "lower triangular", "sym"), (False, True)):
                yield f"inv {kind} {how} {lower}", (
                    lambda a, h=how, o=lower: linalg.inv(a, assume_a=h, lower=o), a)
            for lower in (False, True):
                yield f"cho_factor {kind} {lower}", (lambda a, o=lower: linalg.cho_factor(a, o)[0], h)
                yield f"cho_solve {kind} {lower}", (lambda a, b, o=lower: linalg.cho_solve((a, o), b), a, b)
                yield f"cholesky {kind} {lower}", (lambda a, o=lower: linalg.cholesky(a, o), h)
                yield f"eigvalsh {kind} {lower}", (lambda a, o=lower: linalg.eigvalsh(a, lower=o), h)
                yield f"eigh {kind} {lower}", (lambda a, o=lower: np.abs(linalg.eigh(a, lower=o)[1]), h)
            yield f"a factor and its solution {kind}", (lambda a, b: linalg.cho_solve(linalg.cho_factor(a), b), h, b)
            yield f"solve_triangular of a unit diagonal {kind}", (
                lambda a, b: linalg.solve_triangular(a, b, unit_diagonal=True), a, b[:, None])
            yield f"expm {kind}", (linalg.expm, a)
            yield f"sqrtm {kind}", (linalg.sqrtm, a @ a + 4 * np.eye(3))
            yield f"det {kind}", (linalg.det, a)
            yield f"svdvals {kind}", (linalg.svdvals, a)
            yield f"solve_sylvester {kind}", (linalg.solve_sylvester, h, h[:2, :2], a[:, :2])
            yield f"solve_continuous_lyapunov {kind}", (linalg.solve_continuous_lyapunov, h, a)
        a, z, stack = real(3, 3) + 3 * np.eye(3), cplx(3, 3) + 3 * np.eye(3), real(2, 3, 3) + 3 * np.eye(3)
        yield "solve, transposed", (lambda a, b: linalg.solve(a, b, transposed=True), a, real(3))
        yield "solve of one number", (linalg.solve, np.array([[1.7]]), real(1, 2))
        for function in (linalg.solve, linalg.solve_triangular):
            yield f"{function.__name__} of stacks", (function, stack, real(3, 2))
        yield "expm of stacks", (linalg.expm, stack)
        yield "cholesky of stacks", (linalg.cholesky, definite(2, 3, 3))
        yield "sqrtm with complex roots", (linalg.sqrtm, np.diag([-2.0, -0.5, 1.0]) + 0.1 * real(3, 3))
        yield "solve_sylvester of a real side", (linalg.solve_sylvester, z, z, real(3, 3))

    SPECIAL = {
        **{f"special.{f.__name__}": (f, positive(3)) for f in (
            special.erf, special.erfc, special.erfcx, special.erfi, special.dawsn, special.ndtr, special.log_ndtr,
            special.psi, special.gamma, special.gammaln, special.expit, special.log_expit, special.entr, special.j0,
            special.j1, special.i0, special.i1, special.exp10, special.exp2, special.expm1, special.log1p,
            special.cbrt, special.y0, special.y1, special.k0, special.k1, special.i0e, special.i1e, special.rgamma,
            special.loggamma)},
        **{f"special.{f.__name__}": (f, RANDOM.uniform(0.2, 0.8, 3)) for f in (
            special.erfinv, special.erfcinv, special.ndtri, special.logit)},
        **{f"special.{f.__name__}": (f, positive(3, 1), positive(2)) for f in (
            special.beta, special.betaln, special.xlogy, special.xlog1py, special.rel_entr, special.kl_div,
            special.boxcox, special.boxcox1p, special.huber)},
        **{f"special.{f.__name__}": (lambda x, f=f: f([[2], [0.5]], x), positive(3)) for f in (
            special.jv, special.yv, special.iv, special.kv, special.stdtr)},
        **{f"special.{f.__name__}": (lambda x, f=f: f([[2], [0.5]], 1.7, x), RANDOM.uniform(0.2, 0.8, 3)) for f in (
            special.betainc, special.betaincc, special.hyp1f1)},
        "special.multigammaln": (lambda x: ours.multigammaln(x, 3), positive(2, 3) + 1),
        "special.rgamma at poles of gamma": (special.rgamma, np.array([0.0, -1.0, -2.3, 0.2])),
        "special.boxcox of zero": (special.boxcox, np.array([0.7, 1.0]), np.array([0.0, 1.3])),
        "special.polygamma": (lambda x: ours.polygamma(1, x), positive(3)),
        "special.polygamma of orders": (lambda x: ours.polygamma([[0], [2]], x), positive(3)),
        "special.erfcx far out": (special.erfcx, np.array([-1.0, 4.0, 9.0])),
        "special.dawsn far out": (special.dawsn, np.array([-9.0, 4.0, 8.0])),
        "special.log_ndtr far out": (special.log_ndtr, np.array([-9.0, -5.0, 1.0])),
        "special.betaln far out": (special.betaln, np.array([1e3, 0.3]), np.array([0.3, 30.0])),
        "special.gammainc": (lambda x: special.gammainc(2.5, x), positive(3)),
        "special.gammaincc": (lambda x: special.gammaincc(2.5, x), positive(3)),
        "special.gammainc of a large order": (lambda x: special.gammainc(60.0, 60 * x), positive(3)),
        **{f"scipy.linalg.{name}": row for name, row in of_linalg()},
        "special.logsumexp": (lambda x: ours.logsumexp(x, axis=0), real(3, 2)),
    }  # fmt: skip
